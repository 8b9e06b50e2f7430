package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Announce shows a case's face in one place: it posts the card or opens the
// ticket once, and from then on keeps it in step.
func (s *Steps) Announce(ctx context.Context, in AnnounceInput) (err error) {
	defer toTemporal(&err)
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return err
	}
	if in.Ticket != nil {
		return s.ticket(ctx, in, row)
	}
	return s.card(ctx, in, row)
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

// digest tells announcements apart; every attempt of one has the same.
func digest(in AnnounceInput) string {
	sum := sha256.Sum256(toJSON(in))
	return hex.EncodeToString(sum[:6])
}
