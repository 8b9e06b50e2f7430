package desk

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

const halfYear = 180 * 24 * time.Hour

// drafted keeps a draft that accepts what is guarded.
func (o office) drafted(t *testing.T, source string) store.RuleDraft {
	t.Helper()
	f, err := o.DraftRules(t.Context(), ana, DraftText{Name: "accepts", Source: source})
	ok(t, err)
	return f.RuleDraft
}

// ended waits for the backtest of a draft.
func (o office) ended(t *testing.T, draft int64) store.Backtest {
	t.Helper()
	for give := time.Now().Add(time.Minute); time.Now().Before(give); time.Sleep(10 * time.Millisecond) {
		b, err := o.DraftBacktest(t.Context(), mo, draft)
		ok(t, err)
		if b.State != store.BacktestRunning {
			return b
		}
	}
	t.Fatal("the backtest does not end")
	return store.Backtest{}
}

func TestDraftBacktest(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	_, err := o.ImportPast(ctx, System, PastImport{Key: "k", Rows: pastRows(100)})
	ok(t, err)
	draft := o.drafted(t, strings.Replace(guarded, "contest", "accept", 1))
	if _, err := o.DraftBacktest(ctx, mo, draft.ID); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("before the first: %v", err)
	}

	begun, err := o.StartBacktest(ctx, ana, draft.ID, halfYear)
	if err != nil || begun.State != store.BacktestRunning || begun.By != ana.ID || begun.Since != halfYear || !begun.Current {
		t.Fatalf("begun %+v, %v", begun, err)
	}
	b := o.ended(t, draft.ID)
	if b.ID != begun.ID || b.State != store.BacktestDone || b.Report == nil || !b.Current || b.Outdated || b.FinishedAt.IsZero() {
		t.Fatalf("ended %+v", b)
	}
	if r := b.Report; r.Disputes == 0 || r.Disputes >= 90 || r.Moved != r.Disputes || b.Done != int64(r.Disputes) || b.Of != b.Done {
		t.Errorf("%d of %d move, done %d of %d", r.Moved, r.Disputes, b.Done, b.Of)
	}

	o.publish(t, guarded)
	if b := o.ended(t, draft.ID); !b.Outdated || !b.Current {
		t.Errorf("after another version was published: %+v", b)
	}
	_, err = o.EditDraft(ctx, ana, draft.ID, 0, DraftText{Source: guarded})
	ok(t, err)
	if b := o.ended(t, draft.ID); b.Current {
		t.Error("after an edit it is still of the present text")
	}
	_, err = o.StartBacktest(ctx, ana, draft.ID, 0)
	ok(t, err)
	if b := o.ended(t, draft.ID); b.Report == nil || b.Report.Disputes != 90 || b.Report.Moved != 0 || !b.Current || b.Outdated {
		t.Errorf("run again %+v", b)
	}
}

func TestWhoMayBacktestWhat(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	draft, wrong := o.drafted(t, guarded), o.drafted(t, "rules: [")
	dropped := o.drafted(t, guarded)
	ok(t, o.DropDraft(ctx, ana, dropped.ID, 0))
	viewer := Actor{ID: "vic", Role: RoleViewer}
	for name, tc := range map[string]struct {
		by    Actor
		draft int64
		since time.Duration
		want  dispute.Kind
	}{
		"a viewer":          {viewer, draft.ID, 0, dispute.Auth},
		"no draft":          {ana, 99, 0, dispute.NotFound},
		"one that is wrong": {ana, wrong.ID, 0, dispute.Invalid},
		"one that ended":    {ana, dropped.ID, 0, dispute.Conflict},
		"of the future":     {ana, draft.ID, -time.Hour, dispute.Invalid},
	} {
		_, err := o.StartBacktest(ctx, tc.by, tc.draft, tc.since)
		if err == nil || dispute.KindOf(err) != tc.want || o.backtests.begun.Load() != 0 {
			t.Errorf("%s: %v, want kind %s", name, err, tc.want)
		}
		var problems rules.Problems
		if tc.draft == wrong.ID && !errors.As(err, &problems) {
			t.Errorf("%s: %v holds no problems", name, err)
		}
	}
	if _, err := o.DraftBacktest(ctx, viewer, draft.ID); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a viewer looks: %v", err)
	}
	if _, err := o.DraftBacktest(ctx, Actor{ID: "ghost"}, draft.ID); !Forbidden(err) {
		t.Errorf("nobody looks: %v", err)
	}
}

func TestOneBacktestAtATime(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	draft := o.drafted(t, guarded)
	o.backtests.turn.Lock() // as one that runs
	var begun []store.Backtest
	for days := range maxBacktests {
		b, err := o.StartBacktest(ctx, ana, draft.ID, time.Duration(days)*24*time.Hour)
		ok(t, err)
		begun = append(begun, b)
	}
	last := begun[maxBacktests-1]
	if again, err := o.StartBacktest(ctx, mo, draft.ID, last.Since); err != nil || again.ID != last.ID || again.By != ana.ID {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if b, err := o.StartBacktest(ctx, mo, draft.ID, halfYear); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("one too many: %+v, %v", b, err)
	}
	if b, err := o.DraftBacktest(ctx, mo, draft.ID); err != nil || b.ID != last.ID || b.State != store.BacktestRunning {
		t.Errorf("one that waits: %+v, %v", b, err)
	}
	o.backtests.turn.Unlock()
	o.backtests.running.Wait()
	if b := o.ended(t, draft.ID); b.ID != last.ID || b.State != store.BacktestDone {
		t.Errorf("after its turn: %+v", b)
	}
}

// A process that ends breaks its backtests off, and says so.
func TestCloseBreaksOff(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	draft := o.drafted(t, guarded)
	o.backtests.turn.Lock() // as one that runs
	_, err := o.StartBacktest(ctx, ana, draft.ID, 0)
	ok(t, err)
	closed := make(chan struct{})
	go func() { o.Close(); close(closed) }()
	<-o.backtests.life().Done()
	o.backtests.turn.Unlock()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("it does not close")
	}
	if b := o.ended(t, draft.ID); b.State != store.BacktestFailed || !strings.Contains(b.Problem, "was stopped meanwhile. Run it again") {
		t.Errorf("%+v", b)
	}
}

// Two starters do not run the same twice.
func TestBacktestOfAnotherProcess(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	draft := o.drafted(t, guarded)
	running, _, err := o.DB.StartBacktest(ctx, draft, halfYear, ana.ID)
	ok(t, err)
	if again, err := o.StartBacktest(ctx, mo, draft.ID, halfYear); err != nil || again.ID != running.ID || o.backtests.begun.Load() != 0 {
		t.Errorf("%+v, %v", again, err)
	}
}

// What a run cannot do is kept with words that say what to do.
func TestBacktestThatFails(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	draft := o.drafted(t, guarded)
	begun, _, err := o.DB.StartBacktest(ctx, draft, 0, ana.ID)
	ok(t, err)
	o.backtests.begun.Add(1)
	o.runBacktest(ctx, Actor{ID: "ghost"}, begun.ID, Backtest{Draft: parsed(t, guarded)})
	b := o.ended(t, draft.ID)
	if b.State != store.BacktestFailed || !strings.Contains(b.Problem, "may not draft rules") || b.Report != nil {
		t.Errorf("%+v", b)
	}
}

func TestBacktestSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	told := make(chan struct{}, 8)
	stop := everySecond(func() { told <- struct{}{} })
	<-told
	stop()
	n := len(told)
	time.Sleep(1100 * time.Millisecond)
	if len(told) != n {
		t.Error("it tells after it was stopped")
	}
}

// routed adds a case that was opened and decided.
func (o office) routed(t *testing.T, id string, set *rules.Set, amount dispute.Money, opened time.Time) {
	t.Helper()
	r := dispute.Ref{Connection: "stripe-us", ID: id}
	ok(t, o.DB.InCase(t.Context(), r, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.Status, row.WorkflowID, row.Family = dispute.StatusOpen, r.WorkflowID(1), dispute.FamilyFraudulent
		row.View.Snapshot = dispute.Snapshot{ID: id, Amount: amount, OpenedAt: opened}
		if set == nil {
			return tx.Append(store.Event{Key: "1", Kind: "opened"})
		}
		route, err := set.Evaluate(rules.Input{Case: row.Case, Now: noon})
		if err != nil {
			return err
		}
		raw, err := json.Marshal(route)
		if err != nil {
			return err
		}
		row.Rule, row.RuleSet, row.Queue, row.Route = route.Rule, route.SetHash, route.Queue, raw
		return tx.Append(store.Event{Key: "1", Kind: "opened"})
	}))
}

func TestRuleHits(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	source := strings.Replace(guarded, "queues:", "base_currency: USD\nfx: { EUR: \"1.10\" }\nqueues:", 1)
	source = strings.Replace(source, "rules:\n", "rules:\n  - { id: tag, when: dispute.amount_base > money(\"50 USD\"), then: { tags: [big], continue: true } }\n", 1)
	o.publish(t, source)
	set := parsed(t, source)
	usd := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }
	o.routed(t, "a", set, usd(60_000), noon.AddDate(0, 0, -1))
	o.routed(t, "b", set, usd(6_000), noon.AddDate(0, 0, -29))
	o.routed(t, "c", set, dispute.Money{Minor: 1_000, Currency: "EUR"}, noon.AddDate(0, 0, -2))
	o.routed(t, "d", set, dispute.Money{Minor: 1_000, Currency: "SEK"}, noon.AddDate(0, 0, -2))
	o.routed(t, "old", set, usd(60_000), noon.AddDate(0, 0, -31))
	o.routed(t, "unplanned", nil, usd(60_000), noon)
	want := map[string]RuleHit{
		"tag":  {Matched: 2, Amount: usd(0)},
		"high": {Matched: 1, Decided: 1, Amount: usd(60_000)},
		"rest": {Matched: 3, Decided: 3, Amount: usd(7_100), Unpriced: 1},
	}
	got, err := o.RuleHits(ctx, ana, 30*24*time.Hour)
	ok(t, err)
	// An amount without a rate may be judged by the set as it likes.
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hits (-want +got):\n%s", diff)
	}
	if _, err := o.RuleHits(ctx, Actor{ID: "ghost"}, time.Hour); !Forbidden(err) {
		t.Errorf("nobody looks: %v", err)
	}
}

func TestHitsAreToldAgainForAMinute(t *testing.T) {
	t.Parallel()
	var c hitCache
	hits := map[string]RuleHit{"rest": {Matched: 1}}
	c.put(time.Hour, hits)
	hits["rest"] = RuleHit{}
	got, known := c.get(time.Hour)
	if !known || got["rest"].Matched != 1 {
		t.Errorf("%v, %v", got, known)
	}
	if _, known := c.get(2 * time.Hour); known {
		t.Error("another time is known")
	}
	c.kept[time.Hour] = keptHits{hits: got, at: time.Now().Add(-hitsFresh)}
	if _, known := c.get(time.Hour); known {
		t.Error("it is told for ever")
	}
	if c.put(2*time.Hour, nil); len(c.kept) != 1 {
		t.Errorf("%d are kept", len(c.kept))
	}
}

func TestWouldMove(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	live := parsed(t, guarded)
	draft := parsed(t, strings.Replace(guarded, "500 USD", "100 USD", 1))
	usd := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }
	o.routed(t, "moves", live, usd(20_000), noon)
	o.routed(t, "stays", live, usd(5_000), noon)
	o.routed(t, "follows", draft, usd(20_000), noon)
	page, err := o.WouldMove(ctx, ana, draft, store.CaseFilter{})
	ok(t, err)
	got := map[string]string{}
	for _, c := range page.Cases {
		got[c.Dispute.ID] = c.Outcome
	}
	want := map[string]string{"moves": ApplyMoves, "stays": ApplyStays, "follows": ApplyDone, "du_1": ApplyUnplanned}
	if diff := cmp.Diff(want, got); diff != "" || page.Version != 0 || page.Hash != draft.Hash() || page.Counts[ApplyMoves] != 1 {
		t.Errorf("%+v\n%s", page, diff)
	}
	if len(o.workflow.updates) != 0 {
		t.Errorf("it decided: %+v", o.workflow.updates)
	}
	if _, err := o.WouldMove(ctx, Actor{ID: "ghost"}, draft, store.CaseFilter{}); !Forbidden(err) {
		t.Errorf("nobody looks: %v", err)
	}
}

func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{store.ErrOldSchema, "Run it again"},
		{errors.Join(&dispute.Error{Kind: dispute.Transient, Op: "x", Err: context.DeadlineExceeded}), "shorter time"},
		{dispute.Errorf(dispute.Invalid, "x", "dispute c/1 has no opening"), "dispute c/1 has no opening"},
	} {
		if got := brokenOff(tc.err); !strings.Contains(got, tc.want) {
			t.Errorf("%v: %q", tc.err, got)
		}
	}
}
