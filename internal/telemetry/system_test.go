package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	stripewebhook "github.com/stripe/stripe-go/v76/webhook"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
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
			simulator.SalesforceSecret, simulator.ServiceSecret, simulator.EasyPostKey, simulator.AfterShipKey,
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
