package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os/user"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// operator is whoever runs the command: the record names the system user.
func operator() desk.Actor {
	a := desk.System
	if u, err := user.Current(); err == nil {
		a.ID = "cli:" + u.Username
	}
	return a
}

func (e *env) casesCommand() *cobra.Command {
	c := &cobra.Command{Use: "cases", Short: "Read cases and decide"}
	c.AddCommand(
		e.casesList(), e.casesShow(), e.casesNote(), e.casesReconcile(),
		e.casesEvidence(), e.casesAttach(), e.casesDescribe(), e.casesExclude(), e.casesInclude(), e.casesOrder(), e.casesLetter(),
		e.casesPacket(), e.casesDiff(),
		e.decision(dispute.DecideAssign, "assign CASE", "Give a case to somebody", func(f *decisionFlags) { f.to() }),
		e.decision(dispute.DecideApprove, "approve CASE", "Approve the response", nil),
		e.decision(dispute.DecideAccept, "accept CASE", "Give the dispute up; it cannot be undone", func(f *decisionFlags) { f.elsewhere() }),
		e.decision(dispute.DecideSubmit, "submit CASE", "Send the packet now; providers take evidence once", func(f *decisionFlags) { f.elsewhere() }),
		e.decision(dispute.DecideHold, "hold CASE", "Send nothing before the cut-off; the cut-off still acts", nil),
		e.decision(dispute.DecideRelease, "release CASE", "End a hold", nil),
		e.decision(dispute.DecideChangePlan, "plan CASE", "Change queue or response, or decide anew by the rules in force", func(f *decisionFlags) { f.plan() }),
	)
	return c
}

func (e *env) casesList() *cobra.Command {
	var f store.CaseFilter
	var status string
	var dueIn time.Duration
	c := &cobra.Command{
		Use: "list", Short: "List cases, the nearest deadline first",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Status = dispute.Status(status)
			if status != "" && !slices.Contains(dispute.Statuses, f.Status) {
				return usageError{fmt.Errorf("unknown status %q; there are %v", status, dispute.Statuses)}
			}
			if dueIn > 0 {
				f.DueBefore = time.Now().Add(dueIn)
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, next, err := d.Cases(ctx, operator(), f)
				if err != nil {
					return err
				}
				return e.print(map[string]any{"items": rows, "next_cursor": next}, func(w io.Writer) { listCases(w, rows, next) })
			})
		},
	}
	c.Flags().StringVar(&status, "status", "", "open, needs_approval, needs_person, on_hold, submitted, accepted, won, lost, closed")
	c.Flags().BoolVar(&f.Open, "open", false, "only cases that have not ended")
	c.Flags().StringVar(&f.Queue, "queue", "", "only this queue")
	c.Flags().StringVar(&f.Assignee, "assignee", "", "only this person's")
	c.Flags().StringVar(&f.Connection, "connection", "", "only this provider")
	c.Flags().StringVar(&f.Merchant, "merchant", "", "only this merchant")
	c.Flags().StringVar(&f.Tag, "tag", "", "only with this tag of the rules")
	c.Flags().StringVar(&f.Text, "find", "", "beginning of an id, an order or a customer")
	c.Flags().DurationVar(&dueIn, "due-in", 0, "only with a deadline within this time")
	c.Flags().IntVar(&f.Limit, "limit", 50, "rows, at most 500")
	c.Flags().StringVar(&f.Cursor, "cursor", "", "next page, as printed")
	return c
}

func listCases(w io.Writer, rows []store.CaseRow, next string) {
	if len(rows) == 0 {
		_, _ = fmt.Fprintln(w, "No case fits. Without filters this means no dispute has come in yet; see rebuttal notices list.")
		return
	}
	t := table(w, "CASE", "LEFT", "AMOUNT", "REASON", "PROVIDER", "STATUS", "NEXT", "OWNER")
	for _, r := range rows {
		row(t, r.ID, left(r.Deadline.At, r.Status), r.Amount().String(), networks.Title(r.View.Snapshot), r.Ref.Connection,
			string(r.Status), r.Next, cmp.Or(r.Assignee, r.Queue))
	}
	_ = t.Flush()
	if next != "" {
		_, _ = fmt.Fprintln(w, "more: --cursor", next)
	}
}

func left(at time.Time, s dispute.Status) string {
	d := time.Until(at)
	switch {
	case s.Ended() || s == dispute.StatusSubmitted:
		return "-"
	case at.IsZero():
		return "no date"
	case d <= 0:
		return "over"
	default:
		return dispute.Span(d)
	}
}

func (e *env) casesShow() *cobra.Command {
	return &cobra.Command{
		Use: "show CASE", Short: "Everything known of a case (by case id, dispute id, connection/id or workflow id)",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				f, err := d.Case(ctx, operator(), args[0])
				if err != nil {
					return err
				}
				return e.print(f, func(w io.Writer) { showCase(w, f) })
			})
		},
	}
}

func showCase(w io.Writer, f desk.CaseFile) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("%s  %s  %s", f.ID, networks.Title(f.View.Snapshot), f.Amount())
	p("  dispute   %s, %s, provider says %s", f.Ref, f.View.Snapshot.Stage, f.View.Snapshot.RawStatus)
	p("  status    %s  %s", f.Status, f.Needs)
	p("  next      %s", f.Next)
	p("  deadline  %s (%s)", stamp(f.Deadline.At), f.Deadline.Origin)
	for _, c := range f.Deadline.Considered {
		p("              %s  %s  %s", stamp(c.At), c.Origin, c.Note)
	}
	p("  cut-off   %s", stamp(f.CutOffAt))
	p("  rule      %s of set %.12s; queue %s %s", f.Rule, f.RuleSet, f.Queue, f.Assignee)
	p("  packet    %.12s, strength %d of 4", f.PacketHash, f.Strength)
	if f.Submission != nil {
		p("  response  %s by key %s at %s, request %.12s", f.Submission.Kind, f.Submission.Key, stamp(f.Submission.DoneAt), f.Submission.RequestSHA256)
	}
	p("\nEvidence")
	for _, i := range f.Items {
		p("  %-14s %-14s %s", i.Source, i.Kind, i.Title)
	}
	p("\nPackets")
	for _, k := range f.Packets {
		p("  %.12s  %s  %s", k.Hash, stamp(k.CreatedAt), map[bool]string{true: "sent"}[k.Frozen])
	}
	p("\nJournal")
	for _, j := range f.Journal {
		p("  %s  %s", j.Date.Format("2006-01-02"), j.Kind)
		for _, l := range j.Postings {
			p("      %-6s %-20s %s", l.Side, l.Account, dispute.Money{Minor: l.Amount, Currency: j.Currency})
		}
	}
	p("\nHistory (hashes hold: %v %s)", f.ChainOK, f.ChainError)
	for _, h := range f.History {
		p("  %s  %.8s  %-20s %-16s %s", stamp(h.At), h.Hash, h.Kind, h.Actor, h.Data)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// decisionFlags are the flags of one decision command.
type decisionFlags struct {
	c  *cobra.Command
	in dispute.Decision
}

func (f *decisionFlags) to() {
	f.c.Flags().StringVar(&f.in.Assignee, "to", "", "who gets it; yourself when left out")
}

func (f *decisionFlags) elsewhere() {
	f.c.Flags().BoolVar(&f.in.Elsewhere, "done-elsewhere", false, "it was done by hand at the provider: only record it")
}

func (f *decisionFlags) plan() {
	f.c.Flags().StringVar(&f.in.Queue, "queue", "", "the new queue")
	f.c.Flags().StringVar((*string)(&f.in.Response), "response", "", "contest or accept")
}

func (e *env) decision(kind dispute.DecisionKind, use, short string, flags func(*decisionFlags)) *cobra.Command {
	f := &decisionFlags{in: dispute.Decision{Kind: kind}}
	f.c = &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				face, err := d.Decide(ctx, operator(), args[0], f.in)
				return e.face(face, err)
			})
		},
	}
	if flags != nil {
		flags(f)
	}
	return f.c
}

func (e *env) face(f dispute.Face, err error) error {
	if err != nil {
		return err
	}
	return e.print(f, func(w io.Writer) { _, _ = fmt.Fprintf(w, "%s: %s\n", f.Status, f.Next) })
}

func (e *env) casesNote() *cobra.Command {
	return &cobra.Command{
		Use: "note CASE TEXT", Short: "Keep words with a case; they are never sent", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				face, err := d.Note(ctx, operator(), args[0], "", args[1])
				return e.face(face, err)
			})
		},
	}
}
