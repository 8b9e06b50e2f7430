package outage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBothAway takes both servers away, and starts roles while one or both are
// missing.
//
// A role that is started while PostgreSQL is away ends at once and says so, and
// so does a worker that is started while Temporal is away: the service manager
// starts it again. A starter needs no Temporal to start. A role that runs when
// a server goes stays, and finds its way back.
func TestBothAway(t *testing.T) {
	t.Parallel()
	s := setUp(t)
	p := s.sender()
	stop := p.start(t.Context(), *rate/2)
	time.Sleep(time.Second)

	s.must("kill Temporal", s.stack.Temporal.Kill())
	s.restartStarter(p)
	s.until(20*time.Second, "the starter to miss Temporal alone", func() bool { return s.misses("temporal") })

	s.must("stop PostgreSQL", s.stack.Postgres.StopImmediate())
	time.Sleep(2 * time.Second)
	if !s.listens() {
		t.Error("the starter does not answer with both servers away")
	}
	s.until(20*time.Second, "the starter to miss the database", func() bool { return s.misses("database") })
	s.refusesToStart("worker", "store: open")
	s.refusesToStart("starter", "store: open")

	s.must("start PostgreSQL", s.stack.Postgres.Restart(t.Context()))
	back := time.Now()
	s.until(30*time.Second, "a webhook to be stored", func() bool { return !p.firstOK(back).IsZero() })
	s.waitsForTemporal()

	s.must("start Temporal", s.stack.Temporal.Start(t.Context()))
	stop()
	s.settle(p, 5*time.Minute)
	s.audit(p)
	s.alive()
}

// restartStarter kills the starter and starts another while Temporal is away:
// it takes webhooks at once.
func (s *stage) restartStarter(p *sender) {
	s.Helper()
	s.starter.kill()
	began := time.Now()
	s.starter = s.run("starter")
	s.until(15*time.Second, "a webhook to be taken without Temporal", func() bool { return !p.firstOK(began).IsZero() })
	s.Logf("a starter without Temporal took the first webhook after %s", time.Since(began).Round(time.Millisecond))
}

// refusesToStart runs a role that cannot start: it must end soon, with code 1
// and a sentence that says what is missing.
func (s *stage) refusesToStart(role, why string) {
	s.Helper()
	began := time.Now()
	p := s.run(role)
	s.until(30*time.Second, "a "+role+" that cannot start to end", p.ended)
	says := lastLine(p.words())
	s.Logf("a %s ends after %s with %q", role, time.Since(began).Round(time.Millisecond), says)
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(says, why) {
		s.Errorf("a %s ends with code %d and says %q; want 1 and %q", role, code, says, why)
	}
}

// waitsForTemporal starts one more worker: it says what it waits for and goes on
// waiting.
func (s *stage) waitsForTemporal() {
	s.Helper()
	p := s.run("worker")
	s.until(30*time.Second, "a worker to say that it waits", func() bool { return strings.Contains(p.words(), "waits for Temporal") })
	if p.ended() {
		s.Errorf("a worker without Temporal ended with %q", lastLine(p.words()))
	}
	p.kill()
}

func lastLine(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// misses reports whether the starter says that it lacks something, and only that.
func (s *stage) misses(what string) bool {
	s.Helper()
	c := http.Client{Timeout: 10 * time.Second}
	resp, err := c.Get(s.sys.Console + "/readyz") //nolint:noctx // the client has a time-out
	s.must("readyz", err)
	defer func() { _ = resp.Body.Close() }()
	var says struct{ Missing []string }
	s.must("readyz", json.NewDecoder(resp.Body).Decode(&says))
	return len(says.Missing) == 1 && strings.Contains(says.Missing[0], what)
}
