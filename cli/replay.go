package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

func (e *env) replayCommand() *cobra.Command {
	var open bool
	var dir string
	c := &cobra.Command{
		Use: "replay", Short: "Replay histories against this build; exit code 1 at the first mismatch",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case dir != "":
				return e.replayFolder(dir)
			case open:
				return e.withApp(cmd.Context(), e.quiet(), func(app *boot.App) error { return e.replayOpen(cmd.Context(), app) })
			default:
				return usageError{errors.New("replay what? --open for the cluster's open cases, --dir for a folder")}
			}
		},
	}
	c.Flags().BoolVar(&open, "open", false, "the histories of all open cases of the cluster")
	c.Flags().StringVar(&dir, "dir", "", "a folder of histories as JSON, as the Temporal CLI writes them")
	return c
}

func (e *env) replayed(n int) error {
	return e.print(map[string]int{"replayed": n}, func(w io.Writer) { _, _ = fmt.Fprintf(w, "%d histories replay on this build\n", n) })
}

func (e *env) replayFolder(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no *.json in %s", dir)
	}
	r, err := replayer(worker.WorkflowReplayerOptions{})
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := r.ReplayWorkflowHistoryFromJSONFile(nil, f); err != nil {
			return fmt.Errorf("%s does not replay: %w", f, err)
		}
	}
	return e.replayed(len(files))
}

func replayer(o worker.WorkflowReplayerOptions) (worker.WorkflowReplayer, error) {
	r, err := worker.NewWorkflowReplayerWithOptions(o)
	if err != nil {
		return nil, err
	}
	r.RegisterWorkflowWithOptions(workflows.Dispute, workflow.RegisterOptions{Name: workflows.DisputeWorkflow})
	return r, nil
}

func (e *env) replayOpen(ctx context.Context, app *boot.App) error {
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	o := worker.WorkflowReplayerOptions{}
	if app.Codec != nil {
		o.DataConverter = app.Codec.DataConverter()
	}
	r, err := replayer(o)
	if err != nil {
		return err
	}
	n, page := 0, []byte(nil)
	for {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: app.Namespace(), NextPageToken: page,
			Query: "ExecutionStatus = 'Running' AND WorkflowType = '" + workflows.DisputeWorkflow + "'",
		})
		if err != nil {
			return err
		}
		for _, x := range list.GetExecutions() {
			id, run := x.GetExecution().GetWorkflowId(), x.GetExecution().GetRunId()
			if err := replayOne(ctx, c, r, id, run); err != nil {
				return fmt.Errorf("%s does not replay on this build: %w", id, err)
			}
			n++
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return e.replayed(n)
		}
	}
}

func replayOne(ctx context.Context, c client.Client, r worker.WorkflowReplayer, id, run string) error {
	var h historypb.History
	it := c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		ev, err := it.Next()
		if err != nil {
			return err
		}
		h.Events = append(h.Events, ev)
	}
	return r.ReplayWorkflowHistory(nil, &h)
}
