// Package quickbooks posts journal entries to QuickBooks Online.
package quickbooks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

const name = "quickbooks"

// minorVersion is the oldest minor version that Intuit still serves since
// August 2025.
const minorVersion = "75"

// Vendor makes QuickBooks Online connections.
var Vendor = integrations.Vendor{
	Adapter: (*adapter)(nil),
	Name:    name,
	About:   "journal entries in QuickBooks Online",
	Settings: func() integrations.Settings {
		return &Settings{
			BaseURL:  "https://quickbooks.api.intuit.com",
			TokenURL: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
		}
	},
}

// Settings are what a QuickBooks connection needs.
type Settings struct {
	BaseURL      string `yaml:"base_url"`  // default https://quickbooks.api.intuit.com
	TokenURL     string `yaml:"token_url"` // default Intuit's
	RealmID      string `yaml:"realm_id"`  // the company's id
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	RefreshToken string `yaml:"refresh_token"`
	// TokenFile keeps the newest refresh token across restarts. Intuit replaces
	// the token about daily and refuses the old one a day later, so without a
	// file a restart after that needs a new refresh_token.
	TokenFile string `yaml:"token_file"`
	// Accounts maps our chart of accounts to the company's account ids. A key
	// with a provider's connection ("psp_clearing/stripe-eu") goes before the
	// plain one.
	Accounts     map[ledger.Account]string `yaml:"accounts"`
	HomeCurrency string                    `yaml:"home_currency"` // ISO 4217
}

func (s *Settings) missing() string {
	for _, f := range []struct{ name, value string }{
		{"base_url", s.BaseURL},
		{"token_url", s.TokenURL},
		{"realm_id", s.RealmID},
		{"client_id", s.ClientID},
		{"client_secret", s.ClientSecret},
		{"refresh_token", s.RefreshToken},
	} {
		if f.value == "" {
			return f.name + " is missing"
		}
	}
	if len(s.HomeCurrency) != 3 {
		return "home_currency is missing: the company's own currency, as in USD"
	}
	if len(s.Accounts) == 0 {
		return "accounts is missing: it maps ledger accounts to account ids, as in psp_clearing: \"35\""
	}
	return ""
}

// adapter is one company. It implements Accounting and Checker.
type adapter struct {
	client   *vendorhttp.Client
	tokens   *tokens
	company  string // path of the company
	realm    string
	accounts map[ledger.Account]string
	home     string
}

var (
	_ integrations.Accounting = (*adapter)(nil)
	_ integrations.Checker    = (*adapter)(nil)
)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	if m := s.missing(); m != "" {
		return nil, errors.New("quickbooks: " + m)
	}
	t := &tokens{
		conf: oauth2.Config{
			ClientID: s.ClientID, ClientSecret: s.ClientSecret,
			Endpoint: oauth2.Endpoint{TokenURL: s.TokenURL, AuthStyle: oauth2.AuthStyleInHeader},
		},
		http: d.HTTP, log: d.Log, connection: connection,
		configured: s.RefreshToken, file: s.TokenFile, turn: make(chan struct{}, 1),
	}
	return &adapter{
		client: &vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: t.authorise},
		tokens: t, company: "/v3/company/" + url.PathEscape(s.RealmID), realm: s.RealmID,
		accounts: s.Accounts, home: strings.ToUpper(s.HomeCurrency),
	}, nil
}

// Vendor is "quickbooks".
func (a *adapter) Vendor() string { return name }

// Check reads the company's own record.
func (a *adapter) Check(ctx context.Context) error {
	return a.do(ctx, vendorhttp.Request{
		Op: "read company " + a.realm, Method: http.MethodGet,
		Path:  a.company + "/companyinfo/" + url.PathEscape(a.realm),
		Query: url.Values{"minorversion": {minorVersion}},
	}, nil)
}

// PostEntry writes a balanced entry and returns the journal entry's id. The key
// becomes the request id, under which QuickBooks answers a repetition with the
// first answer instead of writing again (Intuit, "Request ID"). In a currency
// other than the company's own, QuickBooks applies its own rate of the day.
func (a *adapter) PostEntry(ctx context.Context, key string, e ledger.Entry) (string, error) {
	op := "post entry " + e.Key
	body, err := a.journal(e)
	if err != nil {
		return "", &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	var answer struct {
		JournalEntry struct {
			ID string `json:"Id"`
		}
	}
	err = a.do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: a.company + "/journalentry", Write: true,
		Query: url.Values{"requestid": {requestID(key)}, "minorversion": {minorVersion}},
		JSON:  body,
	}, &answer)
	if err != nil {
		return "", err
	}
	if answer.JournalEntry.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no journal entry")
	}
	return answer.JournalEntry.ID, nil
}

func (a *adapter) do(ctx context.Context, r vendorhttp.Request, out any) error {
	answer, err := a.client.Do(ctx, r, out)
	err = refine(name+": "+r.Op, r.Write, answer, err)
	if dispute.KindOf(err) == dispute.Auth {
		a.tokens.forget(ctx)
	}
	return err
}
