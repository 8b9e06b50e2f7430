// Package acmetrack reads what Acmetrack knows about a disputed sale: which
// parcels left, with which carrier, and when they arrived. It only reads.
package acmetrack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "acmetrack"

// Settings are those of one Acmetrack account.
type Settings struct {
	// APIKey authorises every call, as a bearer token. Reading parcels is enough.
	APIKey string `yaml:"api_key"`
	// BaseURL replaces https://api.acmetrack.example: a sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Acmetrack. They are sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "parcels and deliveries of an Acmetrack account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.acmetrack.example"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return connect(d, connection, *s)
}

func (s Settings) check() error {
	if s.APIKey == "" {
		return errors.New("api_key is missing: it is made in the account's settings")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" {
		return errors.New("base_url is no address such as https://api.acmetrack.example")
	}
	return nil
}

// adapter is one Acmetrack account.
type adapter struct {
	connection string
	http       vendorhttp.Client
}

// What an Acmetrack account can do.
var _ interface {
	integrations.EvidenceSource
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, connection string, s Settings) (*adapter, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &adapter{connection: connection, http: vendorhttp.Client{
		Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
		Auth: vendorhttp.Header("Authorization", "Bearer "+s.APIKey),
	}}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one parcel, which needs the
// key and nothing else.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one parcel", Method: http.MethodGet, Path: "/v1/parcels", Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}

// Applies implements integrations.EvidenceSource: the payment names the order.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && c.Payment.OrderID != ""
}

// parcel is the part of Acmetrack's parcel that we read.
type parcel struct {
	ID          string    `json:"id"`
	OrderID     string    `json:"order_id"`
	Carrier     string    `json:"carrier"`
	Number      string    `json:"tracking_number"`
	ShippedAt   time.Time `json:"shipped_at"`
	DeliveredAt time.Time `json:"delivered_at"`
	SignedBy    string    `json:"signed_by"`
}

// Gather implements integrations.EvidenceSource. An order that Acmetrack does
// not know gives an empty list.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	var found struct {
		Data []parcel `json:"data"`
	}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "find parcels by order", Method: http.MethodGet, Path: "/v1/parcels", Query: url.Values{"order_id": {c.Payment.OrderID}},
	}, &found)
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	for _, p := range found.Data {
		// A search may find what it was not asked for: evidence of another sale
		// is worse than none.
		if p.OrderID == c.Payment.OrderID {
			out = append(out, a.items(p)...)
		}
	}
	return out, nil
}

// items are what was handed to the carrier and, when it arrived, the delivery.
// A label alone proves nothing.
func (a *adapter) items(p parcel) []dispute.Item {
	if p.ID == "" || p.ShippedAt.IsZero() {
		return nil
	}
	out := []dispute.Item{{
		ID: "parcel:" + p.ID, Source: a.connection, Kind: dispute.ItemFulfillment,
		Title: "Parcel " + p.ID, At: p.ShippedAt.UTC(), Facts: p.facts(),
	}}
	if p.DeliveredAt.IsZero() {
		return out
	}
	arrived := p.facts()
	arrived[dispute.FactDeliveredAt] = p.DeliveredAt.UTC().Format(time.RFC3339)
	if p.SignedBy != "" {
		arrived[dispute.FactSignedBy] = p.SignedBy
	}
	return append(out, dispute.Item{
		ID: "delivery:" + p.ID, Source: a.connection, Kind: dispute.ItemDelivery,
		Title: "Delivery of parcel " + p.ID, At: p.DeliveredAt.UTC(), Facts: arrived,
	})
}

// facts are what both items say, in the vocabulary of dispute.Fact…; what is
// not known is left out.
func (p parcel) facts() map[string]string {
	out := map[string]string{
		dispute.FactOrderID:   p.OrderID,
		dispute.FactShippedAt: p.ShippedAt.UTC().Format(time.RFC3339),
	}
	if p.Carrier != "" {
		out[dispute.FactCarrier] = p.Carrier
	}
	if p.Number != "" {
		out[dispute.FactTrackingNumber] = p.Number
	}
	return out
}
