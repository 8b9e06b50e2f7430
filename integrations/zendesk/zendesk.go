// Package zendesk keeps one Zendesk ticket per case, and reads what a disputed
// sale's customer and the help desk said to each other.
package zendesk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "zendesk"

// Vendor makes Zendesk connections.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "one help desk ticket per case, with internal notes; the conversation with the customer",
	Settings: func() integrations.Settings { return &Settings{} },
}

// Settings are what a Zendesk connection needs. The tickets belong to the agent
// whose e-mail it is.
type Settings struct {
	BaseURL  string `yaml:"base_url"` // https://<subdomain>.zendesk.com
	Email    string `yaml:"email"`
	APIToken string `yaml:"api_token"`
}

// adapter is one Zendesk account. It implements Ticketing, EvidenceSource and
// Checker.
type adapter struct {
	connection string
	client     *vendorhttp.Client
	files      *files
}

var (
	_ integrations.Ticketing      = (*adapter)(nil)
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	switch {
	case s.BaseURL == "":
		return nil, errors.New("zendesk: base_url is missing: https://<subdomain>.zendesk.com")
	case s.Email == "":
		return nil, errors.New("zendesk: email is missing: the agent whom the API token stands for")
	case s.APIToken == "":
		return nil, errors.New("zendesk: api_token is missing: it is made in the Admin Center under Apps and integrations")
	}
	base, err := url.Parse(s.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("zendesk: base_url is no address such as https://<subdomain>.zendesk.com")
	}
	auth := func(r *http.Request) error {
		r.SetBasicAuth(s.Email+"/token", s.APIToken)
		return nil
	}
	return &adapter{
		connection: connection,
		client:     &vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: auth},
		files:      newFiles(base, d.HTTP, auth),
	}, nil
}

// Vendor is "zendesk".
func (a *adapter) Vendor() string { return name }

// Check asks Zendesk who the token belongs to. Zendesk answers a caller it
// does not know with the anonymous user, which has no id.
func (a *adapter) Check(ctx context.Context) error {
	var answer struct {
		User struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	const op = "show the token's user"
	if err := a.do(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: "/api/v2/users/me"}, &answer); err != nil {
		return err
	}
	if answer.User.ID == 0 {
		return dispute.Errorf(dispute.Auth, "zendesk: "+op, "the credentials are nobody's")
	}
	return nil
}

// Find looks for the case's ticket by its external id, which Zendesk lists
// without the delay of its search. When there are several, the oldest counts.
func (a *adapter) Find(ctx context.Context, caseID string) (id string, found bool, err error) {
	var answer struct {
		Tickets []ticketID `json:"tickets"`
	}
	err = a.do(ctx, vendorhttp.Request{
		Op: "find the ticket of " + caseID, Method: http.MethodGet, Path: "/api/v2/tickets",
		Query: url.Values{"external_id": {caseID}},
	}, &answer)
	if err != nil || len(answer.Tickets) == 0 {
		return "", false, err
	}
	oldest := answer.Tickets[0].ID
	for _, t := range answer.Tickets {
		oldest = min(oldest, t.ID)
	}
	return strconv.FormatInt(oldest, 10), true, nil
}

// Create makes the case's ticket with a private first comment. Zendesk keeps
// an idempotency key for two hours; a key used with other content is a
// Conflict, after which Find knows the ticket.
func (a *adapter) Create(ctx context.Context, key string, t integrations.Ticket) (string, error) {
	body := fields(t)
	body.ExternalID = t.CaseID
	body.Comment = &comment{Body: t.Body}
	var answer struct {
		Ticket ticketID `json:"ticket"`
	}
	op := "create the ticket of " + t.CaseID
	err := a.do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/api/v2/tickets", Write: true,
		Header: http.Header{"Idempotency-Key": {key}},
		JSON:   map[string]any{"ticket": body},
	}, &answer)
	if err != nil {
		return "", err
	}
	if answer.Ticket.ID == 0 {
		return "", dispute.Errorf(dispute.UnknownOutcome, "zendesk: "+op, "the answer names no ticket")
	}
	return strconv.FormatInt(answer.Ticket.ID, 10), nil
}

// Update sets the fields of t that are not empty; tags replace the ticket's
// tags. Zendesk takes no idempotency key here, so the comment's audit carries
// the key, and a comment that an earlier attempt wrote is not written again.
func (a *adapter) Update(ctx context.Context, key, id string, t integrations.Ticket, text string) error {
	body := fields(t)
	if text != "" {
		done, err := a.commented(ctx, key, id)
		if err != nil {
			return err
		}
		if !done {
			body.Comment = &comment{Body: text}
			body.Metadata = map[string]string{keyField: key}
		}
	}
	return a.do(ctx, vendorhttp.Request{
		Op: "update ticket " + id, Method: http.MethodPut, Path: "/api/v2/tickets/" + url.PathEscape(id), Write: true,
		JSON: map[string]any{"ticket": body},
	}, nil)
}
