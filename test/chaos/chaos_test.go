// Package chaos kills Rebuttal's processes and servers, at every boundary of
// every outside write and at random, and lets the checker of test/checker,
// which shares no code with them, say what became of it.
package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	connection = "stripe-us"
	// day is how long a policy day lasts in these tests.
	day = time.Second
)

// rules answer everything without a person: tiny amounts are accepted, large
// ones get a ticket beside the card.
const rules = `
queues:
  frontline: { members: [ana@acme.example], escalate_to: mo@acme.example }
ladder:
  standard: { cut_off: 6h, at_cut_off: submit }
rules:
  - id: tiny
    when: dispute.amount_base < money("15 USD")
    then: { queue: frontline, approval: none, ladder: standard, respond: accept }
  - id: large
    when: dispute.amount_base >= money("500 USD")
    then:
      queue: frontline
      approval: none
      ladder: standard
      respond: contest
      notify: [{ connection: alerts, channel: "#disputes-high" }]
      ticket: { connection: helpdesk, priority: urgent }
  - id: rest
    when: "true"
    then:
      queue: frontline
      approval: none
      ladder: standard
      respond: contest
      notify: [{ connection: alerts, channel: "#disputes" }]
`

// binaries builds Rebuttal and the checker.
func binaries(t *testing.T) (rebuttal, checker string) {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", folder+string(filepath.Separator),
		"github.com/rebuttal-hq/rebuttal", "github.com/rebuttal-hq/rebuttal/test/checker")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return filepath.Join(folder, "rebuttal"), filepath.Join(folder, "checker")
}

// options are a rehearsal's, with payloads encrypted.
func options(t *testing.T, database, address, namespace string, seed int64) rehearsal.Options {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	return rehearsal.Options{
		Folder: t.TempDir(), Database: database, TemporalAddress: address, Namespace: namespace,
		Day: day, Seed: seed, CodecKey: base64.StdEncoding.EncodeToString(key), Rules: []byte(rules),
		Log: slog.New(slog.DiscardHandler),
	}
}

// prepare makes a system of which nothing runs yet but the simulator.
func prepare(t *testing.T, o rehearsal.Options) *rehearsal.System {
	t.Helper()
	sys, err := rehearsal.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	return sys
}

// until polls for a condition; what describes how things stand when patience
// ends.
func until(ctx context.Context, t *testing.T, what func() string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited too long: %s", what())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// sentLine is a line of the sender's log, as the checker reads it.
type sentLine struct {
	Connection   string `json:"connection"`
	Event        string `json:"event"`
	Dispute      string `json:"dispute"`
	Kind         string `json:"kind"`
	Amount       int64  `json:"amount"`
	Currency     string `json:"currency"`
	Acknowledged bool   `json:"acknowledged"`
}

// judge writes down what the provider has sent and lets the checker judge.
func judge(t *testing.T, checker, database string, sys *rehearsal.System) (verdict string, ok bool) {
	t.Helper()
	var sent bytes.Buffer
	lines := json.NewEncoder(&sent)
	for _, e := range sys.Simulator.Stripe.Events("") {
		d, _ := sys.Simulator.Stripe.Dispute(e.Dispute)
		line := sentLine{connection, e.ID, e.Dispute, e.Type, d.Amount, d.Currency, e.Delivered > 0}
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "sent.jsonl")
	if err := os.WriteFile(file, sent.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), checker, "-sent", file, "-simulator", sys.SimURL)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+database)
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// temporal connects as an operator would, for what is under way.
func temporal(t *testing.T, sys *rehearsal.System) client.Client {
	t.Helper()
	c, err := sys.App.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// underWay lists the activities that a workflow waits for.
func underWay(ctx context.Context, c client.Client, id string) []*workflow.PendingActivityInfo {
	d, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil // not started yet, or gone
	}
	return d.GetPendingActivities()
}

// started reports whether a worker has taken the activity.
func started(a *workflow.PendingActivityInfo) bool {
	return a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED
}

// running lists the workflows that have not ended.
func running(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: namespace, Query: "ExecutionStatus = 'Running'", PageSize: 1000,
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range list.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	return ids, nil
}

// bury tells Temporal that the attempts of dead workers have failed, which it
// would find out by time-outs of up to a minute. Nothing else is hastened.
func bury(ctx context.Context, c client.Client, namespace string, alive int) {
	ids, err := running(ctx, c, namespace)
	if err != nil {
		return // it is asked again
	}
	for _, id := range ids {
		for _, a := range underWay(ctx, c, id) {
			if started(a) && !strings.HasPrefix(a.GetLastWorkerIdentity(), strconv.Itoa(alive)+"@") {
				_ = c.CompleteActivityByID(ctx, namespace, id, "", a.GetActivityId(), nil, errors.New("the worker was killed"))
			}
		}
	}
}
