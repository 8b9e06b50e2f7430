package workflows

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// golden compares with a file under testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestWireNames holds every name by which running cases are known. A changed
// line breaks them: add a new name beside the old one instead.
func TestWireNames(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	line := func(kind, name string) { fmt.Fprintln(&b, kind, name) }
	line("workflow", DisputeWorkflow)
	line("workflow", SweepWorkflow)
	line("workflow-id", ref.WorkflowID(1))
	line("workflow-id", ref.WorkflowID(2))
	line("queue", CasesQueue)
	line("queue", VendorQueue("<connection>"))
	for m := range reflect.TypeFor[*activities.Steps]().Methods() {
		line("activity", m.Name)
	}
	line("signal", NoticeSignal)
	line("query", StateQuery)
	for _, k := range dispute.Decisions {
		line("update", string(k))
	}
	var attrs []string
	for name, kind := range SearchAttributes() {
		attrs = append(attrs, name+" "+kind.String())
	}
	slices.Sort(attrs)
	for _, a := range attrs {
		line("search-attribute", a)
	}
	for _, k := range []dispute.Kind{
		dispute.Transient, dispute.RateLimited, dispute.Auth, dispute.Invalid, dispute.NotFound,
		dispute.Conflict, dispute.TooLate, dispute.UnknownOutcome, dispute.Unsupported,
	} {
		line("error", string(k))
	}
	golden(t, "wire_names", b.String())
}

// personal are words that a key of a payload must not contain: history is not
// the place for people.
var personal = regexp.MustCompile(`(?i)e_?mail|phone|address|customer|card|holder|first_?name|last_?name|full_?name|\bpan\b|\bip\b|secret|token|iban`)

// TestWirePayloads holds every field that crosses workflow history, and sees
// that none has room for personal data.
func TestWirePayloads(t *testing.T) {
	t.Parallel()
	types := []reflect.Type{reflect.TypeFor[State](), reflect.TypeFor[Arrival](), reflect.TypeFor[dispute.Decision](), reflect.TypeFor[dispute.Face]()}
	for m := range reflect.TypeFor[*activities.Steps]().Methods() {
		for i := 2; i < m.Type.NumIn(); i++ { // after the receiver and the context
			types = append(types, m.Type.In(i))
		}
		for i := range m.Type.NumOut() {
			if out := m.Type.Out(i); out != reflect.TypeFor[error]() {
				types = append(types, out)
			}
		}
	}
	fields := map[string]string{}
	for _, typ := range types {
		payloadFields(typ, fields)
	}
	lines := make([]string, 0, len(fields))
	for path, kind := range fields {
		lines = append(lines, path+" "+kind+"\n")
		if personal.MatchString(path) {
			t.Errorf("%s may hold personal data", path)
		}
	}
	slices.Sort(lines)
	golden(t, "wire_payloads", strings.Join(lines, ""))
}

// payloadFields notes "Type.json_key" for every struct within a payload.
func payloadFields(typ reflect.Type, into map[string]string) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		payloadFields(typ.Elem(), into)
		return
	case reflect.Map:
		payloadFields(typ.Elem(), into)
		return
	case reflect.Struct:
	default:
		return
	}
	if typ == reflect.TypeFor[time.Time]() {
		return
	}
	for f := range typ.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch path := typ.Name() + "." + key; {
		case key == "-":
		case key == "":
			into[typ.Name()+"."+f.Name+" (no json tag)"] = f.Type.String()
		case into[path] == "":
			into[path] = f.Type.String()
			payloadFields(f.Type, into)
		}
	}
}

// TestWireStateSurvivesJSON is what continue-as-new, the query and the next
// part live on.
func TestWireStateSurvivesJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.remind = []time.Duration{time.Hour}
	w.decides(time.Hour, dispute.DecideHold)
	s := w.run(day) // through the query's JSON already
	var again State
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, again); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
}

// TestHappyPathCounts holds what a case costs when nothing goes wrong: steps
// inside the workflow task, activities, timers.
func TestHappyPathCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	moved := func(s *dispute.Snapshot) {
		s.Movements = []dispute.Movement{{ID: "txn_1", Category: "dispute", Amount: -12900, Net: -12900, Currency: "USD", At: t0}}
	}
	w.first = w.notice(0, dispute.ProviderNeedsResponse, moved)
	w.plan.Tickets = []activities.TicketTarget{{Connection: "desk", Priority: "high"}}
	w.plan.Accounting = []string{"books"}
	w.hooks["Push"] = down(0, time.Minute) // not at the moment of the answer, where the order is anybody's
	w.says(time.Hour, dispute.ProviderUnderReview, moved)
	w.says(5*day, dispute.ProviderWon, func(s *dispute.Snapshot) {
		moved(s)
		s.Movements = append(s.Movements, dispute.Movement{ID: "txn_2", Category: "dispute_reversal", Amount: 12900, Net: 12900, Currency: "USD", At: t0.Add(5 * day)})
	})
	s := w.run(30 * day)
	if !w.closed || s.Outcome != dispute.StatusWon {
		t.Fatalf("closed %v as %s", w.closed, s.Outcome)
	}
	var b strings.Builder
	scheduled := func(step string, quick bool) int {
		return len(slices.DeleteFunc(w.of(step, quick), func(c call) bool { return c.retry }))
	}
	quick, ordinary := 0, 0
	for m := range reflect.TypeFor[*activities.Steps]().Methods() {
		q, o := scheduled(m.Name, true), scheduled(m.Name, false)
		quick, ordinary = quick+q, ordinary+o
		fmt.Fprintf(&b, "%-8s  %2d quick  %2d ordinary\n", m.Name, q, o)
	}
	fmt.Fprintf(&b, "%-8s  %2d quick  %2d ordinary\ntimers    %2d\n", "all", quick, ordinary, w.timers)
	golden(t, "happy_path", b.String())
}
