package zendesk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	stand "github.com/rebuttal-hq/rebuttal/simulator/zendesk"
)

const (
	email  = "agent@rebuttal.example"
	token  = "canary-zendesk-token"
	caseID = "cs_abcdefghij234567"
	key    = "cs_abcdefghij234567/chargeback/ticket/5f2c"
)

func connect(t testing.TB, baseURL string, client *http.Client) *adapter {
	t.Helper()
	a, err := (&Settings{BaseURL: baseURL, Email: email, APIToken: token}).Connect(integrations.Deps{HTTP: client, Now: time.Now}, "helpdesk")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func account(t testing.TB) (*stand.Zendesk, *faults.Set, *adapter) {
	t.Helper()
	z, f := stand.New(newWorld(), email, token), &faults.Set{}
	srv := httptest.NewServer(f.Wrap("zendesk", z))
	t.Cleanup(srv.Close)
	return z, f, connect(t, srv.URL, srv.Client())
}

func ticketOf(status string) integrations.Ticket {
	return integrations.Ticket{
		CaseID: caseID, Subject: "129.00 USD · Product not received 13.1", Body: "Due 2026-03-09 14:00 UTC.",
		Priority: "urgent", Status: status, Tags: []string{"dispute", "visa"},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	vendortest.Run(t, vendortest.Spec{
		New:    func(t *testing.T, baseURL string) integrations.Adapter { return connect(t, baseURL, &http.Client{}) },
		Secret: token, Case: caseOf(o),
		StandIn: func() http.Handler { return stand.New(w, email, token) },
		Calls: []vendortest.Call{
			{Name: "update without a comment", Write: true, Do: func(ctx context.Context, a integrations.Adapter) error {
				return a.(*adapter).Update(ctx, key, "35001", ticketOf("pending"), "")
			}},
			{Name: "search", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).requested(ctx, 7, *caseOf(o).Payment)
				return err
			}},
			{Name: "comments", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).comments(ctx, wireTicket{ID: 7}, 8)
				return err
			}},
			{Name: "attachment", Do: func(ctx context.Context, a integrations.Adapter) error {
				f := a.(*adapter).files
				_, err := f.download(ctx, attachment{wireAttachment: wireAttachment{ID: 7, ContentURL: f.base.String() + "/attachments/token/7/"}})
				return err
			}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings *Settings
		want     string
	}{
		"complete":  {&Settings{BaseURL: "https://acme.zendesk.com", Email: email, APIToken: token}, ""},
		"no base":   {&Settings{Email: email, APIToken: token}, "base_url"},
		"no host":   {&Settings{BaseURL: "acme", Email: email, APIToken: token}, "base_url"},
		"no e-mail": {&Settings{BaseURL: "https://acme.zendesk.com", APIToken: token}, "email"},
		"no token":  {&Settings{BaseURL: "https://acme.zendesk.com", Email: email}, "api_token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.settings.Connect(integrations.Deps{HTTP: &http.Client{}}, "helpdesk")
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want one that names %q", err, tc.want)
			}
		})
	}
}

func TestTicketLife(t *testing.T) {
	t.Parallel()
	z, _, a := account(t)
	ctx := t.Context()
	if err := a.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if _, found, err := a.Find(ctx, caseID); err != nil || found {
		t.Fatalf("before: %v, %v", found, err)
	}
	id, err := a.Create(ctx, key, ticketOf("open"))
	if err != nil {
		t.Fatal(err)
	}
	if got, found, err := a.Find(ctx, caseID); err != nil || !found || got != id {
		t.Fatalf("find = %s, %v, %v; want %s", got, found, err, id)
	}
	for range 2 { // told twice is one comment
		if err := a.Update(ctx, key+"/won", id, integrations.Ticket{Status: "solved"}, "Won."); err != nil {
			t.Fatal(err)
		}
	}
	want := []stand.Ticket{{
		ID: 35001, ExternalID: caseID, Subject: ticketOf("").Subject, Priority: "urgent", Status: "solved", Tags: []string{"dispute", "visa"},
		Comments: []stand.Comment{{Body: "Due 2026-03-09 14:00 UTC."}, {Body: "Won."}},
	}}
	if diff := cmp.Diff(want, z.Tickets()); diff != "" {
		t.Error(diff)
	}
}

func TestTheOldestTicketCounts(t *testing.T) {
	t.Parallel()
	_, _, a := account(t)
	first, err := a.Create(t.Context(), "k1", ticketOf("open"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create(t.Context(), "k2", ticketOf("open")); err != nil {
		t.Fatal(err)
	}
	if got, _, err := a.Find(t.Context(), caseID); err != nil || got != first {
		t.Errorf("find = %s, %v; want %s", got, err, first)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.DropCommitted, faults.ErrorCommitted} {
		t.Run("create "+string(mode), func(t *testing.T) {
			t.Parallel()
			z, f, a := account(t)
			f.Add(faults.Fault{Method: http.MethodPost, Mode: mode, Times: 1})
			if _, err := a.Create(t.Context(), key, ticketOf("open")); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("lost answer: %v, want unknown_outcome", err)
			}
			id, found, err := a.Find(t.Context(), caseID)
			if err != nil || !found {
				t.Fatalf("find = %v, %v; want the committed ticket", found, err)
			}
			again, err := a.Create(t.Context(), key, ticketOf("open"))
			if err != nil || again != id || len(z.Tickets()) != 1 {
				t.Errorf("the same key made %s (%v), %d tickets; want %s again", again, err, len(z.Tickets()), id)
			}
		})
		t.Run("comment "+string(mode), func(t *testing.T) {
			t.Parallel()
			z, f, a := account(t)
			id, err := a.Create(t.Context(), key, ticketOf("open"))
			if err != nil {
				t.Fatal(err)
			}
			f.Add(faults.Fault{Method: http.MethodPut, Mode: mode, Times: 1})
			if err := a.Update(t.Context(), "k2", id, ticketOf("pending"), "Sent."); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("lost answer: %v, want unknown_outcome", err)
			}
			if err := a.Update(t.Context(), "k2", id, ticketOf("pending"), "Sent."); err != nil {
				t.Fatal(err)
			}
			if n := len(z.Tickets()[0].Comments); n != 2 {
				t.Errorf("%d comments, want the description and one note", n)
			}
		})
	}
}

func TestCommentIsFoundOnALaterPage(t *testing.T) {
	t.Parallel()
	z, _, a := account(t)
	id, err := a.Create(t.Context(), key, ticketOf("open"))
	if err != nil {
		t.Fatal(err)
	}
	for range 150 {
		if err := a.Update(t.Context(), key, id, ticketOf("open"), ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := a.Update(t.Context(), "late", id, ticketOf("open"), "Late."); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(z.Tickets()[0].Comments); n != 2 {
		t.Errorf("%d comments, want the description and one note", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	_, _, a := account(t)
	id, err := a.Create(t.Context(), key, ticketOf("open"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Create(t.Context(), key, ticketOf("pending"))
	if dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), "IdempotentRequestError") {
		t.Errorf("a key used for other content: %v, want conflict", err)
	}
	err = a.Update(t.Context(), key, id, integrations.Ticket{Status: "done"}, "")
	if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), "RecordInvalid status") {
		t.Errorf("unknown status: %v, want invalid and the field's name", err)
	}
	if err := a.Update(t.Context(), key, "1", ticketOf("open"), "x"); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no such ticket: %v, want not_found", err)
	}
}

func TestAnswersThatSayNothing(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"user":{"id":null,"name":"Anonymous user"}}`)
	}))
	defer srv.Close()
	a := connect(t, srv.URL, srv.Client())
	if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("anonymous user: %v, want auth", err)
	}
	if _, err := a.Create(t.Context(), key, ticketOf("open")); dispute.KindOf(err) != dispute.UnknownOutcome {
		t.Errorf("no ticket in the answer: %v, want unknown_outcome", err)
	}
}
