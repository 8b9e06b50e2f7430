package hubspot

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	crm "github.com/rebuttal-hq/rebuttal/simulator/hubspot"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

var now = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func newWorld() *world.World {
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := vendortest.Serve(t, crm.New(w, secret))
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
			items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &p})
			if err != nil {
				t.Fatal(err)
			}
			vendortest.Golden(t, filepath.Join("testdata", name+".golden"), items)
		})
	}
}

func TestGatherFindsNothing(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, crm.New(newWorld(), secret))
	for name, p := range map[string]*dispute.Payment{
		"no payment": nil,
		"no address": {OrderName: "#1001"},
		"stranger":   {Email: "nobody@shopper.example"},
	} {
		items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: p})
		if err != nil || len(items) != 0 {
			t.Errorf("%s: got %d items and error %v, want none", name, len(items), err)
		}
	}
}

// TestAddressStaysOutOfURLs: addresses of pages end up in logs on the way.
func TestAddressStaysOutOfURLs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.Customers()[0]
	h, calls := crm.New(w, secret), 0
	url := vendortest.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls++
		local, _, _ := strings.Cut(c.Email, "@")
		if strings.Contains(r.URL.String(), local) {
			t.Errorf("the address is in %s", r.URL)
		}
		h.ServeHTTP(rw, r)
	}))
	if _, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: c.Email}}); err != nil || calls < 3 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

// TestSearchIsExact: what the CRM found by its own idea of equality counts only
// when it is the address.
func TestSearchIsExact(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"total":1,"results":[{"id":"1","properties":{"email":"other@shopper.example"}}]}`)
	}))
	items, err := connect(t, url).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: "a@shopper.example"}})
	if err != nil || len(items) != 0 {
		t.Errorf("got %d items and error %v, want none", len(items), err)
	}
}

// script answers each path with its status and body.
type script map[string]struct {
	status int
	body   string
}

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s[r.URL.Path]
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

const (
	searchPath  = "/crm/v3/objects/contacts/search"
	noteIDs     = "/crm/v4/objects/contacts/1/associations/notes"
	noteBatch   = "/crm/v3/objects/notes/batch/read"
	ticketIDs   = "/crm/v4/objects/contacts/1/associations/tickets"
	ticketBatch = "/crm/v3/objects/tickets/batch/read"
)

// answers is a CRM with one note and one ticket; its ids are numbers here and
// strings there, as the real ones are.
func answers() script {
	return script{
		searchPath:  {200, `{"results":[{"id":"1","properties":{"email":"a@shopper.example"}}]}`},
		noteIDs:     {200, `{"results":[{"toObjectId":11}]}`},
		noteBatch:   {200, `{"results":[{"id":"11","properties":{"hs_note_body":"n","hs_timestamp":"2026-09-02T08:00:00Z"}}]}`},
		ticketIDs:   {200, `{"results":[{"toObjectId":"21"},{"toObjectId":"21"}]}`},
		ticketBatch: {200, `{"results":[{"id":"21","createdAt":"2026-09-03T08:00:00Z","properties":{"content":"t","subject":null}}]}`},
	}
}

func TestWhatWasReadComesWithTheError(t *testing.T) {
	t.Parallel()
	const denied, partly = `{"category":"MISSING_SCOPES"}`, `{"results":[],"errors":[{"category":"INTERNAL"}]}`
	tests := map[string]struct {
		path   string
		status int
		body   string
		want   []string
		kind   dispute.Kind // empty for no error
	}{
		"all is well":           {searchPath, 200, answers()[searchPath].body, []string{"contact:1", "note:11", "ticket:21"}, ""},
		"notes refused":         {noteIDs, 403, denied, []string{"contact:1"}, dispute.Auth},
		"tickets refused":       {ticketIDs, 403, denied, []string{"contact:1", "note:11"}, dispute.Auth},
		"batch limited":         {ticketBatch, 429, `{}`, []string{"contact:1", "note:11"}, dispute.RateLimited},
		"batch fails in part":   {noteBatch, 207, partly, []string{"contact:1"}, dispute.Transient},
		"note deleted meantime": {noteBatch, 207, strings.Replace(partly, "INTERNAL", "OBJECT_NOT_FOUND", 1), []string{"contact:1", "ticket:21"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answers()
			a := s[tt.path]
			a.status, a.body = tt.status, tt.body
			s[tt.path] = a
			items, err := connect(t, vendortest.Serve(t, s)).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: "a@shopper.example"}})
			if (tt.kind == "") != (err == nil) || err != nil && dispute.KindOf(err) != tt.kind {
				t.Errorf("error %v, want kind %q", err, tt.kind)
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

func TestListsArePagedAndBatched(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ pages, wantPages int }{
		"one page":       {1, 1},
		"three pages":    {3, 3},
		"too many pages": {99, maxPages},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages, sizes := 0, []int(nil)
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					body, _ := io.ReadAll(r.Body)
					sizes = append(sizes, strings.Count(string(body), `"id"`))
					_, _ = io.WriteString(w, `{"results":[]}`)
					return
				}
				if want := map[bool]string{true: "", false: fmt.Sprintf("c%d", pages)}[pages == 0]; r.URL.Query().Get("after") != want {
					t.Errorf("page %d is after %q, want %q", pages, r.URL.Query().Get("after"), want)
				}
				pages++
				next := ""
				if pages < tt.pages {
					next = fmt.Sprintf(`,"paging":{"next":{"after":"c%d"}}`, pages)
				}
				var ids []string
				for i := range pageSize {
					ids = append(ids, fmt.Sprintf(`{"toObjectId":"%d"}`, pages*1000+i))
				}
				_, _ = fmt.Fprintf(w, `{"results":[%s]%s}`, strings.Join(ids, ","), next)
			}))
			if _, err := connect(t, url).messages(t.Context(), "1", notes); err != nil {
				t.Fatal(err)
			}
			if pages != tt.wantPages || len(sizes) != tt.wantPages {
				t.Errorf("%d pages, %d batches, want %d", pages, len(sizes), tt.wantPages)
			}
			for _, n := range sizes {
				if n > pageSize {
					t.Errorf("a batch of %d", n)
				}
			}
		})
	}
}
