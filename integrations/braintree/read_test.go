package braintree

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// A poll without a cursor finds what may still be decided, over pages; one with
// a cursor what changed since.
func TestPoll(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	var last dispute.Case
	for range pageSize + 3 {
		last = a.open(t, world.OrderOptions{}, standin.DisputeOptions{})
	}
	if _, err := a.Accept(t.Context(), "key", last); err != nil {
		t.Fatal(err)
	}
	notices, next, err := a.Poll(t.Context(), "")
	if err != nil || len(notices) != pageSize+2 || next != "2026-10-01" {
		t.Fatalf("%d notices, next %q, %v; want %d that are open", len(notices), next, err, pageSize+2)
	}
	changed, _, err := a.Poll(t.Context(), next)
	if err != nil || len(changed) != pageSize+3 {
		t.Errorf("%d notices, %v; want all, because all changed today", len(changed), err)
	}
	later := a.now().Add(2 * overlap).Format(time.DateOnly)
	if quiet, _, err := a.Poll(t.Context(), later); err != nil || len(quiet) != 0 {
		t.Errorf("%d notices after nothing happened, %v", len(quiet), err)
	}
	if _, next, err := a.Poll(t.Context(), "yesterday"); dispute.KindOf(err) != dispute.Invalid || next != "yesterday" {
		t.Errorf("a cursor that is no date: %q, %v", next, err)
	}
	again, _, err := a.Poll(t.Context(), "")
	if err != nil || again[0].EventID != notices[0].EventID {
		t.Errorf("an unchanged dispute is told as %s, before as %s (%v)", again[0].EventID, notices[0].EventID, err)
	}
}

func TestGetUnknown(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	if _, err := a.Get(t.Context(), dispute.Ref{ID: "none"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("error %v, want kind not_found", err)
	}
	if _, err := a.Payment(t.Context(), dispute.Snapshot{Payment: "none"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("error %v, want kind not_found", err)
	}
	if _, err := a.Payment(t.Context(), dispute.Snapshot{}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("no transaction: error %v, want kind invalid", err)
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	usd := func(value string) amount { return amount{value, "USD"} }
	var w wireTransaction
	w.LegacyID, w.CreatedAt, w.OrderID, w.Amount = "hgvrcqbs", "2025-11-14T11:34:46.000000Z", "#1001", usd("3.10")
	w.CustomFields = append(w.CustomFields, struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}{"order_id", "5400"})
	w.Snapshot.Payer = person{"payer@shopper.example", "Ann", "Fan"}
	for _, r := range []struct{ status, value string }{{"SETTLED", "1.00"}, {"FAILED", "3.10"}, {"SUBMITTED_FOR_SETTLEMENT", "0.50"}} {
		w.Refunds = append(w.Refunds, struct {
			Status string `json:"status"`
			Amount amount `json:"amount"`
		}{r.status, usd(r.value)})
	}
	want := dispute.Payment{
		ID: "hgvrcqbs", Amount: dispute.Money{Minor: 310, Currency: "USD"}, At: time.Date(2025, 11, 14, 11, 34, 46, 0, time.UTC),
		Email: "payer@shopper.example", Name: "Ann Fan", OrderID: "5400", OrderName: "#1001",
		Refunded: dispute.Money{Minor: 150, Currency: "USD"}, Metadata: map[string]string{"order_id": "5400"},
	}
	if diff := cmp.Diff(want, w.payment()); diff != "" {
		t.Error(diff)
	}
}

// Errors come with HTTP status 200; their words stay out of ours.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]dispute.Kind{ // of a read, of a write
		`"errorClass":"AUTHENTICATION"`:                  {dispute.Auth, dispute.Auth},
		`"errorClass":"AUTHORIZATION"`:                   {dispute.Auth, dispute.Auth},
		`"errorClass":"NOT_FOUND"`:                       {dispute.NotFound, dispute.NotFound},
		`"errorClass":"RESOURCE_LIMIT"`:                  {dispute.RateLimited, dispute.RateLimited},
		`"errorClass":"VALIDATION","legacyCode":"95713"`: {dispute.Invalid, dispute.Invalid},
		`"errorClass":"VALIDATION","legacyCode":"95705"`: {dispute.Conflict, dispute.Conflict},
		`"errorClass":"UNSUPPORTED_CLIENT"`:              {dispute.Invalid, dispute.Invalid},
		`"errorClass":"INTERNAL"`:                        {dispute.Transient, dispute.UnknownOutcome},
		`"errorClass":"a card 4242424242424242"`:         {dispute.Transient, dispute.UnknownOutcome},
		`"legacyCode":"jane@canary.example"`:             {dispute.Transient, dispute.UnknownOutcome},
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"data":null,"errors":[{"message":"jane@canary.example","extensions":{` + body + `}}]}`))
		})
		a := connect(t, vendortest.Serve(t, h), &http.Client{})
		c := dispute.Case{Ref: dispute.Ref{ID: "d1"}}
		_, read := a.Get(t.Context(), c.Ref)
		_, write := a.Accept(t.Context(), "key", c)
		if got := [2]dispute.Kind{dispute.KindOf(read), dispute.KindOf(write)}; got != want || read == nil || write == nil {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
		for _, err := range []error{read, write} {
			for _, secret := range []string{"jane@", "4242"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s is repeated: %v", secret, err)
				}
			}
		}
	}
}

// A list whose next page is the same page again ends.
func TestPollEnds(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"search":{"disputes":{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":"x"}}}}}`))
	})
	a := connect(t, vendortest.Serve(t, h), &http.Client{})
	if _, next, err := a.Poll(t.Context(), "2026-10-01"); dispute.KindOf(err) != dispute.Transient || next != "2026-10-01" {
		t.Errorf("next %q, error %v; want kind transient and the cursor back", next, err)
	}
}
