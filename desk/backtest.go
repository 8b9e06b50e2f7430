package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Backtest is what is asked of the past.
type Backtest struct {
	Draft *rules.Set
	// Against is what the draft is compared with; the rules in force when nil.
	Against *rules.Set
	// Since leaves out disputes that were opened longer ago; none when zero.
	Since time.Duration
	// Movers bounds the list of moving disputes; 50 when zero.
	Movers int
	// Cores bounds how many work; all when zero.
	Cores int
	// Progress is told how many disputes were done, of how many; of is zero while
	// they are being counted. It may be nil.
	Progress func(done, of int)
}

// Backtest routes all past disputes, those that were imported and our own that
// were decided, by two rule sets and tells the differences. Nothing is kept.
func (d *Desk) Backtest(ctx context.Context, by Actor, in Backtest) (backtest.Report, error) {
	if err := by.need(MayDraftRules); err != nil {
		return backtest.Report{}, err
	}
	if in.Against == nil {
		var err error
		if in.Against, err = d.RulesInForce(ctx, by); err != nil {
			return backtest.Report{}, err
		}
	}
	o := backtest.Options{Movers: in.Movers, Workers: in.Cores, Progress: in.Progress}
	if in.Since > 0 {
		o.Since = d.Now().Add(-in.Since)
	}
	return backtest.Run(ctx, d.DB.KnownDisputes, in.Against, in.Draft, o)
}

const (
	// backtestLimit ends the backtest of a draft that takes too long.
	backtestLimit = 15 * time.Minute
	// maxBacktests bounds those that run or wait for their turn in this process.
	maxBacktests = 4
)

// backtests are those of drafts that this process has begun: one runs at a time,
// the others wait for their turn.
type backtests struct {
	turn  sync.Mutex
	begun atomic.Int32

	running sync.WaitGroup
	born    sync.Once
	ctx     context.Context // of all of them; ends with the desk
	end     context.CancelFunc
}

func (b *backtests) life() context.Context {
	b.born.Do(func() { b.ctx, b.end = context.WithCancel(context.Background()) })
	return b.ctx
}

// Close ends the backtests that still run, which keep that they were broken off.
// No other may be started meanwhile.
func (d *Desk) Close() {
	d.backtests.life()
	d.backtests.end()
	d.backtests.running.Wait()
}

// StartBacktest has a backtest of a draft run in this process, which goes on
// when the request has ended, and keeps it. Since leaves out disputes that were
// opened longer ago; none when zero. One that runs already over the same text
// and since is returned instead. One runs at a time and the next ones wait for
// it; where too many wait, it is a Conflict. What is wrong with the draft is an
// error that holds rules.Problems.
func (d *Desk) StartBacktest(ctx context.Context, by Actor, draft int64, since time.Duration) (store.Backtest, error) {
	if err := by.need(MayDraftRules); err != nil {
		return store.Backtest{}, err
	}
	op := fmt.Sprintf("backtest of draft %d", draft)
	if since < 0 {
		return store.Backtest{}, dispute.Errorf(dispute.Invalid, op, "it cannot look into the future")
	}
	kept, err := d.DB.RuleDraft(ctx, draft)
	if err != nil {
		return store.Backtest{}, err
	}
	if err := alive(&kept); err != nil {
		return store.Backtest{}, err
	}
	in := Backtest{Since: since, Cores: max(1, runtime.GOMAXPROCS(0)/2)}
	if in.Draft, err = d.parse(fmt.Sprintf("draft %d", draft), []byte(kept.Source)); err != nil {
		return store.Backtest{}, err
	}
	if d.backtests.begun.Add(1) > maxBacktests {
		d.backtests.begun.Add(-1)
		running, err := d.DB.DraftBacktest(ctx, draft)
		if err == nil && running.State == store.BacktestRunning && running.Current && running.Since == since {
			return running, nil
		}
		return store.Backtest{}, dispute.Errorf(dispute.Conflict, op, "%d backtests are running or waiting: start this one when they are done", maxBacktests)
	}
	begun, started, err := d.DB.StartBacktest(ctx, kept, since, by.ID)
	if err != nil || !started {
		d.backtests.begun.Add(-1)
		return begun, err
	}
	d.backtests.running.Go(func() { d.runBacktest(context.WithoutCancel(ctx), by, begun.ID, in) })
	return begun, nil
}

// runBacktest runs a backtest that was kept as begun, when it is its turn, and
// keeps how it ends.
func (d *Desk) runBacktest(ctx context.Context, by Actor, id int64, in Backtest) {
	defer d.backtests.begun.Add(-1)
	var done, of atomic.Int64
	in.Progress = func(n, all int) {
		done.Store(int64(n))
		of.Store(int64(all))
	}
	stop := everySecond(func() {
		touching, cancel := context.WithTimeout(ctx, store.BacktestQuiet/2)
		defer cancel()
		if err := d.DB.TouchBacktest(touching, id, done.Load(), of.Load()); err != nil {
			d.Log.Warn("a backtest cannot say how far it is", "backtest", id, "error", err)
		}
	})
	report, err := d.inTurn(ctx, by, in)
	stop()
	end, problem := &report, ""
	if err != nil {
		end, problem = nil, brokenOff(err)
	}
	ending, cancel := context.WithTimeout(ctx, store.BacktestQuiet)
	defer cancel()
	if err := d.DB.FinishBacktest(ending, id, end, problem); err != nil {
		d.Log.Error("a backtest cannot be kept", "backtest", id, "error", err)
	}
}

// inTurn runs a backtest when no other of this process does.
func (d *Desk) inTurn(ctx context.Context, by Actor, in Backtest) (backtest.Report, error) {
	d.backtests.turn.Lock()
	defer d.backtests.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, backtestLimit)
	defer cancel()
	defer context.AfterFunc(d.backtests.life(), cancel)()
	return d.Backtest(ctx, by, in)
}

// everySecond calls f each second until it is stopped; stop waits for the last
// call.
func everySecond(f func()) (stop func()) {
	ended := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				f()
			}
		}
	})
	return func() {
		close(ended)
		beating.Wait()
	}
}

// brokenOff says why a backtest ended early, and what to do.
func brokenOff(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "Rebuttal was stopped meanwhile. Run it again."
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("It took longer than %.0f minutes. Run it over a shorter time.", backtestLimit.Minutes())
	case dispute.KindOf(err) == dispute.Transient:
		return "The past disputes could not be read to their end. Run it again; if it stays, /readyz says what is missing."
	}
	return "It cannot be run: " + reasonOf(err) + "."
}

// DraftBacktest is the newest backtest of a draft; NotFound when there is none.
func (d *Desk) DraftBacktest(ctx context.Context, by Actor, draft int64) (store.Backtest, error) {
	if err := by.need(MayReadCases); err != nil {
		return store.Backtest{}, err
	}
	b, err := d.DB.DraftBacktest(ctx, draft)
	if err != nil || b.Report == nil {
		return b, err
	}
	live, err := d.RulesInForce(ctx, by)
	if err != nil {
		return store.Backtest{}, err
	}
	b.Outdated = b.Report.Live.Hash != live.Hash()
	return b, nil
}

// CasesThere says which of some ids are those of a case of our own: a past
// dispute that was imported has none.
func (d *Desk) CasesThere(ctx context.Context, by Actor, ids []string) (map[string]bool, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.CasesThere(ctx, ids)
}
