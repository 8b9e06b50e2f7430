package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Plan decides who owns the case, what the answer is by default and when
// things happen, by the pinned rule set or the one in force. It never fails
// for a reason that a rule or a vendor could cause: the fallback sends the case
// to a person with the deadline armed.
func (s *Steps) Plan(ctx context.Context, in PlanInput) (p Plan, err error) {
	defer toTemporal(&err)
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return Plan{}, err
	}
	s.knowPayment(ctx, &row)
	route, err := s.route(ctx, in.RuleSet, row)
	if err != nil {
		return Plan{}, err
	}
	p = s.schedule(row, route)
	err = s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error {
		r := tx.Row()
		r.Rule, r.RuleSet, r.Route = route.Rule, route.SetHash, toJSON(route)
		r.Queue, r.CutOffAt = p.Queue, p.CutOff
		return nil
	})
	return p, err
}

// route asks the rules. A set that this build cannot read and rules that cannot
// decide leave the case to a person.
func (s *Steps) route(ctx context.Context, hash string, row store.CaseRow) (rules.Route, error) {
	set, err := s.ruleSet(ctx, hash)
	if err != nil && retryable(dispute.KindOf(err)) {
		return rules.Route{}, err
	}
	if err == nil {
		var route rules.Route
		if route, err = set.Evaluate(s.DB.RuleInput(ctx, row, s.Now())); err == nil {
			return route, nil
		}
		hash = set.Hash()
	}
	s.Log.ErrorContext(ctx, "rules cannot decide; a person will", "case", row.ID, "error", err)
	return fallback(hash, err), nil
}

// fallback leaves a case that no rule could decide to a person, and sends the
// packet at the cut-off if nobody came.
func fallback(hash string, err error) rules.Route {
	return rules.Route{
		Rule: "fallback", Queue: "unrouted", Approval: true, Respond: dispute.ResponseContest, SetHash: hash,
		Ladder:      rules.Ladder{CutOff: 6 * time.Hour, AtCutOff: "submit"},
		Explanation: []rules.Match{{Rule: "fallback", Matched: true, Why: err.Error()}},
	}
}

// schedule turns a route into absolute times.
func (s *Steps) schedule(row store.CaseRow, route rules.Route) Plan {
	m := s.merchant(row.Ref.Connection)
	now := s.Now()
	p := Plan{
		Rule: route.Rule, RuleSet: route.SetHash, Why: why(route), Queue: route.Queue,
		Approval: route.Approval, Respond: route.Respond, MinStrength: route.MinStrength, AtCutOff: string(route.Ladder.AtCutOff),
		Sources: s.sources(m, row.Ref.Connection), Accounting: m.Accounting,
		Linger: s.Policy.Linger, RetryEvery: s.Policy.RetryEvery,
	}
	if snap := row.View.Snapshot; !networks.KnownReason(snap) {
		p.Approval = true
		p.Why = fmt.Sprintf("the reason %.60q is not known here, so a person decides; %s", snap.Reason, p.Why)
	}
	for _, n := range route.Notify {
		if n.Optional && !s.configured(n.Connection) {
			continue
		}
		p.Notify = append(p.Notify, NotifyTarget{Connection: n.Connection, Channel: n.Channel})
	}
	if t := route.Ticket; t != nil && (!t.Optional || s.configured(t.Connection)) {
		p.Tickets = []TicketTarget{{Connection: t.Connection, Priority: t.Priority}}
	}
	for _, r := range route.Reports {
		if !r.Optional || s.configured(r.Connection) {
			p.Reports = append(p.Reports, ReportTarget{Connection: r.Connection, On: r.On, To: r.To})
		}
	}
	p.CutOff = cutOff(row.Deadline, s.Policy.Scale(route.Ladder.CutOff), now)
	p.Rungs = s.rungs(route.Ladder, p.CutOff, now)
	p.SourcesUntil = now.Add(s.Policy.SourcePatience)
	if !p.CutOff.IsZero() && p.CutOff.Before(p.SourcesUntil) {
		p.SourcesUntil = p.CutOff
	}
	return p
}

// cutOff is the moment we stop waiting. When the rule's margin has passed
// already, half of what is left is used, so that sources get their chance.
func cutOff(d dispute.Deadline, margin time.Duration, now time.Time) time.Time {
	if d.At.IsZero() {
		return time.Time{}
	}
	at, end := d.At.Add(-margin), d.At
	if !end.After(now) {
		end = d.Last()
	}
	if !at.After(now) && end.After(now) {
		at = now.Add(end.Sub(now) / 2)
	}
	return at
}

func (s *Steps) rungs(l rules.Ladder, cutOff, now time.Time) []Rung {
	if cutOff.IsZero() {
		return nil
	}
	var out []Rung
	add := func(kind string, before []time.Duration) {
		for _, d := range before {
			if at := cutOff.Add(-s.Policy.Scale(d)); at.After(now) {
				out = append(out, Rung{Kind: kind, Name: fmt.Sprintf("%s before the cut-off", hours(d)), At: at})
			}
		}
	}
	add(RungRemind, l.Remind)
	add(RungEscalate, l.Escalate)
	slices.SortStableFunc(out, func(a, b Rung) int { return a.At.Compare(b.At) })
	return out
}

func hours(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return fmt.Sprintf("%g h", d.Hours())
}

// sources are the merchant's, and the provider itself when it has evidence.
func (s *Steps) sources(m Merchant, provider string) []string {
	out := slices.Clone(m.Sources)
	if s.isSource(provider) && !slices.Contains(out, provider) {
		out = slices.Insert(out, 0, provider)
	}
	return out
}

func (s *Steps) isSource(connection string) bool {
	_, err := integrations.As[integrations.EvidenceSource](s.Set, connection)
	return err == nil
}

func (s *Steps) configured(connection string) bool {
	_, ok := s.Set.Adapter(connection)
	return ok
}

func why(r rules.Route) string {
	for _, m := range r.Explanation {
		if m.Rule == r.Rule {
			return m.Why
		}
	}
	return ""
}
