package store

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// CaseRow is a case with everything that people query about it. What the
// provider says (stage, network, amount, reason, dates) is in View; its columns
// in the database are written from there.
type CaseRow struct {
	dispute.Case
	CutOffAt   time.Time `json:"cut_off_at,omitzero"`
	ArmedUntil time.Time `json:"armed_until,omitzero"` // when the workflow's next timer fires; zero when none is armed

	Queue    string          `json:"queue,omitempty"`
	Assignee string          `json:"assignee,omitempty"`
	Rule     string          `json:"rule,omitempty"`     // the rule that decided the route
	RuleSet  string          `json:"rule_set,omitempty"` // the hash of its rule set
	Route    json.RawMessage `json:"route,omitempty"`    // the route with its explanation
	Needs    string          `json:"needs,omitempty"`    // why a person is needed; empty when none is
	Next     string          `json:"next,omitempty"`     // what happens by itself, one sentence
	Strength int             `json:"strength"`           // of the evidence, 0 to 4
	Vendor   string          `json:"vendor,omitempty"`   // of the connection; empty before the first plan
	Tags     []string        `json:"tags,omitempty"`     // as its rules say

	Sources     json.RawMessage `json:"sources,omitempty"` // what each evidence source answered
	PacketHash  string          `json:"packet_hash,omitempty"`
	SubmittedAt time.Time       `json:"submitted_at,omitzero"`
	Outcome     string          `json:"outcome,omitempty"`
	OutcomeAt   time.Time       `json:"outcome_at,omitzero"`

	WorkflowID string          `json:"workflow_id,omitempty"`
	State      json.RawMessage `json:"state,omitempty"` // the workflow's state at its end

	Events    int64     `json:"events"` // the length of the case's history
	Head      string    `json:"head"`   // the hash of its last event, hex
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version"` // grows with every change
}

func caseRow(c db.Case) CaseRow {
	return CaseRow{
		Case: dispute.Case{
			ID: c.ID, Ref: dispute.Ref{Connection: c.Connection, ID: c.DisputeID},
			Merchant: c.Merchant, Part: c.Part, View: c.View, Family: c.Family, Deadline: c.Deadline,
			Status: c.Status, Response: c.Response, Payment: c.Payment,
		},
		CutOffAt: time.Time(c.CutOffAt), ArmedUntil: time.Time(c.ArmedUntil),
		Queue: c.Queue, Assignee: c.Assignee, Rule: c.Rule, RuleSet: c.RuleSet, Route: c.Route,
		Needs: c.Needs, Next: c.NextStep, Strength: c.Strength, Vendor: c.Vendor, Tags: c.Tags,
		Sources: c.Sources, PacketHash: c.PacketHash, SubmittedAt: time.Time(c.SubmittedAt),
		Outcome: c.Outcome, OutcomeAt: time.Time(c.OutcomeAt),
		WorkflowID: c.WorkflowID, State: c.State,
		Events: c.Events, Head: hex.EncodeToString(c.Head),
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Version: c.Version,
	}
}

func caseUpdate(c *CaseRow) (db.UpdateCaseParams, error) {
	head, err := hex.DecodeString(c.Head)
	s := c.View.Snapshot
	return db.UpdateCaseParams{
		ID: c.ID, Merchant: c.Merchant, Part: c.Part, Status: c.Status, Response: c.Response,
		Stage: s.Stage, Family: c.Family, Network: cleanText(s.Network), NetworkCode: cleanText(s.NetworkCode),
		Reason: cleanText(s.Reason), RawStatus: cleanText(s.RawStatus), ProviderStatus: s.Status,
		Amount: s.Amount.Minor, Currency: s.Amount.Currency, OpenedAt: nullTime(s.OpenedAt),
		DeadlineAt: nullTime(c.Deadline.At), Deadline: c.Deadline,
		CutOffAt: nullTime(c.CutOffAt), ArmedUntil: nullTime(c.ArmedUntil),
		Queue: cleanText(c.Queue), Assignee: cleanText(c.Assignee), Rule: c.Rule, RuleSet: c.RuleSet, Route: cleanJSON(c.Route),
		Needs: cleanText(c.Needs), NextStep: cleanText(c.Next), Strength: c.Strength,
		Vendor: c.Vendor, Tags: append([]string{}, convert(c.Tags, cleanText)...),
		Payment: c.Payment, View: c.View, Sources: cleanJSON(c.Sources),
		PacketHash: c.PacketHash, SubmittedAt: nullTime(c.SubmittedAt),
		Outcome: c.Outcome, OutcomeAt: nullTime(c.OutcomeAt),
		WorkflowID: c.WorkflowID, State: cleanJSON(c.State),
		Words: searchWords(c), Events: c.Events, Head: head,
	}, err
}

// maxWord bounds one search word in bytes; the index takes 2 KB.
const maxWord = 200

// searchWords is what a person may find a case by: its ids, and the customer
// and order of its payment.
func searchWords(c *CaseRow) []string {
	s := c.View.Snapshot
	texts := []string{c.ID, c.Ref.ID, s.Payment, s.PaymentIntent}
	if p := c.Payment; p != nil {
		texts = append(texts, p.ID, p.Intent, p.CustomerID, p.Email, p.Name, p.OrderID,
			p.OrderName, strings.TrimPrefix(p.OrderName, "#"), p.Invoice, p.Subscription)
	}
	words := []string{}
	for _, word := range strings.Fields(strings.ToLower(cleanText(strings.Join(texts, " ")))) {
		if len(word) <= maxWord {
			words = append(words, word)
		}
	}
	return words
}
