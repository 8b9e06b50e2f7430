package clearhaus

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxUpload   = 32 << 20
	tokenLives  = time.Hour
	storageRoot = "/storage/"
)

type object = map[string]any

func (c *Clearhaus) routes() {
	p := c.opts.Prefix
	c.mux.HandleFunc("POST /oauth/token", c.token)
	c.mux.HandleFunc("GET /{$}", c.guarded(c.root))
	c.mux.HandleFunc("GET "+p+"/disputes", c.guarded(c.list))
	c.mux.HandleFunc("GET "+p+"/disputes/{id}", c.guarded(c.of(c.show)))
	c.mux.HandleFunc("PUT "+p+"/disputes/{id}/stamps/{stamp}", c.guarded(c.of(c.stamp)))
	c.mux.HandleFunc("GET "+p+"/disputes/{id}/files", c.guarded(c.of(c.listFiles)))
	c.mux.HandleFunc("POST "+p+"/disputes/{id}/files", c.guarded(c.of(c.addFile)))
	c.mux.HandleFunc("GET "+p+"/disputes/{id}/comments", c.guarded(c.of(c.listComments)))
	c.mux.HandleFunc("POST "+p+"/disputes/{id}/comments", c.guarded(c.of(c.addComment)))
	c.mux.HandleFunc("GET "+p+"/transactions/{id}", c.guarded(c.transaction))
	c.mux.HandleFunc("GET "+p+"/files/{id}", c.guarded(c.file))
	c.mux.HandleFunc("GET "+p+"/files/{id}/content", c.guarded(c.content))
	c.mux.HandleFunc("PUT "+storageRoot+"{id}", c.store)
}

// token answers the grant client_credentials.
func (c *Clearhaus) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || !same(id, c.opts.ClientID) || !same(secret, c.opts.ClientSecret) {
		answer(w, http.StatusUnauthorized, object{"error": "invalid_client"})
		return
	}
	if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("audience") == "" {
		answer(w, http.StatusBadRequest, object{"error": "invalid_request"})
		return
	}
	token := newID()
	c.mu.Lock()
	c.tokens[token] = time.Now().Add(tokenLives)
	c.mu.Unlock()
	answer(w, http.StatusOK, object{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLives.Seconds())})
}

// same compares with what is wanted; anything is good where nothing is.
func same(got, want string) bool {
	return want == "" || subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// Grant makes an access token valid, for clients that bring their own.
func (c *Clearhaus) Grant(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[token] = time.Now().Add(tokenLives)
}

func (c *Clearhaus) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		c.mu.Lock()
		until, ok := c.tokens[token]
		c.mu.Unlock()
		if !ok || time.Now().After(until) {
			refuse(w, http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

// of finds the dispute that a path names and holds the lock while next runs.
func (c *Clearhaus) of(next func(http.ResponseWriter, *http.Request, *Dispute)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		d, ok := c.disputes[r.PathValue("id")]
		if !ok {
			refuse(w, http.StatusNotFound)
			return
		}
		next(w, r, d)
	}
}

func (c *Clearhaus) root(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, object{"_links": object{
		"self":        href(c.base(r)),
		"ch:disputes": object{"href": c.at(r, "/disputes{?query,page,per_page}"), "templated": true},
		"curies":      curies,
	}})
}

func (c *Clearhaus) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []any
	for i := len(c.order) - 1; i >= 0; i-- { // the newest first
		d := c.disputes[c.order[i]]
		fits, err := matches(r.FormValue("query"), d, c.world.Now())
		if err != nil {
			answer(w, http.StatusBadRequest, object{"message": err.Error()})
			return
		}
		if fits {
			found = append(found, c.render(r, d))
		}
	}
	c.page(w, r, "ch:disputes", found)
}

func (c *Clearhaus) show(w http.ResponseWriter, r *http.Request, d *Dispute) {
	answer(w, http.StatusOK, c.render(r, d))
}

// stamp sets a stamp. One that is there already may be set again.
func (c *Clearhaus) stamp(w http.ResponseWriter, r *http.Request, d *Dispute) {
	name := r.PathValue("stamp")
	status := map[string]string{"refuted": "under_review", "accepted": "lost"}[name]
	again := len(d.Stamps) > 0 && d.Stamps[len(d.Stamps)-1] == name && d.Status == status
	switch {
	case status == "":
		refuse(w, http.StatusNotFound)
		return
	case again:
	case !d.stampable():
		refuse(w, http.StatusConflict)
		return
	default:
		d.Stamps, d.Status = append(d.Stamps, name), status
	}
	if c.opts.Silent {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("X-Request-Id", "req-"+newID())
	c.show(w, r, d)
}

func (d *Dispute) stampable() bool { return d.Status == "open" && !d.NoStamps }

func (c *Clearhaus) listFiles(w http.ResponseWriter, r *http.Request, d *Dispute) {
	var found []any
	for _, id := range d.Files {
		found = append(found, c.renderFile(r, c.files[id]))
	}
	c.page(w, r, "ch:files", found)
}

func (c *Clearhaus) addFile(w http.ResponseWriter, r *http.Request, d *Dispute) {
	var in struct {
		Label       string `json:"label"`
		ContentType string `json:"content_type"`
		Name        string `json:"name"`
		Size        int64  `json:"size"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Label == "" || in.ContentType == "" {
		refuse(w, http.StatusUnprocessableEntity)
		return
	}
	f := &File{ID: newID(), Dispute: d.ID, Label: in.Label, Name: either(in.Name, in.Label), ContentType: in.ContentType, Size: in.Size}
	c.files[f.ID] = f
	d.Files = append(d.Files, f.ID)
	answer(w, http.StatusCreated, c.renderFile(r, f))
}

func (c *Clearhaus) file(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.files[r.PathValue("id")]; ok {
		answer(w, http.StatusOK, c.renderFile(r, f))
		return
	}
	refuse(w, http.StatusNotFound)
}

func (c *Clearhaus) content(w http.ResponseWriter, r *http.Request) {
	f, ok := c.File(r.PathValue("id"))
	if !ok || f.Uploads == 0 {
		refuse(w, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.ContentType)
	_, _ = w.Write(f.Content) // #nosec G705 -- a stand-in's own bytes
}

// store is the storage behind pre-signed links. It refuses a request with a
// second permission, as S3 does.
func (c *Clearhaus) store(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxUpload))
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.files[c.signed[r.FormValue("Signature")]]
	switch {
	case err != nil || r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusBadRequest)
	case !ok || f.ID != r.PathValue("id") || r.Header.Get("Content-Type") != f.ContentType:
		w.WriteHeader(http.StatusForbidden)
	default:
		f.Content, f.Size, f.Uploads = body, int64(len(body)), f.Uploads+1
	}
}

func (c *Clearhaus) listComments(w http.ResponseWriter, r *http.Request, d *Dispute) {
	var found []any
	for _, comment := range d.Comments {
		found = append(found, c.renderComment(r, d, comment))
	}
	c.page(w, r, "ch:comments", found)
}

func (c *Clearhaus) addComment(w http.ResponseWriter, r *http.Request, d *Dispute) {
	var in struct {
		Body string `json:"body"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Body == "" {
		refuse(w, http.StatusUnprocessableEntity)
		return
	}
	comment := Comment{ID: newID(), Body: in.Body, At: c.world.Now()}
	d.Comments = append(d.Comments, comment)
	answer(w, http.StatusCreated, c.renderComment(r, d, comment))
}

// number is a query's number, or otherwise.
func number(r *http.Request, key string, otherwise int) int {
	if n, err := strconv.Atoi(r.FormValue(key)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/hal+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int) {
	answer(w, status, object{"message": http.StatusText(status)})
}
