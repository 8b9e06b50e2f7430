package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"
)

// Metrics are one process's counters. Their labels come from short lists:
// connections of the configuration, vendors, steps, kinds of errors.
type Metrics struct {
	Registry *prometheus.Registry
	// Webhooks counts what was posted, by connection and outcome.
	Webhooks *prometheus.CounterVec
	// SDK is where Temporal's clients and workers count.
	SDK client.MetricsHandler

	calls       *prometheus.HistogramVec
	steps       *prometheus.CounterVec
	submissions *prometheus.CounterVec
}

// callBuckets reach from a fast read to the longest time a call may take.
var callBuckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// NewMetrics makes the counters on a registry of their own, beside those of the
// Go runtime and of the process.
func NewMetrics() (*Metrics, error) {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		Webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rebuttal_webhooks_total", Help: "Webhooks by connection and outcome.",
		}, []string{"connection", "outcome"}),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rebuttal_vendor_call_seconds", Buckets: callBuckets,
			Help: "HTTP calls to vendors until the answer's first byte, by vendor and outcome: ok, or the kind of error.",
		}, []string{"vendor", "outcome"}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rebuttal_steps_total",
			Help: "Attempts of steps by step, task queue and outcome: ok, or the kind of error.",
		}, []string{"step", "queue", "outcome"}),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rebuttal_submissions_total",
			Help: "Attempts to answer a provider by connection, step (Submit, Accept) and outcome: what became of it, or the kind of error.",
		}, []string{"connection", "step", "outcome"}),
	}
	m.Registry.MustRegister(m.Webhooks, m.calls, m.steps, m.submissions,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	m.SDK, err = sdkMetrics(m.Registry)
	return m, err
}
