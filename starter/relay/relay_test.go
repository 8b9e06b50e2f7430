package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var (
	errTaken = &serviceerror.WorkflowExecutionAlreadyStarted{}
	errGone  = serviceerror.NewNotFound("no such workflow")
	errAway  = serviceerror.NewUnavailable("connection refused")
)

// house is a relay on a database of its own and a Temporal by script.
type house struct {
	*Relay
	temporal *mocks.Client
	log      *bytes.Buffer
}

func open(t *testing.T) house {
	t.Helper()
	db, err := store.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := house{temporal: mocks.NewClient(t), log: &bytes.Buffer{}}
	h.Relay = &Relay{
		DB: db, Set: integrations.SetOf(map[string]integrations.Adapter{"alerts": (*chat)(nil), "mute": silent{}}), Temporal: h.temporal, Now: time.Now, Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Decide: func(context.Context, string, integrations.Click) error { return errors.New("nobody clicked") },
	}
	return h
}

func notice(event, id string, dueIn time.Duration) dispute.Notice {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	return dispute.Notice{
		Connection: "stripe-us", EventID: event, Kind: dispute.NoticeOpened, RawKind: "charge.dispute.created", OccurredAt: at,
		Snapshot: &dispute.Snapshot{
			ID: id, Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Reason: "fraudulent", Network: "visa",
			Stage: dispute.StageChargeback, Status: dispute.ProviderNeedsResponse, OpenedAt: at,
			DueBy: time.Now().Add(dueIn).UTC().Truncate(time.Second),
		},
	}
}

// save stores what the front door would, and returns the rows' ids.
func (h house) save(t *testing.T, rows ...store.NewNotice) []int64 {
	t.Helper()
	saved, err := h.DB.SaveNotices(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, s := range saved {
		ids = append(ids, s.ID)
	}
	return ids
}

func row(t *testing.T, n dispute.Notice) store.NewNotice {
	t.Helper()
	r, err := store.FromNotice(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h house) row(t *testing.T, id int64) store.InboxNotice {
	t.Helper()
	n, err := h.DB.GetNotice(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// closed writes a case's row as a workflow that has it leaves it.
func (h house) closed(t *testing.T, ref dispute.Ref, s *workflows.State) {
	t.Helper()
	err := h.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		tx.Row().WorkflowID, tx.Row().Part = ref.WorkflowID(1), 1
		if s == nil {
			return nil
		}
		b, err := json.Marshal(s)
		tx.Row().State = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h house) onStart(err error) *mock.Call {
	return h.temporal.On("ExecuteWorkflow", mock.Anything, mock.Anything, workflows.DisputeWorkflow, mock.Anything).Return(nil, err)
}

func (h house) onSignal(workflowID string, err error) *mock.Call {
	return h.temporal.On("SignalWorkflow", mock.Anything, workflowID, "", workflows.NoticeSignal, mock.Anything).Return(err)
}

func (h house) wantForwarded(t *testing.T, id int64, workflowID string) {
	t.Helper()
	got := h.row(t, id)
	if got.State != store.NoticeForwarded || got.WorkflowID != workflowID || got.LastError != "" {
		t.Errorf("notice is %s at %q with %q; want it forwarded to %q", got.State, got.WorkflowID, got.LastError, workflowID)
	}
}

func TestFirstNoticeStarts(t *testing.T) {
	t.Parallel()
	h := open(t)
	n := notice("evt_1", "du_1", 48*time.Hour)
	id := h.save(t, row(t, n))[0]
	h.onStart(nil).Once()
	h.forward(t.Context())
	h.wantForwarded(t, id, "dispute/stripe-us/du_1")

	args := h.temporal.Calls[0].Arguments
	got, _ := args.Get(1).(client.StartWorkflowOptions)
	attributes := got.TypedSearchAttributes
	got.TypedSearchAttributes = temporal.SearchAttributes{}
	want := client.StartWorkflowOptions{
		ID: "dispute/stripe-us/du_1", TaskQueue: workflows.CasesQueue, WorkflowTaskTimeout: 5 * time.Second,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true, EnableEagerStart: true,
		StaticSummary: networks.Summary(n),
		Priority:      temporal.Priority{PriorityKey: 2, FairnessKey: "stripe-us"},
	}
	if got.ID != want.ID || got.TaskQueue != want.TaskQueue || got.WorkflowTaskTimeout != want.WorkflowTaskTimeout ||
		got.WorkflowIDReusePolicy != want.WorkflowIDReusePolicy || !got.WorkflowExecutionErrorWhenAlreadyStarted ||
		!got.EnableEagerStart || got.StaticSummary != want.StaticSummary || got.Priority != want.Priority {
		t.Errorf("options %+v\nwant %+v", got, want)
	}
	provider, _ := attributes.GetKeyword(workflows.AttrProvider)
	amount, _ := attributes.GetInt64(workflows.AttrAmount)
	if provider != "stripe-us" || amount != 12900 {
		t.Errorf("search attributes: provider %q, amount %d", provider, amount)
	}
	input, _ := args.Get(3).(workflows.State)
	if input.Ref != n.Ref() || input.Part != 1 || len(input.Pending) != 1 || input.Pending[0] != "evt_1" {
		t.Errorf("input %+v", input)
	}
}

func TestLaterNotices(t *testing.T) {
	t.Parallel()
	ref := dispute.Ref{Connection: "stripe-us", ID: "du_1"}
	first, second := ref.WorkflowID(1), ref.WorkflowID(2)
	for name, tc := range map[string]struct {
		given func(t *testing.T, h house)
		want  string // the workflow that has the notice; empty when it waits
	}{
		"its case runs: signalled": {func(t *testing.T, h house) {
			h.closed(t, ref, nil)
			h.onSignal(first, nil).Once()
		}, first},
		"started by another relay: signalled": {func(_ *testing.T, h house) {
			h.onStart(errTaken).Once()
			h.onSignal(first, nil).Once()
		}, first},
		"started and ended before it wrote its row: waits": {func(_ *testing.T, h house) {
			h.onStart(errTaken).Once()
			h.onSignal(first, errGone).Once()
		}, ""},
		"its case ended: the next part": {func(t *testing.T, h house) {
			h.closed(t, ref, &workflows.State{Ref: ref, Part: 1, Queue: "senior"})
			h.onSignal(first, errGone).Once()
			h.onStart(nil).Once().Run(func(a mock.Arguments) {
				s, _ := a.Get(3).(workflows.State)
				if o, _ := a.Get(1).(client.StartWorkflowOptions); o.ID != second || s.Part != 2 || s.Queue != "senior" || len(s.Pending) != 1 {
					t.Errorf("started %s with %+v", o.ID, s)
				}
			})
		}, second},
		"its case ended without a state: the next part": {func(t *testing.T, h house) {
			h.closed(t, ref, nil)
			h.onSignal(first, errGone).Once()
			h.onStart(nil).Once()
		}, second},
		"Temporal away for a signal: waits": {func(t *testing.T, h house) {
			h.closed(t, ref, nil)
			h.onSignal(first, errAway).Once()
		}, ""},
		"Temporal away for a start: waits": {func(_ *testing.T, h house) { h.onStart(errAway).Once() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			tc.given(t, h)
			id := h.save(t, row(t, notice("evt_1", "du_1", 48*time.Hour)))[0]
			h.forward(t.Context())
			if tc.want != "" {
				h.wantForwarded(t, id, tc.want)
				return
			}
			if got := h.row(t, id); got.State != store.NoticePending || got.LastError == "" || got.Attempts != 1 || !got.NextAttemptAt.After(time.Now()) {
				t.Errorf("the notice is %s, %q, attempt %d, next %s", got.State, got.LastError, got.Attempts, got.NextAttemptAt)
			}
		})
	}
}

func TestGapsGrow(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.save(t, row(t, notice("evt_1", "du_1", time.Hour)))[0]
	n := h.row(t, id)
	now := time.Now().UTC().Truncate(time.Second)
	h.Now = func() time.Time { return now }
	var gaps []time.Duration
	for _, n.Attempts = range []int{0, 1, 2, 3, 6, 7, 8, 1000} {
		h.failed(t.Context(), n, errAway)
		gaps = append(gaps, h.row(t, id).NextAttemptAt.Sub(now))
	}
	half := firstGap
	if diff := cmp.Diff([]time.Duration{half, half, 2 * half, 4 * half, 16 * time.Second, mostGap, mostGap, mostGap}, gaps); diff != "" {
		t.Error(diff)
	}
}

// With Temporal away the notice waits in PostgreSQL, untried and so without a
// growing gap, and Run brings it when Temporal is back.
func TestRunOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.onStart(errAway).Once()
	h.temporal.On("CheckHealth", mock.Anything, mock.Anything).Return(nil, errAway).Times(3)
	h.temporal.On("CheckHealth", mock.Anything, mock.Anything).Return(&client.CheckHealthResponse{}, nil).Once()
	h.onStart(nil).Once()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	id := h.save(t, row(t, notice("evt_1", "du_1", time.Hour)))[0]
	await(t, func() bool { return h.row(t, id).State == store.NoticeForwarded })
	if got := h.row(t, id).Attempts; got != 2 {
		t.Errorf("%d attempts, want 2", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// Two relays on one database share the work: nobody is given a notice twice.
func TestTwoRelays(t *testing.T) {
	t.Parallel()
	h := open(t)
	const count = 150
	var rows []store.NewNotice
	for i := range count {
		rows = append(rows, row(t, notice("evt_"+string(rune('A'+i)), "du_"+string(rune('A'+i)), time.Hour)))
	}
	h.save(t, rows...)
	var mu sync.Mutex
	started := map[string]int{}
	h.onStart(nil).Run(func(a mock.Arguments) {
		o, _ := a.Get(1).(client.StartWorkflowOptions)
		mu.Lock()
		defer mu.Unlock()
		started[o.ID]++
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 2 {
		other := *h.Relay
		running.Go(func() { _ = other.Run(ctx) })
	}
	await(t, func() bool {
		lag, err := h.DB.InboxLag(t.Context())
		return err == nil && lag.Pending == 0
	})
	stop()
	running.Wait()
	if len(started) != count {
		t.Errorf("%d of %d workflows were started", len(started), count)
	}
	for id, n := range started {
		if n != 1 {
			t.Errorf("%s was started %d times", id, n)
		}
	}
}

// What holds no dispute must start nothing and not come back for ever.
func TestHopelessNotices(t *testing.T) {
	t.Parallel()
	h := open(t)
	warning := dispute.Notice{Connection: "stripe-us", EventID: "evt_w", Kind: dispute.NoticeFraudWarning}
	ids := h.save(t,
		row(t, warning), // stored at first, and redelivered by hand
		store.NewNotice{Connection: "stripe-us", EventID: "evt_x", Kind: "opened", Parsed: json.RawMessage(`[]`)},
		store.NewNotice{Connection: "alerts", EventID: "slack-1", Kind: store.KindClick, Parsed: json.RawMessage(`[]`)},
	)
	h.forward(t.Context())
	for _, id := range ids {
		if got := h.row(t, id); got.State != store.NoticeStored || got.LastError == "" {
			t.Errorf("notice %d is %s with %q; want it stored with the reason", id, got.State, got.LastError)
		}
	}
}

func TestPriority(t *testing.T) {
	t.Parallel()
	r := &Relay{Now: time.Now}
	for name, tc := range map[string]struct {
		left time.Duration
		want int
	}{
		"over": {-time.Hour, 1}, "today": {23 * time.Hour, 1}, "soon": {71 * time.Hour, 2},
		"some days": {5 * 24 * time.Hour, 3}, "weeks": {15 * 24 * time.Hour, 4},
	} {
		if got := r.priority(notice("e", "d", tc.left)); got.PriorityKey != tc.want || got.FairnessKey != "stripe-us" {
			t.Errorf("%s: %+v, want %d", name, got, tc.want)
		}
	}
	undated := notice("e", "d", 0)
	undated.Snapshot.DueBy = time.Time{}
	if got := r.priority(undated); got.PriorityKey != 3 {
		t.Errorf("without a date: %+v", got)
	}
}
