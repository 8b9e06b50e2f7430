package rules

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Set is a rule set that passed every check. It is immutable and safe for
// concurrent use.
type Set struct {
	Name         string
	BaseCurrency string // ISO 4217; what amount_base is in
	Queues       map[string]Queue
	Ladders      map[string]Ladder
	Defaults     Effects // notices and tickets aside
	Rules        []Rule

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
	EscalateTo string // empty: escalations go to the members
}

// AtCutOff is what happens at the cut-off when nobody decided before.
type AtCutOff string

// The choices at the cut-off.
const (
	AtCutOffSubmit AtCutOff = "submit" // send the packet as it stands
	AtCutOffAccept AtCutOff = "accept" // give in
	AtCutOffPerson AtCutOff = "person" // leave it to a person, and say so loudly
)

// Ladder is when people are reminded and when we stop waiting for them.
type Ladder struct {
	Name     string          `json:"name"`
	Remind   []time.Duration `json:"remind,omitempty"`   // before the cut-off, longest first
	Escalate []time.Duration `json:"escalate,omitempty"` // before the cut-off, longest first
	CutOff   time.Duration   `json:"cut_off"`            // before the deadline
	AtCutOff AtCutOff        `json:"at_cut_off"`
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
	Notify      []Notify
	Ticket      *Ticket
	Reports     []Report
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

	condition *condition
}

// reference is the mention of a connection, kept with its place for Check.
type reference struct {
	rule, connection string
	line             int
	optional         bool
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
			Mend:    suggest(ref.connection, connections, "configure it, or write optional: true beside it"),
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
