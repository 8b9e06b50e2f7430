package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
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
	// Database is the address of the database whose cases are swept: the schedules
	// that workers of another one keep in the namespace are left alone.
	Database string
}

// owner is the note by which a schedule shows whose it is: the database's host and
// name, of which nothing can be read.
func (s Sweeps) owner() string {
	what := s.Database
	if u, err := url.Parse(s.Database); err == nil {
		what = u.Host + u.Path
	}
	sum := sha256.Sum256([]byte(what))
	return "kept by rebuttal for the database " + hex.EncodeToString(sum[:4])
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
		err := keepSchedules(ctx, c.ScheduleClient(), s.owner(), wantedSchedules(connections, s))
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
		out[sweepPrefix+name] = schedule(sweepPrefix+name, s.owner(), s.Every, activities.SweepInput{Connection: name})
		out[reconcilePrefix+name] = schedule(reconcilePrefix+name, s.owner(), s.Whole, activities.SweepInput{Connection: name, Whole: true})
	}
	return out
}

func schedule(id, owner string, every time.Duration, in activities.SweepInput) client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: id,
		Spec: client.ScheduleSpec{
			Intervals: []client.ScheduleIntervalSpec{{Every: every}},
			Jitter:    every / 10, // so that not all connections are asked at once
		},
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: workflows.SweepWorkflow, Args: []any{in}, TaskQueue: workflows.CasesQueue,
		},
		Note:          owner,
		CatchupWindow: every, // what was missed for longer is caught up by the next
	}
}

func keepSchedules(ctx context.Context, c client.ScheduleClient, owner string, want map[string]client.ScheduleOptions) error {
	for id, options := range want {
		if err := keepSchedule(ctx, c, options); err != nil {
			return fmt.Errorf("schedule %s: %w", id, err)
		}
	}
	return dropSchedules(ctx, c, owner, want)
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
			have.Policy.CatchupWindow = want.CatchupWindow
			if !have.State.Paused { // else the note says why
				have.State.Note = want.Note
			}
			return &client.ScheduleUpdate{Schedule: &have}, nil
		},
	})
}

// dropSchedules ends the owner's for connections that are no longer configured.
func dropSchedules(ctx context.Context, c client.ScheduleClient, owner string, want map[string]client.ScheduleOptions) error {
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
		sweeps := strings.HasPrefix(entry.ID, sweepPrefix) || strings.HasPrefix(entry.ID, reconcilePrefix)
		if wanted || !sweeps || entry.Note != owner {
			continue
		}
		if err := c.GetHandle(ctx, entry.ID).Delete(ctx); err != nil {
			return fmt.Errorf("schedule %s: %w", entry.ID, err)
		}
	}
	return nil
}
