package rehearsal

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

// stage is a system of which only the simulator is there, and a case that ended
// as its script says: the provider decided without hearing us.
func stage(t *testing.T) (*System, desk.CaseFile, scenario.End) {
	t.Helper()
	s := &System{Simulator: simulator.New(simulator.Options{Seed: 1, Day: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler)})}
	id := s.Simulator.Stripe.Open(s.Simulator.World.NewOrder(world.OrderOptions{Total: 8900}), stripe.DisputeOptions{Reason: "fraudulent", Hold: true})
	f := desk.CaseFile{ChainOK: true}
	f.Ref = dispute.Ref{Connection: "stripe-us", ID: id}
	f.ID, f.Status = f.Ref.CaseID(), dispute.StatusLost
	f.Journal = []ledger.Entry{
		posted(ledger.DisputedFunds, ledger.PSPClearing), posted(ledger.ChargebackLoss, ledger.DisputedFunds),
	}
	f.Writes = []store.Intent{{Kind: "post entry", DoneAt: time.Now()}, {Kind: "post entry", DoneAt: time.Now()}}
	return s, f, scenario.End{Status: "lost", Net: -8900}
}

func posted(debit, credit ledger.Account) ledger.Entry {
	return ledger.Entry{Currency: "USD", Postings: []ledger.Posting{
		{Account: debit, Side: ledger.Debit, Amount: 8900}, {Account: credit, Side: ledger.Credit, Amount: 8900},
	}}
}

// The judge of the demo and of the end-to-end tests must notice each thing that
// can be wrong.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bend func(s *System, f *desk.CaseFile, end *scenario.End)
		says string
	}{
		"as scripted":       {func(*System, *desk.CaseFile, *scenario.End) {}, ""},
		"no dispute":        {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.Ref.ID = "du_none" }, "has no dispute"},
		"another status":    {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.Status = dispute.StatusWon }, "status won, want lost"},
		"nothing sent":      {func(_ *System, _ *desk.CaseFile, end *scenario.End) { end.Submissions = 1 }, "saw 0 submission"},
		"not accepted":      {func(_ *System, _ *desk.CaseFile, end *scenario.End) { end.Accepted = true }, "accepted at the provider: false"},
		"a broken chain":    {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.ChainOK = false }, "hashes do not hold"},
		"no ticket":         {func(_ *System, _ *desk.CaseFile, end *scenario.End) { end.Ticket = true }, "0 ticket(s), want 1"},
		"a ticket too many": {func(s *System, f *desk.CaseFile, _ *scenario.End) { ticket(t, s, f.ID) }, "1 ticket(s), want 0"},
		"its ticket":        {func(s *System, f *desk.CaseFile, end *scenario.End) { ticket(t, s, f.ID); end.Ticket = true }, ""},
		"another net":       {func(_ *System, _ *desk.CaseFile, end *scenario.End) { end.Net = -1 }, "by -8900, the script -1"},
		"still disputed":    {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.Journal = f.Journal[:1] }, "still under dispute"},
		"on suspense": {func(_ *System, f *desk.CaseFile, _ *scenario.End) {
			f.Journal[1].Postings[0].Account = ledger.DisputeSuspense
			f.Journal[1].Postings[1].Account = ledger.DisputedFunds
		}, "suspense"},
		"out of balance":     {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.Journal[1].Postings[0].Amount++ }, "off by 1"},
		"not in their books": {func(_ *System, f *desk.CaseFile, _ *scenario.End) { f.Writes[0].DoneAt = time.Time{} }, "1 of 2 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f, end := stage(t)
			tc.bend(s, &f, &end)
			err := s.judge(f, end)
			switch {
			case tc.says == "" && err != nil:
				t.Error(err)
			case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)):
				t.Errorf("%v, want %q in it", err, tc.says)
			}
		})
	}
}

// The audit must notice a case too many, one too few and an answer too many.
func TestCompare(t *testing.T) {
	t.Parallel()
	s, f, _ := stage(t)
	bank, _ := s.Simulator.Provider("clearhaus")
	id, err := bank.Open(s.Simulator.World.NewOrder(world.OrderOptions{}), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	row := func(connection, id string) store.CaseRow {
		return store.CaseRow{Case: dispute.Case{Ref: dispute.Ref{Connection: connection, ID: id}}}
	}
	one, other := row(f.Ref.Connection, f.Ref.ID), row("clearhaus", id)
	for name, tc := range map[string]struct {
		rows []store.CaseRow
		says string
	}{
		"as it should be": {[]store.CaseRow{one, other}, ""},
		"one is missing":  {[]store.CaseRow{one}, "has 0 cases"},
		"one is doubled":  {[]store.CaseRow{one, other, other}, "has 2 cases"},
		"one is nobody's": {[]store.CaseRow{one, other, row("paypal", "PP-R-1")}, "is no provider's dispute"},
	} {
		err := errors.Join(s.compare(tc.rows)...)
		if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: %v, want %q in it", name, err, tc.says)
		}
	}
	s.Simulator.Clearhaus.Change(id, func(d *clearhaus.Dispute) { d.Stamps = []string{"refuted", "refuted"} })
	if err := errors.Join(s.compare([]store.CaseRow{one, other})...); err == nil || !strings.Contains(err.Error(), "answered 2 times") {
		t.Errorf("two answers: %v", err)
	}
}

func ticket(t *testing.T, s *System, caseID string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/zendesk/api/v2/tickets.json",
		strings.NewReader(`{"ticket":{"external_id":"`+caseID+`","subject":"x","comment":{"body":"x"}}}`))
	r.SetBasicAuth(simulator.ZendeskEmail+"/token", simulator.ZendeskToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Simulator.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}
