package activities

import (
	"cmp"
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
	row.Vendor = s.vendor(row.Ref.Connection)
	set, route, err := s.route(ctx, in.RuleSet, row)
	if err != nil {
		return Plan{}, err
	}
	p = s.schedule(row, route, set)
	p.Assignee = s.assignee(ctx, row, route, set)
	err = s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error {
		r := tx.Row()
		r.Rule, r.RuleSet, r.Route = route.Rule, route.SetHash, toJSON(route)
		r.Queue, r.CutOffAt = p.Queue, p.CutOff
		r.Vendor, r.Tags, r.Assignee = row.Vendor, route.Tags, cmp.Or(r.Assignee, p.Assignee)
		return nil
	})
	return p, err
}

// vendor is the name of a connection's vendor; empty when it is not configured.
func (s *Steps) vendor(connection string) string {
	adapter, ok := s.Set.Adapter(connection)
	if !ok {
		return ""
	}
	return adapter.Vendor()
}

// route asks the rules. A set that this build cannot read and rules that cannot
// decide leave the case to a person; then the set is nil.
func (s *Steps) route(ctx context.Context, hash string, row store.CaseRow) (*rules.Set, rules.Route, error) {
	set, hash, err := s.namedSet(ctx, hash)
	if err != nil && retryable(dispute.KindOf(err)) {
		return nil, rules.Route{}, err
	}
	if err == nil {
		in := s.DB.RuleInput(ctx, row, s.Now())
		var route rules.Route
		if route, err = set.Evaluate(in); err == nil {
			s.shadow(ctx, row, in, route)
			return set, route, nil
		}
	}
	s.Log.ErrorContext(ctx, "rules cannot decide; a person will", "case", row.ID, "error", err)
	return nil, fallback(hash, err), nil
}

// assignee finds one of the queue's members, as the rules want. Who has the case
// already keeps it, so that a repeat gives the same answer; when nobody can be
// found the queue has it.
func (s *Steps) assignee(ctx context.Context, row store.CaseRow, route rules.Route, set *rules.Set) string {
	if route.Assign == nil || set == nil {
		return ""
	}
	if row.Assignee != "" {
		return row.Assignee
	}
	var found string
	var err error
	switch queue := set.Queues[route.Queue]; {
	case route.Assign.Person != "":
		return route.Assign.Person
	case route.Assign.By == rules.AssignByRoundRobin:
		found, err = s.DB.NextOf(ctx, queue.Name, queue.Members)
	default:
		found, err = s.DB.LeastLoaded(ctx, queue.Skilled(route.Assign.Skill))
	}
	if err != nil {
		s.Log.WarnContext(ctx, "nobody could be assigned", "case", row.ID, "kind", dispute.KindOf(err))
	}
	return found
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

// schedule turns a route into absolute times, by the calendar of its rule set;
// without one, by none.
func (s *Steps) schedule(row store.CaseRow, route rules.Route, set *rules.Set) Plan {
	m := s.merchant(row.Ref.Connection)
	now := s.Now()
	p := Plan{
		Rule: route.Rule, RuleSet: route.SetHash, Why: why(route), Queue: route.Queue,
		Approval: route.Approval, Respond: route.Respond, MinStrength: route.MinStrength, AtCutOff: string(route.Ladder.AtCutOff),
		Hold: route.Hold, Sources: only(s.sources(m, row.Ref.Connection), route.Sources), Accounting: m.Accounting,
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
	if route.Advice != nil {
		p.SendBy = route.Advice.SendBy
	}
	var team rules.Team
	if set != nil {
		team = set.TeamOf(route.Queue)
	}
	p.CutOff, p.Rungs = climb(route.Ladder, team, row.Deadline, now, s.Policy.Scale)
	if set != nil && set.Queues[route.Queue].EscalateTo == rules.OnCall {
		onCall(p.Rungs, team)
	}
	p.SourcesUntil = now.Add(s.Policy.SourcePatience)
	if !p.CutOff.IsZero() && p.CutOff.Before(p.SourcesUntil) {
		p.SourcesUntil = p.CutOff
	}
	return p
}

// sources are the merchant's, and the provider itself when it has evidence.
func (s *Steps) sources(m Merchant, provider string) []string {
	out := slices.Clone(m.Sources)
	if s.isSource(provider) && !slices.Contains(out, provider) {
		out = slices.Insert(out, 0, provider)
	}
	return out
}

// only are the sources that rules allow; none of them allows all.
func only(sources, allowed []string) []string {
	if len(allowed) == 0 {
		return sources
	}
	return slices.DeleteFunc(sources, func(name string) bool { return !slices.Contains(allowed, name) })
}

func (s *Steps) isSource(connection string) bool {
	_, err := integrations.As[integrations.EvidenceSource](s.Set, connection)
	return err == nil
}

func (s *Steps) configured(connection string) bool {
	_, ok := s.Set.Adapter(connection)
	return ok
}

// why quotes the values that the deciding rule looked at, and the sum where the
// response was weighed.
func why(r rules.Route) string {
	text := ""
	for _, m := range r.Explanation {
		if m.Rule == r.Rule {
			text = m.Why
		}
	}
	if r.Advice == nil {
		return text
	}
	if text != "" {
		text += "; "
	}
	return text + r.Advice.Why
}
