package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
)

// service is the name that spans carry unless OTEL_SERVICE_NAME says another.
const service = "rebuttal"

// Tracing sends spans to a collector. A nil *Tracing is tracing that is off:
// every method of it does nothing and costs nothing.
type Tracing struct{ provider *sdktrace.TracerProvider }

// StartTracing follows OpenTelemetry's environment variables. It returns nil
// unless OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is
// set, and when OTEL_SDK_DISABLED is true or OTEL_TRACES_EXPORTER is none. Spans
// travel by http/protobuf; another OTEL_EXPORTER_OTLP_PROTOCOL is an error.
func StartTracing(ctx context.Context) (*Tracing, error) {
	if !asked() {
		return nil, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if v := os.Getenv(name); v != "" && v != "http/protobuf" {
			return nil, fmt.Errorf("tracing: %s is %q; this build speaks http/protobuf", name, v)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, errors.New("tracing: the OTEL_EXPORTER_OTLP_… variables cannot be read")
	}
	about, err := resource.New(ctx, resource.WithAttributes(serviceName(service)), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, errors.New("tracing: OTEL_RESOURCE_ATTRIBUTES cannot be read")
	}
	return &Tracing{provider: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(scrubbing{exporter}), sdktrace.WithResource(about),
	)}, nil
}

func asked() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Stop sends what is left.
func (t *Tracing) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// nothing neither reads nor writes trace headers: a stranger who posts a webhook
// does not choose our trace ids, and vendors are not told them.
var nothing = propagation.NewCompositeTextMapPropagator()

// Middleware begins a span with every webhook and every call of the API.
func (t *Tracing) Middleware() gin.HandlerFunc {
	if t == nil {
		return func(*gin.Context) {}
	}
	return otelgin.Middleware(service, otelgin.WithTracerProvider(t.provider), otelgin.WithMeterProvider(noop.NewMeterProvider()),
		otelgin.WithPropagators(nothing), otelgin.WithGinFilter(func(c *gin.Context) bool {
			return strings.HasPrefix(c.FullPath(), "/webhooks/") || strings.HasPrefix(c.FullPath(), "/v1/")
		}))
}

// transport puts a span around one vendor's HTTP calls.
func (t *Tracing) transport(vendor string, next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return otelhttp.NewTransport(next, otelhttp.WithTracerProvider(t.provider), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
		otelhttp.WithPropagators(nothing), otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			return r.Method + " " + vendor
		}))
}

// Pool puts a span around every query that is part of a trace.
func (t *Tracing) Pool(cfg *pgxpool.Config) {
	if t == nil {
		return
	}
	cfg.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(t.provider), otelpgx.WithMeterProvider(noop.NewMeterProvider()),
		otelpgx.WithDisableAcquireTracer(), otelpgx.WithDisableConnectionDetailsInAttributes(), otelpgx.WithSpanNameFunc(queryName))
}

// queryName is the name that sqlc gives a query.
func queryName(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	return "query"
}

// Temporal makes the client, and every worker on it, carry the trace in the
// headers of workflows and activities: the ids of trace and span, nothing else.
// It changes no command of a workflow.
func (t *Tracing) Temporal(opts *client.Options) error {
	if t == nil {
		return nil
	}
	carry, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t.provider.Tracer("temporal"), TextMapPropagator: traceContext, DisableBaggage: true,
		DisableQueryTracing: true, AllowInvalidParentSpans: true,
	})
	if err != nil {
		return fmt.Errorf("tracing: %w", err)
	}
	opts.Interceptors = append(opts.Interceptors, carry)
	return nil
}

var traceContext = propagation.TraceContext{}

// TraceParent is the trace of ctx in W3C's form; empty when there is none.
func TraceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// WithTraceParent is ctx inside a trace that TraceParent wrote down. Anything
// else leaves ctx as it is.
func WithTraceParent(ctx context.Context, parent string) context.Context {
	return traceContext.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
}
