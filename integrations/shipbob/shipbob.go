// Package shipbob reads what the ShipBob warehouses know about a disputed sale:
// what was handed to which carrier, and when it arrived. It only reads.
package shipbob

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	name = "shipbob"
	// api is the version of the API, which is the first part of every path.
	api = "/2026-01"
)

// Settings are those of one ShipBob account.
type Settings struct {
	// AccessToken is a personal access token with the scope orders_read.
	AccessToken string `yaml:"access_token"`
	// ChannelID limits the search to one sales channel; empty looks in all.
	ChannelID string `yaml:"channel_id"`
	// BaseURL replaces https://api.shipbob.com: the sandbox, a proxy or the
	// simulator.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to ShipBob. They are sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "Shipments, tracking and deliveries of the ShipBob warehouses",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.shipbob.com"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return newAdapter(d, connection, *s)
}

var digits = regexp.MustCompile(`^[0-9]+$`)

func (s Settings) validate() error {
	switch {
	case s.AccessToken == "":
		return errors.New("access_token: missing; it is a personal access token of the account")
	case s.ChannelID != "" && !digits.MatchString(s.ChannelID):
		return errors.New("channel_id: want the channel's number")
	case s.BaseURL == "":
		return errors.New("base_url: missing")
	}
	return nil
}

// adapter is one ShipBob account.
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
			Auth: func(r *http.Request) error {
				r.Header.Set("Authorization", "Bearer "+s.AccessToken)
				if s.ChannelID != "" {
					r.Header.Set("shipbob_channel_id", s.ChannelID)
				}
				return nil
			},
		},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one order, which needs the
// token and its only scope.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "check", Method: http.MethodGet, Path: api + "/order",
		Query: url.Values{"Page": {"1"}, "Limit": {"1"}},
	}, nil)
	return err
}

// Applies implements integrations.EvidenceSource: the payment names the store's
// order, by id or by name.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && len(references(*c.Payment)) > 0
}

// Gather implements integrations.EvidenceSource. An order that ShipBob did not
// get gives an empty list. Shipments whose history cannot be read come without
// it, and with the error.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	orders, err := a.find(ctx, references(*c.Payment))
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	for _, s := range shipments(orders) {
		history := ""
		if err == nil {
			history, err = a.history(ctx, s)
		}
		out = append(out, items(a.connection, s, history)...)
	}
	return out, err
}

// references are the names under which the order may have been sent to
// ShipBob, the most telling first. A comma separates references in a search, so
// that a name with one cannot be looked for.
func references(p dispute.Payment) []string {
	id := p.OrderID
	if strings.HasPrefix(id, "gid://") {
		id = id[strings.LastIndex(id, "/")+1:]
	}
	var out []string
	for _, r := range []string{id, p.OrderName, strings.TrimPrefix(p.OrderName, "#")} {
		if r != "" && !strings.Contains(r, ",") && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
