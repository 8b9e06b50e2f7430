package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// RuleText is the text of a rule set and where it is from.
type RuleText struct {
	Name    string `json:"name"`
	Version int64  `json:"version,omitempty"` // 0 for a draft and for the built-in rules
	Draft   int64  `json:"draft,omitempty"`
	Source  string `json:"source"`
}

// Live names the rules in force where a rule set may be named.
const Live = "live"

// CheckRules reads a rule set and checks it against this installation. The
// error of a set that is not right holds rules.Problems.
func (d *Desk) CheckRules(ctx context.Context, by Actor, name string, source []byte) (*rules.Set, Approval, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, Approval{}, err
	}
	set, err := d.parse(name, source)
	if err != nil {
		return nil, Approval{}, err
	}
	a, err := d.weigh(ctx, set)
	return set, a, err
}

// parse reads a rule set that may be published here.
func (d *Desk) parse(name string, source []byte) (*rules.Set, error) {
	set, err := rules.Parse(name, source)
	if err != nil {
		return nil, err
	}
	if err := set.Check(d.Connections); err != nil {
		return nil, err
	}
	if d.BaseCurrency != "" && set.BaseCurrency != d.BaseCurrency {
		return nil, dispute.Errorf(dispute.Invalid, "rules "+name, "its base_currency is %s and the configuration's %s: make them the same", set.BaseCurrency, d.BaseCurrency)
	}
	return set, nil
}

// weigh says whether a set needs a second person, beside the one in force.
func (d *Desk) weigh(ctx context.Context, set *rules.Set) (Approval, error) {
	a, _, err := d.weighLive(ctx, set)
	return a, err
}

// weighLive is weigh, and says beside which version; 0 for the built-in rules.
func (d *Desk) weighLive(ctx context.Context, set *rules.Set) (Approval, int64, error) {
	live, err := d.live(ctx)
	if err != nil {
		return Approval{}, 0, err
	}
	from, err := rules.Read(live.Name, []byte(live.Source))
	if err != nil { // of an older release: nothing is known of its guards
		from = nil
	}
	return d.approval(from, set, live.Version), live.Version, nil
}

// PublishRules checks a rule set and puts it in force for new cases. Open cases
// keep the set that decided them. Problems name their lines. A change that a
// second person has to agree to is a Conflict: it needs a draft. So is another
// version that came while the change was weighed: nothing is published over guards
// that were not looked at.
func (d *Desk) PublishRules(ctx context.Context, by Actor, name string, source []byte, comment string) (*rules.Set, error) {
	if err := by.need(MayPublishRules); err != nil {
		return nil, err
	}
	set, err := d.parse(name, source)
	if err != nil {
		return nil, err
	}
	a, live, err := d.weighLive(ctx, set)
	if err != nil {
		return nil, err
	}
	if a.Needed {
		return nil, dispute.Errorf(dispute.Conflict, "publish "+name, "make it a draft, which another person approves first: %s", strings.Join(a.Why, "; "))
	}
	return set, d.publishOver(ctx, by, name, set, comment, live)
}

// publishOver puts a set in force in place of the version it was weighed beside.
// Beside the built-in rules the store does not ask which.
func (d *Desk) publishOver(ctx context.Context, by Actor, name string, set *rules.Set, comment string, live int64) error {
	_, err := d.DB.PublishRules(ctx, string(set.Source()), by.ID, comment, live)
	if dispute.KindOf(err) == dispute.Conflict {
		return dispute.Errorf(dispute.Conflict, "publish "+name, "another version than %d came into force meanwhile: look at the difference with the rules in force, then publish again: %w", live, err)
	}
	return err
}

// RollBackRules publishes an older version again, for new cases. One that this
// release no longer takes is refused with what is wrong with it. It asks nobody:
// the version was in force before, and haste is why one goes back. Live is the
// version in force that the actor looked at: another one is a Conflict; zero does
// not ask.
func (d *Desk) RollBackRules(ctx context.Context, by Actor, version, live int64, comment string) (store.RuleSet, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.RuleSet{}, err
	}
	old, err := d.DB.RuleVersion(ctx, version)
	if err != nil {
		return store.RuleSet{}, err
	}
	if _, err := d.parse(fmt.Sprintf("version %d", version), []byte(old.Source)); err != nil {
		return store.RuleSet{}, err
	}
	return d.DB.RestoreRules(ctx, version, by.ID, comment, live)
}

// RulesInForce are the active rule set, or the built-in default.
func (d *Desk) RulesInForce(ctx context.Context, by Actor) (*rules.Set, error) {
	text, err := d.RuleText(ctx, by, Live)
	if err != nil {
		return nil, err
	}
	return rules.Read(text.Name, []byte(text.Source))
}

// RuleText reads the rules in force ("live"), a version ("3") or a draft
// ("draft:4").
func (d *Desk) RuleText(ctx context.Context, by Actor, named string) (RuleText, error) {
	if err := by.need(MayReadCases); err != nil {
		return RuleText{}, err
	}
	if named == Live || named == "" {
		return d.live(ctx)
	}
	text, isDraft := strings.CutPrefix(named, "draft:")
	id, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return RuleText{}, dispute.Errorf(dispute.Invalid, "rules", "%.40q is neither live, nor a version as 3, nor a draft as draft:4", named)
	case isDraft:
		draft, err := d.DB.RuleDraft(ctx, id)
		return RuleText{Name: fmt.Sprintf("draft %d", id), Draft: id, Source: draft.Source}, err
	}
	set, err := d.DB.RuleVersion(ctx, id)
	return RuleText{Name: fmt.Sprintf("version %d", id), Version: id, Source: set.Source}, err
}

func (d *Desk) live(ctx context.Context) (RuleText, error) {
	stored, err := d.DB.ActiveRules(ctx)
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return RuleText{Name: "built-in rules", Source: string(rules.Default().Source())}, nil
	}
	return RuleText{Name: fmt.Sprintf("version %d", stored.Version), Version: stored.Version, Source: stored.Source}, err
}

// RuleDiff is what one rule set says otherwise than another.
type RuleDiff struct {
	From string `json:"from"`
	To   string `json:"to"`
	Diff string `json:"diff"` // unified; empty when they say the same
	// Loosens are the guards of money that the second set loosens; empty when one
	// of the two cannot be read.
	Loosens []string `json:"loosens"`
}

// DiffRules compares the texts of two rule sets.
func (d *Desk) DiffRules(by Actor, from, to RuleText) (RuleDiff, error) {
	if err := by.need(MayReadCases); err != nil {
		return RuleDiff{}, err
	}
	return diffRules(from, to), nil
}

func diffRules(from, to RuleText) RuleDiff {
	out := RuleDiff{From: from.Name, To: to.Name, Diff: udiff.Unified(from.Name, to.Name, ended(from.Source), ended(to.Source)), Loosens: []string{}}
	a, errA := rules.Read(from.Name, []byte(from.Source))
	b, errB := rules.Read(to.Name, []byte(to.Source))
	if errA == nil && errB == nil {
		out.Loosens = Loosened(a, b)
	}
	return out
}

// ExplainRules says, rule by rule, how a set decides a case, in words and as
// data.
func (d *Desk) ExplainRules(ctx context.Context, by Actor, set *rules.Set, caseID string) (string, rules.Route, error) {
	if err := by.need(MayReadCases); err != nil {
		return "", rules.Route{}, err
	}
	row, err := d.DB.GetCase(ctx, caseID)
	if err != nil {
		return "", rules.Route{}, err
	}
	in := d.DB.RuleInput(ctx, row, d.Now())
	text, err := rules.Explain(set, in)
	if err != nil {
		return "", rules.Route{}, err
	}
	route, err := set.Evaluate(in)
	return text, route, err
}

// RuleHistory lists the published versions, the newest first.
func (d *Desk) RuleHistory(ctx context.Context, by Actor) ([]store.RuleSet, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.RuleHistory(ctx)
}

// RuleEvents lists who did what to the rules, the newest first, before an event
// when it is not zero.
func (d *Desk) RuleEvents(ctx context.Context, by Actor, before int64, limit int) ([]store.RuleEvent, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.RuleEvents(ctx, before, limit)
}
