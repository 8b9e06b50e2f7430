package browser

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

// firstRules hold every case back, so that it waits for a person while the test
// looks at it.
const firstRules = `base_currency: USD
queues:
  frontline: { members: [mia@acme.example], escalate_to: tom@acme.example }
  senior: { members: [tom@acme.example] }
ladder:
  standard: { remind: [72h], escalate: [48h], cut_off: 24h, at_cut_off: submit }
rules:
  - { id: tiny, when: 'dispute.amount_base < money("15 USD")', then: { queue: frontline, approval: none, ladder: standard, respond: accept } }
  - { id: rest, when: "true", then: { queue: frontline, approval: none, hold: true, ladder: standard, respond: contest } }
`

// The people of the test.
var (
	mia = desk.Actor{ID: "mia@acme.example", Role: desk.RoleAnalyst}
	tom = desk.Actor{ID: "tom@acme.example", Role: desk.RoleManager}
)

// office is a running system with the people who work with it.
type office struct {
	*rehearsal.System
	tokens map[desk.Actor]string
}

// openOffice starts a whole system of the test's own, with a policy day of a day.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := rehearsal.Options{
		Folder: t.TempDir(), Database: testenv.Postgres(t), Seed: 1, Day: 24 * time.Hour, Rules: []byte(firstRules),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	o.TemporalAddress, o.Namespace = testenv.Temporal(t)
	sys, err := rehearsal.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	always := true
	sys.App.Desk.RulesApproval = &always
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	out := &office{System: sys, tokens: map[desk.Actor]string{}}
	for _, who := range []desk.Actor{mia, tom} {
		if out.tokens[who], err = sys.App.Desk.CreateToken(t.Context(), desk.System, "browser", who.ID, who.Role); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// dispute has a shopper dispute a sale at the provider, and waits until the case
// that its webhook begins is planned.
func (o *office) dispute(t *testing.T, total int64) store.CaseRow {
	t.Helper()
	order := o.Simulator.World.NewOrder(world.OrderOptions{Total: total})
	id := o.Simulator.Stripe.Open(order, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
	ref := dispute.Ref{Connection: simulator.StripeConnection, ID: id}
	return o.until(t, ref.CaseID(), "a plan and evidence", func(r store.CaseRow) bool { return r.Rule != "" && r.PacketHash != "" })
}

// until waits for a case to be as it should.
func (o *office) until(t *testing.T, id, what string, ok func(store.CaseRow) bool) store.CaseRow {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*patience)
	defer stop()
	for {
		row, err := o.App.Desk.Row(ctx, desk.System, id)
		if err == nil && ok(row) {
			return row
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s of %s: rule %q, queue %q, %s (%v)", what, id, row.Rule, row.Queue, row.Status, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

const pastColumns = "id,opened,decided,amount,currency,reason,network,code,response,outcome,strength"

// past is a year of disputes in a file, as a merchant has them from before.
func past(now time.Time) string {
	var b strings.Builder
	b.WriteString(pastColumns + "\n")
	for i := range 300 {
		opened := now.AddDate(0, 0, -40-i).Add(time.Duration(i%9-4) * time.Hour)
		outcome := "lost"
		if i%3 > 0 {
			outcome = "won"
		}
		fmt.Fprintf(&b, "old-%d,%s,%s,%d.50,USD,product_not_received,visa,13.1,contest,%s,%d\n",
			i, opened.Format(time.RFC3339), opened.AddDate(0, 0, 30).Format(time.RFC3339), 20+7*i%900, outcome, i%5)
	}
	return b.String()
}

// remember imports the past.
func (o *office) remember(t *testing.T) {
	t.Helper()
	mapping := history.Mapping{
		Columns:  map[string]string{},
		Defaults: map[string]string{"connection": simulator.StripeConnection, "provider": "stripe"},
	}
	for _, name := range strings.Split(pastColumns, ",") {
		mapping.Columns[name] = name
	}
	got, err := o.App.Desk.ImportPast(t.Context(), desk.System, desk.PastImport{
		Name: "old.csv", Key: "old", Rows: history.Read(strings.NewReader(past(time.Now().UTC())), history.CSV, mapping),
		Reject: func(e history.RowError) error { return fmt.Errorf("row %d: %s: %s", e.Row, e.Column, e.Reason) },
	})
	if err != nil || got.Added == 0 {
		t.Fatalf("%d past disputes, %v", got.Added, err)
	}
}

// login lets a person in with their token.
func (w *tab) login(t *testing.T, o *office, who desk.Actor) {
	t.Helper()
	w.open(t, "/login")
	w.fill(t, "API token", o.tokens[who])
	w.follow(t, "main", "Log in")
	w.see(t, "h1", "Queue")
}
