package desk

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// loginKept is how long the token of a login stays listed after it expired.
const loginKept = 30 * 24 * time.Hour

// LoginToken makes the token that carries one login until a moment, and returns
// its secret. It asks nobody's right: the caller vouches that whoever logs in is
// the actor and has the role. An empty actor, an unknown role and a moment that
// has passed are errors of kind Invalid. Tokens of logins that expired 30 days
// ago are deleted on the way.
func (d *Desk) LoginToken(ctx context.Context, actor string, role Role, until time.Time) (string, error) {
	now := d.Now()
	if _, known := rights[role]; !known || actor == "" || !until.After(now) {
		return "", dispute.Errorf(dispute.Invalid, "login", "a login needs an actor, a known role and an end that is to come")
	}
	if err := d.DB.ForgetLogins(ctx, now.Add(-loginKept)); err != nil {
		return "", err
	}
	return d.DB.CreateLogin(ctx, actor, string(role), until)
}

// EndLogin revokes the token of a login at once. Tokens that people were given
// stay as they are: who logs out of one browser still has them elsewhere.
func (d *Desk) EndLogin(ctx context.Context, secret string) error {
	return d.DB.EndLogin(ctx, secret)
}
