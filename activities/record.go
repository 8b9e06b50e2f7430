package activities

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Record folds notices into the case in one transaction: the case row, a
// history event per notice, and the journal entries that the movements now
// ask for. Told again, it changes nothing.
func (s *Steps) Record(ctx context.Context, in RecordInput) (out Recorded, err error) {
	defer toTemporal(&err)
	notices, err := s.DB.NoticesOf(ctx, in.Ref.Connection, in.Events)
	if err != nil {
		return out, err
	}
	if n, ok := s.confirm(ctx, in.Ref, notices); ok {
		notices = append(notices, n)
	}
	twin, err := s.twin(ctx, in.Ref)
	if err != nil {
		return out, err
	}
	err = s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.Merchant = s.merchant(in.Ref.Connection).ID
		row.Part, row.WorkflowID = in.Part, in.Ref.WorkflowID(in.Part)
		for _, n := range notices {
			row.View = dispute.Fold(row.View, n)
			if err := tx.Append(noticeEvent(n)); err != nil {
				return err
			}
		}
		s.judge(row)
		if err := missed(tx, in.Events, notices); err != nil {
			return err
		}
		entries := 0
		if twin == "" { // else its movements are booked there
			if entries, err = post(tx, row); err != nil {
				return err
			}
		}
		out = Recorded{Known: known(row), Entries: entries}
		return nil
	})
	return out, err
}

// confirmPatience is how long Record waits for a provider to confirm what no
// signature covered; the deadline is armed without it.
const confirmPatience = 1200 * time.Millisecond

// confirm reads the dispute when a notice told something that no signature
// covered, where it can be read.
func (s *Steps) confirm(ctx context.Context, ref dispute.Ref, notices []dispute.Notice) (dispute.Notice, bool) {
	if !slices.ContainsFunc(notices, func(n dispute.Notice) bool { return len(n.Unsigned) > 0 }) {
		return dispute.Notice{}, false
	}
	at := s.answeredAt(ref)
	reader, err := integrations.As[integrations.Reader](s.Set, at.Connection)
	if err != nil {
		return dispute.Notice{}, false
	}
	ctx, stop := context.WithTimeout(ctx, confirmPatience)
	defer stop()
	snap, err := reader.Get(ctx, at)
	if err != nil {
		s.Log.WarnContext(ctx, "a notice without a full signature is not confirmed", "case", ref.CaseID(), "kind", dispute.KindOf(err))
		return dispute.Notice{}, false
	}
	snap.ID = ref.ID
	return dispute.Polled(ref.Connection, snap, s.Now()), true
}

// missed notes the notices that were announced and are not stored, as after a
// database was restored from a backup. The case goes on with the others.
func missed(tx *store.CaseTx, events []string, found []dispute.Notice) error {
	for _, id := range events {
		if slices.ContainsFunc(found, func(n dispute.Notice) bool { return n.EventID == id }) {
			continue
		}
		err := tx.Append(store.Event{
			Key: "missing/" + id, Kind: "notice_missing", Actor: "machine", At: tx.Row().View.OccurredAt, Data: toJSON(map[string]string{"id": id}),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// judge derives from the view what does not depend on rules.
func (s *Steps) judge(row *store.CaseRow) {
	snap := row.View.Snapshot
	row.Family = networks.Family(snap)
	window, note := networks.Window(snap)
	row.Deadline = dispute.Earliest(row.View, dispute.Windows{
		Network: s.Policy.Scale(window), NetworkNote: note, Policy: s.Policy.FallbackWindow,
	})
	if row.Status == "" {
		row.Status = dispute.StatusOpen
	}
	row.Outcome, row.OutcomeAt = "", time.Time{}
	if outcome := outcomeOf(row); outcome != dispute.StatusOpen {
		row.Outcome, row.OutcomeAt = string(outcome), row.View.OccurredAt
	}
}

func noticeEvent(n dispute.Notice) store.Event {
	data := map[string]string{"kind": string(n.Kind), "event": n.RawKind, "id": n.EventID}
	if len(n.Unsigned) > 0 {
		data["unsigned"] = strings.Join(n.Unsigned, ", ")
	}
	if n.Snapshot != nil {
		data["status"], data["reason"] = n.Snapshot.RawStatus, n.Snapshot.Reason
	}
	return store.Event{Key: "notice/" + n.EventID, Kind: "notice", Actor: "provider", At: n.OccurredAt, Data: toJSON(data)}
}

// post writes the entries the case should have and does not have yet, and
// counts all it has then.
func post(tx *store.CaseTx, row *store.CaseRow) (int, error) {
	want, err := ledger.Expected(ledger.Facts{
		CaseID: row.ID, Connection: row.Ref.Connection, DisputeID: row.Ref.ID, Family: row.Family,
		View: row.View, Outcome: outcomeOf(row), OutcomeAt: row.View.OccurredAt,
		LostAt: lostBefore(row.View),
	})
	have, e := tx.Entries()
	if e != nil {
		return 0, e
	}
	if err != nil {
		return len(have), unposted(tx, row, err)
	}
	entries := ledger.Diff(have, want)
	if err := tx.Post(entries); err != nil {
		return 0, err
	}
	for _, e := range entries {
		err := tx.Append(store.Event{
			Key: "entry/" + e.Key, Kind: "posted", Actor: "machine", At: row.View.OccurredAt,
			Data: toJSON(map[string]string{"entry": e.Key, "kind": string(e.Kind)}),
		})
		if err != nil {
			return 0, err
		}
	}
	return len(have) + len(entries), nil
}

// lostBefore is when a dispute that is won now had been lost.
func lostBefore(v dispute.View) time.Time {
	if v.Snapshot.Status != dispute.ProviderWon {
		return time.Time{}
	}
	return v.LostAt
}

// unposted notes movements that no template fits: the books wait for a person,
// the case and its deadline do not.
func unposted(tx *store.CaseTx, row *store.CaseRow, why error) error {
	return tx.Append(store.Event{
		Key: "unposted/" + row.View.EventID, Kind: "not_posted", Actor: "machine", At: row.View.OccurredAt,
		Data: toJSON(map[string]string{"why": why.Error()}),
	})
}

func outcomeOf(row *store.CaseRow) dispute.Status {
	return dispute.OutcomeOf(row.View.Snapshot.Status, row.Response == dispute.ResponseAccept)
}

// known is the case as its workflow may know it.
func known(row *store.CaseRow) Known {
	snap := row.View.Snapshot
	return Known{
		Title: networks.Title(snap), Merchant: row.Merchant, Family: row.Family,
		Amount: snap.Amount, Network: snap.Network, NetworkCode: snap.NetworkCode, Reason: snap.Reason,
		RawStatus: snap.RawStatus, Status: snap.Status, Stage: snap.Stage, Deadline: row.Deadline.WithoutNotes(),
		PastDue: snap.PastDue, AnsweredAt: row.View.AnsweredAt, AutoAnswer: snap.AutoAnswer, Submissions: snap.SubmissionCount,
	}
}
