package chaos

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// gates hold the worker inside PostgreSQL: triggers on the intents wait for
// advisory locks that this session has. Production code knows nothing of it.
type gates struct {
	t    *testing.T
	conn *pgx.Conn
}

const gatesSQL = `
CREATE TABLE gates (case_id text, kind text, place text, lock bigint PRIMARY KEY);
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(lock) FROM gates
    WHERE case_id = NEW.case_id AND kind = NEW.kind AND place = TG_ARGV[0];
    RETURN NEW;
END $$;
CREATE TRIGGER gate_before_intent BEFORE INSERT ON intents FOR EACH ROW EXECUTE FUNCTION wait_at_gate('intent');
CREATE TRIGGER gate_before_receipt BEFORE UPDATE ON intents FOR EACH ROW
    WHEN (OLD.state = 'intended' AND NEW.state = 'done') EXECUTE FUNCTION wait_at_gate('receipt');`

func newGates(t *testing.T, database string) *gates {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	g := &gates{t, conn}
	g.exec(gatesSQL)
	return g
}

func (g *gates) exec(sql string, args ...any) {
	g.t.Helper()
	if _, err := g.conn.Exec(g.t.Context(), sql, args...); err != nil {
		g.t.Fatal(err)
	}
}

// shut makes the case's writes of a kind wait at a place: intent or receipt.
func (g *gates) shut(lock int, caseID, kind, place string) {
	g.t.Helper()
	g.exec("SELECT pg_advisory_lock($1)", lock)
	g.exec("INSERT INTO gates VALUES ($1, $2, $3, $4)", caseID, kind, place, lock)
}

// open lets whoever waits go on, and everybody after.
func (g *gates) open(lock int) {
	g.t.Helper()
	g.exec("SELECT pg_advisory_unlock($1)", lock)
}

const waiting = `FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND NOT l.granted AND l.objid = $1`

// waits reports whether exactly one session waits at the gate.
func (g *gates) waits(lock int) bool {
	g.t.Helper()
	var n int
	if err := g.conn.QueryRow(g.t.Context(), "SELECT count(*) "+waiting, lock).Scan(&n); err != nil {
		g.t.Fatal(err)
	}
	return n == 1
}

// hangUp ends the sessions that wait at the gate, as the death of their worker
// will: what they were about to write is not written.
func (g *gates) hangUp(lock int) {
	g.t.Helper()
	g.exec("SELECT pg_terminate_backend(l.pid) "+waiting, lock)
}

// strike is what happens to the first request of a write at its vendor.
type strike struct {
	vendor, path string
	needles      []string // the body holds all of them
	committed    bool     // the vendor does the work first
	how          how
	hit          chan struct{} // closed when the request is where it shall be
}

type how string

const (
	hang  how = "time-out" // never answers
	fail  how = "500"
	abort how = "dropped connection"
)

func (s *strike) fits(vendor string, r *http.Request, body []byte) bool {
	if s.vendor != vendor || r.Method == http.MethodGet || !strings.Contains(r.URL.Path, s.path) {
		return false
	}
	for _, n := range s.needles {
		if !bytes.Contains(body, []byte(n)) {
			return false
		}
	}
	return true
}

func (s *strike) landed() bool {
	select {
	case <-s.hit:
		return true
	default:
		return false
	}
}

// strikes is the list of all, put around the vendors' stand-ins.
type strikes struct {
	mu  sync.Mutex
	all []*strike
}

func (s *strikes) add(one *strike) *strike {
	one.hit = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
	return one
}

// take finds the strike for a request; each strikes once.
func (s *strikes) take(vendor string, r *http.Request, body []byte) *strike {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, one := range s.all {
		if one.fits(vendor, r, body) {
			s.all = append(s.all[:i:i], s.all[i+1:]...)
			return one
		}
	}
	return nil
}

func (s *strikes) wrap(vendor string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		one := s.take(vendor, r, body)
		if one == nil {
			next.ServeHTTP(w, r)
			return
		}
		if one.committed {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		close(one.hit)
		switch one.how {
		case hang:
			<-r.Context().Done() // until the worker is dead or loses patience
			panic(http.ErrAbortHandler)
		case fail:
			http.Error(w, `{"error":"internal"}`, http.StatusInternalServerError)
		case abort:
			panic(http.ErrAbortHandler)
		}
	})
}
