package boot

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/store"
)

// watch lets the client, and every worker on it, count and trace. A client that
// only tries the cluster has nothing to count on.
func (a *App) watch(opts *client.Options) error {
	if a.Metrics == nil {
		return nil
	}
	opts.MetricsHandler = a.Metrics.SDK
	opts.Interceptors = append(opts.Interceptors, a.Metrics.Steps())
	return a.Tracing.Temporal(opts)
}

// lastSpans bounds how long Close waits for the collector of spans.
const lastSpans = 5 * time.Second

func (a *App) stopTracing() {
	ctx, stop := context.WithTimeout(context.Background(), lastSpans)
	defer stop()
	if err := a.Tracing.Stop(ctx); err != nil {
		a.Log.Warn("the last spans were not sent", telemetry.KeyError, err)
	}
}

// WorkerLacks names what a worker cannot work without and does not have now.
func (a *App) WorkerLacks(ctx context.Context) []string {
	var lacks []string
	if err := a.DB.Ready(ctx); err != nil {
		why := "it does not answer" // the cause may name hosts and users; it is for the log
		if errors.Is(err, store.ErrOldSchema) {
			why = store.ErrOldSchema.Error()
		}
		a.Log.ErrorContext(ctx, "not ready", telemetry.KeyError, err)
		lacks = append(lacks, "database: "+why)
	}
	c, err := a.Temporal()
	if err == nil {
		_, err = c.CheckHealth(ctx, &client.CheckHealthRequest{})
	}
	if err != nil {
		lacks = append(lacks, "temporal: no work comes until it answers")
	}
	return lacks
}
