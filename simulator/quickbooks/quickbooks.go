// Package quickbooks is a stand-in for QuickBooks Online: OAuth tokens that
// rotate, journal entries that must balance, and request ids.
package quickbooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxBody bounds what is read of one request.
const maxBody = 1 << 20

// accessLife is how long an access token lasts at Intuit, refreshLife how long
// an unused refresh token does, and grace how long a replaced one does.
const (
	accessLife  = time.Hour
	refreshLife = 100 * 24 * time.Hour
	grace       = 24 * time.Hour
)

// Line is one line of an entry; Amount is the decimal as it was sent.
type Line struct {
	PostingType string
	Account     string
	Amount      string
}

// Entry is one journal entry.
type Entry struct {
	ID          string
	RequestID   string
	TxnDate     string
	DocNumber   string
	PrivateNote string
	Currency    string // as sent; empty for the company's own
	Lines       []Line
}

// QuickBooks is one company with one connected app. It is an http.Handler for
// the accounting API and the token endpoint (/oauth2/v1/tokens/bearer). It is
// safe for concurrent use.
type QuickBooks struct {
	realm        string
	clientID     string
	clientSecret string
	mux          *http.ServeMux
	now          func() time.Time

	mu       sync.Mutex
	issued   int
	access   map[string]time.Time // token to its end
	refresh  map[string]time.Time // token to its end
	current  string               // the newest refresh token
	entries  []Entry
	answered map[string]map[string]any // answers by request id
}

// New makes a company that the app is connected to with this refresh token.
func New(realm, clientID, clientSecret, refreshToken string) *QuickBooks {
	q := &QuickBooks{
		realm: realm, clientID: clientID, clientSecret: clientSecret, now: time.Now, mux: http.NewServeMux(),
		access: make(map[string]time.Time), refresh: make(map[string]time.Time), current: refreshToken,
		answered: make(map[string]map[string]any),
	}
	q.refresh[refreshToken] = q.now().Add(refreshLife)
	q.mux.HandleFunc("POST /oauth2/v1/tokens/bearer", q.token)
	q.mux.HandleFunc("POST /v3/company/{realm}/journalentry", q.authorised(q.createEntry))
	q.mux.HandleFunc("GET /v3/company/{realm}/journalentry/{id}", q.authorised(q.readEntry))
	q.mux.HandleFunc("GET /v3/company/{realm}/companyinfo/{id}", q.authorised(q.companyInfo))
	return q
}

// Entries lists every journal entry, oldest first.
func (q *QuickBooks) Entries() []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := slices.Clone(q.entries)
	for i := range out {
		out[i].Lines = slices.Clone(out[i].Lines)
	}
	return out
}

// ServeHTTP answers one call.
func (q *QuickBooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mux.ServeHTTP(w, r)
}

func (q *QuickBooks) companyInfo(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != q.realm {
		refuse(w, fault{"610", "Object Not Found", "Id"})
		return
	}
	q.answer(w, map[string]any{"CompanyInfo": map[string]any{
		"CompanyName": "Rebuttal Demo", "LegalName": "Rebuttal Demo", "Country": "US",
		"Id": "1", "SyncToken": "0", "domain": "QBO", "sparse": false,
	}})
}

func (q *QuickBooks) answer(w http.ResponseWriter, v map[string]any) {
	v["time"] = q.now().UTC().Format(time.RFC3339)
	writeJSON(w, http.StatusOK, v)
}

// fault is one error of QuickBooks: its code, message and the element at fault.
type fault struct{ code, message, element string }

func refuse(w http.ResponseWriter, f fault) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"Fault": map[string]any{
		"type": "ValidationFault",
		"Error": []any{map[string]any{
			"code": f.code, "Message": f.message, "Detail": fmt.Sprintf("%s: %s", f.message, f.element), "element": f.element,
		}},
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
