package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// CaseTx is one transaction on one locked case. It is valid, and used by one
// goroutine, until the function it was given to returns.
type CaseTx struct {
	ctx     context.Context // of the call of InCase
	q       *db.Queries
	row     CaseRow
	before  []byte
	created bool
}

// InCase runs fn in one transaction that holds the case of a dispute; the case
// is created when it is not there. All that fn did is committed when it returns
// nil and undone otherwise, and its error is returned as it is. A transaction
// that lost against another is run again, so fn must leave nothing behind
// outside c, and must not use the DB itself, whose connections it may wait for.
func (d *DB) InCase(ctx context.Context, ref dispute.Ref, fn func(c *CaseTx) error) error {
	op := "store: case " + ref.CaseID()
	if ref.Connection == "" || ref.ID == "" {
		return dispute.Errorf(dispute.Invalid, op, "it has no connection or no dispute id")
	}
	return retry(ctx, func() error {
		var own error
		err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
			c, err := lockCase(ctx, db.New(tx), ref)
			if err != nil {
				return err
			}
			if own = fn(c); own != nil {
				return own
			}
			return c.save()
		})
		if own != nil {
			return own
		}
		return wrap(op, err)
	})
}

func lockCase(ctx context.Context, q *db.Queries, ref dispute.Ref) (*CaseTx, error) {
	id := ref.CaseID()
	created := false
	row, err := q.LockCase(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		n, insertErr := q.InsertCase(ctx, db.InsertCaseParams{ID: id, Connection: ref.Connection, DisputeID: cleanText(ref.ID)})
		if insertErr != nil {
			return nil, insertErr
		}
		created = n == 1
		row, err = q.LockCase(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	c := &CaseTx{ctx: ctx, q: q, row: caseRow(row), created: created}
	c.before, err = json.Marshal(c.row)
	return c, err
}

// Row is the case. Changes to it are saved at the end of the transaction, which
// counts Version up; ID, Ref, Events, Head and the times of the row itself are
// not for the caller to change.
func (c *CaseTx) Row() *CaseRow { return &c.row }

// Created reports whether this transaction created the case.
func (c *CaseTx) Created() bool { return c.created }

func (c *CaseTx) op(what string) string { return "store: case " + c.row.ID + ": " + what }

func (c *CaseTx) save() error {
	after, err := json.Marshal(c.row)
	if err != nil {
		return dispute.Errorf(dispute.Invalid, c.op("save"), "%w", err)
	}
	if bytes.Equal(c.before, after) {
		return nil
	}
	p, err := caseUpdate(&c.row)
	if err != nil {
		return dispute.Errorf(dispute.Invalid, c.op("save"), "%w", err)
	}
	return wrap(c.op("save"), c.q.UpdateCase(c.ctx, p))
}
