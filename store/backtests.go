package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// BacktestState is how far the backtest of a draft has come.
type BacktestState string

// The states.
const (
	BacktestRunning BacktestState = "running"
	BacktestDone    BacktestState = "done"
	BacktestFailed  BacktestState = "failed" // Problem says why, and what to do
)

// BacktestQuiet is how long a running backtest may stay untouched: after that
// its process has died, and it is shown as failed.
const BacktestQuiet = 30 * time.Second

// keptBacktests is how many backtests of a draft are kept, the newest.
const keptBacktests = 5

// Backtest is a backtest of a draft, which everybody who decides about the draft
// may look at.
type Backtest struct {
	ID    int64  `json:"id"`
	Draft int64  `json:"draft"`
	Text  string `json:"text"` // SHA-256 of the draft's text that it ran over, hex
	// Since leaves out disputes that were opened longer before StartedAt; none when
	// zero. It is of whole seconds.
	Since time.Duration `json:"since"`
	By    string        `json:"by"`
	State BacktestState `json:"state"`
	// Done disputes of Of; Of is zero while they are being counted.
	Done       int64            `json:"done"`
	Of         int64            `json:"of"`
	Problem    string           `json:"problem,omitempty"`
	Report     *backtest.Report `json:"report,omitempty"` // when it is done
	StartedAt  time.Time        `json:"started_at"`
	UpdatedAt  time.Time        `json:"updated_at"`
	FinishedAt time.Time        `json:"finished_at,omitzero"`
	// Current says that the draft's text is still the one it ran over.
	Current bool `json:"current"`
	// Outdated says that it compared the draft with other rules than those in force
	// now. The desk tells it.
	Outdated bool `json:"outdated"`
}

func backtestOf(r db.Backtest) Backtest {
	b := Backtest{
		ID: r.ID, Draft: r.Draft, Text: r.TextHash, Since: time.Duration(r.Seconds) * time.Second, By: r.Author,
		State: BacktestState(r.State), Done: r.Done, Of: r.Of, Problem: r.Problem,
		StartedAt: r.StartedAt, UpdatedAt: r.UpdatedAt, FinishedAt: time.Time(r.FinishedAt),
	}
	if b.State == BacktestDone && json.Unmarshal(r.Report, &b.Report) != nil {
		b.State, b.Problem = BacktestFailed, "It was made by another release, which this one cannot read: run it again."
	}
	return b
}

// StartBacktest keeps that a backtest of a draft, as it was read before, begins.
// One that runs already over the same text and since is returned instead, and
// started is false.
func (d *DB) StartBacktest(ctx context.Context, draft RuleDraft, since time.Duration, by string) (out Backtest, started bool, err error) {
	hash, seconds := digest([]byte(draft.Source)), int64(since/time.Second)
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.LockBacktests(ctx); err != nil {
			return err
		}
		row, err := q.RunningBacktest(ctx, db.RunningBacktestParams{
			Draft: draft.ID, TextHash: hash, Seconds: seconds, QuietSeconds: BacktestQuiet.Seconds(),
		})
		started = errors.Is(err, pgx.ErrNoRows)
		if started {
			row, err = q.InsertBacktest(ctx, db.InsertBacktestParams{Draft: draft.ID, TextHash: hash, Seconds: seconds, Author: by})
		}
		if err != nil {
			return err
		}
		out = backtestOf(row)
		out.Current = true
		return q.DropOldBacktests(ctx, db.DropOldBacktestsParams{Draft: draft.ID, Keep: keptBacktests})
	})
	return out, started, wrap("store: start backtest", err)
}

// TouchBacktest keeps how far a running backtest has come, and that its process
// lives. It is nothing where the backtest has ended.
func (d *DB) TouchBacktest(ctx context.Context, id, done, of int64) error {
	return wrap("store: touch backtest", d.q.TouchBacktest(ctx, db.TouchBacktestParams{ID: id, Done: done, Of: of}))
}

// FinishBacktest ends a running backtest with its report or, when that is nil,
// with what went wrong. It is nothing where the backtest has ended.
func (d *DB) FinishBacktest(ctx context.Context, id int64, report *backtest.Report, problem string) error {
	const op = "store: finish backtest"
	end := db.FinishBacktestParams{ID: id, State: string(BacktestFailed), Problem: cleanText(problem)}
	if report != nil {
		raw, err := marshal(report)
		if err != nil {
			return dispute.Errorf(dispute.Invalid, op, "%w", err)
		}
		all := int64(report.Disputes)
		end.State, end.Report, end.Done, end.Of = string(BacktestDone), raw, all, all
	}
	return wrap(op, d.q.FinishBacktest(ctx, end))
}

// DraftBacktest reads the newest backtest of a draft; NotFound when there is
// none.
func (d *DB) DraftBacktest(ctx context.Context, draft int64) (Backtest, error) {
	row, err := d.q.LatestBacktest(ctx, db.LatestBacktestParams{Draft: draft, QuietSeconds: BacktestQuiet.Seconds()})
	if err != nil {
		return Backtest{}, wrap("store: backtest of draft", err)
	}
	out := backtestOf(row.Backtest)
	out.Current = out.Text == digest([]byte(row.Source))
	if row.Quiet {
		out.State, out.Problem = BacktestFailed, "It was broken off: the process that ran it ended. Run it again."
	}
	return out, nil
}

// RuleHits counts the cases for which the same rules held and the same one
// decided, of one currency.
type RuleHits struct {
	Matched []string      // ids of the rules that held
	Rule    string        // the one that decided
	Cases   int64         // how many
	Amount  dispute.Money // at stake in all of them
}

// RuleHits counts the cases that were opened since a moment by what their rules
// said. A case whose opening is not known counts from when it came in.
func (d *DB) RuleHits(ctx context.Context, since time.Time) ([]RuleHits, error) {
	const op = "store: rule hits"
	rows, err := d.q.RuleHits(ctx, since)
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]RuleHits, len(rows))
	for i, r := range rows {
		out[i] = RuleHits{Rule: r.Rule, Cases: r.Cases, Amount: dispute.Money{Minor: r.Amount, Currency: r.Currency}}
		if err := json.Unmarshal(r.Matched, &out[i].Matched); err != nil {
			return nil, dispute.Errorf(dispute.Invalid, op, "%w", err)
		}
	}
	return out, nil
}

// CasesThere says which of some ids are those of a case.
func (d *DB) CasesThere(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := d.q.CasesThere(ctx, ids)
	out := make(map[string]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, wrap("store: cases there", err)
}
