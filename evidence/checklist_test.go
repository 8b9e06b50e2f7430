package evidence

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

var allFamilies = networks.Families()

// summary is the part of a checklist that the tables below speak of.
type summary struct {
	Present, Required, Strength int
	Complete                    bool
	Codes                       []Code
}

func summarise(c Checklist) summary {
	s := summary{Present: c.Present, Required: c.Required, Strength: c.Strength, Complete: c.Complete}
	for _, x := range c.Contradictions {
		s.Codes = append(s.Codes, x.Code)
	}
	return s
}

func TestCheckFamilies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		family dispute.Family
		sale   summary // with what sources bring for a delivered parcel
		full   summary // with all that the family asks for
	}{
		{dispute.FamilyFraudulent, summary{3, 3, 4, true, nil}, summary{3, 3, 4, true, nil}},
		{dispute.FamilyUnrecognized, summary{3, 3, 4, true, nil}, summary{3, 3, 4, true, nil}},
		{dispute.FamilyProductNotReceived, summary{2, 2, 4, true, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilyProductUnacceptable, summary{2, 2, 4, true, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilySubscription, summary{1, 2, 2, false, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilyDuplicate, summary{3, 3, 4, true, nil}, summary{3, 3, 4, true, nil}},
		{dispute.FamilyCreditNotProcessed, summary{1, 2, 2, false, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilyAuthorization, summary{2, 2, 4, true, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilyProcessing, summary{2, 2, 4, true, nil}, summary{2, 2, 4, true, nil}},
		{dispute.FamilyGeneral, summary{2, 2, 4, true, nil}, summary{2, 2, 4, true, nil}},
	}
	for _, tt := range tests {
		t.Run(string(tt.family), func(t *testing.T) {
			t.Parallel()
			c := testCase(tt.family)
			if diff := cmp.Diff(tt.sale, summarise(Check(c, sale()))); diff != "" {
				t.Errorf("sale (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.full, summarise(Check(c, everything()))); diff != "" {
				t.Errorf("everything (-want +got):\n%s", diff)
			}
			none := Check(c, nil)
			if none.Strength != 0 || none.Complete || none.Present != 0 || none.Required == 0 {
				t.Errorf("nothing: %+v", summarise(none))
			}
			if none.Advice == "" || none.Family != tt.family {
				t.Errorf("family %q, advice %q", none.Family, none.Advice)
			}
		})
	}
}

func TestUnknownFamilyIsGeneral(t *testing.T) {
	t.Parallel()
	if got := Check(testCase("something_new"), sale()).Family; got != dispute.FamilyGeneral {
		t.Errorf("family = %q", got)
	}
}

// edited gives the sale with facts of one item changed; an empty value
// removes the fact.
func edited(id string, facts ...string) []dispute.Item {
	items := sale()
	i := slices.IndexFunc(items, func(it dispute.Item) bool { return it.ID == id })
	for f := 0; f+1 < len(facts); f += 2 {
		items[i].Facts[facts[f]] = facts[f+1]
	}
	return items
}

func without(items []dispute.Item, ids ...string) []dispute.Item {
	return slices.DeleteFunc(items, func(it dispute.Item) bool { return slices.Contains(ids, it.ID) })
}

func refund(amount, at string) dispute.Item {
	return item(dispute.ItemRefund, "refund:1", dispute.FactRefundedAmount, amount, dispute.FactRefundedAt, at, dispute.FactRefundID, "re_1")
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		family dispute.Family
		items  []dispute.Item
		want   summary
	}{
		{"delivered after the dispute", dispute.FamilyProductNotReceived,
			edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"), summary{1, 2, 1, false, []Code{CodeDeliveredLate}}},
		{"one parcel late, one in time", dispute.FamilyProductNotReceived,
			append(sale(), item(dispute.ItemDelivery, "track:8", dispute.FactDeliveredAt, "2026-11-25")), summary{2, 2, 4, true, nil}},
		{"delivered after the dispute does not matter for fraud", dispute.FamilyFraudulent,
			edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"), summary{3, 3, 4, true, nil}},
		{"tracking without delivery", dispute.FamilyProductNotReceived,
			without(sale(), "track:7"), summary{1, 2, 1, false, []Code{CodeNotDelivered}}},
		{"neither tracking nor delivery", dispute.FamilyProductNotReceived,
			without(sale(), "track:7", "shipment:7"), summary{1, 2, 2, false, nil}},
		{"address mismatch", dispute.FamilyFraudulent,
			edited("charge:ch_1", dispute.FactAVSLine1, "fail"), summary{3, 3, 1, false, []Code{CodeAddressMismatch}}},
		{"code mismatch", dispute.FamilyUnrecognized,
			edited("charge:ch_1", dispute.FactCVC, "fail"), summary{3, 3, 1, false, []Code{CodeSecurityCodeMismatch}}},
		{"mismatch after 3-D Secure", dispute.FamilyFraudulent,
			edited("charge:ch_1", dispute.FactCVC, "fail", dispute.FactThreeDS, "authenticated"), summary{3, 3, 4, true, nil}},
		{"mismatch does not matter for goods", dispute.FamilyProductUnacceptable,
			edited("charge:ch_1", dispute.FactCVC, "fail"), summary{2, 2, 4, true, nil}},
		{"same order", dispute.FamilyDuplicate,
			edited("charge:ch_0", dispute.FactOrderID, "1001"), summary{1, 3, 1, false, []Code{CodeSameOrder}}},
		{"refunded in full wins for credits", dispute.FamilyCreditNotProcessed,
			append(sale(), refund("129.00 EUR", "2026-11-10T00:00:00Z")), summary{1, 1, 4, true, []Code{CodeRefundedInFull}}},
		{"refunded in full wins for fraud without anything else", dispute.FamilyFraudulent,
			[]dispute.Item{refund("129.00 EUR", "2026-11-10T00:00:00Z")}, summary{1, 1, 4, true, []Code{CodeRefundedInFull}}},
		{"refunded in part", dispute.FamilyFraudulent,
			append(sale(), refund("29.00 EUR", "2026-11-10T00:00:00Z")), summary{3, 3, 4, true, nil}},
		{"refunded in another currency", dispute.FamilyFraudulent,
			append(sale(), refund("129.00 USD", "2026-11-10T00:00:00Z")), summary{3, 3, 4, true, nil}},
		{"refunded when the dispute was open", dispute.FamilyCreditNotProcessed,
			append(sale(), refund("129.00 EUR", "2026-11-21T00:00:00Z")), summary{1, 2, 1, false, []Code{CodeRefundedLate}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Check(testCase(tt.family), tt.items)
			if diff := cmp.Diff(tt.want, summarise(got)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, got.StrengthWhy)
			}
			for _, c := range got.Contradictions {
				if len(c.Items) == 0 || c.Why == "" {
					t.Errorf("contradiction without a reason: %+v", c)
				}
			}
		})
	}
}

func TestLineStates(t *testing.T) {
	t.Parallel()
	cl := Check(testCase(dispute.FamilyProductNotReceived), edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"))
	want := map[string]State{proofOrder: Present, proofDelivered: Contradicting, proofAccessLog: Missing}
	for _, l := range cl.Lines {
		if state, ok := want[l.Proof]; ok && l.State != state {
			t.Errorf("%s is %s, want %s", l.Proof, l.State, state)
		}
		if l.State != Present && l.Why == "" {
			t.Errorf("%s is %s and does not say why", l.Proof, l.State)
		}
		if l.State != Missing && len(l.Items) == 0 {
			t.Errorf("%s is %s and names no item", l.Proof, l.State)
		}
	}
}

func TestPaymentOfTheCaseIsEvidence(t *testing.T) {
	t.Parallel()
	c := testCase(dispute.FamilyCreditNotProcessed)
	c.Payment = &dispute.Payment{ID: "ch_1", Amount: c.Amount(), At: opened, Email: "jana@example.com", Name: "Jana", Refunded: c.Amount()}
	got := Check(c, nil)
	if !got.Complete || got.Strength != 4 {
		t.Errorf("a payment that was refunded: %+v", summarise(got))
	}
	if got := Check(c, []dispute.Item{refund("10.00 EUR", "2026-11-01")}); got.Complete {
		t.Errorf("a source's refund counts before the payment's: %+v", summarise(got))
	}
}

// The catalogue asks for nothing that cannot be found, and nothing can be found
// that no claim asks for.
func TestCatalogueAndProofsAgree(t *testing.T) {
	t.Parallel()
	if _, err := networks.Load(nil, Vocabulary()); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, f := range networks.Families() {
		wanted := networks.Wants(dispute.Snapshot{}, f)
		for _, w := range wanted.Proofs {
			used[w.Proof] = true
		}
		for _, code := range wanted.Watch {
			used[code] = true
		}
	}
	words := Vocabulary()
	for _, word := range append(words.Proofs, words.Contradictions...) {
		if !used[word] {
			t.Errorf("no family asks for %s", word)
		}
	}
}

func TestCompleteness(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		items   []dispute.Item
		percent int
		why     string
	}{
		{"nothing", nil, 0, "0 of 2 that are required. Missing: Order with what was bought; one of: Delivery confirmation, "},
		{"half", without(sale(), "track:7", "shipment:7"), 50, "1 of 2 that are required. Missing: one of: Delivery confirmation, "},
		{"contradicted", edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"), 50, "Delivery confirmation (contradicted)"},
		{"all", sale(), 100, "All that is required is present."},
		{"refunded", []dispute.Item{refund("129.00 EUR", "2026-11-10T00:00:00Z")}, 100, "All that is required is present."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Check(testCase(dispute.FamilyProductNotReceived), tt.items)
			if got.Completeness != tt.percent || !strings.Contains(got.CompletenessWhy, tt.why) {
				t.Errorf("%d %%, %q; want %d and %q", got.Completeness, got.CompletenessWhy, tt.percent, tt.why)
			}
		})
	}
}

// What the network's code asks for changes the checklist of the same items.
func TestCheckByCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		network, code string
		family        dispute.Family
		sale          summary
		proof         string
		need          Need // empty: not asked for
	}{
		{"visa", "13.2", dispute.FamilySubscription, summary{2, 2, 3, true, nil}, proofCancelPolicy, NeedSupporting},
		{"amex", "C18", dispute.FamilyCreditNotProcessed, summary{2, 3, 2, false, nil}, proofCancelPolicy, NeedRequired},
		{"visa", "13.3", dispute.FamilyProductUnacceptable, summary{2, 2, 4, true, nil}, proofRefundPolicy, ""},
		{"visa", "10.1", dispute.FamilyFraudulent, summary{1, 2, 2, false, nil}, proofThreeDS, ""},
		{"visa", "99.9", dispute.FamilyFraudulent, summary{3, 3, 4, true, nil}, proofThreeDS, NeedOneOf},
	}
	for _, tt := range tests {
		t.Run(tt.network+" "+tt.code, func(t *testing.T) {
			t.Parallel()
			c := testCase(tt.family)
			c.View.Snapshot.Network, c.View.Snapshot.NetworkCode = tt.network, tt.code
			got := Check(c, sale())
			if diff := cmp.Diff(tt.sale, summarise(got)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, got.CompletenessWhy)
			}
			var need Need
			for _, l := range got.Lines {
				if l.Proof == tt.proof {
					need = l.Need
				}
			}
			if need != tt.need {
				t.Errorf("%s is %q, want %q", tt.proof, need, tt.need)
			}
		})
	}
}

// A guide says of every code what its checklist asks for.
func TestGuides(t *testing.T) {
	t.Parallel()
	for _, r := range networks.ReasonCodes() {
		g := GuideTo(r)
		if g.NetworkName == "" || g.Reason.Definition == "" || len(g.Claims) == 0 || g.Claims[0].Family != r.Family {
			t.Errorf("%s %s: %+v", r.Network, r.Code, g)
		}
		for _, c := range g.Claims {
			if len(c.Required)+len(c.OneOf) == 0 {
				t.Errorf("%s %s as %s: %+v", r.Network, r.Code, c.Family, c)
			}
			for _, a := range slices.Concat(c.Required, c.OneOf, c.Supporting) {
				if a.Name == "" || a.Get == "" {
					t.Errorf("%s %s: %q has no name", r.Network, r.Code, a.Proof)
				}
			}
		}
	}
	umbrella, _ := networks.Reason("mastercard", "4853")
	if g := GuideTo(umbrella); len(g.Claims) != 5 {
		t.Errorf("4853 has %d claims, want 5", len(g.Claims))
	}
}
