package salesforce

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	org "github.com/rebuttal-hq/rebuttal/simulator/salesforce"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	clientID = "3MVG9consumer.key"
	secret   = "canary-consumer-secret"
)

var now = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func newWorld() *world.World {
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func settings(baseURL string) *Settings {
	s := Vendor.Settings().(*Settings)
	s.BaseURL, s.ClientID, s.ClientSecret = baseURL, clientID, secret
	return s
}

func connect(t testing.TB, s *Settings, client *http.Client) *adapter {
	t.Helper()
	a, err := s.Connect(integrations.Deps{HTTP: client, Now: time.Now}, "crm")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func caseOf(o world.Order) dispute.Case {
	return dispute.Case{Payment: &dispute.Payment{ID: o.ChargeID, Email: o.Customer.Email, OrderName: o.Name(), At: o.PaidAt}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, baseURL string) integrations.Adapter {
			a := connect(t, settings(baseURL), &http.Client{})
			a.tokens.Keep(&oauth2.Token{AccessToken: org.Token}) // the requests of the API are tried, not the token's
			return a
		},
		Secret: secret, Case: caseOf(o),
		StandIn: func() http.Handler { return org.New(w, clientID, secret) },
		Calls: append(reportCalls(reportOf(caseOf(o))), []vendortest.Call{
			{Name: "messages", Do: func(ctx context.Context, a integrations.Adapter) error {
				var f found
				return a.(*adapter).ask(ctx, query{"comments", commentsOn([]string{"500"}), &f.comments})
			}},
		}...),
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // the beginning of the error; empty for none
	}{
		"good":              {func(*Settings) {}, ""},
		"fields":            {func(s *Settings) { s.CaseFields = map[string]string{"order_id": "Order__r.Number__c"} }, ""},
		"no address":        {func(s *Settings) { s.BaseURL = "" }, "base_url:"},
		"no key":            {func(s *Settings) { s.ClientID = "" }, "client_id:"},
		"no secret":         {func(s *Settings) { s.ClientSecret = "" }, "client_secret:"},
		"version with v":    {func(s *Settings) { s.APIVersion = "v62.0" }, "api_version:"},
		"field that is SQL": {func(s *Settings) { s.CaseFields = map[string]string{"order_id": "Id FROM User"} }, "case_fields: order_id:"},
		"no fact":           {func(s *Settings) { s.ContactFields = map[string]string{"Order ID": "Id"} }, "contact_fields:"},
		"no such report":    {func(s *Settings) { s.ReportFields = map[string]string{"name": "Name"} }, "report_fields:"},
		"another's field":   {func(s *Settings) { s.ReportFields = map[string]string{"status": "Account.Status__c"} }, "report_fields: status:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings("https://acme.my.salesforce.com")
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: http.DefaultClient}, "crm")
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("error %v, want one about %s", err, tt.want)
			}
		})
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, org.New(newWorld(), clientID, secret))
	if err := connect(t, settings(url+"/"), &http.Client{}).Check(t.Context()); err != nil {
		t.Errorf("with a good secret: %v", err)
	}
	s := settings(url)
	s.ClientSecret = "another"
	if err := connect(t, s, &http.Client{}).Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("with another secret: %v, want auth", err)
	}
	// A session ends without notice: the next attempt gets a new token.
	a := connect(t, settings(url), &http.Client{})
	a.tokens.Keep(&oauth2.Token{AccessToken: "00Dended"})
	if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Transient {
		t.Errorf("an ended session: %v, want transient", err)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Errorf("the attempt after it: %v", err)
	}
}
