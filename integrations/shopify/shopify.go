// Package shopify reads what a Shopify store knows about a disputed sale: the
// order, who placed it, what was sent, what arrived and what was given back.
// It only reads, through the Admin GraphQL API.
package shopify

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "shopify"

// Settings are those of one store.
type Settings struct {
	// Shop is the store's own domain: "acme.myshopify.com".
	Shop string `yaml:"shop"`
	// AccessToken is an Admin API token with the scopes read_orders and
	// read_customers; read_all_orders for orders older than 60 days.
	AccessToken string `yaml:"access_token"`
	// APIVersion is the version of the Admin API: "2026-07".
	APIVersion string `yaml:"api_version"`
	// BaseURL replaces https://{shop}: a proxy or the simulator.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Shopify stores. They are sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "Orders, fulfillments, refunds and customers of a Shopify store",
	Settings: func() integrations.Settings { return &Settings{APIVersion: "2026-07"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return newAdapter(d, connection, *s)
}

var (
	domain  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*\.[a-zA-Z]{2,}$`)
	version = regexp.MustCompile(`^(\d{4}-\d{2}|unstable)$`)
)

func (s Settings) validate() error {
	switch {
	case !domain.MatchString(s.Shop):
		return errors.New(`shop: want the store's domain, as in "acme.myshopify.com"`)
	case s.AccessToken == "":
		return errors.New("access_token: missing; it is the Admin API access token of a custom app")
	case !version.MatchString(s.APIVersion):
		return errors.New(`api_version: want a version of the Admin API, as in "2026-07"`)
	}
	return nil
}

// adapter is one store.
type adapter struct {
	connection string
	path       string
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
	base := s.BaseURL
	if base == "" {
		base = "https://" + s.Shop
	}
	return &adapter{
		connection: connection,
		path:       "/admin/api/" + s.APIVersion + "/graphql.json",
		http: vendorhttp.Client{
			Vendor: name, BaseURL: base, HTTP: d.HTTP,
			Auth: vendorhttp.Header("X-Shopify-Access-Token", s.AccessToken),
		},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it reads the id of one order, which
// needs the token and its most important scope.
func (a *adapter) Check(ctx context.Context) error {
	return a.query(ctx, "check", checkQuery, nil, nil)
}

// Applies implements integrations.EvidenceSource: the payment names the store's
// order, by id or by name.
func (a *adapter) Applies(c dispute.Case) bool {
	if c.Payment == nil {
		return false
	}
	_, ok := orderID(c.Payment.OrderID)
	return ok || c.Payment.OrderName != ""
}

// Gather implements integrations.EvidenceSource. An order that the store does
// not have gives an empty list. Where the token may not see everything, the
// items it may see come with an error of kind Auth.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	o, err := a.find(ctx, *c.Payment)
	if o == nil {
		return nil, err
	}
	found, unreadable := items(a.connection, *o)
	if err == nil && unreadable != nil {
		err = &dispute.Error{Kind: dispute.Invalid, Op: "shopify: read order " + o.ID, Err: unreadable}
	}
	return found, err
}

// find reads the payment's order, by its id where that is known and otherwise
// by its name; nil when the store has no such order.
func (a *adapter) find(ctx context.Context, p dispute.Payment) (*order, error) {
	if id, ok := orderID(p.OrderID); ok {
		o, err := a.order(ctx, id)
		if o != nil || err != nil {
			return o, err
		}
	}
	if p.OrderName == "" {
		return nil, nil
	}
	id, err := a.orderNamed(ctx, p.OrderName)
	if id == "" || err != nil {
		return nil, err
	}
	return a.order(ctx, id)
}

const orderPrefix = "gid://shopify/Order/"

var digits = regexp.MustCompile(`^[0-9]{1,20}$`)

// orderID is an order's global id, from itself or from the number in it.
func orderID(s string) (gid string, ok bool) {
	number := strings.TrimPrefix(s, orderPrefix)
	return orderPrefix + number, digits.MatchString(number)
}
