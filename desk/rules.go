package desk

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// PublishRules checks a rule set and puts it in force for new cases. Open
// cases keep the set that decided them. Problems name their lines.
func (d *Desk) PublishRules(ctx context.Context, by Actor, name string, source []byte, comment string) (*rules.Set, error) {
	if err := by.need(MayPublishRules); err != nil {
		return nil, err
	}
	set, err := rules.Parse(name, source)
	if err != nil {
		return nil, err
	}
	if d.BaseCurrency != "" && set.BaseCurrency != d.BaseCurrency {
		return nil, dispute.Errorf(dispute.Invalid, "publish "+name, "its base_currency is %s and the configuration's %s: make them the same", set.BaseCurrency, d.BaseCurrency)
	}
	_, err = d.DB.PublishRules(ctx, string(set.Source()), by.ID, comment, 0)
	return set, err
}

// RulesInForce are the active rule set, or the built-in default.
func (d *Desk) RulesInForce(ctx context.Context, by Actor) (*rules.Set, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	stored, err := d.DB.ActiveRules(ctx)
	if dispute.KindOf(err) == dispute.NotFound && err != nil {
		return rules.Default(), nil
	}
	if err != nil {
		return nil, err
	}
	return rules.Parse("rules in force", []byte(stored.Source))
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
