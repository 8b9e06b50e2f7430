// Package aftership reads what AfterShip knows about the parcels of a disputed
// sale: the carrier's checkpoints, the arrival, and the proof of delivery. It
// only reads.
package aftership

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	name = "aftership"
	// home is where AfterShip answers.
	home = "https://api.aftership.com"
	// trackings is the path of what is read, which begins with the version.
	trackings = "/tracking/2026-07/trackings"
)

// Settings are those of one AfterShip organization.
type Settings struct {
	// APIKey reads trackings.
	APIKey string `yaml:"api_key"`
	// FileHosts are hosts beside AfterShip's own from which proofs of delivery
	// are fetched, without credentials: AfterShip publishes no list of them.
	FileHosts []string `yaml:"file_hosts"`
	// BaseURL replaces https://api.aftership.com: a proxy or the simulator.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to AfterShip. They are sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "Carriers' checkpoints, deliveries and proofs of delivery of the parcels that AfterShip tracks",
	Settings: func() integrations.Settings { return &Settings{BaseURL: home} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	if s.APIKey == "" {
		return nil, errors.New("api_key is missing: it is made in the organization's settings, under API keys")
	}
	if err := vendorhttp.CheckURL("base_url", s.BaseURL, home); err != nil {
		return nil, err
	}
	for _, host := range s.FileHosts {
		if host == "" || strings.ContainsAny(host, "/:@*") {
			return nil, errors.New("file_hosts: want names of hosts, as proofs.example.com")
		}
	}
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		return nil, err
	}
	return &adapter{
		connection: connection,
		http:       vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: vendorhttp.Header("as-api-key", s.APIKey)},
		files:      newFiles(base, s.FileHosts, d.HTTP),
	}, nil
}

// adapter is one AfterShip organization.
type adapter struct {
	connection string
	http       vendorhttp.Client
	files      *files
}

var (
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one tracking, which needs the
// key and nothing else.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one tracking", Method: http.MethodGet, Path: trackings, Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}

// Applies implements integrations.EvidenceSource: the payment names a tracking
// number or the store's order.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && len(searches(*c.Payment)) > 0
}

// Gather implements integrations.EvidenceSource. A sale that AfterShip does not
// know gives nothing, and so does a parcel that never left. Proofs of delivery
// that cannot be had are left out, with the error.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	found, err := a.find(ctx, *c.Payment)
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	var proofs []proof
	for _, t := range found {
		items := t.items(a.connection)
		out = append(out, items...)
		if len(items) > 0 {
			proofs = append(proofs, t.proofs(a.connection)...)
		}
	}
	documents, err := a.files.fetch(ctx, proofs)
	return append(out, documents...), err
}
