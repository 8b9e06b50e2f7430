package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	stripewebhook "github.com/stripe/stripe-go/v76/webhook"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	day        = 2 * time.Second
	cardNumber = "4242424242424242"
	stranger   = "canary@leak.example"

	strangersTrace = "0123456789abcdef0123456789abcdef"
)

// buffer is written to by many.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// receiver is a collector of spans.
type receiver struct {
	mu    sync.Mutex
	raw   []byte
	spans []*tracepb.Span
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var batch collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &batch) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw = append(r.raw, body...)
	for _, resource := range batch.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			r.spans = append(r.spans, scope.GetSpans()...)
		}
	}
}

// talkative makes the CRM quote personal data in its first refusals, and then
// hang up once.
func talkative(vendor string, next http.Handler) http.Handler {
	if vendor != "hubspot" {
		return next
	}
	var mu sync.Mutex
	calls := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		calls++
		call := calls
		mu.Unlock()
		switch call {
		case 1:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"message":"%s with card %s is invalid"}`, stranger, cardNumber)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// One case, from the webhook to the verdict, with everything watched: what the
// metrics are called, that one trace holds it together, and that no personal
// data and no secret is in logs, metrics and spans.
func TestWatchedCase(t *testing.T) {
	spans := &receiver{}
	endpoint := httptest.NewServer(spans)
	defer endpoint.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "200")

	database := testenv.Postgres(t)
	address, namespace := testenv.Temporal(t)
	log := &buffer{}
	sys, err := rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: t.TempDir(), Database: database, TemporalAddress: address, Namespace: namespace,
		Day: day, Seed: 1, Log: telemetry.NewLog(log, slog.LevelDebug), Verbose: true, Wrap: talkative,
	})
	if err != nil {
		t.Fatal(err)
	}
	closed := sync.OnceFunc(sys.Close)
	defer closed()
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}

	postJunk(t, sys.Console)
	buyer, answered := contest(t, sys)
	waiting := sys.Simulator.Stripe.Open(sys.Simulator.World.NewOrder(world.OrderOptions{Total: 90000}), stripe.DisputeOptions{
		Reason: "product_not_received", NetworkCode: "13.1", DueIn: 600 * day,
	})
	await(t, sys, waiting, dispute.StatusNeedsApproval)
	forget(t, database, waiting)

	scrape := get(t, sys.Console+"/metrics")
	c, err := sys.App.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	carried(t, c, dispute.Ref{Connection: "stripe-us", ID: answered}.WorkflowID(1))
	closed()

	t.Run("metrics", func(t *testing.T) { checkScrape(t, scrape) })
	t.Run("trace", func(t *testing.T) { checkTrace(t, spans.spans) })
	t.Run("log", func(t *testing.T) {
		checkLog(t, log.String(), dispute.Ref{Connection: "stripe-us", ID: answered}.CaseID())
	})
	t.Run("canaries", func(t *testing.T) {
		canaries := []string{
			cardNumber, stranger, buyer.Name, buyer.Email, buyer.Phone, buyer.Address.Line1,
			simulator.StripeKey, simulator.StripeWebhookSecret, simulator.ShopifyToken, simulator.ShipBobToken,
			simulator.HubSpotToken, simulator.SlackToken, simulator.SlackSigningSecret, simulator.ZendeskToken,
			simulator.QuickBooksSecret, simulator.QuickBooksRefresh,
		}
		for name, text := range map[string]string{"log": log.String(), "metrics": scrape, "spans": string(spans.raw)} {
			if len(text) < 1000 {
				t.Errorf("%s: only %d bytes to look at", name, len(text))
			}
			for _, canary := range canaries {
				if canary == "" || strings.Contains(text, canary) {
					t.Errorf("%s holds %q", name, canary)
				}
			}
		}
	})
}

// postJunk sends what the front door refuses, full of personal data.
func postJunk(t *testing.T, console string) {
	t.Helper()
	body := []byte(`{"object":"` + stranger + `","card":"` + cardNumber)
	at := time.Now()
	good := hex.EncodeToString(stripewebhook.ComputeSignature(at, body, simulator.StripeWebhookSecret))
	for _, signature := range []string{good, "00"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, console+"/webhooks/stripe-us?email="+stranger, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", at.Unix(), signature))
		req.Header.Set("Traceparent", "00-"+strangersTrace+"-0123456789abcdef-01")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode < 400 {
			t.Errorf("junk is answered with %d", resp.StatusCode)
		}
	}
}

// contest plays a dispute to a won verdict.
func contest(t *testing.T, sys *rehearsal.System) (buyer world.Customer, id string) {
	t.Helper()
	order := sys.Simulator.World.NewOrder(world.OrderOptions{})
	id = sys.Simulator.Stripe.Open(order, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1", DueIn: 60 * day})
	await(t, sys, id, dispute.StatusSubmitted)
	if err := sys.Simulator.Stripe.Decide(id, true); err != nil {
		t.Fatal(err)
	}
	await(t, sys, id, dispute.StatusWon)
	return order.Customer, id
}

func await(t *testing.T, sys *rehearsal.System, id string, status dispute.Status) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		row, err := sys.App.DB.GetCase(t.Context(), id)
		if err == nil && row.Status == status {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %s (%s), want %s: %v", id, row.Status, row.Needs, status, err)
		}
	}
}

// forget takes a case's timer away behind the engine's back.
func forget(t *testing.T, database, id string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), "UPDATE cases SET armed_until = now() - interval '1h', created_at = now() - interval '1h' WHERE dispute_id = $1", id)
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, err)
	}
	return string(body)
}

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
