// Package clearhaus connects one Clearhaus merchant account: it lists and reads
// the account's disputes, shows what the bank and Clearhaus say about them,
// sends one PDF as evidence and gives a dispute up. Clearhaus posts no webhooks:
// it learns of chargebacks every evening, so disputes are found by Poll.
//
// The API is HAL, and its rule is kept: links are followed from the root by
// their relation, and no address is built
// (developer.clearhaus.com/merchant-api/start). Nothing here was tried against a
// live account.
package clearhaus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "clearhaus"

const (
	defaultBaseURL      = "https://merchant.clearhaus.com"
	defaultDashboardURL = "https://my.clearhaus.com"
)

// Vendor describes connections of vendor "clearhaus".
var Vendor = integrations.Vendor{
	Traits:  integrations.Traits{Staged: true, Idempotent: true, Signed: "no webhooks: it is polled"},
	Adapter: (*adapter)(nil),
	Name:    name,
	About:   "card disputes of a Clearhaus merchant account",
	Settings: func() integrations.Settings {
		return &Settings{BaseURL: defaultBaseURL, DashboardURL: defaultDashboardURL}
	},
}

// Settings are those of one Clearhaus merchant account.
type Settings struct {
	// BaseURL is the root of the Merchant API: https://merchant.clearhaus.com, or
	// https://merchant.test.clearhaus.com for test accounts.
	BaseURL string `yaml:"base_url"`
	// TokenURL gives access tokens. Empty means /oauth/token below BaseURL.
	TokenURL string `yaml:"token_url"`
	// Audience is whom a token is for. Empty means BaseURL, as Clearhaus has it.
	Audience string `yaml:"audience"`
	// ClientID and ClientSecret are those of an OAuth client with the grant
	// client_credentials, made in the dashboard.
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	// DashboardURL is where people log in.
	DashboardURL string `yaml:"dashboard_url"`
}

// adapter is one Clearhaus merchant account.
type adapter struct {
	connection string
	now        func() time.Time
	root       *url.URL
	dashboard  string
	api        vendorhttp.Client // carries the token; only to the host of root
	storage    vendorhttp.Client // carries none: a pre-signed link is its own permission
	tokens     *vendorhttp.ClientCredentials
	known      known
}

// What a Clearhaus account can do.
var _ interface {
	integrations.Poller
	integrations.Reader
	integrations.PaymentReader
	integrations.EvidenceSource
	integrations.Responder
	integrations.Accepter
	integrations.Linker
	integrations.Checker
} = (*adapter)(nil)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	root, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("clearhaus: %w", err)
	}
	t := vendorhttp.NewClientCredentials(name, d.HTTP, clientcredentials.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, AuthStyle: oauth2.AuthStyleInHeader,
		TokenURL:       cmp.Or(s.TokenURL, root.JoinPath("oauth/token").String()),
		EndpointParams: url.Values{"audience": {cmp.Or(s.Audience, strings.TrimRight(s.BaseURL, "/"))}},
	})
	return &adapter{
		connection: connection,
		now:        d.Now,
		root:       root,
		dashboard:  s.DashboardURL,
		api:        vendorhttp.Client{Vendor: name, HTTP: d.HTTP, Auth: t.Authorize, Refused: t.Forget},
		storage:    vendorhttp.Client{Vendor: name, HTTP: d.HTTP},
		tokens:     t,
	}, nil
}

// check validates the settings and returns the API's root.
func (s *Settings) check() (*url.URL, error) {
	problems := []error{
		vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL),
		vendorhttp.CheckURL("dashboard_url", s.DashboardURL, defaultDashboardURL),
	}
	if s.TokenURL != "" {
		problems = append(problems, vendorhttp.CheckURL("token_url", s.TokenURL, defaultBaseURL+"/oauth/token"))
	}
	if s.ClientID == "" {
		problems = append(problems, errors.New("client_id is missing: the dashboard shows it under OAuth Clients"))
	}
	if s.ClientSecret == "" {
		problems = append(problems, errors.New("client_secret is missing: the dashboard gives it once, when the OAuth client is made"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return url.Parse(s.BaseURL)
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// DisputeURL implements integrations.Linker. Clearhaus documents the dashboard's
// tab Disputes and not the address of one, so that the last part is assumed.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	u, err := url.JoinPath(a.dashboard, "disputes", url.PathEscape(ref.ID))
	if err != nil {
		return a.dashboard
	}
	return u
}

// Check implements integrations.Checker: it finds the list of disputes from the
// API's root and reads one of it, which needs the client and its permission.
func (a *adapter) Check(ctx context.Context) error {
	list, err := a.disputes(ctx)
	if err != nil {
		return err
	}
	_, err = a.get(ctx, "list one dispute", list, url.Values{"per_page": {"1"}}, &page{})
	return err
}
