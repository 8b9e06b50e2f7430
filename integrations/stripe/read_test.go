package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// What the API tells and what the webhook tells is the same snapshot.
func TestGetEqualsTheWebhook(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	id := r.open(world.OrderOptions{Currency: "JPY"}, standin.DisputeOptions{NetworkCode: "10.4", IntendedMethod: "prefer_manual"})
	got, err := r.Get(t.Context(), dispute.Ref{Connection: connection, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	events := r.stripe.Events(id)
	notices, err := r.Parse(events[len(events)-1].Body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*notices[0].Snapshot, got); diff != "" {
		t.Errorf("webhook and API differ (-webhook +API):\n%s", diff)
	}
	if len(got.Movements) != 1 || got.Movements[0].Fee != 1500 || got.NetworkCode != "10.4" || got.AutoAnswer != "prefer_manual" {
		t.Errorf("snapshot %+v", got)
	}
	if _, err := r.Get(t.Context(), dispute.Ref{ID: "du_none"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("unknown dispute: %v", err)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	const n = 130 // more than one page
	want := map[string]bool{}
	for range n {
		want[r.open(world.OrderOptions{}, standin.DisputeOptions{})] = true
	}
	decided := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	want[decided] = true
	if err := r.stripe.Decide(decided, false); err != nil {
		t.Fatal(err)
	}

	first, cursor, err := r.Poll(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, notice := range first {
		delete(want, notice.Snapshot.ID)
		kind := dispute.NoticeOpened
		if notice.Snapshot.ID == decided {
			kind = dispute.NoticeClosed
		}
		if notice.Kind != kind || notice.RawKind != "poll" || notice.OccurredAt.IsZero() {
			t.Errorf("notice %+v", notice)
		}
	}
	if len(first) != n+1 || len(want) != 0 {
		t.Errorf("%d notices; %d disputes were not found", len(first), len(want))
	}
	if at, err := strconv.ParseInt(cursor, 10, 64); err != nil || time.Since(time.Unix(at, 0)) > time.Minute {
		t.Errorf("cursor %q, want the newest dispute's time", cursor)
	}

	again, next, err := r.Poll(t.Context(), cursor)
	if err != nil || next != cursor {
		t.Fatalf("cursor %q then %q, %v", cursor, next, err)
	}
	if diff := cmp.Diff(eventIDs(first), eventIDs(again)); diff != "" {
		t.Errorf("unchanged disputes got other event ids:\n%s", diff)
	}
	if err := r.stripe.Decide(decided, true); err != nil {
		t.Fatal(err)
	}
	changed, _, err := r.Poll(t.Context(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(eventIDs(first), eventIDs(changed)); diff == "" {
		t.Error("a changed dispute kept its event id")
	}
	if _, kept, err := r.Poll(t.Context(), "yesterday"); dispute.KindOf(err) != dispute.Invalid || kept != "yesterday" {
		t.Errorf("bad cursor: %v, cursor %q", err, kept)
	}
}

func eventIDs(notices []dispute.Notice) []string {
	var out []string
	for _, n := range notices {
		out = append(out, n.EventID)
	}
	slices.Sort(out)
	return out
}

func TestPayment(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	order := r.world.NewOrder(world.OrderOptions{Refunded: true})
	c := r.disputeCase(t, r.stripe.Open(order, standin.DisputeOptions{}))
	got, err := r.Payment(t.Context(), c.View.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	total := dispute.Money{Minor: order.Total, Currency: "USD"}
	want := dispute.Payment{
		ID: order.ChargeID, Intent: order.PaymentIntent, Amount: total, At: order.PaidAt.UTC().Truncate(time.Second),
		CustomerID: order.Customer.StripeID, Email: order.Customer.Email, Name: order.Customer.Name,
		OrderID: strconv.FormatInt(order.ShopifyID, 10), OrderName: order.Name(), Refunded: total,
		Metadata: map[string]string{
			"order_id": strconv.FormatInt(order.ShopifyID, 10), "order_name": order.Name(), "customer_ip": order.IP,
			"account_id": "shopper-" + order.Customer.HubSpotID, "device_fingerprint": "fingerprint-of-" + order.Customer.StripeID,
			"product_description": order.Lines[0].Title,
			"tracking_number":     order.Shipment.Tracking,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payment (-want +got):\n%s", diff)
	}
	if _, err := r.Payment(t.Context(), dispute.Snapshot{}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("no charge: %v", err)
	}
}

// Subscriptions and guests look different from a shop's orders.
func TestPaymentOfASubscription(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("Stripe-Version"); v != "2023-10-16" {
			t.Errorf("version %s: the SDK's types are made for 2023-10-16", v)
		}
		_, _ = w.Write([]byte(`{
			"id": "ch_1", "object": "charge", "amount": 500000, "currency": "isk", "created": 1793707200, "customer": null,
			"receipt_email": "receipt@shopper.example", "billing_details": {"name": "Guest", "email": null, "address": null},
			"metadata": {"order_number": "77"}, "payment_intent": {"id": "pi_1", "metadata": {"order_id": "5", "order_number": "9"}},
			"invoice": {"id": "in_1", "object": "invoice", "subscription": "sub_1"}}`))
	}))
	defer srv.Close()
	got, err := connect(t, srv.URL).Payment(t.Context(), dispute.Snapshot{Payment: "ch_1"})
	if err != nil {
		t.Fatal(err)
	}
	want := dispute.Payment{
		ID: "ch_1", Intent: "pi_1", Amount: dispute.Money{Minor: 5000, Currency: "ISK"}, At: time.Unix(1793707200, 0).UTC(),
		Email: "receipt@shopper.example", Name: "Guest", OrderID: "5", OrderName: "77", Invoice: "in_1", Subscription: "sub_1",
		Refunded: dispute.Money{Currency: "ISK"}, Metadata: map[string]string{"order_id": "5", "order_number": "77"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payment (-want +got):\n%s", diff)
	}
}

// A charge of a subscription is linked to it and to its invoice, in the payment
// and in the evidence.
func TestSubscriptionIsLinked(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	c := r.disputeCase(t, r.open(world.OrderOptions{}, standin.DisputeOptions{Subscription: true}))
	p, err := r.Payment(t.Context(), c.View.Snapshot)
	if err != nil || !strings.HasPrefix(p.Invoice, "in_") || !strings.HasPrefix(p.Subscription, "sub_") {
		t.Fatalf("invoice %q, subscription %q, %v", p.Invoice, p.Subscription, err)
	}
	items, err := r.Gather(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	facts := items[0].Facts
	if facts[dispute.FactInvoiceID] != p.Invoice || facts[dispute.FactSubscriptionID] != p.Subscription {
		t.Errorf("facts of the payment: %v", facts)
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	order := r.world.NewOrder(world.OrderOptions{Refunded: true})
	prior := r.earlier(order)
	for len(prior) < 2 {
		order = r.world.NewOrder(world.OrderOptions{Refunded: true})
		prior = r.earlier(order)
	}
	c := r.disputeCase(t, r.stripe.Open(order, standin.DisputeOptions{}))
	if !r.Applies(c) {
		t.Fatal("does not apply to its own dispute")
	}
	// An earlier charge of the same customer that was disputed too is no proof.
	r.stripe.Open(prior[0], standin.DisputeOptions{})

	items, err := r.Gather(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[dispute.ItemKind]int{}
	for _, i := range items {
		kinds[i.Kind]++
		if i.Source != connection || i.ID == "" || i.Title == "" || i.At.IsZero() {
			t.Errorf("item %+v", i)
		}
		if i.ID == "charge:"+prior[0].ChargeID {
			t.Error("a disputed charge is among the earlier payments")
		}
	}
	want := map[dispute.ItemKind]int{
		dispute.ItemPayment: 1, dispute.ItemCustomer: 1, dispute.ItemRefund: 1, dispute.ItemPriorPayment: len(prior) - 1,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds of item (-want +got):\n%s", diff)
	}
	address := order.Customer.Address.String()
	facts := map[string]string{
		dispute.FactProducts: order.Lines[0].Title, dispute.FactSold: "merchandise", dispute.FactCardFingerprint: "fp" + order.CardLast4,
		dispute.FactAccountID: "shopper-" + order.Customer.HubSpotID, dispute.FactDeviceFingerprint: "fingerprint-of-" + order.Customer.StripeID,
		dispute.FactShippingLine1: order.Customer.Address.Line1, dispute.FactShippingCity: "Portland", dispute.FactShippingState: "OR",
		dispute.FactShippingPostalCode: order.Customer.Address.Postal, dispute.FactShippingCountry: "US",
		dispute.FactAmount: dispute.Money{Minor: order.Total, Currency: "USD"}.String(), dispute.FactPaidAt: order.PaidAt.UTC().Format(time.RFC3339),
		dispute.FactDescriptor: "REHEARSAL SHOP", dispute.FactCardBrand: "visa", dispute.FactCardLast4: order.CardLast4,
		dispute.FactAVSLine1: "pass", dispute.FactAVSPostal: "pass", dispute.FactCVC: "pass", dispute.FactRiskLevel: "normal",
		dispute.FactPurchaseIP: order.IP, dispute.FactReceiptURL: "https://pay.stripe.example/receipts/" + order.ChargeID,
		dispute.FactBillingAddress: address, dispute.FactShippingAddress: address,
		dispute.FactCustomerName: order.Customer.Name, dispute.FactCustomerEmail: order.Customer.Email, dispute.FactCustomerPhone: order.Customer.Phone,
		dispute.FactOrderID: strconv.FormatInt(order.ShopifyID, 10), dispute.FactOrderName: order.Name(),
	}
	if order.Number%2 == 0 {
		facts[dispute.FactThreeDS] = "authenticated"
	}
	if diff := cmp.Diff(facts, items[0].Facts); diff != "" {
		t.Errorf("facts of the payment (-want +got):\n%s", diff)
	}
	if items[0].Kind != dispute.ItemPayment {
		t.Errorf("first item is a %s", items[0].Kind)
	}
}

// earlier are the unrefunded charges of the order's customer before it.
func (r *rehearsal) earlier(order world.Order) []world.Order {
	var out []world.Order
	for _, o := range r.world.Orders() {
		if o.Customer.StripeID == order.Customer.StripeID && o.PaidAt.Unix() < order.PaidAt.Unix() && o.Refund == nil {
			out = append(out, o)
		}
	}
	return out
}

func TestGatherReturnsWhatItFoundBeforeAFailure(t *testing.T) {
	t.Parallel()
	r := rehearseBehind(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/v1/refunds") {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, req)
		})
	})
	c := r.disputeCase(t, r.open(world.OrderOptions{}, standin.DisputeOptions{}))
	items, err := r.Gather(t.Context(), c)
	if dispute.KindOf(err) != dispute.Transient || len(items) != 2 {
		t.Errorf("%d items, %v; want the payment and the customer, and kind transient", len(items), err)
	}
}

func TestApplies(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for want, c := range map[bool]dispute.Case{
		true:  {Ref: dispute.Ref{Connection: connection}, View: dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_1"}}},
		false: {Ref: dispute.Ref{Connection: connection}},
	} {
		if got := a.Applies(c); got != want {
			t.Errorf("applies %v, want %v", got, want)
		}
	}
	other := dispute.Case{Ref: dispute.Ref{Connection: "stripe-eu"}, View: dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_1"}}}
	if a.Applies(other) {
		t.Error("applies to another account's charge")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
	srv := httptest.NewServer(standin.New(r.world, standin.Options{SecretKey: "sk_test_other"}))
	defer srv.Close()
	if err := connect(t, srv.URL).Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("wrong key: %v", err)
	}
}
