package paypal

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds a request: 50 MB of files and some form around them.
const maxBody = 51 << 20

// object is a JSON object.
type object = map[string]any

// call is one request on its way through an endpoint.
type call struct {
	r     *http.Request
	id    string // the {id} of the path
	base  string // where links lead
	body  []byte
	key   string
	again bool     // it was answered from an earlier call
	after []func() // run once the answer is written
}

// answer is what an endpoint says.
type answer struct {
	status int
	body   object
}

// endpoint answers a call. It runs under the account's lock.
type endpoint func(c *call) answer

// refuse is an error in PayPal's shape.
func refuse(status int, name, issue string) answer {
	body := object{"name": name, "message": "The request was refused.", "debug_id": "90957fca61718"}
	if issue != "" {
		body["details"] = []any{object{"issue": issue}}
	}
	return answer{status, body}
}

func (p *PayPal) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{r: r, id: r.PathValue("id"), key: r.Header.Get("Paypal-Request-Id")}
		var err error
		c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		p.mu.Lock()
		c.base = p.address
		if c.base == "" {
			c.base = "http://" + r.Host
		}
		var out answer
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !p.tokens[token]:
			out = refuse(http.StatusUnauthorized, "AUTHENTICATION_FAILURE", "")
		case err != nil:
			out = refuse(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE", "")
		default:
			out = e(c)
		}
		p.requests = append(p.requests, Request{Method: r.Method, Path: r.URL.Path, Key: c.key, Status: out.status, Replayed: c.again, At: p.now()})
		if len(p.requests) > keptRequests {
			p.requests = p.requests[1:]
		}
		p.mu.Unlock()
		w.Header().Set("Paypal-Debug-Id", "90957fca61718")
		write(w, out.status, out.body)
		for _, f := range c.after {
			f()
		}
	})
}

func write(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller hung up: the work is done all the same
}

// token gives an access token for the app's credentials.
func (p *PayPal) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	// Whoever does OAuth by the letter escapes both.
	id, secret = unescaped(id), unescaped(secret)
	good := subtle.ConstantTimeCompare([]byte(id), []byte(p.opt.ClientID)) & subtle.ConstantTimeCompare([]byte(secret), []byte(p.opt.ClientSecret))
	switch {
	case good != 1:
		write(w, http.StatusUnauthorized, object{"error": "invalid_client", "error_description": "Client Authentication failed"})
		return
	case r.PostFormValue("grant_type") != "client_credentials":
		write(w, http.StatusBadRequest, object{"error": "unsupported_grant_type"})
		return
	}
	write(w, http.StatusOK, object{"access_token": p.GrantToken(), "token_type": "Bearer", "expires_in": 32400})
}

func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// ForgetTokens ends every access token, as if its time were over.
func (p *PayPal) ForgetTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.tokens)
}

func (p *PayPal) show(c *call) answer {
	d := p.disputes[c.id]
	if d == nil {
		return refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
	}
	return answer{http.StatusOK, d.render(c.base)}
}

// list shows the newest first, a page at a time.
func (p *PayPal) list(c *call) answer {
	query := c.r.URL.Query()
	size, skip := 10, 0
	for name, into := range map[string]*int{"page_size": &size, "next_page_token": &skip} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || (name == "page_size" && (n < 1 || n > 50)) {
				return refuse(http.StatusBadRequest, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
			}
			*into = n
		}
	}
	after, err := since(query.Get("update_time_after"), p.now())
	if err {
		return refuse(http.StatusBadRequest, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
	}
	var all []any
	for i := len(p.opened) - 1; i >= 0; i-- {
		d := p.disputes[p.opened[i]]
		states := query.Get("dispute_state")
		if (states == "" || strings.Contains(","+states+",", ","+d.state()+",")) && !d.updated.Before(after) {
			all = append(all, d.summary(c.base))
		}
	}
	links := []any{object{"href": c.base + "/v1/customer/disputes", "rel": "self", "method": "GET"}}
	out := object{}
	if end := min(skip+size, len(all)); skip < end {
		out["items"] = all[skip:end]
		if end < len(all) {
			query.Set("next_page_token", strconv.Itoa(end))
			links = append(links, object{"href": c.base + "/v1/customer/disputes?" + query.Encode(), "rel": "next", "method": "GET"})
		}
	}
	out["links"] = links
	return answer{http.StatusOK, out}
}

// since reads a time of the last 180 days.
func since(text string, now time.Time) (at time.Time, bad bool) {
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err != nil || now.Sub(at) > 180*24*time.Hour
}

// GrantToken gives an access token without being asked for one by HTTP.
func (p *PayPal) GrantToken() string {
	token := p.world.NewID("A21AA")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[token] = true
	return token
}
