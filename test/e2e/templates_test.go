package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// plain are rules that tell nobody of anything.
const plain = `base_currency: USD
queues:
  all: { members: [ana@acme.example], escalate_to: mo@acme.example }
ladder:
  standard: { remind: [72h], escalate: [48h], cut_off: 24h, at_cut_off: submit }
rules:
  - { id: rest, when: "true", then: { queue: all, approval: none, ladder: standard, respond: contest } }
`

// templated are the plain rules with every template switched on.
func templated(t *testing.T) []byte {
	t.Helper()
	source := []byte(plain)
	for _, one := range rules.Templates() {
		var err error
		if source, err = one.Merge("plain", source, nil); err != nil {
			t.Fatal(err)
		}
	}
	return source
}

// played is a dispute that ran its course, and what it was about.
type played struct {
	world.Order
	desk.CaseFile
}

// TestTemplates switches all templates on, plays a costly dispute that is won and
// a small one that is lost to fraud, and looks at the vendors for what each
// template brings about: once, although answers get lost, and nothing where it does
// not apply.
func TestTemplates(t *testing.T) {
	t.Parallel()
	sys := prepareWith(t, rehearsal.Options{Day: day, Rules: templated(t)})
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	loseAnswers(sys.Simulator)
	costly := begin(sys, world.OrderOptions{Total: 52900}, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"})
	fraud := begin(sys, world.OrderOptions{Total: 8900}, stripe.DisputeOptions{Reason: "fraudulent", NetworkCode: "10.4"})
	ctx := patience(t)
	finish(ctx, t, sys, &costly, true)
	finish(ctx, t, sys, &fraud, false)
	s := sys.Simulator
	for name, look := range map[string]func(t *testing.T){
		"slack-alert-and-salesforce":     func(t *testing.T) { alerted(t, s, costly, fraud) },
		"evidence-shopify-shipbob":       func(t *testing.T) { gathered(t, costly, fraud) },
		"outcome-to-quickbooks":          func(t *testing.T) { inBooks(t, s, costly, fraud) },
		"high-value-zendesk-and-manager": func(t *testing.T) { escalated(t, s, costly, fraud) },
		"reason-codes-to-sheet":          func(t *testing.T) { listed(t, s, costly, fraud) },
		"fraud-to-radar":                 func(t *testing.T) { fedBack(t, s, fraud) },
	} {
		t.Run(name, look)
	}
}

// loseAnswers has the sheet and Radar do the first write and not answer for it. A
// mail server cannot be asked what it took, and Salesforce takes reads and writes at
// one address, so that these are spared.
func loseAnswers(s *simulator.Simulator) {
	for vendor, path := range map[string]string{"sheets": ":append", "stripe": "/radar/value_list_items"} {
		s.AddFault(faults.Fault{Vendor: vendor, Method: http.MethodPost, Path: path, Mode: faults.DropCommitted, Times: 1})
	}
}

func begin(sys *rehearsal.System, o world.OrderOptions, d stripe.DisputeOptions) played {
	out := played{Order: sys.Simulator.World.NewOrder(o)}
	out.Ref = dispute.Ref{Connection: simulator.StripeConnection, ID: sys.Simulator.Stripe.Open(out.Order, d)}
	return out
}

// dueReports are the task and the row, twice, and the e-mail about a costly dispute
// or the lists of a fraud.
const dueReports = 5

// finish waits for our answer, gives the verdict, and waits until everything that
// is written to the outside is written.
func finish(ctx context.Context, t *testing.T, sys *rehearsal.System, e *played, won bool) {
	t.Helper()
	wait(ctx, t, "an answer to "+e.Ref.ID, func() bool {
		seen, _ := sys.Simulator.Seen(e.Ref.Connection, e.Ref.ID)
		return seen.Submissions > 0
	})
	if err := sys.Simulator.Stripe.Decide(e.Ref.ID, won); err != nil {
		t.Fatal(err)
	}
	id := e.Ref.CaseID()
	wait(ctx, t, "the reports of "+e.Ref.ID, func() bool {
		f, err := sys.App.Desk.Case(ctx, desk.System, id)
		if err != nil {
			return false
		}
		e.CaseFile = f
		done := map[string]int{}
		for _, w := range f.Writes {
			if !w.DoneAt.IsZero() {
				done[w.Kind]++
			}
		}
		return done["report"] >= dueReports && len(f.Journal) > 0 && done["post entry"] >= len(f.Journal)
	})
}

func alerted(t *testing.T, s *simulator.Simulator, all ...played) {
	for _, e := range all {
		cards, subjects := 0, []string{}
		for _, m := range s.Slack.Messages() {
			if m.ThreadTS == "" && strings.Contains(string(m.Blocks), e.Ref.ID) {
				cards++
			}
		}
		for _, task := range s.Salesforce.Tasks() {
			if strings.Contains(task.Description, e.ID) {
				subject, _, _ := strings.Cut(task.Subject, ":")
				subjects = append(subjects, subject)
			}
		}
		slices.Sort(subjects)
		want := []string{"Dispute " + e.Outcome, "Dispute opened"}
		slices.Sort(want)
		if diff := cmp.Diff(want, subjects); cards != 1 || diff != "" {
			t.Errorf("%s: %d cards, tasks (-want +got):\n%s", e.Ref.ID, cards, diff)
		}
		if got := s.Salesforce.Written(e.Customer.Email)["Dispute_Status__c"]; got == nil {
			t.Errorf("%s: the contact was not written", e.Ref.ID)
		}
	}
}

func gathered(t *testing.T, all ...played) {
	for _, e := range all {
		found := map[string]bool{}
		for _, item := range e.Items {
			found[item.Source] = true
		}
		if !found["shop"] || !found["warehouse"] || found["crm"] || found["helpdesk"] || found["salesforce"] {
			t.Errorf("%s: evidence of %v, want shop and warehouse and nobody else but the provider", e.Ref.ID, found)
		}
		if e.Submission == nil {
			t.Errorf("%s: no answer was sent", e.Ref.ID)
		}
	}
}

func inBooks(t *testing.T, s *simulator.Simulator, all ...played) {
	for _, e := range all {
		n := 0
		for _, entry := range s.QuickBooks.Entries() {
			if strings.Contains(entry.PrivateNote, e.Ref.ID) {
				n++
			}
		}
		if n != len(e.Journal) || n < 2 {
			t.Errorf("%s: %d entries in QuickBooks, %d in the journal", e.Ref.ID, n, len(e.Journal))
		}
	}
}

func escalated(t *testing.T, s *simulator.Simulator, costly, small played) {
	tickets, mails := map[string]string{}, map[string]int{}
	for _, ticket := range s.Zendesk.Tickets() {
		tickets[ticket.ExternalID] += ticket.Priority
	}
	for _, m := range s.Mail.Messages() {
		if slices.Equal(m.To, []string{"mo@acme.example"}) && strings.Contains(m.Data, "New dispute: 529.00 USD") {
			mails[costly.ID]++
		}
		if strings.Contains(m.Data, small.ID) {
			mails[small.ID]++
		}
	}
	if diff := cmp.Diff(map[string]int{costly.ID: 1}, mails); diff != "" {
		t.Errorf("mails of openings (-want +got):\n%s", diff)
	}
	if tickets[costly.ID] != "urgent" || tickets[small.ID] != "" {
		t.Errorf("tickets %v", tickets)
	}
}

func listed(t *testing.T, s *simulator.Simulator, all ...played) {
	rows := s.Sheets.Rows()
	column := func(title string) int { return slices.Index(rows[0], title) }
	for _, e := range all {
		var got [][]string
		for _, r := range rows[1:] {
			if r[column("Case")] == e.ID {
				got = append(got, []string{r[column("Moment")], r[column("Reason code")], r[column("Amount")], r[column("Outcome")]})
			}
		}
		snap := e.View.Snapshot
		want := [][]string{
			{"opened", snap.NetworkCode, snap.Amount.Decimal(), ""}, {"decided", snap.NetworkCode, snap.Amount.Decimal(), e.Outcome},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.Ref.ID, diff)
		}
	}
	if len(rows) != 1+2*len(all) {
		t.Errorf("%d rows", len(rows))
	}
}

func fedBack(t *testing.T, s *simulator.Simulator, fraud played) {
	want := [][]string{{fraud.Customer.Email}, {"fp" + fraud.CardLast4}, {fraud.IP}}
	got := [][]string{s.Stripe.ValueList("disputed_emails"), s.Stripe.ValueList("disputed_cards"), s.Stripe.ValueList("disputed_ips")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}
