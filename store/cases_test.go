package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestGetCase(t *testing.T) {
	t.Parallel()
	d := open(t)
	refs := []dispute.Ref{
		{Connection: "stripe-us", ID: "du_1"},
		{Connection: "shop", ID: "gid://shop/Dispute/7"},
		{Connection: "shop", ID: "gid://shop/Dispute"},
		{Connection: "paypal", ID: "PP-1"}, {Connection: "paypal-eu", ID: "PP-1"},
	}
	for _, ref := range refs {
		edit(t, d, ref, func(*CaseRow) {})
	}
	for text, want := range map[string]dispute.Ref{
		refs[0].CaseID():                      refs[0],
		"du_1":                                refs[0],
		"stripe-us/du_1":                      refs[0],
		"dispute/stripe-us/du_1":              refs[0],
		"dispute/stripe-us/du_1/2":            refs[0],
		"shop/gid://shop/Dispute/7":           refs[1],
		"dispute/shop/gid://shop/Dispute/7":   refs[1],
		"dispute/shop/gid://shop/Dispute/7/3": refs[1],
		"dispute/shop/gid://shop/Dispute/2":   refs[2],
		"gid://shop/Dispute/7":                refs[1],
		"paypal-eu/PP-1":                      refs[4],
	} {
		got, err := d.GetCase(t.Context(), text)
		if err != nil || got.Ref != want {
			t.Errorf("GetCase(%q) = %v, %v; want %v", text, got.Ref, err, want)
		}
	}
	for text, want := range map[string]dispute.Kind{
		"PP-1": dispute.Conflict, "": dispute.NotFound, "x": dispute.NotFound, "stripe-us/du_1/1": dispute.NotFound,
		"dispute/": dispute.NotFound, "/": dispute.NotFound,
	} {
		_, err := d.GetCase(t.Context(), text)
		wantKind(t, err, want)
	}
}

// fourCases makes cases a, b, c (ended) and d (without a deadline).
func fourCases(t testing.TB, d *DB) {
	t.Helper()
	for i, name := range []string{"a", "b", "c", "d"} {
		edit(t, d, dispute.Ref{Connection: "stripe-us", ID: name}, func(r *CaseRow) {
			r.Merchant, r.Queue, r.Assignee = "acme", "senior", "ana"
			r.Deadline.At = noon.AddDate(0, 0, 10-i)
			r.Payment = &dispute.Payment{
				Email: name + "@Example.com", Name: "Jenny O'Hara", OrderName: fmt.Sprint("#100", i), Intent: "pi_3MtwBwLkdIwHu7ix",
			}
			switch name {
			case "b":
				r.Merchant, r.Queue, r.Assignee, r.Status = "other", "front", "bob", dispute.StatusNeedsPerson
			case "c":
				r.Status = dispute.StatusWon
			case "d":
				r.Deadline.At, r.Assignee, r.Tags = time.Time{}, "", []string{"vip", "two words"}
			}
		})
	}
}

func names(rows []CaseRow) []string {
	return convert(rows, func(r CaseRow) string { return r.Ref.ID })
}

func TestListCases(t *testing.T) {
	t.Parallel()
	d := open(t)
	fourCases(t, d)
	for name, c := range map[string]struct {
		filter CaseFilter
		want   []string
	}{
		"all":                {CaseFilter{}, []string{"c", "b", "a", "d"}},
		"open":               {CaseFilter{Open: true}, []string{"b", "a", "d"}},
		"status":             {CaseFilter{Status: dispute.StatusWon}, []string{"c"}},
		"queue":              {CaseFilter{Queue: "senior", Open: true}, []string{"a", "d"}},
		"assignee":           {CaseFilter{Assignee: "bob", Open: true}, []string{"b"}},
		"merchant":           {CaseFilter{Merchant: "acme"}, []string{"c", "a", "d"}},
		"connection":         {CaseFilter{Connection: "stripe-eu"}, []string{}},
		"due before":         {CaseFilter{DueBefore: noon.AddDate(0, 0, 10)}, []string{"c", "b"}},
		"statuses":           {CaseFilter{Statuses: []dispute.Status{dispute.StatusWon, dispute.StatusNeedsPerson}}, []string{"c", "b"}},
		"unassigned":         {CaseFilter{Unassigned: true}, []string{"d"}},
		"nobody's and ana's": {CaseFilter{Unassigned: true, Assignee: "ana"}, []string{}},
		"tag":                {CaseFilter{Tag: "two words"}, []string{"d"}},
		"no such tag":        {CaseFilter{Tag: "vi"}, []string{}},
		"ended":              {CaseFilter{Ended: true}, []string{"c"}},
		"answerable":         {CaseFilter{Answerable: true}, []string{"b", "a", "d"}},
		"text: id":           {CaseFilter{Text: "pi_3mtwbw"}, []string{"c", "b", "a", "d"}},
		"text: order":        {CaseFilter{Text: "#1001"}, []string{"b"}},
		"text: order number": {CaseFilter{Text: "1003"}, []string{"d"}},
		"text: name":         {CaseFilter{Text: " JEN o'h  a@exa"}, []string{"a"}},
		"text: all words":    {CaseFilter{Text: "jenny nobody"}, []string{}},
		"text: case id":      {CaseFilter{Text: dispute.Ref{Connection: "stripe-us", ID: "b"}.CaseID()}, []string{"b"}},
		"text: hostile":      {CaseFilter{Text: `' | \ :* & ! ( a\' \0` + "\x00\xff"}, []string{}},
		"everything": {CaseFilter{
			Status: dispute.StatusOpen, Queue: "senior", Assignee: "ana", Connection: "stripe-us", Merchant: "acme",
			DueBefore: noon.AddDate(1, 0, 0), Open: true, Text: "jenny",
		}, []string{"a"}},
	} {
		got, next, err := d.ListCases(t.Context(), c.filter)
		ok(t, err)
		if diff := cmp.Diff(c.want, names(got)); diff != "" || next != "" {
			t.Errorf("%s: next %q (-want +got):\n%s", name, next, diff)
		}
		lines, _, err := d.ListCaseLines(t.Context(), c.filter)
		ok(t, err)
		if diff := cmp.Diff(convert(got, lineOf), lines, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: lines (-rows +lines):\n%s", name, diff)
		}
		if n := must[[]int](t)(d.CountCases(t.Context(), 3, CaseFilter{}, c.filter)); n[0] != 3 || n[1] != min(len(c.want), 3) {
			t.Errorf("%s: counts %v, want 3 and at most 3 of %d", name, n, len(c.want))
		}
	}
}

// lineOf is what a line shows of a case.
func lineOf(r CaseRow) CaseLine {
	s := r.View.Snapshot
	line := CaseLine{Queue: r.Queue, Assignee: r.Assignee, Needs: r.Needs, Next: r.Next, ArmedUntil: r.ArmedUntil, Strength: r.Strength, Tags: r.Tags}
	line.ID, line.Ref, line.Status, line.Deadline.At = r.ID, r.Ref, r.Status, r.Deadline.At
	line.View.Snapshot = dispute.Snapshot{
		ID: r.Ref.ID, Amount: s.Amount, Reason: s.Reason, Network: s.Network, NetworkCode: s.NetworkCode, Status: s.Status, Stage: s.Stage,
	}
	return line
}

// The lists people open most read an index in its order: they find no case by
// looking through others, and sort none.
func TestQueueReadsIndexesInOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, f := range map[string]CaseFilter{
		"answerable": {Answerable: true}, "next page": {Answerable: true, Cursor: "1764770400000000_cs_a"},
		"owner": {Assignee: "ana"}, "queue": {Queue: "senior"}, "provider": {Connection: "stripe-us"}, "merchant": {Merchant: "acme"},
		"mine": {Answerable: true, Assignee: "ana"}, "unassigned": {Answerable: true, Unassigned: true}, "open of a queue": {Answerable: true, Queue: "senior"},
		"person": {Answerable: true, Statuses: []dispute.Status{dispute.StatusNeedsPerson, dispute.StatusNeedsApproval}},
		"due":    {Answerable: true, DueBefore: noon}, "submitted": {Statuses: []dispute.Status{dispute.StatusSubmitted}},
	} {
		w := new(where)
		ok(t, f.choose(w))
		tx := must[pgx.Tx](t)(d.pool.Begin(t.Context()))
		_, err := tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
		ok(t, err)
		rows, err := tx.Query(t.Context(), "EXPLAIN SELECT id FROM cases"+w.String()+" ORDER BY "+dueColumn+", id LIMIT 51",
			append([]any{pgx.QueryExecModeCacheDescribe}, w.args...)...)
		ok(t, err)
		plan := strings.Join(must[[]string](t)(pgx.CollectRows(rows, pgx.RowTo[string])), "\n")
		ok(t, tx.Rollback(t.Context()))
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Filter") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

// A word that few cases have and one that many have give the same list by two
// ways.
func TestSearchFewAndMany(t *testing.T) {
	t.Parallel()
	d := open(t)
	ok(t, sql(t, d, `INSERT INTO cases (id, connection, dispute_id, queue, deadline_at, words)
		SELECT 'cs_' || n, 'c', 'du_' || n, 'q' || n % 2, $1::timestamptz - n * interval '1 hour', ARRAY['many', CASE WHEN n <= $2 THEN 'few' ELSE 'rest' END]
		FROM generate_series(1, $2::int + 1) n`, noon, fewFound))
	for text, want := range map[string]string{"many": "du_2001", "few": "du_1999", "none": ""} {
		found := must[[]string](t)(d.search(t.Context(), text))
		if many := found == nil; many != (text == "many") {
			t.Errorf("%q finds many: %v", text, many)
		}
		rows, _, err := d.ListCases(t.Context(), CaseFilter{Text: text, Queue: "q1", Limit: 1})
		ok(t, err)
		if got := strings.Join(names(rows), " "); got != want {
			t.Errorf("%q finds %q first, want %q", text, got, want)
		}
	}
}

// The condition answerable is one rule with what the console says of a case.
func TestAnswerable(t *testing.T) {
	t.Parallel()
	d := open(t)
	var want []string
	for _, ours := range dispute.Statuses {
		for _, theirs := range []dispute.ProviderStatus{
			dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderWon, dispute.ProviderLost, dispute.ProviderClosed,
			dispute.ProviderPrevented, dispute.ProviderUnknown,
		} {
			name := string(ours) + " " + string(theirs)
			edit(t, d, dispute.Ref{Connection: "c", ID: name}, func(r *CaseRow) { r.Status, r.View.Snapshot.Status = ours, theirs })
			if !ours.Ended() && ours != dispute.StatusSubmitted && !theirs.Final() {
				want = append(want, name)
			}
		}
	}
	rows, _, err := d.ListCases(t.Context(), CaseFilter{Answerable: true, Limit: 500})
	ok(t, err)
	got := names(rows)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answerable (-want +got):\n%s", diff)
	}
}

func TestListCasesPages(t *testing.T) {
	t.Parallel()
	d := open(t)
	fourCases(t, d)
	// One more of each deadline, so that pages break within equal ones.
	edit(t, d, dispute.Ref{Connection: "x", ID: "e"}, func(r *CaseRow) { r.Deadline.At = noon.AddDate(0, 0, 8) })
	edit(t, d, dispute.Ref{Connection: "x", ID: "f"}, func(*CaseRow) {})
	all, _, err := d.ListCases(t.Context(), CaseFilter{})
	ok(t, err)
	for size := 1; size <= 7; size++ {
		var paged []string
		f := CaseFilter{Limit: size}
		for pages := 0; ; pages++ {
			got, next, err := d.ListCases(t.Context(), f)
			ok(t, err)
			paged = append(paged, names(got)...)
			if f.Cursor = next; next == "" || pages > 7 {
				break
			}
		}
		if diff := cmp.Diff(names(all), paged); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
	for _, cursor := range []string{"x", "none", "1e3_cs", "_"} {
		_, _, err := d.ListCases(t.Context(), CaseFilter{Cursor: cursor})
		wantKind(t, err, dispute.Invalid)
	}
}

func TestUnwatched(t *testing.T) {
	t.Parallel()
	d := open(t)
	// Cases age by the database's clock, so now lies in the future.
	now, grace := time.Now().Add(time.Hour), 10*time.Minute
	for name, change := range map[string]func(r *CaseRow){
		"no timer":       func(*CaseRow) {},
		"timer passed":   func(r *CaseRow) { r.ArmedUntil = now.Add(-grace - time.Minute) },
		"held, no timer": func(r *CaseRow) { r.Status = dispute.StatusOnHold },
		"decided only":   func(r *CaseRow) { r.Response = dispute.ResponseContest },
		"timer due":      func(r *CaseRow) { r.ArmedUntil = now.Add(-grace + time.Minute) },
		"timer armed":    func(r *CaseRow) { r.ArmedUntil = now.Add(time.Minute) },
		"submitted":      func(r *CaseRow) { r.Status = dispute.StatusSubmitted },
		"lost":           func(r *CaseRow) { r.Status = dispute.StatusLost },
	} {
		edit(t, d, dispute.Ref{Connection: "c", ID: name}, change)
	}
	got := names(must[[]CaseRow](t)(d.Unwatched(t.Context(), now, grace)))
	slices.Sort(got)
	if diff := cmp.Diff([]string{"decided only", "held, no timer", "no timer", "timer passed"}, got); diff != "" {
		t.Errorf("unwatched (-want +got):\n%s", diff)
	}
	if young := must[[]CaseRow](t)(d.Unwatched(t.Context(), time.Now(), grace)); len(young) != 0 {
		t.Errorf("cases younger than the grace: %v", names(young))
	}
}

func TestCountByStatus(t *testing.T) {
	t.Parallel()
	d := open(t)
	fourCases(t, d)
	want := map[dispute.Status]int64{dispute.StatusOpen: 2, dispute.StatusNeedsPerson: 1, dispute.StatusWon: 1}
	if diff := cmp.Diff(want, must[map[dispute.Status]int64](t)(d.CountByStatus(t.Context()))); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// The column open and Status.Ended are one rule in two languages.
func TestOpenMeansNotEnded(t *testing.T) {
	t.Parallel()
	d := open(t)
	all := []dispute.Status{
		dispute.StatusOpen, dispute.StatusNeedsApproval, dispute.StatusNeedsPerson, dispute.StatusOnHold,
		dispute.StatusSubmitted, dispute.StatusAccepted, dispute.StatusWon, dispute.StatusLost, dispute.StatusClosed,
	}
	var want []string
	for _, s := range all {
		edit(t, d, dispute.Ref{Connection: "c", ID: string(s)}, func(r *CaseRow) { r.Status = s })
		if !s.Ended() {
			want = append(want, string(s))
		}
	}
	rows, _, err := d.ListCases(t.Context(), CaseFilter{Open: true})
	ok(t, err)
	got := names(rows)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
}

func FuzzCaseCursor(f *testing.F) {
	for _, seed := range []string{"none_cs_a", "1764770400000000_cs_a", "-1_", "_", "", "9223372036854775807_x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, id, err := parseCaseCursor(s)
		if err == nil && !at.Valid {
			t.Fatalf("%q gives %v and %q", s, at, id)
		}
	})
}
