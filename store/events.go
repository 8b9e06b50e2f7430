package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Event is one entry of a case's history. The events of a case form a chain:
// each holds the hash of the one before it and its own.
type Event struct {
	CaseID string          `json:"case_id"`
	Seq    int64           `json:"seq"` // from 1
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"` // an actor's id, or "rebuttal" for the machine
	Kind   string          `json:"kind"`
	Key    string          `json:"key,omitempty"`  // unique in the case, so that a repeated step appends once; may be empty
	Data   json.RawMessage `json:"data,omitempty"` // any JSON

	PrevHash string `json:"prev_hash"` // hex; empty for the first
	Hash     string `json:"hash"`      // hex
}

// Digest is the hash that the event should have: the SHA-256, in hex, of the
// previous hash followed by the canonical JSON of everything else, which has
// sorted keys, no spaces, and numbers as they were written.
func (e Event) Digest() (string, error) {
	prev, err := hex.DecodeString(e.PrevHash)
	if err != nil {
		return "", fmt.Errorf("previous hash: %w", err)
	}
	data, err := canonical(e.Data)
	if err != nil {
		return "", fmt.Errorf("data: %w", err)
	}
	body, err := compact(map[string]any{
		"case_id": e.CaseID, "seq": e.Seq, "at": e.At.UTC(), "actor": e.Actor, "kind": e.Kind, "key": e.Key, "data": data,
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(prev, body...))
	return hex.EncodeToString(sum[:]), nil
}

// canonical rewrites JSON with sorted keys and without spaces; nothing is null.
func canonical(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return json.RawMessage("null"), nil
	}
	if !json.Valid(raw) {
		return nil, errors.New("it is not JSON")
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return compact(value)
}

// compact writes JSON without the escapes that encoding/json adds for HTML,
// so that other languages get the same bytes.
func compact(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// VerifyEvents checks a whole history, as Events returns it or a bundle holds
// it, without the database: the numbers are complete, every event hashes to its
// own hash and names the one before it. The error, of kind Conflict, names the
// first event that does not.
func VerifyEvents(events []Event) error {
	prev := ""
	for i, e := range events {
		op := fmt.Sprintf("store: case %s: event %d", e.CaseID, i+1)
		digest, err := e.Digest()
		switch {
		case err != nil:
			return dispute.Errorf(dispute.Conflict, op, "it cannot be hashed: %w", err)
		case e.Seq != int64(i+1):
			return dispute.Errorf(dispute.Conflict, op, "its number is %d", e.Seq)
		case e.CaseID != events[0].CaseID:
			return dispute.Errorf(dispute.Conflict, op, "it is of another case than the first")
		case e.PrevHash != prev:
			return dispute.Errorf(dispute.Conflict, op, "it does not follow the event before it")
		case e.Hash != digest:
			return dispute.Errorf(dispute.Conflict, op, "its content does not have its hash")
		}
		prev = e.Hash
	}
	return nil
}

// Append adds an event to the case's history. Case, number and hashes are
// filled in; a zero At is now, and At is cut to microseconds. An event whose
// key the case already has is not added again.
func (c *CaseTx) Append(e Event) error {
	op := c.op("append " + e.Kind)
	e.Key, e.Kind, e.Actor = cleanText(e.Key), cleanText(e.Kind), cleanText(e.Actor)
	if e.Key != "" {
		known, err := c.q.EventKnown(c.ctx, db.EventKnownParams{CaseID: c.row.ID, Key: e.Key})
		if err != nil || known {
			return wrap(op, err)
		}
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.CaseID, e.Seq, e.PrevHash = c.row.ID, c.row.Events+1, c.row.Head
	e.At = e.At.UTC().Truncate(time.Microsecond)
	data, err := canonical(e.Data)
	if err != nil {
		return dispute.Errorf(dispute.Invalid, op, "data: %w", err)
	}
	e.Data = data
	if e.Hash, err = e.Digest(); err != nil {
		return dispute.Errorf(dispute.Invalid, op, "%w", err)
	}
	if err := c.insertEvent(e); err != nil {
		return wrap(op, err)
	}
	c.row.Events, c.row.Head = e.Seq, e.Hash
	return nil
}

func (c *CaseTx) insertEvent(e Event) error {
	prev, err := hex.DecodeString(e.PrevHash)
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(e.Hash)
	if err != nil {
		return err
	}
	return c.q.InsertEvent(c.ctx, db.InsertEventParams{
		CaseID: e.CaseID, Seq: e.Seq, At: e.At, Actor: e.Actor, Kind: e.Kind, Key: e.Key,
		Data: e.Data, PrevHash: notNil(prev), Hash: hash,
	})
}

// Events reads the history of a case, oldest first.
func (d *DB) Events(ctx context.Context, caseID string) ([]Event, error) {
	rows, err := d.q.Events(ctx, caseID)
	return convert(rows, event), wrap("store: events of "+caseID, err)
}

func event(e db.CaseEvent) Event {
	return Event{
		CaseID: e.CaseID, Seq: e.Seq, At: e.At, Actor: e.Actor, Kind: e.Kind, Key: e.Key, Data: e.Data,
		PrevHash: hex.EncodeToString(e.PrevHash), Hash: hex.EncodeToString(e.Hash),
	}
}

// VerifyChain checks the history of a case as VerifyEvents does, and that it
// ends where the case says it ends, so that cutting its end off is noticed too.
func (d *DB) VerifyChain(ctx context.Context, caseID string) error {
	op := "store: verify " + caseID
	var head db.CaseHeadRow
	var rows []db.CaseEvent
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, d.pool, snapshot, func(tx pgx.Tx) (err error) {
		q := db.New(tx)
		if head, err = q.CaseHead(ctx, caseID); err != nil {
			return err
		}
		rows, err = q.Events(ctx, caseID)
		return err
	})
	if err != nil {
		return wrap(op, err)
	}
	events := convert(rows, event)
	if err := VerifyEvents(events); err != nil {
		return err
	}
	last := ""
	if n := len(events); n > 0 {
		last = events[n-1].Hash
	}
	if head.Events != int64(len(events)) || hex.EncodeToString(head.Head) != last {
		return dispute.Errorf(dispute.Conflict, op, "the history has %d events, the case counts %d", len(events), head.Events)
	}
	return nil
}
