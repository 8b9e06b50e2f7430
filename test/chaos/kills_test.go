package chaos

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

var (
	firstSeed = flag.Int64("seed", 1, "kills: the first seed")
	seeds     = flag.Int("seeds", 1, "kills: how many seeds, one run each")
	kills     = flag.Int("kills", 5, "kills: how many in each run")
)

// TestKills opens disputes over real webhooks while processes and servers are
// killed and vendors misbehave, all by seed. Once everything has come to rest,
// the checker judges. A seed that fails is run again by -seed.
func TestKills(t *testing.T) {
	t.Parallel()
	rebuttal, checker := binaries(t)
	for i := range int64(*seeds) {
		seed := *firstSeed + i
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			began := time.Now()
			s := begin(t, seed, rebuttal, checker)
			s.rage(*kills)
			s.settle()
			verdict, ok := s.judge()
			t.Logf("seed %d: %d kills (%s), %d disputes, webhooks %+v, %s\n%s",
				seed, *kills, s.toll(), len(s.plans), s.sys.Simulator.Stripe.Counters(), time.Since(began).Round(time.Second), verdict)
			if !ok {
				t.Errorf("seed %d: the checker found differences", seed)
			}
		})
	}
}

// storm is one run.
type storm struct {
	t       *testing.T
	rng     *rand.Rand
	checker string
	stack   *devstack.Stack
	sys     *rehearsal.System
	starter *keeper
	worker  *keeper
	plans   map[string]*plan // by dispute
	killed  map[string]int   // by victim
}

// plan is what the bank will do with a dispute once it is answered.
type plan struct {
	win      bool
	reverse  bool // and change its mind later
	escalate bool // an inquiry becomes a chargeback
	decided  time.Time
}

func begin(t *testing.T, seed int64, rebuttal, checker string) *storm {
	t.Helper()
	s := &storm{t: t, rng: rand.New(rand.NewSource(seed)), checker: checker, plans: map[string]*plan{}, killed: map[string]int{}}
	var err error
	s.stack, err = devstack.Start(t.Context(), devstack.Options{Own: true, Persist: true, Unsafe: true, Headless: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
		defer stop()
		if err := s.stack.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	o := options(t, s.stack.Postgres.URL(), s.stack.Temporal.Address(), s.stack.Temporal.Namespace(), seed)
	o.Console = testenv.Reserve(t)
	s.sys = prepare(t, o)
	s.starter = keep(t, rebuttal, "starter", s.sys.File)
	s.worker = keep(t, rebuttal, "worker", s.sys.File)
	return s
}

// rage kills n times and makes trouble in between.
func (s *storm) rage(n int) {
	var victims []string
	for range n {
		s.open(1 + s.rng.Intn(3))
		s.trouble()
		s.decide()
		time.Sleep(time.Duration(s.rng.Intn([]int{300, 2500}[s.rng.Intn(2)])) * time.Millisecond)
		if len(victims) == 0 {
			victims = []string{"worker", "worker", "starter", "Temporal", "PostgreSQL"}
			s.rng.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
		}
		s.kill(victims[0])
		s.killed[victims[0]]++
		victims = victims[1:]
	}
}

// kill ends a victim and lets it come back after a while.
func (s *storm) kill(victim string) {
	away := time.Duration(s.rng.Intn(1500)) * time.Millisecond
	var err error
	switch victim {
	case "worker":
		s.worker.kill(away)
	case "starter":
		s.starter.kill(away)
	case "Temporal":
		if err = s.stack.Temporal.Kill(); err == nil {
			time.Sleep(away)
			err = s.stack.Temporal.Start(s.t.Context())
		}
	case "PostgreSQL":
		if err = s.stack.Postgres.StopImmediate(); err == nil {
			time.Sleep(away)
			err = s.stack.Postgres.Restart(s.t.Context())
		}
	}
	if err != nil {
		s.t.Fatalf("kill %s: %v", victim, err)
	}
}

func (s *storm) open(n int) {
	kinds := []stripe.DisputeOptions{
		{Reason: "product_not_received", NetworkCode: "13.1"}, {Reason: "fraudulent", NetworkCode: "10.4"},
		{Reason: "duplicate", NetworkCode: "12.6.1"}, {Reason: "general"},
	}
	for range n {
		o := kinds[s.rng.Intn(len(kinds))]
		o.DueIn = 900 * day
		total := []int64{0, 0, 999, 70000}[s.rng.Intn(4)]
		o.Inquiry = s.rng.Intn(6) == 0
		id := s.sys.Simulator.Stripe.Open(s.sys.Simulator.World.NewOrder(world.OrderOptions{Total: total}), o)
		s.plans[id] = &plan{win: s.rng.Intn(2) == 0, reverse: s.rng.Intn(4) == 0, escalate: s.rng.Intn(2) == 0}
	}
}

// trouble makes a vendor or the webhooks misbehave, now and then.
func (s *storm) trouble() {
	vendors := []string{"stripe", "stripe", "slack", "zendesk", "quickbooks", "shopify", "shipbob", "hubspot"}
	modes := []faults.Mode{
		faults.Latency, faults.RateLimit, faults.Error, faults.ErrorCommitted, faults.ErrorCommitted,
		faults.Drop, faults.DropCommitted, faults.DropCommitted,
	}
	methods := []string{"", http.MethodPost}
	for range s.rng.Intn(4) {
		s.sys.Simulator.AddFault(faults.Fault{
			Vendor: vendors[s.rng.Intn(len(vendors))], Method: methods[s.rng.Intn(len(methods))], Mode: modes[s.rng.Intn(len(modes))],
			Times: 1 + s.rng.Intn(3), Delay: time.Duration(s.rng.Intn(1500)) * time.Millisecond,
		})
	}
	s.sys.Simulator.Stripe.Disturb(s.rng.Intn(3), time.Duration(s.rng.Intn(1000))*time.Millisecond)
}

// decide lets the bank decide what was answered.
func (s *storm) decide() {
	bank := s.sys.Simulator.Stripe
	for id, p := range s.plans {
		d, _ := bank.Dispute(id)
		if n := len(d.Answers); n == 0 || time.Since(d.Answers[n-1].At) < 2*day {
			continue // it thinks for a while; events of one second have no order
		}
		var err error
		switch {
		case d.Status == "warning_under_review" && p.escalate:
			err = bank.Escalate(id)
		case d.Status == "warning_under_review":
			p.decided, p.reverse = time.Now(), false
			err = bank.CloseInquiry(id)
		case d.Status == "under_review":
			p.decided = time.Now()
			err = bank.Decide(id, p.win)
		case p.reverse && !p.decided.IsZero() && time.Since(p.decided) > 3*day:
			p.reverse = false
			err = bank.Decide(id, !p.win)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// settle ends the trouble and waits until nothing is under way any more.
func (s *storm) settle() {
	s.sys.Simulator.Faults.Clear("")
	s.sys.Simulator.Stripe.Disturb(0, 0)
	ctx, stop := context.WithTimeout(s.t.Context(), 3*time.Minute)
	defer stop()
	c, tick := temporal(s.t, s.sys), 0
	until(ctx, s.t, func() string { return s.stands(c) }, func() bool {
		s.decide()
		if tick++; tick%40 == 0 {
			s.approve(ctx)
			bury(ctx, c, s.stack.Temporal.Namespace(), s.worker.pid())
		}
		return tick%10 == 0 && s.rests(ctx, c)
	})
}

// approve does a person's part: where a source stayed silent for too long the
// case waits for one, or for a cut-off that is minutes away.
func (s *storm) approve(ctx context.Context) {
	open, _, err := s.sys.App.DB.ListCases(ctx, store.CaseFilter{Status: dispute.StatusOpen, Limit: 500})
	if err != nil {
		return // it is asked again
	}
	for _, row := range open {
		if row.Needs != "" {
			_, _ = s.sys.App.Desk.Decide(ctx, desk.System, row.ID, dispute.Decision{Kind: dispute.DecideApprove})
		}
	}
}

// rests reports whether every dispute was decided, every event was taken and
// every workflow has ended.
func (s *storm) rests(ctx context.Context, c client.Client) bool {
	for id, p := range s.plans {
		d, _ := s.sys.Simulator.Stripe.Dispute(id)
		if !d.Accepted && (p.decided.IsZero() || p.reverse) {
			return false
		}
	}
	for _, e := range s.sys.Simulator.Stripe.Events("") {
		if e.Delivered == 0 {
			return false
		}
	}
	lag, err := s.sys.App.DB.InboxLag(ctx)
	if err != nil || lag.Pending > 0 {
		return false
	}
	open, _, err := s.sys.App.DB.ListCases(ctx, store.CaseFilter{Open: true, Limit: 1})
	if err != nil || len(open) > 0 {
		return false
	}
	ids, err := running(ctx, c, s.stack.Temporal.Namespace())
	return err == nil && len(ids) == 0
}

func (s *storm) judge() (verdict string, ok bool) {
	s.t.Helper()
	return judge(s.t, s.checker, s.stack.Postgres.URL(), s.sys)
}

// stands tells how things stand, for whoever waited too long.
func (s *storm) stands(c client.Client) string {
	ctx := context.WithoutCancel(s.t.Context())
	var out strings.Builder
	lag, err := s.sys.App.DB.InboxLag(ctx)
	_, _ = fmt.Fprintf(&out, "inbox %+v %v\n", lag, err)
	rows, _, err := s.sys.App.DB.ListCases(ctx, store.CaseFilter{Limit: 500})
	_, _ = fmt.Fprintf(&out, "%d cases %v\n", len(rows), err)
	for _, r := range rows {
		d, _ := s.sys.Simulator.Stripe.Dispute(r.Ref.ID)
		_, _ = fmt.Fprintf(&out, "  %s %s: %s, at the provider %s; %s %s\n", r.WorkflowID, r.ID, r.Status, d.Status, r.Needs, r.Next)
	}
	ids, err := running(ctx, c, s.stack.Temporal.Namespace())
	_, _ = fmt.Fprintf(&out, "%d workflows run %v\n", len(ids), err)
	for _, id := range ids {
		for _, a := range underWay(ctx, c, id) {
			_, _ = fmt.Fprintf(&out, "  %s waits for %s, %s, attempt %d: %s\n", id, a.GetActivityType().GetName(), a.GetState(), a.GetAttempt(), a.GetLastFailure().GetMessage())
		}
	}
	verdict, _ := s.judge()
	return out.String() + verdict
}

// toll says how often each victim was killed.
func (s *storm) toll() string {
	var out []string
	for victim, n := range s.killed {
		out = append(out, fmt.Sprintf("%s %d", victim, n))
	}
	slices.Sort(out)
	return fmt.Sprintf("%s; the starter ended by itself %d times, the worker %d", strings.Join(out, ", "), s.starter.fell(), s.worker.fell())
}
