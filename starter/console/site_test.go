package console

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	testenv.Main(m)
}

// site is a console over a database of its own, and a browser's view of it.
type site struct {
	t        testing.TB
	db       *store.DB
	desk     *desk.Desk
	temporal *fakeTemporal
	engine   *gin.Engine
	console  *Console
	url      string
	tokens   map[desk.Role]string
}

// people are the actors of the tests, one for each role.
var people = map[desk.Role]string{
	desk.RoleViewer: "vic", desk.RoleAnalyst: "mia", desk.RoleManager: "tom", desk.RoleFinance: "fin", desk.RoleAdmin: "ada",
}

func newSite(t testing.TB) *site {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, testenv.Postgres(t))
	check(t, err)
	t.Cleanup(db.Close)
	check(t, db.Migrate(ctx))
	blobs, err := store.OpenBlobs(ctx, "mem://")
	check(t, err)
	t.Cleanup(func() { check(t, blobs.Close()) })
	w := &site{t: t, db: db, temporal: &fakeTemporal{}, engine: gin.New(), tokens: map[desk.Role]string{}}
	w.desk = &desk.Desk{
		DB: db, Blobs: blobs, Temporal: w.temporal, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}
	w.console = New(w.desk, Options{Secret: "a secret"})
	w.console.Register(w.engine)
	server := httptest.NewServer(w.engine)
	t.Cleanup(server.Close)
	w.url = server.URL
	for role, actor := range people {
		w.tokens[role], err = w.desk.CreateToken(ctx, desk.System, actor, actor, role)
		check(t, err)
	}
	return w
}

// answer is what the browser sees.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends one request as a role, which may be nobody; a form is posted as
// the site's own page would.
func (w *site) ask(role desk.Role, path string, form url.Values) answer {
	w.t.Helper()
	return w.send(w.request(role, path, form))
}

func (w *site) request(role desk.Role, path string, form url.Values) *http.Request {
	w.t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(context.Background(), method, w.url+path, body)
	check(w.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if role != "" {
		req.AddCookie(w.cookie(role))
	}
	return req
}

func (w *site) cookie(role desk.Role) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Value: w.console.session.seal(w.tokens[role], noon.Add(time.Hour))}
}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (w *site) send(req *http.Request) answer {
	w.t.Helper()
	res, err := browser.Do(req)
	check(w.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	check(w.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

// fakeTemporal takes every decision, or refuses them all.
type fakeTemporal struct {
	client.Client
	mu     sync.Mutex
	refuse error
	away   error
	got    []client.UpdateWorkflowOptions
}

func (f *fakeTemporal) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return nil, f.away
	}
	f.got = append(f.got, o)
	return update{err: f.refuse}, nil
}

func (f *fakeTemporal) set(refuse, away error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse, f.away = refuse, away
}

// taken are the updates since the last call.
func (f *fakeTemporal) taken() []client.UpdateWorkflowOptions {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

type update struct {
	client.WorkflowUpdateHandle
	err error
}

func (u update) Get(context.Context, any) error { return u.err }
