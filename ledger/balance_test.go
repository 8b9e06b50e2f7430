package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	good := expected(t, facts(dispute.StatusOpen, withdrawal()))[0]
	if err := Validate(good); err != nil {
		t.Fatalf("Validate of a good entry: %v", err)
	}
	tests := []struct {
		name   string
		change func(*Entry)
	}{
		{"no key", func(e *Entry) { e.Key = "" }},
		{"no kind", func(e *Entry) { e.Kind = "" }},
		{"no case", func(e *Entry) { e.CaseID = "" }},
		{"no date", func(e *Entry) { e.Date = time.Time{} }},
		{"lower-case currency", func(e *Entry) { e.Currency = "eur" }},
		{"one posting", func(e *Entry) { e.Postings = e.Postings[:1] }},
		{"not balanced", func(e *Entry) { e.Postings[0].Amount++ }},
		{"negative amounts that balance", func(e *Entry) {
			e.Postings = []Posting{{DisputedFunds, Debit, -1}, {PSPClearing, Credit, -1}}
		}},
		{"zero amounts", func(e *Entry) { e.Postings = []Posting{{DisputedFunds, Debit, 0}, {PSPClearing, Credit, 0}} }},
		{"amount near overflow", func(e *Entry) {
			e.Postings = []Posting{{DisputedFunds, Debit, 1 << 62}, {PSPClearing, Credit, 1 << 62}}
		}},
		{"unknown account", func(e *Entry) { e.Postings[0].Account = "petty_cash" }},
		{"unknown side", func(e *Entry) { e.Postings[0].Side = "left" }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := good
			e.Postings = slices.Clone(good.Postings)
			tc.change(&e)
			if err := Validate(e); err == nil || dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("Validate = %v, want an error of kind invalid", err)
			}
		})
	}
}

func TestTrialBalance(t *testing.T) {
	t.Parallel()
	other := facts(dispute.StatusOpen, withdrawal())
	other.Connection, other.DisputeID = "adyen-nl", "du_2"
	entries := append(expected(t, facts(dispute.StatusWon, withdrawal(), reinstated(10000))), expected(t, other)...)
	want := []Balance{
		{PSPClearing, "adyen-nl", "EUR", 0, 11500},
		{PSPClearing, "stripe-eu", "EUR", 10000, 11500},
		{DisputedFunds, "", "EUR", 20000, 10000},
		{DisputeFees, "", "EUR", 3000, 0},
	}
	if diff := cmp.Diff(want, TrialBalance(entries)); diff != "" {
		t.Errorf("trial balance (-want +got):\n%s", diff)
	}
}

func TestOpenDisputed(t *testing.T) {
	t.Parallel()
	item := func(id string, day int, outcome dispute.Status) []Entry {
		w := withdrawal()
		w.At = at(day)
		in := facts(outcome, w)
		in.DisputeID, in.CaseID = id, "cs_"+id
		return expected(t, in)
	}
	entries := slices.Concat(item("young", 9, dispute.StatusOpen), item("old", 1, dispute.StatusOpen), item("lost", 3, dispute.StatusLost),
		expected(t, facts(dispute.StatusOpen, withdrawal(), reinstated(4000))))
	slices.Reverse(entries)
	euro := dispute.Money{Minor: 10000, Currency: "EUR"}
	want := []OpenItem{
		{"cs_1", "stripe-eu", "du_1", dispute.Money{Minor: 6000, Currency: "EUR"}, day0},
		{"cs_old", "stripe-eu", "old", euro, at(1)},
		{"cs_young", "stripe-eu", "young", euro, at(9)},
	}
	if diff := cmp.Diff(want, OpenDisputed(entries)); diff != "" {
		t.Errorf("open items (-want +got):\n%s", diff)
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	want := map[Account]Side{
		"psp_clearing": Debit, "disputed_funds": Debit, "dispute_allowance": Credit, "chargeback_loss": Debit,
		"fraud_loss": Debit, "chargeback_recovery": Credit, "refunds": Debit, "dispute_fees": Debit,
		"alert_fees": Debit, "network_penalties": Debit, "fx_gain_loss": "", "sales_tax_payable": Credit,
		"due_from_seller": Debit, "accrued_psp": Credit, "psp_reserve": Debit, "bank": Debit,
		"inventory": Debit, "cogs": Debit, "dispute_suspense": "",
	}
	got, names := map[Account]Side{}, map[string]bool{}
	for _, a := range Chart() {
		got[a.Key] = a.Normal
		if a.Name == "" || a.Use == "" || names[a.Name] {
			t.Errorf("%s: name %q and use %q must be set, the name once", a.Key, a.Name, a.Use)
		}
		names[a.Name] = true
		if a.Type.root() == "Equity" {
			t.Errorf("%s: type %q has no place in the statements", a.Key, a.Type)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("normal sides (-want +got):\n%s", diff)
	}
	Chart()[0].Name = "mine"
	if Chart()[0].Name == "mine" {
		t.Error("a caller can change the chart")
	}
}
