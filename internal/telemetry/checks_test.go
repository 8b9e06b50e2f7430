package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// carried looks at what the headers of a traced workflow hold, which nothing
// encrypts, and replays it on a worker that traces nothing.
func carried(t *testing.T, c client.Client, id string) {
	t.Helper()
	history := &historypb.History{}
	it := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	headers := 0
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		history.Events = append(history.Events, e)
		for _, h := range []*commonpb.Header{
			e.GetWorkflowExecutionStartedEventAttributes().GetHeader(), e.GetActivityTaskScheduledEventAttributes().GetHeader(),
			e.GetWorkflowExecutionSignaledEventAttributes().GetHeader(),
		} {
			for name, field := range h.GetFields() {
				var data map[string]string
				if err := json.Unmarshal(field.GetData(), &data); err != nil || name != "_tracer-data" || len(data) != 1 || data["traceparent"] == "" {
					t.Errorf("event %d carries %s: %s", e.GetEventId(), name, field.GetData())
				}
				headers++
			}
		}
	}
	if headers < 2 {
		t.Errorf("%d headers carry the trace", headers)
	}
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(workflows.Dispute, workflow.RegisterOptions{Name: workflows.DisputeWorkflow})
	if err := replayer.ReplayWorkflowHistory(nil, history); err != nil {
		t.Errorf("replay without tracing: %v", err)
	}
}

// checkTrace finds the final request to the provider and follows it back to the
// webhook.
func checkTrace(t *testing.T, spans []*tracepb.Span) {
	byID := map[string]*tracepb.Span{}
	for _, s := range spans {
		if hex.EncodeToString(s.GetTraceId()) == strangersTrace {
			t.Error("a stranger chose the trace id")
		}
		byID[string(s.GetSpanId())] = s
	}
	for _, s := range spans {
		var way []string
		for at := s; at != nil; at = byID[string(at.GetParentSpanId())] {
			if !bytes.Equal(at.GetTraceId(), s.GetTraceId()) {
				t.Fatalf("%s and its ancestor %s are of two traces", s.GetName(), at.GetName())
			}
			way = append(way, at.GetName())
		}
		want := []string{
			"POST stripe", "RunActivity:Submit", "StartActivity:Submit",
			"RunWorkflow:" + workflows.DisputeWorkflow, "StartWorkflow:" + workflows.DisputeWorkflow, "POST /webhooks/:connection",
		}
		if slices.Equal(way, want) {
			return
		}
	}
	names := map[string]int{}
	for _, s := range spans {
		names[s.GetName()]++
	}
	t.Errorf("no request of a submission leads back to a webhook; spans: %v", names)
}

// checkLog wants JSON with fixed keys, and lines that name the case and the trace.
func checkLog(t *testing.T, log, caseID string) {
	about, traced := 0, 0
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("not JSON: %s", line)
			continue
		}
		if fields[telemetry.KeyCase] == caseID {
			about++
		}
		if fields[telemetry.KeyTrace] != nil {
			traced++
		}
		if fields["WorkflowID"] != nil || fields["Error"] != nil {
			t.Errorf("an attribute has the SDK's name: %s", line)
		}
	}
	if about == 0 || traced == 0 {
		t.Errorf("%d lines name the case, %d a trace", about, traced)
	}
}

// checkScrape compares our names with the golden ones, and wants everything that
// alerts and dashboards use.
func checkScrape(t *testing.T, scrape string) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scrape))
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	have := map[string]bool{"up": true}
	for name, f := range families {
		have[name] = true
		if f.GetType() == dto.MetricType_HISTOGRAM {
			have[name+"_bucket"], have[name+"_sum"], have[name+"_count"] = true, true, true
		}
		if !strings.HasPrefix(name, "rebuttal_") {
			continue
		}
		line := name + " " + strings.ToLower(f.GetType().String())
		for _, l := range f.GetMetric()[0].GetLabel() {
			line += " " + l.GetName()
		}
		ours = append(ours, line)
		if n := len(f.GetMetric()); n > 100 {
			t.Errorf("%s has %d series after two cases", name, n)
		}
	}
	slices.Sort(ours)
	golden(t, "testdata/metrics.txt", strings.Join(ours, "\n")+"\n")
	for _, use := range uses(t) {
		if !have[use.metric] {
			t.Errorf("%s uses %s, which nothing reports", use.where, use.metric)
		}
	}
	for _, id := range []string{`="du_`, `="cs_`, `="dispute/`, `="dp_`} {
		if strings.Contains(scrape, id) {
			t.Errorf("a label holds an id: %s", id)
		}
	}
	for _, line := range []string{
		`rebuttal_submissions_total{connection="stripe-us",outcome="sent",step="Submit"} 1`,
		`rebuttal_webhooks_total{connection="stripe-us",outcome="bad_signature"} 1`,
		`rebuttal_webhooks_total{connection="stripe-us",outcome="malformed"} 1`,
		`rebuttal_vendor_call_seconds_count{outcome="invalid",vendor="hubspot"} 1`,
		`rebuttal_cases{status="needs_approval"} 1`, `rebuttal_cases{status="won"} 1`,
		"rebuttal_unwatched_cases 1", "rebuttal_ledger_imbalance 0", "rebuttal_database_up 1",
	} {
		if !strings.Contains(scrape, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
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
