package api

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

func caseOf(r store.CaseRow) Case {
	s := r.View.Snapshot
	return Case{
		ID: r.ID, Connection: r.Ref.Connection, DisputeID: r.Ref.ID, Merchant: r.Merchant, Part: r.Part,
		Status: r.Status, Stage: s.Stage, Family: string(r.Family),
		Reason: s.Reason, Network: s.Network, NetworkCode: s.NetworkCode, ProviderStatus: s.RawStatus,
		Amount: s.Amount, Payment: s.Payment, OpenedAt: s.OpenedAt, DueAt: r.Deadline.At, CutOffAt: r.CutOffAt,
		Queue: r.Queue, Assignee: r.Assignee, Rule: r.Rule, RuleSet: r.RuleSet,
		Needs: r.Needs, Next: r.Next, Strength: r.Strength,
		Response: r.Response, SubmittedAt: r.SubmittedAt, Outcome: r.Outcome, OutcomeAt: r.OutcomeAt,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

func caseFile(f desk.CaseFile) (CaseFile, error) {
	out := CaseFile{
		Case: caseOf(f.CaseRow), Deadline: f.Deadline, Route: f.Route, Packet: f.PacketHash,
		Packets: make([]Packet, 0, len(f.Packets)), Writes: list(f.Writes, writeOf),
		Journal: f.Journal, History: f.History, ChainOK: f.ChainOK, ChainError: f.ChainError,
	}
	if f.Payment != nil {
		out.Payment = *f.Payment
	}
	for _, kept := range f.Packets {
		p, err := desk.OpenPacket(kept)
		if err != nil {
			return CaseFile{}, err
		}
		out.Packets = append(out.Packets, p)
	}
	var err error
	if out.Evidence, err = bySource(f.Sources, f.Items); err != nil {
		return CaseFile{}, err
	}
	if f.Submission != nil {
		out.Submission, err = submissionOf(*f.Submission)
	}
	return out, err
}

// bySource groups evidence by who gave it: first the sources that were asked,
// in their order, with what came of it, then the people.
func bySource(asked json.RawMessage, items []store.Item) ([]SourceEvidence, error) {
	var results []dispute.SourceResult
	if len(asked) > 0 {
		if err := json.Unmarshal(asked, &results); err != nil {
			return nil, errors.New("the sources' answers cannot be read")
		}
	}
	out := make([]SourceEvidence, 0, len(results))
	place := map[string]int{}
	for _, r := range results {
		place[r.Connection] = len(out)
		out = append(out, SourceEvidence{Source: r.Connection, Outcome: r.Outcome, Detail: r.Detail, Items: []Item{}})
	}
	for _, i := range items {
		n, known := place[i.Source]
		if !known {
			n = len(out)
			place[i.Source] = n
			out = append(out, SourceEvidence{Source: i.Source})
		}
		out[n].Items = append(out[n].Items, i)
	}
	return out, nil
}

func writeOf(i store.Intent) Write {
	return Write{
		Key: i.Key, Kind: i.Kind, Target: i.Target, State: i.State, Refusal: i.Refusal, Receipt: i.Receipt,
		RequestSHA256: i.RequestSHA256, ResponseSHA256: i.ResponseSHA256,
		Attempts: i.Attempts, BeganAt: i.CreatedAt, DoneAt: i.DoneAt,
	}
}

// receipt is what activities keeps of a provider's answer to a response.
type receipt struct {
	VendorID   string    `json:"vendor_id"`
	RequestID  string    `json:"request_id"`
	At         time.Time `json:"at"`
	RawStatus  string    `json:"raw_status"`
	Outcome    string    `json:"outcome"`
	Packet     string    `json:"packet"`
	By         string    `json:"by"`
	ReadBack   string    `json:"read_back"`
	Reconciled bool      `json:"reconciled"`
}

func submissionOf(i store.Intent) (Submission, error) {
	var r receipt
	if err := json.Unmarshal(i.Receipt, &r); err != nil {
		return Submission{}, errors.New("the receipt of " + i.Key + " cannot be read")
	}
	return Submission{
		Key: i.Key, Response: dispute.Response(i.Kind), Outcome: r.Outcome, By: r.By, At: r.At, Packet: r.Packet,
		RequestID: r.RequestID, VendorID: r.VendorID, ProviderStatus: r.RawStatus, ReadBack: r.ReadBack, Reconciled: r.Reconciled,
		RequestSHA256: i.RequestSHA256, ResponseSHA256: i.ResponseSHA256,
		Attempts: i.Attempts, BeganAt: i.CreatedAt, DoneAt: i.DoneAt,
	}, nil
}
