// Package world holds the seeded shop that all stand-ins agree on: the same
// customer, order, shipment and conversation behind every vendor's API.
package world

import (
	"cmp"
	"fmt"
	"math/rand"
	"sync"
	"time"
)

// Customer is one buyer, known to every vendor under its own id.
type Customer struct {
	StripeID  string // cus_…
	ShopifyID int64
	HubSpotID string
	Name      string
	Email     string
	Phone     string
	Address   Address
	Since     time.Time
}

// Address is a postal address.
type Address struct{ Line1, City, Region, Postal, Country string }

// String is the address on one line.
func (a Address) String() string {
	return fmt.Sprintf("%s, %s, %s %s, %s", a.Line1, a.City, a.Region, a.Postal, a.Country)
}

// Line is one line of an order.
type Line struct {
	SKU, Title string
	Quantity   int
	Price      int64 // of one, minor units
}

// Shipment is what the warehouse sent.
type Shipment struct {
	ID          int64 // ShipBob's shipment id
	ShipBobID   int64 // ShipBob's order id
	Carrier     string
	Tracking    string
	ShippedAt   time.Time
	DeliveredAt time.Time // zero while under way
}

// Message is one contact with the customer, as the CRM keeps it.
type Message struct {
	ID           string
	Subject      string
	Text         string
	At           time.Time
	FromCustomer bool
}

// Refund is money given back before the dispute.
type Refund struct {
	ID        string // re_…
	ShopifyID int64
	Amount    int64
	At        time.Time
}

// Order is one sale, with the ids that every vendor gives it.
type Order struct {
	Number        int    // 1001, shown as #1001
	ShopifyID     int64  // gid://shopify/Order/<id>
	ChargeID      string // ch_…
	PaymentIntent string // pi_…
	BalanceTxn    string // txn_…
	Customer      Customer
	Lines         []Line
	Total         int64 // minor units
	Currency      string
	PaidAt        time.Time
	IP            string
	CardBrand     string // visa, mastercard, amex, discover
	CardLast4     string
	Shipment      Shipment
	Messages      []Message
	Refund        *Refund
}

// Name is the order's name as the shop shows it.
func (o Order) Name() string { return fmt.Sprintf("#%d", o.Number) }

// World is the shop. It is safe for concurrent use.
type World struct {
	mu        sync.Mutex
	rng       *rand.Rand
	now       func() time.Time
	day       time.Duration
	customers []Customer
	orders    []*Order
}

// New makes a shop from a seed with a few undisputed orders in it. A day lasts
// as long as day says, so that a rehearsal can be quick.
func New(seed int64, now func() time.Time, day time.Duration) *World {
	w := &World{rng: rand.New(rand.NewSource(seed)), now: now, day: day} // #nosec G404 -- seeded on purpose
	for i := range 12 {
		w.customers = append(w.customers, w.customer(i))
	}
	for range 24 {
		w.NewOrder(OrderOptions{})
	}
	return w
}

// OrderOptions bends an order to what a scenario needs.
type OrderOptions struct {
	Total       int64  // minor units; zero picks one
	Currency    string // default USD
	CardBrand   string // default visa
	Undelivered bool
	Refunded    bool
	Silent      bool // no messages with the customer
}

// NewOrder sells something and remembers it.
func (w *World) NewOrder(o OrderOptions) Order {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.orders)
	number := 1001 + n
	line := catalogue[w.rng.Intn(len(catalogue))]
	line.Quantity = 1
	if o.Total > 0 {
		line.Price = o.Total
	}
	paid := w.now().Add(-30 * w.day).Add(time.Duration(w.rng.Intn(int(max(w.day, 1)))))
	order := &Order{
		Number: number, ShopifyID: 5_400_000_000_000 + int64(number),
		ChargeID: w.id("ch_"), PaymentIntent: w.id("pi_"), BalanceTxn: w.id("txn_"),
		Customer: w.customers[w.rng.Intn(len(w.customers))],
		Lines:    []Line{line}, Total: line.Price, Currency: cmp.Or(o.Currency, "USD"),
		PaidAt: paid, IP: fmt.Sprintf("203.0.113.%d", 1+w.rng.Intn(250)),
		CardBrand: cmp.Or(o.CardBrand, "visa"), CardLast4: fmt.Sprintf("%04d", w.rng.Intn(10000)),
		Shipment: Shipment{
			ID: 91_000_000 + int64(number), ShipBobID: 81_000_000 + int64(number),
			Carrier: "UPS", Tracking: fmt.Sprintf("1Z999AA1%010d", w.rng.Int63n(1e10)),
			ShippedAt: paid.Add(w.day),
		},
	}
	if !o.Undelivered {
		order.Shipment.DeliveredAt = paid.Add(4 * w.day)
	}
	if !o.Silent {
		order.Messages = messages(number, paid, w.day)
	}
	if o.Refunded {
		order.Refund = &Refund{ID: w.id("re_"), ShopifyID: 880_000_000 + int64(number), Amount: order.Total, At: paid.Add(6 * w.day)}
	}
	w.orders = append(w.orders, order)
	return *order
}

// Orders lists every order, oldest first.
func (w *World) Orders() []Order {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Order, len(w.orders))
	for i, o := range w.orders {
		out[i] = *o
	}
	return out
}

// Find is the first order that a vendor's question fits.
func (w *World) Find(fits func(Order) bool) (Order, bool) {
	for _, o := range w.Orders() {
		if fits(o) {
			return o, true
		}
	}
	return Order{}, false
}

// Customers lists every customer.
func (w *World) Customers() []Customer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Customer(nil), w.customers...)
}

// Day is how long a day lasts here.
func (w *World) Day() time.Duration { return w.day }

// Now is this world's time.
func (w *World) Now() time.Time { return w.now() }

func (w *World) customer(i int) Customer {
	first, last := firstNames[i%len(firstNames)], lastNames[w.rng.Intn(len(lastNames))]
	return Customer{
		StripeID: w.id("cus_"), ShopifyID: 7_200_000_000 + int64(i), HubSpotID: fmt.Sprint(501 + i),
		Name: first + " " + last, Email: fmt.Sprintf("%s.%s%d@shopper.example", lower(first), lower(last), i),
		Phone: fmt.Sprintf("+1555010%04d", i),
		Address: Address{
			Line1: fmt.Sprintf("%d Orchard Street", 10+w.rng.Intn(900)), City: "Portland", Region: "OR",
			Postal: fmt.Sprintf("97%03d", w.rng.Intn(1000)), Country: "US",
		},
		Since: w.now().Add(-400 * w.day),
	}
}

const idLetters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

func (w *World) id(prefix string) string {
	b := make([]byte, 24)
	for i := range b {
		b[i] = idLetters[w.rng.Intn(len(idLetters))]
	}
	return prefix + string(b)
}

// NewID makes an id of the vendor's look: a prefix and 24 letters.
func (w *World) NewID(prefix string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id(prefix)
}
