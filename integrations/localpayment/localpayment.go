// Package localpayment connects one Localpayment account: it reads the account's
// chargeback notifications and payments and sends documentation. The facts are
// from Localpayment's public documentation (docs.v3.localpayment.com); none was
// tried against a live account.
//
// Localpayment cannot be asked how a chargeback stands. Its documented status
// call, GET /api/transactions/{id}/status, is for pay-ins and payouts and shows
// a disputed pay-in as CHARGEBACK whether documentation has arrived or not, so
// it cannot settle a lost answer: there is no Reader. There is no call that
// lists chargebacks or gives one up, so there is no Poller and no Accepter.
package localpayment

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "localpayment"

// defaultBaseURL is the production host as third-party code has it; the
// documentation names only https://api.stage.localpayment.com. Unverified.
const defaultBaseURL = "https://api.v3.localpayment.com"

// Settings are those of one Localpayment account.
type Settings struct {
	// Username and Password are the API user's, as Localpayment gave them out.
	Username string `yaml:"username"`
	Password string `yaml:"password"`
	// WebhookSecrets are the live secret keys of the callbacks (X-Signature): two
	// while one is being replaced by the other.
	WebhookSecrets []string `yaml:"webhook_secrets"`
	// WebhookSecretsV2 are the live keys, in hex, of callbacks that are signed as
	// in version 2 of the API (signature).
	WebhookSecretsV2 []string `yaml:"webhook_secrets_v2"`
	// BaseURL replaces the production host: https://api.stage.localpayment.com,
	// a proxy or a stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Localpayment.
var Vendor = integrations.Vendor{
	Traits:   integrations.Traits{Signed: "the whole body"},
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "card chargebacks and payments of a Localpayment account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: defaultBaseURL} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	return connect(d, *s)
}

func (s Settings) check() ([]scheme, error) {
	var problems []error
	if s.Username == "" || s.Password == "" {
		problems = append(problems, errors.New("username or password is missing: Localpayment gives out the API user's"))
	}
	if len(s.WebhookSecrets)+len(s.WebhookSecretsV2) == 0 {
		problems = append(problems, errors.New("webhook_secrets is missing: the secret key that Localpayment shares for Settings, Edit Client, Notifications"))
	}
	if slices.Contains(s.WebhookSecrets, "") {
		problems = append(problems, errors.New("webhook_secrets holds an empty secret"))
	}
	v3, v2 := scheme{header: "X-Signature"}, scheme{header: "Signature"}
	for _, secret := range s.WebhookSecrets {
		v3.keys = append(v3.keys, []byte(secret))
	}
	for _, secret := range s.WebhookSecretsV2 {
		key, err := hex.DecodeString(secret)
		if err != nil || len(key) == 0 {
			problems = append(problems, errors.New("webhook_secrets_v2 holds a key that is not hex; keys of the X-Signature header belong into webhook_secrets"))
		}
		v2.keys = append(v2.keys, key)
	}
	problems = append(problems, vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL))
	return []scheme{v3, v2}, errors.Join(problems...)
}

// adapter is one Localpayment account.
type adapter struct {
	http    vendorhttp.Client
	tokens  *tokens
	schemes []scheme
	now     func() time.Time
}

// What a Localpayment account can do.
var _ interface {
	integrations.Intake
	integrations.PaymentReader
	integrations.Responder
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, s Settings) (*adapter, error) {
	schemes, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("localpayment: %w", err)
	}
	open := vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP}
	t := &tokens{http: open, username: s.Username, password: s.Password, now: d.Now, turn: make(chan struct{}, 1)}
	a := &adapter{http: open, tokens: t, schemes: schemes, now: d.Now}
	a.http.Auth, a.http.Refused = t.authorise, t.forget
	return a, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }
