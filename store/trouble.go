package store

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/store/db"
)

// TroubleKind is what goes wrong.
type TroubleKind string

// The kinds of trouble, the worst first.
const (
	// TroubleUnwatched: cases that owe an answer before a deadline have had no
	// timer for five minutes.
	TroubleUnwatched TroubleKind = "unwatched"
	// TroubleCredentials: the provider refuses our credentials, and cases wait.
	TroubleCredentials TroubleKind = "credentials"
	// TroubleRelay: notices have waited two minutes for their workflow.
	TroubleRelay TroubleKind = "relay"
	// TroubleAnswers: answers were begun, failed, and cases wait.
	TroubleAnswers TroubleKind = "answers"
	// TroubleUnreadable: webhooks of the last day were signed and cannot be read.
	TroubleUnreadable TroubleKind = "unreadable"
	// TroubleWrites: what is written beside answers (cards, tickets, journal
	// entries) has had no receipt for five minutes.
	TroubleWrites TroubleKind = "writes"
	// TroubleSweep: a connection that was asked what it has was not for a day.
	TroubleSweep TroubleKind = "sweep"
)

// Trouble is one thing that is wrong now. It holds no personal data.
type Trouble struct {
	Kind       TroubleKind
	Connection string    // empty where it is not about a single one
	Count      int64     // of cases, notices or writes; zero for a sweep
	Since      time.Time // when the oldest of them began to wait
}

// Troubles are what is wrong at a time, the worst first; none when all is well.
func (d *DB) Troubles(ctx context.Context, now time.Time) ([]Trouble, error) {
	rows, err := d.q.Troubles(ctx, now)
	return convert(rows, func(r db.TroublesRow) Trouble {
		return Trouble{Kind: TroubleKind(r.Kind), Connection: r.Connection, Count: r.Count, Since: r.Since}
	}), wrap("store: troubles", err)
}
