package activities

import (
	"encoding/json"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Known is what a workflow knows of a dispute after Record: ids, codes, money
// and dates. It stays in history, so it holds no personal data.
type Known struct {
	Title       string                 `json:"title"` // "Visa 13.1 · Merchandise not received"
	Merchant    string                 `json:"merchant"`
	Family      dispute.Family         `json:"family"`
	Amount      dispute.Money          `json:"amount"`
	Network     string                 `json:"network,omitempty"`
	NetworkCode string                 `json:"network_code,omitempty"`
	Reason      string                 `json:"reason"`
	RawStatus   string                 `json:"raw_status"`
	Status      dispute.ProviderStatus `json:"status"`
	Stage       dispute.Stage          `json:"stage"`
	Deadline    dispute.Deadline       `json:"deadline"`
	PastDue     bool                   `json:"past_due,omitempty"`
	AnsweredAt  time.Time              `json:"answered_at,omitzero"`  // when the provider last showed an answer
	Submissions int                    `json:"submissions,omitempty"` // as the provider counts them
	AutoAnswer  string                 `json:"auto_answer,omitempty"`
}

// RecordInput names the notices to fold into a case.
type RecordInput struct {
	Ref    dispute.Ref `json:"ref"`
	Part   int         `json:"part"`
	Events []string    `json:"events"` // ids of stored notices of the same connection
}

// Recorded is the case after its notices were folded in.
type Recorded struct {
	Known   Known `json:"known"`
	Entries int   `json:"entries,omitempty"` // journal entries the case has by now
}

// PlanInput asks for a case's plan.
type PlanInput struct {
	Ref dispute.Ref `json:"ref"`
	// RuleSet pins the version that decided the case; empty asks for the one in
	// force now.
	RuleSet string `json:"rule_set,omitempty"`
}

// Plan is the pinned answer to "who, what, by when". All times are absolute
// and all durations already scaled.
type Plan struct {
	Rule     string           `json:"rule"`
	RuleSet  string           `json:"rule_set"`
	Why      string           `json:"why"` // one line for people
	Queue    string           `json:"queue"`
	Approval bool             `json:"approval,omitempty"`
	Respond  dispute.Response `json:"respond"`
	// MinStrength is what the packet's strength must reach to go by itself before
	// the cut-off.
	MinStrength int       `json:"min_strength,omitempty"`
	Rungs       []Rung    `json:"rungs,omitempty"` // future ones only, soonest first
	CutOff      time.Time `json:"cut_off,omitzero"`
	AtCutOff    string    `json:"at_cut_off"` // submit, accept or person
	// Assignee is whom the rules give the case to while nobody has it.
	Assignee string `json:"assignee,omitempty"`
	// Hold keeps everything back until a person releases it; the cut-off acts all
	// the same.
	Hold bool `json:"hold,omitempty"`
	// SendBy is when answering becomes dearer, where the response was weighed.
	SendBy     time.Time      `json:"send_by,omitzero"`
	Sources    []string       `json:"sources,omitempty"`
	Notify     []NotifyTarget `json:"notify,omitempty"`
	Tickets    []TicketTarget `json:"tickets,omitempty"`
	Reports    []ReportTarget `json:"reports,omitempty"`
	Accounting []string       `json:"accounting,omitempty"`
	// SourcesUntil is when a source that has not answered is given up.
	SourcesUntil time.Time `json:"sources_until"`
	// Linger is how long a decided case stays open for late movements.
	Linger time.Duration `json:"linger"`
	// RetryEvery is how long the case waits before it tries a failed response
	// again by itself.
	RetryEvery time.Duration `json:"retry_every"`
}

// The kinds of rung.
const (
	RungRemind   = "remind"
	RungEscalate = "escalate"
)

// Rung is one step of a deadline ladder.
type Rung struct {
	Kind string    `json:"kind"`
	Name string    `json:"name"` // as the rules wrote it: "72h before the cut-off"
	At   time.Time `json:"at"`
	// To is who is on call then, where the queue escalates to whoever is.
	To string `json:"to,omitempty"`
}

// NotifyTarget is where a case's card is posted.
type NotifyTarget struct {
	Connection string `json:"connection"`
	Channel    string `json:"channel"`
}

// TicketTarget is where a case's ticket is kept.
type TicketTarget struct {
	Connection string `json:"connection"`
	Priority   string `json:"priority"`
}

// ReportTarget is a system that is told of moments in the case's life.
type ReportTarget struct {
	Connection string           `json:"connection"`
	On         []dispute.Moment `json:"on"`
	To         rules.Recipients `json:"to,omitempty"`
}

// ReportInput tells one system of one moment.
type ReportInput struct {
	Ref        dispute.Ref    `json:"ref"`
	Part       int            `json:"part"`
	Connection string         `json:"connection"`
	Moment     dispute.Moment `json:"moment"`
	// Which tells moments of one kind apart: the stage, the rung, the verdict.
	Which  string           `json:"which"`
	At     time.Time        `json:"at"`
	Detail string           `json:"detail,omitempty"`
	To     rules.Recipients `json:"to,omitempty"`
}

// GatherInput asks one source about a case.
type GatherInput struct {
	Ref        dispute.Ref `json:"ref"`
	Connection string      `json:"connection"`
}

// ComposeInput asks for a packet from what is known now.
type ComposeInput struct {
	Ref dispute.Ref `json:"ref"`
}

// PacketRef points to a composed packet.
type PacketRef struct {
	Hash          string   `json:"hash"`
	Complete      bool     `json:"complete"`
	Strength      int      `json:"strength"` // 0 to 4
	Missing       []string `json:"missing,omitempty"`
	Contradicting []string `json:"contradicting,omitempty"`
	Files         int      `json:"files"`
	Bytes         int64    `json:"bytes"`
	Findings      int      `json:"findings,omitempty"` // limits that needed a repair
	// Problem says why this is only the minimal packet: the evidence cannot be made
	// to fit, and a person has to choose.
	Problem string `json:"problem,omitempty"`
}

// RespondInput asks for the one response of a stage.
type RespondInput struct {
	Ref   dispute.Ref   `json:"ref"`
	Part  int           `json:"part"`
	Stage dispute.Stage `json:"stage"`
	// Baseline is how many submissions the provider counted when the stage began.
	Baseline int `json:"baseline,omitempty"`
	// Attempt gives a response an intent of its own: it grows when the provider
	// refused the one before for good, and when an answered stage begins again.
	Attempt int    `json:"attempt,omitempty"`
	By      string `json:"by"` // who decided: "rule:<id>", "cut-off", or a person
}

// Responded is what came of a response.
type Responded struct {
	Response   dispute.Response `json:"response"`
	Outcome    string           `json:"outcome"`
	Key        string           `json:"key"`
	PacketHash string           `json:"packet_hash,omitempty"`
	At         time.Time        `json:"at"`
	By         string           `json:"by"`
	RawStatus  string           `json:"raw_status,omitempty"`
	Detail     string           `json:"detail,omitempty"`
}

// Given is the response that the provider has of us: none when nothing was
// sent.
func (r *Responded) Given() dispute.Response {
	if r == nil || (r.Outcome != dispute.AnswerSent && r.Outcome != dispute.AnsweredByHand) {
		return dispute.ResponseUndecided
	}
	return r.Response
}

// ClaimInput asks to claim the answer from a provider that would answer itself.
type ClaimInput struct {
	Ref dispute.Ref `json:"ref"`
}

// Claimed says who will answer when we do not.
type Claimed struct {
	Claimed bool   `json:"claimed"`
	Method  string `json:"method"`
}

// Event is one line of a case's history.
type Event struct {
	Key   string            `json:"key"` // unique in the case: a repeated step writes it once
	Kind  string            `json:"kind"`
	Actor string            `json:"actor"` // "machine", or a person
	Data  map[string]string `json:"data,omitempty"`
}

// PublishInput stores how a case stands and what has happened since.
type PublishInput struct {
	Ref     dispute.Ref            `json:"ref"`
	Part    int                    `json:"part"`
	Face    dispute.Face           `json:"face"`
	Events  []Event                `json:"events,omitempty"`
	Sources []dispute.SourceResult `json:"sources,omitempty"`
	Packet  string                 `json:"packet,omitempty"`
	// Given is the response that the provider has of us.
	Given dispute.Response `json:"given,omitempty"`
	// Closing is the workflow's state at its end; the next part starts from it.
	Closing json.RawMessage `json:"closing,omitempty"`
}

// AnnounceInput shows a case's face in one place.
type AnnounceInput struct {
	Ref    dispute.Ref   `json:"ref"`
	Part   int           `json:"part"`
	Face   dispute.Face  `json:"face"`
	Notify *NotifyTarget `json:"notify,omitempty"`
	Ticket *TicketTarget `json:"ticket,omitempty"`
	// Say is a line for the message's thread, or a comment on the ticket.
	Say string `json:"say,omitempty"`
}

// PushInput asks to post a case's entries to one accounting system.
type PushInput struct {
	Ref        dispute.Ref `json:"ref"`
	Connection string      `json:"connection"`
}

// SweepInput asks what a provider has.
type SweepInput struct {
	Connection string `json:"connection"`
	// Whole asks for everything the provider remembers, and for a comparison with
	// our cases; without it, for what changed since the sweep before.
	Whole bool `json:"whole,omitempty"`
}

// Swept counts what a sweep found.
type Swept struct {
	Listed int `json:"listed"`           // disputes the provider listed
	News   int `json:"news"`             // notices that told something new
	Unread int `json:"unread,omitempty"` // open cases the provider would not tell about now
}
