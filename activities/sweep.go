package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Sweep asks a provider what it has, for disputes whose webhook never came, and
// lets what is new in by the same door as webhooks: it stores notices, the relay
// carries them on. A connection that can neither list nor read sweeps nothing.
//
// A whole sweep lists from the beginning of the provider's memory, reads every
// open case that was not listed, and keeps the comparison.
func (s *Steps) Sweep(ctx context.Context, in SweepInput) (out Swept, err error) {
	defer toTemporal(&err)
	defer beat(ctx)()
	w := sweep{Steps: s, in: in, at: s.Now(), seen: map[string]bool{}}
	w.found = store.Reconciliation{Connection: in.Connection, At: w.at}
	if err := w.list(ctx); err != nil {
		return out, err
	}
	if err := w.save(ctx); err != nil { // what was listed is not lost when a read fails
		return out, err
	}
	if w.found.Complete && (!in.Whole || w.first) { // a whole sweep lists less than what has changed
		if err := s.DB.SaveSweepCursor(ctx, in.Connection, w.next); err != nil {
			return out, err
		}
	}
	if in.Whole || !w.found.Complete {
		if err := errors.Join(w.ask(ctx), w.save(ctx)); err != nil {
			return out, err
		}
	}
	out = Swept{Listed: len(w.seen), News: w.fresh, Unread: len(w.found.Unread)}
	if in.Whole {
		err = s.DB.SaveReconciliation(ctx, w.found)
	}
	return out, err
}

// save puts what is new into the inbox.
func (w *sweep) save(ctx context.Context) error {
	for part := range slices.Chunk(w.news, savedAtOnce) {
		saved, err := w.DB.SaveNotices(ctx, part)
		if err != nil {
			return err
		}
		for _, n := range saved {
			if n.Fresh {
				w.fresh++
			}
		}
	}
	w.news = nil
	return nil
}

// savedAtOnce bounds one transaction of the inbox.
const savedAtOnce = 500

// sweep is one look at what a provider has.
type sweep struct {
	*Steps
	in    SweepInput
	at    time.Time
	since time.Time       // the first sweep of the connection
	seen  map[string]bool // dispute ids that were listed
	news  []store.NewNotice
	fresh int    // of what was news, not known to the inbox
	next  string // cursor
	first bool   // nothing was polled before
	full  bool   // the provider wants no more questions now
	found store.Reconciliation
}

func (w *sweep) list(ctx context.Context) error {
	poller, err := integrations.As[integrations.Poller](w.Set, w.in.Connection)
	if dispute.KindOf(err) == dispute.Unsupported && err != nil {
		return nil
	}
	if err != nil {
		return err
	}
	w.found.Complete = true
	cursor, since, err := w.DB.SweepCursor(ctx, w.in.Connection)
	if err != nil {
		return err
	}
	if w.since, w.first = since, since.IsZero(); w.first {
		w.since = w.at
	}
	if w.in.Whole {
		cursor = ""
	}
	notices, next, err := poller.Poll(ctx, cursor)
	if err != nil {
		return err
	}
	w.next = next
	for _, n := range notices {
		n.Connection = w.in.Connection
		w.seen[n.Ref().ID] = true
		if err := w.compare(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// ask reads the open cases that were not listed, one by one. One that cannot be
// read now is noted; the next sweep asks again.
func (w *sweep) ask(ctx context.Context) error {
	for cursor := ""; ; {
		rows, next, err := w.DB.ListCases(ctx, store.CaseFilter{Connection: w.in.Connection, Open: true, Limit: 500, Cursor: cursor})
		if err != nil {
			return err
		}
		for _, row := range rows {
			w.found.OpenHere++
			if w.seen[row.Ref.ID] {
				continue
			}
			if err := w.read(ctx, row.Ref); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

func (w *sweep) read(ctx context.Context, ref dispute.Ref) error {
	at := w.answeredAt(ref)
	reader, err := integrations.As[integrations.Reader](w.Set, at.Connection)
	if err != nil {
		return nil //nolint:nilerr // it cannot be read at all: nothing to compare
	}
	if w.full {
		w.found.Unread = append(w.found.Unread, ref.ID)
		return nil
	}
	began := w.Now()
	s, err := reader.Get(ctx, at)
	switch kind := dispute.KindOf(err); {
	case err == nil:
		s.ID = ref.ID
		return w.compare(ctx, dispute.Polled(ref.Connection, s, began))
	case kind == dispute.NotFound:
		w.found.OnlyHere = append(w.found.OnlyHere, ref.ID)
	case kind == dispute.Auth || ctx.Err() != nil:
		return err
	default:
		w.full = kind == dispute.RateLimited
		w.found.Unread = append(w.found.Unread, ref.ID)
	}
	return nil
}

// compare notes how a dispute stands there and here, and keeps the notice when
// it tells something new.
func (w *sweep) compare(ctx context.Context, n dispute.Notice) error {
	open := !n.Snapshot.Status.Final()
	if open {
		w.found.OpenThere++
	}
	row, err := w.DB.GetCase(ctx, n.Ref().CaseID())
	switch {
	case err != nil && dispute.KindOf(err) != dispute.NotFound:
		return err
	case err != nil && !open && !n.Snapshot.OpenedAt.IsZero() && n.Snapshot.OpenedAt.Before(w.since):
		return nil // decided before anybody here looked: history, not work
	case err != nil:
		w.found.OnlyThere = append(w.found.OnlyThere, n.Snapshot.ID)
	case !row.View.Tells(n):
		return nil
	default:
		w.differs(row.View.Snapshot, *n.Snapshot)
		n.EventID += "_after_" + fingerprint(row.View.EventID) // a state that was there before is news again
	}
	kept, err := store.FromNotice(n)
	if err != nil {
		return err
	}
	kept.ReceivedAt = w.at
	w.news = append(w.news, kept)
	return nil
}

func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func (w *sweep) differs(here, there dispute.Snapshot) {
	if here.RawStatus == there.RawStatus && here.DueBy.Equal(there.DueBy) {
		return
	}
	w.found.Differing = append(w.found.Differing, store.Difference{
		Dispute: there.ID, Here: here.RawStatus, There: there.RawStatus, DueHere: here.DueBy, DueNow: there.DueBy,
	})
}
