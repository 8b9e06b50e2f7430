package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Owed is how the cases stand that owe the provider an answer: not ended, not
// submitted, and with something to decide.
type Owed struct {
	Past      int64 // the deadline passed
	Within6h  int64 // at most 6 hours are left
	Within24h int64 // more than 6 hours and at most 24
	Within72h int64 // more than 24 hours and at most 72
	Late      int64 // the cut-off passed longer than grace ago, the deadline did not
	Unwatched int64 // no timer is armed or fired less than grace ago; see DB.Unwatched
	// Nearest is the earliest deadline to come, NearestUnwatched that of the
	// unwatched cases; both are zero when there is none.
	Nearest          time.Time
	NearestUnwatched time.Time
}

// OwedAnswers counts the cases that owe an answer. Unlike DB.Unwatched it leaves
// out of Unwatched those whose deadline passed: nothing can save them.
func (d *DB) OwedAnswers(ctx context.Context, now time.Time, grace time.Duration) (Owed, error) {
	row, err := d.q.OwedAnswers(ctx, db.OwedAnswersParams{Now: now, Before: now.Add(-grace)})
	return Owed(row), wrap("store: owed answers", err)
}

// BooksCheck is what was found in one stretch of the journal.
type BooksCheck struct {
	Checked int64 // entries looked at
	Wrong   int64 // entries whose postings do not add up, or are not as many as they were
	Last    int64 // where the next stretch begins; zero when the journal ended before it
}

// CheckBooks adds up the postings of at most limit journal entries behind a
// place in the journal; zero is its beginning. The database refuses an entry out
// of balance when it is written, so what is found was done behind its back.
func (d *DB) CheckBooks(ctx context.Context, after int64, limit int) (BooksCheck, error) {
	row, err := d.q.CheckEntries(ctx, db.CheckEntriesParams{After: after, MaxRows: clampLimit(limit)})
	return BooksCheck{Checked: row.Checked, Wrong: row.Wrong, Last: row.Last}, wrap("store: check the books", err)
}

// PoolStat tells how busy the connections to the database are.
func (d *DB) PoolStat() *pgxpool.Stat { return d.pool.Stat() }
