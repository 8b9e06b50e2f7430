package activities

import (
	"cmp"
	"fmt"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// draw makes the card that people see in a chat. It names no customer.
func (s *Steps) draw(in AnnounceInput, row store.CaseRow) integrations.Card {
	f := in.Face
	c := integrations.Card{
		CaseID:   row.ID,
		Stage:    f.Stage,
		Headline: fmt.Sprintf("%s · %s · %s", row.Amount(), networks.Title(row.View.Snapshot), s.left(f)),
		Next:     fmt.Sprintf("Rule %s: %s%s", row.Rule, f.Next, at(f.NextAt)),
		Fields: [][2]string{
			{"Status", headline(f)}, {"Deadline", moment(f.Deadline)}, {"Queue", f.Queue}, {"Assignee", cmp.Or(f.Assignee, "nobody")},
			{"Strength", fmt.Sprintf("%d of 4", f.Strength)}, {"Order", order(row)}, {"Stage", string(f.Stage)}, {"Dispute", row.Ref.String()},
		},
		Links:   s.links(row),
		Decided: f.Decided,
		Tone:    s.tone(f),
	}
	if f.Decided == "" && !f.Status.Ended() && f.Status != dispute.StatusSubmitted {
		c.Actions = []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideAccept, dispute.DecideAssign}
	}
	return c
}

func (s *Steps) describe(in AnnounceInput, row store.CaseRow) integrations.Ticket {
	f := in.Face
	t := integrations.Ticket{
		CaseID:   row.ID,
		Subject:  fmt.Sprintf("Dispute %s: %s, %s", row.Ref.ID, networks.Title(row.View.Snapshot), row.Amount()),
		Priority: in.Ticket.Priority,
		Status:   "open",
		Tags:     []string{"dispute", string(row.Family), string(f.Stage)},
	}
	switch {
	case f.Status.Ended():
		t.Status = "solved"
	case f.Status == dispute.StatusSubmitted:
		t.Status = "pending"
	}
	t.Body = fmt.Sprintf("%s\n\nDeadline: %s\nWhat happens by itself: %s%s\nQueue: %s\nRule: %s\n",
		t.Subject, moment(f.Deadline), f.Next, at(f.NextAt), f.Queue, row.Rule)
	for _, l := range s.links(row) {
		t.Body += l.Label + ": " + l.URL + "\n"
	}
	return t
}

func (s *Steps) links(row store.CaseRow) []integrations.Link {
	out := []integrations.Link{{Label: "Case", URL: s.caseURL(row.ID)}}
	if s.Links.TemporalUI != "" {
		out = append(out, integrations.Link{
			Label: "Workflow",
			URL:   fmt.Sprintf("%s/namespaces/%s/workflows/%s", s.Links.TemporalUI, s.Links.Namespace, url.PathEscape(row.WorkflowID)),
		})
	}
	if d, err := integrations.As[integrations.Linker](s.Set, row.Ref.Connection); err == nil {
		out = append(out, integrations.Link{Label: "Provider", URL: d.DisputeURL(row.Ref)})
	}
	return out
}

func headline(f dispute.Face) string {
	if f.Needs != "" {
		return fmt.Sprintf("%s: %s", f.Status.Word(), f.Needs)
	}
	return f.Status.Word()
}

// left is the time to the deadline as people count it.
func (s *Steps) left(f dispute.Face) string {
	switch d := f.Deadline.Sub(s.Now()); {
	case f.Status.Ended() || f.Status == dispute.StatusSubmitted:
		return f.Status.Word()
	case f.Deadline.IsZero():
		return "no deadline known"
	case d <= 0:
		return "deadline passed"
	default:
		return dispute.Span(d) + " left"
	}
}

func (s *Steps) tone(f dispute.Face) string {
	d := f.Deadline.Sub(s.Now())
	switch {
	case f.Deadline.IsZero() || f.Status.Ended() || f.Status == dispute.StatusSubmitted:
		return "calm"
	case d <= 0:
		return "over"
	case d < s.Policy.Scale(24*time.Hour):
		return "urgent"
	case d < s.Policy.Scale(72*time.Hour):
		return "soon"
	default:
		return "calm"
	}
}

func order(row store.CaseRow) string {
	if row.Payment == nil {
		return "not known"
	}
	return cmp.Or(row.Payment.OrderName, cmp.Or(row.Payment.OrderID, "not known"))
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "none known"
	}
	return t.UTC().Format("Mon 2 Jan 15:04 UTC")
}

func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " (" + moment(t) + ")"
}

// caseURL is where the console shows a case.
func (s *Steps) caseURL(id string) string { return s.Links.Console + "/cases/" + id }
