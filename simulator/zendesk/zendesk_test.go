package zendesk

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	email = "agent@rebuttal.example"
	token = "zendesk-test-token"
)

func shop() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

type answer struct {
	status int
	lookup string
	body   map[string]any
}

func call(t *testing.T, z *Zendesk, method, path, key, body string) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(email+"/token", token)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	z.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := answer{status: w.Code, lookup: w.Header().Get("x-idempotency-lookup")}
	if err := json.Unmarshal(raw, &out.body); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return out
}

const newTicket = `{"ticket":{"external_id":"cs_1","subject":"Dispute","priority":"urgent","status":"open","tags":["dispute"],"comment":{"body":"Opened.","public":false}}}`

func TestAuthorisation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user, password string
		want           int
	}{
		"good":             {email + "/token", token, http.StatusOK},
		"no token suffix":  {email, token, http.StatusUnauthorized},
		"wrong token":      {email + "/token", "x", http.StatusUnauthorized},
		"another's e-mail": {"x@y.example/token", token, http.StatusUnauthorized},
		"nobody":           {"", "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/api/v2/users/me.json", nil)
			if tc.user != "" {
				r.SetBasicAuth(tc.user, tc.password)
			}
			w := httptest.NewRecorder()
			New(shop(), email, token).ServeHTTP(w, r)
			if w.Code != tc.want {
				t.Errorf("HTTP %d, want %d", w.Code, tc.want)
			}
		})
	}
}

func TestCreateIsIdempotent(t *testing.T) {
	t.Parallel()
	z := New(shop(), email, token)
	first := call(t, z, http.MethodPost, "/api/v2/tickets.json", "k1", newTicket)
	if first.status != http.StatusCreated || first.lookup != "miss" {
		t.Fatalf("first: %+v", first)
	}
	again := call(t, z, http.MethodPost, "/api/v2/tickets", "k1", newTicket)
	if again.lookup != "hit" || !cmp.Equal(first.body, again.body) {
		t.Errorf("again: %+v, want the first answer", again)
	}
	other := call(t, z, http.MethodPost, "/api/v2/tickets", "k1", strings.Replace(newTicket, "urgent", "low", 1))
	if other.status != http.StatusBadRequest || other.body["error"] != "IdempotentRequestError" {
		t.Errorf("same key, other content: %+v", other)
	}
	if n := len(z.Tickets()); n != 1 {
		t.Fatalf("%d tickets, want 1", n)
	}
	call(t, z, http.MethodPost, "/api/v2/tickets", "", newTicket)
	call(t, z, http.MethodPost, "/api/v2/tickets", "", newTicket)
	if n := len(z.Tickets()); n != 3 {
		t.Errorf("%d tickets, want one more for each creation without a key", n)
	}
}

func TestTicketLife(t *testing.T) {
	t.Parallel()
	z := New(shop(), email, token)
	call(t, z, http.MethodPost, "/api/v2/tickets", "", newTicket)
	call(t, z, http.MethodPost, "/api/v2/tickets", "", strings.Replace(newTicket, "cs_1", "cs_2", 1))
	list := call(t, z, http.MethodGet, "/api/v2/tickets?external_id=cs_1", "", "")
	if got := list.body["tickets"].([]any); len(got) != 1 {
		t.Fatalf("%d tickets of cs_1, want 1", len(got))
	}
	call(t, z, http.MethodPut, "/api/v2/tickets/35001", "", `{"ticket":{"status":"solved","comment":{"body":"Won.","public":false},"metadata":{"rebuttal_key":"k"}}}`)
	want := []Ticket{
		{ID: 35001, ExternalID: "cs_1", Subject: "Dispute", Priority: "urgent", Status: "solved", Tags: []string{"dispute"}, Comments: []Comment{{Body: "Opened."}, {Body: "Won."}}},
		{ID: 35002, ExternalID: "cs_2", Subject: "Dispute", Priority: "urgent", Status: "open", Tags: []string{"dispute"}, Comments: []Comment{{Body: "Opened."}}},
	}
	if diff := cmp.Diff(want, z.Tickets()); diff != "" {
		t.Error(diff)
	}
	if got := call(t, z, http.MethodGet, "/api/v2/tickets/35001.json", "", "").body["ticket"].(map[string]any); got["status"] != "solved" || got["is_public"] != false {
		t.Errorf("shown %v", got)
	}
	if got := call(t, z, http.MethodGet, "/api/v2/tickets/35001/comments", "", "").body["comments"].([]any); len(got) != 2 {
		t.Errorf("%d comments, want 2", len(got))
	}
	page := call(t, z, http.MethodGet, "/api/v2/tickets/35001/audits?page%5Bsize%5D=1&page%5Bafter%5D=1", "", "")
	audit := page.body["audits"].([]any)[0].(map[string]any)
	if got := audit["metadata"].(map[string]any)["custom"].(map[string]any)["rebuttal_key"]; got != "k" {
		t.Errorf("the second audit's key is %v", got)
	}
	if page.body["meta"].(map[string]any)["has_more"] != false {
		t.Error("more than two audits")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	z := New(shop(), email, token)
	call(t, z, http.MethodPost, "/api/v2/tickets", "", newTicket)
	call(t, z, http.MethodPost, "/api/v2/tickets", "", strings.Replace(newTicket, `"open"`, `"closed"`, 1))
	for name, tc := range map[string]struct {
		method, path, key, body string
		want                    int
	}{
		"no comment":       {http.MethodPost, "/api/v2/tickets", "", `{"ticket":{"subject":"x"}}`, 422},
		"unknown status":   {http.MethodPost, "/api/v2/tickets", "", strings.Replace(newTicket, `"open"`, `"done"`, 1), 422},
		"unknown priority": {http.MethodPut, "/api/v2/tickets/35001", "", `{"ticket":{"priority":"now"}}`, 422},
		"empty comment":    {http.MethodPut, "/api/v2/tickets/35001", "", `{"ticket":{"comment":{"body":""}}}`, 422},
		"closed":           {http.MethodPut, "/api/v2/tickets/35002", "", `{"ticket":{"status":"open"}}`, 422},
		"not there":        {http.MethodPut, "/api/v2/tickets/1", "", `{"ticket":{}}`, 404},
		"id no number":     {http.MethodGet, "/api/v2/tickets/x", "", "", 400},
		"no ticket":        {http.MethodPost, "/api/v2/tickets", "", `{}`, 400},
		"not JSON":         {http.MethodPut, "/api/v2/tickets/35001", "", `{`, 400},
		"key too long":     {http.MethodPost, "/api/v2/tickets", strings.Repeat("k", 256), newTicket, 400},
		"cursor not ours":  {http.MethodGet, "/api/v2/tickets/35001/audits?page%5Bafter%5D=x", "", "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := call(t, z, tc.method, tc.path, tc.key, tc.body); got.status != tc.want {
				t.Errorf("HTTP %d (%v), want %d", got.status, got.body, tc.want)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	z := New(shop(), email, token)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				r := httptest.NewRequest(http.MethodPost, "/api/v2/tickets", strings.NewReader(newTicket))
				r.SetBasicAuth(email+"/token", token)
				r.Header.Set("Idempotency-Key", "the same")
				z.ServeHTTP(httptest.NewRecorder(), r)
				z.Tickets()
			}
		})
	}
	wg.Wait()
	if n := len(z.Tickets()); n != 1 {
		t.Errorf("%d tickets, want 1", n)
	}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	z := New(shop(), email, token)
	o := z.world.NewOrder(world.OrderOptions{})
	z.world.NewOrder(world.OrderOptions{Silent: true})
	users := call(t, z, http.MethodGet, "/api/v2/users/search?query="+url.QueryEscape(`email:"`+strings.ToUpper(o.Customer.Email)+`"`), "", "").body["users"].([]any)
	if len(users) != 1 || users[0].(map[string]any)["role"] != "end-user" {
		t.Fatalf("users %v", users)
	}
	search := func(requester int64, since string) []any {
		query := url.QueryEscape(fmt.Sprintf("type:ticket requester:%d created>=%s", requester, since))
		return call(t, z, http.MethodGet, "/api/v2/search?query="+query, "", "").body["results"].([]any)
	}
	tickets := search(o.Customer.ShopifyID, "2026-01-01T00:00:00Z")
	if len(tickets) == 0 || len(search(o.Customer.ShopifyID, "2027-01-01T00:00:00Z")) != 0 || len(search(1, "2026-01-01T00:00:00Z")) != 0 {
		t.Fatalf("%d tickets", len(tickets))
	}
	shown := call(t, z, http.MethodGet, fmt.Sprintf("/api/v2/tickets/%d/comments?include=users", firstConversation+o.Number), "", "").body
	comments := shown["comments"].([]any)
	if len(comments) != 3 || len(shown["users"].([]any)) != 2 {
		t.Fatalf("shown %v", shown)
	}
	file := comments[0].(map[string]any)["attachments"].([]any)[0].(map[string]any)
	r := httptest.NewRequest(http.MethodGet, file["content_url"].(string), nil)
	r.SetBasicAuth(email+"/token", token)
	w := httptest.NewRecorder()
	z.ServeHTTP(w, r)
	if got := http.DetectContentType(w.Body.Bytes()); got != "image/png" || float64(w.Body.Len()) != file["size"] {
		t.Errorf("the file is %s of %d bytes, told %v", got, w.Body.Len(), file["size"])
	}
	for _, query := range []string{"type:ticket shoe:1", "type:ticket created>=soon"} {
		if got := call(t, z, http.MethodGet, "/api/v2/search?query="+url.QueryEscape(query), "", ""); got.status != 422 {
			t.Errorf("%s: HTTP %d, want 422", query, got.status)
		}
	}
}
