// Package console is the desk as pages: what needs a person now, how long is
// left, what happens by itself. It is server-rendered and works without
// JavaScript; the one script adds keys, dialogs and local times.
package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Limits of what a browser may send in one request, in bytes.
const (
	maxForm   = 256 << 10
	maxText   = 3*desk.MaxRules + maxForm // of a whole rule set, as a form writes it
	maxUpload = desk.MaxFile + maxForm
)

// Register adds the console's pages at the root of g. Every page but the login
// wants a session, and every form is refused when another site sent it.
func (c *Console) Register(g gin.IRouter) {
	open := g.Group("", protect(c))
	open.GET("/assets/:name", asset)
	open.GET("/login", c.loginPage)
	open.POST("/login", c.login)
	open.GET("/login/oidc", c.beginOIDC)
	open.GET(oidcCallback, c.endOIDC)
	open.POST("/logout", c.logout)
	open.POST("/theme", c.setTheme)
	open.POST("/zone", c.setZone)

	open.GET("/", c.as(c.queue))
	open.GET("/cases", c.as(c.search))
	open.GET("/cases/:id", c.as(c.showCase))
	open.GET("/cases/:id/confirm/:kind", c.as(c.confirm))
	open.POST("/cases/:id/decisions", c.as(c.decide))
	open.POST("/cases/:id/notes", c.as(c.note))
	open.POST("/cases/:id/documents", c.as(c.attach))
	open.POST("/cases/:id/evidence", c.as(c.revise))
	open.GET("/cases/:id/letter", c.as(c.letter))
	open.POST("/cases/:id/letter", c.as(c.writeLetter))
	open.GET("/cases/:id/preview", c.as(c.preview))
	open.GET("/cases/:id/diff", c.as(c.diff))
	open.GET("/cases/:id/item", c.as(c.itemFile))
	open.GET("/cases/:id/packet.zip", c.as(c.packetZip))
	open.GET("/cases/:id/packets/:hash/:sha256", c.as(c.packetFile))
	open.GET("/cases/:id/writes/:number/:part", c.as(c.writtenBytes))
	c.registerRules(open)
	c.registerBacktests(open)
}

// MayRead reports whether a request comes from somebody who may read cases: by
// the console's session cookie, or by an API token as Bearer.
func (c *Console) MayRead(r *http.Request) bool {
	who, err := c.authenticate(r)
	return err == nil && who.May(desk.MayReadCases)
}

// Console is the web pages over a desk.
type Console struct {
	desk    *desk.Desk
	secure  bool // people come by https, whatever a proxy says
	session sealer
	logins  sealer  // of what a login by the issuer began with
	issuer  *issuer // nil without one

	troubles recent[[]store.Trouble]
	counts   recent[map[string]int] // of the queue's views, by their keys
}

// Options are what a console takes from the configuration.
type Options struct {
	// Secret seals the cookies. Processes with the same one share their logins;
	// an empty one makes logins end with the process.
	Secret string
	// PublicURL is how people reach the console; the issuer sends them back there.
	PublicURL string
	OIDC      *config.OIDC // nil for tokens alone
}

// New makes a console. An issuer is first asked when somebody logs in with it.
func New(d *desk.Desk, o Options) *Console {
	session := newSealer(o.Secret)
	c := &Console{desk: d, secure: strings.HasPrefix(o.PublicURL, "https://"), session: session, logins: session.of(oidcCookie)}
	if o.OIDC != nil {
		c.issuer = newIssuer(*o.OIDC, o.PublicURL, func() time.Time { return d.Now() })
	}
	return c
}

// visit is one request of somebody who is logged in.
type visit struct {
	*gin.Context
	who desk.Actor
}

// as runs a handler for whoever is logged in, sends others to the login, and
// shows the error that the handler returns.
func (c *Console) as(h func(*visit) error) gin.HandlerFunc {
	return func(g *gin.Context) {
		who, err := c.authenticate(g.Request)
		v := &visit{Context: g, who: who}
		switch {
		case err == nil:
			if err := h(v); err != nil {
				c.fail(v, problemOf(err), err)
			}
			if g.Request.Method != http.MethodGet {
				c.counts.forget()
			}
		case dispute.KindOf(err) != dispute.Auth:
			c.fail(v, problemOf(err), err)
		case g.Request.Method == http.MethodGet:
			g.Redirect(http.StatusSeeOther, loginPath(g.Request.URL.RequestURI()))
		default:
			c.fail(v, sessionEnded, err)
		}
	}
}

// policy lets a page use what this origin serves and nothing else, and nobody
// frame it.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// protect sets the headers of every answer, bounds what is read, and refuses
// forms that another site sent.
func protect(c *Console) gin.HandlerFunc {
	crossOrigin := http.NewCrossOriginProtection()
	return func(g *gin.Context) {
		h := g.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: with it browsers hide the origin of our own forms too.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, maxUpload)
		if err := crossOrigin.Check(g.Request); err != nil {
			c.fail(&visit{Context: g}, otherSite, err)
			g.Abort()
		}
	}
}

// form reads a form without a file.
func (v *visit) form() error { return readForm(v.Context, maxForm) }

func readForm(g *gin.Context, limit int64) error {
	g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, limit)
	err := g.Request.ParseForm()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return dispute.Errorf(dispute.Invalid, "form", "the form is larger than %s", size(large.Limit))
	}
	if err != nil {
		return dispute.Errorf(dispute.Invalid, "form", "the form cannot be read")
	}
	return nil
}
