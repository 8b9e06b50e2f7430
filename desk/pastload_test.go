package desk

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

var manyRows = flag.Int("past-rows", 15_000, "how many rows TestManyPastDisputes takes in; 1000000 shows that memory is bounded")

// A file of any length needs as much memory as a few batches, and so does the
// backtest over it.
func TestManyPastDisputes(t *testing.T) {
	o, ctx := open(t), t.Context()
	m, err := history.ParseMapping([]byte("columns: {id: id, opened: opened, amount: amount, outcome: outcome, decided: decided, code: code, mail: customer}\n" +
		"defaults: {connection: stripe-us, currency: USD, network: visa, response: contest}\n"))
	ok(t, err)
	in, out := io.Pipe()
	go func() { out.CloseWithError(manyPast(out, *manyRows)) }()
	began := time.Now()
	var most uint64
	watch := func() {
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		most = max(most, mem.HeapAlloc)
	}
	done, err := o.ImportPast(ctx, System, PastImport{Key: "k", Rows: history.Read(in, history.CSV, m), Progress: func(store.Import) { watch() }})
	ok(t, err)
	if done.Added != int64(*manyRows) || done.Rejected != 0 {
		t.Errorf("import %+v", done)
	}
	imported := time.Now()
	r, err := o.Backtest(ctx, System, Backtest{Draft: rules.Default(), Progress: func(int, int) { watch() }})
	ok(t, err)
	if r.Disputes != *manyRows || r.Moved != 0 {
		t.Errorf("%d disputes, %d moved", r.Disputes, r.Moved)
	}
	t.Logf("%d rows: imported in %s, backtest in %s, at most %d MB of heap", *manyRows, imported.Sub(began).Round(time.Millisecond), time.Since(imported).Round(time.Millisecond), most>>20)
	if most > 256<<20 {
		t.Errorf("%d MB of heap", most>>20)
	}
}

func manyPast(w io.Writer, n int) error {
	if _, err := fmt.Fprintln(w, "id,opened,amount,outcome,decided,code,mail"); err != nil {
		return err
	}
	first := noon.AddDate(-2, 0, 0)
	for i := range n {
		opened := first.Add(time.Duration(i%17500) * time.Hour)
		outcome := []string{"won", "lost", "lost"}[i%3]
		_, err := fmt.Fprintf(w, "du_%d,%s,%d.50,%s,%s,%s,buyer%d@example.com\n", i, opened.Format(time.RFC3339), 5+i%900, outcome,
			opened.AddDate(0, 1, 0).Format(time.DateOnly), []string{"10.4", "13.1", "13.7"}[i%3], i%200000)
		if err != nil {
			return err
		}
	}
	return nil
}
