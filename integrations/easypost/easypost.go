// Package easypost reads what EasyPost's trackers know about the parcels of a
// disputed sale: the carrier's scans, the arrival, who signed. It only reads.
package easypost

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	name = "easypost"
	// home is where EasyPost answers.
	home = "https://api.easypost.com"
	// trackers is the path of what is read.
	trackers = "/v2/trackers"
)

// Settings are those of one EasyPost account.
type Settings struct {
	// APIKey is the account's production key; a test key knows EasyPost's test
	// parcels only.
	APIKey string `yaml:"api_key"`
	// BaseURL replaces https://api.easypost.com: a proxy or the simulator.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to EasyPost. They are sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "Carriers' scans, deliveries and signatures of the parcels that EasyPost tracks",
	Settings: func() integrations.Settings { return &Settings{BaseURL: home} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	if s.APIKey == "" {
		return nil, errors.New("api_key is missing: it is made in the account's settings, under API keys")
	}
	if err := vendorhttp.CheckURL("base_url", s.BaseURL, home); err != nil {
		return nil, err
	}
	return &adapter{connection: connection, http: vendorhttp.Client{
		Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
		Auth: func(r *http.Request) error {
			r.SetBasicAuth(s.APIKey, "")
			return nil
		},
	}}, nil
}

// adapter is one EasyPost account.
type adapter struct {
	connection string
	http       vendorhttp.Client
}

var (
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one tracker, which needs the
// key and nothing else.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one tracker", Method: http.MethodGet, Path: trackers, Query: url.Values{"page_size": {"1"}},
	}, nil)
	return err
}

// Applies implements integrations.EvidenceSource: the payment's metadata names a
// tracking number. EasyPost knows a tracker by nothing else that a payment has.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && len(codes(*c.Payment)) > 0
}

// Gather implements integrations.EvidenceSource. A number that EasyPost does not
// track gives nothing, and so does a parcel that never left.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	var out []dispute.Item
	for _, code := range codes(*c.Payment) {
		found, err := a.find(ctx, code, c.Payment.At)
		for _, t := range found {
			out = append(out, t.items(a.connection)...)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// codeKeys are the metadata keys under which shops and their plug-ins keep
// tracking numbers; several numbers are separated by commas or blanks.
var codeKeys = []string{"tracking_code", "tracking_number", "tracking_codes", "tracking_numbers"}

// maxCodes is how many parcels of a sale are looked for.
const maxCodes = 10

// codes are the tracking numbers that the payment's metadata has.
func codes(p dispute.Payment) []string {
	var out []string
	for _, key := range codeKeys {
		for _, code := range strings.FieldsFunc(p.Metadata[key], func(r rune) bool { return strings.ContainsRune(",; \t\n", r) }) {
			if !slices.Contains(out, code) {
				out = append(out, code)
			}
		}
	}
	return out[:min(len(out), maxCodes)]
}

const (
	pageSize = "100" // the most that EasyPost gives
	maxPages = 4

	// A carrier gives a number out again after months. A tracker that was made
	// outside this time around the payment is another parcel's.
	before = 30 * 24 * time.Hour
	after  = 180 * 24 * time.Hour
)

// find lists the trackers of a number. Without a time of the payment EasyPost
// looks at its last month only. Source: docs.easypost.com, trackers and
// pagination.
func (a *adapter) find(ctx context.Context, code string, paidAt time.Time) ([]tracker, error) {
	query := url.Values{"tracking_code": {code}, "page_size": {pageSize}}
	if !paidAt.IsZero() {
		query.Set("start_datetime", paidAt.Add(-before).UTC().Format(time.RFC3339))
		query.Set("end_datetime", paidAt.Add(after).UTC().Format(time.RFC3339))
	}
	var out []tracker
	for range maxPages {
		var page struct {
			Trackers []tracker `json:"trackers"`
			HasMore  bool      `json:"has_more"`
		}
		_, err := a.http.Do(ctx, vendorhttp.Request{Op: "find trackers by code", Method: http.MethodGet, Path: trackers, Query: query}, &page)
		if err != nil {
			return out, err
		}
		for _, t := range page.Trackers {
			// Evidence of another sale is worse than none.
			if t.ID != "" && strings.EqualFold(t.Code, code) && !t.IsReturn && !slices.ContainsFunc(out, t.same) {
				out = append(out, t)
			}
		}
		if !page.HasMore || len(page.Trackers) == 0 {
			break
		}
		query.Set("before_id", page.Trackers[len(page.Trackers)-1].ID)
	}
	return out, nil
}
