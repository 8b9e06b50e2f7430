// Package braintree connects one Braintree account: it reads the account's
// dispute webhooks and disputes, sends evidence and gives a dispute up.
//
// Webhooks come as Braintree's classic XML; everything else speaks its GraphQL
// API. A dispute is named by its legacy id, the one that the Control Panel and
// the webhooks show.
package braintree

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	name           = "braintree"
	defaultBaseURL = "https://payments.braintree-api.com"
	// defaultAPIVersion is the date of Braintree's own example for evidence files
	// (developer.paypal.com/braintree/graphql/integration_guides/uploading_files).
	defaultAPIVersion = "2021-06-01"
)

// Settings are those of one Braintree account.
type Settings struct {
	// MerchantID is the account's id; links to the Control Panel are made of it.
	MerchantID string `yaml:"merchant_id"`
	// PublicKey and PrivateKey authorise every call and sign the webhooks.
	PublicKey  string `yaml:"public_key"`
	PrivateKey string `yaml:"private_key"`
	// WebhookKeys are further live API keys whose signatures are good, while one
	// key is being replaced by another.
	WebhookKeys []KeyPair `yaml:"webhook_keys"`
	// BaseURL is Braintree's GraphQL host; its sandbox is
	// https://payments.sandbox.braintree-api.com.
	BaseURL string `yaml:"base_url"`
	// APIVersion is the Braintree-Version of every call, a date.
	APIVersion string `yaml:"api_version"`
}

// KeyPair is one API key of an account.
type KeyPair struct {
	PublicKey  string `yaml:"public_key"`
	PrivateKey string `yaml:"private_key"`
}

// Vendor describes connections to Braintree.
var Vendor = integrations.Vendor{
	Traits:  integrations.Traits{Staged: true, Signed: "the whole body"},
	Adapter: (*adapter)(nil),
	Name:    name,
	About:   "card and wallet disputes and payments of a Braintree account",
	Settings: func() integrations.Settings {
		return &Settings{BaseURL: defaultBaseURL, APIVersion: defaultAPIVersion}
	},
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	basic := base64.StdEncoding.EncodeToString([]byte(s.PublicKey + ":" + s.PrivateKey))
	return &adapter{
		connection: connection,
		http:       vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: vendorhttp.Header("Authorization", "Basic "+basic)},
		version:    s.APIVersion,
		keys:       append([]KeyPair{{s.PublicKey, s.PrivateKey}}, s.WebhookKeys...),
		panel:      controlPanel(s.BaseURL) + "/merchants/" + url.PathEscape(s.MerchantID),
		now:        d.Now,
	}, nil
}

func (s *Settings) check() error {
	var problems []error
	const where = "the Control Panel shows it under Settings, API"
	for key, value := range map[string]string{"merchant_id": s.MerchantID, "public_key": s.PublicKey, "private_key": s.PrivateKey} {
		if value == "" {
			problems = append(problems, fmt.Errorf("%s is missing: %s", key, where))
		}
	}
	for _, k := range s.WebhookKeys {
		if k.PublicKey == "" || k.PrivateKey == "" {
			problems = append(problems, errors.New("webhook_keys holds an entry without public_key or private_key: "+where))
		}
	}
	problems = append(problems, vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL))
	if _, err := time.Parse(time.DateOnly, s.APIVersion); err != nil {
		problems = append(problems, errors.New("api_version is no date such as "+defaultAPIVersion))
	}
	return errors.Join(problems...)
}

// controlPanel is the host of the Control Panel that belongs to an API's. Its
// paths are assumed.
func controlPanel(baseURL string) string {
	if strings.Contains(baseURL, ".sandbox.") {
		return "https://sandbox.braintreegateway.com"
	}
	return "https://www.braintreegateway.com"
}

// adapter is one Braintree account.
type adapter struct {
	connection string
	http       vendorhttp.Client
	version    string
	keys       []KeyPair // the first is that of the API
	panel      string
	now        func() time.Time
}

// The capabilities of a Braintree account.
var _ interface {
	integrations.Intake
	integrations.Challenger
	integrations.Poller
	integrations.Reader
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.Linker
	integrations.Checker
} = (*adapter)(nil)

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// DisputeURL implements integrations.Linker: the dispute in the Control Panel.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	return a.panel + "/disputes/" + url.PathEscape(ref.ID)
}

// Check implements integrations.Checker. It searches for one dispute, which
// needs the permission that everything else builds on, and holds our form of
// the global ids against Braintree's.
func (a *adapter) Check(ctx context.Context) error {
	const op = "search one dispute"
	var data struct {
		searched
		ID string `json:"idFromLegacyId"`
	}
	const probe = "rebuttal"
	variables := map[string]any{"input": map[string]any{"status": map[string]any{"is": "OPEN"}}, "probe": probe}
	if _, err := a.call(ctx, vendorhttp.Request{Op: op, JSON: document{checkQuery, variables}}, &data); err != nil {
		return err
	}
	if data.ID != globalID("dispute", probe) {
		return dispute.Errorf(dispute.Invalid, name+": "+op, "a dispute's global id has another form than we know")
	}
	return nil
}
