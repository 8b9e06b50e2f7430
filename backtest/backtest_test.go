package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const frame = `
base_currency: USD
fx: { EUR: "1.10" }
queues:
  frontline: { members: [ana@acme.example] }
  senior: { members: [ben@acme.example, eve@acme.example] }
ladder:
  standard: { remind: [24h], cut_off: 6h, at_cut_off: submit }
  slow: { remind: [48h], cut_off: 24h, at_cut_off: submit }
defaults: { queue: frontline, approval: none, ladder: standard, respond: contest }
rules:
`

func set(t testing.TB, name, lines string) *rules.Set {
	t.Helper()
	s, err := rules.Parse(name, []byte(frame+lines+"\n  - { id: rest, when: \"true\", then: { queue: frontline } }\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func live(t testing.TB) *rules.Set {
	return set(t, "live", `
  - { id: tiny, when: 'dispute.amount_base < money("20 USD")', then: { respond: accept } }`)
}

func draft(t testing.TB) *rules.Set {
	return set(t, "draft", `
  - { id: tiny, when: 'dispute.amount_base < money("50 USD")', then: { respond: accept } }
  - { id: high, when: 'dispute.amount_base >= money("300 USD")', then: { queue: senior, approval: required, ladder: slow } }`)
}

func source(disputes []history.Past) Source {
	return func(context.Context) iter.Seq2[history.Past, error] {
		return func(yield func(history.Past, error) bool) {
			for _, p := range disputes {
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) // a Monday

// invented are disputes of half a year.
func invented(n int, seed uint64) []history.Past {
	r := rand.New(rand.NewPCG(seed, 1))
	families := []dispute.Family{dispute.FamilyFraudulent, dispute.FamilyProductNotReceived, dispute.FamilyDuplicate}
	networks := []string{"visa", "mastercard", ""}
	out := make([]history.Past, n)
	for i := range out {
		opened := start.Add(time.Duration(r.IntN(180*24)) * time.Hour)
		p := history.Past{
			Ref: dispute.Ref{Connection: "stripe-us", ID: fmt.Sprintf("du_%d", i)}, Provider: "stripe",
			Amount:  dispute.Money{Minor: int64(100 + r.IntN(60000)), Currency: []string{"USD", "USD", "EUR", "SEK"}[r.IntN(4)]},
			Network: networks[r.IntN(3)], Family: families[r.IntN(3)], Stage: dispute.StageChargeback, OpenedAt: opened,
			DueAt: opened.Add(14 * 24 * time.Hour), Strength: r.IntN(5),
		}
		switch r.IntN(8) {
		case 0: // not decided
			p.Response = dispute.ResponseContest
		case 1:
			p.Response, p.Outcome, p.DecidedAt = dispute.ResponseAccept, history.Lost, opened.Add(48*time.Hour)
		case 2:
			p.Outcome, p.DecidedAt = history.Lost, opened.Add(20*24*time.Hour)
		default:
			p.Response, p.Outcome, p.DecidedAt = dispute.ResponseContest, history.Lost, opened.Add(30*24*time.Hour)
			if r.IntN(4) < p.Strength {
				p.Outcome = history.Won
			}
		}
		out[i] = p
	}
	return out
}

func run(t testing.TB, disputes []history.Past, live, draft *rules.Set, o Options) Report {
	t.Helper()
	r, err := Run(t.Context(), source(disputes), live, draft, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReport(t *testing.T) {
	t.Parallel()
	got := run(t, invented(400, 1), live(t), draft(t), Options{Since: start.AddDate(0, 3, 0), Movers: 3, PerHour: 1})
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/report.golden"
	if *update {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("%s; -update writes it (-want +got):\n%s", file, diff)
	}
}

func TestTheSameRulesMoveNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		r := run(t, invented(300, seed), draft(t), draft(t), Options{})
		zero := dispute.Money{Currency: "USD"}
		if r.Moved != 0 || len(r.Movers) != 0 || len(r.Changes) != 0 || r.Work.PerWeek != 0 || r.Money != (Estimate{zero, zero, zero}) || r.Disputes != 300 {
			t.Errorf("seed %d: %d moved, money %+v, changes %+v", seed, r.Moved, r.Money, r.Changes)
		}
		if diff := cmp.Diff(r.Live, r.Draft); diff != "" {
			t.Error(diff)
		}
	}
}

func TestOrderAndCoresDoNotCount(t *testing.T) {
	t.Parallel()
	disputes := invented(1500, 7)
	want := run(t, disputes, live(t), draft(t), Options{Workers: 1})
	for seed := range uint64(4) {
		shuffled := slices.Clone(disputes)
		rand.New(rand.NewPCG(seed, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got := run(t, shuffled, live(t), draft(t), Options{Workers: int(seed) + 1})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-in order +shuffled):\n%s", seed, diff)
		}
	}
}

// What was decided in or after a dispute's own week must not change what is
// expected of it.
func TestNobodyLooksAhead(t *testing.T) {
	t.Parallel()
	asked := history.Past{
		Ref: dispute.Ref{Connection: "c", ID: "asked"}, Provider: "stripe", Amount: dispute.Money{Minor: 10000, Currency: "USD"},
		Family: dispute.FamilyFraudulent, Network: "visa", Stage: dispute.StageChargeback, OpenedAt: start.AddDate(0, 3, 0),
		Response: dispute.ResponseAccept, Outcome: history.Lost, DecidedAt: start.AddDate(0, 3, 1),
	}
	taught := func(decided time.Time) Report {
		disputes := []history.Past{asked}
		for i := range 50 {
			p := asked
			p.Ref.ID, p.OpenedAt, p.DecidedAt = fmt.Sprint(i), decided.AddDate(0, -2, 0), decided
			p.Response, p.Outcome = dispute.ResponseContest, history.Won
			disputes = append(disputes, p)
		}
		return run(t, disputes, set(t, "live", `
  - { id: all, when: 'dispute.amount_base > money("0 USD")', then: { respond: accept } }`), set(t, "draft", ""), Options{Since: asked.OpenedAt})
	}
	week := startOfWeek(weekOf(asked.OpenedAt))
	before, within, after := taught(week.Add(-time.Second)), taught(week), taught(asked.OpenedAt.AddDate(0, 1, 0))
	if within.Money != after.Money {
		t.Errorf("a verdict of its own week counts: %v, later %v", within.Money, after.Money)
	}
	if before.Money.Amount.Minor <= after.Money.Amount.Minor+2000 {
		t.Errorf("fifty wins of the week before do not count: %v, without %v", before.Money.Amount, after.Money.Amount)
	}
}

func TestVerdictsCountAndOddsFillIn(t *testing.T) {
	t.Parallel()
	contested := history.Past{
		Ref: dispute.Ref{Connection: "c", ID: "a"}, Amount: dispute.Money{Minor: 3000, Currency: "USD"}, Family: dispute.FamilyDuplicate,
		Stage: dispute.StageChargeback, OpenedAt: start, Response: dispute.ResponseContest, Outcome: history.Won, DecidedAt: start.AddDate(0, 1, 0),
	}
	accepted := contested
	accepted.Ref.ID, accepted.Response, accepted.Outcome = "b", dispute.ResponseAccept, history.Lost
	foreign := contested
	foreign.Ref.ID, foreign.Amount.Currency = "c", "SEK"

	r := run(t, []history.Past{contested}, live(t), draft(t), Options{})
	if r.Live.Won.Minor != 3000 || r.Live.Known != 1 || r.Draft.Lost.Minor != 3000 || r.Money.Amount.Minor != -3000 || r.Money.Low != r.Money.High {
		t.Errorf("a won dispute that the draft accepts: live %+v, draft %+v, money %+v", r.Live, r.Draft, r.Money)
	}
	if len(r.Movers) != 1 || r.Movers[0].ByOdds || r.Movers[0].Money.Minor != -3000 || !slices.Equal(r.Movers[0].Changed, []string{"respond"}) {
		t.Errorf("movers %+v", r.Movers)
	}
	r = run(t, []history.Past{accepted}, draft(t), live(t), Options{})
	if r.Draft.ByOdds != 1 || r.Money.Amount.Minor <= 0 || r.Money.Amount.Minor >= 3000 || r.Money.Low.Minor >= r.Money.Amount.Minor || r.Live.Known != 1 {
		t.Errorf("an accepted dispute that the draft contests: draft %+v, money %+v", r.Draft, r.Money)
	}
	open := contested
	open.Outcome, open.DecidedAt = "", time.Time{}
	r = run(t, []history.Past{open}, live(t), draft(t), Options{})
	if r.Live.ByOdds != 1 || r.Live.Known != 0 || r.Draft.ByOdds != 0 || r.Draft.Known != 0 || r.Draft.Lost.Minor != 3000 {
		t.Errorf("an undecided dispute that the draft accepts used no verdict: live %+v, draft %+v", r.Live, r.Draft)
	}
	r = run(t, []history.Past{foreign}, live(t), draft(t), Options{})
	if r.Unpriced != 1 || r.Live.Net.Amount.Minor != 0 || r.Disputes != 1 {
		t.Errorf("a currency without a rate: %+v", r)
	}
}

// acceptedOf are disputes that were accepted.
func acceptedOf(n int, provider string, amount dispute.Money, apart time.Duration) []history.Past {
	out := make([]history.Past, n)
	for i := range out {
		out[i] = history.Past{
			Ref: dispute.Ref{Connection: "c", ID: fmt.Sprint(i)}, Provider: provider, Amount: amount, Family: dispute.FamilyDuplicate,
			Stage: dispute.StageChargeback, OpenedAt: start.Add(time.Duration(i) * apart), Response: dispute.ResponseAccept,
		}
	}
	return out
}

// Only the fee is in a currency without a rate, so the disputes have their price.
func TestFeesWithoutARate(t *testing.T) {
	t.Parallel()
	inEuro := func(lines string) *rules.Set {
		s, err := rules.Parse("euro", []byte(strings.Replace(frame, "base_currency: USD\nfx: { EUR: \"1.10\" }", "base_currency: EUR", 1)+lines))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	accepting, contesting := inEuro("  - { id: all, when: \"true\", then: { respond: accept } }\n"), inEuro("  - { id: all, when: \"true\", then: { queue: senior } }\n")
	disputes := acceptedOf(10, "stripe", dispute.Money{Minor: 10000, Currency: "EUR"}, 0)
	r := run(t, disputes, accepting, contesting, Options{})
	if r.Unpriced != 0 || r.Money.Amount.Minor <= 0 || r.Draft.ByOdds != 10 {
		t.Errorf("%d unpriced, money %+v", r.Unpriced, r.Money)
	}
	const note = "Disputes whose costs miss a fee, because it has no rate to EUR: 10."
	if !slices.Contains(r.Notes, note) {
		t.Errorf("notes %q", r.Notes)
	}
	if r := run(t, disputes, accepting, accepting, Options{}); slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "miss a fee") }) {
		t.Errorf("nothing is contested: %q", r.Notes)
	}
}

// A lost dispute costs its amount and the provider's fee.
func TestIntervalHoldsTheFee(t *testing.T) {
	t.Parallel()
	accepting := set(t, "live", "  - { id: all, when: 'dispute.amount_base > money(\"0 USD\")', then: { respond: accept } }")
	half := func(provider string, minor int64) int64 {
		disputes := acceptedOf(1, provider, dispute.Money{Minor: minor, Currency: "USD"}, 0)
		m := run(t, disputes, accepting, set(t, "draft", ""), Options{}).Money
		return m.High.Minor - m.Amount.Minor
	}
	if with, want := half("stripe", 10_000), half("", 11_500); with != want {
		t.Errorf("100 USD and a fee of 15: half is %d, want %d as of 115 USD", with, want)
	}
}

func TestWorkPerWeek(t *testing.T) {
	t.Parallel()
	for apart, want := range map[time.Duration]float64{0: 71, 144 * time.Minute: 71, 288 * time.Minute: 35.5} {
		disputes := acceptedOf(71, "", dispute.Money{Minor: 100_000, Currency: "USD"}, apart) // 7 or 14 days from first to last
		if w := run(t, disputes, live(t), draft(t), Options{}).Work; w.Draft != 71 || w.PerWeek != want {
			t.Errorf("%s apart: %+v, want %.1f a week", apart, w, want)
		}
	}
}

func TestMoversBelowOne(t *testing.T) {
	t.Parallel()
	for _, movers := range []int{-1, 0} {
		if r := run(t, invented(60, 1), live(t), draft(t), Options{Movers: movers}); len(r.Movers) != min(50, r.Moved) || r.Moved == 0 {
			t.Errorf("%d: %d listed of %d", movers, len(r.Movers), r.Moved)
		}
	}
}

func TestRisks(t *testing.T) {
	t.Parallel()
	var disputes []history.Past
	for i := range 5 {
		disputes = append(disputes, history.Past{
			Ref: dispute.Ref{Connection: "c", ID: fmt.Sprint(i)}, Amount: dispute.Money{Minor: 100000, Currency: "USD"}, Family: dispute.FamilyDuplicate,
			Stage: dispute.StageChargeback, OpenedAt: start,
			DueAt: start.AddDate(0, 0, 6).Add(12 * time.Hour), // Sunday noon; a day before is Saturday
		})
	}
	r := run(t, disputes, live(t), draft(t), Options{PerHour: 2})
	want := Risk{OutsideHours: 5, CrowdedHours: 1, Crowded: []Crowded{{"senior", start.AddDate(0, 0, 5).Add(12 * time.Hour), 5, 4}}}
	if diff := cmp.Diff(want, r.Draft.Risk); diff != "" {
		t.Error(diff)
	}
	if r.Live.Risk.OutsideHours != 0 || r.Work != (Work{0, 5, 5}) {
		t.Errorf("live %+v, work %+v: nobody has to decide", r.Live.Risk, r.Work)
	}
	load := r.Load[1]
	if load.Queue != "senior" || load.Draft[0] != 5 || load.Live[0] != 0 {
		t.Errorf("load %+v", load)
	}
}

func TestRunStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source broke")
	src := func(context.Context) iter.Seq2[history.Past, error] {
		return func(yield func(history.Past, error) bool) { yield(history.Past{}, broken) }
	}
	if _, err := Run(t.Context(), src, live(t), live(t), Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, source(invented(10, 1)), live(t), live(t), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := Run(t.Context(), source([]history.Past{{Ref: dispute.Ref{ID: "x"}}}), live(t), live(t), Options{}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a dispute that was never opened: %v", err)
	}
	r := run(t, nil, live(t), draft(t), Options{})
	if r.Disputes != 0 || r.Movers == nil || r.Notes == nil {
		t.Errorf("nothing: %+v", r)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var told []string
	run(t, invented(300, 1), live(t), draft(t), Options{Progress: func(done, of int) { told = append(told, fmt.Sprint(done, "/", of)) }})
	if diff := cmp.Diff([]string{"256/300", "300/300"}, told); diff != "" {
		t.Error(diff)
	}
}
