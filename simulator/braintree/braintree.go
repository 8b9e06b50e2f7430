// Package braintree is a stand-in for Braintree: disputes, transactions and
// evidence with real state behind its GraphQL API, and notifications signed as
// Braintree signs them. A scenario opens and decides disputes by its methods;
// the system under test sees only the API and the webhooks.
//
// Nothing makes a write happen once: a mutation that comes twice is carried out
// twice, as at Braintree.
package braintree

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options set a stand-in up.
type Options struct {
	PublicKey  string
	PrivateKey string
	TargetURL  string        // where notifications go
	Client     *http.Client  // posts them; http.DefaultClient when nil
	RetryEvery time.Duration // between two tries; an hour of the world's when zero
	Retries    int           // tries of one notification; 24 when zero
}

// Braintree is one account. It is safe for concurrent use.
type Braintree struct {
	world *world.World
	opt   Options
	wake  chan struct{}

	mu       sync.Mutex
	disputes map[string]*record
	opened   []string                // ids of disputes, oldest first
	sales    map[string]world.Order  // by transaction
	queue    []*Notification         // to be posted
	told     map[string]Notification // the latest of each dispute
	seen     []Request
}

// Request is one operation that was answered.
type Request struct {
	Operation string // its name in the document
	Mutation  string // the clientMutationId of a mutation
	Refused   string // the code or class of its error
}

// New makes an account that sells what the world sells.
func New(w *world.World, o Options) *Braintree {
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.RetryEvery == 0 {
		o.RetryEvery = w.Day() / 24
	}
	if o.Retries == 0 {
		o.Retries = 24
	}
	return &Braintree{
		world: w, opt: o, wake: make(chan struct{}, 1),
		disputes: map[string]*record{}, sales: map[string]world.Order{}, told: map[string]Notification{},
	}
}

// Requests lists the operations, oldest first.
func (b *Braintree) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Request(nil), b.seen...)
}

// call is one GraphQL operation with the file that came with it.
type call struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`

	file      []byte
	mediaType string
	fileName  string
}

// ServeHTTP implements http.Handler.
func (b *Braintree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	public, private, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/graphql":
		http.NotFound(w, r)
		return
	case !ok || public != b.opt.PublicKey || private != b.opt.PrivateKey:
		b.answer(w, nil, &refusal{class: "AUTHENTICATION"})
		return
	case r.Header.Get("Braintree-Version") == "":
		b.answer(w, nil, &refusal{class: "UNSUPPORTED_CLIENT"})
		return
	}
	c, err := read(r)
	if err != nil {
		b.answer(w, nil, &refusal{class: "VALIDATION"})
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	data, refused := b.run(c)
	b.answer(w, data, refused)
}

// read takes an operation from JSON, or from a form with one file.
func read(r *http.Request) (call, error) {
	var c call
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return c, err
	}
	if kind != "multipart/form-data" {
		return c, json.NewDecoder(r.Body).Decode(&c)
	}
	if err := json.Unmarshal([]byte(r.FormValue("operations")), &c); err != nil {
		return c, err
	}
	var at map[string]string
	if err := json.Unmarshal([]byte(r.FormValue("map")), &at); err != nil {
		return c, err
	}
	for part, place := range at {
		if _, null := c.Variables[strings.TrimPrefix(place, "variables.")]; !null {
			continue
		}
		f, head, err := r.FormFile(part)
		if err != nil {
			return c, err
		}
		c.mediaType, c.fileName = head.Header.Get("Content-Type"), head.Filename
		if c.file, err = io.ReadAll(f); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (b *Braintree) run(c call) (object, *refusal) {
	doc, err := parser.ParseQuery(&ast.Source{Input: c.Query})
	if err != nil || len(doc.Operations) != 1 {
		return nil, &refusal{class: "VALIDATION"}
	}
	op := doc.Operations[0]
	root := b.queries()
	if op.Operation == ast.Mutation {
		root = b.mutations(c)
	}
	e := execution{fragments: doc.Fragments, variables: c.Variables}
	data, refused := e.object(op.SelectionSet, root)
	seen := Request{Operation: op.Name}
	if input, ok := c.Variables["input"].(map[string]any); ok {
		seen.Mutation, _ = input["clientMutationId"].(string)
	}
	if refused != nil {
		seen.Refused = refused.code + refused.class
	}
	b.seen = append(b.seen, seen)
	return data, refused
}

// answer writes a GraphQL answer; refusals come with HTTP status 200 too.
func (b *Braintree) answer(w http.ResponseWriter, data object, refused *refusal) {
	out := map[string]any{"data": data, "extensions": map[string]any{"requestId": b.world.NewID("req-")}}
	if refused != nil {
		extensions := map[string]any{"errorClass": refused.class}
		if refused.code != "" {
			extensions["legacyCode"] = refused.code
		}
		out["data"], out["errors"] = nil, []any{map[string]any{"message": "refused", "extensions": extensions}}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}
