// Package salesforce reads what a Salesforce org knows about the customer of a
// disputed sale: the contact, its cases with their comments and e-mails, and its
// tasks. Where the rules report to it, it logs a task with the contact and keeps
// fields of the contact up to date.
package salesforce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "salesforce"

// Settings are those of one Salesforce org.
type Settings struct {
	// BaseURL is the org's My Domain, https://acme.my.salesforce.com: the client
	// credentials flow is served nowhere else.
	BaseURL string `yaml:"base_url"`
	// ClientID and ClientSecret are the consumer key and secret of a connected
	// app with the client credentials flow and a user to run as.
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	// TokenURL replaces /services/oauth2/token below BaseURL.
	TokenURL string `yaml:"token_url"`
	// APIVersion is the version of the REST API: "62.0".
	APIVersion string `yaml:"api_version"`
	// ContactFields and CaseFields map our names of facts to the API names of
	// fields that hold them: order_name: Order_Number__c. Cases whose order_id or
	// order_name is another order's are left out.
	ContactFields map[string]string `yaml:"contact_fields"`
	CaseFields    map[string]string `yaml:"case_fields"`
	// ReportFields map facts of a report to fields of the contact that it is
	// written to: status: Dispute_Status__c.
	ReportFields map[string]string `yaml:"report_fields"`
}

// Vendor describes connections to Salesforce orgs. They are sources of evidence,
// and reports are written to them.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "The customer's contact, cases, e-mails and tasks in a Salesforce org; reports as tasks and fields of the contact",
	Settings: func() integrations.Settings { return &Settings{APIVersion: "62.0"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return newAdapter(d, connection, *s)
}

var (
	versionForm = regexp.MustCompile(`^[0-9]{2,3}\.0$`)
	// fieldForm is an API name, or one reached through a relationship: Account.Tier__c.
	fieldForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,4}$`)
	idForm    = regexp.MustCompile(`^[A-Za-z0-9]{15,18}$`)
	factForm  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

func (s Settings) validate() error {
	switch {
	case s.BaseURL == "":
		return errors.New("base_url: missing; it is the org's My Domain, https://acme.my.salesforce.com")
	case s.ClientID == "":
		return errors.New("client_id: missing; it is the consumer key of the connected app")
	case s.ClientSecret == "":
		return errors.New("client_secret: missing; it is the consumer secret of the connected app")
	case !versionForm.MatchString(s.APIVersion):
		return errors.New("api_version: want a version of the REST API, as in 62.0")
	}
	return errors.Join(checkFields("contact_fields", s.ContactFields), checkFields("case_fields", s.CaseFields), checkReportFields(s.ReportFields))
}

// checkFields keeps a query from holding anything but names of fields.
func checkFields(key string, fields map[string]string) error {
	for fact, field := range fields {
		if !factForm.MatchString(fact) {
			return fmt.Errorf("%s: %q is no name of a fact, as in order_id", key, fact)
		}
		if !fieldForm.MatchString(field) {
			return fmt.Errorf("%s: %s: %q is no API name of a field, as in Order_Number__c", key, fact, field)
		}
	}
	return nil
}

// adapter is one Salesforce org.
type adapter struct {
	connection    string
	root          string // of the REST API: /services/data/v62.0
	contactFields map[string]string
	caseFields    map[string]string
	reportFields  map[string]string
	tokens        *vendorhttp.ClientCredentials
	http          vendorhttp.Client
}

var (
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Reporter       = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

func newAdapter(d integrations.Deps, connection string, s Settings) (*adapter, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	base := strings.TrimRight(s.BaseURL, "/")
	t := vendorhttp.NewClientCredentials(name, d.HTTP, clientcredentials.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: cmp.Or(s.TokenURL, base+"/services/oauth2/token"),
	})
	return &adapter{
		connection: connection, root: "/services/data/v" + s.APIVersion,
		contactFields: s.ContactFields, caseFields: s.CaseFields, reportFields: s.ReportFields, tokens: t,
		http: vendorhttp.Client{Vendor: name, BaseURL: base, HTTP: d.HTTP, Auth: t.Authorize, Refused: t.Forget},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it reads what contacts are, which needs
// the connected app and its user's right to see contacts.
func (a *adapter) Check(ctx context.Context) error {
	return a.call(ctx, vendorhttp.Request{Op: "check", Method: http.MethodGet, Path: a.root + "/sobjects/Contact"}, nil)
}

// Applies implements integrations.EvidenceSource: the payment names the
// customer's e-mail address.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && c.Payment.Email != ""
}

// Gather implements integrations.EvidenceSource. Messages that clearly belong to
// another sale are left out. What can be read comes although another part
// cannot, with the error.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	f, err := a.read(ctx, *c.Payment)
	said := aboutSale(f.messages(c.Payment.Email, a.caseFields), *c.Payment)
	slices.SortFunc(said, byTime)
	var out []dispute.Item
	for _, r := range f.contacts {
		out = append(out, contactItem(r, a.contactFields))
	}
	out = append(out, said...)
	for i := range out {
		out[i].Source = a.connection
	}
	return out, err
}

func byTime(a, b dispute.Item) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}
