package outage

import (
	"net/http"
	"testing"
	"time"
)

// TestTemporalAway kills Temporal under a steady stream of webhooks and brings
// it back later: every webhook is acknowledged, none is lost, and the backlog
// is carried on with the nearest due date first.
func TestTemporalAway(t *testing.T) {
	t.Parallel()
	s := setUp(t)
	p := s.sender()
	began := time.Now()
	stop := p.start(t.Context(), *rate)
	time.Sleep(3 * time.Second)
	gone := time.Now()
	s.must("kill Temporal", s.stack.Temporal.Kill())
	time.Sleep(*away)

	back := time.Now()
	waiting := s.pending(back)
	s.must("start Temporal", s.stack.Temporal.Start(t.Context()))
	up := time.Now()
	s.until(time.Minute, "the first notice to be forwarded", func() bool { return s.pending(back) < waiting })
	first := time.Since(up)
	time.Sleep(min(*away/4, 20*time.Second))
	stop()
	patience := max(5*time.Minute, 3**away)
	s.until(patience, "the backlog to drain", func() bool { return s.pending(back) == 0 })
	drained := time.Since(up)
	during, all := p.between(gone, back), p.between(began, time.Now())
	t.Logf("Temporal away %s at %d webhooks/s: %d sent meanwhile (%d of them repeats), answered %v, p50 %s, p99 %s; in all %d sent, p99 %s, %d disputes",
		back.Sub(gone).Round(time.Second), *rate, len(during), repeats(during), statuses(during), quantile(during, 0.5), quantile(during, 0.99),
		len(all), quantile(all, 0.99), len(p.due))
	t.Logf("%d pending at the return; up in %s, the first forwarded after %s, drained in %s",
		waiting, up.Sub(back).Round(time.Millisecond), first.Round(time.Millisecond), drained.Round(100*time.Millisecond))
	s.settle(p, patience)
	t.Logf("all recorded in %s", time.Since(up).Round(100*time.Millisecond))
	backlog := s.starts(p, p.backlog(gone, back))
	worst, violations := overtaken(backlog)
	t.Logf("%d workflows of the backlog: the worst was overtaken by %d with later due dates, %d out of order", len(backlog), worst, violations)
	if got := statuses(all); len(all) == 0 || got[http.StatusOK] != len(all) {
		t.Errorf("answers %v; want 200 for each of %d", got, len(all))
	}
	if waiting == 0 {
		t.Error("nothing was pending at the return: Temporal was not away")
	}
	if violations > 0 {
		t.Errorf("%d cases waited while more than %d with later due dates were started", violations, claim)
	}
	s.audit(p)
	s.alive()
}
