package rules

import (
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/odds"
)

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
	MinStrength int `json:"min_strength,omitempty"`
	// Assign is how one of the queue's members is found; nil leaves it open.
	Assign *Assign `json:"assign,omitempty"`
	// Hold keeps everything back until a person releases it, or the cut-off comes.
	Hold bool `json:"hold,omitempty"`
	// Sources are the only connections asked for evidence; all when it is empty.
	Sources []string `json:"sources,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	Notify  []Notify `json:"notify,omitempty"`
	Ticket  *Ticket  `json:"ticket,omitempty"`
	Reports []Report `json:"reports,omitempty"`
	// Advice is the sum behind a response by value; nil where a rule chose.
	Advice *odds.Advice `json:"advice,omitempty"`
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
	// Shadow rules are told of and decide nothing.
	Shadow bool `json:"shadow,omitempty"`
	// Effects are what the rule brought about, and what it said in vain.
	Effects []string `json:"effects,omitempty"`
}

// Evaluate routes a case. Queue, ladder and response of the Route are always
// set. The error is of kind Invalid and only about the Input.
func (s *Set) Evaluate(in Input) (Route, error) {
	if err := in.validate(); err != nil {
		return Route{}, err
	}
	e := evaluation{set: s, facts: factsOf(s, in), by: map[string]string{}}
	for _, r := range s.Rules {
		m := e.try(r)
		e.explanation = append(e.explanation, m)
		if m.Matched && r.decides() {
			return e.finish(r), nil
		}
	}
	return Route{}, dispute.Errorf(dispute.Invalid, "rules: evaluate case "+in.Case.ID, "rule set %s is incomplete", s.Name)
}

// evaluation is one run through the rules.
type evaluation struct {
	set         *Set
	facts       *facts
	said        Effects
	by          map[string]string // who said what of said
	unsure      bool              // something could not be judged
	explanation []Match
}

// try judges one rule and takes its effects over when it matches.
func (e *evaluation) try(r Rule) Match {
	m := Match{Rule: r.ID, Line: r.Line, Condition: r.When, Shadow: r.Shadow, Why: e.why(r.condition.uses)}
	holds, err := r.condition.holds(e.facts)
	if err != nil {
		e.unsure, m.Error = e.unsure || !r.Shadow, err.Error()
		return m
	}
	switch m.Matched = holds; {
	case holds && r.Shadow:
		m.Effects = []string{"would say: " + strings.Join(r.Then.list(), ", ")}
	case holds:
		m.Effects = e.apply(r.Then, r.ID, "")
	}
	return m
}

func (e *evaluation) why(uses []string) string {
	if len(uses) == 1 {
		return e.facts.quote(uses[0])
	}
	var b strings.Builder
	for i, name := range uses {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.facts.quote(name))
	}
	return b.String()
}

// finish adds the defaults, decides by value where that is wanted and, after
// something that could not be judged, asks for a person's approval.
func (e *evaluation) finish(decider Rule) Route {
	last := &e.explanation[len(e.explanation)-1]
	last.Effects = append(last.Effects, e.apply(e.set.Defaults, "defaults", " by default")...)
	if e.said.Assign != nil && !e.set.Queues[e.said.Queue].has(*e.said.Assign) {
		last.Effects = append(last.Effects, "assign "+e.said.Assign.String()+" in vain: nobody like that in queue "+e.said.Queue)
		e.said.Assign = nil
	}
	respond, advice, told := e.respond()
	last.Effects = append(last.Effects, told...)
	if e.unsure && e.said.Approval != ApprovalRequired {
		e.said.Approval = ApprovalRequired
		last.Effects = append(last.Effects, "approval required because a rule could not be judged")
	}
	strength, _ := strconv.Atoi(e.said.MinStrength) // a digit, or open
	return Route{
		Rule: decider.ID, SetHash: e.set.hash, Queue: e.said.Queue, Approval: e.said.Approval == ApprovalRequired,
		Respond: respond, Advice: advice, Ladder: e.set.Ladders[e.said.Ladder].clone(), MinStrength: strength,
		Assign: e.said.Assign, Hold: e.said.Hold, Sources: e.said.Sources, Tags: e.said.Tags,
		Notify: e.said.Notify, Ticket: e.said.Ticket, Reports: e.said.Reports, Explanation: e.explanation,
	}
}

// respond is the response, found by value where the rules leave it to that. An
// amount that cannot be weighed is contested, by a person's leave.
func (e *evaluation) respond() (r dispute.Response, advice *odds.Advice, told []string) {
	if e.said.Respond != RespondByValue {
		return e.said.Respond, nil, nil
	}
	a, err := e.facts.weigh()
	if err != nil {
		e.unsure = true
		return dispute.ResponseContest, nil, []string{"respond contest: it cannot be weighed: " + err.Error()}
	}
	line := "respond " + string(a.Respond) + ": " + a.Why
	if !a.SendBy.IsZero() {
		line += "; send by " + a.SendBy.UTC().Format("2006-01-02 15:04 UTC") + ", then it costs more"
	}
	return a.Respond, &a, []string{line}
}
