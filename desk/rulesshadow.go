package desk

import (
	"context"
	"errors"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// StartShadow runs a rule set beside the one in force: it is asked about every
// case that is planned from now on, and decides none. One runs at a time;
// starting it again changes nothing.
func (d *Desk) StartShadow(ctx context.Context, by Actor, text RuleText, comment string) (store.RuleShadow, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.RuleShadow{}, err
	}
	set, err := d.parse(text.Name, []byte(text.Source))
	if err != nil {
		return store.RuleShadow{}, err
	}
	live, err := d.RulesInForce(ctx, by)
	if err == nil && live.Hash() == set.Hash() {
		return store.RuleShadow{}, dispute.Errorf(dispute.Invalid, "shadow", "%s is in force already: nothing could differ", text.Name)
	}
	return d.DB.StartShadow(ctx, store.RuleShadow{
		Hash: set.Hash(), Name: text.Name, Source: string(set.Source()), Author: by.ID, Comment: comment,
	})
}

// StopShadow ends the shadow that runs; its report stays. It is nothing where
// none runs.
func (d *Desk) StopShadow(ctx context.Context, by Actor) error {
	if err := by.need(MayPublishRules); err != nil {
		return err
	}
	return d.DB.StopShadow(ctx, by.ID)
}

// ShadowReport tells what the shadow that was started last would have done
// otherwise; NotFound when there never was one. It lists limit of the cases that
// differ, 50 when it is zero and at most 500.
func (d *Desk) ShadowReport(ctx context.Context, by Actor, limit int) (store.ShadowReport, error) {
	if err := by.need(MayReadCases); err != nil {
		return store.ShadowReport{}, err
	}
	return d.DB.ReportShadow(ctx, limit)
}

// reasonOf is an error's own words, without what was tried.
func reasonOf(err error) string {
	var ours *dispute.Error
	if errors.As(err, &ours) && ours.Err != nil {
		return ours.Err.Error()
	}
	return err.Error()
}
