package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.uber.org/goleak"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

func TestMain(m *testing.M) { testenv.MainWithoutLeaks(m) }

// Not parallel: what leaks is this test's.
func TestRunPollsEveryQueueAndStops(t *testing.T) {
	address, namespace := testenv.Temporal(t)
	running := goleak.IgnoreCurrent()
	c := dial(t, address, namespace)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- New(c, &activities.Steps{}, []string{"stripe-us", "alerts"}).Run(ctx, slog.New(slog.DiscardHandler))
	}()
	for queue, kind := range map[string]enums.TaskQueueType{
		workflows.CasesQueue:               enums.TASK_QUEUE_TYPE_WORKFLOW,
		workflows.VendorQueue("stripe-us"): enums.TASK_QUEUE_TYPE_ACTIVITY,
		workflows.VendorQueue("alerts"):    enums.TASK_QUEUE_TYPE_ACTIVITY,
	} {
		awaitPollers(t, c, namespace, queue, kind)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	c.Close()
	testenv.NoLeaks(t, running)
}

func dial(t *testing.T, address, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: address, Namespace: namespace, Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func awaitPollers(t *testing.T, c client.Client, namespace, queue string, kind enums.TaskQueueType) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := c.WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue}, TaskQueueType: kind,
		})
		if err == nil && len(answer.GetPollers()) > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody polls %s: %v", queue, err)
		}
	}
}

// A namespace that is not there is said at once, and nothing goes on polling.
func TestStartFails(t *testing.T) {
	address, _ := testenv.Temporal(t)
	running := goleak.IgnoreCurrent()
	c := dial(t, address, "nowhere")
	err := New(c, &activities.Steps{}, []string{"stripe-us"}).Run(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "worker: ") {
		t.Errorf("error %v", err)
	}
	c.Close()
	testenv.NoLeaks(t, running)
}

// A queue that can never be polled again ends the process instead of leaving it
// there, doing nothing.
func TestFatalErrorEndsRun(t *testing.T) {
	address, namespace := testenv.Temporal(t)
	c := dial(t, address, namespace)
	defer c.Close()
	w := New(c, &activities.Steps{}, nil)
	w.failed(io.ErrUnexpectedEOF)
	w.failed(errors.New("the second is not kept")) // and blocks nobody
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	err := w.Run(ctx, slog.New(slog.DiscardHandler))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}
