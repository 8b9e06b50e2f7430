package workflows

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const day = 24 * time.Hour

// t0 is when every case begins.
var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var ref = dispute.Ref{Connection: "stripe", ID: "dp_1"}

// world is what surrounds one case: provider, database, sources and people,
// all on the workflow's clock. Unless a test says otherwise the answer is due
// in ten days, the cut-off is six hours before, both sources answer at once,
// the evidence is complete and the rule sends it without asking.
type world struct {
	t   rapid.TB
	env *testsuite.TestWorkflowEnvironment

	base       dispute.Snapshot // what every notice starts from
	first      dispute.Notice
	inbox      map[string]dispute.Notice // what is stored, by event
	margin     time.Duration             // between cut-off and deadline
	remind     []time.Duration           // before the cut-off
	escalate   []time.Duration           // before the cut-off
	patience   time.Duration             // with sources
	plan       activities.Plan           // without its times
	incomplete bool
	outcome    string                               // of a response; Sent unless set
	hooks      map[string]func(call) error          // by step; runs first, its error is the step's
	timeline   []*happening                         // what the test makes happen
	attrs      map[string]temporal.SearchAttributes // by run, newest values win
	old        []string                             // changes that the case began before

	runs   int
	closed bool  // by itself
	state  State // when the run was stopped

	mu       sync.Mutex
	calls    []call
	view     dispute.View
	answered map[string]bool // sources
	packet   string
	receipts map[string]activities.Responded
	sent     []activities.Responded
	faces    []shown
	events   []activities.Event
	closing  []State
	timers   int
}

// call is one attempt at a step.
type call struct {
	step  string
	n     int // of this step, from 1
	retry bool
	quick bool
	queue string
	at    time.Duration // since t0
	in    any
}

type shown struct {
	at   time.Duration
	face dispute.Face
}

type happening struct {
	at   time.Duration
	do   func()
	done bool
}

func newWorld(t rapid.TB) *world {
	w := &world{
		t: t, margin: 6 * time.Hour, patience: day, outcome: dispute.AnswerSent,
		base: dispute.Snapshot{
			ID: ref.ID, Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Reason: "fraudulent",
			Network: "visa", NetworkCode: "10.4", Stage: dispute.StageChargeback, OpenedAt: t0, DueBy: t0.Add(10 * day),
		},
		plan: activities.Plan{
			Rule: "standard", Why: "the default", Queue: "disputes", Respond: dispute.ResponseContest, AtCutOff: "submit",
			Sources: []string{"shop", "ship"}, Notify: []activities.NotifyTarget{{Connection: "chat", Channel: "C1"}},
			Linger: 72 * time.Hour, RetryEvery: time.Hour,
		},
		hooks: map[string]func(call) error{}, answered: map[string]bool{}, receipts: map[string]activities.Responded{},
		attrs: map[string]temporal.SearchAttributes{}, inbox: map[string]dispute.Notice{},
	}
	w.first = w.notice(0, dispute.ProviderNeedsResponse)
	return w
}

// waiting makes the rule ask for approval, so that nothing is sent by itself
// before the cut-off.
func (w *world) waiting() { w.plan.Approval = true }

// notice is the provider's word at a time.
func (w *world) notice(at time.Duration, status dispute.ProviderStatus, change ...func(*dispute.Snapshot)) dispute.Notice {
	s := w.base
	s.Status, s.RawStatus = status, string(status)
	for _, c := range change {
		c(&s)
	}
	n := dispute.Notice{
		Connection: ref.Connection, EventID: fmt.Sprintf("evt_%02d", len(w.inbox)+1), Kind: dispute.NoticeUpdated,
		RawKind: "dispute.updated", OccurredAt: t0.Add(at), Snapshot: &s,
	}
	w.inbox[n.EventID] = n
	return n
}

func due(at time.Duration) func(*dispute.Snapshot) {
	return func(s *dispute.Snapshot) { s.DueBy = t0.Add(at) }
}

func stage(st dispute.Stage) func(*dispute.Snapshot) {
	return func(s *dispute.Snapshot) { s.Stage = st }
}

// at makes something happen; first of its moment is first told.
func (w *world) at(at time.Duration, do func()) {
	w.timeline = append(w.timeline, &happening{at: at, do: do})
}

// says sends a notice at its own time.
func (w *world) says(at time.Duration, status dispute.ProviderStatus, change ...func(*dispute.Snapshot)) {
	w.sends(at, w.notice(at, status, change...))
}

func (w *world) sends(at time.Duration, n dispute.Notice) {
	w.at(at, func() { w.arrives(n) })
}

// arrives stores a notice and tells the workflow.
func (w *world) arrives(n dispute.Notice) {
	w.env.SignalWorkflow(NoticeSignal, Arrival{Event: n.EventID, Kind: n.Kind})
}

// reply is what became of a decision.
type reply struct {
	heard    chan struct{} // closed once the validator has spoken
	accepted bool
	refused  error // by the validator
	done     bool
	err      error
	face     dispute.Face
	at       time.Duration // when it was answered
}

// decides lets ana decide something; the decision's id is its update's.
func (w *world) decides(at time.Duration, kind dispute.DecisionKind, change ...func(*dispute.Decision)) *reply {
	in := dispute.Decision{
		ID: fmt.Sprintf("click-%d", len(w.timeline)), Kind: kind, By: "ana", At: t0.Add(at), Stage: dispute.StageChargeback,
	}
	for _, c := range change {
		c(&in)
	}
	return w.updates(at, string(kind), in.ID, in)
}

func (w *world) updates(at time.Duration, name, id string, in dispute.Decision) *reply {
	r := newReply()
	w.at(at, func() { w.update(r, name, id, in) })
	return r
}

func newReply() *reply { return &reply{heard: make(chan struct{})} }

// interrupts sends an update while a step runs, and lets the step go on when
// it was let in.
func (w *world) interrupts(r *reply, in dispute.Decision) {
	w.env.RegisterDelayedCallback(func() { w.update(r, string(in.Kind), in.ID, in) }, 0)
	<-r.heard
}

func (w *world) update(r *reply, name, id string, in dispute.Decision) {
	w.env.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
		OnAccept: func() {
			r.accepted = true
			close(r.heard)
		},
		OnReject: func(err error) {
			r.refused = err
			close(r.heard)
		},
		OnComplete: func(got any, err error) {
			r.done, r.err, r.at = true, err, w.now()
			if f, ok := got.(dispute.Face); ok {
				r.face = f
			}
		},
	}, in)
}

func (w *world) now() time.Duration { return w.env.Now().Sub(t0) }

// run lives the case from its first notice until it closes or is stopped.
func (w *world) run(until time.Duration) State {
	w.t.Helper()
	return w.resume(State{Ref: ref, Part: 1, Pending: []string{w.first.EventID}}, until)
}

func (w *world) resume(s State, until time.Duration) State {
	w.t.Helper()
	w.closed = false
	w.at(until, w.stop)
	for start := w.startTime(); ; start = w.env.Now() {
		w.begin(start, s.Part)
		w.env.ExecuteWorkflow(DisputeWorkflow, s)
		next, renewed := w.ended()
		if !renewed {
			return next
		}
		s = next
	}
}

func (w *world) startTime() time.Time {
	if w.env == nil {
		return t0
	}
	return w.env.Now()
}

func (w *world) begin(start time.Time, part int) {
	w.runs++
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(30 * time.Second)
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: ref.WorkflowID(part), TaskQueue: CasesQueue})
	w.env.RegisterWorkflowWithOptions(Dispute, workflow.RegisterOptions{Name: DisputeWorkflow})
	w.env.RegisterActivity(&fakes{w})
	w.env.SetOnTimerScheduledListener(func(string, time.Duration) { w.timers++ })
	w.env.OnUpsertTypedSearchAttributes(mock.MatchedBy(w.upserted)).Return(nil).Maybe()
	for _, change := range w.old {
		w.env.OnGetVersion(change, workflow.DefaultVersion, 1).Return(workflow.DefaultVersion)
	}
	for _, h := range w.timeline {
		if after := h.at - start.Sub(t0); !h.done && after >= 0 {
			w.env.RegisterDelayedCallback(func() { h.done = true; h.do() }, after)
		}
	}
}

func (w *world) upserted(sa temporal.SearchAttributes) bool {
	run := fmt.Sprint(w.runs)
	w.attrs[run] = temporal.NewSearchAttributes(w.attrs[run].Copy(), sa.Copy())
	return true
}

// stop ends a case that would go on: its state is kept, then it is cancelled.
func (w *world) stop() {
	w.keepState()
	w.env.CancelWorkflow()
}

func (w *world) keepState() {
	w.t.Helper()
	got, err := w.env.QueryWorkflow(StateQuery)
	if err != nil {
		w.t.Fatalf("query: %v", err)
	}
	w.state = State{}
	if err := got.Get(&w.state); err != nil {
		w.t.Fatalf("query: %v", err)
	}
}

func (w *world) ended() (s State, renewed bool) {
	w.t.Helper()
	err := w.env.GetWorkflowError()
	var renew *workflow.ContinueAsNewError
	switch {
	case err == nil:
		w.closed = true
		var outcome dispute.Status
		if err := w.env.GetWorkflowResult(&outcome); err != nil {
			w.t.Fatalf("result: %v", err)
		}
		w.keepState()
		if w.state.Outcome != outcome {
			w.t.Fatalf("ended as %s, its state says %s", outcome, w.state.Outcome)
		}
		return w.state, false
	case errors.As(err, &renew):
		if err := converter.GetDefaultDataConverter().FromPayloads(renew.Input, &s); err != nil {
			w.t.Fatalf("continue as new: %v", err)
		}
		return s, true
	case temporal.IsCanceledError(err):
		return w.state, false
	default:
		w.t.Fatalf("the workflow failed: %v", err)
	}
	return s, false
}

// of gives the calls of a step; quick attempts only where asked for.
func (w *world) of(step string, quick bool) []call {
	return slices.DeleteFunc(slices.Clone(w.calls), func(c call) bool { return c.step != step || c.quick != quick })
}

// announced gives every announcement: cards are shown quickly, words and
// tickets by ordinary activities.
func (w *world) announced() []call {
	return slices.DeleteFunc(slices.Clone(w.calls), func(c call) bool { return c.step != "Announce" })
}

// answers are what really reached the provider.
type answer struct {
	Response dispute.Response
	By       string
	At       time.Duration
}

func (w *world) answers() []answer {
	var out []answer
	for _, r := range w.sent {
		out = append(out, answer{r.Response, r.By, r.At.Sub(t0)})
	}
	return out
}

func (w *world) kinds() []string {
	out := make([]string, 0, len(w.events))
	for _, e := range w.events {
		out = append(out, e.Kind)
	}
	return out
}

// event is the first published event of a kind.
func (w *world) event(kind string) (activities.Event, bool) {
	i := slices.IndexFunc(w.events, func(e activities.Event) bool { return e.Kind == kind })
	if i < 0 {
		return activities.Event{}, false
	}
	return w.events[i], true
}
