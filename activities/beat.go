package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// beatEvery is well within the heartbeat time-out of the workflow's policy for
// responses.
const beatEvery = 3 * time.Second

// beat tells Temporal that this worker lives, so that another takes over soon
// after it does not. Call what it returns to stop.
func beat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		every := time.NewTicker(beatEvery)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}
