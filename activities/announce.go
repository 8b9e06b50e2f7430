package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Announce shows a case's face in one place: it posts the card or opens the
// ticket once, and from then on keeps it in step.
func (s *Steps) Announce(ctx context.Context, in AnnounceInput) error {
	row, err := s.load(ctx, in.Ref)
	if err != nil {
		return temporalError(err)
	}
	if in.Ticket != nil {
		return temporalError(s.ticket(ctx, in, row))
	}
	return temporalError(s.card(ctx, in, row))
}

func (s *Steps) card(ctx context.Context, in AnnounceInput, row store.CaseRow) error {
	to := in.Notify
	chat, err := integrations.As[integrations.Notifier](s.Set, to.Connection)
	if err != nil {
		return err
	}
	card := s.draw(in, row)
	posted := false
	w := write{
		key: key(row.ID, in.Part, "card", to.Connection, to.Channel), caseID: row.ID, kind: "post card", target: to.Connection,
		find: func(ctx context.Context, intent store.Intent) (any, bool, error) {
			ref, found, err := chat.Find(ctx, intent.Key, to.Channel)
			return ref, found, err
		},
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			ref, err := chat.Post(ctx, intent.Key, to.Channel, card)
			posted = err == nil
			return store.Receipt{Detail: toJSON(ref)}, err
		},
	}
	var ref integrations.MessageRef
	if err := s.once(ctx, w, &ref); err != nil {
		return err
	}
	if !posted {
		if err := chat.Update(ctx, ref, card); err != nil {
			return err
		}
	}
	if in.Say == "" {
		return nil
	}
	return s.reply(ctx, chat, w, in, ref)
}

// reply adds a line to the card's thread once; the same words about the same
// face are the same line.
func (s *Steps) reply(ctx context.Context, chat integrations.Notifier, card write, in AnnounceInput, ref integrations.MessageRef) error {
	w := write{
		key: key(card.key, "say", digest(in)), caseID: card.caseID, kind: "reply", target: card.target,
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			return store.Receipt{Detail: toJSON(in.Say)}, chat.Reply(ctx, intent.Key, ref, in.Say)
		},
	}
	var done string
	return s.once(ctx, w, &done)
}

func (s *Steps) ticket(ctx context.Context, in AnnounceInput, row store.CaseRow) error {
	desk, err := integrations.As[integrations.Ticketing](s.Set, in.Ticket.Connection)
	if err != nil {
		return err
	}
	t := s.describe(in, row)
	opened := false
	w := write{
		key: key(row.ID, "ticket", in.Ticket.Connection), caseID: row.ID, kind: "open ticket", target: in.Ticket.Connection,
		find: func(ctx context.Context, _ store.Intent) (any, bool, error) {
			id, found, err := desk.Find(ctx, row.ID)
			return id, found, err
		},
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			id, err := desk.Create(ctx, intent.Key, t)
			opened = err == nil
			return store.Receipt{Detail: toJSON(id)}, err
		},
	}
	var id string
	if err := s.once(ctx, w, &id); err != nil || opened {
		return err
	}
	return s.comment(ctx, desk, w.key, id, in, t)
}

// comment brings the ticket up to date with one face: its fields, and a comment
// under a key that the help desk knows again.
func (s *Steps) comment(ctx context.Context, desk integrations.Ticketing, ticket, id string, in AnnounceInput, t integrations.Ticket) error {
	words := headline(in.Face) + ". " + in.Face.Next + "."
	if in.Say != "" {
		words += " " + in.Say + "."
	}
	w := write{
		key: key(ticket, "comment", digest(in)), caseID: t.CaseID, kind: "comment", target: in.Ticket.Connection,
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			return store.Receipt{Detail: toJSON("written")}, desk.Update(ctx, intent.Key, id, t, words)
		},
	}
	var done string
	return s.once(ctx, w, &done)
}

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
	out := []integrations.Link{{Label: "Case", URL: s.Links.Console + "/cases/" + row.ID}}
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
	case d < time.Minute:
		return fmt.Sprintf("%d s left", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min left", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min left", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d d %d h left", int(d.Hours())/24, int(d.Hours())%24)
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

// digest tells announcements apart; every attempt of one has the same.
func digest(in AnnounceInput) string {
	sum := sha256.Sum256(toJSON(in))
	return hex.EncodeToString(sum[:6])
}
