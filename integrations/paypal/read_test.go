package paypal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
)

func TestPoll(t *testing.T) {
	t.Parallel()
	acc, a := served(t)
	want := []string{acc.id}
	for range pageSize + 3 {
		want = append(want, acc.open(standin.DisputeOptions{}))
	}
	decided := acc.open(standin.DisputeOptions{})
	if err := acc.Decide(decided, "RESOLVED_SELLER_FAVOUR", false); err != nil {
		t.Fatal(err)
	}
	appeal := acc.open(standin.DisputeOptions{})
	if err := acc.Decide(appeal, "RESOLVED_BUYER_FAVOUR", true); err != nil {
		t.Fatal(err)
	}
	want = append(want, appeal)
	first, cursor := poll(t, a, "")
	if got := ids(first); !slices.Equal(got, sorted(want)) {
		t.Errorf("the first poll gives %d disputes, want the %d undecided ones of two pages", len(got), len(want))
	}
	second, next := poll(t, a, cursor)
	if got := ids(second); !slices.Contains(got, decided) || len(got) != len(want)+1 {
		t.Errorf("the next poll gives %d disputes, want all that changed in the last hour, the decided one too", len(got))
	}
	told := map[string]bool{}
	for _, n := range first {
		told[n.EventID] = true
	}
	for _, n := range second {
		if n.Ref().ID != decided && !told[n.EventID] {
			t.Errorf("dispute %s did not change and is told under another id", n.Ref().ID)
		}
	}
	a.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if third, _ := poll(t, a, time.Now().Add(2*time.Hour).Format(time.RFC3339)); len(third) != 0 {
		t.Errorf("%d disputes have changed since a later cursor, want none", len(third))
	}
	if _, err := time.Parse(time.RFC3339, next); err != nil {
		t.Errorf("cursor %q: %v", next, err)
	}
}

// TestPollGoesOn: one dispute that cannot be read does not hide the others.
func TestPollGoesOn(t *testing.T) {
	t.Parallel()
	acc := newAccount()
	gone, odd, broken, limited := acc.open(standin.DisputeOptions{}), acc.open(standin.DisputeOptions{}), "", ""
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case disputePath(gone):
			w.WriteHeader(http.StatusNotFound)
		case disputePath(odd):
			_, _ = fmt.Fprintf(w, `{"dispute_id":%q,"status":"OPEN","dispute_amount":{"currency_code":"USD","value":"1.234"}}`, odd)
		case disputePath(broken):
			w.WriteHeader(http.StatusInternalServerError)
		case disputePath(limited):
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			acc.ServeHTTP(w, r)
		}
	}))
	a := connect(t, url, http.DefaultClient)
	if notices, _ := poll(t, a, ""); !slices.Equal(ids(notices), []string{acc.id}) {
		t.Errorf("disputes %v, want %s", ids(notices), acc.id)
	}
	broken = acc.open(standin.DisputeOptions{})
	before := time.Now().Add(-time.Minute).Format(time.RFC3339)
	if notices, next := poll(t, a, before); !slices.Equal(ids(notices), []string{acc.id}) || next != before {
		t.Errorf("disputes %v and cursor %s, want %s and the cursor as it was: the broken one is asked for again", ids(notices), next, acc.id)
	}
	limited = acc.id
	if _, _, err := a.Poll(t.Context(), ""); dispute.KindOf(err) != dispute.RateLimited {
		t.Errorf("error %v, want kind rate_limited: the poll is tried again", err)
	}
}

func TestPollOddCursors(t *testing.T) {
	t.Parallel()
	_, a := served(t)
	if _, next, err := a.Poll(t.Context(), "yesterday"); dispute.KindOf(err) != dispute.Invalid || next != "yesterday" {
		t.Errorf("next %q, error %v; want kind invalid and the cursor back", next, err)
	}
	// PayPal lists 180 days of changes; an older cursor must not be refused for ever.
	if notices, _ := poll(t, a, "2020-01-01T00:00:00Z"); len(notices) != 1 {
		t.Errorf("%d disputes, want 1", len(notices))
	}
}

func poll(t *testing.T, a *adapter, cursor string) ([]dispute.Notice, string) {
	t.Helper()
	notices, next, err := a.Poll(t.Context(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	return notices, next
}

func ids(notices []dispute.Notice) []string {
	out := make([]string, 0, len(notices))
	for _, n := range notices {
		out = append(out, n.Ref().ID)
	}
	return sorted(out)
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// TestPagesStayAtHome: a link to another host moves neither the call nor the
// token, and a list without an end ends.
func TestPagesStayAtHome(t *testing.T) {
	t.Parallel()
	acc, pages := newAccount(), 0
	srv := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != disputesPath {
			acc.ServeHTTP(w, r)
			return
		}
		pages++
		_, _ = fmt.Fprintf(w, `{"items":[{"dispute_id":%q}],"links":[{"rel":"next","href":"https://evil.example/steal?next_page_token=%d"}]}`, acc.id, pages)
	}))
	a := connect(t, srv, http.DefaultClient)
	if _, _, err := a.Poll(t.Context(), ""); dispute.KindOf(err) != dispute.Invalid || pages != maxPages {
		t.Errorf("error %v after %d pages, want kind invalid after %d", err, pages, maxPages)
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		custom, invoice  string
		wantID, wantName string
	}{
		"order number": {"5400000001001", "INV-7", "5400000001001", "INV-7"},
		"order name":   {"#1001", "INV-7", "", "#1001"},
		"free text":    {`{"cart":"x"}`, "INV-7", "", "INV-7"},
		"global id":    {"gid://shopify/Order/5400000001001", "", "gid://shopify/Order/5400000001001", ""},
		"nothing":      {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/v1/oauth2/") {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(`{"access_token":"t","token_type":"Bearer","expires_in":100}`))
					return
				}
				_, _ = fmt.Fprintf(w, `{"dispute_id":"PP-D-1","status":"OPEN","disputed_transactions":[{"seller_transaction_id":"OTHER1"},
					{"seller_transaction_id":"3BC38643YC807283D","create_time":"2026-09-01T12:00:00Z","gross_amount":{"currency_code":"USD","value":"129.00"},
					"custom":%q,"invoice_number":%q,"buyer":{"name":"Jane","email":"jane@shop.example"}}]}`, tt.custom, tt.invoice)
			}))
			a := connect(t, srv, http.DefaultClient)
			p, err := a.Payment(t.Context(), dispute.Snapshot{ID: "PP-D-1", Payment: "3BC38643YC807283D"})
			if err != nil {
				t.Fatal(err)
			}
			if p.OrderID != tt.wantID || p.OrderName != tt.wantName || p.Invoice != tt.invoice || p.Metadata["custom"] != tt.custom {
				t.Errorf("payment %+v, want order %q %q", p, tt.wantID, tt.wantName)
			}
			if p.Amount != (dispute.Money{Minor: 12900, Currency: "USD"}) || p.Email != "jane@shop.example" || p.Name != "Jane" || p.At.IsZero() {
				t.Errorf("payment %+v", p)
			}
			if _, err := a.Payment(t.Context(), dispute.Snapshot{ID: "PP-D-1", Payment: "NONE"}); dispute.KindOf(err) != dispute.NotFound {
				t.Errorf("a transaction that is not there: %v, want kind not_found", err)
			}
		})
	}
}

func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	if got, want := disputePath("a/../b?c"), disputesPath+"/"+url.PathEscape("a/../b?c"); got != want || strings.Contains(got, "?") {
		t.Errorf("%s, want %s", got, want)
	}
}
