package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// refusal is an error of the server without the values it may quote.
type refusal struct{ pg *pgconn.PgError }

func (r refusal) Error() string {
	if r.pg.Code[:2] == classData {
		return "SQLSTATE " + r.pg.Code
	}
	return "SQLSTATE " + r.pg.Code + ": " + r.pg.Message
}

func (r refusal) Unwrap() error { return r.pg }

// Classes and codes of SQLSTATE, appendix A of PostgreSQL's manual.
const (
	classData       = "22"
	classConstraint = "23"

	codeUniqueViolation   = "23505"
	codeRestrictViolation = "23001" // what refuse_change raises
	codeSerialization     = "40001"
	codeDeadlock          = "40P01"
)

// wrap makes err a *dispute.Error; one that already is stays as it is.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var ours *dispute.Error
	if errors.As(err, &ours) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return &dispute.Error{Kind: dispute.NotFound, Op: op}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return &dispute.Error{Kind: kindOf(pg), Op: op, Err: refusal{pg}}
	}
	return &dispute.Error{Kind: dispute.Transient, Op: op, Err: err}
}

func kindOf(pg *pgconn.PgError) dispute.Kind {
	switch {
	case pg.Code == codeUniqueViolation, pg.Code == codeRestrictViolation:
		return dispute.Conflict
	case pg.Code[:2] == classData, pg.Code[:2] == classConstraint:
		return dispute.Invalid
	default:
		return dispute.Transient
	}
}

// found makes an update that met no row a NotFound.
func found(op string, rows int64, err error) error {
	if err == nil && rows == 0 {
		return &dispute.Error{Kind: dispute.NotFound, Op: op}
	}
	return wrap(op, err)
}

// maxTries bounds how often a transaction that lost against another is run.
const maxTries = 5

// retry runs fn again while the database says that it lost a race.
func retry(ctx context.Context, fn func() error) error {
	var err error
	for try := range maxTries {
		if err = fn(); !lostRace(err) || try == maxTries-1 {
			return err
		}
		pause := time.Duration(1+rand.IntN(20<<try)) * time.Millisecond //nolint:gosec // jitter, not a secret
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
	return err
}

func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}
