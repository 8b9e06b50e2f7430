// Package desk holds the use cases: one method for each thing a person, an
// agent or the command line may do, with its permission check. The API, the
// console, chats and the command line are thin over it.
package desk

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Desk performs use cases.
type Desk struct {
	DB       *store.DB
	Blobs    *store.Blobs
	Temporal client.Client // nil where nothing is decided (offline commands)
	People   []Person
	// Dashboard is where a provider's own pages show a dispute; empty when it is
	// not known. It may be nil.
	Dashboard func(ref dispute.Ref) string
	// Limits are those that the provider of a case has for a response. It may be
	// nil: then packets are counted and held against nothing.
	Limits func(c dispute.Case) evidence.Limits
	// BaseCurrency is the one that published rules must compare amounts in.
	BaseCurrency string
	// Connections are those that rules may name; nil where they are not known.
	Connections []string
	// RulesApproval says when a second person agrees to a change of the rules:
	// always, never, or, when it is nil, when the change loosens a guard of money.
	RulesApproval *bool
	Now           func() time.Time
	Log           *slog.Logger

	backtests backtests
	hits      hitCache
}

// Person is somebody of the team, with the names that chats know them by.
type Person struct {
	ID    string
	Role  Role
	Chats map[string]string // connection to the person's id there
}

// Actor is who asks.
type Actor struct {
	ID   string
	Role Role
}

// System is the actor of the machine's own commands, run by whoever has the
// configuration file and so the database.
var System = Actor{ID: "operator", Role: RoleAdmin}

// Role is what somebody is trusted with.
type Role string

// The roles.
const (
	RoleViewer  Role = "viewer"
	RoleAnalyst Role = "analyst"
	RoleManager Role = "manager"
	RoleFinance Role = "finance"
	RoleAdmin   Role = "admin"
)

// Right is one thing that a role may do.
type Right string

// The rights.
const (
	MayReadCases    Right = "read cases"
	MayWorkCases    Right = "work on cases"   // assign, note, attach, hold
	MayAnswer       Right = "answer disputes" // approve, submit, accept
	MayChangePlans  Right = "change plans"    // send a case back through the rules
	MayReadNotices  Right = "read notices"    // raw webhooks
	MayRedeliver    Right = "redeliver notices"
	MayReadBooks    Right = "read the books"
	MayDraftRules   Right = "draft rules"
	MayPublishRules Right = "publish rules" // also approve, roll back and run beside
	MayManageTokens Right = "manage tokens"
)

var rights = map[Role][]Right{
	RoleViewer:  {MayReadCases},
	RoleAnalyst: {MayReadCases, MayWorkCases, MayAnswer, MayReadNotices, MayDraftRules},
	RoleManager: {
		MayReadCases, MayWorkCases, MayAnswer, MayChangePlans, MayReadNotices, MayRedeliver,
		MayReadBooks, MayDraftRules, MayPublishRules,
	},
	RoleFinance: {MayReadCases, MayReadBooks},
	RoleAdmin: {
		MayReadCases, MayWorkCases, MayAnswer, MayChangePlans, MayReadNotices, MayRedeliver,
		MayReadBooks, MayDraftRules, MayPublishRules, MayManageTokens,
	},
}

// May reports whether the actor has a right. Who has no known role has none.
func (a Actor) May(r Right) bool {
	for _, have := range rights[a.Role] {
		if have == r {
			return true
		}
	}
	return false
}

// forbidden is the refusal that a right would mend, of kind Auth.
func forbidden(a Actor, r Right) error {
	return dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", a.ID, a.Role, r)
}

func (a Actor) need(r Right) error {
	if !a.May(r) {
		return forbidden(a, r)
	}
	return nil
}

// Authenticate is the actor of an API token's secret. A secret that is unknown,
// revoked or expired is an error of kind Auth.
func (d *Desk) Authenticate(ctx context.Context, secret string) (Actor, error) {
	t, err := d.DB.Authenticate(ctx, secret, d.Now())
	if err != nil {
		return Actor{}, err
	}
	return Actor{ID: t.Actor, Role: Role(t.Role)}, nil
}

// CreateToken makes an API token for an actor and returns its secret, which is
// shown this once: only its hash is kept.
func (d *Desk) CreateToken(ctx context.Context, by Actor, name, actor string, role Role) (string, error) {
	if err := by.need(MayManageTokens); err != nil {
		return "", err
	}
	if _, ok := rights[role]; !ok {
		return "", dispute.Errorf(dispute.Invalid, "token", "unknown role %q", role)
	}
	if actor = strings.TrimSpace(actor); actor == "" {
		return "", dispute.Errorf(dispute.Invalid, "token", "a token acts in somebody's name: give an actor")
	}
	return d.DB.CreateToken(ctx, name, actor, string(role))
}

// Tokens lists the tokens without their secrets.
func (d *Desk) Tokens(ctx context.Context, by Actor) ([]store.Token, error) {
	if err := by.need(MayManageTokens); err != nil {
		return nil, err
	}
	return d.DB.ListTokens(ctx)
}

// RevokeToken ends a token at once.
func (d *Desk) RevokeToken(ctx context.Context, by Actor, id int64) error {
	if err := by.need(MayManageTokens); err != nil {
		return err
	}
	return d.DB.RevokeToken(ctx, id)
}
