package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Reconciliation is what a comparison of a provider's disputes with our cases
// found. Its lists hold dispute ids.
type Reconciliation struct {
	Connection string    `json:"connection"`
	At         time.Time `json:"at"`
	// Complete says that the provider could be asked about every dispute: where
	// it cannot list, OpenThere and OnlyThere are not known.
	Complete  bool         `json:"complete"`
	OpenThere int          `json:"open_there"`
	OpenHere  int          `json:"open_here"`
	OnlyThere []string     `json:"only_there,omitempty"` // started by this sweep
	OnlyHere  []string     `json:"only_here,omitempty"`  // the provider does not know them
	Differing []Difference `json:"differing,omitempty"`  // told to their cases by this sweep
	Unread    []string     `json:"unread,omitempty"`     // could not be read; the next sweep asks again
}

// Difference is a dispute that its provider shows otherwise than we did.
type Difference struct {
	Dispute string    `json:"dispute"`
	Here    string    `json:"here"` // the provider's status as we knew it
	There   string    `json:"there"`
	DueHere time.Time `json:"due_here,omitzero"`
	DueNow  time.Time `json:"due_there,omitzero"`
}

// SweepCursor is where the next poll of a connection begins, and when it was
// polled first; empty and zero before that.
func (d *DB) SweepCursor(ctx context.Context, connection string) (cursor string, since time.Time, err error) {
	row, err := d.q.SweepCursor(ctx, connection)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", time.Time{}, nil
	}
	return row.Cursor, row.Since.UTC(), wrap("store: sweep cursor of "+connection, err)
}

// SaveSweepCursor keeps where the next poll of a connection begins.
func (d *DB) SaveSweepCursor(ctx context.Context, connection, cursor string) error {
	err := d.q.SaveSweepCursor(ctx, db.SaveSweepCursorParams{Connection: connection, Cursor: cleanText(cursor)})
	return wrap("store: sweep cursor of "+connection, err)
}

// SaveReconciliation keeps a comparison.
func (d *DB) SaveReconciliation(ctx context.Context, r Reconciliation) error {
	op := "store: reconciliation of " + r.Connection
	found, err := json.Marshal(r)
	if err != nil {
		return wrap(op, err)
	}
	return wrap(op, d.q.SaveReconciliation(ctx, db.SaveReconciliationParams{Connection: r.Connection, At: r.At.UTC(), Found: cleanJSON(found)}))
}

// Reconciliations are the newest comparisons, one a connection.
func (d *DB) Reconciliations(ctx context.Context) ([]Reconciliation, error) {
	const op = "store: reconciliations"
	rows, err := d.q.Reconciliations(ctx)
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]Reconciliation, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row.Found, &out[i]); err != nil {
			return nil, dispute.Errorf(dispute.Invalid, op, "%w", err)
		}
	}
	return out, nil
}
