package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) rulesBacktest() *cobra.Command {
	var against, since string
	var conditions []string
	var movers int
	var keep bool
	c := &cobra.Command{
		Use: "backtest DRAFT", Short: "Say what a draft would have changed for past disputes", Args: cobra.ExactArgs(1),
		Long: "Route past disputes, the imported ones and your own that were decided, by a draft and by the rules in force. DRAFT is a file, a version as 3 or a draft as draft:4. Where the draft answers as was answered, the verdict counts; elsewhere the expected value does, by odds that learned only from earlier verdicts. Nothing is kept, unless --keep says that those who decide about a draft shall see it with the draft. " +
			"--fail-on makes the exit code 1 when a condition holds or there is nothing to judge by; it asks for money and money_low (an amount), moved, accepted, work, outside_hours and crowded_hours (a count, or a share as 10%).",
		Example: "  rebuttal rules backtest draft.yaml --since 180d\n  rebuttal rules backtest draft:4 --against 3\n  rebuttal rules backtest draft:4 --keep\n  rebuttal rules backtest draft.yaml --fail-on \"money_low < -100 USD\" --fail-on \"moved > 10%\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			gates, err := parseGates(conditions)
			if err != nil {
				return usageError{err}
			}
			if movers < 1 {
				return usageError{fmt.Errorf("--limit %d: list one moving dispute or more", movers)}
			}
			in := desk.Backtest{Movers: movers}
			if since != "" {
				if in.Since, err = age(since); err != nil {
					return err
				}
			}
			run := func(ctx context.Context, d *desk.Desk) (backtest.Report, error) {
				return e.backtest(ctx, d, args[0], against, in)
			}
			if keep {
				id, ok := draftID(args[0])
				if !ok || !strings.HasPrefix(args[0], "draft:") || against != desk.Live {
					return usageError{errors.New("--keep is for a draft of the database, as draft:4, against the rules in force; rules drafts lists them")}
				}
				run = func(ctx context.Context, d *desk.Desk) (backtest.Report, error) {
					return e.keptBacktest(ctx, d, id, in.Since, movers)
				}
			}
			return e.withApp(cmd.Context(), e.quiet(), func(app *boot.App) error {
				r, err := run(cmd.Context(), app.Desk)
				if err != nil {
					return e.failed(err)
				}
				if err := e.print(r, func(w io.Writer) { showBacktest(w, r) }); err != nil {
					return err
				}
				return judge(r, gates)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&against, "against", desk.Live, "what it is compared with: live, a file, a version or a draft")
	f.StringVar(&since, "since", "", "only disputes that were opened within this time, as 180d; all when left out")
	f.StringArrayVar(&conditions, "fail-on", nil, "exit code 1 when this holds: \"money < -100 USD\"")
	f.BoolVar(&keep, "keep", false, "keep it with the draft, for those who decide about it")
	f.IntVar(&movers, "limit", 20, "how many moving disputes to list")
	return c
}

func parseGates(conditions []string) ([]backtest.Gate, error) {
	gates := make([]backtest.Gate, len(conditions))
	for i, text := range conditions {
		var err error
		if gates[i], err = backtest.ParseGate(text); err != nil {
			return nil, err
		}
	}
	return gates, nil
}

func (e *env) backtest(ctx context.Context, d *desk.Desk, draft, against string, in desk.Backtest) (backtest.Report, error) {
	for _, side := range []struct {
		named string
		into  **rules.Set
	}{{draft, &in.Draft}, {against, &in.Against}} {
		text, err := ruleText(ctx, d, side.named)
		if err != nil {
			return backtest.Report{}, err
		}
		if *side.into, err = rules.Read(text.Name, []byte(text.Source)); err != nil {
			return backtest.Report{}, err
		}
	}
	in.Progress = e.disputesDone()
	return d.Backtest(ctx, operator(), in)
}

// disputesDone shows how far a backtest is, once the disputes are counted.
func (e *env) disputesDone() func(done, of int) {
	var bar *progressbar.ProgressBar
	return func(done, of int) {
		if of == 0 {
			return
		}
		if bar == nil {
			bar = e.progress(int64(of), "past disputes")
		}
		_ = bar.Set(done)
	}
}

// keptBacktest starts the backtest of a draft that is kept with it, and waits
// until it is done. It tells at most so many of the movers that are kept.
func (e *env) keptBacktest(ctx context.Context, d *desk.Desk, draft int64, since time.Duration, movers int) (backtest.Report, error) {
	b, err := d.StartBacktest(ctx, operator(), draft, since)
	if err != nil {
		return backtest.Report{}, err
	}
	begun, show, look := b.ID, e.disputesDone(), time.NewTicker(keptEvery)
	defer look.Stop()
	for b.State == store.BacktestRunning {
		select {
		case <-ctx.Done():
			return backtest.Report{}, ctx.Err()
		case <-look.C:
		}
		if b, err = d.DraftBacktest(ctx, operator(), draft); err != nil {
			return backtest.Report{}, err
		}
		show(int(b.Done), int(b.Of))
	}
	switch {
	case b.ID != begun:
		return backtest.Report{}, fmt.Errorf("%s has begun another backtest of draft %d meanwhile, which is the one that counts", b.By, draft)
	case b.State == store.BacktestFailed:
		return backtest.Report{}, fmt.Errorf("the backtest of draft %d failed: %s", draft, b.Problem)
	}
	b.Report.Movers = b.Report.Movers[:min(len(b.Report.Movers), movers)]
	return *b.Report, nil
}

// keptEvery is how often a backtest that is kept is asked how far it is.
const keptEvery = 200 * time.Millisecond

// judge is an error that names every condition that holds, or that there was
// nothing to judge by.
func judge(r backtest.Report, gates []backtest.Gate) error {
	var failed []error
	for _, g := range gates {
		holds, figure, err := g.Holds(r)
		switch {
		case dispute.KindOf(err) == dispute.Invalid:
			return usageError{err}
		case err != nil:
			failed = append(failed, err)
		case holds:
			failed = append(failed, fmt.Errorf("%s: it is %s", g, figure))
		}
	}
	return errors.Join(failed...)
}

func showBacktest(w io.Writer, r backtest.Report) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	if r.Disputes == 0 {
		p("There are no past disputes to look at: rebuttal import takes some in, and your own count once they are decided.")
		return
	}
	p("%d of %d disputes move (%.1f%%), opened from %s to %s", r.Moved, r.Disputes, 100*float64(r.Moved)/float64(r.Disputes), day(r.From), day(r.To))
	p("Money: %s (%s to %s, 80 in 100)", signed(r.Money.Amount), signed(r.Money.Low), signed(r.Money.High))
	p("Work: %d disputes for people instead of %d, %+.1f a week", r.Work.Draft, r.Work.Live, r.Work.PerWeek)
	p("")
	showSides(w, r)
	p("")
	t := table(w, "RULE", "LIVE MATCHED", "DECIDED", "DRAFT MATCHED", "DECIDED")
	for _, h := range r.Rules {
		row(t, h.Rule, fmt.Sprint(h.LiveMatched), fmt.Sprint(h.LiveDecided), fmt.Sprint(h.DraftMatched), fmt.Sprint(h.DraftDecided))
	}
	_ = t.Flush()
	showMoves(w, r)
	for _, c := range r.Draft.Risk.Crowded {
		p("At risk: %d cut-offs of %s in the hour from %s, and its people decide %d", c.CutOffs, c.Queue, stamp(c.Hour), c.Decides)
	}
	p("")
	p("Verdicts that the odds learned from: %d.", r.Learned)
	for _, n := range r.Notes {
		p("%s", n)
	}
}

func showSides(w io.Writer, r backtest.Report) {
	t := table(w, "", "LIVE", "DRAFT")
	line := func(what string, of func(backtest.Side) string) { row(t, what, of(r.Live), of(r.Draft)) }
	count := func(of func(backtest.Side) int) func(backtest.Side) string {
		return func(s backtest.Side) string { return fmt.Sprint(of(s)) }
	}
	line("rules", func(s backtest.Side) string { return filepath.Base(s.Name) })
	line("contested", count(func(s backtest.Side) int { return s.Contested }))
	line("accepted", count(func(s backtest.Side) int { return s.Accepted }))
	line("won", func(s backtest.Side) string { return s.Won.String() })
	line("lost", func(s backtest.Side) string { return s.Lost.String() })
	line("fees and work", func(s backtest.Side) string { return s.Costs.String() })
	line("net", func(s backtest.Side) string {
		return fmt.Sprintf("%s (%s to %s)", s.Net.Amount, s.Net.Low.Decimal(), s.Net.High.Decimal())
	})
	line("by verdict", count(func(s backtest.Side) int { return s.Known }))
	line("by odds", count(func(s backtest.Side) int { return s.ByOdds }))
	line("cut-offs outside hours", count(func(s backtest.Side) int { return s.Risk.OutsideHours }))
	line("crowded hours", count(func(s backtest.Side) int { return s.Risk.CrowdedHours }))
	_ = t.Flush()
}

// shownChanges bounds the kinds of moves that are listed.
const shownChanges = 12

func showMoves(w io.Writer, r backtest.Report) {
	if r.Moved == 0 {
		return
	}
	_, _ = fmt.Fprintln(w)
	t := table(w, "CHANGE", "FROM", "TO", "DISPUTES")
	for _, c := range r.Changes[:min(len(r.Changes), shownChanges)] {
		row(t, c.Field, c.From, c.To, fmt.Sprint(c.Disputes))
	}
	_ = t.Flush()
	_, _ = fmt.Fprintf(w, "\nThe %d of %d with the most at stake:\n", len(r.Movers), r.Moved)
	t = table(w, "DISPUTE", "OPENED", "AMOUNT", "LIVE", "DRAFT", "MONEY", "WHY")
	for _, m := range r.Movers {
		money := signed(m.Money)
		if m.ByOdds {
			money += " by odds"
		}
		row(t, m.Dispute, day(m.OpenedAt), m.Amount.String(), words(m.Live, m.Changed), words(m.Draft, m.Changed), money, m.Why)
	}
	_ = t.Flush()
}

// words tell of a decision what changed.
func words(d backtest.Decision, changed []string) string {
	approval := "no approval"
	if d.Approval {
		approval = "approval"
	}
	all := map[string]string{"queue": d.Queue, "approval": approval, "respond": string(d.Respond), "ladder": d.Ladder}
	parts := make([]string, len(changed))
	for i, field := range changed {
		parts[i] = all[field]
	}
	return strings.Join(parts, ", ")
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

func signed(m dispute.Money) string {
	if m.Minor > 0 {
		return "+" + m.String()
	}
	return m.String()
}
