package cli

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/replay"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// encrypted is a system as prepare makes it, whose payloads are encrypted.
func encrypted(t *testing.T) (*rehearsal.System, client.Client) {
	t.Helper()
	key := make([]byte, 32)
	_, err := rand.Read(key)
	ok(t, err)
	address, namespace := testenv.Temporal(t)
	sys, err := rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: t.TempDir(), Database: testenv.Postgres(t), TemporalAddress: address, Namespace: namespace,
		Day: time.Hour, Seed: 1, CodecKey: base64.StdEncoding.EncodeToString(key), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ok(t, err)
	t.Cleanup(sys.Close)
	c, err := sys.App.Temporal()
	ok(t, err)
	return sys, c
}

// listed waits until a call of the program ends with a code and says something:
// Temporal lists a new case a moment after it began.
func listed(t *testing.T, sys *rehearsal.System, args string, code int, says string) result {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		r := on(sys, args)
		if r.code == code && strings.Contains(r.out+r.err, says) {
			return r
		}
		if time.Now().After(end) {
			t.Fatalf("exit code %d, want %d and %q\n%s%s", r.code, code, says, r.out, r.err)
		}
	}
}

func TestReplayOpen(t *testing.T) {
	t.Parallel()
	sys, _ := encrypted(t)
	ok(t, sys.Run(t.Context()))
	for range 2 {
		sys.Simulator.Stripe.Open(sys.Simulator.World.NewOrder(world.OrderOptions{Total: 90000}), stripe.DisputeOptions{Reason: "product_not_received"})
	}
	listed(t, sys, "replay --open", exitDone, "2 histories replay")
	var got replayed
	ok(t, json.Unmarshal([]byte(on(sys, "replay --open --json").out), &got))
	if !got.OK || got.Replayed != 2 || got.Mismatch != nil {
		t.Errorf("%+v", got)
	}
}

// A build that would do something else than an open case did is told so, with
// the case's name and the event.
func TestReplayMismatch(t *testing.T) {
	t.Parallel()
	sys, c := encrypted(t)
	of := strayCase(t, c)
	r := listed(t, sys, "replay --open", exitFailed, "does not fit this build")
	for _, says := range []string{"workflow " + of.ID, "run " + of.RunID, "event 5 (TimerStarted)", "TMPRL1100"} {
		if !strings.Contains(r.err, says) {
			t.Errorf("does not say %q: %s", says, r.err)
		}
	}
	var got replayed
	ok(t, json.Unmarshal([]byte(on(sys, "replay --open --json").out), &got))
	if m := got.Mismatch; got.OK || m == nil || m.Workflow != of.ID || m.Run != of.RunID || m.Event != 5 || m.Type != "TimerStarted" {
		t.Errorf("%+v", got)
	}

	dir := t.TempDir()
	file := filepath.Join(dir, "stray"+replay.Packed)
	h, err := replay.Fetch(t.Context(), c, of)
	ok(t, err)
	ok(t, replay.Write(file, h))
	if r := call("replay", "--dir", dir); r.code != exitFailed || !strings.Contains(r.err, file) {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
}

// strayCase is an open case whose history another workflow wrote: it sleeps.
func strayCase(t *testing.T, c client.Client) workflow.Execution {
	t.Helper()
	w := worker.New(c, workflows.CasesQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ workflows.State) (dispute.Status, error) {
		return "", workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: workflows.DisputeWorkflow})
	ok(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: ref.WorkflowID(1), TaskQueue: workflows.CasesQueue},
		workflows.DisputeWorkflow, workflows.State{Ref: ref, Part: 1, Pending: []string{"evt_1"}})
	ok(t, err)
	of := workflow.Execution{ID: run.GetID(), RunID: run.GetRunID()}
	for {
		h, err := replay.Fetch(t.Context(), c, of)
		ok(t, err)
		if e := h.GetEvents(); e[len(e)-1].GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			return of
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestReplayFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "workflows", "testdata", "replay")
	files, err := replay.Files(dir)
	ok(t, err)
	var got replayed
	ok(t, json.Unmarshal([]byte(call("replay", "--json", "--dir", dir).want(t, exitDone)), &got))
	if !got.OK || got.Replayed != int64(len(files)) || len(files) == 0 {
		t.Errorf("%+v of %d files", got, len(files))
	}
}
