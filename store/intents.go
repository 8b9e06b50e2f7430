package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// IntentState is how far a write to the outside got.
type IntentState string

// The states of an intent.
const (
	Intended IntentState = "intended" // recorded; it may or may not have been sent
	Done     IntentState = "done"     // sent, and the receipt is here
	Refused  IntentState = "refused"  // the vendor or a check said no; nothing was written
)

// Intent is the record of one write to the outside, made before it is sent.
type Intent struct {
	Key            string          `json:"key"` // domain key: case/stage/step/hash
	CaseID         string          `json:"case_id"`
	Kind           string          `json:"kind"`   // what is written: "submit", "ticket" …
	Target         string          `json:"target"` // the connection
	State          IntentState     `json:"state"`
	Detail         json.RawMessage `json:"detail,omitempty"`   // what is about to be written, by ids
	Progress       json.RawMessage `json:"progress,omitempty"` // how far an attempt got, as uploads so far
	Receipt        json.RawMessage `json:"receipt,omitempty"`
	Refusal        string          `json:"refusal,omitempty"`        // why it was refused
	RequestSHA256  string          `json:"request_sha256,omitempty"` // hex; empty until done
	ResponseSHA256 string          `json:"response_sha256,omitempty"`
	Request        []byte          `json:"request,omitempty"`  // exact bytes of the final request's body
	Response       []byte          `json:"response,omitempty"` // exact bytes of its answer
	CreatedAt      time.Time       `json:"created_at"`
	DoneAt         time.Time       `json:"done_at,omitzero"` // when it was done or refused
	Attempts       int             `json:"attempts"`         // how often it was begun
}

// Receipt proves that an intent was carried out.
type Receipt struct {
	Detail   json.RawMessage // what the vendor answered, in our words
	Request  []byte
	Response []byte
}

// BeginIntent records that a write is about to happen, or returns the record of
// an earlier attempt with its progress and state, counting this one. Fresh says
// that there was none. A key that stands for another write is a Conflict. Only
// Key, CaseID, Kind, Target and Detail are read.
func (d *DB) BeginIntent(ctx context.Context, i Intent) (stored Intent, fresh bool, err error) {
	op := "store: begin intent " + i.Key
	row, err := d.q.BeginIntent(ctx, db.BeginIntentParams{
		Key: i.Key, CaseID: i.CaseID, Kind: i.Kind, Target: i.Target, Detail: cleanJSON(i.Detail),
	})
	if err != nil {
		return Intent{}, false, wrap(op, err)
	}
	if row.CaseID != i.CaseID || row.Kind != i.Kind || row.Target != i.Target {
		return Intent{}, false, dispute.Errorf(dispute.Conflict, op, "the key stands for %s of case %s at %s",
			row.Kind, row.CaseID, row.Target)
	}
	return intent(row), row.Attempts == 1, nil
}

// SaveDetail changes what is about to be written, while it is only intended.
func (d *DB) SaveDetail(ctx context.Context, key string, detail json.RawMessage) error {
	n, err := d.q.SaveDetail(ctx, db.SaveDetailParams{Key: key, Detail: cleanJSON(detail)})
	return found("store: detail of intent "+key, n, err)
}

// SaveKind changes what an intent is about to write. One that is not there, done
// or refused stays as it is.
func (d *DB) SaveKind(ctx context.Context, key, kind string) error {
	return wrap("store: kind of intent "+key, d.q.SaveKind(ctx, db.SaveKindParams{Key: key, Kind: kind}))
}

// SaveProgress records how far the write got, for an attempt that follows.
func (d *DB) SaveProgress(ctx context.Context, key string, progress json.RawMessage) error {
	n, err := d.q.SaveProgress(ctx, db.SaveProgressParams{Key: key, Progress: cleanJSON(progress)})
	return found("store: progress of intent "+key, n, err)
}

// FinishIntent records that the write happened. The first receipt stays: to
// finish again changes nothing. Finishing a refused intent is a Conflict.
func (d *DB) FinishIntent(ctx context.Context, key string, r Receipt) error {
	n, err := d.q.FinishIntent(ctx, db.FinishIntentParams{
		Key: key, Receipt: cleanJSON(r.Detail),
		Request: r.Request, RequestSHA256: digest(r.Request),
		Response: r.Response, ResponseSHA256: digest(r.Response),
	})
	return d.ended(ctx, "store: finish intent "+key, key, Done, n, err)
}

// RefuseIntent records that the write will not happen and why, in words that
// hold ids only. To refuse again changes nothing. Refusing what is done is a
// Conflict.
func (d *DB) RefuseIntent(ctx context.Context, key, why string) error {
	n, err := d.q.RefuseIntent(ctx, db.RefuseIntentParams{Key: key, Refusal: cleanText(why)})
	return d.ended(ctx, "store: refuse intent "+key, key, Refused, n, err)
}

// ended explains why no intended row was met.
func (d *DB) ended(ctx context.Context, op, key string, want IntentState, rows int64, err error) error {
	if err != nil || rows == 1 {
		return wrap(op, err)
	}
	have, err := d.GetIntent(ctx, key)
	if err != nil {
		return err
	}
	if have.State != want {
		return dispute.Errorf(dispute.Conflict, op, "it is %s", have.State)
	}
	return nil
}

func digest(b []byte) string {
	if b == nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// GetIntent reads one intent.
func (d *DB) GetIntent(ctx context.Context, key string) (Intent, error) {
	row, err := d.q.Intent(ctx, key)
	if err != nil {
		return Intent{}, wrap("store: intent "+key, err)
	}
	return intent(row), nil
}

// Intents reads the intents of a case, oldest first.
func (d *DB) Intents(ctx context.Context, caseID string) ([]Intent, error) {
	rows, err := d.q.Intents(ctx, caseID)
	return convert(rows, intent), wrap("store: intents of "+caseID, err)
}

// maxOpenIntents bounds one answer of OpenIntents.
const maxOpenIntents = 500

// OpenIntents finds writes that were begun before a time and have no end:
// nobody knows whether they happened. Oldest first, at most 500.
func (d *DB) OpenIntents(ctx context.Context, before time.Time) ([]Intent, error) {
	rows, err := d.q.OpenIntents(ctx, db.OpenIntentsParams{Before: before, MaxRows: maxOpenIntents})
	return convert(rows, intent), wrap("store: open intents", err)
}

func intent(r db.Intent) Intent {
	return Intent{
		Key: r.Key, CaseID: r.CaseID, Kind: r.Kind, Target: r.Target, State: IntentState(r.State),
		Detail: r.Detail, Progress: r.Progress, Receipt: r.Receipt, Refusal: r.Refusal,
		RequestSHA256: r.RequestSHA256, ResponseSHA256: r.ResponseSHA256,
		Request: r.Request, Response: r.Response,
		CreatedAt: r.CreatedAt, DoneAt: time.Time(r.DoneAt), Attempts: r.Attempts,
	}
}
