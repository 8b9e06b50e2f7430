package networks_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

func shown(list []networks.ReasonCode) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Network + " " + r.Code
	}
	return strings.Join(out, ", ")
}

func TestListed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network string
		family  dispute.Family
		want    string
	}{
		{"Visa", dispute.FamilySubscription, "visa 13.2"},
		{"mc", dispute.FamilySubscription, "mastercard 4841, mastercard 4853"},
		{"stripe", dispute.FamilyFraudulent, "stripe debit_not_authorized, stripe fraudulent"},
		{"nowhere", "", ""},
		{"", "sorcery", ""},
	} {
		if got := shown(networks.Listed(tt.network, tt.family)); got != tt.want {
			t.Errorf("Listed(%q, %q) = %s, want %s", tt.network, tt.family, got, tt.want)
		}
	}
	if all := networks.Listed("", ""); len(all) <= len(networks.ReasonCodes()) {
		t.Errorf("%d reasons, want the providers' words beside the codes", len(all))
	}
}

func TestMeaningsAndNear(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"10.4": "visa 10.4", "4534": "amex 4534, discover 4534", "product_service_not_received": "checkout product_service_not_received",
		"FRAUDULENT": "checkout fraudulent, shopify fraudulent, stripe fraudulent", "99.9": "", "": "",
	} {
		if got := shown(networks.Meanings(code)); got != want {
			t.Errorf("Meanings(%q) = %s, want %s", code, got, want)
		}
	}
	for _, tt := range []struct{ network, code, want string }{
		{"visa", "12.9", "visa 12.1, visa 12.2, visa 12.3, visa 12.4, visa 12.5, visa 12.6, visa 12.6.1, visa 12.6.2"},
		{"mastercard", "4899", "mastercard 4801, mastercard 4802, mastercard 4807, mastercard 4808, mastercard 4812, mastercard 4831, mastercard 4834, mastercard 4835"},
		{"", "fraudulant", "checkout fraudulent, shopify fraudulent, stripe fraudulent"},
		{"visa", "X", ""},
		{"visa", "", ""},
	} {
		if got := shown(networks.Near(tt.network, tt.code)); got != tt.want {
			t.Errorf("Near(%q, %q) = %s, want %s", tt.network, tt.code, got, tt.want)
		}
	}
}

func TestExplainAProvidersWord(t *testing.T) {
	t.Parallel()
	got, ok := networks.Explain("square", "not_received")
	family := networks.FamilyInfo(dispute.FamilyProductNotReceived)
	want := networks.ReasonCode{
		Network: "square", Code: "NOT_RECEIVED", Title: family.Title, Definition: family.Claim, Family: family.Family,
		Kind: networks.KindDispute, Status: networks.CodeCurrent, Contest: family.Contest, ContestWhen: family.OverturnWith,
		Evidence: []dispute.EvidenceField{}, AcceptWhen: got.AcceptWhen, Source: "Square connect API specification, August 2025", Confidence: networks.ConfidenceHigh,
	}
	if diff := cmp.Diff(want, got); !ok || got.AcceptWhen == "" || diff != "" {
		t.Errorf("known %t (-want +got):\n%s", ok, diff)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	days := map[dispute.Stage]int{}
	for _, w := range networks.Windows("American Express") {
		days[w.Stage] = w.Days
	}
	if diff := cmp.Diff(map[dispute.Stage]int{dispute.StageInquiry: 20, dispute.StageChargeback: 20}, days); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
