package localpayment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const mediaPDF = "application/pdf"

// Limits implements integrations.Responder. Localpayment's page has a heading
// "Dispute file requirements" and nothing under it, so sizes and pages are left
// unknown and the composer keeps to its safe ones; that a PDF is taken is
// assumed. There is one slot, because whether "files" may come several times is
// not said, and no text: the packet is one document.
func (a *adapter) Limits(dispute.Case) integrations.Limits {
	return integrations.Limits{
		Files:      1,
		MediaTypes: []string{mediaPDF},
		FileFields: []dispute.EvidenceField{dispute.FieldUncategorizedFile},
	}
}

// Submit implements integrations.Responder: one request with the document in it
// (docs.v3.localpayment.com, chargebacks, send documentation). Localpayment
// keeps no idempotency keys and does not say what a second upload does, so a
// submission must not be repeated after its answer was lost.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	id := s.Case.Ref.ID
	op := "send documentation for " + id
	body, contentType, err := form(s)
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	if err := a.tokens.ready(ctx); err != nil {
		return integrations.Receipt{}, err
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{}, err
		}
	}
	var out transaction
	answer, err := a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/api/chargeback/documentation/" + url.PathEscape(id),
		Body: body, ContentType: contentType, Write: true,
	}, &out)
	if err != nil {
		return integrations.Receipt{}, err
	}
	receipt := integrations.Receipt{
		VendorID: out.InternalID, At: a.now().UTC(), RawStatus: out.Status.word(), Request: answer.Sent, Response: answer.Body,
	}
	return receipt, out.received(op)
}

// received is nil when the answer says so itself: an answer with HTTP 200 may
// hold an error.
func (t transaction) received(op string) error {
	known := standings[t.Status.Code]
	if known.answered {
		return nil
	}
	if err := t.failed(op); err != nil {
		return err
	}
	return dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer does not say that the documentation was received")
}

// failed is the error that an answer holds: a status "ERROR" with an HTTP status
// as its code (docs.v3.localpayment.com, check status); nil when it holds none.
func (t transaction) failed(op string) error {
	if !strings.EqualFold(t.Status.Description, "ERROR") {
		return nil
	}
	n, err := strconv.Atoi(string(t.Status.Code))
	if err != nil || n < 400 || n > 499 {
		return nil
	}
	return dispute.Errorf(vendorhttp.KindOfStatus(n, true), name+": "+op, "the answer's status is %d", n)
}

// form is the packet as a multipart body: the same bytes for the same packet.
// The boundary is made of the key, so that what arrived can be told apart.
func form(s integrations.Submission) (body []byte, contentType string, err error) {
	if len(s.Files) == 0 || len(s.Texts) > 0 {
		return nil, "", fmt.Errorf("%d files and %d texts, Localpayment takes files only", len(s.Files), len(s.Texts))
	}
	parts := make([]vendorhttp.Part, len(s.Files))
	for i, f := range s.Files {
		if f.MediaType != mediaPDF || len(f.Bytes) == 0 {
			return nil, "", errors.New("file " + f.SHA256 + " is empty or no PDF")
		}
		parts[i] = vendorhttp.Part{Name: "files", FileName: f.Name, MediaType: f.MediaType, Content: f.Bytes}
	}
	return vendorhttp.Multipart(s.Key, parts...)
}
