package console

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

// issuerPatience bounds one call to the issuer.
const issuerPatience = 10 * time.Second

// issuer is the OpenID provider that people log in with, and us as its client.
type issuer struct {
	config   config.OIDC
	host     string
	public   string // address of the console
	redirect string
	http     *http.Client
	now      func() time.Time
	found    atomic.Pointer[described] // nil until it has answered once
}

// described is an issuer as its discovery document describes it.
type described struct {
	*oidc.Provider
	client oauth2.Config
}

func newIssuer(o config.OIDC, public string, now func() time.Time) *issuer {
	i := &issuer{config: o, public: public, redirect: strings.TrimRight(public, "/") + oidcCallback, http: issuerClient(), now: now}
	if u, err := url.Parse(o.Issuer); err == nil {
		i.host = u.Host
	}
	return i
}

// issuerClient goes nowhere but where it was sent: a redirect would take codes
// and our secret along.
func issuerClient() *http.Client {
	return &http.Client{
		Timeout:       issuerPatience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// TryIssuer reads an issuer's discovery document. Its errors hold no secrets.
func TryIssuer(ctx context.Context, o config.OIDC) error {
	_, err := newIssuer(o, "", time.Now).discover(ctx)
	return err
}

// discover asks the issuer to describe itself, until it has done so once: it
// may be away when we start.
func (i *issuer) discover(ctx context.Context) (*described, error) {
	if d := i.found.Load(); d != nil {
		return d, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, i.http), i.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %s", firstWords(err))
	}
	var says struct {
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		Scopes      []string `json:"scopes_supported"`
	}
	if err := p.Claims(&says); err != nil {
		return nil, fmt.Errorf("discovery: %s", firstWords(err))
	}
	at := p.Endpoint()
	if at.AuthURL == "" || at.TokenURL == "" {
		return nil, errors.New("discovery: the document names no authorization_endpoint or no token_endpoint")
	}
	at.AuthStyle = oauth2.AuthStyleInHeader // what it takes when it does not say
	if len(says.AuthMethods) > 0 && !slices.Contains(says.AuthMethods, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	d := &described{p, oauth2.Config{
		ClientID: i.config.ClientID, ClientSecret: i.config.ClientSecret, Endpoint: at,
		RedirectURL: i.redirect, Scopes: scopes(i.config.RolesClaim, says.Scopes),
	}}
	i.found.Store(d)
	return d, nil
}

// scopes are what a login asks for. Some issuers tell roles only to whoever
// asks for the scope of that name.
func scopes(rolesClaim string, offered []string) []string {
	out := []string{oidc.ScopeOpenID, oidc.ScopeEmail}
	if root, _, _ := strings.Cut(rolesClaim, "."); slices.Contains(offered, root) && !slices.Contains(out, root) {
		out = append(out, root)
	}
	return out
}

// begun is what a login began with, kept in the browser's sealed cookie.
type begun struct{ State, Nonce, Verifier, Next string }

func (b begun) String() string {
	return strings.Join([]string{b.State, b.Nonce, b.Verifier, b.Next}, "\n")
}

func parseBegun(s string) (begun, bool) {
	f := strings.SplitN(s, "\n", 4)
	if len(f) < 4 {
		return begun{}, false
	}
	return begun{f[0], f[1], f[2], f[3]}, true
}

// same compares without telling by its time how much is alike.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// loginError is why the issuer's answer lets nobody in. Problem is what the
// login page explains; Err is for the log, and holds nothing personal.
type loginError struct {
	Problem string
	Err     error
}

// Error implements error.
func (e *loginError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *loginError) Unwrap() error { return e.Err }

func refused(problem, format string, args ...any) error {
	return &loginError{problem, fmt.Errorf(format, args...)}
}

// identify is who came back from the issuer, by the query of the callback and
// what the login began with, whose state has been compared.
func (i *issuer) identify(ctx context.Context, b begun, query url.Values) (desk.Actor, error) {
	if code := query.Get("error"); code == "access_denied" {
		return desk.Actor{}, refused(loginDenied, "the issuer denied access")
	} else if code != "" {
		return desk.Actor{}, refused(loginUnproven, "the issuer answered with the error %s", errorCode(code))
	}
	d, err := i.discover(ctx)
	if err != nil {
		return desk.Actor{}, refused(loginAway, "%w", err)
	}
	ctx = oidc.ClientContext(ctx, i.http)
	token, err := d.client.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(b.Verifier))
	if err != nil {
		return desk.Actor{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := d.Verifier(&oidc.Config{ClientID: i.config.ClientID, Now: i.now}).Verify(ctx, raw)
	if err != nil {
		return desk.Actor{}, refused(loginUnproven, "the id token: %s", firstWords(err))
	}
	if !same(id.Nonce, b.Nonce) {
		return desk.Actor{}, refused(loginUnproven, "the id token is of another login: its nonce differs")
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return desk.Actor{}, refused(loginUnproven, "the id token: %s", firstWords(err))
	}
	return i.actor(said, func() (claims, error) { return d.userInfo(ctx, id.Subject, token) })
}

// actor reads who somebody is, and with what role, from the id token and, for
// what it does not tell, from the issuer's userinfo.
func (i *issuer) actor(token claims, userInfo func() (claims, error)) (desk.Actor, error) {
	address, told := token.email()
	role, there := token.role(i.config.RolesClaim)
	if !told || !there {
		more, err := userInfo()
		if err != nil {
			return desk.Actor{}, err
		}
		if !told {
			address, _ = more.email()
		}
		if !there {
			role, there = more.role(i.config.RolesClaim)
		}
	}
	switch {
	case address == "":
		return desk.Actor{}, refused(loginEmail, "the issuer vouches for no e-mail address")
	case role == "" && !there:
		return desk.Actor{}, refused(loginRole, "the claim %s is missing", i.config.RolesClaim)
	case role == "":
		return desk.Actor{}, refused(loginRole, "the claim %s names no role", i.config.RolesClaim)
	}
	return desk.Actor{ID: address, Role: role}, nil
}

// userInfo asks what else the issuer says of the one whom the id token names.
func (d *described) userInfo(ctx context.Context, subject string, token *oauth2.Token) (claims, error) {
	if d.UserInfoEndpoint() == "" {
		return nil, nil
	}
	info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		what, _, _ := strings.Cut(firstWords(err), ": ") // the rest may be what it says of a person
		return nil, refused(loginAway, "userinfo: %s", what)
	}
	if info.Subject != subject {
		return nil, refused(loginUnproven, "userinfo is of another subject than the id token")
	}
	var said claims
	if err := info.Claims(&said); err != nil {
		return nil, refused(loginUnproven, "userinfo: %s", firstWords(err))
	}
	return said, nil
}

// exchangeError is why the issuer gave no tokens for a code. Its answer's body
// stays out: it is not ours to log.
func exchangeError(err error) error {
	var answer *oauth2.RetrieveError
	switch {
	case !errors.As(err, &answer):
		return refused(loginAway, "the token endpoint: %s", firstWords(err))
	case answer.Response.StatusCode >= http.StatusInternalServerError:
		return refused(loginAway, "the token endpoint answered %d", answer.Response.StatusCode)
	default:
		return refused(loginUnproven, "the token endpoint answered %d, %s", answer.Response.StatusCode, errorCode(answer.ErrorCode))
	}
}

var plainCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// errorCode is an error's code as the standards write them; anything else may
// be anybody's words.
func errorCode(code string) string {
	if !plainCode.MatchString(code) {
		return "no known error code"
	}
	return code
}

// firstWords bounds an error that may quote a page of the issuer's.
func firstWords(err error) string {
	const enough = 200
	text, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ToValidUTF8(text[:min(len(text), enough)], "")
}
