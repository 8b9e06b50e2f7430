// Package acmebooks posts journal entries to an Acmebooks company.
package acmebooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

const name = "acmebooks"

// Settings are those of one Acmebooks company.
type Settings struct {
	// APIKey authorises every call, as a bearer token. It writes journal entries.
	APIKey string `yaml:"api_key"`
	// Accounts maps our chart of accounts to the company's account ids.
	Accounts map[ledger.Account]string `yaml:"accounts"`
	// BaseURL replaces https://api.acmebooks.example: a sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Acmebooks.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "journal entries in an Acmebooks company",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.acmebooks.example"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	return connect(d, *s)
}

func (s Settings) check() error {
	switch {
	case s.APIKey == "":
		return errors.New("api_key is missing: it is made in the company's settings")
	case len(s.Accounts) == 0:
		return errors.New("accounts is missing: it maps ledger accounts to account ids, as in psp_clearing: \"35\"")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" {
		return errors.New("base_url is no address such as https://api.acmebooks.example")
	}
	return nil
}

// adapter is one Acmebooks company.
type adapter struct {
	http     vendorhttp.Client
	accounts map[ledger.Account]string
}

// What an Acmebooks company can do.
var _ interface {
	integrations.Accounting
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, s Settings) (*adapter, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &adapter{accounts: s.Accounts, http: vendorhttp.Client{
		Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
		Auth: vendorhttp.Header("Authorization", "Bearer "+s.APIKey),
	}}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it reads the company's own record.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: "read the company", Method: http.MethodGet, Path: "/v1/company"}, nil)
	return err
}

// journalEntry is what we write. Amounts are decimals, as text.
type journalEntry struct {
	ID       string `json:"id,omitempty"`
	Date     string `json:"date,omitempty"` // YYYY-MM-DD
	Currency string `json:"currency,omitempty"`
	Memo     string `json:"memo,omitempty"`
	Lines    []line `json:"lines,omitempty"`
}

type line struct {
	AccountID string `json:"account_id"`
	Debit     string `json:"debit,omitempty"`
	Credit    string `json:"credit,omitempty"`
}

// PostEntry implements integrations.Accounting. Acmebooks answers a key that it
// knows with the entry it made.
func (a *adapter) PostEntry(ctx context.Context, key string, e ledger.Entry) (string, error) {
	op := "post entry " + e.Key
	body, err := a.journal(e)
	if err != nil {
		return "", &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	var answer journalEntry
	_, err = a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/v1/journal_entries", Write: true,
		Header: http.Header{"Idempotency-Key": {key}}, JSON: body,
	}, &answer)
	if err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no entry")
	}
	return answer.ID, nil
}

// journal is an entry as Acmebooks wants it. An entry that does not balance, or
// that names an account without mapping, is an error.
func (a *adapter) journal(e ledger.Entry) (journalEntry, error) {
	if err := ledger.Validate(e); err != nil {
		return journalEntry{}, err
	}
	out := journalEntry{Date: e.Date.UTC().Format("2006-01-02"), Currency: e.Currency, Memo: e.Memo}
	for _, p := range e.Postings {
		l := line{AccountID: a.accounts[p.Account]}
		if l.AccountID == "" {
			return journalEntry{}, fmt.Errorf("no account for %s: add it to accounts in the connection's settings", p.Account)
		}
		amount := dispute.Money{Minor: p.Amount, Currency: e.Currency}.Decimal()
		if p.Side == ledger.Debit {
			l.Debit = amount
		} else {
			l.Credit = amount
		}
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}
