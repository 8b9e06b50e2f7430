package rules

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Set is a rule set that passed every check. It is immutable and safe for
// concurrent use.
type Set struct {
	Name         string
	BaseCurrency string // ISO 4217; what amount_base is in
	// HandlingCost is what the work on one answer costs; zero when it is not said.
	HandlingCost dispute.Money
	// ProductsFrom and CountriesFrom name the keys of the payment's metadata that
	// payment.product and payment.country are read from; empty when not said.
	ProductsFrom, CountriesFrom string
	Teams                       map[string]Team // of the calendar
	Queues                      map[string]Queue
	Ladders                     map[string]Ladder
	Defaults                    Effects // notices and tickets aside
	Rules                       []Rule

	rates      *rates
	references []reference
	source     []byte
	hash       string
}

// Queue is a group of people who own cases. Its addresses stay in the rule set:
// a Route names the queue only.
type Queue struct {
	Name       string
	Members    []string
	Skills     map[string][]string // of members, where any are named
	EscalateTo string              // empty: escalations go to the members; OnCall: to whoever is on call
	Team       string              // whose calendar counts; empty when no team is known
}

// OnCall as a queue's EscalateTo stands for whoever of its team is on call.
const OnCall = "on_call"

// AtCutOff is what happens at the cut-off when nobody decided before.
type AtCutOff string

// The choices at the cut-off.
const (
	AtCutOffSubmit AtCutOff = "submit" // send the packet as it stands
	AtCutOffAccept AtCutOff = "accept" // give in
	AtCutOffPerson AtCutOff = "person" // leave it to a person, and say so loudly
)

// Ladder is when people are reminded and when we stop waiting for them. Business
// days are those of the queue's team.
type Ladder struct {
	Name     string          `json:"name"`
	Remind   []time.Duration `json:"remind,omitempty"`   // before the cut-off, longest first
	Escalate []time.Duration `json:"escalate,omitempty"` // before the cut-off, longest first
	CutOff   time.Duration   `json:"cut_off"`            // before the deadline
	AtCutOff AtCutOff        `json:"at_cut_off"`
	// The same in whole business days, beside the durations.
	RemindDays   []int `json:"remind_business_days,omitempty"`
	EscalateDays []int `json:"escalate_business_days,omitempty"`
	CutOffDays   int   `json:"cut_off_business_days,omitempty"` // instead of CutOff when above zero
}

// RespondByValue leaves the choice to the sums of package odds.
const RespondByValue dispute.Response = "by_value"

// AssignBy is how one of a queue's members is found.
type AssignBy string

// The ways of assignment.
const (
	AssignByLoad       AssignBy = "load"        // who has the fewest open cases
	AssignByRoundRobin AssignBy = "round_robin" // each in turn
	AssignBySkill      AssignBy = "skill"       // who has the skill, and of those the fewest open cases
)

// Assign gives a case to one member of its queue: a person, or whoever is found.
type Assign struct {
	Person string   `json:"person,omitempty"`
	By     AssignBy `json:"by,omitempty"`
	Skill  string   `json:"skill,omitempty"`
}

// String is "ana@acme.example", "by load" or "by skill fraud".
func (a Assign) String() string {
	switch {
	case a.Person != "":
		return a.Person
	case a.Skill != "":
		return "by skill " + a.Skill
	}
	return "by " + strings.ReplaceAll(string(a.By), "_", " ")
}

// Approval says whether a person approves the response before it is sent.
type Approval string

// The choices of approval; an effect that does not say leaves it open, and an
// approval that nobody names is none.
const (
	ApprovalNone     Approval = "none"
	ApprovalRequired Approval = "required"
)

// Effects are what a rule says of the cases it matches. An empty field leaves
// the matter to others.
type Effects struct {
	Queue    string
	Approval Approval
	Ladder   string
	Respond  dispute.Response
	// MinStrength, "0" to "4", is how strong the evidence has to be before the
	// packet goes by itself ahead of the cut-off.
	MinStrength string
	Assign      *Assign
	// Hold keeps everything back until a person releases it, or the cut-off comes.
	Hold bool
	// Sources are the only connections asked for evidence; all when it is empty.
	Sources []string
	Tags    []string
	Notify  []Notify
	Ticket  *Ticket
	Reports []Report
}

// Notify tells one channel of a messaging connection.
type Notify struct {
	Connection string `json:"connection"`
	Channel    string `json:"channel"`
	// Optional notices are left out where the connection does not exist.
	Optional bool `json:"optional,omitempty"`
}

// Ticket opens a ticket at a help desk connection.
type Ticket struct {
	Connection string `json:"connection"`
	Priority   string `json:"priority"` // low, normal, high, urgent
	// Optional tickets are left out where the connection does not exist.
	Optional bool `json:"optional,omitempty"`
}

// Recipients are whom a report is written to, by their part in the case: the
// addresses stay in the rule set.
type Recipients string

// The recipients.
const (
	ToMembers    Recipients = "members"     // of the queue
	ToEscalation Recipients = "escalate_to" // of the queue
	ToAssignee   Recipients = "assignee"    // the queue's members while there is none
)

// Report tells another system of moments in a case's life.
type Report struct {
	Connection string           `json:"connection"`
	On         []dispute.Moment `json:"on"`
	To         Recipients       `json:"to,omitempty"`
	// Optional reports are left out where the connection does not exist.
	Optional bool `json:"optional,omitempty"`
}

// Rule is one line of policy.
type Rule struct {
	ID       string
	Line     int    // where it starts in the source
	When     string // the condition as written
	Then     Effects
	Continue bool // contribute and go on, instead of deciding
	Shadow   bool // is judged and told of, and decides nothing

	condition *condition
}

// reference is the mention of a connection, kept with its place for Check.
type reference struct {
	rule, connection string
	line             int
	optional         bool
	mend             string
}

// Hash identifies the version: the SHA-256, in hex, of the canonical source.
func (s *Set) Hash() string { return s.hash }

// Source is the canonical text the set was parsed from: UTF-8 without byte
// order mark, line feeds only, no blank end.
func (s *Set) Source() []byte { return bytes.Clone(s.source) }

// Check looks at what only the installation knows: that every connection the
// rules name exists, unless it is marked optional. Nil connections are not
// known and not checked. The error is like Parse's.
func (s *Set) Check(connections []string) error {
	if connections == nil {
		return nil
	}
	var problems Problems
	for _, ref := range s.references {
		if ref.optional || slices.Contains(connections, ref.connection) {
			continue
		}
		problems = append(problems, Problem{
			Line: ref.line, Rule: ref.rule,
			Message: "there is no connection " + quote(ref.connection),
			Mend:    suggest(ref.connection, connections, "configure it, or "+ref.mend),
		})
	}
	return problems.err("check", s.Name)
}

//go:embed default.yaml
var defaultSource []byte

// Default is the starter rule set that comes with Rebuttal: high values and
// goods not received to senior people, tiny hopeless amounts accepted, refunded
// payments contested, the rest to the front line.
var Default = sync.OnceValue(func() *Set {
	s, err := Parse("default", defaultSource)
	if err != nil {
		panic(err)
	}
	return s
})

func canonical(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	return append(bytes.TrimRight(bytes.Clone(src), " \t\n"), '\n')
}

func hashOf(source []byte) string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}
