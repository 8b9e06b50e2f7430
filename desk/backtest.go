package desk

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/rules"
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
