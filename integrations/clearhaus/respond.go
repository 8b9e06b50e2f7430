package clearhaus

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const mediaPDF = "application/pdf"

// Limits implements integrations.Responder: "upload your documentation as a
// single PDF file" (helpdesk.clearhaus.com/disputes). No size is documented, so
// none is named here and the safe ones apply, which both networks take.
func (a *adapter) Limits(dispute.Case) integrations.Limits {
	return integrations.Limits{
		Files: 1, MediaTypes: []string{mediaPDF}, FileFields: []dispute.EvidenceField{dispute.FieldUncategorizedFile},
	}
}

// Submit implements integrations.Responder. It uploads the PDF and sets the
// stamp "refuted", which is the one final request. The links are those of the
// dispute as it was last read, which the protocol has just done.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	op := "submit evidence for " + s.Case.Ref.ID
	if len(s.Texts) > 0 || len(s.Files) != 1 || s.Files[0].MediaType != mediaPDF || len(s.Files[0].Bytes) == 0 {
		return integrations.Receipt{}, dispute.Errorf(dispute.Invalid, "clearhaus: "+op,
			"%d texts and %d files, Clearhaus takes one PDF and nothing else", len(s.Texts), len(s.Files))
	}
	w, stamp, err := a.stampOf(ctx, op, s.Case.Ref.ID, stampRefuted)
	if err != nil {
		return integrations.Receipt{}, err
	}
	file := s.Files[0]
	id := s.Uploaded[file.SHA256]
	if id == "" {
		if id, err = a.upload(ctx, w, s.Key+"/"+file.SHA256, file); err != nil {
			return integrations.Receipt{}, err
		}
		if s.Progress != nil {
			s.Progress(file.SHA256, id)
		}
	}
	uploads := map[string]string{file.SHA256: id}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{Uploads: uploads}, err
		}
	}
	receipt, err := a.set(ctx, op, w.ID, stamp, s.Key)
	receipt.Uploads = uploads
	return receipt, err
}

// Accept implements integrations.Accepter: the stamp "accepted".
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	op := "accept dispute " + c.Ref.ID
	w, stamp, err := a.stampOf(ctx, op, c.Ref.ID, stampAccepted)
	if err != nil {
		return integrations.Receipt{}, err
	}
	return a.set(ctx, op, w.ID, stamp, key)
}

// stampOf is a dispute and the link that sets one of its stamps. Clearhaus shows
// the link only while the stamp may be set.
func (a *adapter) stampOf(ctx context.Context, op, id, stamp string) (wireDispute, link, error) {
	w, err := a.dispute(ctx, id)
	if err != nil {
		return w, link{}, err
	}
	to, ok := w.stamp(stamp)
	if !ok {
		return w, to, dispute.Errorf(dispute.TooLate, "clearhaus: "+op, "the stamp %s cannot be set in status %s", stamp, w.Status)
	}
	return w, to, nil
}

// set puts a stamp on a dispute (PUT, developer.clearhaus.com/rels/stamps). It
// has no body and cannot be taken off, so that doing it twice is doing it once.
// Clearhaus documents no idempotency keys: ours goes along as the request's id,
// for whoever reads a log. What is answered is not documented either: nothing is
// relied on.
func (a *adapter) set(ctx context.Context, op, id string, stamp link, key string) (integrations.Receipt, error) {
	answer, err := a.call(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPut, Write: true, Header: http.Header{"X-Request-Id": {key}},
	}, stamp, nil)
	if err != nil {
		return integrations.Receipt{}, err
	}
	var now wireDispute
	if json.Unmarshal(answer.Body, &now) != nil || now.ID != id {
		now = wireDispute{}
	}
	return integrations.Receipt{
		VendorID: id, RequestID: answer.Header.Get("X-Request-Id"), At: a.now().UTC(),
		RawStatus: now.Status, Request: answer.Sent, Response: answer.Body,
	}, nil
}
