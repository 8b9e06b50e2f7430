// Package acmedesk keeps one Acmedesk ticket per case.
package acmedesk

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "acmedesk"

// Settings are those of one Acmedesk account.
type Settings struct {
	// APIKey authorises every call, as a bearer token. It reads and writes tickets.
	APIKey string `yaml:"api_key"`
	// BaseURL replaces https://api.acmedesk.example: a sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Acmedesk.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "one help desk ticket per case, with internal notes",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.acmedesk.example"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	return connect(d, *s)
}

func (s Settings) check() error {
	if s.APIKey == "" {
		return errors.New("api_key is missing: it is made in the account's settings")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" {
		return errors.New("base_url is no address such as https://api.acmedesk.example")
	}
	return nil
}

// adapter is one Acmedesk account.
type adapter struct{ http vendorhttp.Client }

// What an Acmedesk account can do.
var _ interface {
	integrations.Ticketing
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, s Settings) (*adapter, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &adapter{http: vendorhttp.Client{
		Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
		Auth: vendorhttp.Header("Authorization", "Bearer "+s.APIKey),
	}}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it lists one ticket.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "list one ticket", Method: http.MethodGet, Path: "/v1/tickets", Query: url.Values{"limit": {"1"}},
	}, nil)
	return err
}

// ticket is what we read and write of one. ExternalID is the case, by which the
// ticket is found again.
type ticket struct {
	ID         string   `json:"id,omitempty"`
	ExternalID string   `json:"external_id,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Priority   string   `json:"priority,omitempty"`
	Status     string   `json:"status,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Note       *note    `json:"note,omitempty"`
}

// note is an internal comment. Its key is ours: Acmedesk writes a key once.
type note struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

func fields(t integrations.Ticket) ticket {
	return ticket{Subject: t.Subject, Priority: t.Priority, Status: t.Status, Tags: t.Tags}
}

// Find implements integrations.Ticketing: it looks for the case among the
// tickets' external ids.
func (a *adapter) Find(ctx context.Context, caseID string) (id string, found bool, err error) {
	var answer struct {
		Data []ticket `json:"data"`
	}
	_, err = a.http.Do(ctx, vendorhttp.Request{
		Op: "find the ticket of " + caseID, Method: http.MethodGet, Path: "/v1/tickets", Query: url.Values{"external_id": {caseID}},
	}, &answer)
	if err != nil || len(answer.Data) == 0 {
		return "", false, err
	}
	return answer.Data[0].ID, true, nil
}

// Create implements integrations.Ticketing. Acmedesk answers a key that it knows
// with the ticket it made.
func (a *adapter) Create(ctx context.Context, key string, t integrations.Ticket) (string, error) {
	op := "create the ticket of " + t.CaseID
	body := fields(t)
	body.ExternalID, body.Note = t.CaseID, &note{Key: key, Text: t.Body}
	var answer ticket
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/v1/tickets", Write: true,
		Header: http.Header{"Idempotency-Key": {key}}, JSON: body,
	}, &answer)
	if err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no ticket")
	}
	return answer.ID, nil
}

// Update implements integrations.Ticketing. A note that an earlier attempt
// wrote under the key is not written again, by Acmedesk itself; a vendor that
// does not know keys is asked for its notes first.
func (a *adapter) Update(ctx context.Context, key, id string, t integrations.Ticket, comment string) error {
	body := fields(t)
	if comment != "" {
		body.Note = &note{Key: key, Text: comment}
	}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "update ticket " + id, Method: http.MethodPatch, Path: "/v1/tickets/" + url.PathEscape(id), Write: true, JSON: body,
	}, nil)
	return err
}
