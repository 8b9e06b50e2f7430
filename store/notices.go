package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// NoticesChannel is told (see Listen) when a notice waits to be forwarded.
const NoticesChannel = "rebuttal_notices"

// KindClick is the kind of an inbox row that holds a person's click in a
// vendor's surface instead of a provider's notice.
const KindClick = "click"

// NoticeState is where a stored notice stands.
type NoticeState string

// The states of a notice.
const (
	NoticePending    NoticeState = "pending"    // waits to be forwarded to its workflow
	NoticeForwarded  NoticeState = "forwarded"  // its workflow has it
	NoticeStored     NoticeState = "stored"     // kept and shown; nothing to do
	NoticeUnreadable NoticeState = "unreadable" // verified, but not the vendor's format
)

// NewNotice is what the front door took in.
type NewNotice struct {
	Connection  string          `json:"connection"`
	EventID     string          `json:"event_id"` // unique within the connection
	Kind        string          `json:"kind"`     // a dispute.NoticeKind or KindClick
	RawKind     string          `json:"raw_kind"`
	DisputeID   string          `json:"dispute_id"`
	OccurredAt  time.Time       `json:"occurred_at"`
	ReceivedAt  time.Time       `json:"received_at"`     // zero means now
	DueBy       time.Time       `json:"due_by,omitzero"` // puts the notice before those that have more time; may be zero
	Body        []byte          `json:"body"`            // as it came
	ContentType string          `json:"content_type"`
	Parsed      json.RawMessage `json:"parsed,omitempty"` // the dispute.Notice or the click; nil when unreadable
	APIVersion  string          `json:"api_version,omitempty"`
	State       NoticeState     `json:"state"` // empty means pending
	// TraceParent is the trace that the webhook began, in W3C's form; empty
	// when nothing is traced.
	TraceParent string `json:"-"`
}

// FromNotice is the inbox row of a parsed notice that waits to be forwarded.
func FromNotice(n dispute.Notice) (NewNotice, error) {
	parsed, err := json.Marshal(n)
	if err != nil {
		return NewNotice{}, dispute.Errorf(dispute.Invalid, "store: notice "+n.EventID, "%w", err)
	}
	row := NewNotice{
		Connection: n.Connection, EventID: n.EventID,
		Kind: string(n.Kind), RawKind: n.RawKind,
		DisputeID: n.Ref().ID, OccurredAt: n.OccurredAt,
		Parsed: parsed, APIVersion: n.APIVersion, State: NoticePending,
	}
	if n.Snapshot != nil {
		row.DueBy = n.Snapshot.DueBy
	}
	return row, nil
}

// Saved is the fate of one notice: its id, and whether it was new.
type Saved struct {
	ID    int64
	Fresh bool
}

// InboxNotice is a stored notice.
type InboxNotice struct {
	ID int64 `json:"id"`
	NewNotice
	Attempts      int       `json:"attempts"`
	NextAttemptAt time.Time `json:"next_attempt_at,omitzero"`
	LastError     string    `json:"last_error,omitempty"`
	ForwardedAt   time.Time `json:"forwarded_at,omitzero"`
	WorkflowID    string    `json:"workflow_id,omitempty"`
}

// Notice reads the parsed notice. It is Invalid for a click and for an
// unreadable notice.
func (n InboxNotice) Notice() (dispute.Notice, error) {
	op := fmt.Sprintf("store: notice %d", n.ID)
	if n.Kind == KindClick || n.Parsed == nil {
		return dispute.Notice{}, dispute.Errorf(dispute.Invalid, op, "it holds no provider's notice")
	}
	var out dispute.Notice
	if err := json.Unmarshal(n.Parsed, &out); err != nil {
		return dispute.Notice{}, dispute.Errorf(dispute.Invalid, op, "%w", err)
	}
	out.EventID = n.EventID // as it is stored, without what text may not hold
	return out, nil
}

// NoticesOf reads stored notices of one connection by their event ids, in the
// order they came. Ids that are not stored are left out.
func (d *DB) NoticesOf(ctx context.Context, connection string, eventIDs []string) ([]dispute.Notice, error) {
	const op = "store: notices of a connection"
	rows, err := d.q.NoticesByEvent(ctx, db.NoticesByEventParams{Connection: connection, EventIds: eventIDs})
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]dispute.Notice, 0, len(rows))
	for _, row := range rows {
		n, err := inboxNotice(row).Notice()
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

type noticeKey struct{ connection, event string }

// SaveNotices keeps notices in one transaction and answers in their order. A
// notice whose connection and event id are known, from before or from earlier
// in the list, is not stored again and not Fresh. Whoever listens on
// NoticesChannel is woken once when a fresh one is pending.
func (d *DB) SaveNotices(ctx context.Context, notices []NewNotice) ([]Saved, error) {
	const op = "store: save notices"
	if len(notices) == 0 {
		return nil, nil
	}
	rows, err := d.insertNotices(ctx, notices)
	if err != nil {
		return nil, wrap(op, err)
	}
	fresh := make(map[noticeKey]int64, len(rows))
	for _, r := range rows {
		fresh[noticeKey{r.Connection, r.EventID}] = r.ID
	}
	known, err := d.knownNotices(ctx, notices, fresh)
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]Saved, len(notices))
	for i, n := range notices {
		k := keyOf(n)
		if id, ok := fresh[k]; ok {
			out[i] = Saved{ID: id, Fresh: true}
			delete(fresh, k)
			known[k] = id
			continue
		}
		out[i] = Saved{ID: known[k]}
	}
	return out, nil
}

func keyOf(n NewNotice) noticeKey {
	return noticeKey{cleanText(n.Connection), cleanText(n.EventID)}
}

// insertNotices inserts in the order of the unique key, so that two
// transactions with the same redeliveries wait for each other instead of
// deadlocking.
func (d *DB) insertNotices(ctx context.Context, notices []NewNotice) ([]db.InsertNoticesRow, error) {
	sorted := slices.Clone(notices)
	slices.SortStableFunc(sorted, func(a, b NewNotice) int {
		return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.EventID, b.EventID))
	})
	var p db.InsertNoticesParams
	for _, n := range sorted {
		received := n.ReceivedAt
		if received.IsZero() {
			received = time.Now()
		}
		p.Connections = append(p.Connections, cleanText(n.Connection))
		p.EventIds = append(p.EventIds, cleanText(n.EventID))
		p.Kinds = append(p.Kinds, cleanText(n.Kind))
		p.RawKinds = append(p.RawKinds, cleanText(n.RawKind))
		p.DisputeIds = append(p.DisputeIds, cleanText(n.DisputeID))
		p.OccurredAts = append(p.OccurredAts, n.OccurredAt)
		p.ReceivedAts = append(p.ReceivedAts, received)
		p.DueBys = append(p.DueBys, n.DueBy)
		p.Bodies = append(p.Bodies, notNil(n.Body))
		p.ContentTypes = append(p.ContentTypes, cleanText(n.ContentType))
		p.Parsed = append(p.Parsed, cleanJSON(n.Parsed))
		p.ApiVersions = append(p.ApiVersions, cleanText(n.APIVersion))
		p.States = append(p.States, string(cmp.Or(n.State, NoticePending)))
		p.TraceParents = append(p.TraceParents, cleanText(n.TraceParent))
	}
	var rows []db.InsertNoticesRow
	err := retry(ctx, func() (err error) {
		rows, err = d.q.InsertNotices(ctx, p)
		return err
	})
	return rows, err
}

// knownNotices finds the ids of those that were stored before.
func (d *DB) knownNotices(ctx context.Context, notices []NewNotice, fresh map[noticeKey]int64) (map[noticeKey]int64, error) {
	var p db.NoticeIDsParams
	for _, n := range notices {
		if k := keyOf(n); fresh[k] == 0 {
			p.Connections = append(p.Connections, k.connection)
			p.EventIds = append(p.EventIds, k.event)
		}
	}
	known := make(map[noticeKey]int64, len(p.EventIds))
	if len(p.EventIds) == 0 {
		return known, nil
	}
	rows, err := d.q.NoticeIDs(ctx, p)
	for _, r := range rows {
		known[noticeKey{r.Connection, r.EventID}] = r.ID
	}
	return known, err
}

func inboxNotice(n db.Notice) InboxNotice {
	return InboxNotice{
		ID: n.ID,
		NewNotice: NewNotice{
			Connection: n.Connection, EventID: n.EventID, Kind: n.Kind, RawKind: n.RawKind,
			DisputeID: n.DisputeID, OccurredAt: n.OccurredAt, ReceivedAt: n.ReceivedAt, DueBy: time.Time(n.DueBy),
			Body: n.Body, ContentType: n.ContentType, Parsed: n.Parsed, APIVersion: n.ApiVersion,
			State: NoticeState(n.State), TraceParent: n.TraceParent,
		},
		Attempts: n.Attempts, NextAttemptAt: n.NextAttemptAt, LastError: n.LastError,
		ForwardedAt: time.Time(n.ForwardedAt), WorkflowID: n.WorkflowID,
	}
}
