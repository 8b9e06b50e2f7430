package acmedesk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const apiKey = "tk_canary_0123456789"

// standIn answers as Acmedesk does.
type standIn struct {
	mu      sync.Mutex
	tickets []ticket
	notes   map[string]string // text by key
	made    map[string]int    // ticket by key
}

func newStandIn() *standIn {
	return &standIn{notes: map[string]string{}, made: map[string]int{}}
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in ticket
	_ = json.NewDecoder(r.Body).Decode(&in)
	switch r.Method {
	case http.MethodGet:
		found := []ticket{}
		for _, t := range s.tickets {
			if t.ExternalID == r.URL.Query().Get("external_id") {
				found = append(found, t)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": found})
		return
	case http.MethodPost:
		key := r.Header.Get("Idempotency-Key")
		if _, known := s.made[key]; !known {
			s.made[key] = len(s.tickets)
			in.ID = fmt.Sprintf("t%d", len(s.tickets)+1)
			s.tickets = append(s.tickets, in)
			s.notes[in.Note.Key] = in.Note.Text
		}
		_ = json.NewEncoder(w).Encode(s.tickets[s.made[key]])
		return
	}
	for i := range s.tickets {
		if t := &s.tickets[i]; r.URL.Path == "/v1/tickets/"+t.ID {
			t.Status = in.Status
			if in.Note != nil {
				s.notes[in.Note.Key] = in.Note.Text
			}
			_ = json.NewEncoder(w).Encode(t)
			return
		}
	}
	http.NotFound(w, r)
}

func settings(baseURL string) *Settings { return &Settings{APIKey: apiKey, BaseURL: baseURL} }

func newAdapter(t testing.TB, baseURL string) integrations.Adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "helpdesk")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return newAdapter(t, baseURL) },
		Secret:  apiKey,
		StandIn: func() http.Handler { return newStandIn() },
	})
}

// TestTicketLife: what is told twice is written once.
func TestTicketLife(t *testing.T) {
	t.Parallel()
	s := newStandIn()
	a := newAdapter(t, vendortest.Serve(t, s)).(integrations.Ticketing)
	open := integrations.Ticket{CaseID: "cs_1", Subject: "129.00 USD", Body: "Due 2026-10-15.", Priority: "high", Status: "open"}
	var id string
	for range 2 {
		var err error
		if id, err = a.Create(t.Context(), "cs_1/ticket", open); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := a.Update(t.Context(), "cs_1/won", id, integrations.Ticket{Status: "solved"}, "Won."); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"cs_1/ticket": "Due 2026-10-15.", "cs_1/won": "Won."}
	if diff := cmp.Diff(want, s.notes); diff != "" || len(s.tickets) != 1 || s.tickets[0].Status != "solved" {
		t.Errorf("tickets %+v, notes (-want +got):\n%s", s.tickets, diff)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"no key":         {func(s *Settings) { s.APIKey = "" }, "api_key"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "helpdesk")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}
