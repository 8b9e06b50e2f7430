package workflows_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/replay"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// recordings holds a folder of histories per release; make record writes them.
var recordings = filepath.Join("testdata", "replay")

// anew says what mends a recording that lacks something.
const anew = "record this build under a version of its own: make record VERSION=…"

func recorded(t *testing.T, dir string) []string {
	t.Helper()
	files, err := replay.Files(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d histories in %s, %v", len(files), dir, err)
	}
	return files
}

func read(t *testing.T, path string) *historypb.History {
	t.Helper()
	h, err := replay.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRecordedHistoriesReplay runs every history of every release on this
// build. A file that fails is a case that the next deployment would break: put
// the change behind a version, as versions.go says.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	r, err := replay.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range recorded(t, recordings) {
		t.Run(strings.TrimPrefix(path, recordings+"/"), func(t *testing.T) {
			t.Parallel()
			if err := r.Replay(read(t, path), workflow.Execution{}); err != nil {
				t.Errorf("%s %v", path, err)
			}
		})
	}
}

// The replay must notice a workflow that does something else than it did.
func TestReplayNoticesAnotherWorkflow(t *testing.T) {
	t.Parallel()
	histories := recorded(t, newest(t))
	for name, dispute := range map[string]any{
		"it waits first": func(ctx workflow.Context, s workflows.State) (dispute.Status, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return "", err
			}
			return workflows.Dispute(ctx, s)
		},
		"it notes something first": func(ctx workflow.Context, s workflows.State) (dispute.Status, error) {
			workflow.SideEffect(ctx, func(workflow.Context) any { return "noted" })
			return workflows.Dispute(ctx, s)
		},
		"it gives up": func(workflow.Context, workflows.State) (dispute.Status, error) { return dispute.StatusLost, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := replay.Of(dispute, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range histories {
				var m *replay.Mismatch
				if err := r.Replay(read(t, path), workflow.Execution{}); !errors.As(err, &m) {
					t.Errorf("%s: %v", path, err)
				} else if m.Event < 2 || m.Type == "" || strings.Contains(m.Error(), "stack_trace") || strings.Contains(m.Error(), "\n") {
					t.Errorf("%s: %v", path, m)
				}
			}
		})
	}
}

// newest is the release that was recorded last.
func newest(t *testing.T) string {
	t.Helper()
	dirs, err := os.ReadDir(recordings)
	if err != nil {
		t.Fatal(err)
	}
	var found string
	var at time.Time
	for _, d := range dirs {
		dir := filepath.Join(recordings, d.Name())
		if began := read(t, recorded(t, dir)[0]).GetEvents()[0].GetEventTime().AsTime(); began.After(at) {
			found, at = dir, began
		}
	}
	return found
}

// TestNewestRecordingIsWhole keeps the recordings from shrinking: whatever a
// case can go through is in the newest release's.
func TestNewestRecordingIsWhole(t *testing.T) {
	t.Parallel()
	dir := newest(t)
	have, names := map[string]bool{}, map[string]bool{}
	for _, path := range recorded(t, dir) {
		names[strings.TrimSuffix(filepath.Base(path), replay.Packed)] = true
		for _, what := range contents(t, read(t, path)) {
			have[what] = true
		}
	}
	want := []string{
		"rung remind", "rung escalate", "cut-off submit", "cut-off accept", "cut-off person",
		"ended won", "ended lost", "ended accepted", "ended closed", "told prevented", "verdict withdrawn", "reopened",
		"continued as new", "continued", "next part", "cancelled", "still open",
		"Gather on the vendor's queue", "Announce on the vendor's queue", "no worker", "answer refused",
	}
	for _, k := range dispute.Decisions {
		want = append(want, "decision "+string(k))
	}
	for _, what := range want {
		if !have[what] {
			t.Errorf("%s has no case with: %s; %s", dir, what, anew)
		}
	}
	for _, sc := range scenario.All {
		if !names[sc.Name] {
			t.Errorf("%s has no case of the scenario %s; %s", dir, sc.Name, anew)
		}
	}
}

// mail finds e-mail addresses; the recordings' own people have none.
var mail = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+`)

// staff are the people of the simulated company who decide in the demo.
var staff = []string{"mo@acme.example", "ana@acme.example", "payments@acme.example"}

// Recordings name neither people nor the machine they were made on.
func TestRecordingsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, path := range recorded(t, recordings) {
		h := read(t, path)
		raw, err := proto.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range mail.FindAll(raw, -1) {
			found[string(address)] = true
		}
		for _, word := range []string{"/home/", "/root/", "/Users/", "goroutine "} {
			if strings.Contains(string(raw), word) {
				t.Errorf("%s names %s", path, word)
			}
		}
	}
	for address := range found {
		if !slices.Contains(staff, address) {
			t.Errorf("an e-mail address in the recordings: %s", address)
		}
	}
}
