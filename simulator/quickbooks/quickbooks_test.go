package quickbooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	realm   = "4620816365"
	id      = "client"
	secret  = "client-secret"
	initial = "refresh-initial"
)

func call(t *testing.T, q *QuickBooks, r *http.Request) (int, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	q.ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, body
}

func refreshRequest(user, password, token string) *http.Request {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	r := httptest.NewRequest(http.MethodPost, "/oauth2/v1/tokens/bearer", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(user, password)
	return r
}

func signIn(t *testing.T, q *QuickBooks, refresh string) (access, next string) {
	t.Helper()
	status, body := call(t, q, refreshRequest(id, secret, refresh))
	if status != http.StatusOK {
		t.Fatalf("HTTP %d: %v", status, body)
	}
	return body["access_token"].(string), body["refresh_token"].(string)
}

func apiRequest(method, path, access, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+access)
	return r
}

func entryJSON(doc, debit, credit string) string {
	line := `{"Amount":%s,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"%s","AccountRef":{"value":"%s"}}}`
	return fmt.Sprintf(`{"TxnDate":"2026-03-02","DocNumber":"%s","PrivateNote":"n","Line":[`+line+`,`+line+`]}`, doc, debit, "Debit", "91", credit, "Credit", "35")
}

const journalPath = "/v3/company/" + realm + "/journalentry"

func TestTokens(t *testing.T) {
	t.Parallel()
	q := New(realm, id, secret, initial)
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	q.now = func() time.Time { return now }
	company := "/v3/company/" + realm + "/companyinfo/" + realm
	access, second := signIn(t, q, initial)
	if status, body := call(t, q, apiRequest(http.MethodGet, company, access, "")); status != http.StatusOK || body["CompanyInfo"] == nil {
		t.Fatalf("HTTP %d: %v", status, body)
	}
	now = now.Add(accessLife)
	if status, _ := call(t, q, apiRequest(http.MethodGet, company, access, "")); status != http.StatusUnauthorized {
		t.Errorf("an access token of an hour ago: HTTP %d, want 401", status)
	}
	signIn(t, q, initial) // still good: replaced less than a day ago
	now = now.Add(grace)
	if status, body := call(t, q, refreshRequest(id, secret, initial)); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("a token replaced a day ago: HTTP %d %v, want invalid_grant", status, body)
	}
	_, newest := signIn(t, q, second)
	q.EndGrace()
	if status, _ := call(t, q, refreshRequest(id, secret, second)); status != http.StatusBadRequest {
		t.Error("EndGrace left an old token alive")
	}
	access, _ = signIn(t, q, newest)
	for name, r := range map[string]*http.Request{
		"wrong secret":    refreshRequest(id, "x", newest),
		"wrong client":    refreshRequest("x", secret, newest),
		"unknown access":  apiRequest(http.MethodGet, company, "x", ""),
		"another company": apiRequest(http.MethodGet, strings.Replace(company, realm, "1", 1), access, ""),
	} {
		if status, _ := call(t, q, r); status != http.StatusUnauthorized {
			t.Errorf("%s: HTTP %d, want 401", name, status)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/oauth2/v1/tokens/bearer", strings.NewReader("grant_type=password"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	if status, body := call(t, q, r); status != http.StatusBadRequest || body["error"] != "unsupported_grant_type" {
		t.Errorf("another grant: HTTP %d %v", status, body)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	q := New(realm, id, secret, initial)
	access, _ := signIn(t, q, initial)
	status, first := call(t, q, apiRequest(http.MethodPost, journalPath+"?requestid=r1", access, entryJSON("D1", "100.00", "100.00")))
	if status != http.StatusOK {
		t.Fatalf("HTTP %d: %v", status, first)
	}
	_, again := call(t, q, apiRequest(http.MethodPost, journalPath+"?requestid=r1", access, entryJSON("D1", "100.00", "100.00")))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the repetition has another answer: %s", diff)
	}
	want := []Entry{{
		ID: "1001", RequestID: "r1", TxnDate: "2026-03-02", DocNumber: "D1", PrivateNote: "n",
		Lines: []Line{{PostingType: "Debit", Account: "91", Amount: "100.00"}, {PostingType: "Credit", Account: "35", Amount: "100.00"}},
	}}
	if diff := cmp.Diff(want, q.Entries()); diff != "" {
		t.Error(diff)
	}
	status, read := call(t, q, apiRequest(http.MethodGet, journalPath+"/1001", access, ""))
	if status != http.StatusOK || read["JournalEntry"].(map[string]any)["DocNumber"] != "D1" {
		t.Errorf("read: HTTP %d %v", status, read)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	q := New(realm, id, secret, initial)
	access, _ := signIn(t, q, initial)
	if status, body := call(t, q, apiRequest(http.MethodPost, journalPath, access, entryJSON("D1", "1", "1.00"))); status != http.StatusOK {
		t.Fatalf("HTTP %d: %v", status, body)
	}
	good := entryJSON("D2", "1", "1")
	for name, tc := range map[string]struct{ method, path, body, want string }{
		"unbalanced":          {"POST", journalPath, entryJSON("D2", "0.1", "0.10000001"), "2300"},
		"negative":            {"POST", journalPath, entryJSON("D2", "-1", "-1"), "2290"},
		"no number":           {"POST", journalPath, entryJSON("D2", `"x"`, "1"), "2010"},
		"document used twice": {"POST", journalPath, entryJSON("D1", "1", "1"), "6140"},
		"document too long":   {"POST", journalPath, entryJSON(strings.Repeat("D", 22), "1", "1"), "2050"},
		"unknown field":       {"POST", journalPath, strings.Replace(good, `"value"`, `"id"`, 1), "2010"},
		"no account":          {"POST", journalPath, strings.Replace(good, `"91"`, `""`, 1), "2020"},
		"no side":             {"POST", journalPath, strings.Replace(good, "Debit", "debit", 1), "2260"},
		"other line":          {"POST", journalPath, strings.Replace(good, `"DetailType":"J`, `"DetailType":"X`, 1), "2170"},
		"no lines":            {"POST", journalPath, `{"TxnDate":"2026-03-02"}`, "2250"},
		"odd date":            {"POST", journalPath, strings.Replace(good, "2026-03-02", "02.03.2026", 1), "2060"},
		"odd currency":        {"POST", journalPath, strings.Replace(good, `"Line"`, `"CurrencyRef":{"value":"dollar"},"Line"`, 1), "2220"},
		"note too long":       {"POST", journalPath, strings.Replace(good, `"n"`, `"`+strings.Repeat("n", 4001)+`"`, 1), "2050"},
		"request id too long": {"POST", journalPath + "?requestid=" + strings.Repeat("r", 51), good, "2130"},
		"no such entry":       {"GET", journalPath + "/9", "", "610"},
		"no such company":     {"GET", "/v3/company/" + realm + "/companyinfo/1", "", "610"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := call(t, q, apiRequest(tc.method, tc.path, access, tc.body))
			if status != http.StatusBadRequest {
				t.Fatalf("HTTP %d: %v, want 400", status, body)
			}
			first := body["Fault"].(map[string]any)["Error"].([]any)[0].(map[string]any)
			if first["code"] != tc.want {
				t.Errorf("fault %v, want %s", first, tc.want)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(q.Entries()); n != 1 {
			t.Errorf("%d entries, want the first only", n)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	q := New(realm, id, secret, initial)
	access, _ := signIn(t, q, initial)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				r := apiRequest(http.MethodPost, fmt.Sprintf("%s?requestid=r%d", journalPath, i), access, entryJSON(fmt.Sprint("D", i), "1", "1"))
				q.ServeHTTP(httptest.NewRecorder(), r)
				q.Entries()
			}
		})
	}
	wg.Wait()
	if n := len(q.Entries()); n != 8 {
		t.Errorf("%d entries, want one for each request id", n)
	}
}
