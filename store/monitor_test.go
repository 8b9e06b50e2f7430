package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

func TestOwedAnswers(t *testing.T) {
	t.Parallel()
	d := open(t)
	if got := must[Owed](t)(d.OwedAnswers(t.Context(), time.Now(), time.Minute)); got != (Owed{}) {
		t.Errorf("without cases: %+v", got)
	}
	// Cases age by the database's clock, so now lies in the future.
	now, grace := time.Now().Add(time.Hour).Truncate(time.Microsecond).UTC(), 10*time.Minute
	due := func(left time.Duration, change func(r *CaseRow)) func(r *CaseRow) {
		return func(r *CaseRow) {
			r.Deadline.At, r.ArmedUntil = now.Add(left), now.Add(time.Minute)
			if change != nil {
				change(r)
			}
		}
	}
	for name, change := range map[string]func(r *CaseRow){
		"passed":            due(-time.Second, func(r *CaseRow) { r.ArmedUntil = time.Time{} }),
		"in 6 hours":        due(6*time.Hour, nil),
		"in 24 hours":       due(24*time.Hour, func(r *CaseRow) { r.Status = dispute.StatusNeedsPerson }),
		"in 72 hours":       due(72*time.Hour, func(r *CaseRow) { r.Status = dispute.StatusOnHold }),
		"in 80 hours":       due(80*time.Hour, nil),
		"no deadline yet":   func(r *CaseRow) { r.ArmedUntil = now },
		"past the cut-off":  due(100*time.Hour, func(r *CaseRow) { r.CutOffAt = now.Add(-grace - time.Second) }),
		"at the cut-off":    due(100*time.Hour, func(r *CaseRow) { r.CutOffAt = now.Add(-grace + time.Second) }),
		"no timer":          due(90*time.Hour, func(r *CaseRow) { r.ArmedUntil = time.Time{} }),
		"a timer passed":    due(95*time.Hour, func(r *CaseRow) { r.ArmedUntil = now.Add(-grace - time.Second) }),
		"submitted":         due(time.Hour, func(r *CaseRow) { r.Status = dispute.StatusSubmitted }),
		"lost":              due(time.Hour, func(r *CaseRow) { r.Status = dispute.StatusLost }),
		"nothing to decide": due(time.Hour, func(r *CaseRow) { r.Deadline.NoResponse = true }),
	} {
		edit(t, d, dispute.Ref{Connection: "c", ID: name}, change)
	}
	want := Owed{
		Past: 1, Within6h: 1, Within24h: 1, Within72h: 1, Late: 1, Unwatched: 2,
		Nearest: now.Add(6 * time.Hour), NearestUnwatched: now.Add(90 * time.Hour),
	}
	if diff := cmp.Diff(want, must[Owed](t)(d.OwedAnswers(t.Context(), now, grace))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The triggers refuse what is out of balance, so the test goes around them.
func TestCheckBooks(t *testing.T) {
	t.Parallel()
	d := open(t)
	check := func(after int64, limit int) BooksCheck {
		t.Helper()
		return must[BooksCheck](t)(d.CheckBooks(t.Context(), after, limit))
	}
	if got := check(0, 10); got != (BooksCheck{}) {
		t.Errorf("without entries: %+v", got)
	}
	ok(t, post(t, d, entry("k1", nil), entry("k2", func(e *ledger.Entry) { e.Movement = "" }), entry("k3", func(e *ledger.Entry) { e.Movement = "" })))
	if got := check(0, 10); got.Checked != 3 || got.Wrong != 0 {
		t.Errorf("in balance: %+v", got)
	}
	for _, statement := range []string{
		"ALTER TABLE journal_postings DISABLE TRIGGER USER",
		"UPDATE journal_postings SET amount = amount + 1 WHERE entry_key = 'k1' AND line = (SELECT min(line) FROM journal_postings WHERE entry_key = 'k1')",
		"DELETE FROM journal_postings WHERE entry_key = 'k3'",
	} {
		ok(t, sql(t, d, statement))
	}
	if got := check(0, 10); got.Checked != 3 || got.Wrong != 2 {
		t.Errorf("tampered with: %+v", got)
	}
	first := check(0, 2)
	rest := check(first.Last, 2)
	if first.Checked != 2 || rest.Checked != 1 || first.Wrong+rest.Wrong != 2 {
		t.Errorf("in two stretches: %+v, %+v", first, rest)
	}
}

func TestTraceParentIsKept(t *testing.T) {
	t.Parallel()
	d := open(t)
	const parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
	_, err := d.SaveNotices(t.Context(), []NewNotice{{Connection: "c", EventID: "evt_1", TraceParent: parent}})
	ok(t, err)
	claimed := must[[]InboxNotice](t)(d.ClaimNotices(t.Context(), 10, time.Minute))
	if len(claimed) != 1 || claimed[0].TraceParent != parent {
		t.Errorf("claimed %+v", claimed)
	}
}
