// Package adyen connects one merchant account at Adyen: it reads the account's
// dispute webhooks, defends disputes with documents and accepts them. Adyen
// neither lists disputes nor shows one, so that all that is known of a dispute
// is what its webhooks told.
package adyen

import (
	"context"
	"encoding/hex"
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
	name = "adyen"
	// liveURL is the live address that Adyen's own Go library v4 names. It was
	// never tried: Adyen's contract shows the test one only.
	liveURL = "https://ca-live.adyen.com/ca/services/DisputeService/v30"
	testURL = "https://ca-test.adyen.com/ca/services/DisputeService/v30"

	customerArea = "https://ca-live.adyen.com"
)

// Settings are those of one merchant account.
type Settings struct {
	// APIKey is of an API credential with the role "API dispute management".
	APIKey string `yaml:"api_key"`
	// MerchantAccount is the account's code. What a webhook tells of another
	// account is kept and opens no case.
	MerchantAccount string `yaml:"merchant_account"`
	// HMACKeys are the live keys of the standard webhook, in hex: two while one
	// is being replaced by the other.
	HMACKeys []string `yaml:"hmac_keys"`
	// WebhookUser and WebhookPassword are the webhook's basic authentication,
	// where it has one. It guards what no signature covers: status, reason and
	// dates.
	WebhookUser     string `yaml:"webhook_user"`
	WebhookPassword string `yaml:"webhook_password"`
	// ReferenceIs says what the shop sends as its merchant reference: the order
	// as people name it (order_name) or the store's id of it (order_id).
	ReferenceIs string `yaml:"reference_is"`
	// BaseURL is the address of the Disputes API with its version.
	BaseURL string `yaml:"base_url"`
}

// What a merchant reference may be.
const (
	orderName = "order_name"
	orderID   = "order_id"
)

// Vendor describes connections of vendor "adyen".
var Vendor = integrations.Vendor{
	Traits:   integrations.Traits{Staged: true, Signed: "eight fields; not the deadline, the reason and the status"},
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "disputes of an Adyen merchant account",
	Settings: func() integrations.Settings { return &Settings{BaseURL: liveURL, ReferenceIs: orderName} },
}

type adapter struct {
	http      vendorhttp.Client
	account   string
	keys      [][]byte
	user      string
	password  string
	reference string
	area      string // the Customer Area's address
	now       func() time.Time
}

// The capabilities of a merchant account. There is no Poller and no Reader:
// the Disputes API v30 has neither.
var _ interface {
	integrations.Intake
	integrations.PaymentReader
	integrations.Responder
	integrations.Accepter
	integrations.Linker
	integrations.Checker
} = (*adapter)(nil)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	keys, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("adyen: %w", err)
	}
	return &adapter{
		http: vendorhttp.Client{
			Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: vendorhttp.Header("X-API-Key", s.APIKey),
		},
		account: s.MerchantAccount, keys: keys, user: s.WebhookUser, password: s.WebhookPassword,
		reference: s.ReferenceIs, area: areaOf(s.BaseURL), now: d.Now,
	}, nil
}

// check validates the settings and returns the keys of the webhook.
func (s *Settings) check() ([][]byte, error) {
	var problems []error
	if s.APIKey == "" {
		problems = append(problems, errors.New("api_key is missing: Customer Area, Developers, API credentials; it needs the role API dispute management"))
	}
	if s.MerchantAccount == "" {
		problems = append(problems, errors.New("merchant_account is missing: the account's code, at the top of the Customer Area"))
	}
	if (s.WebhookUser == "") != (s.WebhookPassword == "") {
		problems = append(problems, errors.New("webhook_user and webhook_password go together: the webhook's basic authentication"))
	}
	if s.ReferenceIs != orderName && s.ReferenceIs != orderID {
		problems = append(problems, errors.New("reference_is is neither "+orderName+" nor "+orderID))
	}
	problems = append(problems, vendorhttp.CheckURL("base_url", s.BaseURL, liveURL+" or, for a test account, "+testURL))
	keys, err := s.keys()
	return keys, errors.Join(append(problems, err)...)
}

func (s *Settings) keys() ([][]byte, error) {
	const where = "Customer Area, Developers, Webhooks, the standard webhook, Security, HMAC key"
	if len(s.HMACKeys) == 0 {
		return nil, errors.New("hmac_keys is missing: " + where)
	}
	var out [][]byte
	for i, text := range s.HMACKeys {
		key, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) == 0 {
			return nil, fmt.Errorf("hmac_keys[%d] is no key in hex: %s", i, where)
		}
		out = append(out, key)
	}
	return out, nil
}

// areaOf is the Customer Area that belongs to an API address: the same host at
// Adyen's, the live one for a stand-in or a proxy.
func areaOf(base string) string {
	if u, err := url.Parse(base); err == nil && strings.HasSuffix(u.Host, ".adyen.com") {
		return "https://" + u.Host
	}
	return customerArea
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// DisputeURL implements integrations.Linker: the transaction of that reference
// in the Customer Area. The page is known for payments; that it shows a dispute
// by the dispute's own reference is assumed.
func (a *adapter) DisputeURL(ref dispute.Ref) string {
	return a.area + "/ca/ca/accounts/showTx.shtml?pspReference=" + url.QueryEscape(ref.ID)
}

// nobody is a dispute that does not exist.
const nobody = "REBUTTALDOCTOR00"

// Check implements integrations.Checker. Adyen has no harmless read of its own,
// so it asks for the defence reasons of a dispute that does not exist: a good
// credential is answered "not found" in a body of HTTP 200 (the integration
// tests of Adyen's Go library).
func (a *adapter) Check(ctx context.Context) error {
	if _, err := a.reasons(ctx, nobody); !isRefusal(err) {
		return err
	}
	return nil
}

// Payment implements integrations.PaymentReader without a call: Adyen's API
// shows no payment, and its webhooks tell the reference under which the shop
// knows the sale. Amount and time stay unknown.
func (a *adapter) Payment(_ context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	p := dispute.Payment{ID: s.Payment}
	if a.reference == orderID {
		p.OrderID = s.PaymentIntent
	} else {
		p.OrderName = s.PaymentIntent
	}
	return p, nil
}
