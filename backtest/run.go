package backtest

import (
	"context"
	"iter"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Source gives the past disputes in any order. It is asked twice, first for what
// the odds learn from and then for the routing, and gives the same each time.
type Source func(context.Context) iter.Seq2[history.Past, error]

// Options choose what is looked at. The zero value looks at everything.
type Options struct {
	// Since leaves out disputes that were opened before; the odds learn from them.
	Since time.Time
	// Window is how long an answer was possible where neither provider nor network
	// tells; seven days when zero.
	Window time.Duration
	// Movers bounds the list of moving cases; 50 when below one.
	Movers int
	// PerHour is how many cases one member of a queue decides in an hour; six when
	// zero.
	PerHour int
	// Workers is how many cores work; all when zero.
	Workers int
	// Progress is told how many disputes were done, of how many; of is zero while
	// they are being counted. It may be nil.
	Progress func(done, of int)
}

func (o Options) withDefaults() Options {
	if o.Window == 0 {
		o.Window = 7 * 24 * time.Hour
	}
	if o.Movers < 1 {
		o.Movers = 50
	}
	if o.PerHour == 0 {
		o.PerHour = 6
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	return o
}

// Run routes every dispute by both sets. Amounts are compared in the live set's
// base currency at its rates, so that a difference comes from the rules alone.
// The error is the source's, the context's or, of kind Invalid, about a dispute
// that cannot be routed.
func Run(ctx context.Context, src Source, live, draft *rules.Set, o Options) (Report, error) {
	o = o.withDefaults()
	learned, total, err := learn(ctx, src, o)
	if err != nil {
		return Report{}, err
	}
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan []history.Past, o.Workers)
	group.Go(func() error {
		defer close(chunks)
		return feed(ctx, src, o, total, chunks)
	})
	judges := make([]*judge, o.Workers)
	for i := range judges {
		judges[i] = newJudge(live, draft, learned, o)
		group.Go(func() error { return judges[i].work(ctx, chunks) })
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	sum := judges[0].tally
	for _, j := range judges[1:] {
		sum.add(j.tally)
	}
	return sum.report(live, draft, learned, o), nil
}

// chunk is how many disputes change hands at once.
const chunk = 256

func feed(ctx context.Context, src Source, o Options, total int, to chan<- []history.Past) error {
	send := func(part []history.Past) error {
		select {
		case to <- part:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	done, part := 0, make([]history.Past, 0, chunk)
	for p, err := range src(ctx) {
		if err != nil {
			return err
		}
		if p.OpenedAt.Before(o.Since) {
			continue
		}
		if part = append(part, p); len(part) < chunk {
			continue
		}
		if err := send(part); err != nil {
			return err
		}
		done += len(part)
		o.Progress(done, total)
		part = make([]history.Past, 0, chunk)
	}
	if err := send(part); err != nil {
		return err
	}
	o.Progress(done+len(part), total)
	return nil
}

// judge routes disputes on one core.
type judge struct {
	live, draft *side
	odds        *teller
	options     Options
	tally       *tally
}

// side is one rule set with what is asked of it for every dispute.
type side struct {
	set     *rules.Set
	ladders map[string]string // in one line, by name
	teams   map[string]rules.Team
}

func newSide(set *rules.Set) *side {
	s := &side{set: set, ladders: map[string]string{}, teams: map[string]rules.Team{}}
	for name, l := range set.Ladders {
		s.ladders[name] = l.String()
	}
	for name := range set.Queues {
		s.teams[name] = set.TeamOf(name)
	}
	return s
}

func newJudge(live, draft *rules.Set, learned *lessons, o Options) *judge {
	return &judge{live: newSide(live), draft: newSide(draft), odds: newTeller(learned), options: o, tally: newTally(o.Movers)}
}

func (j *judge) work(ctx context.Context, from <-chan []history.Past) error {
	for part := range from {
		for i := range part {
			if err := j.judge(&part[i]); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (j *judge) judge(p *history.Past) error {
	in := j.input(p)
	was, err := j.live.set.Evaluate(in)
	if err != nil {
		return err
	}
	would, err := j.draft.set.Evaluate(in)
	if err != nil {
		return err
	}
	deadline := in.Case.Deadline.At
	c := comparison{
		past: p, was: was, would: would,
		live:  j.live.decision(was, deadline),
		draft: j.draft.decision(would, deadline),
	}
	c.price(j)
	j.tally.take(c)
	return nil
}

// decision is what is compared of a route.
func (s *side) decision(r rules.Route, deadline time.Time) routed {
	team := s.teams[r.Queue]
	cutOff := r.Ladder.CutOffBefore(deadline, team)
	return routed{
		Decision: Decision{Rule: r.Rule, Queue: r.Queue, Approval: r.Approval, Respond: answer(r.Respond), Ladder: r.Ladder.Name},
		ladder:   s.ladders[r.Ladder.Name],
		byHand:   r.Approval || r.Hold || r.Ladder.AtCutOff == rules.AtCutOffPerson,
		cutOff:   cutOff, outside: !working(team, cutOff),
	}
}

// answer is what a route does when nobody says otherwise.
func answer(r dispute.Response) dispute.Response {
	if r == dispute.ResponseAccept {
		return r
	}
	return dispute.ResponseContest
}
