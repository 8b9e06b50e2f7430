package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
)

func TestOIDCLogin(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "realm_access.roles")
	for role := range people {
		p := w.person()
		w.issuer.with(func(f *fakeIssuer) {
			f.person = map[string]any{
				"email": strings.ToUpper(string(role)) + "@Acme.example", "email_verified": true,
				"realm_access": map[string]any{"roles": []string{"staff", string(role), "viewer"}},
			}
		})
		got := p.login("/cases?q=a%20b")
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/cases?q=a%20b" {
			t.Fatalf("%s: %d to %q\n%s", role, got.status, got.header.Get("Location"), w.log)
		}
		if p.cookie(oidcCookie) != "" {
			t.Errorf("%s: the cookie of the login is left", role)
		}
		by, err := w.desk.Authenticate(t.Context(), p.secret())
		if want := (desk.Actor{ID: string(role) + "@acme.example", Role: role}); err != nil || by != want {
			t.Errorf("%s logs in as %+v, %v", role, by, err)
		}
		if page := p.get("/"); page.status != http.StatusOK || !strings.Contains(page.body, string(role)+"@acme.example") {
			t.Errorf("%s: %d\n%s", role, page.status, page.body)
		}
	}
	for _, token := range w.logins() {
		if !token.ExpiresAt.Equal(noon.Add(sessionLength)) || !token.RevokedAt.IsZero() {
			t.Errorf("token %+v", token)
		}
	}
	if n := len(w.logins()); n != len(people) {
		t.Errorf("%d tokens of logins", n)
	}
}

// Some issuers take the client's secret in the form alone, and some tell the
// person at userinfo alone.
func TestOIDCOtherIssuers(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	w.issuer.with(func(f *fakeIssuer) {
		f.posts, f.person = true, nil
		f.userInfo = map[string]any{"sub": subject, "email": personAddress, "email_verified": "true", "roles": "manager"}
	})
	p := w.person()
	if got := p.login("/"); got.header.Get("Location") != "/" {
		t.Fatalf("to %q\n%s", got.header.Get("Location"), w.log)
	}
	by, err := w.desk.Authenticate(t.Context(), p.secret())
	if err != nil || by != (desk.Actor{ID: personAddress, Role: desk.RoleManager}) {
		t.Errorf("%+v, %v", by, err)
	}
}

func TestOIDCIssuerAway(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	w.issuer.with(func(f *fakeIssuer) { f.away = true })
	p := w.person()
	got := p.get("/login/oidc?next=/cases")
	if want := "/login?next=%2Fcases&problem=away"; got.header.Get("Location") != want {
		t.Fatalf("to %q, want %q", got.header.Get("Location"), want)
	}
	page := p.get(got.header.Get("Location"))
	if page.status != http.StatusBadGateway || !strings.Contains(page.body, "does not answer as it should") || !strings.Contains(page.body, `value="/cases"`) {
		t.Errorf("%d\n%s", page.status, page.body)
	}
	if !strings.Contains(w.log.String(), "503 Service Unavailable") {
		t.Errorf("the log says %q", w.log)
	}
	if got := w.ask("", "/login", url.Values{"token": {w.tokens[desk.RoleAnalyst]}}); got.status != http.StatusSeeOther {
		t.Errorf("a login by token: %d", got.status)
	}
	w.issuer.with(func(f *fakeIssuer) { f.away = false })
	if got := p.login("/cases"); got.header.Get("Location") != "/cases" {
		t.Errorf("when it is back: %d to %q\n%s", got.status, got.header.Get("Location"), w.log)
	}
}

func TestOIDCLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	for next, want := range map[string]string{
		"/cases/cs_1?x=1&y=2": "/cases/cs_1?x=1&y=2", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/",
		"/\n/evil.example": "/", "/login/oidc": "/", "/logout": "/", "/cases?q=" + strings.Repeat("a", 4000): "/",
	} {
		if got := w.person().login(next); got.header.Get("Location") != want {
			t.Errorf("%.40q leads to %q, want %q", next, got.header.Get("Location"), want)
		}
	}
}

// Logging out, the end of its time and a revocation each end a login; a token
// that somebody was given outlives a logout.
func TestOIDCSessionEnds(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	holds := func(p person, secret string) bool {
		_, err := w.desk.Authenticate(t.Context(), secret)
		page := p.get("/").status
		if (err == nil) != (page == http.StatusOK) {
			t.Errorf("the token: %v; the page: %d", err, page)
		}
		return err == nil
	}
	in := func() (person, string) {
		p := w.person()
		p.login("/")
		secret := p.secret()
		if !holds(p, secret) {
			t.Fatal("the login does not hold")
		}
		return p, secret
	}

	p, secret := in()
	cookie := p.cookie(sessionCookie)
	if got := p.do(http.MethodPost, "/logout"); got.header.Get("Location") != "/login" {
		t.Errorf("logout: %d", got.status)
	}
	if holds(p, secret) {
		t.Error("the login holds after logging out")
	}
	p.setCookie(sessionCookie, cookie)
	if holds(p, secret) {
		t.Error("the old cookie still opens the console")
	}

	p, secret = in()
	p.login("/")
	if _, err := w.desk.Authenticate(t.Context(), secret); err == nil {
		t.Error("the login holds after the same browser logged in anew")
	}

	p, secret = in()
	list := w.logins()
	check(t, w.desk.RevokeToken(t.Context(), desk.System, list[len(list)-1].ID))
	if holds(p, secret) {
		t.Error("the login holds after it was revoked")
	}

	p, secret = in()
	// A cookie that says it lasts longer does not help.
	p.setCookie(sessionCookie, w.console.session.seal(secret, noon.Add(99*sessionLength)))
	w.clock.Store(noon.Add(sessionLength - time.Second).Unix())
	if !holds(p, secret) {
		t.Error("the login ends early")
	}
	w.clock.Store(noon.Add(sessionLength).Unix())
	if holds(p, secret) {
		t.Error("the login holds after its time")
	}

	w.clock.Store(noon.Unix())
	if got := w.ask(desk.RoleViewer, "/logout", url.Values{}); got.status != http.StatusSeeOther {
		t.Errorf("logout: %d", got.status)
	}
	if _, err := w.desk.Authenticate(t.Context(), w.tokens[desk.RoleViewer]); err != nil {
		t.Errorf("logging out ends a token that somebody was given: %v", err)
	}

	if n := len(w.logins()); n != 5 {
		t.Errorf("%d logins are listed", n)
	}
	w.clock.Store(noon.Add(sessionLength + 31*24*time.Hour).Unix())
	w.issuer.with(func(f *fakeIssuer) { f.bend = map[string]any{"exp": w.clock.Load() + 60} })
	w.person().login("/")
	if n := len(w.logins()); n != 1 {
		t.Errorf("%d logins are listed a month later", n)
	}
}

func TestLogoutWithoutDatabase(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	p := w.person()
	p.login("/")
	back := p.begin("/")
	w.db.Close()
	got := p.do(http.MethodPost, "/logout")
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, loggedOutHere.Title) || p.cookie(sessionCookie) != "" {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	if got := p.get(back); got.header.Get("Location") != "/login?next=%2F&problem=database" {
		t.Errorf("a login: %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestLoginPage(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "realm_access.roles")
	host := strings.TrimPrefix(w.issuer.URL, "http://")
	page := w.ask("", "/login?next=%2Fcases%3Fq%3D1%26x", nil)
	for _, want := range []string{"Log in with " + host, `href="/login/oidc?next=%2fcases%3fq%3d1%26x"`, `id="token"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q\n%s", want, page.body)
		}
	}
	for _, key := range []string{"", "nonsense", loginAway, loginDenied, loginStale, loginUnproven, loginEmail, loginRole, loginDatabase} {
		page := w.ask("", "/login?problem="+key, nil)
		known := w.console.issuer.problem(key)
		if want := max(known.Status, http.StatusOK); page.status != want || strings.Contains(page.body, `role="alert"`) != (known.Status > 0) {
			t.Errorf("%q: %d\n%s", key, page.status, page.body)
		}
		for _, problem := range unsound(page.body) {
			t.Errorf("%q: %s", key, problem)
		}
	}
	if page := w.ask("", "/login?problem=role", nil); !strings.Contains(page.body, "the claim realm_access.roles, and it names none of the roles viewer, finance, analyst, manager, admin") {
		t.Error(page.body)
	}

	plain := newSite(t)
	for _, path := range []string{"/login", "/login?problem=role"} {
		if page := plain.ask("", path, nil); page.status != http.StatusOK || strings.Contains(page.body, "oidc") || strings.Contains(page.body, `role="alert"`) {
			t.Errorf("without an issuer %s: %d\n%s", path, page.status, page.body)
		}
	}
	for _, path := range []string{"/login/oidc?next=/cases", "/login/oidc/callback?code=a&state=b"} {
		if got := plain.ask("", path, nil); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login") || strings.Contains(got.header.Get("Location"), "oidc") {
			t.Errorf("without an issuer %s: %d to %q", path, got.status, got.header.Get("Location"))
		}
	}
}

func TestSealedForOneCookie(t *testing.T) {
	t.Parallel()
	s := newSealer("a secret")
	login := s.of(oidcCookie)
	if _, ok := s.open(login.seal("rbt_x", noon), noon.Add(-time.Hour)); ok {
		t.Error("a login's cookie opens as a session")
	}
	if _, ok := login.open(s.seal("a\nb\nc\n/", noon), noon.Add(-time.Hour)); ok {
		t.Error("a session opens as a login's cookie")
	}
	if got, ok := newSealer("a secret").of(oidcCookie).open(login.seal("x", noon), noon.Add(-time.Hour)); !ok || got != "x" {
		t.Error("a process with the same secret does not know the login")
	}
}
