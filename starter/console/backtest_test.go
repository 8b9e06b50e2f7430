package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

func usd(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }

// toTest is a draft that nobody has tested yet, right or wrong.
func (w *site) toTest(source string) store.RuleDraft {
	w.t.Helper()
	f, err := w.desk.DraftRules(w.t.Context(), desk.Actor{ID: "mia", Role: desk.RoleAnalyst}, desk.DraftText{Name: "Higher <limits>", Source: source})
	check(w.t, err)
	return f.RuleDraft
}

// begun keeps a backtest that runs in another process.
func (w *site) begun(draft store.RuleDraft) store.Backtest {
	w.t.Helper()
	run, _, err := w.db.StartBacktest(w.t.Context(), draft, usualTime, "mia")
	check(w.t, err)
	return run
}

// tested keeps a backtest that is done.
func (w *site) tested(draft store.RuleDraft, r *backtest.Report) {
	w.t.Helper()
	check(w.t, w.db.FinishBacktest(w.t.Context(), w.begun(draft).ID, r, ""))
}

// someReport has everything that a report may have.
func someReport() *backtest.Report {
	opened := noon.AddDate(0, -3, 0)
	between := func(low, amount, high int64) backtest.Estimate {
		return backtest.Estimate{Amount: usd(amount), Low: usd(low), High: usd(high)}
	}
	own, old := dispute.Ref{Connection: "stripe-us", ID: "du_own"}, dispute.Ref{Connection: "stripe-us", ID: "du_old"}
	live := backtest.Decision{Rule: "rest", Queue: "frontline", Respond: dispute.ResponseContest, Ladder: "standard"}
	draft := backtest.Decision{Rule: "high", Queue: "senior <1>", Approval: true, Respond: dispute.ResponseAccept, Ladder: "standard"}
	mover := backtest.Mover{
		Dispute: own.String(), Case: own.CaseID(), OpenedAt: opened, Amount: usd(30_000), Family: dispute.FamilyFraudulent, Network: "visa",
		Live: live, Draft: draft, Changed: []string{"queue", "approval", "respond", "ladder"}, Why: "high on line 12", Money: usd(-30_000), ByOdds: true,
	}
	imported := mover
	imported.Dispute, imported.Case = old.String(), old.CaseID()
	r := &backtest.Report{
		Disputes: 1204, Moved: 37, Money: between(-200_00, 1240_00, 2680_00), Work: backtest.Work{Live: 10, Draft: 25, PerWeek: 2.5},
		From: opened, To: noon, Currency: "USD", Learned: 900,
		Live:    backtest.Side{Name: "version 3", Hash: rules.Default().Hash(), Contested: 1200, Accepted: 4, Won: usd(50_000_00), Lost: usd(10_000_00), Costs: usd(900_00), Net: between(49_000_00, 49_100_00, 49_200_00), Known: 1200, ByOdds: 4},
		Draft:   backtest.Side{Name: "draft 1", Contested: 1180, Accepted: 24, Won: usd(51_240_00), Lost: usd(8_760_00), Costs: usd(900_00), Net: between(50_000_00, 50_340_00, 50_700_00)},
		Rules:   []backtest.RuleHits{{Rule: "rest", LiveMatched: 1204, LiveDecided: 1204, DraftMatched: 1167, DraftDecided: 1167}},
		Changes: []backtest.Change{{Field: "respond", From: "contest", To: "accept", Disputes: 20}, {Field: "queue", From: "", To: "senior <1>", Disputes: 17}},
		Notes:   []string{"Intervals hold their figure with 80 in 100."},
	}
	r.Draft.Risk = backtest.Risk{OutsideHours: 5, CrowdedHours: 1, Crowded: []backtest.Crowded{{Queue: "senior <1>", Hour: noon, CutOffs: 14, Decides: 12}}}
	for i := range 12 {
		m := imported
		if i == 0 {
			m = mover
		}
		r.Movers = append(r.Movers, m)
	}
	for i := range 13 {
		r.Weeks = append(r.Weeks, backtest.Week{From: opened.AddDate(0, 0, 7*i), Disputes: 90, Moved: 3, Live: int64(3_700_00 + i*10_00), Draft: int64(3_800_00 - i*20_00)})
	}
	for i, queue := range []string{"frontline", "senior <1>", "empty", "rare"} {
		load := backtest.Load{Queue: queue}
		for hour := range load.Live {
			load.Live[hour], load.Draft[hour] = (4-i)*(hour%24), (4-i)*(hour%24)/2
		}
		r.Load = append(r.Load, load)
	}
	return r
}

func TestBacktestPage(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(story{id: "du_own"})
	right := string(rules.Default().Source())
	prepare := map[string]func() store.RuleDraft{
		"none":  func() store.RuleDraft { return w.toTest(right) },
		"wrong": func() store.RuleDraft { return w.toTest("rules: [") },
		"counting": func() store.RuleDraft {
			d := w.toTest(right)
			check(t, w.db.TouchBacktest(t.Context(), w.begun(d).ID, 16_384, 0))
			return d
		},
		"running": func() store.RuleDraft {
			d := w.toTest(right)
			check(t, w.db.TouchBacktest(t.Context(), w.begun(d).ID, 1234, 3600))
			return d
		},
		"failed": func() store.RuleDraft {
			d := w.toTest(right)
			check(t, w.db.FinishBacktest(t.Context(), w.begun(d).ID, nil, "It took longer than 15 minutes. Run it over a shorter time."))
			return d
		},
		"done": func() store.RuleDraft { d := w.toTest(right); w.tested(d, someReport()); return d },
		"changed": func() store.RuleDraft {
			d := w.toTest(right)
			w.tested(d, someReport())
			d.Source = strings.Replace(right, "15 USD", "16 USD", 1)
			d, err := w.db.ChangeRuleDraft(t.Context(), d, "mia", "edited")
			check(t, err)
			return d
		},
		"edited": func() store.RuleDraft {
			d := w.toTest(right)
			w.begun(d)
			d.Source = strings.Replace(right, "15 USD", "16 USD", 1)
			d, err := w.db.ChangeRuleDraft(t.Context(), d, "mia", "edited")
			check(t, err)
			return d
		},
		"outdated": func() store.RuleDraft {
			d, r := w.toTest(right), someReport()
			r.Live.Hash = "another"
			w.tested(d, r)
			return d
		},
		"dropped": func() store.RuleDraft {
			d := w.toTest(right)
			check(t, w.desk.DropDraft(t.Context(), desk.System, d.ID, 0))
			return d
		},
		"no history": func() store.RuleDraft { d := w.toTest(right); w.tested(d, &backtest.Report{Currency: "USD"}); return d },
		"too short": func() store.RuleDraft {
			d := w.toTest(right)
			w.tested(d, &backtest.Report{Currency: "USD", Learned: 9})
			return d
		},
		"nothing move": func() store.RuleDraft {
			d := w.toTest(right)
			w.tested(d, &backtest.Report{Disputes: 9, Currency: "USD"})
			return d
		},
	}
	const start, again, figures = ">Run the backtest</button>", ">Run it again</button>", "Cases that move</dt>"
	for name, tc := range map[string]struct {
		says, not []string
		refresh   bool
	}{
		"none":     {says: []string{"was not tested on the past yet", start, `value="180d" selected`}, not: []string{again, figures}},
		"wrong":    {says: []string{"has to be right first", "the first on line 1"}, not: []string{start, again}},
		"counting": {says: []string{"It runs", "16,384 so far", "<progress aria-label"}, not: []string{start, again}, refresh: true},
		"running":  {says: []string{"1,234 of 3,600", `<progress max="3600" value="1234"`}, not: []string{start, again, "autofocus"}, refresh: true},
		"failed":   {says: []string{"did not come to its end", "longer than 15 minutes", again, `<span class="sub">did not come to its end</span>`}, not: []string{figures}},
		"done": {
			says: []string{
				figures, "<strong>37</strong>", "3 in 100", "+1,240.00 USD", "With 80 in 100 between −200.00 USD and +2,680.00 USD", "+2.5 a week", "25 disputes instead of 10",
				again, `href="/cases/` + dispute.Ref{Connection: "stripe-us", ID: "du_own"}.CaseID() + `"`, "The next 2", "answer: contest → <strong>accept</strong>", "queue: frontline → <strong>senior &lt;1&gt;</strong>",
				"ladder: standard → <strong>standard with other steps</strong>", "charts/weeks?theme=light", "charts/load?queue=senior", "prefers-color-scheme: dark",
				"Intervals hold their figure", "14 cut-offs", "compared with version 3", "Disputes that the queue is given",
			},
			not: []string{"The draft was changed since", "Other rules are in force now", "queue=rare", `href="/cases/` + dispute.Ref{Connection: "stripe-us", ID: "du_old"}.CaseID()},
		},
		"edited":       {says: []string{"changed since it began", "one of another text is running", again}, refresh: true},
		"changed":      {says: []string{"The draft was changed since", again, figures}},
		"outdated":     {says: []string{"Other rules are in force now", again, figures, "was compared with older rules"}},
		"dropped":      {says: []string{"it cannot be tested any more"}, not: []string{start, "may run it"}},
		"no history":   {says: []string{"nothing to compare", "rebuttal import old.csv --guess", "rebuttal import --from"}, not: []string{figures, "<img"}},
		"too short":    {says: []string{"nothing to compare", "Look further back."}, not: []string{"rebuttal import"}},
		"nothing move": {says: []string{"No dispute would go another way", "The money stays the same", "every dispute goes the same way under both"}, not: []string{"From → to"}},
	} {
		path := draftPath(prepare[name]().ID, "/backtest")
		for _, role := range []desk.Role{desk.RoleAnalyst, desk.RoleViewer} {
			got := w.ask(role, path, nil)
			if got.status != http.StatusOK || runs(got.body) != tc.refresh {
				t.Errorf("%s as %s: status %d, shows itself again: %v", name, role, got.status, runs(got.body))
			}
			for _, problem := range unsound(got.body) {
				t.Errorf("%s as %s: %s", name, role, problem)
			}
			may, body := role == desk.RoleAnalyst, strings.ReplaceAll(got.body, "&#43;", "+")
			for _, want := range tc.says {
				if form := want == start || want == again || strings.HasPrefix(want, "value="); strings.Contains(body, want) != (may || !form) {
					t.Errorf("%s as %s: %q is there: %v", name, role, want, !may)
				}
			}
			for _, unwanted := range tc.not {
				if strings.Contains(got.body, unwanted) {
					t.Errorf("%s as %s says %q", name, role, unwanted)
				}
			}
		}
	}
	for _, path := range []string{"/rules/drafts/99/backtest", "/rules/drafts/x/backtest"} {
		if got := w.ask(desk.RoleAnalyst, path, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// A backtest goes on when its request has ended, and its page shows it.
func TestBacktestIsRun(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	rows := func(yield func(history.Row, error) bool) {
		for i := range 40 {
			opened := noon.AddDate(0, 0, -1-i)
			yield(history.Row{Number: i + 1, Past: history.Past{
				Ref: dispute.Ref{Connection: "stripe-us", ID: fmt.Sprintf("old_%d", i)}, Amount: usd(int64(1000 + i)), Family: dispute.FamilyDuplicate,
				Stage: dispute.StageChargeback, OpenedAt: opened, DecidedAt: opened, Response: dispute.ResponseContest, Outcome: history.Won,
			}}, nil)
		}
	}
	_, err := w.desk.ImportPast(t.Context(), desk.System, desk.PastImport{Key: "k", Rows: rows})
	check(t, err)
	draft := w.toTest(strings.Replace(string(rules.Default().Source()), "15 USD", "150 USD", 1))
	path := draftPath(draft.ID, "/backtest")
	for name, tc := range map[string]struct {
		role   desk.Role
		path   string
		since  string
		status int
	}{
		"a viewer":     {desk.RoleViewer, path, "30d", http.StatusForbidden},
		"another time": {desk.RoleAnalyst, path, "31d", http.StatusBadRequest},
		"no draft":     {desk.RoleAnalyst, draftPath(99, "/backtest"), "30d", http.StatusNotFound},
		"a wrong one":  {desk.RoleAnalyst, draftPath(w.toTest("rules: [").ID, "/backtest"), "30d", http.StatusBadRequest},
	} {
		if got := w.ask(tc.role, tc.path, url.Values{"since": {tc.since}}); got.status != tc.status {
			t.Errorf("%s: %d, want %d", name, got.status, tc.status)
		}
	}
	got := w.ask(desk.RoleAnalyst, path, url.Values{"since": {"30d"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != path {
		t.Fatalf("start: %d to %s", got.status, got.header.Get("Location"))
	}
	for give := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if got = w.ask(desk.RoleViewer, path, nil); !runs(got.body) {
			break
		}
		if time.Now().After(give) {
			t.Fatal("it runs for a minute")
		}
	}
	for _, want := range []string{"30 past disputes, opened", "the last 30 days, run by mia", "compared with built-in rules"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("it does not say %q: %.300s", want, strings.SplitN(got.body+"</nav>", "</nav>", 3)[2])
		}
	}
}

// runs reports whether a page shows itself again, with scripts and without.
func runs(body string) bool {
	return strings.Contains(body, `<noscript><meta http-equiv="refresh" content="2"></noscript>`) && strings.Contains(body, " data-again>")
}

func TestHeadlines(t *testing.T) {
	t.Parallel()
	between := func(low, amount, high int64) backtest.Estimate {
		return backtest.Estimate{Amount: usd(amount), Low: usd(low), High: usd(high)}
	}
	for _, tc := range []struct {
		got  headline
		want string
	}{
		{movedHead(backtest.Report{Disputes: 1204}), "0: No dispute would go another way."},
		{movedHead(backtest.Report{Disputes: 12040, Moved: 1}), "1: of 12,040 past disputes would go another way: fewer than 1 in 100."},
		{movedHead(backtest.Report{Disputes: 40, Moved: 40}), "40: of 40 past disputes would go another way: all of them."},
		{moneyHead(backtest.Report{Money: between(0, 0, 0)}), "0.00 USD: The money stays the same: no dispute with a known rate is answered otherwise."},
		{moneyHead(backtest.Report{Money: between(-500, -500, -500)}), "−5.00 USD: Every dispute behind it has its verdict: the figure is counted, not estimated."},
		{moneyHead(backtest.Report{Money: between(-500, 100, 700)}), "+1.00 USD: With 80 in 100 between −5.00 USD and +7.00 USD: it may be a loss or a gain."},
		{moneyHead(backtest.Report{Money: between(100_000, 200_000, 300_000)}), "+2,000.00 USD: With 80 in 100 between +1,000.00 USD and +3,000.00 USD."},
		{workHead(backtest.Report{Work: backtest.Work{Live: 1500, Draft: 20, PerWeek: -12.34}}), "−12.3 a week: People would decide 20 disputes instead of 1,500."},
		{workHead(backtest.Report{Work: backtest.Work{Live: 20, Draft: 20}}), "no change: People decide 20 disputes either way."},
	} {
		if got := tc.got.Figure + ": " + tc.got.Says; got != tc.want {
			t.Errorf("%s says %q, want %q", tc.got.Name, got, tc.want)
		}
	}
}
