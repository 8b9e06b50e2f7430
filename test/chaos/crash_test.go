package chaos

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

// crash is one system with its rows.
type crash struct {
	t        *testing.T
	sys      *rehearsal.System
	rows     []*row
	gates    *gates
	strikes  *strikes
	database string
	bin      string
	checker  string
	space    string // Temporal's namespace
	worker   *exec.Cmd
}

func newCrash(t *testing.T, rebuttal, checker string, rows []*row) *crash {
	t.Helper()
	c := &crash{t: t, rows: rows, strikes: &strikes{}, bin: rebuttal, checker: checker, database: testenv.Postgres(t)}
	address, namespace := testenv.Temporal(t)
	o := options(t, roomy(t, c.database), address, namespace, 1)
	o.Wrap = c.strikes.wrap
	c.space, c.sys = namespace, prepare(t, o)
	if err := c.sys.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.gates = newGates(t, c.database)
	c.work()
	return c
}

// roomy lets a worker wait at many gates at once.
func roomy(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("pool_max_conns", "60")
	u.RawQuery = q.Encode()
	return u.String()
}

// arrange opens the row's dispute and shuts its gates. Whoever is to die waits
// before the intent first, so that all are there before the first goes on.
func (c *crash) arrange(i int, r *row) {
	c.t.Helper()
	r.ref = dispute.Ref{Connection: connection, ID: r.open(c.sys.Simulator)}
	r.locks = map[string]int{"intent": 2*i + 1, "receipt": 2*i + 2}
	if r.death == nil {
		s := r.strikeOf(r.ref.ID, r.ref.CaseID(), r.strike.committed, r.strike.how)
		r.strike = c.strikes.add(s)
		return
	}
	if !r.death.first {
		c.gates.shut(r.locks["intent"], r.ref.CaseID(), r.kind, "intent")
	}
	switch r.death.gate {
	case "receipt":
		c.gates.shut(r.locks["receipt"], r.ref.CaseID(), r.kind, "receipt")
	case "":
		r.strike = c.strikes.add(r.strikeOf(r.ref.ID, r.ref.CaseID(), r.death.committed, hang))
	}
}

// work starts a worker process.
func (c *crash) work() {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.bin, "worker", "--config", c.sys.File)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c.worker = cmd
}

// toTheirPlaces brings every row to its boundary. What people are told comes
// last: those steps have 20 s, the others a minute and more.
func (c *crash) toTheirPlaces() {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), 90*time.Second)
	defer stop()
	c.release(func(r *row) bool { return r.death != nil && (!r.tells() || r.verdict) })
	c.await(ctx, func(r *row) bool {
		return r.death == nil || r.tells() || c.atTheGate(ctx, r)
	})
	c.decide(ctx, func(r *row) bool { return r.death != nil && r.verdict })
	c.release(func(r *row) bool { return r.death != nil && r.tells() && !r.verdict })
	c.await(ctx, func(r *row) bool { return r.death == nil || c.atTheGate(ctx, r) })
	for r := range c.doomed() {
		if r.death.gate != "intent" {
			c.gates.open(r.locks["intent"])
		}
	}
	c.await(ctx, func(r *row) bool {
		if r.strike != nil {
			return r.death == nil || r.strike.landed()
		}
		return c.gates.waits(r.locks[r.death.gate])
	})
}

// release opens the disputes of some rows; only then does a sweep see them.
func (c *crash) release(which func(*row) bool) {
	c.t.Helper()
	for i, r := range c.rows {
		if which(r) {
			c.arrange(i, r)
			c.sys.Simulator.Stripe.Release(r.ref.ID)
		}
	}
}

// decide waits until some rows are answered and lets the bank decide.
func (c *crash) decide(ctx context.Context, which func(*row) bool) {
	c.t.Helper()
	c.await(ctx, func(r *row) bool {
		d, _ := c.sys.Simulator.Stripe.Dispute(r.ref.ID)
		return !which(r) || len(d.Answers) > 0
	})
	for _, r := range c.rows {
		d, _ := c.sys.Simulator.Stripe.Dispute(r.ref.ID)
		if !which(r) || d.Status != "under_review" {
			continue
		}
		if err := c.sys.Simulator.Stripe.Decide(r.ref.ID, true); err != nil {
			c.t.Fatal(err)
		}
	}
}

// killAsTheyCome kills the worker as soon as some rows' requests are at their
// vendors.
func (c *crash) killAsTheyCome(which func(*row) bool) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), 90*time.Second)
	defer stop()
	c.release(which)
	c.decide(ctx, func(r *row) bool { return which(r) && r.verdict })
	c.await(ctx, func(r *row) bool { return !which(r) || r.strike.landed() })
	c.kill(which)
	c.work()
}

// atTheGate reports whether an ordinary activity waits before the row's intent,
// not the quick attempt, which gives up by itself.
func (c *crash) atTheGate(ctx context.Context, r *row) bool {
	if !c.gates.waits(r.locks["intent"]) {
		return false
	}
	for _, a := range underWay(ctx, temporal(c.t, c.sys), r.ref.WorkflowID(1)) {
		if a.GetActivityType().GetName() == r.activity && started(a) {
			return true
		}
	}
	return false
}

// await waits until all rows are as they shall be.
func (c *crash) await(ctx context.Context, ok func(*row) bool) {
	c.t.Helper()
	var late []string
	until(ctx, c.t, func() string { return c.table() + "not there: " + strings.Join(late, "; ") }, func() bool {
		late = nil
		for _, r := range c.rows {
			if !ok(r) {
				late = append(late, r.name+" "+r.point+" "+r.ref.ID)
			}
		}
		return len(late) == 0
	})
}

// kill freezes the worker, lets the database finish what it was given at the
// gates that let through, and kills the worker.
func (c *crash) kill(which func(*row) bool) {
	c.t.Helper()
	if err := c.worker.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	for r := range c.doomed() {
		switch lock := r.locks[r.death.gate]; {
		case r.death.gate == "":
		case r.death.through:
			c.gates.open(lock)
			until(c.t.Context(), c.t, func() string { return r.name }, func() bool { s, _ := c.intent(r); return s == r.death.intent })
		default:
			c.gates.hangUp(lock)
		}
	}
	if err := c.worker.Process.Kill(); err != nil { // SIGKILL
		c.t.Fatal(err)
	}
	_ = c.worker.Wait()
	for r := range c.doomed() {
		if !r.death.through && r.death.gate != "" {
			c.gates.open(r.locks[r.death.gate])
		}
		if which(r) {
			c.autopsy(r)
		}
	}
}

// autopsy looks whether the worker died where it should.
func (c *crash) autopsy(r *row) {
	c.t.Helper()
	state, _ := c.intent(r)
	effects, want := r.effects(c.sys.Simulator, r.ref.ID, r.ref.CaseID()), 0
	if r.death.committed {
		want = 1
	}
	r.found = fmt.Sprintf("%d effects, intent %q", effects, state)
	if state != r.death.intent || effects != want {
		c.t.Errorf("%s, %s: the worker died with %s, want %d and %q", r.name, r.point, r.found, want, r.death.intent)
	}
}

// intent is the state of the row's intent and how often it was begun.
func (c *crash) intent(r *row) (state string, attempts int) {
	c.t.Helper()
	err := c.gates.conn.QueryRow(c.t.Context(), `SELECT state, attempts FROM intents
		WHERE case_id = $1 AND kind = $2 ORDER BY created_at LIMIT 1`, r.ref.CaseID(), r.kind).Scan(&state, &attempts)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		c.t.Fatal(err)
	}
	return state, attempts
}

// goOn waits until every row has its receipt, lets the bank decide, and waits
// until every case has ended.
func (c *crash) goOn() {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer stop()
	operator := temporal(c.t, c.sys)
	go c.undertake(ctx, operator, c.worker.Process.Pid)
	c.release(func(r *row) bool { return r.death == nil })
	c.decide(ctx, func(*row) bool { return true })
	c.await(ctx, func(r *row) bool {
		state, _ := c.intent(r)
		return state == "done"
	})
	until(ctx, c.t, c.table, func() bool {
		open, _, err := c.sys.App.DB.ListCases(ctx, store.CaseFilter{Open: true, Limit: 1})
		ids, listed := running(ctx, operator, c.space)
		return err == nil && listed == nil && len(open) == 0 && len(ids) == 0
	})
}

// undertake buries the attempts of dead workers until ctx ends.
func (c *crash) undertake(ctx context.Context, operator client.Client, alive int) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
			bury(ctx, operator, c.space, alive)
		}
	}
}

// end counts the effects of each row and lets the checker look at everything.
func (c *crash) end() {
	c.t.Helper()
	for _, r := range c.rows {
		state, _ := c.intent(r)
		if n := r.effects(c.sys.Simulator, r.ref.ID, r.ref.CaseID()); n != 1 || state != "done" {
			c.t.Errorf("%s, %s: %d effects, intent %q", r.name, r.point, n, state)
		}
		if r.strike != nil && !r.strike.landed() {
			c.t.Errorf("%s, %s: the request never came by: nothing was proved", r.name, r.point)
		}
	}
	verdict, ok := judge(c.t, c.checker, c.database, c.sys)
	c.t.Logf("\n%s%s", c.table(), verdict)
	if !ok {
		c.t.Error("the checker found differences")
	}
}

// table shows the crash points with what became of each.
func (c *crash) table() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "WRITE\tCRASH POINT\tAT THE DEATH\tEFFECTS\tINTENT\tBEGUN\tCASE")
	for _, r := range c.rows {
		state, attempts := c.intent(r)
		status := "none"
		if row, err := c.sys.App.DB.GetCase(context.WithoutCancel(c.t.Context()), r.ref.CaseID()); err == nil {
			status = string(row.Status)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%s\n", r.name, r.point, r.found,
			r.effects(c.sys.Simulator, r.ref.ID, r.ref.CaseID()), state, attempts, status)
	}
	_ = w.Flush()
	return out.String()
}

// doomed are the rows whose worker is killed.
func (c *crash) doomed() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for _, r := range c.rows {
			if r.death != nil && !yield(r) {
				return
			}
		}
	}
}
