package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) rulesShadow() *cobra.Command {
	c := &cobra.Command{
		Use: "shadow", Short: "Run rules beside those in force, on real cases, without deciding",
		Example: "  rebuttal rules shadow start draft.yaml\n  rebuttal rules shadow report\n  rebuttal rules shadow stop",
	}
	c.AddCommand(e.shadowStart(), e.shadowStop(), e.shadowReport())
	return c
}

func (e *env) shadowStart() *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use: "start FILE|VERSION|DRAFT", Short: "Ask a rule set about every case that is planned from now on", Args: cobra.ExactArgs(1),
		Long:    "Ask a file, a version as 3 or a draft as draft:4 about every case that is planned from now on. One runs at a time; starting it again changes nothing.",
		Example: "  rebuttal rules shadow start draft:4 --comment \"before Monday\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				text, err := ruleText(ctx, d, args[0])
				if err != nil {
					return err
				}
				s, err := d.StartShadow(ctx, operator(), text, comment)
				if err != nil {
					return e.failed(err)
				}
				return e.print(s, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%s runs beside the rules in force since %s, %.12s\n", s.Name, stamp(s.StartedAt), s.Hash)
				})
			})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}

func (e *env) shadowStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "End the shadow; its report stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if err := d.StopShadow(ctx, operator()); err != nil {
					return err
				}
				return e.print(map[string]bool{"running": false}, func(w io.Writer) { _, _ = fmt.Fprintln(w, "no shadow runs") })
			})
		},
	}
}

func (e *env) shadowReport() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "report", Short: "List and count what the shadow would have done otherwise", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				r, err := d.ShadowReport(ctx, operator(), limit)
				if err != nil {
					return err
				}
				return e.print(r, func(w io.Writer) { printShadow(w, r) })
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 50, "differing cases to list, at most 500")
	return c
}

func printShadow(w io.Writer, r store.ShadowReport) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	until := "runs"
	if !r.Shadow.StoppedAt.IsZero() {
		until = "stopped " + stamp(r.Shadow.StoppedAt)
	}
	p("%s, since %s, %s", r.Shadow.Name, stamp(r.Shadow.StartedAt), until)
	p("%d cases, %d differ, %d it could not decide", r.Cases, r.Differing, r.Failed)
	for _, m := range r.Money {
		p("at stake: %s in %d cases", dispute.Money{Minor: m.Amount, Currency: m.Currency}, m.Cases)
	}
	for _, f := range r.Fields {
		p("  %s differs in %d", f.Field, f.Cases)
	}
	for _, m := range r.Moves {
		p("  rule %s, instead of %s: %d", m.Shadow, m.Live, m.Cases)
	}
	if len(r.Results) == 0 {
		return
	}
	t := table(w, "CASE", "AMOUNT", "PLANNED", "DIFFERS IN")
	for _, one := range r.Results {
		row(t, one.Case, one.Amount.String(), stamp(one.At), fmt.Sprint(one.Fields))
	}
	_ = t.Flush()
}
