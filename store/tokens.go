package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// TokenPrefix begins every access token, so that a leaked one is recognised.
const TokenPrefix = "rbt_"

// Token is an access token without its secret, of which only a hash is kept.
type Token struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Actor      string    `json:"actor"` // in whose name it acts
	Role       string    `json:"role"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"` // to the minute
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"` // when it ends by itself; zero: never
}

// CreateToken makes a token and returns its secret, which cannot be read again:
// 32 random bytes.
func (d *DB) CreateToken(ctx context.Context, name, actor, role string) (secret string, err error) {
	return d.createToken(ctx, db.InsertTokenParams{Name: name, Actor: actor, Role: role})
}

// LoginName is the name of every token that a login makes.
const LoginName = "oidc login"

// CreateLogin makes the token of one login, which ends by itself at until, and
// returns its secret.
func (d *DB) CreateLogin(ctx context.Context, actor, role string, until time.Time) (secret string, err error) {
	return d.createToken(ctx, db.InsertTokenParams{
		Name: LoginName, Actor: actor, Role: role, ExpiresAt: zeronull.Timestamptz(until),
	})
}

func (d *DB) createToken(ctx context.Context, p db.InsertTokenParams) (secret string, err error) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, by its documentation
	secret = TokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	p.Hash = tokenHash(secret)
	if err := d.q.InsertToken(ctx, p); err != nil {
		return "", wrap("store: create token", err)
	}
	return secret, nil
}

// EndLogin revokes the token of a login. It leaves every other token alone, and
// is content with a secret that nobody knows.
func (d *DB) EndLogin(ctx context.Context, secret string) error {
	return wrap("store: end login", d.q.EndLogin(ctx, tokenHash(secret)))
}

// ForgetLogins deletes the tokens of logins that ended by themselves before a
// moment.
func (d *DB) ForgetLogins(ctx context.Context, before time.Time) error {
	return wrap("store: forget logins", d.q.ForgetLogins(ctx, before))
}

// Authenticate finds the token of a secret and notes its use. A secret that is
// unknown, revoked or, at now, expired is an Auth error.
func (d *DB) Authenticate(ctx context.Context, secret string, now time.Time) (Token, error) {
	const op = "store: authenticate"
	row, err := d.q.TokenByHash(ctx, db.TokenByHashParams{Hash: tokenHash(secret), Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return Token{}, dispute.Errorf(dispute.Auth, op, "the token is unknown, revoked or expired")
	}
	if err != nil {
		return Token{}, wrap(op, err)
	}
	if time.Since(time.Time(row.LastUsedAt)) > time.Minute {
		if err := d.q.TouchToken(ctx, row.ID); err != nil {
			return Token{}, wrap(op, err)
		}
	}
	return token(row), nil
}

// ListTokens lists all tokens, the oldest first.
func (d *DB) ListTokens(ctx context.Context) ([]Token, error) {
	rows, err := d.q.Tokens(ctx)
	return convert(rows, token), wrap("store: tokens", err)
}

// RevokeToken ends a token for good. To revoke again changes nothing.
func (d *DB) RevokeToken(ctx context.Context, id int64) error {
	n, err := d.q.RevokeToken(ctx, id)
	return found(fmt.Sprintf("store: revoke token %d", id), n, err)
}

func tokenHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func token(r db.Token) Token {
	return Token{
		ID: r.ID, Name: r.Name, Actor: r.Actor, Role: r.Role, CreatedAt: r.CreatedAt,
		LastUsedAt: time.Time(r.LastUsedAt), RevokedAt: time.Time(r.RevokedAt), ExpiresAt: time.Time(r.ExpiresAt),
	}
}
