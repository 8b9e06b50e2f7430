package adyen

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// Submit implements integrations.Responder. Documents are supplied under the
// types that a defence reason has; the last request names the reason and
// submits. Whether Adyen refuses a second defence is not documented, so a lost
// answer must not be sent again blindly.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	id := s.Case.Ref.ID
	op := "defend dispute " + id
	if err := checkPacket(s); err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	d, err := a.defence(ctx, s)
	if err != nil {
		return integrations.Receipt{}, err
	}
	uploads, err := a.supply(ctx, s, d)
	if err != nil {
		return integrations.Receipt{Uploads: uploads}, err
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{Uploads: uploads}, err
		}
	}
	receipt, err := a.final(ctx, op, "/defendDispute", s.Key, order{Dispute: id, Reason: d.Reason})
	receipt.Uploads = uploads
	return receipt, err
}

// supply uploads the files that are not there yet and takes back what earlier
// attempts left under other types. A type holds one document, so that the same
// upload twice is one (assumed: Adyen deletes documents by their type). Adyen
// gives uploads no ids: their types stand for them.
func (a *adapter) supply(ctx context.Context, s integrations.Submission, d defence) (map[string]string, error) {
	id, ids := s.Case.Ref.ID, map[string]string{noteDefence: d.note()}
	for _, f := range s.Files {
		upload := strings.Join(d.Types[f.SHA256], ",")
		if s.Uploaded[f.SHA256] != upload {
			_, err := a.call(ctx, "supply file "+f.SHA256, "/supplyDefenseDocument", s.Key+"/"+f.SHA256, order{Dispute: id, Documents: documents(f, d.Types[f.SHA256])})
			if err != nil {
				return ids, err
			}
			if s.Progress != nil {
				s.Progress(f.SHA256, upload)
			}
		}
		ids[f.SHA256] = upload
	}
	for _, stale := range supplied(s.Uploaded) {
		if d.has(stale) {
			continue
		}
		_, err := a.call(ctx, "delete a document of "+id, "/deleteDisputeDefenseDocument", s.Key+"/delete/"+stale, order{Dispute: id, Delete: stale})
		if err != nil && !isRefusal(err) { // it is refused when the document is gone
			return ids, err
		}
	}
	return ids, nil
}

// supplied are the types that earlier attempts have filled. What of them the
// defence has nothing for would go to the issuer with it.
func supplied(uploaded map[string]string) []string {
	var out []string
	for key, types := range uploaded {
		if key != noteDefence {
			out = append(out, strings.Split(types, ",")...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func documents(f integrations.File, types []string) []document {
	var out []document
	for _, t := range types {
		out = append(out, document{Content: base64.StdEncoding.EncodeToString(f.Bytes), MediaType: f.MediaType, Type: t})
	}
	return out
}

// Accept implements integrations.Accepter. Adyen closes the dispute as lost.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	return a.final(ctx, "accept dispute "+c.Ref.ID, "/acceptDispute", key, order{Dispute: c.Ref.ID})
}

// reasons lists the defence reasons of a dispute.
func (a *adapter) reasons(ctx context.Context, id string) ([]defenceReason, error) {
	out, err := a.call(ctx, "list the defence reasons of "+id, "/retrieveApplicableDefenseReasons", "", order{Dispute: id})
	return out.Reasons, err
}

// order is the body of every call; each has the parts that it needs.
type order struct {
	Dispute   string     `json:"disputePspReference"`
	Account   string     `json:"merchantAccountCode"`
	Reason    string     `json:"defenseReasonCode,omitempty"`
	Documents []document `json:"defenseDocuments,omitempty"`
	Delete    string     `json:"defenseDocumentType,omitempty"`
}

type document struct {
	Content   string `json:"content"` // base64
	MediaType string `json:"contentType"`
	Type      string `json:"defenseDocumentTypeCode"`
}

// answer is the body of every answer.
type answer struct {
	Result *struct {
		Success      bool   `json:"success"`
		ErrorMessage string `json:"errorMessage"`
	} `json:"disputeServiceResult"`
	Reasons []defenceReason `json:"defenseReasons"`

	wire vendorhttp.Answer
}

// final sends a last word and keeps what went over the wire. A refusal's receipt
// holds Adyen's words for it.
func (a *adapter) final(ctx context.Context, op, path, key string, o order) (integrations.Receipt, error) {
	out, err := a.call(ctx, op, path, key, o)
	return integrations.Receipt{
		VendorID: o.Dispute, At: a.now().UTC(), Request: out.wire.Sent, Response: out.wire.Body,
	}, err
}

// call sends one order. The result in the body decides: Adyen answers HTTP 200
// to what it refuses. A call with a key changes something.
//
// The key is sent as Adyen's other APIs take it, at most 64 characters
// (docs.adyen.com/development-resources/api-idempotency). That the Disputes API
// honours it is not documented, and nothing relies on it.
func (a *adapter) call(ctx context.Context, op, path, key string, o order) (answer, error) {
	o.Account = a.account
	r := vendorhttp.Request{Op: op, Method: http.MethodPost, Path: path, JSON: o, Write: key != ""}
	if key != "" {
		r.Header = http.Header{"Idempotency-Key": {shortKey(key)}}
	}
	var out answer
	wire, err := a.http.Do(ctx, r, &out)
	out.wire = wire
	switch {
	case err != nil:
		return out, err
	case out.Result == nil && r.Write:
		return out, dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer tells no result")
	case out.Result == nil:
		return out, dispute.Errorf(dispute.Transient, name+": "+op, "the answer tells no result")
	case !out.Result.Success:
		return out, refused(op, out.Result.ErrorMessage)
	}
	return out, nil
}

func shortKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// errRefused is Adyen's "success": false. Its message is left out of the text.
var errRefused = errors.New("adyen refuses it")

func isRefusal(err error) bool { return errors.Is(err, errRefused) }

// refused is the error of a refusal. "Dispute not found." and "Unknown dispute"
// are the only messages known (the tests of Adyen's Go library); any other is
// Invalid, because the same again is refused again.
func refused(op, message string) error {
	kind := dispute.Invalid
	message = strings.ToLower(message)
	if strings.Contains(message, "not found") || strings.Contains(message, "unknown dispute") {
		kind = dispute.NotFound
	}
	return &dispute.Error{Kind: kind, Op: name + ": " + op, Err: errRefused}
}
