package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// file is a case with the parts that are stored as JSON read.
type file struct {
	desk.CaseFile
	route   rules.Route
	sources []dispute.SourceResult
	packets []*packetView
}

var caseTemplate = pageTemplate("case")

// open reads the case that the address names.
func (c *Console) open(v *visit) (*file, error) {
	found, err := c.desk.Case(v.Request.Context(), v.who, v.Param("id"))
	if err != nil {
		return nil, err
	}
	f := &file{CaseFile: found}
	if err := readAll(found.Route, &f.route, found.Sources, &f.sources); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, "case "+found.ID, "stored JSON: %w", err)
	}
	for i, p := range found.Packets {
		view, err := newPacketView(found, p)
		if err != nil {
			return nil, err
		}
		if i+1 < len(found.Packets) {
			view.Changes = diffPath(found.ID, found.Packets[i+1].Hash, p.Hash)
		}
		f.packets = append(f.packets, view)
	}
	return f, nil
}

// readAll decodes pairs of stored JSON and where it goes; empty JSON leaves the
// zero value.
func readAll(pairs ...any) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		raw, _ := pairs[i].(json.RawMessage)
		if len(raw) == 0 {
			continue
		}
		if err := json.Unmarshal(raw, pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// packet is the packet of the present stage: the one that was sent, or would be
// sent now. It is nil when none is composed.
func (f *file) packet() *packetView {
	for _, p := range f.packets {
		if p.Hash == f.PacketHash {
			return p
		}
	}
	return nil
}

// caseView is the page of one case.
type caseView struct {
	Done    string // what the person's last click set off
	Case    header
	Rule    ruleView
	Actions []action
	May     bool // work on the case
	CanAdd  bool // documents
	Role    desk.Role
	Receipt *receiptView
	Packet  *packetView
	All     []*packetView // the newest first
	Sources []dispute.SourceResult
	Money   moneyView
	History historyView
	Notes   []store.Item
	Writes  []writeView
	IDs     []named
	Sale    []named

	Evidence evidenceView
	ByHand   bool // the letter is a person's own
}

// named is one line of a list of facts.
type named struct{ Name, Value string }

// header is what names a case and says how it stands.
type header struct {
	ID, URL    string
	Amount     string
	Left       left
	Status     string
	Needs      string
	Next       string
	NextAt     time.Time
	NextIn     string // how long until then; empty when it has passed
	Reason     string // "Visa 13.1 · Merchandise not received"
	Claim      string // what the cardholder says
	Word       string // the provider's own word for the reason
	Provider   string
	DisputeID  string
	Stage      dispute.Stage
	ProviderIs string // the provider's own status
	Owner      string
	Queue      string
	Strength   int
	Part       int
	Deadline   deadlineView
	CutOff     time.Time
}

type deadlineView struct {
	At         time.Time
	Origin     string
	NoResponse bool
	Considered []candidate
}

type candidate struct {
	Origin string
	At     time.Time
	Note   string
	Chosen bool
}

// ruleView is the rule that decided and why.
type ruleView struct {
	Rule, SetHash, Why     string
	Queue, Respond, Ladder string
	Approval               bool
	Explanation            []rules.Match
}

func casePath(id string) string { return "/cases/" + url.PathEscape(id) }

func (c *Console) showCase(v *visit) error {
	f, err := c.open(v)
	if err != nil {
		return err
	}
	now := c.desk.Now()
	view := caseView{
		Done: doneWords[dispute.DecisionKind(v.Query("done"))], Case: f.header(now), Rule: f.rule(), Actions: f.actions(v.who, now),
		May: v.who.May(desk.MayWorkCases), CanAdd: v.who.May(desk.MayWorkCases) && answerable(f.CaseRow), Role: v.who.Role,
		Receipt: f.receipt(), Packet: f.packet(), Sources: f.sources, Money: f.money(), History: f.history(v.zone()),
		Notes: notes(f.Items), Writes: f.writes(), IDs: f.ids(), Sale: f.sale(v.zone()),
		All: f.packets, Evidence: f.evidence(v.who), ByHand: f.letterByHand() != nil,
	}
	c.render(v, http.StatusOK, page{Template: caseTemplate, Title: view.Case.Amount + " · " + view.Case.Reason, Nav: "queue", Body: view})
	return nil
}

func (f *file) header(now time.Time) header {
	s := f.View.Snapshot
	h := header{
		ID: f.ID, URL: casePath(f.ID), Amount: money(f.Amount()), Left: leftOf(f.CaseRow, now),
		Status: f.Status.Word(), Needs: f.Needs, Next: f.Next, NextAt: f.ArmedUntil,
		Reason: networks.Title(s), Claim: networks.FamilyInfo(f.Family).Claim, Word: plain(s.Reason),
		Provider: f.Ref.Connection, DisputeID: f.Ref.ID, Stage: s.Stage, ProviderIs: plain(s.RawStatus),
		Owner: f.Assignee, Queue: f.Queue, Strength: f.Strength, Part: f.Part, CutOff: f.CutOffAt,
	}
	if strings.EqualFold(h.Needs, h.Status) {
		h.Needs = ""
	}
	if f.ArmedUntil.After(now) {
		h.NextIn = dispute.Span(f.ArmedUntil.Sub(now))
	}
	d := f.Deadline
	h.Deadline = deadlineView{At: d.At, Origin: originWord(d.Origin), NoResponse: d.NoResponse}
	for _, seen := range d.Considered {
		h.Deadline.Considered = append(h.Deadline.Considered, candidate{
			Origin: originWord(seen.Origin), At: seen.At, Note: seen.Note,
			Chosen: seen.Origin == d.Origin && seen.At.Equal(d.At),
		})
	}
	return h
}

func (f *file) rule() ruleView {
	r := ruleView{
		Rule: f.Rule, SetHash: f.RuleSet, Queue: f.route.Queue, Respond: respondWord(f.route.Respond),
		Approval: f.route.Approval, Explanation: f.route.Explanation,
	}
	if f.route.Ladder.AtCutOff != "" {
		r.Ladder = f.route.Ladder.String()
	}
	for _, m := range f.route.Explanation {
		if m.Rule == f.Rule {
			r.Why = m.Why
		}
	}
	return r
}

func respondWord(r dispute.Response) string {
	switch r {
	case dispute.ResponseContest:
		return "contest: send the packet"
	case dispute.ResponseAccept:
		return "accept: give the amount up"
	case dispute.ResponseUndecided:
	}
	return "not decided"
}

// ids are the names that other systems know the case by.
func (f *file) ids() []named {
	s := f.View.Snapshot
	return filled([]named{
		{"Case", f.ID}, {"Dispute", s.ID}, {"Payment", s.Payment}, {"Payment intent", s.PaymentIntent},
		{"Merchant", f.Merchant}, {"Workflow", f.WorkflowID}, {"Rule set", short(f.RuleSet)},
	})
}

// sale is what is known of the sale behind the dispute.
func (f *file) sale(zone *time.Location) []named {
	p := f.Payment
	if p == nil {
		return nil
	}
	paid := ""
	if !p.At.IsZero() {
		paid = moment(p.At, zone)
	}
	refunded := ""
	if !p.Refunded.IsZero() {
		refunded = money(p.Refunded)
	}
	return filled([]named{
		{"Customer", p.Name}, {"E-mail", p.Email}, {"Order", p.OrderName}, {"Order id", p.OrderID},
		{"Paid", paid}, {"Amount", money(p.Amount)}, {"Refunded", refunded}, {"Invoice", p.Invoice}, {"Subscription", p.Subscription},
	})
}

func filled(list []named) []named {
	var out []named
	for _, n := range list {
		if n.Value != "" {
			out = append(out, n)
		}
	}
	return out
}
