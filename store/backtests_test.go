package store

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

const month = 30 * 24 * time.Hour

func draftToTest(t *testing.T, d *DB) RuleDraft {
	t.Helper()
	return must[RuleDraft](t)(d.AddRuleDraft(t.Context(), RuleDraft{Name: "limits", Source: "rules: []", Author: "ana"}))
}

func beginBacktest(t *testing.T, d *DB, draft RuleDraft, since time.Duration, fresh bool) Backtest {
	t.Helper()
	b, started, err := d.StartBacktest(t.Context(), draft, since, "ana")
	ok(t, err)
	if started != fresh {
		t.Fatalf("started %v, want %v: %+v", started, fresh, b)
	}
	return b
}

func TestBacktest(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	draft := draftToTest(t, d)
	_, err := d.DraftBacktest(ctx, draft.ID)
	wantKind(t, err, dispute.NotFound)

	b := beginBacktest(t, d, draft, month, true)
	want := Backtest{ID: b.ID, Draft: draft.ID, Text: digest([]byte(draft.Source)), Since: month, By: "ana", State: BacktestRunning, Current: true}
	times := cmpopts.IgnoreFields(Backtest{}, "StartedAt", "UpdatedAt", "FinishedAt")
	if diff := cmp.Diff(want, b, times); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if again := beginBacktest(t, d, draft, month, false); again.ID != b.ID {
		t.Errorf("the same again is %d, not %d", again.ID, b.ID)
	}
	ok(t, d.TouchBacktest(ctx, b.ID, 40, 90))
	want.Done, want.Of = 40, 90
	if diff := cmp.Diff(want, must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)), times); diff != "" {
		t.Errorf("under way (-want +got):\n%s", diff)
	}

	report := &backtest.Report{Disputes: 90, Moved: 3, Currency: "USD", Notes: []string{"n"}, Load: []backtest.Load{{Queue: "all"}}}
	ok(t, d.FinishBacktest(ctx, b.ID, report, ""))
	ok(t, d.TouchBacktest(ctx, b.ID, 1, 1))
	ok(t, d.FinishBacktest(ctx, b.ID, nil, "too late"))
	want.Done, want.State, want.Report = 90, BacktestDone, report
	done := must[Backtest](t)(d.DraftBacktest(ctx, draft.ID))
	if diff := cmp.Diff(want, done, times); diff != "" || done.FinishedAt.IsZero() {
		t.Errorf("done (-want +got):\n%s", diff)
	}

	draft.Source = "rules: [ ]"
	draft = must[RuleDraft](t)(d.ChangeRuleDraft(ctx, draft, "ana", "edited"))
	if b := must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)); b.Current {
		t.Error("it is of the text before the edit")
	}
	b = beginBacktest(t, d, draft, month, true)
	ok(t, d.FinishBacktest(ctx, b.ID, nil, "no disk"))
	if b := must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)); b.State != BacktestFailed || b.Problem != "no disk" || b.Report != nil || !b.Current {
		t.Errorf("failed %+v", b)
	}
	_, _, err = d.StartBacktest(ctx, RuleDraft{ID: 99}, 0, "ana")
	wantKind(t, err, dispute.Invalid)
}

// Nobody waits for a process that died, and its backtest can be run again.
func TestBacktestOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	draft := draftToTest(t, d)
	dead := beginBacktest(t, d, draft, 0, true)
	ok(t, sql(t, d, "UPDATE backtests SET updated_at = now() - interval '31 s'"))
	if b := must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)); b.State != BacktestFailed || b.Problem == "" {
		t.Errorf("%+v", b)
	}
	if b := beginBacktest(t, d, draft, 0, true); b.ID == dead.ID {
		t.Error("the dead one is taken for running")
	}
	ok(t, sql(t, d, `UPDATE backtests SET state = 'done', report = '{"disputes": "many"}'`))
	if b := must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)); b.State != BacktestFailed || b.Problem == "" {
		t.Errorf("a report of another release: %+v", b)
	}
}

func TestBacktestsAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	draft, other := draftToTest(t, d), draftToTest(t, d)
	beginBacktest(t, d, other, 0, true)
	var last Backtest
	for i := range keptBacktests + 2 {
		last = beginBacktest(t, d, draft, time.Duration(i)*time.Hour, true)
	}
	var n int
	ok(t, d.pool.QueryRow(ctx, "SELECT count(*) FROM backtests WHERE draft = $1", draft.ID).Scan(&n))
	if n != keptBacktests || must[Backtest](t)(d.DraftBacktest(ctx, draft.ID)).ID != last.ID {
		t.Errorf("%d are kept", n)
	}
	if _, err := d.DraftBacktest(ctx, other.ID); err != nil {
		t.Errorf("another draft's: %v", err)
	}
}

func TestBacktestsBegunAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	draft := draftToTest(t, d)
	var all sync.WaitGroup
	begun := make(chan bool, 4)
	for range cap(begun) {
		all.Go(func() {
			_, started, err := d.StartBacktest(t.Context(), draft, month, "ana")
			begun <- started && err == nil
		})
	}
	all.Wait()
	n := 0
	for range cap(begun) {
		if <-begun {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d were begun", n)
	}
}

func TestRuleHits(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	for id, c := range map[string]struct {
		rule, route, currency string
		opened                time.Time
	}{
		"a": {"rest", `{"explanation":[{"rule":"tag","matched":true},{"rule":"high","matched":false},{"rule":"rest","matched":true}]}`, "USD", noon},
		"b": {"rest", `{"explanation":[{"rule":"tag","matched":true},{"rule":"rest","matched":true}]}`, "USD", noon.Add(time.Hour)},
		"c": {"rest", `{"explanation":[{"rule":"rest","matched":true}]}`, "EUR", noon},
		"d": {"high", `{}`, "USD", noon},
		"e": {"high", `{"explanation":[{"rule":"high","matched":true}]}`, "USD", noon.Add(-time.Second)},
		"f": {"", ``, "USD", noon},
		"g": {"new", `{"explanation":[{"rule":"new","matched":true}]}`, "USD", time.Time{}}, // came in now
	} {
		ok(t, d.InCase(ctx, dispute.Ref{Connection: "c", ID: id}, func(tx *CaseTx) error {
			r := tx.Row()
			r.Rule, r.Route = c.rule, []byte(c.route)
			if c.route == "" {
				r.Route = nil
			}
			r.View.Snapshot = dispute.Snapshot{OpenedAt: c.opened, Amount: dispute.Money{Minor: 500, Currency: c.currency}}
			return tx.Append(Event{Key: "1", Kind: "opened"})
		}))
	}
	there := must[map[string]bool](t)(d.CasesThere(ctx, []string{dispute.Ref{Connection: "c", ID: "a"}.CaseID(), "cs_none"}))
	if diff := cmp.Diff(map[string]bool{dispute.Ref{Connection: "c", ID: "a"}.CaseID(): true}, there); diff != "" {
		t.Error(diff)
	}
	usd := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }
	want := []RuleHits{
		{[]string{}, "high", 1, usd(500)},
		{[]string{"new"}, "new", 1, usd(500)},
		{[]string{"rest"}, "rest", 1, dispute.Money{Minor: 500, Currency: "EUR"}},
		{[]string{"tag", "rest"}, "rest", 2, usd(1000)},
	}
	got := must[[]RuleHits](t)(d.RuleHits(ctx, noon))
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b RuleHits) bool { return a.Rule+a.Amount.String() < b.Rule+b.Amount.String() })); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
}
