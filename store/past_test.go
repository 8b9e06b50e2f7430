package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
)

// pastOf are all known disputes by their ids.
func pastOf(t testing.TB, d *DB) []history.Past {
	t.Helper()
	var out []history.Past
	for p, err := range d.KnownDisputes(t.Context()) {
		ok(t, err)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b history.Past) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
	return out
}

func pastDispute(id string) history.Past {
	usd := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }
	return history.Past{
		Ref: dispute.Ref{Connection: "stripe-us", ID: id}, Provider: "stripe", Merchant: "acme", Amount: usd(12900),
		Reason: "product_not_received", Network: "visa", NetworkCode: "13.1", Family: dispute.FamilyProductNotReceived,
		Stage: dispute.StageChargeback, OpenedAt: noon, DueAt: noon.AddDate(0, 0, 14), Customer: history.CustomerKey("cus_1"),
		Product: "lamp", Country: "DE", Refunded: usd(0), Fees: usd(1500),
	}
}

func decided(p history.Past, outcome history.Outcome) history.Past {
	p.Response, p.Outcome, p.DecidedAt, p.Strength = dispute.ResponseContest, outcome, noon.AddDate(0, 2, 0), 3
	return p
}

func TestSavePast(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	begin := func(resume bool) Import {
		return must[Import](t)(d.StartImport(ctx, "k1", "old.csv", "ana", resume))
	}
	save := func(batch PastBatch) Import { return must[Import](t)(d.SavePast(ctx, "k1", batch)) }
	counts := func(i Import) [5]int64 { return [5]int64{i.Position, i.Added, i.Changed, i.Unchanged, i.Rejected} }
	want := func(step string, got Import, counted [5]int64) {
		t.Helper()
		if counts(got) != counted {
			t.Errorf("%s: position, added, changed, unchanged, rejected are %v, want %v", step, counts(got), counted)
		}
	}

	begin(false)
	a, b := pastDispute("a"), decided(pastDispute("b"), history.Lost)
	want("first", save(PastBatch{Disputes: []history.Past{a, b}, Position: 3, Rejected: 1}), [5]int64{3, 2, 0, 0, 1})
	want("the same again", save(PastBatch{Disputes: []history.Past{a, b}, Position: 5}), [5]int64{5, 2, 0, 2, 1})
	want("a verdict, and none", save(PastBatch{Disputes: []history.Past{decided(a, history.Won), pastDispute("b")}, Position: 7}), [5]int64{7, 2, 1, 3, 1})
	want("twice in a batch", save(PastBatch{Disputes: []history.Past{pastDispute("c"), decided(pastDispute("c"), history.Won), pastDispute("c")}, Position: 10, Finished: true}), [5]int64{10, 3, 1, 5, 1})
	if got := begin(true); got.Position != 10 || !got.FinishedAt.IsZero() {
		t.Errorf("resumed at %+v", got)
	}
	if got := begin(false); got.Position != 0 || got.Added != 0 {
		t.Errorf("began anew at %+v", got)
	}
	again := decided(b, history.Lost)
	again.DecidedAt = noon.AddDate(1, 0, 0)
	begin(false)
	want("a later date that is none", save(PastBatch{Disputes: []history.Past{again}, Dateless: true}), [5]int64{0, 0, 0, 1, 0})
	if _, err := d.SavePast(ctx, "unknown", PastBatch{Disputes: []history.Past{pastDispute("z")}}); err == nil {
		t.Error("an import that was not begun is taken in")
	}

	got := pastOf(t, d)
	first, second, third := decided(a, history.Won), b, decided(pastDispute("c"), history.Won)
	second.CustomerDisputes, third.CustomerDisputes = 1, 2
	for i := range got {
		got[i].Metadata = nil
	}
	if diff := cmp.Diff([]history.Past{first, second, third}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Decided cases of our own are past disputes, and know better than an import.
func TestOwnCasesArePastDisputes(t *testing.T) {
	t.Parallel()
	d := open(t)
	imported := decided(pastDispute(testRef.ID), history.Lost)
	imported.Ref = testRef
	must[Import](t)(d.StartImport(t.Context(), "k", "f", "ana", false))
	must[Import](t)(d.SavePast(t.Context(), "k", PastBatch{Disputes: []history.Past{imported}}))
	if got := pastOf(t, d); len(got) != 1 || got[0].Outcome != history.Lost {
		t.Fatalf("an open case hides what was imported: %+v", got)
	}
	inCase(t, d, testRef, func(c *CaseTx) error {
		row := c.Row()
		row.View.Snapshot = dispute.Snapshot{ID: testRef.ID, Amount: dispute.Money{Minor: 500, Currency: "EUR"}, Network: "VISA", NetworkCode: "10.4", OpenedAt: noon}
		row.Payment = &dispute.Payment{CustomerID: "Cus_1 ", Metadata: map[string]string{"product": "lamp"}}
		row.Vendor, row.Outcome, row.OutcomeAt, row.SubmittedAt = "stripe", string(dispute.StatusWon), noon.AddDate(0, 1, 0), noon
		return nil
	})
	got := pastOf(t, d)
	if len(got) != 1 {
		t.Fatalf("known %+v", got)
	}
	p := got[0]
	if p.Outcome != history.Won || p.Response != dispute.ResponseContest || p.Provider != "stripe" || p.Network != "visa" || p.Amount.Minor != 500 ||
		p.Family != dispute.FamilyFraudulent || p.Customer != history.CustomerKey("cus_1") || p.Metadata["product"] != "lamp" || !p.DecidedAt.Equal(noon.AddDate(0, 1, 0)) {
		t.Errorf("known %+v", p)
	}
}

// A case is known as it stood when it began, by whom it was answered or not.
func TestOwnCasesAsTheyBegan(t *testing.T) {
	t.Parallel()
	d := open(t)
	later := noon.AddDate(0, 2, 0)
	for id, fill := range map[string]func(*CaseRow){
		"went on": func(row *CaseRow) {
			row.View.Snapshot.Stage = dispute.StagePreArbitration
			row.View.Stages = map[dispute.Stage]time.Time{dispute.StageChargeback: noon, dispute.StagePreArbitration: later}
			row.Response = dispute.ResponseContest // by hand: nothing was sent from here
		},
		"stayed": func(row *CaseRow) {
			row.View.Snapshot.Stage = dispute.StageInquiry
			row.View.Stages = map[dispute.Stage]time.Time{dispute.StageInquiry: noon}
		},
	} {
		inCase(t, d, dispute.Ref{Connection: "stripe-us", ID: id}, func(c *CaseTx) error {
			row := c.Row()
			row.View.Snapshot = dispute.Snapshot{ID: id, Amount: dispute.Money{Minor: 500, Currency: "EUR"}, OpenedAt: noon}
			row.Outcome, row.OutcomeAt, row.Deadline.At = string(dispute.StatusLost), later, later
			fill(row)
			return nil
		})
	}
	type began struct {
		Stage    dispute.Stage
		Due      bool
		Response dispute.Response
	}
	got := map[string]began{}
	for _, p := range pastOf(t, d) {
		got[p.Ref.ID] = began{p.Stage, !p.DueAt.IsZero(), p.Response}
	}
	want := map[string]began{"went on": {dispute.StageChargeback, false, dispute.ResponseContest}, "stayed": {dispute.StageInquiry, true, ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A provider's list knows less than a file: what it does not say stays.
func TestListsKeepWhatFilesTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	rich := decided(pastDispute("a"), history.Lost)
	rich.Product, rich.Country, rich.Strength, rich.Fees.Minor = "lamp", "DE", 3, 700
	poor := rich
	poor.Product, poor.Country, poor.Customer, poor.Merchant, poor.Strength, poor.Fees.Minor, poor.Outcome = "", "", "", "", 0, 0, history.Won
	for i, batch := range []PastBatch{{Disputes: []history.Past{rich}}, {Disputes: []history.Past{poor}, Dateless: true}} {
		key := fmt.Sprint(i)
		must[Import](t)(d.StartImport(t.Context(), key, "f", "ana", false))
		must[Import](t)(d.SavePast(t.Context(), key, batch))
	}
	p := pastOf(t, d)[0]
	if p.Outcome != history.Won || p.Product != "lamp" || p.Country != "DE" || p.Strength != 3 || p.Fees.Minor != 700 || p.Customer != rich.Customer || p.Merchant != rich.Merchant {
		t.Errorf("known %+v", p)
	}
}

func TestImportsAreListed(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i := range 3 {
		must[Import](t)(d.StartImport(t.Context(), fmt.Sprint(i), "f", "ana", false))
	}
	if got := must[[]Import](t)(d.Imports(t.Context())); len(got) != 3 || got[0].Author != "ana" {
		t.Errorf("imports %+v", got)
	}
}
