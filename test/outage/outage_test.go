// Package outage takes Temporal and PostgreSQL away while a provider goes on
// sending, and says what became of every webhook. Rebuttal's starter and worker
// are processes of their own; their restarts are part of the tests.
package outage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"flag"
	"log/slog"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

var (
	away = flag.Duration("away", 12*time.Second, "how long Temporal is away")
	rate = flag.Int("rate", 40, "webhooks a second")
	// repeats above a half spare a small machine: fewer cases, as many webhooks.
	again = flag.Float64("repeats", 0.5, "share of the webhooks that repeat an earlier one")
)

func TestMain(m *testing.M) { testenv.Main(m) }

// rules let every case wait for a person, so that a case costs little and none
// ends before it is counted.
const rules = `
queues:
  frontline: { members: [ana@acme.example], escalate_to: mo@acme.example }
ladder:
  standard: { remind: [5d], escalate: [12h], cut_off: 6h, at_cut_off: submit }
rules:
  - id: all
    when: "true"
    then: { queue: frontline, approval: required, ladder: standard, respond: contest }
`

// stage is a stack that can be taken away, a system on it, and its roles.
type stage struct {
	*testing.T
	stack   *devstack.Stack
	sys     *rehearsal.System
	bin     string
	starter *process
	worker  *process
}

// setUp starts a stack, both roles and nothing else: the webhooks are the
// test's own.
func setUp(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, bin: binary(t)}
	var err error
	s.stack, err = devstack.Start(t.Context(), devstack.Options{Own: true, Persist: true, Unsafe: true, Headless: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
		defer stop()
		if err := s.stack.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	s.sys, err = rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: t.TempDir(), Database: s.stack.Postgres.URL(), TemporalAddress: s.stack.Temporal.Address(),
		Namespace: s.stack.Temporal.Namespace(), Day: 24 * time.Hour, Seed: 1,
		CodecKey: base64.StdEncoding.EncodeToString(key), Console: testenv.Reserve(t), Rules: []byte(rules),
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sys.Close)
	s.starter, s.worker = s.run("starter"), s.run("worker")
	s.until(30*time.Second, "the starter to listen", s.listens)
	s.until(30*time.Second, "the worker to poll", func() bool { return s.worker.said("worker polls") })
	return s
}

// binary builds Rebuttal.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rebuttal")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "github.com/rebuttal-hq/rebuttal")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// until waits for a condition, and ends the test when it does not come.
func (s *stage) until(patience time.Duration, what string, ok func() bool) {
	s.Helper()
	end := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(end) {
			s.Fatalf("waited %s in vain for %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *stage) must(what string, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}

// alive checks that neither role has ended since it was started.
func (s *stage) alive() {
	s.Helper()
	for _, p := range []*process{s.starter, s.worker} {
		if p.ended() {
			s.Errorf("the %s has ended by itself:\n%s", p.role, p.words())
		}
	}
}
