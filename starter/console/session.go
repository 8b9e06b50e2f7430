package console

import (
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

// sealer keeps an API token in a cookie that only whoever has its secret can
// read. The token is looked up with every request, so a revoked one ends its
// sessions at once.
type sealer struct{ aead cipher.AEAD }

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
	return sealer{aead}
}

func (s sealer) seal(token string, until time.Time) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(until.Unix())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, append(plain, token...), []byte(sessionCookie)))
}

func (s sealer) open(cookie string, now time.Time) (token string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return "", false
	}
	plain, err := s.aead.Open(nil, nil, sealed, []byte(sessionCookie))
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
		cookie, err := r.Cookie(sessionCookie)
		if err == nil {
			secret, ok = c.session.open(cookie.Value, c.desk.Now())
		}
	}
	if !ok || !strings.HasPrefix(secret, store.TokenPrefix) {
		return desk.Actor{}, dispute.Errorf(dispute.Auth, "console", "nobody is logged in")
	}
	return c.desk.Authenticate(r.Context(), secret)
}

var loginTemplate = pageTemplate("login")

type loginView struct {
	Next    string
	Problem string
}

func (c *Console) loginPage(g *gin.Context) {
	v := &visit{Context: g}
	c.render(v, http.StatusOK, page{Template: loginTemplate, Title: "Log in", Body: loginView{Next: localPath(g.Query("next"))}})
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
		view := loginView{Next: next, Problem: "This token is unknown, or it was revoked."}
		c.render(v, http.StatusUnauthorized, page{Template: loginTemplate, Title: "Log in", Body: view})
	default:
		c.fail(v, problemOf(err), err)
	}
}

func (c *Console) logout(g *gin.Context) {
	c.setCookie(g, sessionCookie, "", -time.Second)
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
	secure := g.Request.TLS != nil || strings.EqualFold(g.GetHeader("X-Forwarded-Proto"), "https")
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
	case u.Path == "/login", u.Path == "/logout", u.Path == "/theme":
		return home
	}
	return path
}
