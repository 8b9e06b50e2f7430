package shopify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func bag(amount, currency string) (b moneyBag) {
	b.Presentment.Amount, b.Presentment.Currency = amount, currency
	return b
}

func TestMoney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		amount, currency string
		want             dispute.Money
		bad              bool
	}{
		{"129.0", "USD", dispute.Money{Minor: 12900, Currency: "USD"}, false},
		{"129.99", "USD", dispute.Money{Minor: 12999, Currency: "USD"}, false},
		{"129.990", "USD", dispute.Money{Minor: 12999, Currency: "USD"}, false},
		{"0.07", "EUR", dispute.Money{Minor: 7, Currency: "EUR"}, false},
		{"90071992547409.93", "USD", dispute.Money{Minor: 9007199254740993, Currency: "USD"}, false}, // no float64 holds it
		{"500.0", "JPY", dispute.Money{Minor: 500, Currency: "JPY"}, false},
		{"1.234", "KWD", dispute.Money{Minor: 1234, Currency: "KWD"}, false},
		{"-5.0", "USD", dispute.Money{Minor: -500, Currency: "USD"}, false},
		{"", "", dispute.Money{}, false},
		{"500.5", "JPY", dispute.Money{}, true},
		{"1.005", "USD", dispute.Money{}, true},
		{"1e3", "USD", dispute.Money{}, true},
		{"12", "", dispute.Money{}, true},
		{"", "USD", dispute.Money{}, true},
	}
	for _, tt := range tests {
		got, err := bag(tt.amount, tt.currency).money()
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("%q %s = %v, %v; want %v", tt.amount, tt.currency, got, err, tt.want)
		}
	}
}

func FuzzMoney(f *testing.F) {
	f.Add("129.0", "USD")
	f.Add("500.0", "JPY")
	f.Add("-0.070", "KWD")
	f.Add("1e3", "usd")
	f.Fuzz(func(t *testing.T, amount, currency string) {
		got, err := bag(amount, currency).money()
		if err != nil || got.Currency == "" {
			return
		}
		again, err := bag(got.Decimal(), got.Currency).money()
		if err != nil || again != got {
			t.Errorf("%q %s reads as %v, and that as %v (%v)", amount, currency, got, again, err)
		}
	})
}

// TestMisleadingRecords are records of the store that look like evidence and
// are none.
func TestMisleadingRecords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	paid := func(status string) (r refund) {
		r.ID, r.Number, r.CreatedAt, r.Total = "gid://shopify/Refund/1", "1", at, bag("5.0", "USD")
		r.Transactions.Nodes = append(r.Transactions.Nodes, struct {
			Status string `json:"status"`
		}{status})
		return r
	}
	restocked := paid("SUCCESS")
	restocked.Total = bag("0.0", "USD")
	sent := func(status string) fulfillment {
		return fulfillment{ID: "gid://shopify/Fulfillment/1", Status: status, CreatedAt: at, DeliveredAt: at}
	}
	tests := map[string]struct {
		order order
		want  []dispute.ItemKind
	}{
		"refund":                  {order{Refunds: []refund{paid("SUCCESS")}}, []dispute.ItemKind{dispute.ItemRefund}},
		"refund whose pay failed": {order{Refunds: []refund{paid("FAILURE")}}, nil},
		"refund still pending":    {order{Refunds: []refund{paid("PENDING")}}, nil},
		"restock without money":   {order{Refunds: []refund{restocked}}, nil},
		"fulfillment": {
			order{Fulfillments: []fulfillment{sent("SUCCESS")}},
			[]dispute.ItemKind{dispute.ItemFulfillment, dispute.ItemDelivery},
		},
		"cancelled fulfillment": {order{Fulfillments: []fulfillment{sent("CANCELLED")}}, nil},
		"failed fulfillment":    {order{Fulfillments: []fulfillment{sent("FAILURE")}}, nil},
		"faulty fulfillment":    {order{Fulfillments: []fulfillment{sent("ERROR")}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := items("shop", tt.order)
			if err != nil {
				t.Fatal(err)
			}
			var got []dispute.ItemKind
			for _, item := range found[1:] { // the first is the order
				got = append(got, item.Kind)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCancelledOrderSaysSo(t *testing.T) {
	t.Parallel()
	found, err := items("shop", order{
		ID: "gid://shopify/Order/1", Name: "#1",
		CancelledAt: time.Date(2026, 9, 2, 9, 30, 0, 0, time.UTC), CancelReason: "CUSTOMER",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []dispute.Item{{
		ID: "order:gid://shopify/Order/1", Source: "shop", Kind: dispute.ItemOrder, Title: "Order #1, cancelled",
		Facts: map[string]string{dispute.FactOrderName: "#1", dispute.FactText: "Cancelled 2026-09-02T09:30:00Z: customer"},
	}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestSplitParcelsAndGuests(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	found, err := items("shop", order{
		ID: "gid://shopify/Order/1", Billing: &address{Name: "Ada Okafor", City: "Portland"},
		Fulfillments: []fulfillment{{
			ID: "gid://shopify/Fulfillment/2", Name: "#1-F1", CreatedAt: at, Status: "SUCCESS",
			Tracking: []tracking{{"UPS", "1Z1", "https://u.example/1Z1"}, {"UPS", "1Z2", ""}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []dispute.Item{
		{
			ID: "order:gid://shopify/Order/1", Source: "shop", Kind: dispute.ItemOrder, Title: "Order ",
			Facts: map[string]string{dispute.FactCustomerName: "Ada Okafor", dispute.FactBillingAddress: "Portland"},
		},
		{
			ID: "fulfillment:gid://shopify/Fulfillment/2", Source: "shop", Kind: dispute.ItemFulfillment, Title: "Fulfillment #1-F1", At: at,
			Facts: map[string]string{
				dispute.FactCarrier: "UPS", dispute.FactTrackingNumber: "1Z1, 1Z2",
				dispute.FactTrackingURL: "https://u.example/1Z1", dispute.FactShippedAt: "2026-09-01T08:00:00Z",
			},
		},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}
