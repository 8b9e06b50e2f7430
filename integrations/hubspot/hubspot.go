// Package hubspot reads what a HubSpot account knows about the customer of a
// disputed sale: the contact, its tickets and its notes. It only reads.
package hubspot

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "hubspot"

// Settings are those of one HubSpot account.
type Settings struct {
	// AccessToken is a private app's token with the scopes
	// crm.objects.contacts.read and tickets.
	AccessToken string `yaml:"access_token"`
	// BaseURL replaces https://api.hubapi.com: a proxy or the simulator.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to HubSpot accounts. They are sources of
// evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "The customer's contact, tickets and notes in a HubSpot CRM",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.hubapi.com"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return newAdapter(d, connection, *s)
}

func (s Settings) validate() error {
	switch {
	case s.AccessToken == "":
		return errors.New("access_token: missing; it is the access token of a private app")
	case s.BaseURL == "":
		return errors.New("base_url: missing")
	}
	return nil
}

// adapter is one HubSpot account.
type adapter struct {
	connection string
	http       vendorhttp.Client
}

var (
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

func newAdapter(d integrations.Deps, connection string, s Settings) (*adapter, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	return &adapter{
		connection: connection,
		http: vendorhttp.Client{
			Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
			Auth: vendorhttp.Header("Authorization", "Bearer "+s.AccessToken),
		},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one contact, which needs the
// token and the scope for contacts.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "check", Method: http.MethodGet, Path: "/crm/v3/objects/contacts", Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}

// Applies implements integrations.EvidenceSource: the payment names the
// customer's e-mail address.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && c.Payment.Email != ""
}

// Gather implements integrations.EvidenceSource. An address that no contact has
// gives an empty list. Messages that clearly belong to another sale are left
// out. Where a list cannot be read, what was read before it comes with the
// error.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	person, err := a.contact(ctx, c.Payment.Email)
	if person == nil || err != nil {
		return nil, err
	}
	var said []dispute.Item
	for _, k := range []kind{notes, tickets} {
		var found []dispute.Item
		found, err = a.messages(ctx, person.ID, k)
		said = append(said, aboutSale(found, *c.Payment)...)
		if err != nil {
			break
		}
	}
	slices.SortFunc(said, byTime)
	out := append([]dispute.Item{contactItem(*person)}, said...)
	for i := range out {
		out[i].Source = a.connection
	}
	return out, err
}

func byTime(a, b dispute.Item) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}
