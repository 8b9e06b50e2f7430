package testenv

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

// Temporal returns the address of a Temporal service and a namespace of its
// own, registered with a retention of one day and ready for use.
func Temporal(t testing.TB) (address, namespace string) {
	t.Helper()
	server := temporal.get(t, devstack.StartTemporal)
	options := server.ClientOptions()
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	options.Namespace = "test-" + suffix()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		t.Fatalf("testenv: %v", err)
	}
	t.Cleanup(c.Close)
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        options.Namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		t.Fatalf("testenv: register a namespace: %v", err)
	}
	if err := waitUsable(ctx, c, options.Namespace); err != nil {
		t.Fatalf("testenv: namespace %s: %v", options.Namespace, err)
	}
	return options.HostPort, options.Namespace
}

// waitUsable asks each of the services that keep a cache of namespaces until
// all know the new one: history through a workflow, matching through a task
// queue, visibility through a list.
func waitUsable(ctx context.Context, c client.Client, namespace string) error {
	for {
		err := usable(ctx, c, namespace)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func usable(ctx context.Context, c client.Client, namespace string) error {
	var missing *serviceerror.NotFound
	_, err := c.DescribeWorkflowExecution(ctx, "none", "")
	if !errors.As(err, &missing) {
		return err
	}
	_, err = c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     namespace,
		TaskQueue:     &taskqueue.TaskQueue{Name: "none"},
		TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
	})
	if err != nil {
		return err
	}
	_, err = c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace})
	return err
}
