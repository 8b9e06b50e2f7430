package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Input is everything a rule set may look at. What is not known is left at its
// zero value; Case.Family is found by package networks when it is empty.
type Input struct {
	Case             dispute.Case
	Now              time.Time // the moment of the decision
	EvidenceStrength int       // 0 to 4; 0 before the first packet
	CustomerDisputes int       // earlier ones, without this one
}

func (in Input) validate() error {
	op := "rules: evaluate case " + in.Case.ID
	switch {
	case in.Now.IsZero():
		return dispute.Errorf(dispute.Invalid, op, "the input has no time")
	case in.EvidenceStrength < 0 || in.EvidenceStrength > 4:
		return dispute.Errorf(dispute.Invalid, op, "the evidence strength %d is not between 0 and 4", in.EvidenceStrength)
	case in.CustomerDisputes < 0:
		return dispute.Errorf(dispute.Invalid, op, "the count of the customer's disputes is negative")
	}
	return nil
}

func (in Input) snapshot() dispute.Snapshot { return in.Case.View.Snapshot }

func (in Input) family() dispute.Family {
	if in.Case.Family != "" {
		return in.Case.Family
	}
	return networks.Family(in.snapshot())
}

func (in Input) networkCode() string {
	snap := in.snapshot()
	if known, ok := networks.Reason(snap.Network, snap.NetworkCode); ok {
		return known.Code
	}
	return snap.NetworkCode
}

func (in Input) daysLeft() float64 {
	if in.Case.Deadline.At.IsZero() {
		return 0
	}
	return in.Case.Deadline.At.Sub(in.Now).Hours() / 24
}

// Route is where a case goes, and why. It holds ids and names of the rule set,
// never personal data, so it may be pinned in workflow history.
type Route struct {
	Rule     string           `json:"rule"`     // the rule that decided
	SetHash  string           `json:"set_hash"` // the version that decided
	Queue    string           `json:"queue"`
	Approval bool             `json:"approval"` // a person approves the response first
	Respond  dispute.Response `json:"respond"`
	Ladder   Ladder           `json:"ladder"`
	// MinStrength, 0 to 4, is what the evidence must reach before the packet goes
	// by itself ahead of the cut-off.
	MinStrength int      `json:"min_strength,omitempty"`
	Notify      []Notify `json:"notify,omitempty"`
	Ticket      *Ticket  `json:"ticket,omitempty"`
	Reports     []Report `json:"reports,omitempty"`
	// Explanation holds every rule that was looked at, in order.
	Explanation []Match `json:"explanation"`
}

// Match is how one rule fared.
type Match struct {
	Rule      string `json:"rule"`
	Line      int    `json:"line"`
	Matched   bool   `json:"matched"`
	Condition string `json:"condition"`
	// Why quotes the values the condition looked at: "days_left = 2.5".
	Why string `json:"why,omitempty"`
	// Error says why the condition could not be judged.
	Error string `json:"error,omitempty"`
	// Effects are what the rule brought about, and what it said in vain.
	Effects []string `json:"effects,omitempty"`
}

// Evaluate routes a case. Queue, ladder and response of the Route are always
// set. The error is of kind Invalid and only about the Input.
func (s *Set) Evaluate(in Input) (Route, error) {
	if err := in.validate(); err != nil {
		return Route{}, err
	}
	e := evaluation{set: s, facts: s.facts(in), by: map[string]string{}}
	for _, r := range s.Rules {
		m := e.try(r)
		e.explanation = append(e.explanation, m)
		if m.Matched && !r.Continue {
			return e.finish(r), nil
		}
	}
	return Route{}, dispute.Errorf(dispute.Invalid, "rules: evaluate case "+in.Case.ID, "rule set %s is incomplete", s.Name)
}

// evaluation is one run through the rules.
type evaluation struct {
	set         *Set
	facts       map[string]any
	said        Effects
	by          map[string]string // who said what of said
	unsure      bool              // some condition could not be judged
	explanation []Match
}

// try judges one rule and takes its effects over when it matches.
func (e *evaluation) try(r Rule) Match {
	m := Match{Rule: r.ID, Line: r.Line, Condition: r.When, Why: e.why(r.condition.uses)}
	holds, err := r.condition.holds(e.facts)
	if err != nil {
		e.unsure, m.Error = true, err.Error()
		return m
	}
	if m.Matched = holds; holds {
		m.Effects = e.apply(r.Then, r.ID, "")
	}
	return m
}

func (e *evaluation) why(uses []string) string {
	parts := make([]string, len(uses))
	for i, name := range uses {
		parts[i] = name + " = " + show(e.facts[name])
	}
	return strings.Join(parts, ", ")
}

// apply fills what is open and tells what it did. The suffix marks defaults.
func (e *evaluation) apply(from Effects, rule, suffix string) []string {
	var done []string
	say := func(what, already, value string) {
		switch {
		case value == "":
		case already == "":
			e.by[what] = rule
			done = append(done, what+" "+value+suffix)
		case suffix == "" && already != value:
			done = append(done, fmt.Sprintf("%s %s in vain: %s said %s", what, value, e.by[what], already))
		}
	}
	say("queue", e.said.Queue, from.Queue)
	say("approval", string(e.said.Approval), string(from.Approval))
	say("respond", string(e.said.Respond), string(from.Respond))
	say("ladder", e.said.Ladder, from.Ladder)
	say("min_strength", e.said.MinStrength, from.MinStrength)
	e.said = e.said.or(from)
	for _, n := range from.Notify {
		if !slices.Contains(e.said.Notify, n) {
			e.said.Notify = append(e.said.Notify, n)
			done = append(done, "notify "+n.Connection+" "+n.Channel)
		}
	}
	for _, r := range from.Reports {
		e.said.Reports = append(e.said.Reports, r)
		done = append(done, "report "+strings.Join(words(r.On...), ", ")+" to "+r.Connection)
	}
	if t := from.Ticket; t != nil {
		already := ""
		if had := e.said.Ticket; had != nil {
			already = had.Connection + " " + had.Priority
		} else {
			own := *t
			e.said.Ticket = &own
		}
		say("ticket", already, t.Connection+" "+t.Priority)
	}
	return done
}

// finish adds the defaults and, after a condition that could not be judged, a
// person's approval.
func (e *evaluation) finish(decider Rule) Route {
	last := &e.explanation[len(e.explanation)-1]
	last.Effects = append(last.Effects, e.apply(e.set.Defaults, "defaults", " by default")...)
	if e.unsure && e.said.Approval != ApprovalRequired {
		e.said.Approval = ApprovalRequired
		last.Effects = append(last.Effects, "approval required because a rule could not be judged")
	}
	strength, _ := strconv.Atoi(e.said.MinStrength) // a digit, or open
	return Route{
		MinStrength: strength,
		Rule:        decider.ID, SetHash: e.set.hash,
		Queue: e.said.Queue, Approval: e.said.Approval == ApprovalRequired, Respond: e.said.Respond,
		Ladder: e.set.Ladders[e.said.Ladder].clone(), Notify: e.said.Notify, Ticket: e.said.Ticket, Reports: e.said.Reports,
		Explanation: e.explanation,
	}
}

func (l Ladder) clone() Ladder {
	l.Remind, l.Escalate = slices.Clone(l.Remind), slices.Clone(l.Escalate)
	return l
}
