// Package relay carries stored notices on to their workflows: the first notice
// of a dispute starts one, the others signal it. It keeps nothing itself; a
// relay that dies is replaced by any other.
package relay

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

const (
	batch   = 64
	lease   = 30 * time.Second
	tick    = time.Second // in case a wake-up was lost
	workers = 16
	// patience bounds one delivery, so that a batch ends within its lease and a
	// case that does not answer holds nobody up: 64 / 16 * 6 s < 30 s.
	patience = 6 * time.Second
	firstGap = 500 * time.Millisecond
	mostGap  = 30 * time.Second
)

// Relay forwards notices. Clicks go to Decide.
type Relay struct {
	DB       *store.DB
	Set      *integrations.Set // tells people what became of their clicks
	Temporal client.Client
	// Decide takes a person's click as a decision. Its errors of the kinds auth,
	// conflict, invalid and not_found are final.
	Decide func(ctx context.Context, connection string, c integrations.Click) error
	Now    func() time.Time
	Log    *slog.Logger
}

// Run forwards until ctx ends. With Temporal away it keeps trying, each notice
// with growing gaps; the notices stay in PostgreSQL.
func (r *Relay) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	nudge := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	var listening sync.WaitGroup
	listening.Go(func() {
		if err := r.DB.Listen(ctx, store.NoticesChannel, nudge); err != nil && ctx.Err() == nil {
			r.Log.Error("relay does not listen; it looks every second", "error", err)
		}
	})
	defer listening.Wait()
	every := time.NewTicker(tick)
	defer every.Stop()
	for {
		more := r.forward(ctx)
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-every.C:
		}
	}
}

// forward moves one batch and reports whether there may be more.
func (r *Relay) forward(ctx context.Context) bool {
	notices, err := r.DB.ClaimNotices(ctx, batch, lease)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("relay cannot claim notices", "error", err)
		}
		return false
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done []store.Forwarded
		gate = make(chan struct{}, workers)
	)
	for _, n := range notices {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			id, err := r.attempt(ctx, n)
			if errors.Is(err, errRefused) {
				return
			}
			if err != nil {
				r.failed(ctx, n, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done = append(done, store.Forwarded{ID: n.ID, WorkflowID: id})
		})
	}
	wg.Wait()
	if err := r.DB.NoticesForwarded(ctx, done); err != nil && ctx.Err() == nil {
		r.Log.Error("relay cannot mark notices as forwarded; they will be forwarded again", "error", err)
	}
	return len(notices) == batch && len(done) > 0
}

// attempt delivers a notice, or settles that it never will be: such a notice
// is done, too.
func (r *Relay) attempt(ctx context.Context, n store.InboxNotice) (workflowID string, err error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	id, err := r.deliver(ctx, n)
	if !hopeless(n, err) {
		return id, err
	}
	r.Log.Warn("notice refused for good", "notice", n.ID, "error", err)
	if n.Kind == store.KindClick {
		r.tell(ctx, n, err)
	}
	return "", errors.Join(errRefused, r.DB.NoticeRefused(ctx, n.ID, err.Error()))
}

// errRefused says that a notice was ended with its reason kept.
var errRefused = errors.New("refused for good")

// hopeless says that delivering once more would fail once more.
func hopeless(n store.InboxNotice, err error) bool {
	if err == nil {
		return false
	}
	switch dispute.KindOf(err) { //nolint:exhaustive // all others may pass
	case dispute.Invalid:
		return true
	case dispute.Auth, dispute.Conflict, dispute.NotFound:
		return n.Kind == store.KindClick
	default:
		return false
	}
}

// tell says to the person who clicked why nothing happened, where the vendor
// offers a way. It is tried once.
func (r *Relay) tell(ctx context.Context, n store.InboxNotice, refusal error) {
	var c integrations.Click
	if json.Unmarshal(n.Parsed, &c) != nil || c.ReplyURL == "" {
		return
	}
	to, err := integrations.As[integrations.ClickAnswerer](r.Set, n.Connection)
	if err != nil {
		return
	}
	why := refusal
	var e *dispute.Error
	if errors.As(refusal, &e) && e.Err != nil {
		why = e.Err // without the operation, which says nothing to people
	}
	if err := to.AnswerClick(ctx, c, "Not done: "+why.Error()); err != nil {
		r.Log.Warn("click not answered", "notice", n.ID, "error", err)
	}
}

func (r *Relay) failed(ctx context.Context, n store.InboxNotice, err error) {
	if ctx.Err() != nil {
		return
	}
	gap := mostGap
	if n.Attempts < 7 {
		gap = min(firstGap<<max(n.Attempts-1, 0), mostGap)
	}
	r.Log.Warn("notice not forwarded", "notice", n.ID, "attempt", n.Attempts, "error", err)
	if e := r.DB.NoticeFailed(ctx, n.ID, err.Error(), r.Now().Add(gap)); e != nil {
		r.Log.Error("notice not rescheduled; its lease will run out", "notice", n.ID, "error", e)
	}
}

func (r *Relay) deliver(ctx context.Context, n store.InboxNotice) (workflowID string, err error) {
	if n.Kind == store.KindClick {
		var c integrations.Click
		if err := json.Unmarshal(n.Parsed, &c); err != nil {
			return "", dispute.Errorf(dispute.Invalid, "relay", "click %s cannot be read", n.EventID)
		}
		return "", r.Decide(ctx, n.Connection, c)
	}
	notice, err := n.Notice()
	if err != nil {
		return "", err
	}
	if notice.Ref().ID == "" {
		return "", dispute.Errorf(dispute.Invalid, "relay", "notice %d is about no dispute", n.ID)
	}
	return r.toWorkflow(ctx, notice)
}

// toWorkflow signals the case's running part, or starts its first or next one.
func (r *Relay) toWorkflow(ctx context.Context, n dispute.Notice) (string, error) {
	ref := n.Ref()
	s := workflows.State{Ref: ref, Part: 1, Pending: []dispute.Notice{n}}
	row, err := r.DB.GetCase(ctx, ref.CaseID())
	switch {
	case err == nil && row.WorkflowID != "":
		err := r.Temporal.SignalWorkflow(ctx, row.WorkflowID, "", workflows.NoticeSignal, n)
		if err == nil || !gone(err) {
			return row.WorkflowID, err
		}
		if s, err = nextPart(row, n); err != nil {
			return "", err
		}
	case err != nil && dispute.KindOf(err) != dispute.NotFound:
		return "", err
	}
	return r.start(ctx, s, n)
}

// nextPart is the state from which a closed case begins again. A case whose
// workflow ended without leaving a state begins from nothing.
func nextPart(row store.CaseRow, n dispute.Notice) (workflows.State, error) {
	closing := workflows.State{Ref: row.Ref, Part: row.Part}
	if row.State != nil {
		if err := json.Unmarshal(row.State, &closing); err != nil {
			return closing, err
		}
	}
	return closing.NextPart(n), nil
}

func (r *Relay) start(ctx context.Context, s workflows.State, n dispute.Notice) (string, error) {
	id := s.Ref.WorkflowID(s.Part)
	_, err := r.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       id,
		TaskQueue:                                workflows.CasesQueue,
		WorkflowTaskTimeout:                      5 * time.Second,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true,
		TypedSearchAttributes:                    workflows.StartAttributes(n),
		StaticSummary:                            networks.Summary(n),
		Priority:                                 r.priority(n),
	}, workflows.DisputeWorkflow, s)
	var taken *serviceerror.WorkflowExecutionAlreadyStarted
	if !errors.As(err, &taken) {
		return id, err
	}
	err = r.Temporal.SignalWorkflow(ctx, id, "", workflows.NoticeSignal, n)
	if gone(err) {
		// It ended before it could write its row; the next attempt finds the row.
		return "", dispute.Errorf(dispute.Transient, "relay: "+id, "ended meanwhile")
	}
	return id, err
}

func gone(err error) bool {
	var notFound *serviceerror.NotFound
	return errors.As(err, &notFound)
}

// priority lets cases with the least time left go first, fairly between
// connections.
func (r *Relay) priority(n dispute.Notice) temporal.Priority {
	p := temporal.Priority{PriorityKey: 3, FairnessKey: n.Connection}
	if n.Snapshot == nil || n.Snapshot.DueBy.IsZero() {
		return p
	}
	switch left := n.Snapshot.DueBy.Sub(r.Now()); {
	case left < 24*time.Hour:
		p.PriorityKey = 1
	case left < 72*time.Hour:
		p.PriorityKey = 2
	case left > 14*24*time.Hour:
		p.PriorityKey = 4
	}
	return p
}
