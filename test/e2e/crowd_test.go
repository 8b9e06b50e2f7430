package e2e

import (
	"context"
	"math/rand"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

const crowd = 200

// TestCrowd opens 200 disputes at once and sends every notice three times in
// random order: one case each, at most one submission each, balanced books,
// and no case without a decision or an armed timer. It runs alone: days are
// seconds here, and a crowd would take the time of everybody else's deadlines.
func TestCrowd(t *testing.T) {
	sys := prepare(t, nil)
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewSource(seed)) // #nosec G404 -- a test's order
	ids := openCrowd(sys, rng)
	deliver(t, sys, rng, ids)
	ctx, stop := context.WithTimeout(t.Context(), 12*time.Minute)
	defer stop()
	answered(ctx, t, sys, ids)
	unwatched(ctx, t, sys)
	for _, id := range ids {
		if d, _ := sys.Simulator.Stripe.Dispute(id); d.Accepted {
			continue // the provider closed it as lost
		}
		if err := sys.Simulator.Stripe.Decide(id, rng.Intn(2) == 0); err != nil {
			t.Fatal(err)
		}
	}
	deliver(t, sys, rng, ids)
	ended(ctx, t, sys)
	audit(ctx, t, sys, ids)
}

func openCrowd(sys *rehearsal.System, rng *rand.Rand) []string {
	reasons := []stripe.DisputeOptions{
		{Reason: "product_not_received", NetworkCode: "13.1"}, {Reason: "fraudulent", NetworkCode: "10.4"},
		{Reason: "duplicate", NetworkCode: "12.6.1"}, {Reason: "general"},
	}
	ids := make([]string, crowd)
	for i := range ids {
		o := reasons[rng.Intn(len(reasons))]
		o.Hold, o.DueIn = true, 400*day
		total := []int64{0, 0, 999, 70000}[rng.Intn(4)]
		ids[i] = sys.Simulator.Stripe.Open(sys.Simulator.World.NewOrder(world.OrderOptions{Total: total}), o)
	}
	return ids
}

// deliver sends every event of every dispute three times, all mixed up.
func deliver(t *testing.T, sys *rehearsal.System, rng *rand.Rand, ids []string) {
	t.Helper()
	var events []string
	for _, id := range ids {
		for _, e := range sys.Simulator.Stripe.Events(id) {
			if e.Delivered < 3 {
				events = append(events, e.ID, e.ID, e.ID)
			}
		}
	}
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for _, e := range events {
		if err := sys.Simulator.Stripe.Deliver(e, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func answered(ctx context.Context, t *testing.T, sys *rehearsal.System, ids []string) {
	t.Helper()
	ctx, stop := context.WithTimeout(ctx, 8*time.Minute)
	defer stop()
	last, waiting := "", 0
	for {
		last = ""
		for _, id := range ids {
			if d, _ := sys.Simulator.Stripe.Dispute(id); d.Submissions == 0 && !d.Accepted {
				last = id
			}
		}
		waiting = max(waiting, armed(ctx, t, sys))
		if last == "" {
			if waiting == 0 {
				t.Error("no case waited for approval: the timers were not looked at")
			}
			return
		}
		select {
		case <-ctx.Done():
			tell(t, sys)
			t.Fatalf("no answer for %s", last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// armed checks that every case that waits for an approval has a timer to come,
// and counts them.
func armed(ctx context.Context, t *testing.T, sys *rehearsal.System) int {
	t.Helper()
	rows, _, err := sys.App.DB.ListCases(ctx, store.CaseFilter{Status: dispute.StatusNeedsApproval, Limit: 500})
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.ArmedUntil.Before(time.Now().Add(-30 * time.Second)) {
			t.Errorf("case %s waits for approval with its timer at %v", r.ID, r.ArmedUntil)
		}
	}
	return len(rows)
}

// tell logs how the cases stand.
func tell(t *testing.T, sys *rehearsal.System) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	rows, _, err := sys.App.DB.ListCases(ctx, store.CaseFilter{Limit: 500})
	lag, lagErr := sys.App.DB.InboxLag(ctx)
	t.Logf("%d cases, inbox %+v (%v, %v)", len(rows), lag, err, lagErr)
	stands := map[string]int{}
	for _, r := range rows {
		stands[string(r.Status)+": "+r.Needs+" | "+r.Next]++
	}
	for how, n := range stands {
		t.Logf("%4d %s", n, how)
	}
}

func unwatched(ctx context.Context, t *testing.T, sys *rehearsal.System) {
	t.Helper()
	rows, err := sys.App.DB.Unwatched(ctx, time.Now(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Errorf("case %s (%s, %s) has neither a decision nor an armed timer", r.ID, r.Status, r.Needs)
	}
}

func ended(ctx context.Context, t *testing.T, sys *rehearsal.System) {
	t.Helper()
	wait(ctx, t, "verdicts", func() bool {
		open, _, err := sys.App.DB.ListCases(ctx, store.CaseFilter{Open: true, Limit: 1})
		lag, lagErr := sys.App.DB.InboxLag(ctx)
		return err == nil && lagErr == nil && len(open) == 0 && lag.Pending == 0
	})
}

func audit(ctx context.Context, t *testing.T, sys *rehearsal.System, ids []string) {
	t.Helper()
	rows, _, err := sys.App.DB.ListCases(ctx, store.CaseFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != crowd {
		t.Errorf("%d cases, want %d", len(rows), crowd)
	}
	for _, id := range ids {
		d, _ := sys.Simulator.Stripe.Dispute(id)
		if d.Submissions > 1 || len(d.Bodies) > 1 || (d.Submissions > 0 && d.Accepted) {
			t.Errorf("%s: %d submissions, %d bodies, accepted %v", id, d.Submissions, len(d.Bodies), d.Accepted)
		}
		wait(ctx, t, "books of "+id, func() bool { return booked(ctx, sys, d) })
	}
	if err := sys.Balanced(ctx); err != nil {
		t.Error(err)
	}
}

// booked reports whether the journal moved the clearing account by what the
// provider moved its balance.
func booked(ctx context.Context, sys *rehearsal.System, d stripe.Dispute) bool {
	f, err := sys.App.Desk.Case(ctx, desk.System, d.ID)
	if err != nil {
		return false
	}
	var want, got int64
	for _, m := range d.Movements {
		want += m.Net()
	}
	for _, b := range ledger.TrialBalance(f.Journal) {
		if b.Account == ledger.PSPClearing {
			got += b.Net()
		}
	}
	return got == want && f.ChainOK
}

func wait(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited too long for %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
