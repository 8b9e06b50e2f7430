package backtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Decision is what a rule set says of a dispute.
type Decision struct {
	Rule     string           `json:"rule"`
	Queue    string           `json:"queue"`
	Approval bool             `json:"approval"`
	Respond  dispute.Response `json:"respond"`
	Ladder   string           `json:"ladder"`
}

// routed is a decision with what is counted of it.
type routed struct {
	Decision
	ladder  string    // in one line
	byHand  bool      // a person decides it
	cutOff  time.Time // when it is no longer waited for
	outside bool      // the cut-off is outside of the team's hours
}

// changes are what differs between two decisions, beside the rule.
func (d routed) changes(to routed) []changeKey {
	var out []changeKey
	if d.Queue != to.Queue {
		out = append(out, changeKey{"queue", d.Queue, to.Queue})
	}
	if d.Approval != to.Approval {
		out = append(out, changeKey{"approval", yes(d.Approval), yes(to.Approval)})
	}
	if d.Respond != to.Respond {
		out = append(out, changeKey{"respond", string(d.Respond), string(to.Respond)})
	}
	switch {
	case d.Ladder != to.Ladder:
		out = append(out, changeKey{"ladder", d.Ladder, to.Ladder})
	case d.ladder != to.ladder:
		out = append(out, changeKey{"ladder", d.ladder, to.ladder})
	}
	return out
}

func yes(b bool) string {
	if b {
		return "required"
	}
	return "none"
}

// Mover is a dispute that the draft routes otherwise.
type Mover struct {
	Dispute  string         `json:"dispute"` // connection/id
	Case     string         `json:"case"`    // our id; an imported dispute has no page
	OpenedAt time.Time      `json:"opened_at"`
	Amount   dispute.Money  `json:"amount"`
	Family   dispute.Family `json:"family"`
	Network  string         `json:"network,omitempty"`
	Live     Decision       `json:"live"`
	Draft    Decision       `json:"draft"`
	Changed  []string       `json:"changed"` // queue, approval, respond, ladder
	Why      string         `json:"why"`     // the draft's rule and what it looked at
	Money    dispute.Money  `json:"money"`   // draft less live, in the base currency
	ByOdds   bool           `json:"by_odds"` // the money is estimated
}

// movers keeps the first of all that move, by what is at stake.
type movers struct {
	limit int
	kept  []candidate // in order
}

type candidate struct {
	rank rank
	comparison
}

// rank puts the largest difference first, then the largest amount.
type rank struct {
	difference, amount int64
	ref                dispute.Ref
	opened             int64
}

func (a rank) compare(b rank) int {
	return cmp.Or(
		cmp.Compare(b.difference, a.difference), cmp.Compare(b.amount, a.amount),
		cmp.Compare(a.ref.Connection, b.ref.Connection), cmp.Compare(a.ref.ID, b.ref.ID), cmp.Compare(a.opened, b.opened),
	)
}

func newMovers(limit int) *movers { return &movers{limit: limit} }

func (m *movers) take(c comparison) {
	d := c.difference()
	m.insert(candidate{rank{max(d, -d), c.amount, c.past.Ref, c.past.OpenedAt.UnixNano()}, c})
}

func (m *movers) insert(c candidate) {
	if len(m.kept) == m.limit && m.kept[m.limit-1].rank.compare(c.rank) <= 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(m.kept, c, func(a, b candidate) int { return a.rank.compare(b.rank) })
	own := *c.past // its chunk is not kept
	c.past = &own
	m.kept = slices.Insert(m.kept, at, c)
	m.kept = m.kept[:min(len(m.kept), m.limit)]
}

func (m *movers) add(o *movers) {
	for _, c := range o.kept {
		m.insert(c)
	}
}

func (m *movers) report(base string) []Mover {
	out := make([]Mover, 0, len(m.kept))
	for _, c := range m.kept {
		p := c.past
		mover := Mover{
			Dispute: p.Ref.String(), Case: p.Ref.CaseID(), OpenedAt: p.OpenedAt, Amount: p.Amount, Family: p.Family, Network: p.Network,
			Live: c.live.Decision, Draft: c.draft.Decision, Why: why(c.would), Money: dispute.Money{Minor: c.difference(), Currency: base},
			ByOdds: c.live.Respond != c.draft.Respond && (c.liveWorth.estimated || c.draftWorth.estimated),
		}
		for _, change := range c.live.changes(c.draft) {
			mover.Changed = append(mover.Changed, change.field)
		}
		out = append(out, mover)
	}
	return out
}

// why names the rules that brought a route about, with what they looked at.
func why(r rules.Route) string {
	var parts []string
	for _, m := range r.Explanation {
		if !m.Matched {
			continue
		}
		part := fmt.Sprintf("%s on line %d: %s", m.Rule, m.Line, m.Condition)
		if m.Why != "" {
			part += " (" + m.Why + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
