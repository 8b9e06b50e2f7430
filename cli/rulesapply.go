package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) rulesApply() *cobra.Command {
	var toOpen, dry bool
	var where []string
	c := &cobra.Command{
		Use: "apply --to-open", Short: "Have open cases follow the version in force", Args: cobra.NoArgs,
		Long:    "Have the open cases follow the version in force instead of the one that decided them. Each is planned anew by its own workflow; one that was answered is left alone. With --dry-run it only says what would move. It may be broken off and called again: cases that follow the version already are left alone. The exit code is 1 when a case refused or could not be asked.",
		Example: "  rebuttal rules apply --to-open --dry-run\n  rebuttal rules apply --to-open --where queue=frontline --where merchant=acme",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !toOpen {
				return usageError{errors.New("say --to-open: new cases follow the version in force by themselves")}
			}
			filter, err := caseFilter(where)
			if err != nil {
				return usageError{err}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error { return e.apply(ctx, d, filter, dry) })
		},
	}
	c.Flags().BoolVar(&toOpen, "to-open", false, "to cases that are open already")
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would move")
	c.Flags().StringArrayVar(&where, "where", nil, "only cases with queue=, merchant=, connection=, assignee= or status=")
	return c
}

// caseFilter reads conditions like "queue=frontline".
func caseFilter(where []string) (store.CaseFilter, error) {
	var f store.CaseFilter
	fields := map[string]*string{"queue": &f.Queue, "merchant": &f.Merchant, "connection": &f.Connection, "assignee": &f.Assignee}
	for _, one := range where {
		name, value, ok := strings.Cut(one, "=")
		field, known := fields[name]
		switch {
		case !ok || value == "":
			return f, fmt.Errorf("%q is no condition: write queue=frontline", one)
		case known:
			*field = value
		case name == "status":
			f.Status = dispute.Status(value)
		default:
			return f, fmt.Errorf("%q cannot be asked for: use queue, merchant, connection, assignee or status", name)
		}
	}
	return f, nil
}

// applied is the whole of a run over the open cases.
type applied struct {
	Version int64            `json:"version"`
	Hash    string           `json:"hash"`
	DryRun  bool             `json:"dry_run"`
	Counts  map[string]int   `json:"counts"`
	Cases   []desk.ApplyCase `json:"cases"` // that move, moved or did not; those that need no word are only counted
}

func (e *env) apply(ctx context.Context, d *desk.Desk, f store.CaseFilter, dry bool) error {
	live, err := d.RuleText(ctx, operator(), desk.Live)
	if err != nil {
		return err
	}
	open, err := d.CountOpen(ctx, operator())
	if err != nil {
		return err
	}
	bar := e.progress(open, "open cases")
	out := applied{Version: live.Version, DryRun: dry, Counts: map[string]int{}, Cases: []desk.ApplyCase{}}
	for {
		page, err := e.applyPage(ctx, d, live.Version, f, dry)
		if err != nil {
			return err
		}
		out.take(page)
		_ = bar.Add(len(page.Cases))
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	_ = bar.Finish()
	if err := e.print(out, out.print); err != nil {
		return err
	}
	if bad := out.Counts[desk.ApplyRefused] + out.Counts[desk.ApplyFailed]; bad > 0 {
		return fmt.Errorf("%d cases do not follow version %d; the same call tries again", bad, out.Version)
	}
	return nil
}

func (e *env) applyPage(ctx context.Context, d *desk.Desk, version int64, f store.CaseFilter, dry bool) (desk.ApplyPage, error) {
	if dry {
		return d.PreviewApply(ctx, operator(), f)
	}
	return d.ApplyToOpen(ctx, operator(), version, f)
}

func (a *applied) take(page desk.ApplyPage) {
	a.Version, a.Hash = page.Version, page.Hash
	for _, c := range page.Cases {
		a.Counts[c.Outcome]++
		switch c.Outcome {
		case desk.ApplyMoves, desk.ApplyApplied, desk.ApplyRefused, desk.ApplyFailed:
			a.Cases = append(a.Cases, c)
		}
	}
}

func (a *applied) print(w io.Writer) {
	if len(a.Cases) > 0 {
		t := table(w, "CASE", "AMOUNT", "DEADLINE", "OUTCOME", "WHAT")
		for _, c := range a.Cases {
			row(t, c.Case, c.Amount.String(), stamp(c.Deadline), c.Outcome, whatMoves(c))
		}
		_ = t.Flush()
	}
	parts := []string{}
	for _, outcome := range []string{
		desk.ApplyMoves, desk.ApplyStays, desk.ApplyApplied, desk.ApplyDone, desk.ApplyAnswered, desk.ApplyUnplanned, desk.ApplyRefused, desk.ApplyFailed,
	} {
		if n := a.Counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no open case"}
	}
	_, _ = fmt.Fprintf(w, "version %d: %s\n", a.Version, strings.Join(parts, ", "))
}

func whatMoves(c desk.ApplyCase) string {
	if c.Detail != "" || c.From == nil || c.To == nil {
		return c.Detail
	}
	return fmt.Sprintf("%s: rule %s to %s, queue %s to %s, %s to %s", strings.Join(c.Fields, ", "),
		c.From.Rule, c.To.Rule, c.From.Queue, c.To.Queue, c.From.Respond, c.To.Respond)
}
