package evidence

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The shop and the provider tell of the same refund; it counts once.
func TestRefundToldByTwoSources(t *testing.T) {
	t.Parallel()
	c := dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{
		Amount: dispute.Money{Minor: 10000, Currency: "USD"},
	}}, Family: dispute.FamilyCreditNotProcessed}
	refund := func(source, id, amount string) dispute.Item {
		return dispute.Item{ID: id, Source: source, Kind: dispute.ItemRefund, Facts: map[string]string{dispute.FactRefundedAmount: amount}}
	}
	half := []dispute.Item{refund("stripe-us", "re_1", "50.00 USD"), refund("shop", "refund:1", "50.00 USD")}
	whole := append(half, refund("shop", "refund:2", "50.00 USD"))
	for _, tt := range []struct {
		name  string
		items []dispute.Item
		want  bool
	}{{"half, told twice", half, false}, {"whole, by one of them", whole, true}} {
		got := false
		for _, x := range Check(c, tt.items).Contradictions {
			got = got || x.Code == CodeRefundedInFull
		}
		if got != tt.want {
			t.Errorf("%s: refunded in full = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A CRM's remark without a direction is the staff's own and is never sent.
func TestRemarksAreNotExhibits(t *testing.T) {
	t.Parallel()
	p, err := Compose(Input{Items: []dispute.Item{
		{ID: "note:1", Source: "crm", Kind: dispute.ItemCommunication, Facts: map[string]string{dispute.FactText: "customer is difficult"}},
		{ID: "note:2", Source: "person:ana", Kind: dispute.ItemNote, Facts: map[string]string{dispute.FactText: "ask legal"}},
	}, Limits: SafeLimits(), Case: dispute.Case{ID: "cs_1", View: dispute.View{Snapshot: dispute.Snapshot{Amount: dispute.Money{Minor: 1, Currency: "USD"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Exhibits) != 0 {
		t.Errorf("exhibits %+v, want none", p.Exhibits)
	}
}
