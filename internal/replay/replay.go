// Package replay runs recorded histories against this build: the command line,
// the recordings and their tests share it.
package replay

import (
	"fmt"
	"log/slog"
	"sort"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/workflows"
)

// Codec reads encrypted payloads and failures.
type Codec interface {
	DataConverter() converter.DataConverter
	FailureConverter() converter.FailureConverter
}

// Replayer replays histories. It is safe for concurrent use.
type Replayer struct {
	sdk worker.WorkflowReplayer
	log tlog.Logger
}

// New makes a replayer with the workflows of this build. The codec may be nil:
// payloads are then read as they are.
func New(c Codec) (*Replayer, error) {
	return with(c, func(sdk worker.WorkflowReplayer) { workflows.Register(sdk) })
}

// Of is New with another function in the place of the dispute's workflow, to
// see whether it would fit the same histories.
func Of(dispute any, c Codec) (*Replayer, error) {
	return with(c, func(sdk worker.WorkflowReplayer) {
		sdk.RegisterWorkflowWithOptions(dispute, workflow.RegisterOptions{Name: workflows.DisputeWorkflow})
	})
}

func with(c Codec, register func(worker.WorkflowReplayer)) (*Replayer, error) {
	o := worker.WorkflowReplayerOptions{
		// A busy machine is no fault of the workflow's.
		DisableDeadlockDetection: true,
	}
	if c != nil {
		o.DataConverter, o.FailureConverter = c.DataConverter(), c.FailureConverter()
	}
	sdk, err := worker.NewWorkflowReplayerWithOptions(o)
	if err != nil {
		return nil, err
	}
	register(sdk)
	return &Replayer{sdk: sdk, log: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler))}, nil
}

// Mismatch says that a history does not fit this build.
type Mismatch struct {
	Event int64  // the first event that does not fit, or one of the same workflow task's before it
	Type  string // of that event
	Err   error  // what Temporal's SDK says
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("does not fit this build from event %d (%s) on: %v", m.Event, m.Type, m.Err)
}

// Unwrap returns what Temporal's SDK says.
func (m *Mismatch) Unwrap() error { return m.Err }

// Replay runs one history. A *Mismatch says that this build would have done
// something else; the history may be one of a case that is still open.
func (r *Replayer) Replay(h *historypb.History, of workflow.Execution) error {
	err := r.run(h.GetEvents(), of)
	if err == nil {
		return nil
	}
	m := &Mismatch{Err: err}
	if at := r.first(h.GetEvents(), of); at != nil {
		m.Event, m.Type = at.GetEventId(), at.GetEventType().String()
	}
	return m
}

func (r *Replayer) run(events []*historypb.HistoryEvent, of workflow.Execution) error {
	return says(r.sdk.ReplayWorkflowHistoryWithOptions(r.log, &historypb.History{Events: events}, worker.ReplayWorkflowHistoryOptions{OriginalExecution: of}))
}

// first is where a history ceases to fit: the first command of the workflow
// task up to which it does.
func (r *Replayer) first(events []*historypb.HistoryEvent, of workflow.Execution) *historypb.HistoryEvent {
	var tasks []int // a history that ends with a task's start is compared up to there
	for i, e := range events {
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED {
			tasks = append(tasks, i)
		}
	}
	k := sort.Search(len(tasks), func(i int) bool { return r.run(events[:tasks[i]+1], of) != nil })
	end := len(events) - 1
	if k < len(tasks) {
		end = tasks[k]
	}
	for i := end; i > 0; i-- {
		if events[i-1].GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return events[i]
		}
	}
	if len(events) == 0 {
		return nil
	}
	return events[end]
}
