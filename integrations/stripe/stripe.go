// Package stripe connects one Stripe account: it reads the account's dispute
// webhooks and disputes, gathers what Stripe knows about a disputed charge, and
// sends evidence or gives a dispute up. Where the rules report to it, attributes
// of payments lost to fraud go to lists of Radar.
package stripe

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// Vendor describes connections of vendor "stripe".
var Vendor = integrations.Vendor{
	Traits:  integrations.Traits{Idempotent: true, Signed: "the whole body"},
	Adapter: (*adapter)(nil),
	Name:    "stripe",
	About:   "card disputes and payments of a Stripe account",
	Settings: func() integrations.Settings {
		return &Settings{BaseURL: defaultBaseURL, APIVersion: defaultAPIVersion, Tolerance: webhook.DefaultTolerance}
	},
}

const (
	defaultBaseURL  = "https://api.stripe.com"
	defaultFilesURL = "https://files.stripe.com"
	dashboardURL    = "https://dashboard.stripe.com"
	// defaultAPIVersion is the first that shows and takes
	// intended_submission_method outside a preview
	// (docs.stripe.com/changelog/endive/2026-10-28).
	defaultAPIVersion = "2026-10-28.endive"
)

// Settings configure one Stripe account.
type Settings struct {
	BaseURL string `yaml:"base_url"`
	// FilesURL takes uploads. Empty means Stripe's own host, or BaseURL when that
	// is not Stripe's.
	FilesURL string `yaml:"files_url"`
	// APIVersion is the Stripe-Version of calls about disputes. Other calls use
	// the version that the SDK was made for.
	APIVersion string `yaml:"api_version"`
	// SecretKey is a secret or restricted API key.
	SecretKey string `yaml:"secret_key"`
	// WebhookSecret and WebhookSecrets are the signing secrets of the endpoint; a
	// signature by any of them is good, so that a secret can be rolled.
	WebhookSecret  string   `yaml:"webhook_secret"`
	WebhookSecrets []string `yaml:"webhook_secrets"`
	// Tolerance is how far the time in a signature may be from ours.
	Tolerance time.Duration `yaml:"tolerance"`
	// Metadata says where the shop writes down, at the time of a sale, what tells
	// its customers apart.
	Metadata Metadata `yaml:"metadata"`
	// Radar is where reports go.
	Radar Radar `yaml:"radar"`
}

// Metadata names keys of the metadata of charges and payment intents; an empty one
// stands for those that shops use most.
type Metadata struct {
	IP                string `yaml:"ip"`
	DeviceID          string `yaml:"device_id"`
	DeviceFingerprint string `yaml:"device_fingerprint"`
	AccountID         string `yaml:"account_id"` // of a login, not of a guest
	Product           string `yaml:"product"`    // what was sold, in words
	Sold              string `yaml:"sold"`       // merchandise or services
}

type adapter struct {
	connection string
	now        func() time.Time
	api        *api
	secrets    []string
	tolerance  time.Duration
	testMode   bool
	metadata   Metadata
	radar      Radar
}

// The capabilities of a Stripe account.
var _ interface {
	integrations.Intake
	integrations.Poller
	integrations.Reader
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.AutoAnswerer
	integrations.EvidenceSource
	integrations.Reporter
	integrations.Linker
	integrations.Checker
	integrations.PermissionChecker
	integrations.Connector
} = (*adapter)(nil)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	secrets, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("stripe: %w", err)
	}
	return &adapter{
		connection: connection,
		now:        d.Now,
		api:        newAPI(d.HTTP, s),
		secrets:    secrets,
		tolerance:  s.Tolerance,
		testMode:   strings.HasPrefix(s.SecretKey, "sk_test_") || strings.HasPrefix(s.SecretKey, "rk_test_"),
		metadata:   s.Metadata,
		radar:      s.Radar,
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return Vendor.Name }

// DisputeURL implements integrations.Linker: the dispute in Stripe's dashboard.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	if a.testMode {
		return dashboardURL + "/test/disputes/" + url.PathEscape(ref.ID)
	}
	return dashboardURL + "/disputes/" + url.PathEscape(ref.ID)
}

// check validates the settings and returns every webhook secret.
func (s *Settings) check() ([]string, error) {
	var problems []error
	problems = append(problems, vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL))
	if s.FilesURL != "" {
		problems = append(problems, vendorhttp.CheckURL("files_url", s.FilesURL, defaultFilesURL))
	}
	switch {
	case s.SecretKey == "":
		problems = append(problems, errors.New("secret_key is missing"))
	case strings.HasPrefix(s.SecretKey, "pk_"):
		problems = append(problems, errors.New("secret_key is a publishable key; want one that begins with sk_ or rk_"))
	}
	secrets := slices.Clone(s.WebhookSecrets)
	if s.WebhookSecret != "" {
		secrets = append(secrets, s.WebhookSecret)
	}
	switch {
	case len(secrets) == 0:
		problems = append(problems, errors.New("webhook_secret is missing: the endpoint's signing secret, whsec_…"))
	case slices.Contains(secrets, ""):
		problems = append(problems, errors.New("webhook_secrets holds an empty secret"))
	}
	if s.APIVersion == "" {
		problems = append(problems, errors.New("api_version is empty"))
	}
	if s.Tolerance <= 0 {
		problems = append(problems, fmt.Errorf("tolerance is %s, want more than zero", s.Tolerance))
	}
	return secrets, errors.Join(problems...)
}

func (s *Settings) filesURL() string {
	switch {
	case s.FilesURL != "":
		return s.FilesURL
	case s.BaseURL == defaultBaseURL:
		return defaultFilesURL
	default:
		return s.BaseURL
	}
}
