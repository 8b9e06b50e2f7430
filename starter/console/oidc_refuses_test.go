package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestOIDCRefuses(t *testing.T) {
	t.Parallel()
	w := newOIDCSite(t, "roles")
	// This one only makes userinfo known.
	w.issuer.with(func(f *fakeIssuer) { f.userInfo = map[string]any{"sub": subject} })
	w.person().begin("/")
	token := func(bend map[string]any) func(*fakeIssuer) { return func(f *fakeIssuer) { f.bend = bend } }
	answers := func(status int, body map[string]any) func(*fakeIssuer) {
		return func(f *fakeIssuer) { f.tokens = func(w http.ResponseWriter) { answerJSON(w, status, body) } }
	}
	at := func(back string, change func(url.Values)) string {
		u, err := url.Parse(back)
		check(t, err)
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for _, tt := range []struct {
		name    string
		bend    func(*fakeIssuer)
		way     func(p person, back string) string // what the person does before the callback, and where it is
		problem string
		log     string // what the log says
	}{
		{"another state", nil, func(_ person, back string) string {
			return at(back, func(q url.Values) { q.Set("state", "x") })
		}, loginStale, ""},
		{"no state", nil, func(_ person, back string) string { return at(back, func(q url.Values) { q.Del("state") }) }, loginStale, ""},
		{"no cookie", nil, func(p person, back string) string { p.setCookie(oidcCookie, ""); return back }, loginStale, ""},
		{"a cookie that was changed", nil, func(p person, back string) string {
			c := []byte(p.cookie(oidcCookie))
			c[len(c)/2] ^= 1
			p.setCookie(oidcCookie, string(c))
			return back
		}, loginStale, ""},
		{"a session as the cookie", nil, func(p person, back string) string {
			u, err := url.Parse(back)
			check(t, err)
			plain := begun{State: u.Query().Get("state"), Nonce: "n", Verifier: "v", Next: "/"}.String()
			p.setCookie(oidcCookie, w.console.session.seal(plain, noon.Add(time.Hour)))
			return back
		}, loginStale, ""},
		{"a cookie of less", nil, func(p person, back string) string {
			p.setCookie(oidcCookie, w.console.logins.seal("x", noon.Add(time.Hour)))
			return back
		}, loginStale, ""},
		{"too late", nil, func(_ person, back string) string { w.clock.Store(noon.Add(oidcLength).Unix()); return back }, loginStale, ""},
		{"another login since", nil, func(p person, back string) string { p.begin("/"); return back }, loginStale, ""},
		{"the callback again", nil, func(p person, back string) string {
			p.get(back)
			p.setCookie(sessionCookie, "")
			return back
		}, loginStale, ""},
		{"the callback again, with its cookie", nil, func(p person, back string) string {
			kept := p.cookie(oidcCookie)
			p.get(back)
			p.setCookie(sessionCookie, "")
			p.setCookie(oidcCookie, kept)
			return back
		}, loginUnproven, "answered 400, invalid_grant"},
		{"a code of another login", nil, func(p person, back string) string {
			other, err := url.Parse(w.person().begin("/"))
			check(t, err)
			return at(back, func(q url.Values) { q.Set("code", other.Query().Get("code")) })
		}, loginUnproven, "answered 400, invalid_grant"},
		{"no code", nil, func(_ person, back string) string { return at(back, func(q url.Values) { q.Del("code") }) }, loginUnproven, "answered 400, invalid_grant"},
		{"denied", nil, func(_ person, back string) string {
			return at(back, func(q url.Values) { q.Set("error", "access_denied"); q.Set("error_description", "canary") })
		}, loginDenied, "denied access"},
		{"another error", nil, func(_ person, back string) string {
			return at(back, func(q url.Values) { q.Set("error", "canary\n<script>") })
		}, loginUnproven, "no known error code"},
		{"another nonce", token(map[string]any{"nonce": "x"}), nil, loginUnproven, "nonce differs"},
		{"no nonce", token(map[string]any{"nonce": nil}), nil, loginUnproven, "nonce differs"},
		{"another audience", token(map[string]any{"aud": "another"}), nil, loginUnproven, "expected audience"},
		{"an id token that has expired", token(map[string]any{"exp": noon.Add(-time.Second).Unix()}), nil, loginUnproven, "token is expired"},
		{"an id token for later", token(map[string]any{"nbf": noon.Add(time.Hour).Unix()}), nil, loginUnproven, "not before"},
		{"of another issuer", token(map[string]any{"iss": "https://login.evil.example"}), nil, loginUnproven, "issued by a different provider"},
		{"signed by another key", func(f *fakeIssuer) { f.signer = newKey(t) }, nil, loginUnproven, "failed to verify id token signature"},
		{"not signed", answers(http.StatusOK, map[string]any{
			"access_token": accessToken, "id_token": "eyJhbGciOiJub25lIn0.e30.",
		}), nil, loginUnproven, "unexpected signature algorithm"},
		{"no id token", answers(http.StatusOK, map[string]any{"access_token": accessToken}), nil, loginUnproven, "malformed jwt"},
		{"no tokens", answers(http.StatusBadRequest, map[string]any{"error": "canary of " + personAddress}), nil, loginUnproven, "answered 400, no known error code"},
		{"a token endpoint that fails", answers(http.StatusBadGateway, nil), nil, loginAway, "answered 502"},
		{"a token endpoint elsewhere", func(f *fakeIssuer) {
			f.tokens = func(w http.ResponseWriter) {
				w.Header().Set("Location", f.URL+"/auth")
				w.WriteHeader(http.StatusTemporaryRedirect)
			}
		}, nil, loginUnproven, "answered 307"},
		{"an address that is not verified", func(f *fakeIssuer) { f.person["email_verified"] = false }, nil, loginEmail, "vouches for no e-mail"},
		{"an address of which nothing is said", func(f *fakeIssuer) { delete(f.person, "email_verified") }, nil, loginEmail, "vouches for no e-mail"},
		{"a name instead of an address", func(f *fakeIssuer) {
			delete(f.person, "email")
			f.person["preferred_username"] = personAddress
		}, nil, loginEmail, "vouches for no e-mail"},
		{"no role", func(f *fakeIssuer) { f.person["roles"] = []string{"staff"} }, nil, loginRole, "names no role"},
		{"no claim", func(f *fakeIssuer) { delete(f.person, "roles") }, nil, loginRole, "is missing"},
		{"userinfo of another", func(f *fakeIssuer) {
			delete(f.person, "roles")
			f.userInfo = map[string]any{"sub": "another", "roles": "admin"}
		}, nil, loginUnproven, "another subject"},
		{"away since", nil, func(_ person, back string) string {
			w.issuer.with(func(f *fakeIssuer) { f.away = true })
			return back
		}, loginAway, "answered 503"},
	} {
		w.clock.Store(noon.Unix())
		w.issuer.with(func(f *fakeIssuer) {
			f.person = map[string]any{"email": personAddress, "email_verified": true, "roles": []string{"analyst"}}
			f.bend, f.signer, f.tokens, f.away, f.userInfo = nil, nil, nil, false, map[string]any{"sub": subject}
			if tt.bend != nil {
				tt.bend(f)
			}
		})
		p := w.person()
		back := p.begin("/cases")
		if tt.way != nil {
			back = tt.way(p, back)
		}
		before, logged := len(w.logins()), len(w.log.String())
		got := p.get(back)
		to, err := url.Parse(got.header.Get("Location"))
		check(t, err)
		if got.status != http.StatusSeeOther || to.Path != "/login" || to.Query().Get("problem") != tt.problem {
			t.Errorf("%s: %d to %q, want the problem %s\n%s", tt.name, got.status, to, tt.problem, w.log)
			continue
		}
		if p.cookie(sessionCookie) != "" || p.cookie(oidcCookie) != "" || len(w.logins()) != before {
			t.Errorf("%s: cookies %q and %q, %d logins more", tt.name, p.cookie(sessionCookie), p.cookie(oidcCookie), len(w.logins())-before)
		}
		if says := w.log.String()[logged:]; !strings.Contains(says, tt.log) || (tt.log == "") != (says == "") {
			t.Errorf("%s: the log says %q, want %q", tt.name, says, tt.log)
		}
		page := p.get(to.String())
		want := w.console.issuer.problem(tt.problem)
		if page.status != want.Status || !strings.Contains(page.body, want.Title) {
			t.Errorf("%s: the page has status %d\n%s", tt.name, page.status, page.body)
		}
		for _, private := range []string{clientSecret, url.QueryEscape(clientSecret), subject, personAddress, "canary", "eyJ"} {
			if strings.Contains(w.log.String()+got.body+page.body+to.String(), private) {
				t.Errorf("%s: %q shows:\n%s\n%s", tt.name, private, w.log, page.body)
			}
		}
	}
}
