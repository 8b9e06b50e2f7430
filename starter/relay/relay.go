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
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
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

// Run forwards until ctx ends. A notice that fails is tried again, with growing
// gaps. With Temporal away none is tried until it answers, so that no gap then
// keeps the nearest deadline waiting; the notices stay in PostgreSQL.
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
			r.Log.ErrorContext(ctx, "relay does not listen; it looks every second", telemetry.KeyError, err)
		}
	})
	defer listening.Wait()
	every := time.NewTicker(tick)
	defer every.Stop()
	for doubt := false; ; {
		if !doubt || r.answers(ctx) {
			more, failures := r.forward(ctx)
			doubt = failures
			if more {
				continue
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-every.C:
		}
	}
}

// answers asks whether Temporal is there.
func (r *Relay) answers(ctx context.Context) bool {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	_, err := r.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err == nil
}

// forward moves one batch. It reports whether there may be more, and whether
// any delivery failed.
func (r *Relay) forward(ctx context.Context) (more, failures bool) {
	notices, err := r.DB.ClaimNotices(ctx, batch, lease)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "relay cannot claim notices", telemetry.KeyError, err)
		}
		return false, false
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		done   []store.Forwarded
		failed atomic.Bool
		gate   = make(chan struct{}, workers)
	)
	for _, n := range notices {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			ctx := telemetry.WithTraceParent(ctx, n.TraceParent)
			id, err := r.attempt(ctx, n)
			if errors.Is(err, errRefused) {
				return
			}
			if err != nil {
				failed.Store(true)
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
		r.Log.ErrorContext(ctx, "relay cannot mark notices as forwarded; they will be forwarded again", telemetry.KeyError, err)
	}
	return len(notices) == batch && len(done) > 0, failed.Load()
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
	r.about(n).WarnContext(ctx, "notice refused for good", telemetry.KeyError, err)
	if n.Kind == store.KindClick {
		r.tell(ctx, n, err)
	}
	return "", errors.Join(errRefused, r.DB.NoticeRefused(ctx, n.ID, err.Error()))
}

// about is a log whose lines name the notice and its case.
func (r *Relay) about(n store.InboxNotice) *slog.Logger {
	log := r.Log.With(telemetry.KeyNotice, n.ID, telemetry.KeyConnection, n.Connection)
	if n.DisputeID == "" {
		return log
	}
	return log.With(telemetry.KeyCase, dispute.Ref{Connection: n.Connection, ID: n.DisputeID}.CaseID())
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
		r.about(n).WarnContext(ctx, "click not answered", telemetry.KeyError, err)
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
	r.about(n).WarnContext(ctx, "notice not forwarded", "attempt", n.Attempts, telemetry.KeyError, err)
	if e := r.DB.NoticeFailed(ctx, n.ID, err.Error(), r.Now().Add(gap)); e != nil {
		r.about(n).ErrorContext(ctx, "notice not rescheduled; its lease will run out", telemetry.KeyError, e)
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
	s := workflows.State{Ref: ref, Part: 1, Pending: []string{n.EventID}}
	row, err := r.DB.GetCase(ctx, ref.CaseID())
	switch {
	case err == nil && row.WorkflowID != "":
		err := r.Temporal.SignalWorkflow(ctx, row.WorkflowID, "", workflows.NoticeSignal, arrival(n))
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
	return closing.NextPart(n.EventID), nil
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
	err = r.Temporal.SignalWorkflow(ctx, id, "", workflows.NoticeSignal, arrival(n))
	if gone(err) {
		// It ended before it could write its row; the next attempt finds the row.
		return "", dispute.Errorf(dispute.Transient, "relay: "+id, "ended meanwhile")
	}
	return id, err
}

func arrival(n dispute.Notice) workflows.Arrival {
	return workflows.Arrival{Event: n.EventID, Kind: n.Kind}
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
