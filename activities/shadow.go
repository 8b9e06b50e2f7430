package activities

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// shadowPatience bounds what a shadow may take of a plan's time.
const shadowPatience = 300 * time.Millisecond

// shadow asks the rule set that runs beside the one in force about a case and
// keeps what it would have done. It decides nothing, and whatever goes wrong
// with it is a line in the log.
func (s *Steps) shadow(ctx context.Context, row store.CaseRow, in rules.Input, live rules.Route) {
	ctx, stop := context.WithTimeout(ctx, shadowPatience)
	defer stop()
	running, err := s.DB.RunningShadow(ctx)
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return
	}
	if err == nil {
		err = s.keepShadow(ctx, running, row, in, live)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "the shadow rules were not asked", "case", row.ID, "error", err)
	}
}

func (s *Steps) keepShadow(ctx context.Context, running store.RuleShadow, row store.CaseRow, in rules.Input, live rules.Route) error {
	route, err := s.shadowRoute(running, in)
	result, compared := store.NewShadowResult(row.Case, in.Now, live, route)
	if compared != nil {
		return compared
	}
	if err != nil { // it has no opinion, so it does not differ
		result.Differs, result.Fields, result.Failure = false, nil, err.Error()
	}
	return s.DB.SaveShadowResult(ctx, running.ID, result)
}

func (s *Steps) shadowRoute(running store.RuleShadow, in rules.Input) (rules.Route, error) {
	set, err := s.sets.parse(running.Hash, func() (*rules.Set, error) {
		return rules.Read(running.Name, []byte(running.Source))
	})
	if err != nil {
		return rules.Route{}, err
	}
	return set.Evaluate(in)
}
