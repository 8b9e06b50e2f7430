package desk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// pastRows are n rows of a file, every tenth with an error.
func pastRows(n int) iter.Seq2[history.Row, error] {
	return func(yield func(history.Row, error) bool) {
		for i := range n {
			row := history.Row{Number: i + 2, Past: pastDispute(i)}
			if i%10 == 9 {
				row = history.Row{Number: i + 2, Errors: []history.RowError{{Row: i + 2, Column: "amount", Reason: "no", Mend: "yes"}}}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func pastDispute(i int) history.Past {
	p := history.Past{
		Ref: dispute.Ref{Connection: "stripe-us", ID: fmt.Sprintf("old_%d", i)}, Amount: dispute.Money{Minor: int64(1000 + 100*i), Currency: "USD"},
		Family: dispute.FamilyDuplicate, Network: "visa", Stage: dispute.StageChargeback, OpenedAt: noon.AddDate(0, 0, -100-i), DecidedAt: noon.AddDate(0, 0, -60),
		Response: dispute.ResponseContest, Outcome: history.Won,
	}
	if i%3 == 0 {
		p.Outcome = history.Lost
	}
	return p
}

func tallied(i store.Import) [5]int64 {
	return [5]int64{i.Position, i.Added, i.Changed, i.Unchanged, i.Rejected}
}

func TestImportPast(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	var rejected []int
	in := PastImport{
		Name: "old.csv", Key: "k", Rows: pastRows(100), Vendor: func(c string) string { return strings.TrimSuffix(c, "-us") },
		Reject: func(e history.RowError) error {
			rejected = append(rejected, e.Row)
			return nil
		},
	}
	dry := in
	dry.DryRun = true
	done, err := o.ImportPast(ctx, System, dry)
	if err != nil || tallied(done) != [5]int64{101, 90, 0, 0, 10} || len(rejected) != 10 {
		t.Errorf("dry run %+v, %v, rejected %v", done, err, rejected)
	}
	if all, err := o.Imports(ctx, System); err != nil || len(all) != 0 {
		t.Errorf("a dry run is kept: %+v, %v", all, err)
	}
	done, err = o.ImportPast(ctx, System, in)
	if err != nil || tallied(done) != [5]int64{101, 90, 0, 0, 10} || done.FinishedAt.IsZero() || done.Author != System.ID {
		t.Errorf("import %+v, %v", done, err)
	}
	done, err = o.ImportPast(ctx, System, in)
	if err != nil || tallied(done) != [5]int64{101, 0, 0, 90, 10} {
		t.Errorf("the same again %+v, %v", done, err)
	}
	for p, err := range o.DB.KnownDisputes(ctx) {
		if ok(t, err); p.Provider != "stripe" {
			t.Fatalf("the vendor of %+v is not told", p)
		}
	}
}

// An import that is cut short keeps what it has read, and goes on behind it.
func TestImportPastResumes(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	broken := errors.New("the disk is gone")
	short := func(yield func(history.Row, error) bool) {
		for row, err := range pastRows(40) {
			if !yield(row, err) {
				return
			}
		}
		yield(history.Row{}, broken)
	}
	done, err := o.ImportPast(ctx, System, PastImport{Key: "k", Rows: short})
	if !errors.Is(err, broken) || tallied(done) != [5]int64{41, 36, 0, 0, 4} || !done.FinishedAt.IsZero() {
		t.Errorf("cut short %+v, %v", done, err)
	}
	var told []int64
	done, err = o.ImportPast(ctx, System, PastImport{
		Key: "k", Rows: pastRows(100), Resume: true, Progress: func(i store.Import) { told = append(told, i.Position) },
	})
	if err != nil || tallied(done) != [5]int64{101, 90, 0, 0, 10} || done.FinishedAt.IsZero() {
		t.Errorf("resumed %+v, %v", done, err)
	}
	if diff := cmp.Diff([]int64{101}, told); diff != "" {
		t.Error(diff)
	}
}

func TestImportPastStopsWithItsContext(t *testing.T) {
	t.Parallel()
	o := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	rows := func(yield func(history.Row, error) bool) {
		for row, err := range pastRows(3 * pastBatch) {
			if row.Number == pastBatch {
				cancel()
			}
			if !yield(row, err) {
				return
			}
		}
	}
	if _, err := o.ImportPast(ctx, System, PastImport{Key: "k", Rows: rows}); err == nil {
		t.Error("it went on")
	}
	for p, err := range o.DB.KnownDisputes(t.Context()) {
		t.Fatalf("half a batch is kept: %v, %v", p.Ref, err)
	}
}

func TestBacktest(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	_, err := o.ImportPast(ctx, System, PastImport{Key: "k", Rows: pastRows(100)})
	ok(t, err)
	source := strings.Replace(string(rules.Default().Source()), `money("15 USD")`, `money("30 USD") && dispute.amount_base > money("0 USD")`, 1)
	source = strings.Replace(source, "win_probability < 0.5", "win_probability <= 1.0", 1)
	draft, err := rules.Parse("draft", []byte(source))
	ok(t, err)
	r, err := o.Backtest(ctx, System, Backtest{Draft: draft, Movers: 2})
	ok(t, err)
	if r.Disputes != 90 || r.Moved == 0 || len(r.Movers) != 2 || r.Money.Amount.Minor >= 0 || r.Learned != 90 || r.Live.Name != "built-in rules" {
		t.Errorf("report %+v", r)
	}
	r, err = o.Backtest(ctx, System, Backtest{Draft: draft, Against: draft, Since: 120 * 24 * 3600e9})
	if err != nil || r.Disputes == 0 || r.Disputes >= 90 || r.Moved != 0 {
		t.Errorf("against itself: %d of %d move, %v", r.Moved, r.Disputes, err)
	}
}
