package paypal

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// action is one way to answer: the link that offers it, the last part of its
// path, and the name of the parts that hold files in its form.
type action struct {
	rel  string
	part string
	json func(integrations.Submission, wireDispute) ([]byte, error)
}

// actions are the ways to contest, the first that PayPal offers is taken: what
// it asks for, what it takes besides, what it takes after a decision.
var actions = []action{
	{"provide-evidence", "evidence-file", input},
	{"provide-supporting-info", "supporting document", supporting},
	{"appeal", "evidence-file", input},
}

const acceptClaim = "accept-claim"

// Submit implements integrations.Responder. PayPal offers what it takes as links
// of the dispute, and those of a moment ago may be gone: they are read right
// before. Without one Submit is Unsupported, and a person answers at PayPal.
// Files travel in the final request, so nothing is uploaded before.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	id := s.Case.Ref.ID
	op := "submit evidence for " + id
	if err := checkPacket(s); err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	w, err := a.look(ctx, op, id)
	if err != nil {
		return integrations.Receipt{}, err
	}
	act, ok := offered(w)
	if !ok {
		return integrations.Receipt{}, notOffered(op, w)
	}
	body, contentType, err := form(act, s, w)
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{}, err
		}
	}
	return a.write(ctx, vendorhttp.Request{Op: op, Path: disputePath(id) + "/" + act.rel, Body: body, ContentType: contentType}, s.Key, id)
}

// Accept implements integrations.Accepter: PayPal refunds the buyer in full and
// closes the dispute in the buyer's favour. Where PayPal wants the goods back
// first, that is Unsupported: a person agrees on it with the buyer.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	id := c.Ref.ID
	op := "accept the claim of " + id
	w, err := a.look(ctx, op, id)
	if err != nil {
		return integrations.Receipt{}, err
	}
	if _, ok := find(w.Links, acceptClaim); !ok {
		return integrations.Receipt{}, notOffered(op, w)
	}
	if types := w.Options.AcceptClaim.Types; len(types) > 0 && !slices.Contains(types, "REFUND") {
		return integrations.Receipt{}, dispute.Errorf(dispute.Unsupported, name+": "+op, "PayPal offers no plain refund: %w", dispute.ErrUnsupported)
	}
	text, err := json.Marshal(map[string]string{"accept_claim_type": "REFUND", "note": "Full refund to the customer."})
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	body, contentType, err := vendorhttp.Multipart(key, inputPart(text))
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	return a.write(ctx, vendorhttp.Request{Op: op, Path: disputePath(id) + "/" + acceptClaim, Body: body, ContentType: contentType}, key, id)
}

// look reads a dispute right before a write. One that was answered or decided
// meanwhile is a Conflict: PayPal would take more information under review, and
// it would be a second answer.
func (a *adapter) look(ctx context.Context, op, id string) (wireDispute, error) {
	w, err := a.read(ctx, a.looks, id)
	if err != nil {
		return wireDispute{}, err
	}
	if status, _ := w.standing(); status.Answered() || status.Final() {
		return wireDispute{}, dispute.Errorf(dispute.Conflict, name+": "+op, "it was answered or decided meanwhile: %s", status)
	}
	return w, nil
}

func offered(w wireDispute) (action, bool) {
	for _, act := range actions {
		if _, ok := find(w.Links, act.rel); ok {
			return act, true
		}
	}
	return action{}, false
}

func notOffered(op string, w wireDispute) error {
	var rels []string
	for _, l := range w.Links {
		if plainWord.MatchString(strings.ReplaceAll(l.Rel, "-", "_")) {
			rels = append(rels, l.Rel)
		}
	}
	return dispute.Errorf(dispute.Unsupported, name+": "+op, "PayPal does not offer it, it offers %v: %w", rels, dispute.ErrUnsupported)
}

// form is the packet as PayPal's form of an action: the JSON in a part named
// input, as PayPal's examples have it, and the files. The same packet is the same
// bytes.
func form(act action, s integrations.Submission, w wireDispute) ([]byte, string, error) {
	text, err := act.json(s, w)
	if err != nil {
		return nil, "", err
	}
	parts := []vendorhttp.Part{inputPart(text)}
	for _, f := range s.Files {
		parts = append(parts, vendorhttp.Part{Name: act.part, FileName: fileName(f), MediaType: f.MediaType, Content: f.Bytes})
	}
	return vendorhttp.Multipart(s.Key, parts...)
}

func inputPart(text []byte) vendorhttp.Part {
	return vendorhttp.Part{Name: "input", MediaType: "application/json", Content: text}
}

// write sends one final write and keeps what went over the wire. PayPal keeps a
// PayPal-Request-Id of accept-claim for 72 hours; for evidence no document says
// that it is honoured, so nothing relies on it.
func (a *adapter) write(ctx context.Context, r vendorhttp.Request, key, id string) (integrations.Receipt, error) {
	r.Method, r.Write, r.Header = http.MethodPost, true, http.Header{"Paypal-Request-Id": {key}}
	var out struct {
		Links []wireLink `json:"links"`
	}
	answer, err := a.call(ctx, a.http, r, &out)
	if err != nil {
		return integrations.Receipt{}, err
	}
	receipt := integrations.Receipt{
		VendorID: id, RequestID: answer.Header.Get("Paypal-Debug-Id"), At: a.now().UTC(), Request: answer.Sent, Response: answer.Body,
	}
	if len(out.Links) == 0 {
		return receipt, dispute.Errorf(dispute.UnknownOutcome, name+": "+r.Op, "the answer does not confirm it")
	}
	return receipt, nil
}
