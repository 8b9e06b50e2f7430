package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

func entry(key string, change func(e *ledger.Entry)) ledger.Entry {
	e := ledger.Entry{
		Key: key, CaseID: testRef.CaseID(), Connection: "stripe-us", DisputeID: "du_1", Kind: "opened",
		Date: noon, Currency: "USD", Memo: "Dispute du_1 opened",
		Postings: []ledger.Posting{
			{Account: "disputed_funds", Side: ledger.Debit, Amount: 12900},
			{Account: "dispute_fees", Side: ledger.Debit, Amount: 1500},
			{Account: "psp_clearing", Side: ledger.Credit, Amount: 14400},
		},
	}
	if change != nil {
		change(&e)
	}
	return e
}

func mirrored(key, of string) ledger.Entry {
	return entry(key, func(e *ledger.Entry) {
		e.Kind, e.Reverses, e.Movement = "reversal", of, "txn_1"
		for i := range e.Postings {
			if e.Postings[i].Side == ledger.Debit {
				e.Postings[i].Side = ledger.Credit
			} else {
				e.Postings[i].Side = ledger.Debit
			}
		}
	})
}

func moved(key string) ledger.Entry {
	return entry(key, func(e *ledger.Entry) { e.Movement = "txn_1" })
}

func post(t testing.TB, d *DB, entries ...ledger.Entry) error {
	t.Helper()
	return postTo(t, d, testRef, entries)
}

func postTo(t testing.TB, d *DB, ref dispute.Ref, entries []ledger.Entry) error {
	t.Helper()
	return d.InCase(t.Context(), ref, func(c *CaseTx) error { return c.Post(entries) })
}

// rebooked moves entries of testRef to another case, so that they meet none of
// the others.
func rebooked(ref dispute.Ref, entries []ledger.Entry) []ledger.Entry {
	return convert(entries, func(e ledger.Entry) ledger.Entry {
		e.Key, e.Connection = ref.ID+"|"+e.Key, ref.ID
		if e.CaseID == testRef.CaseID() {
			e.CaseID = ref.CaseID()
		}
		if e.Reverses != "" {
			e.Reverses = ref.ID + "|" + e.Reverses
		}
		return e
	})
}

func TestPost(t *testing.T) {
	t.Parallel()
	d := open(t)
	a, b := moved("a"), entry("b", func(e *ledger.Entry) { e.Date = noon.AddDate(0, 1, 0) })
	back := mirrored("a|reversal", "a")
	ok(t, post(t, d))
	inCase(t, d, testRef, func(c *CaseTx) error {
		if err := c.Post([]ledger.Entry{a, back}); err != nil {
			return err
		}
		got := must[[]ledger.Entry](t)(c.Entries())
		if diff := cmp.Diff([]ledger.Entry{a, back}, got); diff != "" {
			t.Errorf("within the transaction (-want +got):\n%s", diff)
		}
		return c.Post([]ledger.Entry{b})
	})
	got := must[[]ledger.Entry](t)(d.CaseEntries(t.Context(), testRef.CaseID()))
	if diff := cmp.Diff([]ledger.Entry{a, back, b}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	want := []Balance{
		{"stripe-us", "dispute_fees", "USD", 3000, 1500},
		{"stripe-us", "disputed_funds", "USD", 25800, 12900},
		{"stripe-us", "psp_clearing", "USD", 14400, 28800},
	}
	if diff := cmp.Diff(want, must[[]Balance](t)(d.Balances(t.Context()))); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
}

func TestTheDatabaseRefusesBadEntries(t *testing.T) {
	t.Parallel()
	d := open(t)
	amount := func(n int64) func(e *ledger.Entry) {
		return func(e *ledger.Entry) { e.Postings[0].Amount = n }
	}
	for name, c := range map[string]struct {
		before, entries []ledger.Entry
		want            dispute.Kind
	}{
		"out of balance":  {nil, []ledger.Entry{entry("a", amount(12901))}, dispute.Invalid},
		"zero amount":     {nil, []ledger.Entry{entry("a", amount(0))}, dispute.Invalid},
		"negative amount": {nil, []ledger.Entry{entry("a", amount(-1))}, dispute.Invalid},
		"odd side":        {nil, []ledger.Entry{entry("a", func(e *ledger.Entry) { e.Postings[0].Side = "left" })}, dispute.Invalid},
		"no postings":     {nil, []ledger.Entry{entry("a", func(e *ledger.Entry) { e.Postings = nil })}, dispute.Invalid},
		"two that only balance together": {nil, []ledger.Entry{
			entry("a", amount(12901)), entry("b", amount(12899)),
		}, dispute.Invalid},
		"another case":        {nil, []ledger.Entry{entry("a", func(e *ledger.Entry) { e.CaseID = "cs_x" })}, dispute.Invalid},
		"key posted before":   {[]ledger.Entry{entry("a", nil)}, []ledger.Entry{entry("a", nil)}, dispute.Conflict},
		"key twice":           {nil, []ledger.Entry{entry("a", nil), entry("a", nil)}, dispute.Conflict},
		"movement twice":      {[]ledger.Entry{moved("a")}, []ledger.Entry{moved("b")}, dispute.Conflict},
		"movement twice, now": {nil, []ledger.Entry{moved("a"), moved("b")}, dispute.Conflict},
		"reversed twice": {
			[]ledger.Entry{moved("a"), mirrored("r1", "a")}, []ledger.Entry{mirrored("r2", "a")}, dispute.Conflict,
		},
		"reverses nothing": {nil, []ledger.Entry{mirrored("r", "none")}, dispute.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref := dispute.Ref{Connection: "c", ID: name}
			ok(t, postTo(t, d, ref, rebooked(ref, c.before)))
			wantKind(t, postTo(t, d, ref, rebooked(ref, c.entries)), c.want)
			if got := must[[]ledger.Entry](t)(d.CaseEntries(t.Context(), ref.CaseID())); len(got) != len(c.before) {
				t.Errorf("%d entries remain, want %d", len(got), len(c.before))
			}
		})
	}
}

// What ledger.Diff does when a provider changes a movement: reverse, then post
// another version under the same movement and kind.
func TestAMovementIsPostedAgainAfterItsReversal(t *testing.T) {
	t.Parallel()
	d := open(t)
	ok(t, post(t, d, moved("a")))
	ok(t, post(t, d, mirrored("a|reversal|1", "a"), moved("a|version|2")))
	ok(t, post(t, d, mirrored("a|reversal|2", "a|version|2"), moved("a|version|3")))
	wantKind(t, post(t, d, moved("a|version|4")), dispute.Conflict)
	other := moved("b")
	other.Kind = "countered_fee"
	ok(t, post(t, d, other))
}

func TestTheJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	d := open(t)
	ok(t, post(t, d, entry("a", nil)))
	for _, statement := range []string{
		"UPDATE journal_entries SET memo = ''", "DELETE FROM journal_entries", "TRUNCATE journal_entries CASCADE",
		"UPDATE journal_postings SET amount = 1", "DELETE FROM journal_postings", "TRUNCATE journal_postings",
	} {
		wantKind(t, wrap("test", sql(t, d, statement)), dispute.Conflict)
	}
	wantKind(t, wrap("test", sql(t, d, `INSERT INTO journal_postings (entry_key, line, account, side, amount)
		VALUES ('a', 4, 'x', 'debit', 1), ('a', 5, 'y', 'credit', 1)`)), dispute.Invalid)
}

func TestEntries(t *testing.T) {
	t.Parallel()
	d := open(t)
	var want []string
	for i := range 5 {
		key := fmt.Sprint("e", i)
		want = append(want, key)
		ok(t, post(t, d, entry(key, func(e *ledger.Entry) {
			e.Date = noon.AddDate(0, 0, i)
			if i == 2 {
				e.Connection, e.Kind = "stripe-eu", "lost"
			}
		})))
	}
	keys := func(f EntryFilter) ([]string, string) {
		got, next, err := d.Entries(t.Context(), f)
		ok(t, err)
		return convert(got, func(e ledger.Entry) string { return e.Key }), next
	}
	for name, c := range map[string]struct {
		filter EntryFilter
		want   []string
	}{
		"all":        {EntryFilter{}, want},
		"connection": {EntryFilter{Connection: "stripe-us"}, []string{"e0", "e1", "e3", "e4"}},
		"kind":       {EntryFilter{Kind: "lost"}, []string{"e2"}},
		"dates":      {EntryFilter{Since: noon.AddDate(0, 0, 1), Until: noon.AddDate(0, 0, 3)}, []string{"e1", "e2"}},
	} {
		got, next := keys(c.filter)
		if diff := cmp.Diff(c.want, got); diff != "" || next != "" {
			t.Errorf("%s: next %q (-want +got):\n%s", name, next, diff)
		}
	}
	var paged []string
	f := EntryFilter{Limit: 2}
	for {
		got, next := keys(f)
		paged = append(paged, got...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, paged); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	_, _, err := d.Entries(t.Context(), EntryFilter{Cursor: "x"})
	wantKind(t, err, dispute.Invalid)
}

func TestExports(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	ok(t, post(t, d, entry("a", nil), entry("b", nil)))
	left := func(connection string) []string {
		got := must[[]ledger.Entry](t)(d.Unexported(ctx, connection, testRef.CaseID()))
		for _, e := range got {
			if len(e.Postings) != 3 {
				t.Errorf("%s came with %d postings", e.Key, len(e.Postings))
			}
		}
		return convert(got, func(e ledger.Entry) string { return e.Key })
	}
	if got := left("books"); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("unexported = %v", got)
	}
	ok(t, d.MarkExported(ctx, "books", "a", "JE-1"))
	ok(t, d.MarkExported(ctx, "books", "a", "JE-2"))
	wantKind(t, d.MarkExported(ctx, "books", "none", "JE-3"), dispute.Invalid)
	if got := left("books"); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("unexported = %v", got)
	}
	if got := left("other"); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("unexported elsewhere = %v", got)
	}
	var id string
	var at time.Time
	ok(t, d.pool.QueryRow(ctx, "SELECT vendor_id, at FROM entry_exports").Scan(&id, &at))
	if id != "JE-1" || at.IsZero() {
		t.Errorf("export = %s at %s", id, at)
	}
}
