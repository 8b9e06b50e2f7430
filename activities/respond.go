package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// The submission protocol. Providers take evidence once, so every attempt goes
// through the same gates: write the intent with the packet in it, read
// the provider's state, refuse if somebody answered or time is over, upload
// what is not uploaded yet, send under the intent's key, read back, keep the
// receipt with the bytes. A lost answer is settled by reading, never by
// sending again; where the provider cannot be read, by its next notice or by a
// person who looks.

// answer is what an intent says will be sent. The packet may be replaced by a
// newer one until the final request leaves.
type answer struct {
	Packet string `json:"packet,omitempty"`
	By     string `json:"by"`
}

// progress is what an attempt leaves behind for the next one.
type progress struct {
	Uploads map[string]string `json:"uploads,omitempty"` // SHA-256 of a file to the vendor's id
	// Sent is set before a final request leaves: from then on an answer found at the
	// provider is ours. It has both words when a person accepts after a contest
	// whose answer was lost.
	Sent []dispute.Response `json:"sent,omitempty"`
}

// receipt is what an intent keeps of the provider's answer.
type receipt struct {
	integrations.Receipt
	Response dispute.Response `json:"response,omitempty"` // what was sent
	Outcome  string           `json:"outcome"`
	Packet   string           `json:"packet,omitempty"`
	By       string           `json:"by"`
	ReadBack string           `json:"read_back,omitempty"` // the dispute's status, read afterwards
	// Reconciled says that the answer was lost and the write was found by reading.
	Reconciled bool `json:"reconciled,omitempty"`
}

// responder is one of the two ways to answer, with what they share.
type responder struct {
	*Steps
	in     RespondInput
	row    store.CaseRow
	at     dispute.Ref         // where it is read and answered
	reader integrations.Reader // nil when the provider cannot be read
	word   dispute.Response
	send   func(ctx context.Context, in store.Intent, p *progress) (integrations.Receipt, error)
}

// Submit sends the case's packet as the one contest of the stage.
func (s *Steps) Submit(ctx context.Context, in RespondInput) (out Responded, err error) {
	defer toTemporal(&err)
	r, err := s.responder(ctx, in, dispute.ResponseContest)
	if err != nil {
		return Responded{}, err
	}
	vendor, err := integrations.As[integrations.Responder](s.Set, r.at.Connection)
	if err != nil {
		return Responded{}, err
	}
	r.send = func(ctx context.Context, intent store.Intent, p *progress) (integrations.Receipt, error) {
		return r.submit(ctx, vendor, intent, p)
	}
	return r.respond(ctx)
}

// Accept gives the dispute up at the provider.
func (s *Steps) Accept(ctx context.Context, in RespondInput) (out Responded, err error) {
	defer toTemporal(&err)
	r, err := s.responder(ctx, in, dispute.ResponseAccept)
	if err != nil {
		return Responded{}, err
	}
	vendor, err := integrations.As[integrations.Accepter](s.Set, r.at.Connection)
	if err != nil {
		return Responded{}, err
	}
	r.send = func(ctx context.Context, intent store.Intent, p *progress) (integrations.Receipt, error) {
		if err := r.mark(ctx, intent.Key, p); err != nil {
			return integrations.Receipt{}, err
		}
		return vendor.Accept(ctx, r.vendorKey(intent, p), r.answered())
	}
	return r.respond(ctx)
}

func (s *Steps) responder(ctx context.Context, in RespondInput, word dispute.Response) (*responder, error) {
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return nil, err
	}
	twin, err := s.twin(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	at := s.answeredAt(in.Ref)
	if twin != "" {
		return nil, dispute.Errorf(dispute.Unsupported, "respond to "+in.Ref.String(), "%s tells of the same dispute itself: case %s answers it", at.Connection, twin)
	}
	reader, err := integrations.As[integrations.Reader](s.Set, at.Connection)
	if err != nil && dispute.KindOf(err) != dispute.Unsupported {
		return nil, err
	}
	return &responder{Steps: s, in: in, row: row, at: at, reader: reader, word: word}, nil
}

// answered is the case as the connection that answers it knows it.
func (r *responder) answered() dispute.Case {
	c := r.row.Case
	c.Ref, c.View.Snapshot.ID = r.at, r.at.ID
	return c
}

// respond runs the protocol under one intent per stage and attempt, whichever
// the word: once one of them was sent, the other is a Conflict.
func (r *responder) respond(ctx context.Context) (Responded, error) {
	defer beat(ctx)()
	w := write{
		key:    key(r.row.ID, r.in.Part, r.in.Stage, "respond", r.in.Attempt),
		caseID: r.row.ID, kind: string(r.word), target: r.in.Ref.Connection,
		detail: answer{Packet: r.row.PacketHash, By: r.in.By},
		closes: true,
		do:     r.attempt,
	}
	// A person may choose otherwise while nothing has arrived.
	if err := r.DB.SaveKind(ctx, w.key, w.kind); err != nil {
		return Responded{}, err
	}
	var got receipt
	if err := r.once(ctx, w, &got); err != nil {
		return Responded{}, err
	}
	out := Responded{
		Response: cmp.Or(got.Response, r.word), Outcome: got.Outcome, Key: w.key, PacketHash: got.Packet, At: got.At, By: got.By,
		RawStatus: got.ReadBack, Detail: detail(got),
	}
	return out, r.remember(ctx, out, got)
}

func detail(r receipt) string {
	switch {
	case r.Reconciled:
		return "the provider's answer was lost; the write was found by reading"
	case r.Outcome == dispute.AnswerSent:
		return "request " + r.RequestID
	default:
		return "the provider says " + r.RawStatus
	}
}

// attempt is the middle of the protocol: read, refuse, send, read back.
func (r *responder) attempt(ctx context.Context, intent store.Intent) (store.Receipt, error) {
	var frozen answer
	var p progress
	if err := unmarshal(intent.Detail, &frozen, intent.Progress, &p); err != nil {
		return store.Receipt{}, err
	}
	now, err := r.look(ctx)
	if err != nil {
		return store.Receipt{}, err
	}
	if out, stop := r.refuse(now, p); stop {
		return r.found(ctx, intent.Key, out, frozen)
	}
	if r.reader == nil && len(p.Sent) > 0 {
		return store.Receipt{}, dispute.Errorf(dispute.Unsupported, "respond "+intent.Key,
			"the provider's answer was lost and it cannot be read: look there, and say with --done-elsewhere if our answer has arrived")
	}
	if intent, err = r.refreeze(ctx, intent, &frozen, p); err != nil {
		return store.Receipt{}, err
	}
	before := len(p.Sent) > 0
	sent, err := r.send(ctx, intent, &p)
	switch kind := dispute.KindOf(err); {
	case err == nil:
	case kind == dispute.Conflict && len(p.Sent) > 0:
		// The provider is still busy with the same key: what becomes of it is read.
		return r.reconcile(ctx, intent.Key, frozen, p, dispute.Errorf(dispute.UnknownOutcome, "respond "+intent.Key, "%w", err))
	case before || kind == dispute.UnknownOutcome:
		return r.reconcile(ctx, intent.Key, frozen, p, err)
	case len(p.Sent) > 0:
		p.Sent = nil // it was refused: nothing of ours is there
		return store.Receipt{}, errors.Join(err, r.DB.SaveProgress(ctx, intent.Key, toJSON(p)))
	default:
		return store.Receipt{}, err
	}
	out := receipt{Receipt: sent, Response: r.word, Outcome: dispute.AnswerSent, Packet: frozen.Packet, By: frozen.By, ReadBack: r.readBack(ctx)}
	return store.Receipt{Detail: toJSON(out), Request: sent.Request, Response: sent.Response}, nil
}

// refreeze takes the newest packet into the intent while nothing has left yet:
// evidence that came after a failed attempt is sent too.
func (r *responder) refreeze(ctx context.Context, intent store.Intent, frozen *answer, p progress) (store.Intent, error) {
	if len(p.Sent) > 0 || r.row.PacketHash == "" || frozen.Packet == r.row.PacketHash {
		return intent, nil
	}
	frozen.Packet = r.row.PacketHash
	intent.Detail = toJSON(frozen)
	return intent, r.DB.SaveDetail(ctx, intent.Key, intent.Detail)
}

// look is the dispute as the provider shows it now or, where it cannot be read,
// as its notices told it last.
func (r *responder) look(ctx context.Context) (dispute.Snapshot, error) {
	if r.reader == nil {
		return r.row.View.Snapshot, nil
	}
	return r.reader.Get(ctx, r.at)
}

// refuse decides from the provider's state whether there is still something
// to send. What is found there after we began to send is our own write.
func (r *responder) refuse(now dispute.Snapshot, p progress) (receipt, bool) {
	out := receipt{Receipt: integrations.Receipt{VendorID: now.ID, At: r.Now(), RawStatus: now.RawStatus}, ReadBack: now.RawStatus}
	open := now.Status == dispute.ProviderNeedsResponse || now.Status == dispute.ProviderUnknown
	switch {
	case r.ours(now, p) != "":
		out.Outcome, out.Reconciled, out.Response = dispute.AnswerSent, true, r.ours(now, p)
	case !open || r.taken(now):
		out.Outcome = dispute.AnsweredElsewhere
	case now.NoResponse || now.PastDue || (!now.DueBy.IsZero() && !now.DueBy.After(r.Now())):
		out.Outcome = dispute.AnsweredTooLate
	default:
		return out, false
	}
	return out, true
}

// ours is which of what we began to send the provider shows; empty when it is
// none. A dispute that was decided without an answer shows none.
func (r *responder) ours(now dispute.Snapshot, p progress) dispute.Response {
	contested := r.taken(now) || now.Status == dispute.ProviderUnderReview
	accepted := now.Status == dispute.ProviderLost || now.Status == dispute.ProviderClosed // an inquiry is closed, not lost
	switch {
	case contested && slices.Contains(p.Sent, dispute.ResponseContest):
		return dispute.ResponseContest
	case accepted && slices.Contains(p.Sent, dispute.ResponseAccept):
		return dispute.ResponseAccept
	}
	return ""
}

// taken reports whether the provider counts a submission that was not there
// when the stage began.
func (r *responder) taken(now dispute.Snapshot) bool { return now.SubmissionCount > r.in.Baseline }

// reconcile reads after a lost answer, and after any error of a later attempt:
// the provider may refuse it because the earlier one has just landed. What is
// not there yet is tried again later, when the next attempt reads first.
func (r *responder) reconcile(ctx context.Context, key string, frozen answer, p progress, lost error) (store.Receipt, error) {
	now, err := r.look(ctx)
	if err != nil {
		return store.Receipt{}, dispute.Errorf(dispute.UnknownOutcome, "read after the response", "%w", lost)
	}
	out, stop := r.refuse(now, p)
	if !stop || out.Outcome != dispute.AnswerSent {
		return store.Receipt{}, lost
	}
	return r.found(ctx, key, out, frozen)
}

// found is the receipt of what the provider shows. When it is our answer, the
// intent says which of the two it was.
func (r *responder) found(ctx context.Context, key string, out receipt, frozen answer) (store.Receipt, error) {
	out.Packet, out.By = frozen.Packet, frozen.By
	if out.Outcome == dispute.AnswerSent {
		if err := r.DB.SaveKind(ctx, key, string(out.Response)); err != nil {
			return store.Receipt{}, err
		}
	}
	return store.Receipt{Detail: toJSON(out)}, nil
}

// readBack is the dispute's status after the write; empty when it could not be
// read, which changes nothing about what was sent.
func (r *responder) readBack(ctx context.Context) string {
	if r.reader == nil {
		return ""
	}
	now, err := r.reader.Get(ctx, r.at)
	if err != nil {
		r.Log.WarnContext(ctx, "read back after the response", "case", r.row.ID, "kind", dispute.KindOf(err))
		return ""
	}
	return now.RawStatus
}

// submit builds the submission from the frozen packet and sends it.
func (r *responder) submit(ctx context.Context, vendor integrations.Responder, intent store.Intent, p *progress) (integrations.Receipt, error) {
	var frozen answer
	if err := json.Unmarshal(intent.Detail, &frozen); err != nil {
		return integrations.Receipt{}, err
	}
	sub, err := r.packet(ctx, r.row.ID, frozen.Packet)
	if err != nil {
		return integrations.Receipt{}, err
	}
	sub.Key, sub.Case, sub.Uploaded = r.vendorKey(intent, p), r.answered(), p.Uploads
	sub.Progress = func(sha, id string) {
		if p.Uploads == nil {
			p.Uploads = map[string]string{}
		}
		p.Uploads[sha] = id
		if err := r.DB.SaveProgress(ctx, intent.Key, toJSON(p)); err != nil {
			r.Log.WarnContext(ctx, "an upload's id could not be kept", "key", intent.Key, "error", err)
		}
	}
	sub.Sending = func() error { return r.mark(ctx, intent.Key, p) }
	return vendor.Submit(ctx, sub)
}

// vendorKey is the intent's key. The other word, after one that was sent, is
// another request, and providers refuse a key that comes with another request.
func (r *responder) vendorKey(intent store.Intent, p *progress) string {
	if len(p.Sent) == 0 || p.Sent[0] == r.word {
		return intent.Key
	}
	return key(intent.Key, r.word)
}

// mark notes that from now on an answer at the provider may be ours.
func (r *responder) mark(ctx context.Context, key string, p *progress) error {
	if !slices.Contains(p.Sent, r.word) {
		p.Sent = append(p.Sent, r.word)
	}
	return r.DB.SaveProgress(ctx, key, toJSON(p))
}

// remember puts what came of it on the case; a packet that was sent is frozen.
func (r *responder) remember(ctx context.Context, out Responded, got receipt) error {
	sent := store.Packet{}
	if out.Outcome == dispute.AnswerSent && out.Response == dispute.ResponseContest {
		var err error
		if sent, err = r.DB.GetPacket(ctx, r.row.ID, out.PacketHash); err != nil {
			return err
		}
		sent.Frozen = true
	}
	return r.DB.InCase(ctx, r.in.Ref, func(tx *store.CaseTx) error {
		if row := tx.Row(); out.Outcome == dispute.AnswerSent {
			row.Response, row.SubmittedAt = out.Response, out.At
		}
		data := map[string]string{
			"response": string(out.Response), "outcome": out.Outcome, "packet": out.PacketHash, "key": out.Key, "status": got.ReadBack, "request": got.RequestID,
		}
		if err := tx.Append(store.Event{Key: "response/" + out.Key, Kind: "responded", Actor: out.By, At: out.At, Data: toJSON(data)}); err != nil {
			return err
		}
		if sent.Hash == "" {
			return nil
		}
		return tx.SavePacket(sent)
	})
}

func unmarshal(pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		raw, _ := pairs[i].(json.RawMessage)
		if len(raw) == 0 {
			continue
		}
		if err := json.Unmarshal(raw, pairs[i+1]); err != nil {
			return fmt.Errorf("stored intent: %w", err)
		}
	}
	return nil
}
