// Package zendesk is a stand-in for Zendesk's ticketing API: tickets with
// external ids, comments and audits, and idempotent creation; and what the
// world's customers wrote to the help desk.
package zendesk

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	firstID = 35001
	agentID = 9001
)

// maxBody bounds what is read of one request.
const maxBody = 1 << 20

// Comment is one comment of a ticket.
type Comment struct {
	Body   string
	Public bool
}

// Ticket is one ticket as it is now.
type Ticket struct {
	ID         int64
	ExternalID string
	Subject    string
	Priority   string
	Status     string
	Tags       []string
	Comments   []Comment // the description first
}

// Zendesk is one account. It is an http.Handler, with and without ".json" at
// the end of a path. It is safe for concurrent use.
type Zendesk struct {
	world *world.World
	email string
	token string
	mux   *http.ServeMux

	mu      sync.Mutex
	nextID  int64
	tickets []*record
	created map[string]creation // by idempotency key
}

type record struct {
	Ticket
	createdAt time.Time
	updatedAt time.Time
	audits    []map[string]any
}

// creation is what an idempotency key was used for.
type creation struct {
	body   [sha256.Size]byte
	answer map[string]any
}

// New makes an account whose agent has this e-mail and API token. The world's
// customers are its end users.
func New(w *world.World, email, token string) *Zendesk {
	z := &Zendesk{world: w, email: email, token: token, mux: http.NewServeMux(), nextID: firstID, created: make(map[string]creation)}
	z.mux.HandleFunc("GET /api/v2/users/me", z.me)
	z.mux.HandleFunc("GET /api/v2/tickets", z.list)
	z.mux.HandleFunc("POST /api/v2/tickets", z.create)
	z.mux.HandleFunc("GET /api/v2/tickets/{id}", z.withTicket(z.show))
	z.mux.HandleFunc("PUT /api/v2/tickets/{id}", z.withTicket(z.update))
	z.mux.HandleFunc("GET /api/v2/tickets/{id}/audits", z.withTicket(z.audits))
	z.mux.HandleFunc("GET /api/v2/tickets/{id}/comments", z.comments)
	z.mux.HandleFunc("GET /api/v2/users/search", z.searchUsers)
	z.mux.HandleFunc("GET /api/v2/search", z.search)
	z.mux.HandleFunc("GET /attachments/token/{token}/", z.attachment)
	return z
}

// Tickets lists every ticket, oldest first.
func (z *Zendesk) Tickets() []Ticket {
	z.mu.Lock()
	defer z.mu.Unlock()
	out := make([]Ticket, len(z.tickets))
	for i, r := range z.tickets {
		out[i] = r.Ticket
		out[i].Tags, out[i].Comments = slices.Clone(r.Tags), slices.Clone(r.Comments)
	}
	return out
}

// ForgetKeys forgets all idempotency keys, as Zendesk does after two hours.
func (z *Zendesk) ForgetKeys() {
	z.mu.Lock()
	defer z.mu.Unlock()
	clear(z.created)
}

// ServeHTTP answers one API call.
func (z *Zendesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	user, password, _ := r.BasicAuth()
	goodUser := subtle.ConstantTimeCompare([]byte(user), []byte(z.email+"/token"))
	goodToken := subtle.ConstantTimeCompare([]byte(password), []byte(z.token))
	if goodUser&goodToken != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "Couldn't authenticate you"})
		return
	}
	r.URL.Path = strings.TrimSuffix(r.URL.Path, ".json")
	z.mu.Lock()
	defer z.mu.Unlock()
	z.mux.ServeHTTP(w, r)
}

func (z *Zendesk) withTicket(next func(http.ResponseWriter, *http.Request, *record)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			refuse(w, http.StatusBadRequest, "InvalidValue", "id")
			return
		}
		i := slices.IndexFunc(z.tickets, func(t *record) bool { return t.ID == id })
		if i < 0 {
			refuse(w, http.StatusNotFound, "RecordNotFound")
			return
		}
		next(w, r, z.tickets[i])
	}
}

func (z *Zendesk) me(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"user": z.agent()})
}

func (z *Zendesk) agent() map[string]any {
	return map[string]any{"id": agentID, "name": "Agent", "email": z.email, "role": "agent", "active": true, "verified": true}
}

func (z *Zendesk) list(w http.ResponseWriter, r *http.Request) {
	external, filtered := r.URL.Query()["external_id"]
	shown := make([]map[string]any, 0, len(z.tickets))
	for _, t := range z.tickets {
		if !filtered || t.ExternalID == external[0] {
			shown = append(shown, t.json())
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"tickets": shown, "count": len(shown), "next_page": nil, "previous_page": nil})
}

func (z *Zendesk) show(w http.ResponseWriter, _ *http.Request, t *record) {
	writeJSON(w, http.StatusOK, map[string]any{"ticket": t.json()})
}

func (z *Zendesk) comments(w http.ResponseWriter, r *http.Request) {
	for _, c := range z.conversations() {
		if strconv.FormatInt(c.id, 10) == r.PathValue("id") {
			z.showConversation(w, r, c)
			return
		}
	}
	z.withTicket(showComments)(w, r)
}

func showComments(w http.ResponseWriter, _ *http.Request, t *record) {
	shown := make([]map[string]any, 0, len(t.Comments))
	for i, c := range t.Comments {
		shown = append(shown, map[string]any{
			"id": t.ID*1000 + int64(i), "type": "Comment", "author_id": agentID, "body": c.Body, "plain_body": c.Body, "public": c.Public,
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"comments": shown, "count": len(shown)})
}

// audits pages by cursor, oldest first.
func (z *Zendesk) audits(w http.ResponseWriter, r *http.Request, t *record) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("page[size]"))
	if err != nil || size < 1 || size > 100 {
		size = 100
	}
	from := 0
	if after := q.Get("page[after]"); after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 0 || from > len(t.audits) {
			refuse(w, http.StatusBadRequest, "InvalidPaginationParameter")
			return
		}
	}
	to := min(from+size, len(t.audits))
	writeJSON(w, http.StatusOK, map[string]any{
		"audits": t.audits[from:to],
		"meta":   map[string]any{"has_more": to < len(t.audits), "after_cursor": strconv.Itoa(to)},
	})
}

func (t *record) json() map[string]any {
	isPublic := slices.ContainsFunc(t.Comments, func(c Comment) bool { return c.Public })
	out := map[string]any{
		"id": t.ID, "url": "https://rebuttal.zendesk.example/api/v2/tickets/" + strconv.FormatInt(t.ID, 10) + ".json",
		"external_id": t.ExternalID, "subject": t.Subject, "raw_subject": t.Subject, "description": t.Comments[0].Body,
		"status": t.Status, "tags": append([]string{}, t.Tags...), "is_public": isPublic,
		"requester_id": agentID, "submitter_id": agentID,
		"created_at": t.createdAt.Format(time.RFC3339), "updated_at": t.updatedAt.Format(time.RFC3339),
	}
	if t.Priority != "" {
		out["priority"] = t.Priority
	}
	return out
}

// refuse answers as Zendesk does: a code, a description and the fields at fault.
func refuse(w http.ResponseWriter, status int, code string, fields ...string) {
	details := make(map[string]any, len(fields))
	for _, f := range fields {
		details[f] = []any{map[string]any{"error": "InvalidValue", "description": f + ": is invalid"}}
	}
	writeJSON(w, status, map[string]any{"error": code, "description": code, "details": details})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
