package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Result is how one scenario ended.
type Result struct {
	Scenario string        `json:"scenario"`
	Dispute  string        `json:"dispute"`
	Case     string        `json:"case"`
	Status   string        `json:"status"`
	Took     time.Duration `json:"took_ns"`
	OK       bool          `json:"ok"`
	Says     string        `json:"says,omitempty"` // what is not as the script says
}

// Play runs one script and waits until its case ended as the script says, or
// until ctx ends.
func (s *System) Play(ctx context.Context, sc scenario.Scenario) Result {
	began := time.Now()
	stage := &scenario.Stage{Simulator: s.Simulator, ByHand: s.byHand}
	r := Result{Scenario: sc.Name}
	err := sc.Play(ctx, stage)
	r.Dispute = stage.Dispute
	r.Case = ref(stage).CaseID()
	if err == nil {
		err = s.await(ctx, &r, sc.End)
	}
	r.Took, r.OK = time.Since(began), err == nil
	if err != nil {
		r.Says = err.Error()
	}
	return r
}

// ref names the dispute of a script.
func ref(s *scenario.Stage) dispute.Ref {
	return dispute.Ref{Connection: cmp.Or(s.Connection, simulator.StripeConnection), ID: s.Dispute}
}

// byHand plays the analyst; see scenario.Stage.
func (s *System) byHand(ctx context.Context, stage *scenario.Stage, late bool) error {
	id := ref(stage).CaseID()
	analyst := desk.Actor{ID: "ana@acme.example", Role: desk.RoleAnalyst}
	err := stage.Until(ctx, "a packet to answer with by hand", func() bool {
		row, err := s.App.Desk.Row(ctx, desk.System, id)
		return err == nil && row.PacketHash != "" && (!late || row.Status == dispute.StatusNeedsPerson && row.CutOffAt.Before(time.Now()))
	})
	if err != nil {
		return err
	}
	if _, _, err := s.App.Desk.PacketZip(ctx, analyst, id); err != nil {
		return err
	}
	_, err = s.App.Desk.Decide(ctx, analyst, id, dispute.Decision{Kind: dispute.DecideSubmit, Elsewhere: true})
	return err
}

func (s *System) await(ctx context.Context, r *Result, end scenario.End) error {
	var last error
	for {
		f, err := s.App.Desk.Case(ctx, desk.System, r.Case)
		if err == nil {
			r.Status = string(f.Status)
			last = s.judge(f, end)
		} else if ctx.Err() == nil {
			last = err
		}
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(last, s.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// judge compares a case with the end of its script: the status, what the
// provider saw, and the books.
func (s *System) judge(f desk.CaseFile, end scenario.End) error {
	seen, ok := s.Simulator.Seen(f.Ref.Connection, f.Ref.ID)
	switch {
	case !ok:
		return fmt.Errorf("the provider has no dispute %s", f.Ref.ID)
	case string(f.Status) != end.Status:
		return fmt.Errorf("status %s, want %s (%s)", f.Status, end.Status, f.Needs)
	case seen.Submissions != end.Submissions:
		return fmt.Errorf("the provider saw %d submission(s), want %d", seen.Submissions, end.Submissions)
	case seen.Accepted != end.Accepted:
		return fmt.Errorf("accepted at the provider: %v, want %v", seen.Accepted, end.Accepted)
	case (end.Submissions > 0 || end.Accepted) && f.Submission == nil:
		return errors.New("no receipt of the response")
	case !f.ChainOK:
		return errors.New("the history's hashes do not hold: " + f.ChainError)
	}
	if err := s.judgeTicket(f, end); err != nil {
		return err
	}
	return s.judgeBooks(f, end)
}

func (s *System) judgeTicket(f desk.CaseFile, end scenario.End) error {
	have, want := 0, 0
	for _, t := range s.Simulator.Zendesk.Tickets() {
		if t.ExternalID == f.ID {
			have++
		}
	}
	if end.Ticket {
		want = 1
	}
	if have != want {
		return fmt.Errorf("the help desk has %d ticket(s), want %d", have, want)
	}
	return nil
}

func (s *System) judgeBooks(f desk.CaseFile, end scenario.End) error {
	net := map[ledger.Account]int64{}
	for _, b := range ledger.TrialBalance(f.Journal) {
		net[b.Account] += b.Net()
	}
	var sum int64
	for _, n := range net {
		sum += n
	}
	switch {
	case sum != 0:
		return fmt.Errorf("the case's journal is off by %d", sum)
	case net[ledger.PSPClearing] != end.Net:
		return fmt.Errorf("the journal says the provider's balance changed by %d, the script %d", net[ledger.PSPClearing], end.Net)
	case net[ledger.DisputedFunds] != 0:
		return fmt.Errorf("%d are still under dispute in the books", net[ledger.DisputedFunds])
	case net[ledger.DisputeSuspense] != 0:
		return fmt.Errorf("%d are on the suspense account", net[ledger.DisputeSuspense])
	}
	if n := len(f.Journal); n > 0 && s.exported(f) < n {
		return fmt.Errorf("%d of %d entries are in the accounting system", s.exported(f), n)
	}
	return nil
}

func (s *System) exported(f desk.CaseFile) int {
	n := 0
	for _, w := range f.Writes {
		if w.Kind == "post entry" && !w.DoneAt.IsZero() {
			n++
		}
	}
	return n
}

// unwatchedGrace is how late a timer may be.
const unwatchedGrace = 10 * time.Second

// Audit looks at everything once the scripts have ended: one case for each
// dispute of the providers and no other, one answer at most to each, no case
// without a decision or an armed timer, and balanced books.
func (s *System) Audit(ctx context.Context) error {
	rows, _, err := s.App.DB.ListCases(ctx, store.CaseFilter{Limit: 500})
	if err != nil {
		return err
	}
	problems := s.compare(rows)
	alone, err := s.App.DB.Unwatched(ctx, time.Now(), unwatchedGrace)
	problems = append(problems, err)
	for _, r := range alone {
		problems = append(problems, fmt.Errorf("case %s (%s) has neither a decision nor an armed timer", r.ID, r.Status))
	}
	return errors.Join(append(problems, s.Balanced(ctx))...)
}

// compare holds the cases against the disputes that the providers have.
func (s *System) compare(rows []store.CaseRow) (problems []error) {
	here := map[dispute.Ref]int{}
	for _, r := range rows {
		here[r.Ref]++
	}
	for _, ref := range s.disputes() {
		seen, _ := s.Simulator.Seen(ref.Connection, ref.ID)
		if n := here[ref]; n != 1 {
			problems = append(problems, fmt.Errorf("%s has %d cases", ref, n))
		}
		if seen.Submissions > 1 || seen.Submissions > 0 && seen.Accepted {
			problems = append(problems, fmt.Errorf("%s was answered %d times, accepted: %v", ref, seen.Submissions, seen.Accepted))
		}
		delete(here, ref)
	}
	for ref := range here {
		problems = append(problems, fmt.Errorf("%s is no provider's dispute", ref))
	}
	return problems
}

// disputes are those that the simulator has opened.
func (s *System) disputes() []dispute.Ref {
	var out []dispute.Ref
	for _, d := range s.Simulator.Stripe.Disputes() {
		out = append(out, dispute.Ref{Connection: simulator.StripeConnection, ID: d.ID})
	}
	for _, p := range s.Simulator.Providers {
		for _, id := range p.Opened() {
			out = append(out, dispute.Ref{Connection: p.Name, ID: id})
		}
	}
	return out
}

// Balanced reports whether the whole journal adds up to nothing, per currency.
func (s *System) Balanced(ctx context.Context) error {
	balances, err := s.App.Desk.Balances(ctx, desk.System)
	if err != nil {
		return err
	}
	sums := map[string]int64{}
	for _, b := range balances {
		sums[b.Currency] += b.Debit - b.Credit
	}
	for currency, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("the books are off by %s", dispute.Money{Minor: sum, Currency: currency})
		}
	}
	return nil
}
