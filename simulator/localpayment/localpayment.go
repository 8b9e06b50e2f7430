// Package localpayment stands in for Localpayment: its tokens, its payments, the
// call that takes documentation for a chargeback, and its callbacks.
package localpayment

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options configure the stand-in. Secret or SecretV2 must be set.
type Options struct {
	Username, Password string
	Secret             string // of X-Signature, as version 3 signs
	SecretV2           string // hex, of signature, as version 2 signs
	Now                func() time.Time
	Client             *http.Client  // posts callbacks; default http.DefaultClient
	Backoff            time.Duration // before the first retry, doubled each time; default 200 ms
	Attempts           int           // posts of one callback at most; default 6
}

// Upload is documentation as it arrived.
type Upload struct {
	ExternalID string
	Name       string
	MediaType  string
	Boundary   string // of the request
	Bytes      []byte
}

// Localpayment is one account. It is safe for concurrent use.
type Localpayment struct {
	opt   Options
	world *world.World
	mux   *http.ServeMux

	mu          sync.Mutex
	tokens      map[string]time.Time // access token to its end
	chargebacks map[string]*chargeback
	uploads     []Upload
	callbacks   []*Callback
}

// chargeback is one disputed pay-in, by externalId.
type chargeback struct {
	externalID string
	payIn      string // internalId
	internalID string // of the ChargeBack transaction
	order      world.Order
	opened     time.Time
}

// object is a JSON object.
type object = map[string]any

// New makes an account that knows the world's orders.
func New(w *world.World, o Options) *Localpayment {
	if o.Now == nil {
		o.Now = w.Now
	}
	o.Client = cmp.Or(o.Client, http.DefaultClient)
	o.Backoff = cmp.Or(o.Backoff, 200*time.Millisecond)
	o.Attempts = cmp.Or(o.Attempts, 6)
	l := &Localpayment{opt: o, world: w, mux: http.NewServeMux(), tokens: map[string]time.Time{}, chargebacks: map[string]*chargeback{}}
	l.mux.HandleFunc("POST /api/token/", l.token)
	l.mux.HandleFunc("GET /api/transactions/{id}", l.authorised(l.transaction))
	l.mux.HandleFunc("POST /api/chargeback/documentation/{id}", l.authorised(l.documentation))
	return l
}

// ServeHTTP answers as Localpayment's API does.
func (l *Localpayment) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.mux.ServeHTTP(w, r) }

// Uploads lists the documentation that arrived, oldest first.
func (l *Localpayment) Uploads() []Upload {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Upload(nil), l.uploads...)
}

// Expire ends every access token, as five minutes do.
func (l *Localpayment) Expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.tokens)
}

func (l *Localpayment) token(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Username != l.opt.Username || in.Password != l.opt.Password {
		answer(w, http.StatusUnauthorized, object{"detail": "No active account found with the given credentials"})
		return
	}
	access := l.world.NewID("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.")
	l.mu.Lock()
	l.tokens[access] = l.opt.Now().Add(5 * time.Minute)
	l.mu.Unlock()
	answer(w, http.StatusOK, object{"access": access, "refresh": l.world.NewID("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.")})
}

func (l *Localpayment) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var token string
		_, _ = fmt.Sscanf(r.Header.Get("Authorization"), "Bearer %s", &token)
		l.mu.Lock()
		until, known := l.tokens[token]
		l.mu.Unlock()
		if !known || !l.opt.Now().Before(until) {
			answer(w, http.StatusUnauthorized, object{"detail": "Given token not valid for any token type", "code": "token_not_valid"})
			return
		}
		next(w, r)
	}
}

// transaction shows a pay-in whose chargeback was opened here.
func (l *Localpayment) transaction(w http.ResponseWriter, r *http.Request) {
	c, ok := l.find(r.PathValue("id"))
	if !ok {
		answer(w, http.StatusNotFound, failure("404", "Transaction not found"))
		return
	}
	answer(w, http.StatusOK, c.payInObject())
}

// documentation takes files and answers 101. A second upload is taken like the
// first: the documentation does not say what else becomes of it.
func (l *Localpayment) documentation(w http.ResponseWriter, r *http.Request) {
	c, ok := l.find(r.PathValue("id"))
	if !ok {
		answer(w, http.StatusNotFound, failure("404", "Payin not found"))
		return
	}
	files, err := attached(r)
	if err != nil || len(files) == 0 {
		answer(w, http.StatusBadRequest, failure("400", "files is mandatory"))
		return
	}
	l.mu.Lock()
	for i := range files {
		files[i].ExternalID = c.externalID
	}
	l.uploads = append(l.uploads, files...)
	l.mu.Unlock()
	answer(w, http.StatusOK, object{
		"externalId": c.externalID, "internalId": c.internalID,
		"status": object{"code": "101", "description": "DOC_RECEIVED", "detail": "Dispute documentation received"},
	})
}

func attached(r *http.Request) ([]Upload, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	var out []Upload
	parts := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.FormName() == "files" && part.FileName() != "" {
			out = append(out, Upload{Name: part.FileName(), MediaType: part.Header.Get("Content-Type"), Boundary: params["boundary"], Bytes: body})
		}
	}
}

func (l *Localpayment) find(externalID string) (chargeback, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.chargebacks[externalID]
	if !ok {
		return chargeback{}, false
	}
	return *c, true
}

func failure(code, detail string) object {
	return object{"status": object{"code": code, "description": "ERROR", "detail": detail}}
}

func answer(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
