package console

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/internal/config"
)

// What the stand-in of an issuer knows us by. None of it may show anywhere.
const (
	clientID      = "rebuttal-client"
	clientSecret  = "s3cr:et/canary"
	subject       = "sub-canary-1"
	accessToken   = "access-canary-1"
	personAddress = "mia@acme.example"
)

// fakeIssuer is an OpenID provider: discovery, keys, and the authorization code
// flow with PKCE. It reports as a test's error whatever a strict one refuses.
type fakeIssuer struct {
	*httptest.Server
	t    testing.TB
	key  *ecdsa.PrivateKey
	keys oidctest.Server

	mu       sync.Mutex
	grants   map[string]url.Values // code to the query it was given for
	redirect string                // the only one that it sends people back to

	// What a test bends.
	away     bool
	posts    bool           // takes the client's secret in the form alone
	document map[string]any // over the discovery document
	person   map[string]any // what the id token says of the person
	bend     map[string]any // over the id token's own claims; nil takes one away
	signer   *ecdsa.PrivateKey
	userInfo map[string]any
	tokens   func(http.ResponseWriter) // answers instead of the token endpoint
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func newFakeIssuer(t testing.TB) *fakeIssuer {
	t.Helper()
	f := &fakeIssuer{t: t, key: newKey(t), grants: map[string]url.Values{}}
	f.keys.PublicKeys = []oidctest.PublicKey{{PublicKey: f.key.Public(), KeyID: "one", Algorithm: oidc.ES256}}
	f.person = map[string]any{"email": personAddress, "email_verified": true, "roles": []string{"staff", "analyst"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", f.discovery)
	mux.HandleFunc("GET /keys", f.keys.ServeHTTP)
	mux.HandleFunc("GET /auth", f.authorize)
	mux.HandleFunc("POST /token", f.token)
	mux.HandleFunc("GET /userinfo", f.info)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.away {
			http.Error(w, "<html>down for a while", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeIssuer) config() config.OIDC {
	return config.OIDC{Issuer: f.URL, ClientID: clientID, ClientSecret: clientSecret, RolesClaim: "roles"}
}

// with changes what the issuer does next.
func (f *fakeIssuer) with(change func(*fakeIssuer)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeIssuer) discovery(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/auth", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{oidc.ES256}, "scopes_supported": []string{"openid", "email", "roles"},
	}
	if f.userInfo != nil {
		doc["userinfo_endpoint"] = f.URL + "/userinfo"
	}
	if f.posts {
		doc["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	}
	maps.Copy(doc, f.document)
	answerJSON(w, http.StatusOK, doc)
}

func (f *fakeIssuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	scopes := strings.Fields(q.Get("scope"))
	switch {
	case q.Get("client_id") != clientID, q.Get("redirect_uri") != f.redirect, q.Get("response_type") != "code":
		f.t.Errorf("authorization is asked for with %v", q)
	case !slices.Contains(scopes, "openid") || !slices.Contains(scopes, "email"):
		f.t.Errorf("scopes %v", scopes)
	case q.Get("code_challenge_method") != "S256", len(q.Get("code_challenge")) != 43, len(q.Get("state")) < 22, len(q.Get("nonce")) < 22:
		f.t.Errorf("state, nonce or challenge are weak: %v", q)
	}
	code := "code-canary-" + rand.Text()
	f.grants[code] = q
	http.Redirect(w, r, f.redirect+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token gives tokens for a code, once, to the client that has its verifier.
func (f *fakeIssuer) token(w http.ResponseWriter, r *http.Request) {
	if f.tokens != nil {
		f.tokens(w)
		return
	}
	id, secret, basic := r.BasicAuth()
	if f.posts {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	} else if id, _ = url.QueryUnescape(id); true {
		secret, _ = url.QueryUnescape(secret)
	}
	grant, known := f.grants[r.PostFormValue("code")]
	delete(f.grants, r.PostFormValue("code"))
	switch {
	case basic == f.posts, id != clientID, secret != clientSecret:
		f.t.Errorf("the client is %q, with basic authentication %v", id, basic)
		answerJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
	case !known, r.PostFormValue("grant_type") != "authorization_code", r.PostFormValue("redirect_uri") != grant.Get("redirect_uri"),
		oauth2.S256ChallengeFromVerifier(r.PostFormValue("code_verifier")) != grant.Get("code_challenge"):
		answerJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "canary of " + personAddress})
	default:
		answerJSON(w, http.StatusOK, map[string]any{
			"access_token": accessToken, "token_type": "Bearer", "expires_in": 60, "id_token": f.idToken(grant.Get("nonce")),
		})
	}
}

func (f *fakeIssuer) idToken(nonce string) string {
	said := map[string]any{
		"iss": f.URL, "aud": clientID, "sub": subject, "nonce": nonce, "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
	}
	maps.Copy(said, f.person)
	maps.Copy(said, f.bend)
	text, err := json.Marshal(said)
	check(f.t, err)
	signer := f.key
	if f.signer != nil {
		signer = f.signer
	}
	return oidctest.SignIDToken(signer, "one", oidc.ES256, string(text))
}

func (f *fakeIssuer) info(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+accessToken {
		f.t.Errorf("userinfo is asked for without the access token")
	}
	answerJSON(w, http.StatusOK, f.userInfo)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for claim, want := range map[string]string{
		"roles": "openid email", "groups": "openid email groups", "groups.rebuttal": "openid email groups", "email": "openid email",
	} {
		if got := strings.Join(scopes(claim, []string{"openid", "email", "groups"}), " "); got != want {
			t.Errorf("for the claim %s %q are asked, want %q", claim, got, want)
		}
	}
}

func TestTryIssuer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bend func(*fakeIssuer)
		want string // of the error; empty for none
	}{
		"right":              {func(*fakeIssuer) {}, ""},
		"away":               {func(f *fakeIssuer) { f.away = true }, "503 Service Unavailable"},
		"another issuer":     {func(f *fakeIssuer) { f.document = map[string]any{"issuer": f.URL + "/"} }, "did not match"},
		"nowhere to ask":     {func(f *fakeIssuer) { f.document = map[string]any{"authorization_endpoint": ""} }, "names no authorization_endpoint"},
		"nowhere for tokens": {func(f *fakeIssuer) { f.document = map[string]any{"token_endpoint": ""} }, "names no authorization_endpoint or no token_endpoint"},
		"scopes of a kind":   {func(f *fakeIssuer) { f.document = map[string]any{"scopes_supported": 7} }, "cannot unmarshal"},
		"a page":             {func(f *fakeIssuer) { f.document = map[string]any{"issuer": strings.Repeat("x", 9000)} }, "did not match"},
	} {
		f := newFakeIssuer(t)
		f.with(c.bend)
		err := TryIssuer(t.Context(), f.config())
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 || strings.Contains(err.Error(), clientSecret) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := TryIssuer(t.Context(), config.OIDC{Issuer: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
}
