package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/activities"
)

// sdkBuckets fit waiting for a worker as well as a call to the cluster.
var sdkBuckets = []float64{0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300}

// sdkMetrics puts the metrics of Temporal's SDK on a registry, as temporal_….
func sdkMetrics(reg prometheus.Registerer) (client.MetricsHandler, error) {
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(reg),
		otelprometheus.WithoutTargetInfo(), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(sdkmetric.NewView(
		sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: sdkBuckets}},
	)))
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: provider.Meter("temporal"), InitialAttributes: attribute.NewSet(), UseMonotonicCounters: true,
	}), nil
}

// Steps counts what becomes of every attempt of every step. It looks at
// activities only, so no workflow sees it.
func (m *Metrics) Steps() interceptor.Interceptor { return &counting{metrics: m} }

type counting struct {
	interceptor.InterceptorBase
	metrics *Metrics
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (c *counting) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	one := &countingActivity{metrics: c.metrics}
	one.Next = next
	return one
}

type countingActivity struct {
	interceptor.ActivityInboundInterceptorBase
	metrics *Metrics
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (c *countingActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := c.Next.ExecuteActivity(ctx, in)
	info := activity.GetInfo(ctx)
	step, outcome := info.ActivityType.Name, stepOutcome(err)
	c.metrics.steps.WithLabelValues(step, info.TaskQueue, outcome).Inc()
	if step == "Submit" || step == "Accept" {
		if answered, is := result.(activities.Responded); is && err == nil {
			outcome = answered.Outcome
		}
		c.metrics.submissions.WithLabelValues(strings.TrimPrefix(info.TaskQueue, "vendor/"), step, outcome).Inc()
	}
	return result, err
}

// stepOutcome is the kind of an activity's error, which is its type.
func stepOutcome(err error) string {
	var app *temporal.ApplicationError
	switch {
	case err == nil:
		return outcomeOK
	case errors.As(err, &app) && app.Type() != "":
		return app.Type()
	case errors.Is(err, context.Canceled):
		return "cancelled"
	default:
		return "error"
	}
}
