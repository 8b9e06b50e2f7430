// Package acmepay connects one Acmepay account: it reads the account's dispute
// webhooks and disputes, sends evidence and gives a dispute up.
package acmepay

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "acmepay"

// Settings are those of one Acmepay account.
type Settings struct {
	// APIKey authorises every call, as a bearer token.
	APIKey string `yaml:"api_key"`
	// WebhookSecrets are the live signing secrets of the webhook endpoint: two
	// while one is being replaced by the other.
	WebhookSecrets []string `yaml:"webhook_secrets"`
	// BaseURL replaces https://api.acmepay.example: a sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Acmepay.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "card disputes and payments of an Acmepay account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.acmepay.example"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	return connect(d, *s)
}

func (s Settings) check() error {
	switch {
	case s.APIKey == "":
		return errors.New("api_key is missing: it is made in the dashboard under Developers")
	case len(s.WebhookSecrets) == 0 || slices.Contains(s.WebhookSecrets, ""):
		return errors.New("webhook_secrets is missing or holds an empty one: the webhook endpoint shows its secret")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" {
		return errors.New("base_url is no address such as https://api.acmepay.example")
	}
	return nil
}

// adapter is one Acmepay account.
type adapter struct {
	http    vendorhttp.Client
	secrets []string
	now     func() time.Time
}

// What an Acmepay account can do. Take out what Acmepay does not offer: the case
// then goes to a person with a ready packet.
var _ interface {
	integrations.Intake
	integrations.Reader
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, s Settings) (*adapter, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &adapter{
		http: vendorhttp.Client{
			Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
			Auth: vendorhttp.Header("Authorization", "Bearer "+s.APIKey),
		},
		secrets: s.WebhookSecrets,
		now:     d.Now,
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one dispute, which needs the
// key and nothing else.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one dispute", Method: http.MethodGet, Path: "/v1/disputes", Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}
