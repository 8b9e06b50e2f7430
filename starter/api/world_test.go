package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	testenv.Main(m)
}

var roles = []desk.Role{desk.RoleViewer, desk.RoleAnalyst, desk.RoleManager, desk.RoleFinance, desk.RoleAdmin}

// world is the API over a database of its own and a Temporal that takes notes.
type world struct {
	seeded
	db       *store.DB
	engine   *gin.Engine
	temporal *fakeTemporal
	log      *bytes.Buffer
	tokens   map[desk.Role]string
	revoked  string
	draft    int64 // the newest draft of the rules
	version  int64 // the newest version but one
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	db := must(store.Open(ctx, testenv.Postgres(t)))(t)
	t.Cleanup(db.Close)
	ok(t, db.Migrate(ctx))
	blobs := must(store.OpenBlobs(ctx, "mem://"))(t)
	t.Cleanup(func() { _ = blobs.Close() })

	w := &world{db: db, engine: gin.New(), temporal: &fakeTemporal{}, log: &bytes.Buffer{}, tokens: map[desk.Role]string{}}
	d := &desk.Desk{DB: db, Blobs: blobs, Temporal: w.temporal, Now: time.Now, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	Register(w.engine, d)
	for _, role := range roles {
		w.tokens[role] = must(d.CreateToken(ctx, desk.System, "test", string(role)+"@acme.example", role))(t)
	}
	w.revoked = must(d.CreateToken(ctx, desk.System, "lost laptop", "eve", desk.RoleAdmin))(t)
	victim := must(db.Authenticate(ctx, w.revoked, time.Now()))(t)
	ok(t, db.RevokeToken(ctx, victim.ID))
	w.seeded = seed(t, db, blobs)
	w.victim = victim.ID
	return w
}

// ask is one request.
type ask struct {
	method string // GET when empty
	path   string
	token  string
	header map[string]string
	media  string // application/json when empty
	body   []byte
}

// answer is what came back; it fits the contract.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
}

func (a answer) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	a.into(t, &p)
	if p.Status != a.status {
		t.Errorf("status %d, problem %+v", a.status, p)
	}
	return p
}

// do sends a request and holds the answer against the contract.
func (w *world) do(t *testing.T, in ask) answer {
	t.Helper()
	return send(t, w.engine, in)
}

// as is do by somebody of a role.
func (w *world) as(t *testing.T, role desk.Role, in ask) answer {
	t.Helper()
	in.token = w.tokens[role]
	return w.do(t, in)
}

// get is a GET that must succeed, decoded into v.
func (w *world) get(t *testing.T, role desk.Role, path string, v any) answer {
	t.Helper()
	got := w.as(t, role, ask{path: path})
	if got.status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, got.status, got.body)
	}
	got.into(t, v)
	return got
}

func send(t *testing.T, engine *gin.Engine, in ask) answer {
	t.Helper()
	if in.method == "" {
		in.method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(t.Context(), in.method, in.path, bytes.NewReader(in.body))
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	switch {
	case in.media != "":
		r.Header.Set("Content-Type", in.media)
	case in.body != nil:
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range in.header {
		r.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	engine.ServeHTTP(rec, r)
	got := answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
	fits(t, r, got)
	return got
}

// closed is the contract with every object closed, so that an answer with a
// field that the contract does not name is noticed.
var closed = sync.OnceValue(func() *contract {
	k := readContract()
	for _, e := range k.endpoints {
		for _, s := range e.Spec.Components.Schemas {
			shut(s)
		}
		break // they share one document
	}
	return k
})

func shut(ref *openapi3.SchemaRef) {
	s := ref.Value
	if s.Type.Is("object") && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		if p.Ref == "" {
			shut(p)
		}
	}
	if s.Items != nil && s.Items.Ref == "" {
		shut(s.Items)
	}
}

// fits holds an answer against the contract.
func fits(t *testing.T, r *http.Request, got answer) {
	t.Helper()
	e := endpointOf(r)
	if e == nil {
		t.Fatalf("%s %s is not in the contract", r.Method, r.URL.Path)
	}
	media := got.header.Get("Content-Type")
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: &e.Route},
		Status:                 got.status, Header: got.header, Body: readCloser(got.body),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			ExcludeResponseBody:   !strings.Contains(media, "json"),
		},
	})
	if err != nil {
		t.Errorf("%s %s: %d does not fit the contract: %v", r.Method, r.URL.Path, got.status, err)
	}
}

// endpointOf finds the operation by the path's pattern, apart from gin.
func endpointOf(r *http.Request) *endpoint {
	have := strings.Split(r.URL.Path, "/")
next:
	for _, e := range closed().endpoints {
		want := strings.Split(e.Path, "/")
		if e.Method != r.Method || len(want) != len(have) {
			continue
		}
		for i := range want {
			if want[i] != have[i] && !strings.HasPrefix(want[i], "{") {
				continue next
			}
		}
		return e
	}
	return nil
}

// fakeTemporal takes every update and answers with face or err.
type fakeTemporal struct {
	client.Client // nil: whatever else is asked of it panics
	mu            sync.Mutex
	updates       []client.UpdateWorkflowOptions
	err           error
}

var face = dispute.Face{Status: dispute.StatusNeedsApproval, Stage: dispute.StageChargeback, Next: "waits for ana"}

func (f *fakeTemporal) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	f.updates = append(f.updates, o)
	return handle{}, nil
}

// taken are the decisions so far, which are then forgotten.
func (f *fakeTemporal) taken() []client.UpdateWorkflowOptions {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.updates
	f.updates = nil
	return out
}

type handle struct{ client.WorkflowUpdateHandle }

func (handle) Get(_ context.Context, out any) error {
	*out.(*dispute.Face) = face
	return nil
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
