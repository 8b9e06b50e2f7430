package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Report is what a draft would have changed. Money is in the live set's base
// currency; intervals hold their figure with 80 in 100.
type Report struct {
	// The three figures to read first.
	Disputes int      `json:"disputes"`
	Moved    int      `json:"moved"` // another queue, approval, response or ladder
	Money    Estimate `json:"money"` // the draft's net less the live one's
	Work     Work     `json:"work"`

	From     time.Time `json:"from,omitzero"` // the first and the last opening
	To       time.Time `json:"to,omitzero"`
	Currency string    `json:"currency"`
	// Unpriced disputes have a currency without a rate: no money counts them.
	// Unconvertible fees alone leave no dispute unpriced; Notes count these.
	Unpriced int `json:"unpriced"`
	// Learned is how many verdicts the odds learned from; Undated verdicts have no
	// date and teach nothing.
	Learned int `json:"learned"`
	Undated int `json:"undated"`

	Live    Side       `json:"live"`
	Draft   Side       `json:"draft"`
	Rules   []RuleHits `json:"rules"`
	Changes []Change   `json:"changes"`
	// Movers are the moving disputes with the most at stake, at most as many as
	// were asked for; Moved counts them all.
	Movers []Mover `json:"movers"`
	Weeks  []Week  `json:"weeks"`
	Load   []Load  `json:"load"`
	// Notes say how the figures came about and what weakens them.
	Notes []string `json:"notes"`
}

// Estimate is a sum with its interval.
type Estimate struct {
	Amount dispute.Money `json:"amount"`
	Low    dispute.Money `json:"low"`
	High   dispute.Money `json:"high"`
}

// Work is how many disputes a person decides: those that need approval, are
// held, or wait for a person at the cut-off.
type Work struct {
	Live  int `json:"live"`
	Draft int `json:"draft"`
	// PerWeek is the change in a mean week; less than a week counts as one.
	PerWeek float64 `json:"per_week"`
}

// Side is what one rule set brought, or would have.
type Side struct {
	Name      string        `json:"name"`
	Hash      string        `json:"hash"`
	Contested int           `json:"contested"`
	Accepted  int           `json:"accepted"`
	Won       dispute.Money `json:"won"`
	Lost      dispute.Money `json:"lost"`
	Costs     dispute.Money `json:"costs"` // fees and work of answers
	Net       Estimate      `json:"net"`   // won less costs
	// Known disputes count by their verdict and ByOdds by their chance. The others
	// with a price are accepted though they were not, and lost without a verdict.
	Known  int  `json:"known"`
	ByOdds int  `json:"by_odds"`
	Risk   Risk `json:"risk"`
}

// Risk are deadlines that people may miss.
type Risk struct {
	// OutsideHours counts cut-offs at which nobody of the queue works.
	OutsideHours int `json:"outside_hours"`
	// CrowdedHours counts hours in which more cut-offs fall than the queue's people
	// decide in an hour; Crowded are the worst of them.
	CrowdedHours int       `json:"crowded_hours"`
	Crowded      []Crowded `json:"crowded"`
}

// Crowded is one hour of a queue with too many cut-offs.
type Crowded struct {
	Queue   string    `json:"queue"`
	Hour    time.Time `json:"hour"`
	CutOffs int       `json:"cut_offs"`
	Decides int       `json:"decides"` // cases that the queue's people decide in an hour
}

// RuleHits is how a rule of either set fared, by its name.
type RuleHits struct {
	Rule         string `json:"rule"`
	LiveMatched  int    `json:"live_matched"`
	LiveDecided  int    `json:"live_decided"`
	DraftMatched int    `json:"draft_matched"`
	DraftDecided int    `json:"draft_decided"`
}

// Change counts the disputes that go one way instead of another.
type Change struct {
	Field    string `json:"field"` // queue, approval, respond, ladder
	From     string `json:"from"`
	To       string `json:"to"`
	Disputes int    `json:"disputes"`
}

// Week is one point of the charts, from its beginning on a Thursday, UTC.
type Week struct {
	From     time.Time `json:"from"`
	Disputes int       `json:"disputes"`
	Moved    int       `json:"moved"`
	Live     int64     `json:"live"` // net, minor units of the base currency
	Draft    int64     `json:"draft"`
}

// Load is how many disputes a queue was given, by the hour of the week from
// Monday, 00:00 UTC.
type Load struct {
	Queue string           `json:"queue"`
	Live  [hoursOfWeek]int `json:"live"`
	Draft [hoursOfWeek]int `json:"draft"`
}

func (t *tally) report(live, draft *rules.Set, learned *lessons, o Options) Report {
	base := live.BaseCurrency
	liveSide, draftSide := t.live.report(live, base, learned, o), t.draft.report(draft, base, learned, o)
	difference := draftSide.Net.Amount.Minor - liveSide.Net.Amount.Minor
	weeks := max(1, t.to.Sub(t.from).Hours()/(7*24))
	return Report{
		Disputes: t.disputes, Moved: t.moved, Money: estimate(difference, t.unsure.half(learned), base),
		Work: Work{Live: t.live.byHand, Draft: t.draft.byHand, PerWeek: float64(t.draft.byHand-t.live.byHand) / weeks},
		From: t.from, To: t.to, Currency: base, Unpriced: t.unpriced, Learned: learned.decided, Undated: learned.undated,
		Live: liveSide, Draft: draftSide, Rules: t.rules(live, draft), Changes: t.changeList(), Movers: t.movers.report(base),
		Weeks: t.weekList(), Load: t.load(), Notes: t.notes(learned, live, draft),
	}
}

func estimate(amount, half int64, currency string) Estimate {
	in := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: currency} }
	return Estimate{Amount: in(amount), Low: in(amount - half), High: in(amount + half)}
}

func (s *sideTally) report(set *rules.Set, base string, learned *lessons, o Options) Side {
	in := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: base} }
	return Side{
		Name: set.Name, Hash: set.Hash(), Contested: s.contested, Accepted: s.accepted,
		Won: in(s.won), Lost: in(s.lost), Costs: in(s.costs), Net: estimate(s.won-s.costs, s.unsure.half(learned), base),
		Known: s.known, ByOdds: s.estimated, Risk: s.risk(set, o),
	}
}

// worst bounds the list of crowded hours.
const worst = 10

func (s *sideTally) risk(set *rules.Set, o Options) Risk {
	r := Risk{OutsideHours: s.outside, Crowded: []Crowded{}}
	for at, n := range s.cutOffs {
		decides := max(1, len(set.Queues[at.queue].Members)) * o.PerHour
		if n > decides {
			r.Crowded = append(r.Crowded, Crowded{Queue: at.queue, Hour: time.Unix(at.hour, 0).UTC(), CutOffs: n, Decides: decides})
		}
	}
	slices.SortFunc(r.Crowded, func(a, b Crowded) int {
		return cmp.Or(cmp.Compare(b.CutOffs-b.Decides, a.CutOffs-a.Decides), a.Hour.Compare(b.Hour), cmp.Compare(a.Queue, b.Queue))
	})
	r.CrowdedHours = len(r.Crowded)
	r.Crowded = r.Crowded[:min(len(r.Crowded), worst)]
	return r
}

// rules are those of the live set in their order, then those that only the draft
// has.
func (t *tally) rules(live, draft *rules.Set) []RuleHits {
	out := []RuleHits{}
	seen := map[string]bool{}
	for _, set := range []*rules.Set{live, draft} {
		for _, r := range set.Rules {
			if seen[r.ID] {
				continue
			}
			seen[r.ID] = true
			l, d := t.live.hits[r.ID], t.draft.hits[r.ID]
			out = append(out, RuleHits{r.ID, l.matched, l.decided, d.matched, d.decided})
		}
	}
	return out
}

func (t *tally) changeList() []Change {
	out := make([]Change, 0, len(t.changes))
	for key, n := range t.changes {
		out = append(out, Change{key.field, key.from, key.to, n})
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Disputes, a.Disputes), cmp.Compare(a.Field, b.Field), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}

func (t *tally) weekList() []Week {
	out := make([]Week, 0, len(t.weeks))
	for _, at := range slices.Sorted(maps.Keys(t.weeks)) {
		w := t.weeks[at]
		out = append(out, Week{startOfWeek(at), w.disputes, w.moved, w.live, w.draft})
	}
	return out
}

func (t *tally) load() []Load {
	by := map[string]*Load{}
	at := func(queue string) *Load {
		if by[queue] == nil {
			by[queue] = &Load{Queue: queue}
		}
		return by[queue]
	}
	for queue, hours := range t.live.load {
		at(queue).Live = *hours
	}
	for queue, hours := range t.draft.load {
		at(queue).Draft = *hours
	}
	out := make([]Load, 0, len(by))
	for _, queue := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[queue])
	}
	return out
}

// unseen are fields that no past dispute tells, so that rules see nothing there.
var unseen = []string{
	"alerts", "compelling_evidence", "customer.spent", "evidence_complete", "evidence_strength", "payment.metadata",
}

// notes say how the figures came about, and what weakens these.
func (t *tally) notes(learned *lessons, live, draft *rules.Set) []string {
	notes := []string{
		"Where a rule set answers as was answered, the verdict counts; elsewhere the expected value does.",
		"For each dispute the odds learned only from verdicts of the weeks before it was opened.",
		"Intervals hold their figure with 80 in 100. People are taken to approve in time.",
	}
	note := func(holds bool, format string, args ...any) {
		if holds {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	note(learned.decided == 0, "There are no verdicts of your own: every chance is the catalogue's figure.")
	note(learned.undated > 0, "Verdicts without a date, from which nothing was learned: %d.", learned.undated)
	note(t.unpriced > 0, "Disputes in a currency without a rate, which are routed and counted in no money: %d.", t.unpriced)
	note(t.feeless > 0, "Disputes whose costs miss a fee, because it has no rate to %s: %d.", live.BaseCurrency, t.feeless)
	note(draft.BaseCurrency != live.BaseCurrency, "The draft compares amounts in %s; all money here is in %s at the live set's rates.", draft.BaseCurrency, live.BaseCurrency)
	blind := slices.DeleteFunc(slices.Clone(unseen), func(field string) bool { return !asks(live, field) && !asks(draft, field) })
	note(len(blind) > 0, "Rules ask for what is not known of a dispute at its opening, or was not kept: %s.", strings.Join(blind, ", "))
	return notes
}

// asks reports whether a condition of a set names a field.
func asks(set *rules.Set, field string) bool {
	return slices.ContainsFunc(set.Rules, func(r rules.Rule) bool { return strings.Contains(r.When, field) })
}
