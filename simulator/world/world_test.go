package world

import (
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func shop(seed int64) *World { return New(seed, func() time.Time { return noon }, day) }

func TestSeedDecidesEverything(t *testing.T) {
	t.Parallel()
	a, b, c := shop(1), shop(1), shop(2)
	a.NewOrder(OrderOptions{Refunded: true})
	b.NewOrder(OrderOptions{Refunded: true})
	if diff := cmp.Diff(a.Orders(), b.Orders()); diff != "" {
		t.Errorf("one seed, two shops:\n%s", diff)
	}
	if diff := cmp.Diff(a.Customers(), b.Customers()); diff != "" || a.NewID("x_") != b.NewID("x_") {
		t.Errorf("one seed, two shops:\n%s", diff)
	}
	if cmp.Equal(a.Orders()[:24], c.Orders()) {
		t.Error("another seed, the same shop")
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	w := shop(1)
	orders := w.Orders()
	if len(orders) != 24 || len(w.Customers()) != 12 {
		t.Fatalf("%d orders, %d customers", len(orders), len(w.Customers()))
	}
	seen := map[any]bool{}
	for _, o := range orders {
		for _, id := range []any{o.Number, o.ShopifyID, o.ChargeID, o.PaymentIntent, o.BalanceTxn, o.Shipment.ID, o.Shipment.ShipBobID, o.Shipment.Tracking} {
			if seen[id] {
				t.Errorf("%v is used twice", id)
			}
			seen[id] = true
		}
		var sum int64
		for _, l := range o.Lines {
			sum += l.Price * int64(l.Quantity)
		}
		if sum != o.Total || o.Total <= 0 || o.Currency != "USD" || o.CardBrand != "visa" {
			t.Errorf("order %d: lines %d, total %d %s, %s", o.Number, sum, o.Total, o.Currency, o.CardBrand)
		}
		if o.PaidAt.After(noon) || !o.Shipment.ShippedAt.After(o.PaidAt) || !o.Shipment.DeliveredAt.After(o.Shipment.ShippedAt) || o.Shipment.DeliveredAt.After(noon) {
			t.Errorf("order %d: paid %s, shipped %s, delivered %s", o.Number, o.PaidAt, o.Shipment.ShippedAt, o.Shipment.DeliveredAt)
		}
		if !regexp.MustCompile(`^ch_\w{24}$`).MatchString(o.ChargeID) || !slices.Contains(w.Customers(), o.Customer) {
			t.Errorf("order %d: charge %s, customer %s", o.Number, o.ChargeID, o.Customer.StripeID)
		}
	}
}

func TestOrderOptions(t *testing.T) {
	t.Parallel()
	w := shop(1)
	o := w.NewOrder(OrderOptions{Total: 62000, Currency: "EUR", CardBrand: "amex", Undelivered: true, Refunded: true, Silent: true})
	if o.Total != 62000 || o.Lines[0].Price != 62000 || o.Currency != "EUR" || o.CardBrand != "amex" {
		t.Errorf("order %+v", o)
	}
	if !o.Shipment.DeliveredAt.IsZero() || len(o.Messages) != 0 || o.Refund == nil || o.Refund.Amount != 62000 || o.Refund.At.After(noon) {
		t.Errorf("shipment %+v, messages %v, refund %+v", o.Shipment, o.Messages, o.Refund)
	}
	// The catalogue keeps its prices.
	for _, line := range catalogue {
		if line.Price == 62000 || line.Quantity != 0 {
			t.Errorf("the catalogue has %+v", line)
		}
	}
	got, ok := w.Find(func(x Order) bool { return x.ChargeID == o.ChargeID })
	if diff := cmp.Diff(o, got); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := w.Find(func(Order) bool { return false }); ok {
		t.Error("found what is not there")
	}
}

// A rehearsal's day is short: everything shrinks with it.
func TestShortDays(t *testing.T) {
	t.Parallel()
	w := New(1, func() time.Time { return noon }, 2*time.Second)
	for _, o := range w.Orders() {
		if age := noon.Sub(o.PaidAt); age > time.Minute || age < 58*time.Second {
			t.Errorf("order %d was paid %s ago", o.Number, age)
		}
	}
	New(1, time.Now, 0) // no day at all is no panic
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := shop(1)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			w.NewOrder(OrderOptions{})
			w.NewID("evt_")
			w.Find(func(o Order) bool { return o.Number == 1 })
		})
	}
	group.Wait()
	numbers := map[int]bool{}
	for _, o := range w.Orders() {
		numbers[o.Number] = true
	}
	if len(numbers) != 44 {
		t.Errorf("%d numbers for 44 orders", len(numbers))
	}
}
