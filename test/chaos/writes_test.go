package chaos

import (
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// write is one of the outside writes of a case.
type write struct {
	name     string
	kind     string // of its intent
	activity string // that performs it
	verdict  bool   // it comes with the verdict
	forgets  bool   // the vendor knows a key again for a day or less
	inquiry  bool   // no money has moved yet
	total    int64  // of the order, so that the rules ask for this write
	vendor   string
	path     string
	needles  func(dispute, caseID string) []string
	// effects counts what the vendor has of it.
	effects func(s *simulator.Simulator, dispute, caseID string) int
}

// tells reports whether the write is words for people: its step has 20 s for an
// attempt, the others a minute and more.
func (w write) tells() bool { return w.activity == "Announce" }

var writes = []write{
	{
		name: "submit", kind: "contest", activity: "Submit", forgets: true, vendor: "stripe", path: "/v1/disputes/",
		needles: func(string, string) []string { return []string{"submit=true"} },
		effects: func(s *simulator.Simulator, dispute, _ string) int { return answers(s, dispute, "submit") },
	},
	{
		name: "accept", kind: "accept", activity: "Accept", forgets: true, total: 999, vendor: "stripe", path: "/close",
		needles: func(string, string) []string { return nil },
		effects: func(s *simulator.Simulator, dispute, _ string) int { return answers(s, dispute, "close") },
	},
	{
		name: "accept inquiry", kind: "accept", activity: "Accept", inquiry: true, forgets: true, total: 999, vendor: "stripe", path: "/close",
		needles: func(string, string) []string { return nil },
		effects: func(s *simulator.Simulator, dispute, _ string) int { return answers(s, dispute, "close") },
	},
	{
		name: "Slack card", kind: "post card", activity: "Announce", vendor: "slack", path: "chat.postMessage",
		needles: func(_, caseID string) []string { return []string{"rebuttal_case", caseID} },
		effects: func(s *simulator.Simulator, _, caseID string) int { return cards(s, caseID) },
	},
	{
		name: "Zendesk ticket", kind: "open ticket", activity: "Announce", forgets: true, total: 70000, vendor: "zendesk", path: "/tickets",
		needles: func(_, caseID string) []string { return []string{caseID} },
		effects: func(s *simulator.Simulator, _, caseID string) int { return tickets(s, caseID) },
	},
	{
		name: "Slack line", kind: "reply", activity: "Announce", verdict: true, vendor: "slack", path: "chat.postMessage",
		needles: func(_, caseID string) []string { return []string{"rebuttal_reply", caseID} },
		effects: func(s *simulator.Simulator, _, caseID string) int { return lines(s, caseID) },
	},
	{
		name: "Zendesk comment", kind: "comment", activity: "Announce", total: 70000, vendor: "zendesk", path: "/tickets/",
		needles: func(_, caseID string) []string { return []string{caseID + "/ticket/helpdesk/comment"} },
		effects: func(s *simulator.Simulator, _, caseID string) int { return comments(s, caseID) },
	},
	{
		name: "QuickBooks entry", kind: "post entry", activity: "Push", vendor: "quickbooks", path: "/journalentry",
		needles: func(dispute, _ string) []string { return []string{dispute, "|opened]"} },
		effects: func(s *simulator.Simulator, dispute, _ string) int { return entries(s, dispute) },
	},
}

// strikeOf is a strike on this write of one dispute.
func (w write) strikeOf(dispute, caseID string, committed bool, h how) *strike {
	s := &strike{vendor: w.vendor, path: w.path, needles: w.needles(dispute, caseID), committed: committed, how: h}
	if w.vendor == "stripe" {
		s.path = "/v1/disputes/" + dispute
		if w.kind == "accept" {
			s.path += w.path
		}
	}
	return s
}

func answers(s *simulator.Simulator, dispute, verb string) int {
	n := 0
	d, _ := s.Stripe.Dispute(dispute)
	for _, a := range d.Answers {
		if a.Verb == verb {
			n++
		}
	}
	return n
}

func cards(s *simulator.Simulator, caseID string) int {
	n := 0
	for _, m := range s.Slack.Messages() {
		if m.ThreadTS == "" && strings.Contains(string(m.Metadata), caseID) {
			n++
		}
	}
	return n
}

func lines(s *simulator.Simulator, caseID string) int {
	n := 0
	for _, m := range s.Slack.Messages() {
		if m.ThreadTS != "" && strings.Contains(string(m.Metadata), caseID) {
			n++
		}
	}
	return n
}

// comments counts the ticket's first comment after its description.
func comments(s *simulator.Simulator, caseID string) int {
	n := 0
	for _, t := range s.Zendesk.Tickets() {
		if t.ExternalID != caseID || len(t.Comments) < 2 {
			continue
		}
		for _, c := range t.Comments[1:] {
			if c.Body == t.Comments[1].Body {
				n++
			}
		}
	}
	return n
}

func tickets(s *simulator.Simulator, caseID string) int {
	n := 0
	for _, t := range s.Zendesk.Tickets() {
		if t.ExternalID == caseID {
			n++
		}
	}
	return n
}

// entries counts the dispute's first entry in the books.
func entries(s *simulator.Simulator, dispute string) int {
	n := 0
	for _, e := range s.QuickBooks.Entries() {
		if strings.Contains(e.PrivateNote, dispute) && strings.Contains(e.PrivateNote, "|opened]") {
			n++
		}
	}
	return n
}

// open disputes an order of the write's amount, its events held back.
func (w write) open(s *simulator.Simulator) (dispute string) {
	return s.Stripe.Open(s.World.NewOrder(world.OrderOptions{Total: w.total}), stripe.DisputeOptions{
		Reason: "product_not_received", NetworkCode: "13.1", Inquiry: w.inquiry, DueIn: 900 * day, Hold: true,
	})
}
