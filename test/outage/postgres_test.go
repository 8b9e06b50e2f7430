package outage

import (
	"net/http"
	"testing"
	"time"
)

// TestPostgresAway stops PostgreSQL as a crash would, under a steady stream of
// webhooks, and starts it again: what could not be stored is answered with 503
// and comes again, and both roles find their way back by themselves.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	const down = 4 * time.Second
	s := setUp(t)
	p := s.sender()
	began := time.Now()
	stop := p.start(t.Context(), *rate/2)
	time.Sleep(2 * time.Second)
	gone := time.Now()
	s.must("stop PostgreSQL", s.stack.Postgres.StopImmediate())
	stopped := time.Now()
	time.Sleep(down)
	back := time.Now()
	s.must("start PostgreSQL", s.stack.Postgres.Restart(t.Context()))
	up := time.Now()
	var first time.Time
	s.until(30*time.Second, "a webhook to be stored", func() bool {
		first = p.firstOK(back)
		return !first.IsZero()
	})
	time.Sleep(2 * time.Second)
	stop()
	s.settle(p, 5*time.Minute)

	// An answer is stamped when it is read: one that was given just before is not meant.
	during, all := p.between(stopped.Add(time.Second), back), p.between(began, time.Now())
	t.Logf("PostgreSQL away %s at %d webhooks/s: answered %v meanwhile, p99 %s; %s after the start was asked for it was up, after %s the first 200 came; in all %v, %d disputes, all recorded %s after",
		back.Sub(gone).Round(100*time.Millisecond), *rate/2, statuses(during), quantile(during, 0.99), up.Sub(back).Round(time.Millisecond),
		first.Sub(back).Round(time.Millisecond), statuses(all), len(p.due), time.Since(up).Round(100*time.Millisecond))
	if got := statuses(during); len(during) == 0 || got[http.StatusServiceUnavailable] != len(during) {
		t.Errorf("answers %v while PostgreSQL was away; want 503 for each of %d", got, len(during))
	}
	for status := range statuses(all) {
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("a webhook was answered with %d", status)
		}
	}
	s.audit(p)
	s.alive()
}
