package telemetry

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// Not parallel: it sets the environment.
func TestTracingIsOffUnlessAsked(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		env map[string]string
		on  bool
		err string
	}{
		"nothing set":       {},
		"endpoint":          {env: map[string]string{endpoint: "http://127.0.0.1:1"}, on: true},
		"traces only":       {env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, on: true},
		"disabled":          {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}},
		"no exporter":       {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}},
		"the right way":     {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, on: true},
		"a way we lack":     {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, err: "grpc"},
		"a way traces lack": {env: map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, err: "grpc"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			tracing, err := StartTracing(t.Context())
			if (err != nil) != (c.err != "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if (tracing != nil) != c.on {
				t.Errorf("tracing is on: %v", tracing != nil)
			}
			if err := tracing.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is off adds nothing: no interceptor, no transport.
func TestTracingOff(t *testing.T) {
	t.Parallel()
	var off *Tracing
	opts := client.Options{}
	if err := off.Temporal(&opts); err != nil || opts.Interceptors != nil {
		t.Errorf("interceptors %v, %v", opts.Interceptors, err)
	}
	if off.transport("stripe", http.DefaultTransport) != http.DefaultTransport {
		t.Error("the transport is another")
	}
}

func TestTraceParent(t *testing.T) {
	t.Parallel()
	const parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
	if got := TraceParent(WithTraceParent(t.Context(), parent)); got != parent {
		t.Errorf("%q", got)
	}
	for _, broken := range []string{"", "x", "00-zz-zz-01"} {
		if got := TraceParent(WithTraceParent(t.Context(), broken)); got != "" {
			t.Errorf("%q becomes %q", broken, got)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "rebuttal_test"}, func() float64 { return 1 }))
	lacks := []string{"database: it does not answer"}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Serve(ctx, ln, reg, func(context.Context) []string { return lacks }) }()
	ask := func(path string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := ask("/readyz"); status != 503 || body != `{"missing":["database: it does not answer"],"ready":false}`+"\n" {
		t.Errorf("readyz: %d %s", status, body)
	}
	lacks = nil
	if status, body := ask("/readyz"); status != 200 || body != `{"missing":[],"ready":true}`+"\n" {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, body := ask("/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %s", status, body)
	}
	if status, body := ask("/metrics"); status != 200 || !strings.Contains(body, "rebuttal_test 1") {
		t.Errorf("metrics: %d %s", status, body)
	}
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Serve does not end")
	}
}
