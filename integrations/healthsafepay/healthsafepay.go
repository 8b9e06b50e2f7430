// Package healthsafepay connects one HealthSafePay merchant: it reads the
// merchant's dispute webhooks. The facts are from HealthSafePay's page "Dispute
// Webhooks" (docs.healthsafepay.com, version v1); none was tried live.
//
// HealthSafePay documents no call that lists, reads, answers or gives up a
// dispute, and no page that shows one, so the adapter has Intake and nothing
// else: a person answers with the ready packet. Its disputes are Stripe's
// (dp_…), so where the merchant's Stripe account is connected too, Delegate
// names the same dispute there.
package healthsafepay

import (
	"errors"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

const name = "healthsafepay"

// minSecret is how long a secret must be that stands in for a signature.
const minSecret = 16

// Settings are those of one HealthSafePay merchant.
type Settings struct {
	// WebhookSecrets are the secrets that a webhook may bring along, two while
	// one is being replaced by the other: HealthSafePay signs nothing, so the
	// webhook's address holds the secret.
	WebhookSecrets []string `yaml:"webhook_secrets"`
	// SecretHeader is the header that holds the secret, where it does not come
	// as the password of the address.
	SecretHeader string `yaml:"secret_header"`
	// Stripe is the connection of the Stripe account behind the merchant, where
	// there is one: disputes are answered there.
	Stripe string `yaml:"stripe"`
}

// Vendor describes connections to HealthSafePay.
var Vendor = integrations.Vendor{
	Traits:   integrations.Traits{Signed: "nothing; a shared secret travels with it"},
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "dispute webhooks of a HealthSafePay merchant",
	Settings: func() integrations.Settings { return &Settings{SecretHeader: "X-Webhook-Secret"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	if err := s.check(connection); err != nil {
		return nil, fmt.Errorf("healthsafepay: %w", err)
	}
	return &adapter{secrets: s.WebhookSecrets, header: s.SecretHeader, stripe: s.Stripe, now: d.Now}, nil
}

func (s *Settings) check(connection string) error {
	var problems []error
	if len(s.WebhookSecrets) == 0 {
		problems = append(problems, errors.New("webhook_secrets is missing: make one up and put it into the webhook's address, https://rebuttal:<secret>@<you>/webhooks/"+connection))
	}
	for _, secret := range s.WebhookSecrets {
		if len(secret) < minSecret {
			problems = append(problems, fmt.Errorf("webhook_secrets holds one of %d characters, want at least %d: it stands in for a signature", len(secret), minSecret))
		}
	}
	if s.SecretHeader == "" {
		problems = append(problems, errors.New("secret_header is empty: it is X-Webhook-Secret unless the gateway before us sets another"))
	}
	if s.Stripe == connection {
		problems = append(problems, errors.New("stripe names this connection: it is the name of the Stripe account's"))
	}
	return errors.Join(problems...)
}

// adapter is one HealthSafePay merchant.
type adapter struct {
	secrets []string
	header  string
	stripe  string
	now     func() time.Time
}

// What a HealthSafePay merchant can do.
var _ integrations.Intake = (*adapter)(nil)

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Delegate names the same dispute in the Stripe account behind the merchant; ok
// is false where none is connected.
func (a *adapter) Delegate(ref dispute.Ref) (to dispute.Ref, ok bool) {
	return dispute.Ref{Connection: a.stripe, ID: ref.ID}, a.stripe != ""
}
