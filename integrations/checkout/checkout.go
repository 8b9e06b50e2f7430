// Package checkout connects one Checkout.com account: it reads the account's
// dispute webhooks, disputes and payments, stages and submits evidence, and
// gives a dispute up.
//
// It was written from Checkout.com's API reference of July 2023 and its pages of
// webhook examples. Nothing here was tried against a live account.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "checkout"

const (
	defaultBaseURL   = "https://api.checkout.com"
	liveHost         = "api.checkout.com"
	sandboxHost      = "api.sandbox.checkout.com"
	liveTokens       = "https://access.checkout.com/connect/token"
	sandboxTokens    = "https://access.sandbox.checkout.com/connect/token"
	liveDashboard    = "https://dashboard.checkout.com"
	sandboxDashboard = "https://dashboard.sandbox.checkout.com"
)

// Vendor describes connections to Checkout.com.
var Vendor = integrations.Vendor{
	Traits:   integrations.Traits{Staged: true, Signed: "the whole body"},
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "card disputes and payments of a Checkout.com account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: defaultBaseURL} },
}

// Settings are those of one Checkout.com account: a secret key, or a pair of
// OAuth access keys, and what its webhooks are signed with.
type Settings struct {
	// SecretKey authorises every call, as a bearer token: sk_… or sk_sbox_….
	SecretKey string `yaml:"secret_key"`
	// AccessKeyID and AccessKeySecret are exchanged for access tokens where there
	// is no secret key. The scopes are disputes and gateway:payment-details.
	AccessKeyID     string `yaml:"access_key_id"`
	AccessKeySecret string `yaml:"access_key_secret"`
	// SignatureKeys are the live keys of the workflow's webhook action: two while
	// one is being replaced by the other.
	SignatureKeys []string `yaml:"signature_keys"`
	// AuthorizationKeys are values that the webhook action may send as its
	// Authorization header. When there are any, a webhook must carry one of them.
	AuthorizationKeys []string `yaml:"authorization_keys"`
	// BaseURL replaces https://api.checkout.com: the account's own address with
	// its prefix, the sandbox, a proxy or a stand-in.
	BaseURL string `yaml:"base_url"`
	// TokenURL gives access tokens. Empty means Checkout.com's own for the base
	// URL, or /connect/token under a base URL that is not Checkout.com's.
	TokenURL string `yaml:"token_url"`
	// DashboardURL is where links to disputes lead. Empty means Checkout.com's own
	// for the base URL.
	DashboardURL string `yaml:"dashboard_url"`
	// AmexOptBlue says that American Express is taken by the OptBlue programme,
	// which takes one megabyte of evidence instead of 25.
	AmexOptBlue bool `yaml:"amex_optblue"`
}

// adapter is one Checkout.com account.
type adapter struct {
	connection string
	now        func() time.Time
	http       vendorhttp.Client
	keys       []string
	passwords  []string
	dashboard  string
	optBlue    bool
}

// What a Checkout.com account can do.
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
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("checkout: %w", err)
	}
	client := vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: vendorhttp.Header("Authorization", "Bearer "+s.SecretKey)}
	if s.SecretKey == "" {
		t := newTokens(d.HTTP, *s)
		client.Auth, client.Refused = t.Authorize, t.Forget
	}
	dashboard := liveDashboard
	if s.sandbox() {
		dashboard = sandboxDashboard
	}
	if s.DashboardURL != "" {
		dashboard = strings.TrimRight(s.DashboardURL, "/")
	}
	return &adapter{
		connection: connection, now: d.Now,
		http: client,
		keys: s.SignatureKeys, passwords: s.AuthorizationKeys,
		dashboard: dashboard, optBlue: s.AmexOptBlue,
	}, nil
}

func (s *Settings) check() error {
	problems := []error{s.checkCredentials(), vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL)}
	if len(s.SignatureKeys) == 0 || slices.Contains(s.SignatureKeys, "") {
		problems = append(problems, errors.New("signature_keys is missing or holds an empty one: the signature key of the workflow's webhook action"))
	}
	if slices.Contains(s.AuthorizationKeys, "") {
		problems = append(problems, errors.New("authorization_keys holds an empty one: leave the setting out where the webhook action sends none"))
	}
	if s.TokenURL != "" {
		problems = append(problems, vendorhttp.CheckURL("token_url", s.TokenURL, liveTokens))
	}
	if s.DashboardURL != "" {
		problems = append(problems, vendorhttp.CheckURL("dashboard_url", s.DashboardURL, liveDashboard))
	}
	return errors.Join(problems...)
}

func (s *Settings) checkCredentials() error {
	pair := s.AccessKeyID != "" || s.AccessKeySecret != ""
	switch {
	case s.SecretKey == "" && !pair:
		return errors.New("secret_key is missing: Dashboard, Settings, API keys; or set access_key_id and access_key_secret")
	case s.SecretKey != "" && pair:
		return errors.New("secret_key and access_key_id are both set: keep one of them")
	case strings.HasPrefix(s.SecretKey, "pk_"):
		return errors.New("secret_key is a public key; want the one that begins with sk_")
	case pair && s.AccessKeyID == "":
		return errors.New("access_key_id is missing: Dashboard, Settings, Access keys")
	case pair && s.AccessKeySecret == "":
		return errors.New("access_key_secret is missing: it is shown once, when the access key is made")
	}
	return nil
}

// host is the base URL's.
func (s *Settings) host() string {
	u, err := url.Parse(s.BaseURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (s *Settings) sandbox() bool {
	return s.host() == sandboxHost || strings.HasSuffix(s.host(), "."+sandboxHost)
}

func (s *Settings) live() bool {
	return s.host() == liveHost || strings.HasSuffix(s.host(), "."+liveHost)
}

// tokenURL is where access tokens come from.
func (s *Settings) tokenURL() string {
	switch {
	case s.TokenURL != "":
		return s.TokenURL
	case s.sandbox():
		return sandboxTokens
	case s.live():
		return liveTokens
	}
	return strings.TrimRight(s.BaseURL, "/") + "/connect/token"
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// DisputeURL implements integrations.Linker. The path is assumed: no document at
// hand names the address of one dispute in the dashboard.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	return a.dashboard + "/disputes/" + url.PathEscape(ref.ID)
}

// Check implements integrations.Checker: it lists one dispute, the permission
// that everything else builds on.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one dispute", Method: http.MethodGet, Path: "/disputes", Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}
