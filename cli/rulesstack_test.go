package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

// highValue opens a dispute that waits for an approval, and returns its case
// once it does.
func highValue(t *testing.T, sys *rehearsal.System) store.CaseRow {
	t.Helper()
	order := sys.Simulator.World.NewOrder(world.OrderOptions{Total: 90000})
	id := sys.Simulator.Stripe.Open(order, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
	at := dispute.Ref{Connection: simulator.StripeConnection, ID: id}
	for give := time.Now().Add(30 * time.Second); time.Now().Before(give); time.Sleep(50 * time.Millisecond) {
		row, err := sys.App.DB.GetCase(t.Context(), at.CaseID())
		if err == nil && row.Status == dispute.StatusNeedsApproval {
			return row
		}
	}
	t.Fatalf("%s does not wait for an approval", id)
	return store.CaseRow{}
}

// On real workflows: a version that is published changes new cases only, a
// shadow is told of them, and open cases follow the version once it is applied.
func TestRulesOnOpenCases(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	ok(t, sys.Run(t.Context()))
	live, err := sys.App.DB.ActiveRules(t.Context())
	ok(t, err)
	apart := strings.Replace(live.Source, "queues:\n", "queues:\n  apart: { members: [mo@acme.example] }\n", 1)
	file := write(t, strings.Replace(apart, "      queue: senior\n", "      queue: apart\n", 1))
	says(t, sys, "rules shadow start "+file, exitDone, "runs beside")

	old := highValue(t, sys)
	says(t, sys, "rules shadow report", exitDone, "1 cases, 1 differ", "900.00 USD in 1 cases", "queue differs in 1")
	says(t, sys, "rules publish "+file, exitDone, "in force: ")
	published, err := sys.App.DB.ActiveRules(t.Context())
	ok(t, err)
	if fresh := highValue(t, sys); fresh.Queue != "apart" || fresh.RuleSet != published.Hash {
		t.Errorf("a new case is in %s by %s", fresh.Queue, fresh.RuleSet)
	}
	row, err := sys.App.DB.GetCase(t.Context(), old.ID)
	if err != nil || row.Queue != "senior" || row.RuleSet != live.Hash {
		t.Errorf("the open case is in %s by %s, %v", row.Queue, row.RuleSet, err)
	}

	says(t, sys, "rules apply --to-open --dry-run", exitDone, old.ID, "queue senior to apart", "version 2: 1 moves, 1 done")
	says(t, sys, "rules apply --to-open", exitDone, old.ID, "version 2: 1 applied, 1 done")
	row, err = sys.App.DB.GetCase(t.Context(), old.ID)
	if err != nil || row.Queue != "apart" || row.RuleSet != published.Hash || row.Status != dispute.StatusNeedsApproval {
		t.Errorf("the open case is in %s by %s, %s, %v", row.Queue, row.RuleSet, row.Status, err)
	}
	says(t, sys, "rules apply --to-open", exitDone, "version 2: 2 done")

	says(t, sys, "rules rollback 1", exitDone, "in force: version 3")
	if row, err = sys.App.DB.GetCase(t.Context(), old.ID); err != nil || row.Queue != "apart" {
		t.Errorf("after the rollback the open case is in %s, %v", row.Queue, err)
	}
	if back := highValue(t, sys); back.Queue != "senior" {
		t.Errorf("after the rollback a new case is in %s", back.Queue)
	}
}
