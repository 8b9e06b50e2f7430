package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// What an attempt notes beside its uploads, so that the next one goes on from
// there.
const (
	noteRelevant = "relevant_evidence" // the categories that the dispute asked for
	noteStaged   = "staged_evidence"   // SHA-256 of the evidence that is staged
)

// attempt is one attempt at a submission, and what it and earlier ones did.
type attempt struct {
	*adapter
	s    integrations.Submission
	op   string
	done map[string]string
}

// Submit implements integrations.Responder. Files are uploaded, the evidence is
// staged (PUT), and one final request without a body (POST) submits what is
// staged; the receipt's Request is therefore the evidence as it was staged.
//
// An arbitration takes its evidence another way, which is not in the contract at
// hand, so that is Unsupported.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	op := "submit evidence for " + s.Case.Ref.ID
	if s.Case.View.Snapshot.Stage == dispute.StageArbitration {
		return integrations.Receipt{}, dispute.Errorf(dispute.Unsupported, name+": "+op, "an arbitration: %w", dispute.ErrUnsupported)
	}
	if err := checkPacket(s); err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	t := &attempt{adapter: a, s: s, op: op, done: map[string]string{}}
	staged, err := t.prepare(ctx)
	if err != nil {
		return integrations.Receipt{Uploads: t.done}, err
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{Uploads: t.done}, err
		}
	}
	receipt, err := a.final(ctx, s.Case.Ref.ID, s.Key, vendorhttp.Request{Op: op, Path: disputePath(s.Case.Ref.ID) + "/evidence"})
	receipt.Uploads, receipt.Request = t.done, staged
	return receipt, err
}

// prepare does all but the final request and returns the evidence as staged.
func (t *attempt) prepare(ctx context.Context) ([]byte, error) {
	for _, f := range t.s.Files {
		if err := t.upload(ctx, f); err != nil {
			return nil, err
		}
	}
	relevant, err := t.relevant(ctx)
	if err != nil {
		return nil, err
	}
	fields := evidenceOf(t.s, t.done)
	asked(fields, relevant)
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + t.op, Err: err}
	}
	return body, t.stage(ctx, body)
}

// upload stores a file, unless it is stored already.
func (t *attempt) upload(ctx context.Context, f integrations.File) error {
	if t.done[f.SHA256] != "" {
		return nil
	}
	if id := t.s.Uploaded[f.SHA256]; id != "" {
		t.done[f.SHA256] = id
		return nil
	}
	op := "upload file " + f.SHA256
	body, contentType, err := vendorhttp.Multipart(f.SHA256,
		vendorhttp.Part{Name: "purpose", Content: []byte("dispute_evidence")},
		vendorhttp.Part{Name: "file", FileName: f.Name, MediaType: f.MediaType, Content: f.Bytes},
	)
	if err != nil {
		return &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	var out struct {
		ID string `json:"id"`
	}
	_, err = t.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/files", Body: body, ContentType: contentType,
		Header: idempotent(t.s.Key + "/" + f.SHA256), Write: true,
	}, &out)
	if err != nil {
		return err
	}
	if out.ID == "" {
		return dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no file")
	}
	t.note(f.SHA256, out.ID)
	return nil
}

// relevant lists what the dispute asks for: read once per submission, so that
// every attempt stages the same.
func (t *attempt) relevant(ctx context.Context) ([]string, error) {
	list, known := t.s.Uploaded[noteRelevant]
	if known {
		t.done[noteRelevant] = list
	} else {
		d, err := t.read(ctx, t.s.Case.Ref.ID)
		if err != nil {
			return nil, err
		}
		list = strings.Join(d.relevant(), ",")
		t.note(noteRelevant, list)
	}
	if list == "" {
		return nil, nil
	}
	return strings.Split(list, ","), nil
}

// stage attaches the evidence to the dispute, unless the very same was the last
// that was staged. The note of an older one goes first: if the answer is lost,
// nobody knows which of the two is there.
func (t *attempt) stage(ctx context.Context, body []byte) error {
	sum := sha256.Sum256(body)
	hash, before := hex.EncodeToString(sum[:]), t.s.Uploaded[noteStaged]
	if before == hash {
		t.done[noteStaged] = hash
		return nil
	}
	if before != "" {
		t.note(noteStaged, "")
	}
	id := t.s.Case.Ref.ID
	_, err := t.http.Do(ctx, vendorhttp.Request{
		Op: "stage evidence for " + id, Method: http.MethodPut, Path: disputePath(id) + "/evidence",
		Body: body, ContentType: "application/json", Header: idempotent(t.s.Key + "/" + hash), Write: true,
	}, nil)
	if err != nil {
		return err
	}
	t.note(noteStaged, hash)
	return nil
}

func (t *attempt) note(key, value string) {
	t.done[key] = value
	if t.s.Progress != nil {
		t.s.Progress(key, value)
	}
}

// idempotent carries our key. Checkout.com documents Cko-Idempotency-Key for
// payments only, so that nothing here relies on it.
func idempotent(key string) http.Header { return http.Header{"Cko-Idempotency-Key": {key}} }

// Accept implements integrations.Accepter. Afterwards the dispute reads as
// accepted.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	return a.final(ctx, c.Ref.ID, key, vendorhttp.Request{Op: "accept dispute " + c.Ref.ID, Path: disputePath(c.Ref.ID) + "/accept"})
}

// final sends a request that cannot be undone and keeps what was answered.
func (a *adapter) final(ctx context.Context, id, key string, r vendorhttp.Request) (integrations.Receipt, error) {
	r.Method, r.Write, r.Header = http.MethodPost, true, idempotent(key)
	answer, err := a.http.Do(ctx, r, nil)
	if err != nil {
		return integrations.Receipt{}, err
	}
	return integrations.Receipt{
		VendorID: id, RequestID: answer.Header.Get("Cko-Request-Id"), At: a.now().UTC(),
		Request: answer.Sent, Response: proof(answer),
	}, nil
}

// proof is an answer as a receipt keeps it. A 204 has no body: its status and
// what identifies it are the proof.
func proof(a vendorhttp.Answer) []byte {
	if len(a.Body) > 0 {
		return a.Body
	}
	out := fmt.Sprintf("HTTP %d", a.Status)
	for _, key := range []string{"Cko-Request-Id", "Cko-Version", "Date"} {
		if value := a.Header.Get(key); value != "" {
			out += "\n" + key + ": " + value
		}
	}
	return []byte(out)
}
