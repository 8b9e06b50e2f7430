package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/replay"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

const (
	replayAtOnce  = 8 // histories, so that reading them does not wait for replaying
	replayPage    = 200
	replayTellsAt = 5 * time.Second
)

// replayed is what became of a replay.
type replayed struct {
	OK       bool            `json:"ok"`
	Replayed int64           `json:"replayed"` // histories that fit
	Mismatch *replayMismatch `json:"mismatch,omitempty"`
}

// replayMismatch is the first history that does not fit.
type replayMismatch struct {
	File     string `json:"file,omitempty"`
	Workflow string `json:"workflow,omitempty"`
	Run      string `json:"run,omitempty"`
	Event    int64  `json:"event"`
	Type     string `json:"type"`
	Says     string `json:"says"`
}

// unfit is a mismatch on its way up.
type unfit struct {
	replayMismatch
	err error
}

func (u *unfit) Error() string {
	if u.File != "" {
		return fmt.Sprintf("%s %v", u.File, u.err)
	}
	return fmt.Sprintf("workflow %s, run %s, %v", u.Workflow, u.Run, u.err)
}

func (e *env) replayCommand() *cobra.Command {
	var open bool
	var dir string
	c := &cobra.Command{
		Use: "replay", Short: "Replay histories against this build; exit code 1 at the first mismatch",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case dir != "" && open:
				return usageError{errors.New("replay what? --open or --dir, not both")}
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
	c.Flags().StringVar(&dir, "dir", "", "a folder of histories (.json, .json.gz), as the Temporal CLI writes them")
	return c
}

// tellReplay prints what became of it. A mismatch is printed with --json only:
// it is the command's error, too.
func (e *env) tellReplay(n int64, err error) error {
	out := replayed{OK: err == nil, Replayed: n}
	var u *unfit
	if errors.As(err, &u) {
		out.Mismatch = &u.replayMismatch
	}
	if err != nil && (u == nil || !e.asJSON) {
		return err
	}
	print := e.print(out, func(w io.Writer) { _, _ = fmt.Fprintf(w, "%d histories replay on this build\n", n) })
	return errors.Join(err, print)
}

func (e *env) replayFolder(dir string) error {
	files, err := replay.Files(dir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no *.json in %s, and no *.json.gz", dir)
	}
	r, err := replay.New(nil)
	if err != nil {
		return err
	}
	var n int64
	for _, f := range files {
		h, err := replay.Read(f)
		if err != nil {
			return err
		}
		if err := fits(r.Replay(h, workflow.Execution{}), replayMismatch{File: f}); err != nil {
			return e.tellReplay(n, err)
		}
		n++
	}
	return e.tellReplay(n, nil)
}

// fits adds to a mismatch whose it is.
func fits(err error, of replayMismatch) error {
	var m *replay.Mismatch
	if !errors.As(err, &m) {
		return err
	}
	of.Event, of.Type, of.Says = m.Event, m.Type, m.Err.Error()
	return &unfit{replayMismatch: of, err: err}
}

// openCases finds what is replayed.
const openCases = "ExecutionStatus = 'Running' AND WorkflowType = '" + workflows.DisputeWorkflow + "'"

func (e *env) replayOpen(ctx context.Context, app *boot.App) error {
	c, err := app.Temporal()
	if err != nil {
		return err
	}
	var codec replay.Codec
	if app.Codec != nil {
		codec = app.Codec
	}
	r, err := replay.New(codec)
	if err != nil {
		return err
	}
	total, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: app.Namespace(), Query: openCases})
	if err != nil {
		return err
	}
	var n atomic.Int64
	stop := e.tellProgress(&n, total.GetCount())
	err = replayAll(ctx, c, r, app.Namespace(), &n)
	stop()
	return e.tellReplay(n.Load(), err)
}

// tellProgress says now and then how far it is; stop ends it.
func (e *env) tellProgress(n *atomic.Int64, total int64) (stop func()) {
	every, done := time.NewTicker(replayTellsAt), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-every.C:
				_, _ = fmt.Fprintf(e.err, "%d of %d open cases replay so far\n", n.Load(), total)
			case <-done:
				return
			}
		}
	}()
	return func() { every.Stop(); close(done); <-ended }
}

// replayAll lists the open cases page by page and replays each as it is read.
func replayAll(ctx context.Context, c client.Client, r *replay.Replayer, namespace string, n *atomic.Int64) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(replayAtOnce)
	var listing error
	for page := []byte(nil); ctx.Err() == nil; {
		var list *workflowservice.ListWorkflowExecutionsResponse
		list, listing = c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: namespace, PageSize: replayPage, NextPageToken: page, Query: openCases,
		})
		if listing != nil {
			break
		}
		for _, x := range list.GetExecutions() {
			of := workflow.Execution{ID: x.GetExecution().GetWorkflowId(), RunID: x.GetExecution().GetRunId()}
			g.Go(func() error { return replayOne(ctx, c, r, of, n) })
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return listing
}

func replayOne(ctx context.Context, c client.Client, r *replay.Replayer, of workflow.Execution, n *atomic.Int64) error {
	if ctx.Err() != nil {
		return ctx.Err() // another does not fit already
	}
	h, err := replay.Fetch(ctx, c, of)
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil // it ended meanwhile and is past its retention
	}
	if err != nil {
		return err
	}
	if len(h.GetEvents()) < 3 {
		return nil // no worker has begun with it
	}
	if err := fits(r.Replay(h, of), replayMismatch{Workflow: of.ID, Run: of.RunID}); err != nil {
		return err
	}
	n.Add(1)
	return nil
}
