package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// Sweeps says how often the providers are asked what they have.
type Sweeps struct {
	Every time.Duration // for what changed since the sweep before
	Whole time.Duration // for everything, with a comparison
}

// The schedules are called sweep/<connection> and reconcile/<connection>.
const (
	sweepPrefix     = "sweep/"
	reconcilePrefix = "reconcile/"
)

// scheduleRetry is how long KeepSchedules waits for Temporal to come back.
const scheduleRetry = 15 * time.Second

// KeepSchedules makes Temporal's schedules what they should be for these
// connections, once, trying again until it succeeds or ctx ends. Every worker
// does so; the last to come changes nothing.
func KeepSchedules(ctx context.Context, c client.Client, connections []string, s Sweeps, log *slog.Logger) {
	for {
		err := keepSchedules(ctx, c.ScheduleClient(), wantedSchedules(connections, s))
		if err == nil || ctx.Err() != nil {
			return
		}
		log.WarnContext(ctx, "the sweeps are not scheduled yet", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(scheduleRetry):
		}
	}
}

func wantedSchedules(connections []string, s Sweeps) map[string]client.ScheduleOptions {
	out := map[string]client.ScheduleOptions{}
	for _, name := range connections {
		out[sweepPrefix+name] = schedule(sweepPrefix+name, s.Every, activities.SweepInput{Connection: name})
		out[reconcilePrefix+name] = schedule(reconcilePrefix+name, s.Whole, activities.SweepInput{Connection: name, Whole: true})
	}
	return out
}

func schedule(id string, every time.Duration, in activities.SweepInput) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: id,
		Spec: client.ScheduleSpec{
			Intervals: []client.ScheduleIntervalSpec{{Every: every}},
			Jitter:    every / 10, // so that not all connections are asked at once
		},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflows.SweepWorkflow, Args: []any{in}, TaskQueue: workflows.CasesQueue,
		},
		CatchupWindow: every, // what was missed for longer is caught up by the next
	}
}

func keepSchedules(ctx context.Context, c client.ScheduleClient, want map[string]client.ScheduleOptions) error {
	for id, options := range want {
		if err := keepSchedule(ctx, c, options); err != nil {
			return fmt.Errorf("schedule %s: %w", id, err)
		}
	}
	return dropSchedules(ctx, c, want)
}

func keepSchedule(ctx context.Context, c client.ScheduleClient, want client.ScheduleOptions) error {
	_, err := c.Create(ctx, want)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.GetHandle(ctx, want.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			have := in.Description.Schedule
			have.Spec, have.Action = &want.Spec, want.Action
			return &client.ScheduleUpdate{Schedule: &have}, nil
		},
	})
}

// dropSchedules ends those of connections that are no longer configured.
func dropSchedules(ctx context.Context, c client.ScheduleClient, want map[string]client.ScheduleOptions) error {
	list, err := c.List(ctx, client.ScheduleListOptions{PageSize: 100})
	if err != nil {
		return err
	}
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return err
		}
		_, wanted := want[entry.ID]
		ours := strings.HasPrefix(entry.ID, sweepPrefix) || strings.HasPrefix(entry.ID, reconcilePrefix)
		if !ours || wanted {
			continue
		}
		if err := c.GetHandle(ctx, entry.ID).Delete(ctx); err != nil {
			return fmt.Errorf("schedule %s: %w", entry.ID, err)
		}
	}
	return nil
}
