package backtest

import (
	"maps"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// tally is what one core has counted. Two tallies add up in any order.
type tally struct {
	disputes, moved, unpriced int
	from, to                  time.Time // of the openings
	feeless                   int       // disputes with a fee that is left out
	live, draft               *sideTally
	unsure                    spread // of the difference
	changes                   map[changeKey]int
	weeks                     map[int64]week
	movers                    *movers
}

type sideTally struct {
	contested, accepted, byHand, outside int
	won, lost, costs                     int64
	known, estimated                     int
	unsure                               spread
	hits                                 map[string]hit
	load                                 map[string]*[hoursOfWeek]int
	cutOffs                              map[queueHour]int
}

// hit counts a rule: how often it held, and how often it decided.
type hit struct{ matched, decided int }

type changeKey struct{ field, from, to string }

type week struct {
	disputes, moved int
	live, draft     int64 // net
}

// queueHour is one hour of a queue, as a Unix time.
type queueHour struct {
	queue string
	hour  int64
}

const hoursOfWeek = 7 * 24

func newTally(movers int) *tally {
	return &tally{
		live: newSideTally(), draft: newSideTally(), unsure: spread{},
		changes: map[changeKey]int{}, weeks: map[int64]week{}, movers: newMovers(movers),
	}
}

func newSideTally() *sideTally {
	return &sideTally{unsure: spread{}, hits: map[string]hit{}, load: map[string]*[hoursOfWeek]int{}, cutOffs: map[queueHour]int{}}
}

func (t *tally) take(c comparison) {
	opened := c.past.OpenedAt
	t.disputes++
	if t.from.IsZero() || opened.Before(t.from) {
		t.from = opened
	}
	if opened.After(t.to) {
		t.to = opened
	}
	t.live.take(c, c.live, c.was, c.liveWorth)
	t.draft.take(c, c.draft, c.would, c.draftWorth)
	w := t.weeks[weekOf(opened)]
	w.disputes++
	w.live, w.draft = w.live+c.liveWorth.net(), w.draft+c.draftWorth.net()
	if changed := c.live.changes(c.draft); len(changed) > 0 {
		t.moved++
		w.moved++
		for _, key := range changed {
			t.changes[key]++
		}
		t.movers.take(c)
	}
	t.weeks[weekOf(opened)] = w
	if !c.priced {
		t.unpriced++
		return
	}
	if c.liveWorth.feeless || c.draftWorth.feeless {
		t.feeless++
	}
	if c.live.Respond != c.draft.Respond {
		if c.draftWorth.estimated {
			t.unsure.take(c.lesson, c.draftWorth.stake)
		}
		if c.liveWorth.estimated {
			t.unsure.take(c.lesson, -c.liveWorth.stake)
		}
	}
}

func (s *sideTally) take(c comparison, d routed, r rules.Route, w worth) {
	if d.Respond == dispute.ResponseAccept {
		s.accepted++
	} else {
		s.contested++
	}
	for _, m := range r.Explanation {
		if !m.Matched {
			continue
		}
		h := s.hits[m.Rule]
		h.matched++
		if m.Rule == r.Rule {
			h.decided++
		}
		s.hits[m.Rule] = h
	}
	if s.load[d.Queue] == nil {
		s.load[d.Queue] = &[hoursOfWeek]int{}
	}
	s.load[d.Queue][hourOfWeek(c.past.OpenedAt)]++
	if d.byHand {
		s.byHand++
		s.cutOffs[queueHour{d.Queue, d.cutOff.Truncate(time.Hour).Unix()}]++
		if d.outside {
			s.outside++
		}
	}
	if !c.priced {
		return
	}
	s.won, s.lost, s.costs = s.won+w.won, s.lost+w.lost, s.costs+w.costs
	if w.known {
		s.known++
	}
	if w.estimated {
		s.estimated++
		s.unsure.take(c.lesson, w.stake)
	}
}

func (t *tally) add(o *tally) {
	t.disputes, t.moved, t.unpriced = t.disputes+o.disputes, t.moved+o.moved, t.unpriced+o.unpriced
	t.feeless += o.feeless
	if t.from.IsZero() || (!o.from.IsZero() && o.from.Before(t.from)) {
		t.from = o.from
	}
	if o.to.After(t.to) {
		t.to = o.to
	}
	t.live.add(o.live)
	t.draft.add(o.draft)
	t.unsure.add(o.unsure)
	for key, n := range o.changes {
		t.changes[key] += n
	}
	for at, more := range o.weeks {
		w := t.weeks[at]
		t.weeks[at] = week{w.disputes + more.disputes, w.moved + more.moved, w.live + more.live, w.draft + more.draft}
	}
	t.movers.add(o.movers)
}

func (s *sideTally) add(o *sideTally) {
	s.contested, s.accepted = s.contested+o.contested, s.accepted+o.accepted
	s.byHand, s.outside = s.byHand+o.byHand, s.outside+o.outside
	s.won, s.lost, s.costs = s.won+o.won, s.lost+o.lost, s.costs+o.costs
	s.known, s.estimated = s.known+o.known, s.estimated+o.estimated
	s.unsure.add(o.unsure)
	for rule, more := range o.hits {
		h := s.hits[rule]
		s.hits[rule] = hit{h.matched + more.matched, h.decided + more.decided}
	}
	for queue, hours := range o.load {
		if s.load[queue] == nil {
			s.load[queue] = &[hoursOfWeek]int{}
		}
		for i, n := range hours {
			s.load[queue][i] += n
		}
	}
	for key, n := range o.cutOffs {
		s.cutOffs[key] += n
	}
}

// hourOfWeek counts from Monday, 00:00 UTC.
func hourOfWeek(t time.Time) int {
	t = t.UTC()
	return (int(t.Weekday())+6)%7*24 + t.Hour()
}

// Working hours of a team that names none.
const (
	dayBegins = 9 * 60
	dayEnds   = 18 * 60
)

// working reports whether a team works at a moment. One that names no hours is
// taken to work from nine to six, Monday to Friday, in its zone.
func working(team rules.Team, at time.Time) bool {
	if team.Zone != nil {
		at = at.In(team.Zone)
	} else {
		at = at.UTC()
	}
	if team.Holidays != nil && team.Holidays[at.Format(time.DateOnly)] {
		return false
	}
	hours, works := rules.Hours{From: dayBegins, To: dayEnds}, at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
	if team.Week != nil {
		hours, works = team.Week[at.Weekday()]
	}
	minute := at.Hour()*60 + at.Minute()
	return works && hours.From <= minute && minute < hours.To
}

func sortedLessons(s spread) []lesson { return slices.SortedFunc(maps.Keys(s), lesson.compare) }
