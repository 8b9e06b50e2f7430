package console

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

const (
	oidcCallback = "/login/oidc/callback"

	// oidcCookie keeps what a login began with until the issuer sends its visitor
	// back.
	oidcCookie = "rebuttal_login"
	oidcLength = 10 * time.Minute

	longestNext = 2000 // bytes; the cookie may have 4096
)

// Why a login by the issuer came to nothing, as the login page's address names
// it.
const (
	loginAway     = "away"     // the issuer does not answer
	loginDenied   = "denied"   // it did not let its visitor in
	loginStale    = "stale"    // the login was not begun here, or is too old
	loginUnproven = "unproven" // its answer proves nothing
	loginEmail    = "email"    // it vouches for no address
	loginRole     = "role"     // it names no role of ours
	loginDatabase = "database" // the session could not be kept
)

// beginOIDC sends the visitor to the issuer.
func (c *Console) beginOIDC(g *gin.Context) {
	next := localPath(g.Query("next"))
	if c.issuer == nil {
		g.Redirect(http.StatusSeeOther, loginPath(next))
		return
	}
	d, err := c.issuer.discover(g.Request.Context())
	if err != nil {
		c.refuseLogin(g, next, &loginError{loginAway, err})
		return
	}
	if len(next) > longestNext {
		next = "/"
	}
	b := begun{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	c.setCookie(g, oidcCookie, c.logins.seal(b.String(), c.desk.Now().Add(oidcLength)), oidcLength)
	g.Redirect(http.StatusSeeOther, d.client.AuthCodeURL(b.State, oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)))
}

// endOIDC takes the visitor back from the issuer and, by what it says of them,
// lets them in. Whatever comes of it is another page: the address of this one
// holds the code.
func (c *Console) endOIDC(g *gin.Context) {
	if c.issuer == nil {
		g.Redirect(http.StatusSeeOther, "/login")
		return
	}
	b, ok := c.begunLogin(g.Request)
	c.setCookie(g, oidcCookie, "", -time.Second)
	if !ok {
		c.refuseLogin(g, "/", refused(loginStale, "the login was not begun in this browser, or is too old"))
		return
	}
	who, err := c.issuer.identify(g.Request.Context(), b, g.Request.URL.Query())
	if err == nil {
		err = c.startSession(g, who)
	}
	if err != nil {
		c.refuseLogin(g, b.Next, err)
		return
	}
	g.Redirect(http.StatusSeeOther, b.Next)
}

// begunLogin is what the login began with that the issuer answers: ours, not too
// old, and with the same state.
func (c *Console) begunLogin(r *http.Request) (begun, bool) {
	cookie, err := r.Cookie(oidcCookie)
	if err != nil {
		return begun{}, false
	}
	plain, ok := c.logins.open(cookie.Value, c.desk.Now())
	if !ok {
		return begun{}, false
	}
	b, ok := parseBegun(plain)
	return b, ok && same(b.State, r.URL.Query().Get("state"))
}

// startSession keeps a login as a token that ends with the session.
func (c *Console) startSession(g *gin.Context, who desk.Actor) error {
	until := c.desk.Now().Add(sessionLength)
	secret, err := c.desk.LoginToken(g.Request.Context(), who.ID, who.Role, until)
	if err != nil {
		return &loginError{loginDatabase, err}
	}
	if before, ok := c.sessionToken(g.Request); ok { // one that was copied ends with it
		if err := c.desk.EndLogin(g.Request.Context(), before); err != nil {
			return &loginError{loginDatabase, err}
		}
	}
	c.setCookie(g, sessionCookie, c.session.seal(secret, until), sessionLength)
	return nil
}

// refuseLogin shows the login page with what went wrong. The log has the cause,
// without anything personal.
func (c *Console) refuseLogin(g *gin.Context, next string, err error) {
	key := loginUnproven
	var why *loginError
	if errors.As(err, &why) {
		key = why.Problem
	}
	if key != loginStale {
		c.desk.Log.WarnContext(g.Request.Context(), "login refused", "issuer", c.issuer.host, "problem", key, "error", err)
	}
	g.Redirect(http.StatusSeeOther, loginPath(next)+"&problem="+key)
}

// problem explains why a login by the issuer came to nothing; none when key
// names no such reason.
func (i *issuer) problem(key string) problem {
	switch key {
	case loginAway:
		return problem{
			Status: http.StatusBadGateway, Title: i.host + " does not answer as it should",
			Means: "Nobody can log in with it now; who is logged in stays so.",
			Do:    "Try again in a minute, or log in with a token. The starter's log says what is wrong, and rebuttal doctor tries it.",
		}
	case loginDenied:
		return problem{
			Status: http.StatusForbidden, Title: i.host + " did not let you in",
			Means: "You stopped there, or your account may not use Rebuttal.",
			Do:    "Try again, or ask whoever runs " + i.host + " to let your account use Rebuttal.",
		}
	case loginStale:
		return problem{
			Status: http.StatusBadRequest, Title: "This login cannot be finished",
			Means: "It was not begun in this browser, or more than ten minutes ago, or another one was begun since.",
			Do:    "Begin again, at " + i.public + ".",
		}
	case loginUnproven:
		return problem{
			Status: http.StatusBadGateway, Title: "The answer of " + i.host + " does not prove who you are",
			Means: "It may have been used already; if it happens each time, the two are not set up for each other.",
			Do:    "Try again. If it stays, the starter's log says why; ask whoever runs Rebuttal.",
		}
	case loginEmail:
		return problem{
			Status: http.StatusForbidden, Title: i.host + " vouches for no e-mail address of yours",
			Means: "Rebuttal knows people by the address that is verified there (email with email_verified).",
			Do:    "Have your address verified at " + i.host + ", or ask whoever runs it to pass it on.",
		}
	case loginRole:
		return problem{
			Status: http.StatusForbidden, Title: "You have no role in Rebuttal",
			Means: fmt.Sprintf("Rebuttal read the claim %s, and it names none of the roles %s.", i.config.RolesClaim, strings.Join(config.Roles, ", ")),
			Do:    "Ask whoever gives out roles at " + i.host + " for one of these, then log in again.",
		}
	case loginDatabase:
		return unreachable
	}
	return problem{}
}
