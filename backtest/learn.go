package backtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/odds"
)

// weekOf numbers the weeks since 1970; they begin on Thursdays, in UTC.
func weekOf(t time.Time) int64 {
	const week = int64(7 * 24 * time.Hour / time.Second)
	n := t.Unix() / week
	if t.Unix() < n*week {
		n--
	}
	return n
}

func startOfWeek(week int64) time.Time { return time.Unix(week*7*24*60*60, 0).UTC() }

// lessons are what was known at the beginning of each week.
type lessons struct {
	weeks     []int64         // in which something was decided, in order
	histories []*odds.History // after each of them
	decided   int             // contested disputes with a verdict
	undated   int             // verdicts without a date, from which nothing is learned
}

// learn reads the verdicts and counts the disputes that are to be routed. Memory
// grows with weeks and groups, not with disputes.
func learn(ctx context.Context, src Source, o Options) (*lessons, int, error) {
	counts := map[int64]map[odds.Group]odds.Count{}
	out, total, seen := &lessons{}, 0, 0
	for p, err := range src(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, context.Cause(ctx)
		}
		if seen++; seen%(1<<14) == 0 {
			o.Progress(seen, 0)
		}
		if !p.OpenedAt.Before(o.Since) {
			total++
		}
		out.count(counts, &p)
	}
	out.build(counts)
	return out, total, nil
}

func (l *lessons) count(counts map[int64]map[odds.Group]odds.Count, p *history.Past) {
	if p.Response != dispute.ResponseContest || p.Outcome == "" {
		return
	}
	if p.DecidedAt.IsZero() {
		l.undated++
		return
	}
	l.decided++
	week := weekOf(p.DecidedAt)
	if counts[week] == nil {
		counts[week] = map[odds.Group]odds.Count{}
	}
	c := counts[week][groupOf(p, p.Strength)]
	if p.Outcome == history.Won {
		c.Won++
	} else {
		c.Lost++
	}
	counts[week][groupOf(p, p.Strength)] = c
}

func (l *lessons) build(counts map[int64]map[odds.Group]odds.Count) {
	l.weeks = slices.Sorted(maps.Keys(counts))
	sofar := map[odds.Group]odds.Count{}
	for _, week := range l.weeks {
		for group, c := range counts[week] {
			sum := sofar[group]
			sofar[group] = odds.Count{Group: group, Won: sum.Won + c.Won, Lost: sum.Lost + c.Lost}
		}
		l.histories = append(l.histories, odds.NewHistory(slices.Collect(maps.Values(sofar))))
	}
}

// before is the place of what was known when a week began: -1 for nothing.
func (l *lessons) before(week int64) int {
	i, _ := slices.BinarySearch(l.weeks, week)
	return i - 1
}

// lesson is a group at a time: all its disputes have the same chance.
type lesson struct {
	at    int // place in lessons
	group odds.Group
}

func (a lesson) compare(b lesson) int {
	return cmp.Or(
		cmp.Compare(a.group.Family, b.group.Family), cmp.Compare(a.group.Network, b.group.Network),
		cmp.Compare(a.group.Provider, b.group.Provider), cmp.Compare(a.group.Strength, b.group.Strength),
		cmp.Compare(a.at, b.at),
	)
}

func (l *lessons) chance(of lesson) odds.Chance {
	if of.at < 0 {
		return (*odds.History)(nil).Chance(of.group)
	}
	return l.histories[of.at].Chance(of.group)
}

// teller keeps the chances that one core has asked for.
type teller struct {
	lessons *lessons
	told    map[lesson]odds.Chance
}

func newTeller(l *lessons) *teller { return &teller{lessons: l, told: map[lesson]odds.Chance{}} }

func (t *teller) lesson(p *history.Past, strength int) lesson {
	return lesson{at: t.lessons.before(weekOf(p.OpenedAt)), group: groupOf(p, strength)}
}

func (t *teller) chance(p *history.Past, strength int) odds.Chance {
	of := t.lesson(p, strength)
	c, ok := t.told[of]
	if !ok {
		c = t.lessons.chance(of)
		t.told[of] = c
	}
	return c
}
