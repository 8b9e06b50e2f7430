package quickbooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	stand "github.com/rebuttal-hq/rebuttal/simulator/quickbooks"
)

const (
	realm        = "4620816365"
	clientID     = "canary-client-id"
	clientSecret = "canary-client-secret"
	refreshToken = "canary-refresh-token"
)

func settings(base, tokenBase string) *Settings {
	s := Vendor.Settings().(*Settings)
	s.BaseURL, s.TokenURL = base, tokenBase+"/oauth2/v1/tokens/bearer"
	s.RealmID, s.ClientID, s.ClientSecret, s.RefreshToken = realm, clientID, clientSecret, refreshToken
	s.HomeCurrency = "USD"
	s.Accounts = map[ledger.Account]string{"psp_clearing": "35", "disputed_funds": "91", "dispute_fees": "92"}
	return s
}

func connect(t testing.TB, base, tokenBase string, client *http.Client) *adapter {
	t.Helper()
	a, err := settings(base, tokenBase).Connect(integrations.Deps{HTTP: client, Now: time.Now}, "books")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func company(t testing.TB) (*stand.QuickBooks, *faults.Set, *adapter) {
	t.Helper()
	q, f := stand.New(realm, clientID, clientSecret, refreshToken), &faults.Set{}
	srv := httptest.NewServer(f.Wrap("quickbooks", q))
	t.Cleanup(srv.Close)
	return q, f, connect(t, srv.URL, srv.URL, srv.Client())
}

func entry() ledger.Entry {
	return ledger.Entry{
		Key: "stripe-us|txn_1|opened", CaseID: "cs_1", Connection: "stripe-us", DisputeID: "du_1", Kind: "opened",
		Date: time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC), Currency: "USD", Memo: "Dispute du_1 opened",
		Postings: []ledger.Posting{
			{Account: "disputed_funds", Side: ledger.Debit, Amount: 10000},
			{Account: "dispute_fees", Side: ledger.Debit, Amount: 1505},
			{Account: "psp_clearing", Side: ledger.Credit, Amount: 11505},
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const key = "cs_1/books/5f2c"
	tokens := httptest.NewServer(stand.New(realm, clientID, clientSecret, refreshToken))
	t.Cleanup(tokens.Close)
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, baseURL string) integrations.Adapter {
			return connect(t, baseURL, tokens.URL, &http.Client{})
		},
		Secret: clientSecret,
		Calls: []vendortest.Call{
			{Name: "check", Do: func(ctx context.Context, a integrations.Adapter) error { return a.(*adapter).Check(ctx) }},
			{
				Name: "post entry", Write: true, Key: requestID(key),
				Do: func(ctx context.Context, a integrations.Adapter) error {
					_, err := a.(*adapter).PostEntry(ctx, key, entry())
					return err
				},
				Serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"JournalEntry":{"Id":"1001"}}`) },
			},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"complete":         {func(*Settings) {}, ""},
		"no base":          {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"no token URL":     {func(s *Settings) { s.TokenURL = "" }, "token_url"},
		"no realm":         {func(s *Settings) { s.RealmID = "" }, "realm_id"},
		"no client":        {func(s *Settings) { s.ClientID = "" }, "client_id"},
		"no secret":        {func(s *Settings) { s.ClientSecret = "" }, "client_secret"},
		"no refresh token": {func(s *Settings) { s.RefreshToken = "" }, "refresh_token"},
		"no currency":      {func(s *Settings) { s.HomeCurrency = "" }, "home_currency"},
		"no accounts":      {func(s *Settings) { s.Accounts = nil }, "accounts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings("http://127.0.0.1:1", "http://127.0.0.1:1")
			tc.change(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}}, "books")
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want one that names %q", err, tc.want)
			}
		})
	}
}

func TestPostEntry(t *testing.T) {
	t.Parallel()
	q, _, a := company(t)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := a.PostEntry(t.Context(), "k1", entry())
	if err != nil {
		t.Fatal(err)
	}
	reversal := entry()
	reversal.Key, reversal.Reverses, reversal.Currency = "stripe-us|txn_1|reversed", "stripe-us|txn_1|opened", "kwd"
	if _, err := a.PostEntry(t.Context(), "k2", reversal); err != nil {
		t.Fatal(err)
	}
	want := []stand.Entry{
		{
			ID: id, RequestID: requestID("k1"), TxnDate: "2026-03-02", DocNumber: docNumber(entry()),
			PrivateNote: "Dispute du_1 opened [stripe-us|txn_1|opened]",
			Lines:       []stand.Line{{PostingType: "Debit", Account: "91", Amount: "100.00"}, {PostingType: "Debit", Account: "92", Amount: "15.05"}, {PostingType: "Credit", Account: "35", Amount: "115.05"}},
		},
		{
			ID: "1002", RequestID: requestID("k2"), TxnDate: "2026-03-02", DocNumber: docNumber(reversal), Currency: "KWD",
			PrivateNote: "Dispute du_1 opened [stripe-us|txn_1|reversed] reverses [stripe-us|txn_1|opened]",
			Lines:       []stand.Line{{PostingType: "Debit", Account: "91", Amount: "10.000"}, {PostingType: "Debit", Account: "92", Amount: "1.505"}, {PostingType: "Credit", Account: "35", Amount: "11.505"}},
		},
	}
	if diff := cmp.Diff(want, q.Entries()); diff != "" {
		t.Error(diff)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.DropCommitted, faults.ErrorCommitted} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			q, f, a := company(t)
			f.Add(faults.Fault{Path: "journalentry", Mode: mode, Times: 1})
			if _, err := a.PostEntry(t.Context(), "k1", entry()); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("lost answer: %v, want unknown_outcome", err)
			}
			id, err := a.PostEntry(t.Context(), "k1", entry())
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Entries(); len(got) != 1 || got[0].ID != id {
				t.Errorf("entries %+v, want one, number %s", got, id)
			}
		})
	}
}

func TestEntriesThatCannotBePosted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*ledger.Entry)
		want   string
	}{
		"no account":     {func(e *ledger.Entry) { e.Postings[0].Account, e.Postings[1].Account = "fx_gain_loss", "refunds" }, "fx_gain_loss, refunds"},
		"unbalanced":     {func(e *ledger.Entry) { e.Postings[0].Amount++ }, "differ by 1"},
		"not positive":   {func(e *ledger.Entry) { e.Postings[0].Amount = 0 }, "disputed_funds is not positive"},
		"on no side":     {func(e *ledger.Entry) { e.Postings[0].Side = "left" }, "neither side"},
		"one posting":    {func(e *ledger.Entry) { e.Postings = e.Postings[:1] }, "at least two"},
		"no date":        {func(e *ledger.Entry) { e.Date = time.Time{} }, "date"},
		"no currency":    {func(e *ledger.Entry) { e.Currency = "" }, "currency"},
		"no natural key": {func(e *ledger.Entry) { e.Key = "" }, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entry()
			tc.change(&e)
			a := connect(t, "http://127.0.0.1:1", "http://127.0.0.1:1", &http.Client{})
			_, err := a.PostEntry(t.Context(), "k", e)
			if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want invalid and %q", err, tc.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const canary = "jane@canary.example"
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   dispute.Kind
		want   string
	}{
		"books closed":    {400, `{"Fault":{"type":"ValidationFault","Error":[{"code":"6210","Message":"m","Detail":"` + canary + `","element":""}]}}`, dispute.Invalid, "HTTP 400, fault ValidationFault 6210: the books are closed"},
		"names element":   {400, `{"Fault":{"type":"ValidationFault","Error":[{"code":"2500","element":"Line.AccountRef"}]}}`, dispute.Invalid, "Line.AccountRef"},
		"odd element":     {400, `{"Fault":{"type":"ValidationFault","Error":[{"code":"2500","element":"` + canary + `"}]}}`, dispute.Invalid, "2500"},
		"with success":    {200, `{"Fault":{"type":"ValidationFault","Error":[{"code":"6000"}]}}`, dispute.Invalid, "6000"},
		"token refused":   {401, `{"fault":{"type":"AUTHENTICATION","error":[{"code":"3200","detail":"` + canary + `"}]}}`, dispute.Auth, "3200"},
		"auth with 400":   {400, `{"Fault":{"type":"AuthorizationFault","Error":[{"code":"120"}]}}`, dispute.Auth, "120"},
		"throttled":       {400, `{"Fault":{"type":"ThrottleFault","Error":[{"code":"3001"}]}}`, dispute.RateLimited, "3001"},
		"throttled 429":   {429, `{"Fault":{"type":"THROTTLE","Error":[{"code":"3001"}]}}`, dispute.RateLimited, "HTTP 429"},
		"system":          {400, `{"Fault":{"type":"SystemFault","Error":[{"code":"10000"}]}}`, dispute.UnknownOutcome, "10000"},
		"same request":    {400, `{"Fault":{"type":"ValidationFault","Error":[{"code":"600"}]}}`, dispute.UnknownOutcome, "600"},
		"stale":           {400, `{"Fault":{"type":"ValidationFault","Error":[{"code":"5010"}]}}`, dispute.Conflict, "5010"},
		"no fault":        {400, `nothing`, dispute.Invalid, "HTTP 400"},
		"no entry":        {200, `{}`, dispute.UnknownOutcome, "names no journal entry"},
		"not JSON at all": {200, `<html>` + canary, dispute.UnknownOutcome, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens := httptest.NewServer(stand.New(realm, clientID, clientSecret, refreshToken))
			defer tokens.Close()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(tc.status)
				_, _ = fmt.Fprint(w, tc.body)
			}))
			defer srv.Close()
			_, err := connect(t, srv.URL, tokens.URL, &http.Client{}).PostEntry(t.Context(), "k", entry())
			if dispute.KindOf(err) != tc.kind || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want kind %s and %q", err, tc.kind, tc.want)
			}
			var e *dispute.Error
			if tc.status == http.StatusTooManyRequests && errors.As(err, &e) && e.RetryAfter != 3*time.Second {
				t.Errorf("RetryAfter = %v, want 3s", e.RetryAfter)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("error text repeats the answer: %v", err)
			}
		})
	}
}

func TestShortNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*ledger.Entry)
		want   string
	}{
		"opened":   {func(*ledger.Entry) {}, "-O"},
		"won":      {func(e *ledger.Entry) { e.Kind = "won" }, "-W"},
		"no kind":  {func(e *ledger.Entry) { e.Kind = "" }, "-X"},
		"odd kind": {func(e *ledger.Entry) { e.Kind = "é" }, "-X"},
		"reversal": {func(e *ledger.Entry) { e.Reverses = "x" }, "-R"},
	} {
		e := entry()
		tc.change(&e)
		if got := docNumber(e); len(got) > 21 || !strings.HasPrefix(got, "DSP-") || !strings.HasSuffix(got, tc.want) {
			t.Errorf("%s: %q, want DSP-…%s of at most 21 characters", name, got, tc.want)
		}
	}
	if id := requestID(strings.Repeat("k", 500)); len(id) > 50 || id == requestID("k") {
		t.Errorf("request id %q", id)
	}
	long := entry()
	long.Memo = strings.Repeat("é", 5000)
	if n := note(long); len([]rune(n)) != maxText || !strings.HasSuffix(n, "[stripe-us|txn_1|opened]") {
		t.Errorf("a long memo costs the note its key: %d characters", len([]rune(n)))
	}
}

func FuzzAmounts(f *testing.F) {
	f.Add(int64(1), "USD")
	f.Add(int64(5), "JPY")
	f.Add(int64(math.MaxInt64), "KWD")
	a := connect(f, "http://127.0.0.1:1", "http://127.0.0.1:1", &http.Client{})
	f.Fuzz(func(t *testing.T, amount int64, currency string) {
		e := entry()
		e.Currency = currency
		e.Postings = []ledger.Posting{{Account: "disputed_funds", Side: ledger.Debit, Amount: amount}, {Account: "psp_clearing", Side: ledger.Credit, Amount: amount}}
		body, err := a.journal(e)
		if err != nil {
			if amount > 0 && len(currency) == 3 {
				t.Errorf("%d %q: %v", amount, currency, err)
			}
			return
		}
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		back, err := dispute.ParseMoney(body.Line[0].Amount.String() + " USD")
		if dispute.Exponent(currency) == 2 && (err != nil || back.Minor != amount) {
			t.Errorf("%d became %s in %s", amount, body.Line[0].Amount, raw)
		}
	})
}
