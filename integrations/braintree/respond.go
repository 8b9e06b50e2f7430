package braintree

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// Submit implements integrations.Responder. Braintree takes every text and file
// in a request of its own and sends nothing to the bank before the last one,
// which finalizes the dispute and cannot be undone. All are therefore "uploads";
// texts are remembered under the SHA-256 of their slot and words.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	op := "submit evidence for " + s.Case.Ref.ID
	pieces, err := a.pieces(s)
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	earlier, err := a.earlier(ctx, s)
	if err != nil {
		return integrations.Receipt{}, err
	}
	pieces = append(pieces, earlier...)
	uploads, err := a.addAll(ctx, s, pieces)
	if err != nil {
		return integrations.Receipt{Uploads: uploads}, err
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{Uploads: uploads}, err
		}
	}
	receipt, err := a.decide(ctx, op, finalizeMutation, s.Key, s.Case.Ref)
	receipt.Uploads = uploads
	return receipt, err
}

// Accept implements integrations.Accepter. Braintree takes it for open disputes
// only, and says: "If you have already issued a refund … do not accept", because
// the customer would be paid twice. A refund that the case does not know of is
// not seen here.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	op := "accept dispute " + c.Ref.ID
	if raw := c.View.Snapshot.RawStatus; raw != "" && raw != "open" {
		return integrations.Receipt{}, dispute.Errorf(dispute.Conflict, name+": "+op, "it is no longer open")
	}
	if c.Payment != nil && !c.Payment.Refunded.IsZero() {
		return integrations.Receipt{}, dispute.Errorf(dispute.Invalid, name+": "+op, "a refund was already issued: accepting would pay twice, contest it with the refund")
	}
	return a.decide(ctx, op, acceptMutation, key, c.Ref)
}

// decide sends one of the two final mutations and keeps what went over the wire.
func (a *adapter) decide(ctx context.Context, op, mutation, key string, ref dispute.Ref) (integrations.Receipt, error) {
	type decided struct {
		Dispute wireDispute `json:"dispute"`
	}
	var data struct {
		Finalized decided `json:"finalizeDispute"`
		Accepted  decided `json:"acceptDispute"`
	}
	input := map[string]any{"clientMutationId": key, "disputeId": globalID("dispute", ref.ID)}
	got, err := a.call(ctx, vendorhttp.Request{Op: op, Write: true, JSON: document{mutation, map[string]any{"input": input}}}, &data)
	if err != nil {
		return integrations.Receipt{}, err
	}
	w := data.Finalized.Dispute
	if mutation == acceptMutation {
		w = data.Accepted.Dispute
	}
	receipt := integrations.Receipt{
		VendorID: w.LegacyID, RequestID: got.requestID, At: a.now().UTC(),
		RawStatus: strings.ToLower(w.Status), Request: got.Sent, Response: got.Body,
	}
	if w.LegacyID != ref.ID {
		return receipt, dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer is not this dispute")
	}
	return receipt, nil
}

// addAll returns the ids of all pieces, those of an error's earlier ones too.
// Braintree keeps no idempotency keys, so a piece is marked as being sent before
// it is: one that a lost answer left behind is looked for before it is sent
// again.
func (a *adapter) addAll(ctx context.Context, s integrations.Submission, pieces []piece) (map[string]string, error) {
	ids := make(map[string]string, len(pieces))
	there, err := a.leftBehind(ctx, s, pieces)
	if err != nil {
		return ids, err
	}
	tell := func(key, id string) {
		if s.Progress != nil {
			s.Progress(key, id)
		}
	}
	for _, p := range pieces {
		if ids[p.key] != "" {
			continue
		}
		id := s.Uploaded[p.key]
		if isMark(id) {
			if id = there.take(p, id); id != "" {
				tell(p.key, id)
			}
		}
		if id == "" {
			tell(p.key, mark(a.now()))
			if id, err = a.add(ctx, s, p); err != nil {
				return ids, err
			}
			tell(p.key, id)
		}
		ids[p.key] = id
	}
	return ids, nil
}

// add sends one piece and returns its id.
func (a *adapter) add(ctx context.Context, s integrations.Submission, p piece) (string, error) {
	op := "add evidence to " + s.Case.Ref.ID
	input := map[string]any{"clientMutationId": s.Key + "/" + p.key, "disputeId": globalID("dispute", s.Case.Ref.ID)}
	if p.category != "" {
		input["category"] = p.category
	}
	r := vendorhttp.Request{Op: op, Write: true}
	if p.file == nil {
		input["content"] = p.text
		r.JSON = document{textMutation, map[string]any{"input": input}}
	} else {
		body, contentType, err := form(document{fileMutation, map[string]any{"input": input, "file": nil}}, *p.file)
		if err != nil {
			return "", &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
		}
		r.Body, r.ContentType = body, contentType
	}
	type added struct {
		Evidence struct {
			ID string `json:"id"`
		} `json:"evidence"`
	}
	var data struct {
		Text added `json:"createDisputeTextEvidence"`
		File added `json:"createDisputeFileEvidence"`
	}
	if _, err := a.call(ctx, r, &data); err != nil {
		return "", err
	}
	if id := data.Text.Evidence.ID + data.File.Evidence.ID; id != "" {
		return id, nil
	}
	return "", dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no evidence")
}

// form is a mutation with a file, as Braintree's guide on uploading files writes
// it. The same piece is the same bytes.
func form(d document, f integrations.File) (body []byte, contentType string, err error) {
	operations, err := json.Marshal(d)
	if err != nil {
		return nil, "", err
	}
	return vendorhttp.Multipart(f.SHA256,
		vendorhttp.Part{Name: "operations", MediaType: "application/json", Content: operations},
		vendorhttp.Part{Name: "map", MediaType: "application/json", Content: []byte(`{"file_to_upload":"variables.file"}`)},
		vendorhttp.Part{Name: "file_to_upload", FileName: f.Name, MediaType: f.MediaType, Content: f.Bytes},
	)
}
