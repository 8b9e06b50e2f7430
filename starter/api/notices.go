package api

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/store"
)

// ListNotices implements GET /v1/notices.
func (a *api) ListNotices(ctx context.Context, r ListNoticesRequestObject) (ListNoticesResponseObject, error) {
	ctx, by := caller(ctx)
	p := r.Params
	rows, next, err := a.desk.Notices(ctx, by, store.NoticeFilter{
		Connection: p.Connection, DisputeID: p.Dispute, Kind: p.Kind, State: p.State, Limit: p.Limit, Cursor: p.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return ListNotices200JSONResponse{Items: list(rows, noticeOf), NextCursor: next}, nil
}

// GetNotice implements GET /v1/notices/{id}.
func (a *api) GetNotice(ctx context.Context, r GetNoticeRequestObject) (GetNoticeResponseObject, error) {
	ctx, by := caller(ctx)
	n, err := a.desk.Notice(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	return GetNotice200JSONResponse{Notice: noticeOf(n), Body: n.Body}, nil
}

// RedeliverNotice implements POST /v1/notices/{id}/redeliver.
func (a *api) RedeliverNotice(ctx context.Context, r RedeliverNoticeRequestObject) (RedeliverNoticeResponseObject, error) {
	ctx, by := caller(ctx)
	if err := a.desk.Redeliver(ctx, by, r.ID); err != nil {
		return nil, err
	}
	return RedeliverNotice202Response{}, nil
}

func noticeOf(n store.InboxNotice) Notice {
	out := Notice{
		ID: n.ID, Connection: n.Connection, EventID: n.EventID, Kind: n.Kind, RawKind: n.RawKind, DisputeID: n.DisputeID,
		State: n.State, OccurredAt: n.OccurredAt, ReceivedAt: n.ReceivedAt, DueBy: n.DueBy,
		ContentType: n.ContentType, APIVersion: n.APIVersion,
		Attempts: n.Attempts, LastError: n.LastError, ForwardedAt: n.ForwardedAt, WorkflowID: n.WorkflowID,
	}
	if n.State == store.NoticePending {
		out.NextAttemptAt = n.NextAttemptAt
	}
	return out
}
