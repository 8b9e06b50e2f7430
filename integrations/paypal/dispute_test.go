package paypal

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	type standing struct {
		Status dispute.ProviderStatus
		Stage  dispute.Stage
	}
	for _, tt := range []struct {
		status, state, stage, outcome string
		want                          standing
	}{
		{"OPEN", "", "INQUIRY", "", standing{dispute.ProviderNeedsResponse, dispute.StageInquiry}},
		{"OPEN", "OPEN_INQUIRIES", "INQUIRY", "", standing{dispute.ProviderNeedsResponse, dispute.StageInquiry}},
		{"OPEN", "REQUIRED_OTHER_PARTY_ACTION", "INQUIRY", "", standing{dispute.ProviderUnderReview, dispute.StageInquiry}},
		{"OPEN", "UNDER_PAYPAL_REVIEW", "CHARGEBACK", "", standing{dispute.ProviderUnderReview, dispute.StageChargeback}},
		{"WAITING_FOR_BUYER_RESPONSE", "", "INQUIRY", "", standing{dispute.ProviderUnderReview, dispute.StageInquiry}},
		{"WAITING_FOR_SELLER_RESPONSE", "", "INQUIRY", "", standing{dispute.ProviderNeedsResponse, dispute.StageInquiry}},
		{"WAITING_FOR_SELLER_RESPONSE", "", "CHARGEBACK", "", standing{dispute.ProviderNeedsResponse, dispute.StageChargeback}},
		{"WAITING_FOR_SELLER_RESPONSE", "", "PRE_ARBITRATION", "", standing{dispute.ProviderNeedsResponse, dispute.StagePreArbitration}},
		{"WAITING_FOR_SELLER_RESPONSE", "", "ARBITRATION", "", standing{dispute.ProviderNeedsResponse, dispute.StageArbitration}},
		{"WAITING_FOR_SELLER_RESPONSE", "", "", "", standing{dispute.ProviderNeedsResponse, dispute.StageChargeback}},
		{"UNDER_REVIEW", "", "CHARGEBACK", "", standing{dispute.ProviderUnderReview, dispute.StageChargeback}},
		{"OTHER", "", "CHARGEBACK", "", standing{dispute.ProviderUnknown, dispute.StageChargeback}},
		{"OTHER", "REQUIRED_ACTION", "CHARGEBACK", "", standing{dispute.ProviderNeedsResponse, dispute.StageChargeback}},
		{"NEW", "", "CHARGEBACK", "", standing{dispute.ProviderUnknown, dispute.StageChargeback}},
		{"RESOLVED", "RESOLVED", "CHARGEBACK", "RESOLVED_BUYER_FAVOUR", standing{dispute.ProviderLost, dispute.StageChargeback}},
		{"RESOLVED", "RESOLVED", "INQUIRY", "RESOLVED_BUYER_FAVOUR", standing{dispute.ProviderLost, dispute.StageInquiry}},
		{"RESOLVED", "APPEALABLE", "CHARGEBACK", "RESOLVED_BUYER_FAVOUR", standing{dispute.ProviderNeedsResponse, dispute.StagePreArbitration}},
		{"RESOLVED", "APPEALABLE", "CHARGEBACK", "RESOLVED_SELLER_FAVOUR", standing{dispute.ProviderWon, dispute.StageChargeback}},
		{"RESOLVED", "", "CHARGEBACK", "RESOLVED_SELLER_FAVOUR", standing{dispute.ProviderWon, dispute.StageChargeback}},
		{"RESOLVED", "", "CHARGEBACK", "RESOLVED_WITH_PAYOUT", standing{dispute.ProviderWon, dispute.StageChargeback}},
		{"RESOLVED", "", "CHARGEBACK", "CANCELED_BY_BUYER", standing{dispute.ProviderWon, dispute.StageChargeback}},
		{"RESOLVED", "", "INQUIRY", "CANCELED_BY_BUYER", standing{dispute.ProviderClosed, dispute.StageInquiry}},
		{"RESOLVED", "", "CHARGEBACK", "ACCEPTED", standing{dispute.ProviderLost, dispute.StageChargeback}},
		{"RESOLVED", "", "CHARGEBACK", "DENIED", standing{dispute.ProviderWon, dispute.StageChargeback}},
		{"RESOLVED", "", "INQUIRY", "NONE", standing{dispute.ProviderClosed, dispute.StageInquiry}},
		{"RESOLVED", "", "CHARGEBACK", "", standing{dispute.ProviderUnknown, dispute.StageChargeback}},
		{"RESOLVED", "", "CHARGEBACK", "NEW", standing{dispute.ProviderUnknown, dispute.StageChargeback}},
	} {
		w := wireDispute{Status: tt.status, State: tt.state, Stage: tt.stage}
		w.Outcome.Code = tt.outcome
		var got standing
		got.Status, got.Stage = w.standing()
		if got != tt.want {
			t.Errorf("%s %s %s %s: %v, want %v", tt.status, tt.state, tt.stage, tt.outcome, got, tt.want)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value, currency string
		want            dispute.Money
		bad             bool
	}{
		{"129.00", "USD", dispute.Money{Minor: 12900, Currency: "USD"}, false},
		{"129", "USD", dispute.Money{Minor: 12900, Currency: "USD"}, false},
		{".5", "USD", dispute.Money{Minor: 50, Currency: "USD"}, false},
		{"-.50", "USD", dispute.Money{Minor: -50, Currency: "USD"}, false},
		{"1.500", "USD", dispute.Money{Minor: 150, Currency: "USD"}, false},
		{"500", "JPY", dispute.Money{Minor: 500, Currency: "JPY"}, false},
		{"500.00", "JPY", dispute.Money{Minor: 500, Currency: "JPY"}, false},
		{"1.234", "TND", dispute.Money{Minor: 1234, Currency: "TND"}, false},
		{"0.07", "EUR", dispute.Money{Minor: 7, Currency: "EUR"}, false},
		{"92233720368547758.07", "EUR", dispute.Money{Minor: 9223372036854775807, Currency: "EUR"}, false},
		{"", "", dispute.Money{}, false},
		{"1.234", "USD", dispute.Money{}, true},
		{"0.5", "JPY", dispute.Money{}, true},
		{"1e3", "USD", dispute.Money{}, true},
		{"1,000.00", "USD", dispute.Money{}, true},
		{"", "USD", dispute.Money{}, true},
		{"0.00012345", "BTC", dispute.Money{}, false},
		{"129.00", "PYUSD", dispute.Money{}, false},
		{"1.50", "BTC", dispute.Money{}, false},
		{"0.00012345", "ETH", dispute.Money{}, false},
		{"x", "BTC", dispute.Money{}, false},
		{"1", "", dispute.Money{}, false},
		{"92233720368547758.08", "EUR", dispute.Money{}, true},
	} {
		got, err := wireMoney{Value: tt.value, Currency: tt.currency}.money()
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("%q %s: %v, %v; want %v, bad %v", tt.value, tt.currency, got, err, tt.want, tt.bad)
		}
	}
}

// TestAppealLink: the link alone says that a loss can be appealed, because the
// state is promised in lists only.
func TestAppealLink(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]dispute.ProviderStatus{
		"RESOLVED_BUYER_FAVOUR": dispute.ProviderNeedsResponse, "RESOLVED_SELLER_FAVOUR": dispute.ProviderWon,
	} {
		w := wireDispute{Status: resolved, Stage: "CHARGEBACK", Links: []wireLink{{Rel: "self"}, {Rel: "appeal"}}}
		w.Outcome.Code = outcome
		if status, stage := w.standing(); status != want {
			t.Errorf("%s with the link appeal: %s in %s, want %s", outcome, status, stage, want)
		}
	}
}

// TestCryptoCurrencyIsLeftOut: what has no ISO currency is left out and the
// dispute is kept with the rest.
func TestCryptoCurrencyIsLeftOut(t *testing.T) {
	t.Parallel()
	s, err := readSnapshot([]byte(`{"dispute_id":"PP-D-1","status":"OPEN","dispute_amount":{"currency_code":"PYUSD","value":"129.00"},"money_movements":[
		{"affected_party":"SELLER","type":"DEBIT","reason":"DISPUTE_SETTLEMENT","amount":{"currency_code":"PYUSD","value":"129.00"}},
		{"affected_party":"SELLER","type":"DEBIT","reason":"DISPUTE_FEE","amount":{"currency_code":"USD","value":"15.00"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != "PP-D-1" || s.Amount != (dispute.Money{}) || len(s.Movements) != 1 || s.Movements[0].Net != -1500 {
		t.Errorf("snapshot %+v, want the fee as its only money", s)
	}
}

// TestMovementsKeepTheirIDs: whatever else is told later, a movement is the
// same, and two that say the same are two.
func TestMovementsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	fee := wireMovement{AffectedParty: "SELLER", Type: "DEBIT", Reason: "DISPUTE_FEE", Amount: wireMoney{"USD", "15.00"}, InitiatedTime: "2026-10-01T08:00:00.000Z"}
	funds := wireMovement{AffectedParty: "SELLER", Type: "DEBIT", Reason: "DISPUTE_SETTLEMENT", Amount: wireMoney{"USD", "129.00"}, InitiatedTime: "2026-10-01T08:00:00.000Z"}
	back := wireMovement{AffectedParty: "SELLER", Type: "CREDIT", Reason: "DISPUTE_SETTLEMENT", Amount: wireMoney{"USD", "129.00"}, InitiatedTime: "2026-10-09T08:00:00.000Z"}
	buyers := wireMovement{AffectedParty: "BUYER", Type: "CREDIT", Reason: "DISPUTE_SETTLEMENT", Amount: wireMoney{"USD", "129.00"}}
	crypto := wireMovement{AffectedParty: "SELLER", Type: "DEBIT", Reason: "DISPUTE_SETTLEMENT"}
	nets := func(list ...wireMovement) map[string]int64 {
		out := map[string]int64{}
		moves, err := (&wireDispute{ID: "PP-D-1", Movements: list}).movements()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range moves {
			out[m.ID] = m.Net
		}
		return out
	}
	first := nets(funds, fee)
	if len(first) != 2 {
		t.Fatalf("movements %v, want two", first)
	}
	later := nets(buyers, back, fee, funds, crypto)
	for id, net := range first {
		if later[id] != net {
			t.Errorf("movement %s over %d is not told later: %v", id, net, later)
		}
	}
	if twice := nets(fee, fee); len(later) != 3 || len(twice) != 2 {
		t.Errorf("later %v, the same twice %v; want three and two", later, twice)
	}
	if _, err := (&wireDispute{Movements: []wireMovement{{AffectedParty: "SELLER", Amount: wireMoney{"USD", "1.234"}}}}).movements(); err == nil {
		t.Error("an amount that cannot be read exactly is no error: it would be missing from the books")
	}
}

// TestNoPersonalDataInNotices: names, addresses and what people wrote stay in
// the raw body.
func TestNoPersonalDataInNotices(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string][]string{
		"created":        {"qwqwqwq", "Test Store"},
		"resolved_buyer": {"John", "example.com", "T-Shirt", "Full refund"},
		"under_review":   {"Jane", "Signed"},
	} {
		notices, err := lone(t, "http://127.0.0.1:1").Parse(file(t, "webhooks/"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(notices)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hidden {
			if contains(text, h) {
				t.Errorf("%s: the notice holds %q", name, h)
			}
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 10, 1, 8, 0, 0, 123_000_000, time.UTC)
	for _, text := range []string{"2026-10-01T08:00:00.123Z", "2026-10-01t10:00:00.123+02:00", "2026-10-01T08:00:00.123z"} {
		if diff := cmp.Diff(want, moment(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", "2026-10-01", "yesterday", "9999-12-31T23:59:59-14:00"} {
		if got := moment(text); !got.IsZero() {
			t.Errorf("%q is %v, want no time", text, got)
		}
	}
}
