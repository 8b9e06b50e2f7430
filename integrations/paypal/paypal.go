// Package paypal connects one PayPal business account: it reads the account's
// dispute webhooks and disputes, sends evidence, appeals and gives a claim up,
// each only where PayPal offers it at that moment.
//
// Source of paths, words and limits: PayPal's own contract customer_disputes_v1
// (v1.10) and its documentation. Nothing here was tried against a live account;
// docs/vendors/paypal.md lists what is assumed.
package paypal

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
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
	name           = "paypal"
	defaultBaseURL = "https://api-m.paypal.com"
	// defaultTolerance outlives PayPal's retries of a webhook, 25 times in three
	// days, because no document says that a retry is signed anew.
	defaultTolerance = 96 * time.Hour
)

// Settings are those of one PayPal account and its REST app.
type Settings struct {
	// ClientID and ClientSecret are the app's credentials. The app needs the
	// feature Disputes.
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	// WebhookIDs are the ids of the account's live webhooks that post to us: two
	// while one is being replaced by the other. A signature covers one of them.
	WebhookIDs []string `yaml:"webhook_ids"`
	// BaseURL replaces https://api-m.paypal.com: the sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
	// TokenURL gives access tokens. Empty means /v1/oauth2/token of BaseURL.
	TokenURL string `yaml:"token_url"`
	// CertRoots is the certificate authority of a stand-in, in PEM. With it the
	// certificates of webhooks come from below BaseURL; without it only
	// from PayPal's own hosts, and the machine's authorities vouch for them.
	CertRoots string `yaml:"cert_roots"`
	// Tolerance is how old a webhook's signature may be.
	Tolerance time.Duration `yaml:"tolerance"`
}

// Vendor describes connections of vendor "paypal".
var Vendor = integrations.Vendor{
	Traits:   integrations.Traits{Signed: "the whole body, by its CRC-32"},
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "inquiries, claims and chargebacks of a PayPal account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: defaultBaseURL, Tolerance: defaultTolerance} },
}

// adapter is one PayPal account.
type adapter struct {
	connection string
	now        func() time.Time
	log        *slog.Logger
	http       vendorhttp.Client
	// looks is the client of the read before a write. It is http, except in tests
	// that try the write alone.
	looks      vendorhttp.Client
	certs      *certificates
	webhookIDs []string
	tolerance  time.Duration
	sandbox    bool
}

// What a PayPal account can do.
var _ interface {
	integrations.Intake
	integrations.Poller
	integrations.Reader
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.Linker
	integrations.Checker
} = (*adapter)(nil)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return s.connect(d, connection)
}

func (s *Settings) connect(d integrations.Deps, connection string) (*adapter, error) {
	base, roots, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("paypal: %w", err)
	}
	a := &adapter{
		connection: connection, now: d.Now, webhookIDs: s.WebhookIDs, tolerance: s.Tolerance,
		log:     cmp.Or(d.Log, slog.New(slog.DiscardHandler)),
		sandbox: strings.Contains(base.Host, "sandbox"),
	}
	t := newTokens(d.HTTP, *s)
	a.http = vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: t.Authorize, Refused: t.Forget}
	a.looks = a.http
	a.certs = newCertificates(d.HTTP, base, roots, a.sandbox)
	return a, nil
}

// check validates the settings.
func (s *Settings) check() (base *url.URL, roots *x509.CertPool, err error) {
	switch {
	case s.ClientID == "":
		return nil, nil, errors.New("client_id is missing: developer.paypal.com, Apps & Credentials, the app")
	case s.ClientSecret == "":
		return nil, nil, errors.New("client_secret is missing: developer.paypal.com, Apps & Credentials, the app")
	case len(s.WebhookIDs) == 0 || slices.Contains(s.WebhookIDs, ""):
		return nil, nil, errors.New("webhook_ids is missing or holds an empty one: the app's page lists its webhooks with their ids")
	case s.Tolerance <= 0:
		return nil, nil, fmt.Errorf("tolerance is %s, want more than zero", s.Tolerance)
	}
	if err := vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL); err != nil {
		return nil, nil, err
	}
	if err := vendorhttp.CheckURL("token_url", cmp.Or(s.TokenURL, s.BaseURL), defaultBaseURL); err != nil {
		return nil, nil, err
	}
	if base, err = url.Parse(s.BaseURL); err != nil {
		return nil, nil, errors.New("base_url is no address") // it was parsed before
	}
	if s.CertRoots == "" {
		return base, nil, nil
	}
	roots = x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(s.CertRoots)) {
		return nil, nil, errors.New("cert_roots holds no certificate in PEM; leave it out for PayPal itself")
	}
	return base, roots, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// DisputeURL implements integrations.Linker: the case in PayPal's Resolution
// Centre. The address is assumed from what PayPal's e-mails link to.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	host := "www.paypal.com"
	if a.sandbox {
		host = "www.sandbox.paypal.com"
	}
	return "https://" + host + "/resolutioncenter/view/" + url.PathEscape(ref.ID)
}

// Check implements integrations.Checker: it lists one dispute, which needs the
// credentials and the app's feature Disputes.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.call(ctx, a.http, vendorhttp.Request{
		Op: "list one dispute", Method: http.MethodGet, Path: disputesPath, Query: url.Values{"page_size": {"1"}},
	}, nil)
	return err
}
