package acmebooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

const apiKey = "bk_canary_0123456789"

// standIn answers as Acmebooks does.
type standIn struct {
	mu      sync.Mutex
	entries map[string]journalEntry // by key
}

func newStandIn() *standIn { return &standIn{entries: map[string]journalEntry{}} }

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(`{"id":"co_1"}`))
		return
	}
	key := r.Header.Get("Idempotency-Key")
	made, known := s.entries[key]
	if !known {
		_ = json.NewDecoder(r.Body).Decode(&made)
		made.ID = fmt.Sprintf("je_%d", len(s.entries)+1)
		s.entries[key] = made
	}
	_ = json.NewEncoder(w).Encode(made)
}

func settings(baseURL string) *Settings {
	return &Settings{APIKey: apiKey, BaseURL: baseURL, Accounts: map[ledger.Account]string{
		ledger.PSPClearing: "35", ledger.DisputedFunds: "91", ledger.DisputeFees: "92",
	}}
}

func newAdapter(t testing.TB, baseURL string) integrations.Adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "books")
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

func TestPostEntry(t *testing.T) {
	t.Parallel()
	s := newStandIn()
	a := newAdapter(t, vendortest.Serve(t, s)).(integrations.Accounting)
	e := ledger.Entry{
		Key: "stripe-us|dp_1|mv_1|opened", CaseID: "cs_1", Connection: "stripe-us", DisputeID: "dp_1", Kind: ledger.KindOpened,
		Date: time.Date(2026, 10, 1, 23, 0, 0, 0, time.UTC), Currency: "JPY", Memo: "Dispute dp_1",
		Postings: []ledger.Posting{
			{Account: ledger.DisputedFunds, Side: ledger.Debit, Amount: 12900},
			{Account: ledger.DisputeFees, Side: ledger.Debit, Amount: 1500},
			{Account: ledger.PSPClearing, Side: ledger.Credit, Amount: 14400},
		},
	}
	if _, err := a.PostEntry(t.Context(), e.Key, e); err != nil {
		t.Fatal(err)
	}
	want := journalEntry{ID: "je_1", Date: "2026-10-01", Currency: "JPY", Memo: "Dispute dp_1", Lines: []line{
		{AccountID: "91", Debit: "12900"}, {AccountID: "92", Debit: "1500"}, {AccountID: "35", Credit: "14400"},
	}}
	if diff := cmp.Diff(want, s.entries[e.Key]); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	e.Postings[0].Account = ledger.FraudLoss
	if _, err := a.PostEntry(t.Context(), "other", e); dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), "fraud_loss") {
		t.Errorf("an account without mapping: %v, want kind invalid and its name", err)
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
		"no accounts":    {func(s *Settings) { s.Accounts = nil }, "accounts"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "books")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}
