package console

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	sessionCookie = "rebuttal_session"
	sessionLength = 12 * time.Hour

	themeCookie = "rebuttal_theme"
	themeLength = 365 * 24 * time.Hour
)

// sealer keeps a secret in a cookie that only whoever has the sealer's own can
// read. What is sealed for one cookie does not open as another.
type sealer struct {
	aead   cipher.AEAD
	cookie string // its name
}

func newSealer(secret string) sealer {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "rebuttal console session", 32)
	if secret == "" || err != nil { // an error is impossible at this length
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails, by its documentation
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return sealer{aead, sessionCookie}
}

// of is the same sealer for another cookie.
func (s sealer) of(cookie string) sealer { return sealer{s.aead, cookie} }

func (s sealer) seal(secret string, until time.Time) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(until.Unix())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, append(plain, secret...), []byte(s.cookie)))
}

func (s sealer) open(cookie string, now time.Time) (secret string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return "", false
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte(s.cookie))
	if err != nil || len(plain) < 8 {
		return "", false
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0) //nolint:gosec // sealed by us
	return string(plain[8:]), now.Before(until)
}

// authenticate is the actor of a request: by its API token as Bearer, or by its
// session. Neither is an error of kind Auth.
func (c *Console) authenticate(r *http.Request) (desk.Actor, error) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		secret, ok = c.sessionToken(r)
	}
	if !ok || !strings.HasPrefix(secret, store.TokenPrefix) {
		return desk.Actor{}, dispute.Errorf(dispute.Auth, "console", "nobody is logged in")
	}
	return c.desk.Authenticate(r.Context(), secret)
}

// sessionToken is the token that a request's session holds. It is looked up with
// every request, so that a revoked one ends its sessions at once.
func (c *Console) sessionToken(r *http.Request) (secret string, ok bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", false
	}
	return c.session.open(cookie.Value, c.desk.Now())
}

var loginTemplate = pageTemplate("login")

type loginView struct {
	Next       string
	Issuer     string // whom people may log in with; empty for tokens alone
	Problem    problem
	WrongToken bool
}

func (c *Console) loginPage(g *gin.Context) {
	view := loginView{Next: localPath(g.Query("next"))}
	if c.issuer != nil {
		view.Problem = c.issuer.problem(g.Query("problem"))
	}
	c.showLogin(g, view)
}

func (c *Console) showLogin(g *gin.Context, view loginView) {
	if c.issuer != nil {
		view.Issuer = c.issuer.host
	}
	c.render(&visit{Context: g}, cmp.Or(view.Problem.Status, http.StatusOK), page{Template: loginTemplate, Title: "Log in", Body: view})
}

var wrongToken = problem{
	Status: http.StatusUnauthorized, Title: "This token is unknown, revoked or expired",
	Means: "Nobody was logged in.", Do: "Check that it was copied whole: it begins with rbt_.",
}

var loggedOutHere = problem{
	Status: http.StatusServiceUnavailable, Title: "You are logged out in this browser only",
	Means: "Rebuttal cannot reach its database, so it still knows the session, for at most twelve hours. Its key was in the cookie that is deleted now.",
	Do:    "Close this page. If the cookie may have been copied, have an administrator revoke your oidc login with rebuttal tokens.",
}

func (c *Console) login(g *gin.Context) {
	v := &visit{Context: g}
	if err := v.form(); err != nil {
		c.fail(v, problemOf(err), err)
		return
	}
	token, next := strings.TrimSpace(g.PostForm("token")), localPath(g.PostForm("next"))
	_, err := c.desk.Authenticate(g.Request.Context(), token)
	switch {
	case err == nil:
		c.setCookie(g, sessionCookie, c.session.seal(token, c.desk.Now().Add(sessionLength)), sessionLength)
		g.Redirect(http.StatusSeeOther, next)
	case dispute.KindOf(err) == dispute.Auth:
		c.showLogin(g, loginView{Next: next, Problem: wrongToken, WrongToken: true})
	default:
		c.fail(v, problemOf(err), err)
	}
}

// logout ends the session here and, when the issuer let its visitor in, the
// token that was made for it.
func (c *Console) logout(g *gin.Context) {
	secret, ok := c.sessionToken(g.Request)
	c.setCookie(g, sessionCookie, "", -time.Second)
	if ok {
		if err := c.desk.EndLogin(g.Request.Context(), secret); err != nil {
			c.fail(&visit{Context: g}, loggedOutHere, err)
			return
		}
	}
	g.Redirect(http.StatusSeeOther, "/login")
}

func (c *Console) setTheme(g *gin.Context) {
	v := &visit{Context: g}
	if err := v.form(); err != nil {
		c.fail(v, problemOf(err), err)
		return
	}
	if chosen := g.PostForm("theme"); chosen == "light" || chosen == "dark" {
		c.setCookie(g, themeCookie, chosen, themeLength)
	} else {
		c.setCookie(g, themeCookie, "", -time.Second)
	}
	g.Redirect(http.StatusSeeOther, localPath(g.PostForm("back")))
}

// theme is what the person chose; auto follows the system.
func theme(g *gin.Context) string {
	if chosen, err := g.Cookie(themeCookie); err == nil && (chosen == "light" || chosen == "dark") {
		return chosen
	}
	return "auto"
}

// setCookie keeps the cookie from scripts and other sites. A link from a chat
// still brings it along, which Strict would not.
func (c *Console) setCookie(g *gin.Context, name, value string, length time.Duration) {
	secure := c.secure || g.Request.TLS != nil || strings.EqualFold(g.GetHeader("X-Forwarded-Proto"), "https")
	http.SetCookie(g.Writer, &http.Cookie{ //nolint:gosec // Secure wherever the connection is
		Name: name, Value: value, Path: "/", MaxAge: int(length.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
}

func loginPath(next string) string { return "/login?next=" + url.QueryEscape(localPath(next)) }

// localPath is the path when it leads to a page of ours, and the queue when it
// leads anywhere else. Browsers read a backslash as a slash and skip control
// characters, so neither is let through.
func localPath(path string) string {
	const home = "/"
	for _, r := range path {
		if r == '\\' || r < ' ' || r == 0x7f {
			return home
		}
	}
	u, err := url.Parse(path)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.User != nil, !strings.HasPrefix(path, "/"), strings.HasPrefix(path, "//"):
		return home
	case u.Path == "/login", strings.HasPrefix(u.Path, "/login/"), u.Path == "/logout", u.Path == "/theme", u.Path == "/zone":
		return home
	}
	return path
}
