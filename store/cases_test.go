package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
				r.Deadline.At = time.Time{}
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
