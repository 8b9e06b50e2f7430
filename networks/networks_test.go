package networks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

func TestReason(t *testing.T) {
	t.Parallel()
	tests := []struct{ network, code, want string }{
		{"visa", "13.1", "visa 13.1"},
		{"Visa", " 13.1 ", "visa 13.1"},
		{"VISA", "104", "visa 10.4"},
		{"visa", "1040", "visa 10.4"},
		{"visa", "10.40", "visa 10.4"},
		{"visa", "1261", "visa 12.6.1"},
		{"visa", "12.6.1", "visa 12.6.1"},
		{"visa", "126", "visa 12.6"},
		{"visa", "Reason Code: 13.1", "visa 13.1"},
		{"visa", "reason_code 10.4", "visa 10.4"},
		{"visa", "30", "visa 30"},
		{"visa", "c0135", "visa C0135"},
		{"mastercard", "37", "mastercard 4837"},
		{"mc", "4853", "mastercard 4853"},
		{"Master Card", "55", "mastercard 4855"},
		{"mastercard", "4863", "mastercard 4863"},
		{"discover", "4863", "discover 4863"},
		{"discover", "RG", "discover 4755"},
		{"discover", "rm", "discover 4553"},
		{"discover", "UA02", "discover 7030"},
		{"diners", "RN2", "discover 8002"},
		{"amex", "R03", "amex R03"},
		{"American Express", "c08", "amex C08"},
		{"amex", "4534", "amex 4534"},
		{"amex", "REASON CODE 004", "amex 004"},
		{"visa", "4853", ""},
		{"visa", "99.9", ""},
		{"visa", "", ""},
		{"", "13.1", ""},
		{"paypal", "UNAUTHORISED", ""},
		{"visa", "10.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.network+" "+tt.code, func(t *testing.T) {
			t.Parallel()
			r, ok := networks.Reason(tt.network, tt.code)
			got := ""
			if ok {
				got = r.Network + " " + r.Code
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReasonIsACopy(t *testing.T) {
	t.Parallel()
	r, _ := networks.Reason("discover", "4755")
	r.Evidence[0], r.Aliases[0] = "spoilt", "spoilt"
	networks.FamilyInfo(dispute.FamilyGeneral).Evidence[networks.Digital][0] = "spoilt"
	again, _ := networks.Reason("discover", "4755")
	if again.Evidence[0] == "spoilt" || again.Aliases[0] == "spoilt" {
		t.Error("a caller wrote into the catalogue of codes")
	}
	if networks.FamilyInfo(dispute.FamilyGeneral).Evidence[networks.Digital][0] == "spoilt" {
		t.Error("a caller wrote into the catalogue of families")
	}
}

func TestFamily(t *testing.T) {
	t.Parallel()
	tests := []struct {
		network, code, reason string
		want                  dispute.Family
	}{
		// Stripe's fifteen reasons, without a network's code.
		{"", "", "bank_cannot_process", dispute.FamilyProcessing},
		{"", "", "check_returned", dispute.FamilyProcessing},
		{"", "", "credit_not_processed", dispute.FamilyCreditNotProcessed},
		{"", "", "customer_initiated", dispute.FamilyGeneral},
		{"", "", "debit_not_authorized", dispute.FamilyFraudulent},
		{"", "", "duplicate", dispute.FamilyDuplicate},
		{"", "", "fraudulent", dispute.FamilyFraudulent},
		{"", "", "general", dispute.FamilyGeneral},
		{"", "", "incorrect_account_details", dispute.FamilyProcessing},
		{"", "", "insufficient_funds", dispute.FamilyProcessing},
		{"", "", "noncompliant", dispute.FamilyGeneral},
		{"", "", "product_not_received", dispute.FamilyProductNotReceived},
		{"", "", "product_unacceptable", dispute.FamilyProductUnacceptable},
		{"", "", "subscription_canceled", dispute.FamilySubscription},
		{"", "", "unrecognized", dispute.FamilyUnrecognized},
		// Other providers' words.
		{"", "", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", dispute.FamilyProductNotReceived},
		{"", "", "UNAUTHORISED", dispute.FamilyFraudulent},
		{"", "", "cancelled_recurring_transaction", dispute.FamilySubscription},
		{"", "", "canceled_recurring", dispute.FamilySubscription},
		{"", "", "NO_KNOWLEDGE", dispute.FamilyFraudulent},
		{"", "", "bank_not_process", dispute.FamilyProcessing},
		{"klarna", "goods_not_received", "general", dispute.FamilyProductNotReceived},
		{"", "CD12", "", dispute.FamilyProductNotReceived},
		// The network's code comes first.
		{"visa", "13.1", "general", dispute.FamilyProductNotReceived},
		{"visa", "104", "product_not_received", dispute.FamilyFraudulent},
		{"visa", "12.7", "general", dispute.FamilyAuthorization},
		{"discover", "4752", "general", dispute.FamilyUnrecognized},
		// A code that says nothing leaves it to the word.
		{"visa", "30", "credit_not_processed", dispute.FamilyCreditNotProcessed},
		{"visa", "99.9", "duplicate", dispute.FamilyDuplicate},
		// Umbrella codes.
		{"mastercard", "4853", "", dispute.FamilyProductUnacceptable},
		{"mastercard", "4853", "general", dispute.FamilyProductUnacceptable},
		{"mastercard", "4853", "product_not_received", dispute.FamilyProductNotReceived},
		{"mastercard", "4853", "fraudulent", dispute.FamilyProductUnacceptable},
		{"mastercard", "4834", "transaction_amount_differs", dispute.FamilyProcessing},
		// Nothing is known.
		{"", "", "", dispute.FamilyGeneral},
		{"visa", "", "a_new_word", dispute.FamilyGeneral},
	}
	for _, tt := range tests {
		t.Run(tt.network+" "+tt.code+" "+tt.reason, func(t *testing.T) {
			t.Parallel()
			s := dispute.Snapshot{Network: tt.network, NetworkCode: tt.code, Reason: tt.reason}
			if got := networks.Family(s); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	tests := []struct{ network, code, reason, want string }{
		{"visa", "1310", "product_not_received", "Visa 13.1 · Merchandise or services not received"},
		{"amex", "c08", "", "American Express C08 · Goods/services not received or only partially received"},
		{"visa", "99.9", "duplicate", "Visa 99.9 · Duplicate"},
		{"visa", "", "fraudulent", "Visa · Fraudulent"},
		{"eftpos_au", "12", "", "eftpos_au 12 · General"},
		{"", "", "debit_not_authorized", "Fraudulent"},
		{"", "", "", "General"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			s := dispute.Snapshot{Network: tt.network, NetworkCode: tt.code, Reason: tt.reason}
			if got := networks.Title(s); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if text := networks.ReasonText(s); !strings.HasSuffix(networks.Title(s), text) {
				t.Errorf("title %q does not end with the reason %q", networks.Title(s), text)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		network string
		stage   dispute.Stage
		days    int
		note    string
	}{
		{"visa", dispute.StageInquiry, 30, "Visa inquiry, 30 days; "},
		{"visa", dispute.StageChargeback, 30, "not confirmed"},
		{"visa", dispute.StagePreArbitration, 30, "Visa pre_arbitration, 30 days (Visa, Dispute Management"},
		{"visa", dispute.StageArbitration, 10, "confidence medium"},
		{"mc", dispute.StageChargeback, 45, "second presentment"},
		{"mastercard", dispute.StageInquiry, 0, "abolished"},
		{"mastercard", dispute.StageArbitration, 0, ""},
		{"amex", dispute.StageChargeback, 20, "reversal request"},
		{"discover", dispute.StageInquiry, 5, "as acquirers give merchants"},
		{"discover", dispute.StageChargeback, 20, "20 or 30 days by source"},
		{"diners", dispute.StageChargeback, 25, "Diners Club chargeback, 25 days as acquirers"},
		{"cartes_bancaires", dispute.StageChargeback, 0, "cannot answer"},
		{"paypal", dispute.StageChargeback, 0, ""},
		{"", dispute.StageChargeback, 0, ""},
		{"visa", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.network+" "+string(tt.stage), func(t *testing.T) {
			t.Parallel()
			d, note := networks.Window(dispute.Snapshot{Network: tt.network, Stage: tt.stage, DueBy: time.Unix(1, 0)})
			if want := time.Duration(tt.days) * 24 * time.Hour; d != want {
				t.Errorf("got %s, want %s", d, want)
			}
			if !strings.Contains(note, tt.note) || (tt.note == "") != (note == "") {
				t.Errorf("got note %q, want one with %q", note, tt.note)
			}
		})
	}
}

// Where the provider names no date, the network's limit is later than what its
// merchants have.
func TestWindowWithoutAProvidersDate(t *testing.T) {
	t.Parallel()
	for network, days := range map[string]int{"visa": 9, "mastercard": 40, "amex": 14, "discover": 20, "diners": 25} {
		d, note := networks.Window(dispute.Snapshot{Network: network, Stage: dispute.StageChargeback})
		if want := time.Duration(days) * 24 * time.Hour; d != want || note == "" {
			t.Errorf("%s: %s (%s), want %s", network, d, note, want)
		}
	}
}

func TestFamilyInfoOfAnUnknownFamilyIsGeneral(t *testing.T) {
	t.Parallel()
	want := networks.FamilyInfo(dispute.FamilyGeneral)
	if diff := cmp.Diff(want, networks.FamilyInfo("sorcery")); diff != "" {
		t.Error(diff)
	}
}

func FuzzReason(f *testing.F) {
	for _, r := range networks.ReasonCodes() {
		f.Add(r.Network, r.Code)
	}
	f.Add("MC", "reason code 37")
	f.Add("visa", "....")
	f.Fuzz(func(t *testing.T, network, code string) {
		s := dispute.Snapshot{Network: network, NetworkCode: code}
		r, ok := networks.Reason(network, code)
		if ok {
			if again, _ := networks.Reason(r.Network, r.Code); !cmp.Equal(r, again) {
				t.Errorf("%q %q is %s %s, whose own code finds another", network, code, r.Network, r.Code)
			}
		}
		if networks.Title(s) == "" || networks.FamilyInfo(networks.Family(s)).Family != networks.Family(s) {
			t.Errorf("%q %q has no title or no family", network, code)
		}
	})
}

func ExampleReason() {
	r, _ := networks.Reason("visa", "104")
	fmt.Println(r.Code, r.Title)
	fmt.Println(r.Contest, r.Confidence)
	// Output:
	// 10.4 Other fraud - card-absent environment
	// if_evidence high
}

func ExampleTitle() {
	fmt.Println(networks.Title(dispute.Snapshot{Network: "visa", NetworkCode: "13.1"}))
	// Output: Visa 13.1 · Merchandise or services not received
}

func TestKnownReason(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    dispute.Snapshot
		want bool
	}{
		{dispute.Snapshot{Reason: "fraudulent"}, true},
		{dispute.Snapshot{Reason: " General "}, true},
		{dispute.Snapshot{Reason: "moonlight", Network: "visa", NetworkCode: "13.1"}, true},
		{dispute.Snapshot{Reason: "moonlight"}, false},
		{dispute.Snapshot{Reason: "moonlight", Network: "visa", NetworkCode: "99.9"}, false},
		{dispute.Snapshot{}, false},
	} {
		if got := networks.KnownReason(tt.s); got != tt.want {
			t.Errorf("KnownReason(%q, %s %q) = %v", tt.s.Reason, tt.s.Network, tt.s.NetworkCode, got)
		}
	}
}
