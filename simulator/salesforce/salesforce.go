// Package salesforce stands in for a Salesforce org: it knows the world's
// customers as contacts, and what they asked for after a sale as cases, with
// comments, e-mails and a call that staff logged; tasks can be added, and fields of
// contacts written. It answers SOQL of its own
// records, so that a query that is not escaped well is a query gone wrong.
package salesforce

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Token is the access token that the org gives. It opens nothing anywhere else.
const Token = "00Dsimulator!AQ0AQsimulator"

// maxBody bounds what is read of one request.
const maxBody = 1 << 20

// maxParts is how many queries one composite request may hold (Salesforce,
// "Composite", limits of queries).
const maxParts = 5

// Org is one org. It is an http.Handler, safe for concurrent use.
type Org struct {
	world        *world.World
	client, word string
	mux          *http.ServeMux

	mu      sync.Mutex
	tasks   []object          // that were added, oldest first
	written map[string]object // fields of contacts, by id
}

// object is a JSON object.
type object = map[string]any

// New is an org whose connected app has this consumer key and secret.
func New(w *world.World, clientID, clientSecret string) *Org {
	mux := http.NewServeMux()
	o := &Org{world: w, client: clientID, word: clientSecret, mux: mux, written: map[string]object{}}
	mux.HandleFunc("POST /services/oauth2/token", o.token)
	mux.HandleFunc("GET /services/data/{version}/sobjects/{object}", guarded(o.describe))
	mux.HandleFunc("GET /services/data/{version}/query", guarded(o.query))
	mux.HandleFunc("POST /services/data/{version}/composite", guarded(o.composite))
	return o
}

// ServeHTTP implements http.Handler.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.mux.ServeHTTP(w, r) }

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// token answers the grant client_credentials. As the real one's, the answer says
// not when the token ends.
func (o *Org) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch {
	case r.PostFormValue("grant_type") != "client_credentials":
		answer(w, http.StatusBadRequest, object{"error": "unsupported_grant_type", "error_description": "grant type not supported"})
	case !same(r.PostFormValue("client_id"), o.client) || !same(r.PostFormValue("client_secret"), o.word):
		answer(w, http.StatusBadRequest, object{"error": "invalid_client", "error_description": "invalid client credentials"})
	default:
		answer(w, http.StatusOK, object{
			"access_token": Token, "instance_url": "http://" + r.Host, "token_type": "Bearer", "scope": "api",
			"id": "https://login.salesforce.example/id/00D000000000001EAA/005000000000001AAA", "issued_at": "1767225600000", "signature": "c2ltdWxhdG9y",
		})
	}
}

func guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !same(r.Header.Get("Authorization"), "Bearer "+Token) {
			refuse(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
			return
		}
		next(w, r)
	}
}

func (o *Org) describe(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("object")
	if _, ok := o.tables()[kind]; !ok {
		refuse(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
		return
	}
	answer(w, http.StatusOK, object{
		"objectDescribe": object{"name": kind, "label": kind, "queryable": true}, "recentItems": []object{},
	})
}

func (o *Org) query(w http.ResponseWriter, r *http.Request) {
	status, body := o.run(r.URL.Query().Get("q"))
	answer(w, status, body)
}

// composite answers several queries in one request, each by itself.
func (o *Org) composite(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Parts []struct {
			Method      string `json:"method"`
			URL         string `json:"url"`
			ReferenceID string `json:"referenceId"`
			Body        object `json:"body"`
		} `json:"compositeRequest"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req) != nil || len(req.Parts) == 0 || len(req.Parts) > maxParts {
		refuse(w, http.StatusBadRequest, "JSON_PARSER_ERROR", "the composite request cannot be read")
		return
	}
	parts := []object{}
	for _, p := range req.Parts {
		status, body := o.part(p.Method, p.URL, "/services/data/"+r.PathValue("version"), p.Body)
		parts = append(parts, object{"body": body, "httpHeaders": object{}, "httpStatusCode": status, "referenceId": p.ReferenceID})
	}
	answer(w, http.StatusOK, object{"compositeResponse": parts})
}

func (o *Org) part(method, address, root string, fields object) (status int, body any) {
	u, err := url.Parse(address)
	contact, isContact := "", false
	if err == nil {
		contact, isContact = strings.CutPrefix(u.Path, root+"/sobjects/Contact/")
	}
	switch {
	case err != nil || strings.Contains(address, "@{"):
	case method == http.MethodGet && u.Path == root+"/query":
		return o.run(u.Query().Get("q"))
	case method == http.MethodPost && u.Path == root+"/sobjects/Task":
		return o.addTask(fields)
	case method == http.MethodPatch && isContact:
		return o.write(contact, fields)
	}
	return http.StatusBadRequest, fault("INVALID_INPUT", "this org answers queries, takes tasks and changes contacts")
}

func (o *Org) run(soql string) (status int, body any) {
	q, err := parse(soql)
	if err != nil {
		return http.StatusBadRequest, fault("MALFORMED_QUERY", err.Error())
	}
	table, ok := o.tables()[q.table]
	if !ok {
		return http.StatusBadRequest, fault("INVALID_TYPE", "sObject type '"+q.table+"' is not supported.")
	}
	if len(table) > 0 {
		if f := q.unknown(table); f != "" {
			return http.StatusBadRequest, fault("INVALID_FIELD", "No such column '"+f+"' on entity '"+q.table+"'.")
		}
	}
	records := q.pick(table)
	return http.StatusOK, object{"totalSize": len(records), "done": true, "records": records}
}

// fault is an error as Salesforce writes it.
func fault(code, message string) []object {
	return []object{{"errorCode": code, "message": message}}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, fault(code, message))
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
