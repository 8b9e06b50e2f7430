package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// TestProviders plays the three scripts of every provider beside Stripe: won,
// lost, and answered at the cut-off.
func TestProviders(t *testing.T) {
	t.Parallel()
	sys := prepareWith(t, rehearsal.Options{Day: day, Providers: true, SweepEvery: 2 * time.Second})
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := patience(t)
	var playing sync.WaitGroup
	for _, sc := range scenario.Providers { // all at once: they wait most of the time
		playing.Go(func() {
			if r := sys.Play(ctx, sc); !r.OK {
				t.Errorf("%s: %s (%s) ended %s: %s", sc.Name, r.Dispute, sc.About, r.Status, r.Says)
			}
		})
	}
	playing.Wait()
	if err := sys.Audit(t.Context()); err != nil {
		t.Error(err)
	}
}

// perProvider is how many disputes each provider has in the test of sweeps.
const perProvider = 4

// TestOneSweepFindsAll drops every webhook of the providers that can list: after
// one sweep no dispute is missing and none is doubled, after another one neither,
// and each is answered once.
func TestOneSweepFindsAll(t *testing.T) {
	t.Parallel()
	sys := prepareWith(t, rehearsal.Options{Day: 24 * time.Hour, Providers: true})
	dropWebhooks(t, sys.Simulator)
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened := openSilently(t, sys.Simulator)
	for connection, ids := range opened {
		if got := sweep(t, sys, connection); got.News != len(ids) {
			t.Errorf("%s: the sweep has %d news, want %d", connection, got.News, len(ids))
		}
	}
	ctx := patience(t)
	wait(ctx, t, "cases of all disputes", func() bool { return agree(ctx, t, sys, opened) })
	for connection := range opened {
		sweep(t, sys, connection)
	}
	wait(ctx, t, "an answer to each dispute", func() bool {
		for connection, ids := range opened {
			for _, id := range ids {
				if seen, _ := sys.Simulator.Seen(connection, id); seen.Submissions == 0 {
					return false
				}
			}
		}
		return true
	})
	if !agree(ctx, t, sys, opened) {
		t.Error("the second sweep changed which cases there are")
	}
	if err := sys.Audit(ctx); err != nil {
		t.Error(err)
	}
}

// dropWebhooks takes every webhook of the listing providers and throws it away.
func dropWebhooks(t *testing.T, s *simulator.Simulator) {
	t.Helper()
	nowhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(nowhere.Close)
	for _, account := range []interface{ SetTarget(url string) }{s.Stripe, s.Braintree, s.Checkout, s.PayPal} {
		account.SetTarget(nowhere.URL)
	}
}

// openSilently opens disputes at every provider that can list, Clearhaus too,
// which has no webhooks at all.
func openSilently(t *testing.T, s *simulator.Simulator) map[string][]string {
	t.Helper()
	opened := map[string][]string{}
	for range perProvider {
		id := s.Stripe.Open(s.World.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
		opened[simulator.StripeConnection] = append(opened[simulator.StripeConnection], id)
		for _, p := range s.Providers {
			if !p.Lists {
				continue
			}
			id, err := p.Open(s.World.NewOrder(world.OrderOptions{}), 9*s.World.Day())
			if err != nil {
				t.Fatal(err)
			}
			opened[p.Name] = append(opened[p.Name], id)
		}
	}
	return opened
}

// sweep asks a provider once what it has.
func sweep(t *testing.T, sys *rehearsal.System, connection string) activities.Swept {
	t.Helper()
	c, err := sys.App.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "sweep-once/" + connection, TaskQueue: workflows.CasesQueue},
		workflows.SweepWorkflow, activities.SweepInput{Connection: connection})
	if err != nil {
		t.Fatal(err)
	}
	var got activities.Swept
	if err := run.Get(t.Context(), &got); err != nil {
		t.Fatalf("%s: %v", connection, err)
	}
	return got
}

// agree reports whether there is one case for each dispute and no other.
func agree(ctx context.Context, t *testing.T, sys *rehearsal.System, opened map[string][]string) bool {
	t.Helper()
	rows, _, err := sys.App.DB.ListCases(ctx, store.CaseFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	here := map[dispute.Ref]int{}
	for _, r := range rows {
		here[r.Ref]++
	}
	total := 0
	for connection, ids := range opened {
		for _, id := range ids {
			total++
			if here[dispute.Ref{Connection: connection, ID: id}] != 1 {
				return false
			}
		}
	}
	return len(rows) == total
}

// TestDocumentedPayloads posts what HealthSafePay and Localpayment print in their
// documents, byte for byte, as plain HTTP.
func TestDocumentedPayloads(t *testing.T) {
	t.Parallel()
	sys := prepareWith(t, rehearsal.Options{Day: 24 * time.Hour, Providers: true})
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	secret := http.Header{"X-Webhook-Secret": {simulator.HealthSafePaySecret}}
	post(t, sys, "healthsafepay", "sample", secret)
	noticed := time.Now()
	for _, name := range []string{"payin_906_chargeback", "chargeback_102_indispute", "chargeback_200_completed", "chargeback_202_won", "chargeback_201_lost"} {
		post(t, sys, "localpayment", name, nil)
	}
	for _, want := range []struct {
		ref      dispute.Ref
		amount   dispute.Money
		stage    dispute.Stage
		provider dispute.ProviderStatus
		due      time.Time
		origin   dispute.Origin
	}{
		// No date is told, so that the policy's seven days run from the withdrawal.
		{
			dispute.Ref{Connection: "healthsafepay", ID: "dp_1PIoq2I4dYE13Vva263rszkj"}, dispute.Money{Minor: 50, Currency: "USD"},
			dispute.StageChargeback, dispute.ProviderNeedsResponse, time.Unix(1716283111, 0).Add(7 * 24 * time.Hour), dispute.OriginPolicy,
		},
		// "7 days to send the proper documentation", reckoned from the notice.
		{
			dispute.Ref{Connection: "localpayment", ID: "1669150987"}, dispute.Money{Minor: 10000, Currency: "ARS"},
			dispute.StageChargeback, dispute.ProviderNeedsResponse, noticed.Add(7 * 24 * time.Hour), dispute.OriginProvider,
		},
		// The latest of its callbacks is COMPLETED; none tells an amount or a date, so
		// that the policy's seven days run from the first of them.
		{
			dispute.Ref{Connection: "localpayment", ID: "1668802354"}, dispute.Money{},
			dispute.StageChargeback, dispute.ProviderLost, time.Date(2022, 11, 29, 20, 20, 9, 0, time.UTC), dispute.OriginPolicy,
		},
	} {
		var row store.CaseRow
		wait(patience(t), t, "the case of "+want.ref.String(), func() (ok bool) {
			var err error
			row, err = sys.App.DB.GetCase(t.Context(), want.ref.CaseID())
			return err == nil && row.View.Snapshot.Status == want.provider && row.Deadline.Origin == want.origin
		})
		snap := row.View.Snapshot
		if snap.Amount != want.amount || snap.Stage != want.stage {
			t.Errorf("%s is %s in %s, want %s in %s", want.ref, snap.Amount, snap.Stage, want.amount, want.stage)
		}
		if off := row.Deadline.At.Sub(want.due); off.Abs() > time.Minute {
			t.Errorf("%s is due %s (%s), want %s", want.ref, row.Deadline.At, want.origin, want.due)
		}
	}
}

// post sends a vendor's documented payload as it stands.
func post(t *testing.T, sys *rehearsal.System, connection, name string, h http.Header) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "integrations", connection, "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if h == nil {
		h = sys.Simulator.Localpayment.Sign(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sys.Console+"/webhooks/"+connection, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s, %s: HTTP %d", connection, name, resp.StatusCode)
	}
}
