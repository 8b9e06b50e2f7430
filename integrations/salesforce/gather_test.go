package salesforce

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	org "github.com/rebuttal-hq/rebuttal/simulator/salesforce"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := vendortest.Serve(t, http.StripPrefix("/org", org.New(w, clientID, secret))) + "/org"
	o := w.NewOrder(world.OrderOptions{})
	silent := w.NewOrder(world.OrderOptions{Silent: true})
	tests := map[string]dispute.Payment{
		"one_order":    {Email: strings.ToUpper(o.Customer.Email), OrderName: o.Name(), At: o.PaidAt},
		"all_orders":   {Email: o.Customer.Email, At: o.PaidAt},
		"silent_order": {Email: silent.Customer.Email, OrderName: silent.Name(), At: silent.PaidAt},
		"much_later":   {Email: o.Customer.Email, OrderName: o.Name(), At: o.PaidAt.AddDate(1, 0, 0)},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(url)
			s.ContactFields = map[string]string{dispute.FactAccountID: "Login__c"}
			s.CaseFields = map[string]string{dispute.FactOrderName: "Order_Number__c"}
			items, err := connect(t, s, &http.Client{}).Gather(t.Context(), dispute.Case{Payment: &p})
			if err != nil {
				t.Fatal(err)
			}
			vendortest.Golden(t, filepath.Join("testdata", name+".golden"), items)
		})
	}
}

func TestGatherFindsNothing(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, org.New(newWorld(), clientID, secret))
	for name, p := range map[string]*dispute.Payment{
		"no payment": nil,
		"no address": {OrderName: "#1001"},
		"stranger":   {Email: "nobody@shopper.example"},
	} {
		items, err := connect(t, settings(url), &http.Client{}).Gather(t.Context(), dispute.Case{Payment: p})
		if err != nil || len(items) != 0 {
			t.Errorf("%s: got %d items and error %v, want none", name, len(items), err)
		}
	}
}

// TestInjection tries addresses that would change a query if they were not
// escaped. The stand-in reads SOQL as Salesforce does.
func TestInjection(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := vendortest.Serve(t, org.New(w, clientID, secret))
	for _, email := range []string{
		"x' OR Email != 'y",
		"x\\' OR Email != 'y",
		"x\\",
		"x') OR (Email != 'y",
		"x' LIMIT 1 //",
		"@{contacts.records[0].Id}",
		"x'\nOR Email != 'y",
		"%", "_", "*",
	} {
		a := connect(t, settings(url), &http.Client{})
		items, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: email}})
		if err != nil || len(items) != 0 {
			t.Errorf("%q: %d items, error %v; want nothing, as for any stranger", email, len(items), err)
		}
		var all []record
		if err := a.ask(t.Context(), query{"contacts", contactsOf(email, nil), &all}); err != nil || len(all) != 0 {
			t.Errorf("%q: %d contacts, error %v; want none", email, len(all), err)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a@b.example", "o'hara@b.example", `\`, `\'`, "'", "x' OR 'a'='a", "\n\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := quote(s)
		if len(got) < 2 || got[0] != '\'' || got[len(got)-1] != '\'' {
			t.Fatalf("%q is written as %q", s, got)
		}
		escaped := false
		for _, r := range got[1 : len(got)-1] {
			switch {
			case escaped && r != '\'' && r != '\\':
				t.Fatalf("%q is written as %q: an escape that we do not make", s, got)
			case escaped:
				escaped = false
			case r == '\\':
				escaped = true
			case r == '\'' || r < ' ':
				t.Fatalf("%q is written as %q, which ends early", s, got)
			}
		}
		if escaped {
			t.Fatalf("%q is written as %q, which does not end", s, got)
		}
	})
}

// TestAddressStaysOutOfURLs: addresses of pages end up in logs on the way.
func TestAddressStaysOutOfURLs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.Customers()[0]
	h, calls := org.New(w, clientID, secret), 0
	url := vendortest.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls++
		local, _, _ := strings.Cut(c.Email, "@")
		if strings.Contains(r.URL.String(), local) {
			t.Errorf("the address is in %s", r.URL)
		}
		h.ServeHTTP(rw, r)
	}))
	a := connect(t, settings(url), &http.Client{})
	if _, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: c.Email}}); err != nil || calls != 4 {
		t.Errorf("%d calls, error %v; want a token and three requests", calls, err)
	}
}

// parts answers composite requests with what each of its queries is given.
type parts map[string]string

const good = `{"httpStatusCode":200,"referenceId":%q,"body":{"totalSize":1,"done":true,"records":[%s]}}`

func (p parts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer"}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var out []string
	for _, name := range []string{"contacts", "cases", "tasks", "comments", "emails"} {
		if answer, ok := p[name]; ok && strings.Contains(string(body), `"referenceId":"`+name+`"`) {
			out = append(out, answer)
		}
	}
	_, _ = fmt.Fprintf(w, `{"compositeResponse":[%s]}`, strings.Join(out, ","))
}

func answers() parts {
	return parts{
		"contacts": fmt.Sprintf(good, "contacts", `{"Id":"003A","Email":"A@shopper.example"},{"Id":"003B","Email":"b@shopper.example"}`),
		"cases":    fmt.Sprintf(good, "cases", `{"Id":"500A","CaseNumber":"1","Subject":"s","Description":"d","CreatedDate":"2026-09-02T08:00:00.000+0200"}`),
		"tasks":    fmt.Sprintf(good, "tasks", `{"Id":"00TA","Subject":"Call","CreatedDate":"2026-09-03T08:00:00.000+0000"},{"Id":"00TB","Subject":"Email: x","CreatedDate":"2026-09-04T08:00:00.000+0000"}`),
		"comments": fmt.Sprintf(good, "comments", `{"Id":"00aA","ParentId":"500A","CommentBody":"c","CreatedDate":"2026-09-05T08:00:00.000+0000"}`),
		"emails":   fmt.Sprintf(good, "emails", `{"Id":"02sA","ActivityId":"00TB","Subject":"x","TextBody":"y","MessageDate":"2026-09-06T08:00:00.000+0000"}`),
	}
}

func TestQueriesFailApart(t *testing.T) {
	t.Parallel()
	refusal := func(name, code string, status int) string {
		return fmt.Sprintf(`{"httpStatusCode":%d,"referenceId":%q,"body":[{"errorCode":%q,"message":"SELECT a@shopper.example"}]}`, status, name, code)
	}
	all := []string{"contact:003A", "case:500A", "task:00TA", "comment:00aA", "email:02sA"}
	tests := map[string]struct {
		name, answer string
		want         []string
		kind         dispute.Kind // empty for no error
		text         string
	}{
		"all is well":         {"contacts", answers()["contacts"], all, "", ""},
		"no right to cases":   {"cases", refusal("cases", "INVALID_TYPE", 400), []string{"contact:003A", "task:00TA", "email:02sA"}, dispute.Invalid, "read cases: invalid: HTTP 400: INVALID_TYPE"},
		"no tasks":            {"tasks", refusal("tasks", "INVALID_TYPE", 400), []string{"contact:003A", "case:500A", "comment:00aA", "email:02sA"}, dispute.Invalid, "read tasks"},
		"no e-mail-to-case":   {"emails", refusal("emails", "INVALID_TYPE", 400), []string{"contact:003A", "case:500A", "task:00TA", "task:00TB", "comment:00aA"}, dispute.Invalid, "read emails"},
		"contacts refused":    {"contacts", refusal("contacts", "INVALID_FIELD", 400), nil, dispute.Invalid, "INVALID_FIELD"},
		"allowance is spent":  {"tasks", refusal("tasks", "REQUEST_LIMIT_EXCEEDED", 403), []string{"contact:003A", "case:500A"}, dispute.RateLimited, ""},
		"a part is left out":  {"comments", `{"referenceId":"other"}`, []string{"contact:003A", "case:500A", "task:00TA", "email:02sA"}, dispute.Transient, "leaves it out"},
		"a part is no answer": {"emails", `{"httpStatusCode":200,"referenceId":"emails","body":"none"}`, []string{"contact:003A", "case:500A", "task:00TA", "task:00TB", "comment:00aA"}, dispute.Transient, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := answers()
			p[tt.name] = tt.answer
			a := connect(t, settings(vendortest.Serve(t, p)), &http.Client{})
			items, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: "a@shopper.example"}})
			if (tt.kind == "") != (err == nil) || err != nil && (dispute.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.text)) {
				t.Errorf("error %v, want kind %q and %q", err, tt.kind, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "shopper") {
				t.Errorf("the error quotes the address: %v", err)
			}
			var got []string
			for _, item := range items {
				got = append(got, item.ID)
				if item.Source != "crm" {
					t.Errorf("%s has source %q", item.ID, item.Source)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}
