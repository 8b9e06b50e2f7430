package workflows

import (
	"time"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Wire names: the outside world starts, signals, queries and updates by these.
const (
	// DisputeWorkflow is the workflow type of one dispute.
	DisputeWorkflow = "Dispute"
	// NoticeSignal carries an Arrival.
	NoticeSignal = "notice"
	// StateQuery returns State.
	StateQuery = "state"
	// CasesQueue is the task queue of the workflows and of quick steps.
	CasesQueue = "cases"
)

// VendorQueue is the task queue of one connection's calls, so that a slow or
// limited vendor holds up nobody else.
func VendorQueue(connection string) string { return "vendor/" + connection }

// Arrival says that a notice about the dispute was stored. The notice itself
// stays in the database: history keeps its id.
type Arrival struct {
	Event string             `json:"event"` // the notice's event id at the dispute's connection
	Kind  dispute.NoticeKind `json:"kind"`  // for whoever reads the history
}

// State is everything a dispute's workflow remembers: what continue-as-new
// carries, what the query returns, what tests compare. It holds no personal
// data.
type State struct {
	Ref     dispute.Ref `json:"ref"`
	Part    int         `json:"part"`
	Pending []string    `json:"pending,omitempty"` // events not yet recorded

	Known   *activities.Known      `json:"known,omitempty"`
	Plan    *activities.Plan       `json:"plan,omitempty"`
	Sources []dispute.SourceResult `json:"sources,omitempty"`
	Packet  activities.PacketRef   `json:"packet"`
	// Composed says that Packet holds everything the sources told so far.
	Composed bool `json:"composed,omitempty"`
	Gathered bool `json:"gathered,omitempty"` // the sources of this stage were asked

	Assignee   string           `json:"assignee,omitempty"`
	Queue      string           `json:"queue,omitempty"`  // a person's choice; the plan's otherwise
	Choice     dispute.Response `json:"choice,omitempty"` // a person's choice; the plan's otherwise
	ChosenBy   string           `json:"chosen_by,omitempty"`
	ApprovedBy string           `json:"approved_by,omitempty"`
	SubmitNow  string           `json:"submit_now,omitempty"` // who asked
	HeldBy     string           `json:"held_by,omitempty"`
	RuleHeld   bool             `json:"rule_held,omitempty"` // a rule's hold was set in this stage
	HeldRule   string           `json:"held_rule,omitempty"` // which rule of which set held last, released or not

	RungsDone int                   `json:"rungs_done"`       // of Plan.Rungs
	Answer    *activities.Responded `json:"answer,omitempty"` // of this stage
	Attempt   int                   `json:"attempt,omitempty"`
	Baseline  int                   `json:"baseline,omitempty"` // submissions the provider counted when the stage began
	Again     bool                  `json:"again,omitempty"`    // the provider asks once more after an answer
	Asked     act                   `json:"asked,omitempty"`    // a response whose outcome is not known yet
	Failure   string                `json:"failure,omitempty"`  // why the last try to respond or compose failed
	RetryAt   time.Time             `json:"retry_at,omitzero"`
	Auto      *activities.Claimed   `json:"auto,omitempty"`

	Settled     string         `json:"settled,omitempty"` // the verdict that was settled last
	SettleUntil time.Time      `json:"settle_until,omitzero"`
	Outcome     dispute.Status `json:"outcome,omitempty"`

	Reported []string `json:"reported,omitempty"` // moments that other systems were told of

	Entries int `json:"entries,omitempty"` // journal entries posted so far
	Pushed  int `json:"pushed,omitempty"`  // of them, what accounting was told

	Replan bool         `json:"replan,omitempty"`
	Face   dispute.Face `json:"face"`
	Seen   []string     `json:"seen,omitempty"` // ids of decisions taken, newest last
	Told   int          `json:"told"`           // counts events, for their keys
}

// seenLimit bounds how many decision ids are remembered across continue-as-new.
const seenLimit = 64

// stageBegins forgets what belonged to the stage before.
func (s *State) stageBegins() {
	if s.Answer != nil {
		s.Attempt++ // its intent is spent, also for the same stage opened again
	}
	s.Answer, s.Asked, s.Failure, s.RetryAt = nil, "", "", time.Time{}
	s.Choice, s.ChosenBy, s.ApprovedBy, s.SubmitNow, s.HeldBy = "", "", "", "", ""
	s.Gathered, s.Composed, s.RungsDone, s.Replan, s.RuleHeld, s.HeldRule = false, false, 0, true, false, ""
	s.Sources, s.Settled, s.Outcome, s.SettleUntil = nil, "", "", time.Time{}
}

// NextPart is where the next part of a closed case starts: its closing state
// with a new notice's event.
func (s State) NextPart(event string) State {
	s.Part++
	s.Pending = []string{event}
	return s
}

// owesBooks reports whether there are entries that accounting was not told.
func (s *State) owesBooks() bool {
	return s.Plan != nil && len(s.Plan.Accounting) > 0 && s.Pushed < s.Entries
}

func (s *State) queue() string {
	if s.Queue != "" {
		return s.Queue
	}
	if s.Plan != nil {
		return s.Plan.Queue
	}
	return ""
}

func (s *State) sourcesPending() bool {
	for _, r := range s.Sources {
		if r.Outcome == dispute.SourcePending {
			return true
		}
	}
	return false
}

func (s *State) seen(id string) bool {
	for _, have := range s.Seen {
		if have == id {
			return true
		}
	}
	return false
}

func (s *State) remember(id string) {
	s.Seen = append(s.Seen, id)
	if len(s.Seen) > seenLimit {
		s.Seen = s.Seen[len(s.Seen)-seenLimit:]
	}
}
