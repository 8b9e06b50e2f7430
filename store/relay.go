package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// ClaimNotices takes up to limit pending notices for itself, those with the
// nearest due date first. Nobody else is given them until lease has passed, or
// the time that NoticeFailed names. Each claim counts as an attempt.
func (d *DB) ClaimNotices(ctx context.Context, limit int, lease time.Duration) ([]InboxNotice, error) {
	rows, err := d.q.ClaimNotices(ctx, db.ClaimNoticesParams{
		MaxRows: clampLimit(limit),
		Lease:   pgtype.Interval{Microseconds: lease.Microseconds(), Valid: true},
	})
	if err != nil {
		return nil, wrap("store: claim notices", err)
	}
	return convert(rows, func(r db.ClaimNoticesRow) InboxNotice { return inboxNotice(db.Notice(r)) }), nil
}

// Forwarded says which workflow was given a notice.
type Forwarded struct {
	ID         int64
	WorkflowID string
}

// NoticesForwarded records that workflows have these notices. Notices that are
// no longer pending stay as they are.
func (d *DB) NoticesForwarded(ctx context.Context, done []Forwarded) error {
	if len(done) == 0 {
		return nil
	}
	var p db.NoticesForwardedParams
	for _, f := range done {
		p.Ids = append(p.Ids, f.ID)
		p.WorkflowIds = append(p.WorkflowIds, f.WorkflowID)
	}
	return wrap("store: notices forwarded", retry(ctx, func() error { return d.q.NoticesForwarded(ctx, p) }))
}

// NoticeFailed records why a pending notice could not be forwarded and when to
// try again. The text must hold ids only. A notice that is not pending is
// NotFound.
func (d *DB) NoticeFailed(ctx context.Context, id int64, text string, retryAt time.Time) error {
	rows, err := d.q.NoticeFailed(ctx, db.NoticeFailedParams{ID: id, LastError: cleanText(text), RetryAt: retryAt})
	return found(fmt.Sprintf("store: notice %d failed", id), rows, err)
}

// NoticeRefused keeps a pending notice that no attempt will bring anywhere, with
// the reason. The text must hold ids only.
func (d *DB) NoticeRefused(ctx context.Context, id int64, text string) error {
	rows, err := d.q.NoticeRefused(ctx, db.NoticeRefusedParams{ID: id, LastError: cleanText(text)})
	return found(fmt.Sprintf("store: notice %d refused", id), rows, err)
}

// RedeliverNotice makes a notice pending again, whatever its state, and wakes
// the relay. One that was never parsed is Invalid.
func (d *DB) RedeliverNotice(ctx context.Context, id int64) error {
	op := fmt.Sprintf("store: redeliver notice %d", id)
	_, err := d.q.RedeliverNotice(ctx, id)
	if !errors.Is(err, pgx.ErrNoRows) {
		return wrap(op, err)
	}
	if _, err := d.GetNotice(ctx, id); err != nil {
		return err
	}
	return dispute.Errorf(dispute.Invalid, op, "nothing could be read from it")
}

// GetNotice reads one notice.
func (d *DB) GetNotice(ctx context.Context, id int64) (InboxNotice, error) {
	n, err := d.q.Notice(ctx, id)
	if err != nil {
		return InboxNotice{}, wrap(fmt.Sprintf("store: notice %d", id), err)
	}
	return inboxNotice(n), nil
}

// NoticeFilter chooses notices; an empty field does not choose.
type NoticeFilter struct {
	Connection string
	DisputeID  string
	Kind       string
	State      NoticeState
	Limit      int    // 50 when zero, at most 500
	Cursor     string // what the page before returned
}

// ListNotices lists notices, the newest first, and the cursor of the next page,
// empty on the last.
func (d *DB) ListNotices(ctx context.Context, f NoticeFilter) ([]InboxNotice, string, error) {
	const op = "store: list notices"
	var w where
	w.equal("connection", f.Connection)
	w.equal("dispute_id", f.DisputeID)
	w.equal("kind", f.Kind)
	w.equal("state", string(f.State))
	if f.Cursor != "" {
		before, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return nil, "", dispute.Errorf(dispute.Invalid, op, "the cursor is malformed")
		}
		w.add("id < %s", before)
	}
	limit := pageSize(f.Limit)
	ids, more, err := listIDs[int64](ctx, d, "SELECT id FROM notices"+w.String()+" ORDER BY id DESC", w.args, limit)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	rows, err := d.q.NoticesByID(ctx, ids)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	next := ""
	if more {
		next = strconv.FormatInt(ids[len(ids)-1], 10)
	}
	return convert(rows, inboxNotice), next, nil
}

// Lag is how far the relay is behind.
type Lag struct {
	Pending int64
	Oldest  time.Time // when the oldest pending notice came in; zero when none is pending
}

// InboxLag measures the notices that wait to be forwarded.
func (d *DB) InboxLag(ctx context.Context) (Lag, error) {
	row, err := d.q.InboxLag(ctx)
	return Lag{Pending: row.Pending, Oldest: row.Oldest}, wrap("store: inbox lag", err)
}

func clampLimit(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) } //nolint:gosec // clamped

// listIDs runs a list whose conditions depend on the filter, and says whether
// there are more. Such a list only chooses ids; the rows are then read by a
// generated query.
func listIDs[ID int64 | string](ctx context.Context, d *DB, sql string, args []any, limit int) (ids []ID, more bool, err error) {
	// This mode plans with the values at hand instead of keeping one plan that
	// suits none of the filters.
	args = append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	rows, err := d.pool.Query(ctx, sql+" LIMIT "+strconv.Itoa(limit+1), args...)
	if err != nil {
		return nil, false, err
	}
	ids, err = pgx.CollectRows(rows, pgx.RowTo[ID])
	if err != nil || len(ids) <= limit {
		return ids, false, err
	}
	return ids[:limit], true, nil
}
