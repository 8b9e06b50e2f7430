package simulator

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func start(t *testing.T, wrap func(string, http.Handler) http.Handler) (*Simulator, string) {
	t.Helper()
	s := New(Options{Seed: 1, Day: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler), Wrap: wrap})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL
}

func ask(t *testing.T, method, url, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestPageAndState(t *testing.T) {
	t.Parallel()
	s, url := start(t, nil)
	id := s.Stripe.Open(s.World.NewOrder(world.OrderOptions{Total: 6450}), stripe.DisputeOptions{Reason: "fraudulent"})
	status, h, page := ask(t, http.MethodGet, url, "")
	if status != 200 || !strings.Contains(page, id) || !strings.Contains(page, "64.50 ") || h.Get("Content-Security-Policy") == "" {
		t.Errorf("HTTP %d, %s", status, page)
	}
	status, _, body := ask(t, http.MethodGet, url+"/state.json", "")
	var state map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &state); err != nil || status != 200 || !strings.Contains(string(state["disputes"]), id) {
		t.Errorf("HTTP %d, %v, %s", status, err, body)
	}
	for _, key := range []string{"disputes", "others", "webhooks", "messages", "tickets", "entries", "rows", "mails"} {
		if _, ok := state[key]; !ok {
			t.Errorf("the state lacks %s", key)
		}
	}
	if status, _, _ := ask(t, http.MethodGet, url+"/nowhere", ""); status != http.StatusNotFound {
		t.Errorf("HTTP %d for nowhere", status)
	}
}

// Every vendor is behind its prefix, refuses strangers, and has its faults.
func TestVendorsAndFaults(t *testing.T) {
	t.Parallel()
	var wrapped []string
	_, url := start(t, func(vendor string, h http.Handler) http.Handler {
		wrapped = append(wrapped, vendor)
		return h
	})
	if len(wrapped) != 19 {
		t.Errorf("wrapped %v", wrapped)
	}
	for _, vendor := range wrapped {
		at := url + "/" + vendor + "/v1/anything"
		if status, _, _ := ask(t, http.MethodGet, at, ""); status == http.StatusServiceUnavailable {
			t.Errorf("%s is down", vendor)
		}
		if status, _, body := ask(t, http.MethodPost, url+"/faults", `{"vendor":"`+vendor+`","mode":"down"}`); status != http.StatusNoContent {
			t.Errorf("HTTP %d %s", status, body)
		}
		if status, _, _ := ask(t, http.MethodGet, at, ""); status != http.StatusServiceUnavailable {
			t.Errorf("%s: HTTP %d, want 503", vendor, status)
		}
	}
	if status, _, _ := ask(t, http.MethodDelete, url+"/faults?vendor=slack", ""); status != http.StatusNoContent {
		t.Errorf("HTTP %d", status)
	}
	for vendor, down := range map[string]bool{"slack": false, "stripe": true} {
		if status, _, _ := ask(t, http.MethodGet, url+"/"+vendor+"/x", ""); (status == http.StatusServiceUnavailable) != down {
			t.Errorf("%s: HTTP %d", vendor, status)
		}
	}
	for _, bad := range []string{"", "{", `{"mode":"odd"}`, `{}`} {
		if status, _, _ := ask(t, http.MethodPost, url+"/faults", bad); status != http.StatusBadRequest {
			t.Errorf("%q: HTTP %d, want 400", bad, status)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for minor, want := range map[int64]string{0: "0.00 USD", 5: "0.05 USD", 12900: "129.00 USD", -1500: "-15.00 USD", -7: "-0.07 USD"} {
		if got := money(minor, "USD"); got != want {
			t.Errorf("money(%d) = %s, want %s", minor, got, want)
		}
	}
}
