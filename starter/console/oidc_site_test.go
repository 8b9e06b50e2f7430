package console

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

// oidcSite is a site with an issuer, a log and a clock.
type oidcSite struct {
	*site
	issuer *fakeIssuer
	log    *lockedBuffer
	clock  *atomic.Int64 // unix seconds
}

func newOIDCSite(t testing.TB, rolesClaim string) oidcSite {
	t.Helper()
	w := oidcSite{newSite(t), newFakeIssuer(t), &lockedBuffer{}, &atomic.Int64{}}
	w.clock.Store(noon.Unix())
	w.desk.Now = func() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }
	w.desk.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.engine = gin.New()
	server := httptest.NewServer(w.engine)
	t.Cleanup(server.Close)
	w.url = server.URL
	o := w.issuer.config()
	o.RolesClaim = rolesClaim
	w.console = New(w.desk, Options{Secret: "a secret", PublicURL: w.url + "/", OIDC: &o})
	w.console.Register(w.engine)
	w.issuer.with(func(f *fakeIssuer) { f.redirect = w.url + "/login/oidc/callback" })
	return w
}

// person is a browser with its cookies; it follows no redirect by itself.
type person struct {
	t   testing.TB
	w   oidcSite
	jar *cookiejar.Jar
}

func (w oidcSite) person() person {
	jar, err := cookiejar.New(nil)
	check(w.t, err)
	return person{w.t, w, jar}
}

func (p person) get(at string) answer { return p.do(http.MethodGet, at) }

func (p person) do(method, at string) answer {
	p.t.Helper()
	if strings.HasPrefix(at, "/") {
		at = p.w.url + at
	}
	req, err := http.NewRequestWithContext(context.Background(), method, at, nil)
	check(p.t, err)
	client := http.Client{Jar: p.jar, CheckRedirect: browser.CheckRedirect}
	res, err := client.Do(req)
	check(p.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	check(p.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

// begin goes to the issuer and is the address that it sends the person back to.
func (p person) begin(next string) string {
	p.t.Helper()
	to := p.get("/login/oidc?next=" + url.QueryEscape(next))
	if !strings.HasPrefix(to.header.Get("Location"), p.w.issuer.URL+"/auth?") {
		p.t.Fatalf("a login begins with %d to %q", to.status, to.header.Get("Location"))
	}
	return p.get(to.header.Get("Location")).header.Get("Location")
}

func (p person) login(next string) answer {
	p.t.Helper()
	return p.get(p.begin(next))
}

func (p person) cookie(name string) string {
	at, err := url.Parse(p.w.url)
	check(p.t, err)
	for _, c := range p.jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (p person) setCookie(name, value string) {
	at, err := url.Parse(p.w.url)
	check(p.t, err)
	p.jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// secret is the token that the person's session holds.
func (p person) secret() string {
	p.t.Helper()
	secret, ok := p.w.console.session.open(p.cookie(sessionCookie), noon)
	if !ok {
		p.t.Fatal("there is no session")
	}
	return secret
}

// logins are the tokens that logins made.
func (w oidcSite) logins() []store.Token {
	w.t.Helper()
	all, err := w.desk.Tokens(w.t.Context(), desk.System)
	check(w.t, err)
	var out []store.Token
	for _, token := range all {
		if token.Name == store.LoginName {
			out = append(out, token)
		}
	}
	return out
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
