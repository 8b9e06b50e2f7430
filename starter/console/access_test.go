package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/desk"
)

// Every route, for nobody and for each role. A route that is not in the table
// fails, so that none is added without an answer.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	first, sent := casePath(busyDay()[0].defaults().caseID()), casePath(busyDay()[8].defaults().caseID())
	packet := strings.SplitN(strings.SplitN(w.ask(desk.RoleViewer, first, nil).body, first+"/packets/", 2)[1], `"`, 2)[0]
	form := func(kind string) url.Values {
		return url.Values{"kind": {kind}, "click": {uuid.NewString()}, "text": {"a note"}, "token": {"rbt_wrong"}}
	}
	const ok, login, ended, no = http.StatusOK, http.StatusSeeOther, http.StatusUnauthorized, http.StatusForbidden
	const done = http.StatusSeeOther
	all := map[desk.Role]int{"": login, desk.RoleViewer: ok, desk.RoleAnalyst: ok, desk.RoleManager: ok, desk.RoleFinance: ok, desk.RoleAdmin: ok}
	reading := map[string]string{
		"/": "/", "/cases": "/cases", "/cases/:id": first,
		"/cases/:id/packet.zip":            first + "/packet.zip",
		"/cases/:id/preview":               first + "/preview",
		"/cases/:id/diff":                  first + "/diff",
		"/cases/:id/item":                  first + "/item?source=shipbob&id=pod:77",
		"/cases/:id/packets/:hash/:sha256": first + "/packets/" + packet,
		"/cases/:id/writes/:number/:part":  sent + "/writes/1/request",
	}
	deciding := map[desk.Role]int{"": ended, desk.RoleViewer: no, desk.RoleAnalyst: done, desk.RoleManager: done, desk.RoleFinance: no, desk.RoleAdmin: done}
	asking := map[desk.Role]int{"": login, desk.RoleViewer: no, desk.RoleAnalyst: ok, desk.RoleManager: ok, desk.RoleFinance: no, desk.RoleAdmin: ok}
	anybody := map[string]bool{
		"GET /login": true, "POST /login": true, "GET /login/oidc": true, "GET /login/oidc/callback": true, "POST /logout": true, "POST /theme": true, "POST /zone": true, "GET /assets/:name": true,
	}
	expect := func(role desk.Role, got answer, want int, what string) {
		t.Helper()
		if got.status != want {
			t.Errorf("%s as %q: %d, want %d", what, role, got.status, want)
		}
	}
	for _, route := range w.engine.Routes() {
		name := route.Method + " " + route.Path
		path, reads := reading[route.Path]
		switch {
		case anybody[name]:
		case strings.HasPrefix(route.Path, "/rules"): // TestWhoMayChangeRules
		case route.Method == http.MethodGet && reads:
			for role, want := range all {
				expect(role, w.ask(role, path, nil), want, name)
			}
		case name == "GET /cases/:id/confirm/:kind":
			for role, want := range asking {
				expect(role, w.ask(role, first+"/confirm/accept", nil), want, name)
			}
		case name == "GET /cases/:id/letter":
			for role, want := range asking {
				expect(role, w.ask(role, first+"/letter", nil), want, name)
			}
		case name == "POST /cases/:id/letter":
			for role, want := range deciding {
				letter := form("")
				letter.Set("do", "send")
				expect(role, w.ask(role, first+"/letter", letter), want, name)
			}
		case name == "POST /cases/:id/evidence":
			for role, want := range deciding {
				expect(role, w.ask(role, first+"/evidence", url.Values{
					"do": {"exclude"}, "source": {"shipbob"}, "item": {"pod:77"}, "click": {uuid.NewString()},
				}), want, name)
			}
		case name == "POST /cases/:id/decisions":
			for role, want := range deciding {
				for _, kind := range []string{"approve", "accept", "submit", "assign", "hold", "release"} {
					expect(role, w.ask(role, first+"/decisions", form(kind)), want, name+" "+kind)
				}
			}
		case name == "POST /cases/:id/notes":
			for role, want := range deciding {
				expect(role, w.ask(role, first+"/notes", form("")), want, name)
			}
		case name == "POST /cases/:id/documents":
			for role, want := range deciding {
				expect(role, w.send(w.upload(role, first+"/documents", "receipt.png", picture())), want, name)
			}
		default:
			t.Errorf("%s has no row in the table", name)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := story{id: "du_1", due: 99 * time.Hour}.defaults()
	w.tell(s)
	good := url.Values{"kind": {"hold"}, "click": {uuid.NewString()}, "text": {"x"}, "token": {w.tokens[desk.RoleAnalyst]}, "zone": {"Europe/Berlin"}}
	for name, h := range map[string]map[string]string{
		"cross-site":             {"Sec-Fetch-Site": "cross-site"},
		"same-site":              {"Sec-Fetch-Site": "same-site"},
		"foreign origin":         {"Origin": "https://evil.example"},
		"no origin":              {"Origin": "null"},
		"another port":           {"Origin": "http://127.0.0.1:1"},
		"own host, other prefix": {"Origin": w.url + ".evil.example"},
	} {
		for _, path := range []string{"/login", "/logout", "/theme", "/zone", casePath(s.caseID()) + "/decisions", casePath(s.caseID()) + "/notes", casePath(s.caseID()) + "/documents", casePath(s.caseID()) + "/evidence", casePath(s.caseID()) + "/letter", "/rules/drafts", "/rules/drafts/1", "/rules/drafts/1/rule", "/rules/drafts/1/text", "/rules/drafts/1/publish", "/rules/drafts/1/backtest", "/rules/versions/1", "/rules/apply", "/rules/shadow"} {
			req := w.request(desk.RoleAnalyst, path, good)
			req.Header.Del("Sec-Fetch-Site")
			for k, v := range h {
				req.Header.Set(k, v)
			}
			got := w.send(req)
			if got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s to %s: %d with cookie %q", name, path, got.status, got.header.Get("Set-Cookie"))
			}
		}
	}
	if taken := w.temporal.taken(); len(taken) > 0 {
		t.Errorf("%d decisions were taken", len(taken))
	}
	own := w.request(desk.RoleAnalyst, casePath(s.caseID())+"/decisions", good)
	own.Header.Del("Sec-Fetch-Site")
	own.Header.Set("Origin", w.url)
	if got := w.send(own); got.status != http.StatusSeeOther {
		t.Errorf("our own form: %d", got.status)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	token := w.tokens[desk.RoleAnalyst]
	got := w.ask("", "/", nil)
	if got.header.Get("Location") != "/login?next=%2F" {
		t.Errorf("nobody is sent to %s", got.header.Get("Location"))
	}
	got = w.ask("", "/cases?q=a&status=won", nil)
	if want := "/login?next=%2Fcases%3Fq%3Da%26status%3Dwon"; got.header.Get("Location") != want {
		t.Errorf("nobody is sent to %s, want %s", got.header.Get("Location"), want)
	}
	for _, wrong := range []string{"", "rbt_", "rbt_wrong", token[:len(token)-1], token + "x"} {
		got := w.ask("", "/login", url.Values{"token": {wrong}})
		if got.status != http.StatusUnauthorized || got.header.Get("Set-Cookie") != "" {
			t.Errorf("token %q: %d, cookie %q", wrong, got.status, got.header.Get("Set-Cookie"))
		}
	}
	got = w.ask("", "/login", url.Values{"token": {" " + token + "\n"}, "next": {"/cases?q=a"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/cases?q=a" {
		t.Fatalf("login: %d to %s", got.status, got.header.Get("Location"))
	}
	cookies := (&http.Response{Header: got.header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.Path != "/" || strings.Contains(c.Value, token[4:12]) {
		t.Errorf("cookie %v", c)
	}
	visit := func(want int, what string) {
		t.Helper()
		req := w.request("", "/", nil)
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		if got := w.send(req); got.status != want {
			t.Errorf("%s: %d, want %d", what, got.status, want)
		}
	}
	visit(http.StatusOK, "with the session")
	tokens, err := w.desk.Tokens(t.Context(), desk.System)
	check(t, err)
	for _, have := range tokens {
		if have.Actor == people[desk.RoleAnalyst] {
			check(t, w.desk.RevokeToken(t.Context(), desk.System, have.ID))
		}
	}
	visit(http.StatusSeeOther, "after the token was revoked")
}

// With the database away every page still says so.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	cookie := w.cookie(desk.RoleAnalyst)
	w.db.Close()
	for _, form := range []url.Values{nil, {"kind": {"hold"}, "click": {uuid.NewString()}}} {
		path := "/cases/cs_1"
		if form != nil {
			path += "/decisions"
		}
		req := w.request("", path, form)
		req.AddCookie(cookie)
		got := w.send(req)
		if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, unreachable.Title) || strings.Contains(got.body, "pool") {
			t.Errorf("%s: %d\n%s", path, got.status, got.body)
		}
	}
}

func TestCookiesAreSecureBehindHTTPS(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	req := w.request("", "/login", url.Values{"token": {w.tokens[desk.RoleViewer]}})
	req.Header.Set("X-Forwarded-Proto", "https")
	if cookie := w.send(req).header.Get("Set-Cookie"); !strings.Contains(cookie, "; Secure") {
		t.Errorf("cookie %q", cookie)
	}
	w.console.secure = true // by a public_url with https
	if cookie := w.send(w.request("", "/login", url.Values{"token": {w.tokens[desk.RoleViewer]}})).header.Get("Set-Cookie"); !strings.Contains(cookie, "; Secure") {
		t.Errorf("without a word of the proxy: cookie %q", cookie)
	}
	out := w.ask(desk.RoleViewer, "/logout", url.Values{})
	if cookie := out.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, sessionCookie+"=; ") || !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("logout leaves %q", cookie)
	}
}

func TestTheme(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	got := w.ask("", "/theme", url.Values{"theme": {"dark"}, "back": {"/cases?q=a"}})
	if got.header.Get("Location") != "/cases?q=a" || !strings.HasPrefix(got.header.Get("Set-Cookie"), themeCookie+"=dark;") {
		t.Errorf("dark: %v", got.header)
	}
	for value, want := range map[string]string{"dark": "dark", "light": "light", "": "auto", `"><script>`: "auto"} {
		req := w.request("", "/login", nil)
		req.Header.Set("Cookie", themeCookie+"="+value)
		if body := w.send(req).body; !strings.Contains(body, `data-theme="`+want+`"`) {
			t.Errorf("cookie %q does not give %s", value, want)
		}
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/": "/", "/cases?q=a%20b&x=/": "/cases?q=a%20b&x=/", "/cases/cs_1#exhibit-2": "/cases/cs_1#exhibit-2",
		"": "/", "cases": "/", "https://evil.example/": "/", "//evil.example": "/", "///evil.example": "/",
		`/\evil.example`: "/", `\\evil.example`: "/", "/\t/evil.example": "/", "\x00/": "/", "javascript:alert(1)": "/",
		"/login?next=/": "/", "/login/oidc": "/", "/login/oidc/callback?code=a": "/", "/logout": "/", "/theme": "/", "/zone": "/", "http:/evil": "/", "/%zz": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "//a", `/\a`, "/cases?q=1", "http://a/b", "/%2f/evil", "/\n/a"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://rebuttal.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		to, err := base.Parse(strings.ReplaceAll(localPath(in), `\`, "/"))
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme {
			t.Fatalf("%q leads to %v (%v)", in, to, err)
		}
	})
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := newSealer("a secret")
	cookie := s.seal("rbt_secret", noon)
	if token, ok := s.open(cookie, noon.Add(-time.Second)); !ok || token != "rbt_secret" {
		t.Errorf("%q, %v", token, ok)
	}
	if _, ok := s.open(cookie, noon); ok {
		t.Error("a session that ended still holds")
	}
	if cookie == s.seal("rbt_secret", noon) {
		t.Error("the same token gives the same cookie twice")
	}
	if token, ok := newSealer("a secret").open(cookie, noon.Add(-time.Second)); !ok || token != "rbt_secret" {
		t.Error("a process with the same secret does not know the session")
	}
	for name, other := range map[string]sealer{"another secret": newSealer("other"), "none": newSealer("")} {
		if _, ok := other.open(cookie, noon.Add(-time.Second)); ok {
			t.Errorf("a process with %s opens the session", name)
		}
	}
	for i := range cookie {
		forged := []byte(cookie)
		forged[i] ^= 1
		if token, ok := s.open(string(forged), noon.Add(-time.Second)); ok && token != "rbt_secret" {
			t.Fatalf("byte %d may be changed: %q", i, token)
		}
	}
}

func FuzzSession(f *testing.F) {
	s := newSealer("")
	for _, seed := range []string{"", "AAAA", "_-", s.seal("rbt_x", noon), strings.Repeat("A", 64)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		if token, ok := s.open(cookie, noon.Add(-time.Hour)); ok && token != "rbt_x" {
			t.Fatalf("%q opens to %q", cookie, token)
		}
	})
}

func TestMayRead(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	secret, err := w.db.CreateToken(t.Context(), "ghost", "ghost", "nobody")
	check(t, err)
	may := w.console.MayRead
	for name, c := range map[string]struct {
		header, cookie string
		want           bool
	}{
		"nobody":              {},
		"bearer":              {header: "Bearer " + w.tokens[desk.RoleViewer], want: true},
		"bearer, no role":     {header: "Bearer " + secret},
		"unknown bearer":      {header: "Bearer rbt_wrong"},
		"another scheme":      {header: "Basic " + w.tokens[desk.RoleViewer]},
		"session":             {cookie: w.cookie(desk.RoleFinance).Value, want: true},
		"session that ended":  {cookie: w.console.session.seal(w.tokens[desk.RoleViewer], noon.Add(-time.Second))},
		"the token as cookie": {cookie: w.tokens[desk.RoleViewer]},
	} {
		req := w.request("", "/codec/decode", url.Values{})
		if c.header != "" {
			req.Header.Set("Authorization", c.header)
		}
		if c.cookie != "" {
			req.AddCookie(&http.Cookie{Name: sessionCookie, Value: c.cookie})
		}
		if got := may(req); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
