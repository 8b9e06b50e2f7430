package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
)

func (e *env) rulesDraft() *cobra.Command {
	var id, base int64
	var in desk.DraftText
	c := &cobra.Command{
		Use: "draft FILE", Short: "Keep a rule file as a draft, or as the new text of one", Args: cobra.ExactArgs(1),
		Long:    "Keep a rule file as a draft. It may still be wrong: what stands between it and force is printed. With --id the file becomes the new text of that draft, which is then checked and approved anew.",
		Example: "  rebuttal rules draft draft.yaml --comment \"higher limits\"\n  rebuttal rules draft draft.yaml --id 4 --base 7",
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := os.ReadFile(args[0]) // #nosec G304 -- the operator names the file
			if err != nil {
				return err
			}
			in.Source = string(source)
			if cmd.Flags().Changed("base") {
				in.Base = &base
			}
			if id != 0 {
				return e.onDraft(cmd, id, func(ctx context.Context, d *desk.Desk, revision int64) (desk.DraftFile, error) {
					return d.EditDraft(ctx, operator(), id, revision, in)
				})
			}
			if in.Name == "" {
				in.Name = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				f, err := d.DraftRules(ctx, operator(), in)
				if err != nil {
					return err
				}
				return e.printDraft(f)
			})
		},
	}
	c.Flags().StringVar(&in.Name, "name", "", "what people call it; the file's name when left out")
	c.Flags().StringVar(&in.Comment, "comment", "", "why")
	c.Flags().Int64Var(&id, "id", 0, "the draft to write on; a new one when left out")
	c.Flags().Int64Var(&base, "base", 0, "the version it builds on; the one in force when left out")
	return c
}

// onDraft does something with a draft as it is now, and prints how it stands.
func (e *env) onDraft(cmd *cobra.Command, id int64, do func(ctx context.Context, d *desk.Desk, revision int64) (desk.DraftFile, error)) error {
	return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
		seen, err := d.RuleDraft(ctx, operator(), id)
		if err != nil {
			return err
		}
		f, err := do(ctx, d, seen.Revision)
		if err != nil {
			return e.failed(err)
		}
		return e.printDraft(f)
	})
}

func (e *env) printDraft(f desk.DraftFile) error {
	return e.print(f, func(w io.Writer) {
		p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
		p("draft %d (%s) is %s; it builds on version %d", f.ID, f.Name, f.State, f.Base)
		if f.Outdated {
			p("version %d is in force meanwhile: look at rules diff draft:%d, and draft again with --base %d", f.Live, f.ID, f.Live)
		}
		for _, problem := range f.Problems {
			p("%s", problem)
		}
		for _, why := range f.Approval.Why {
			p("needs approval: %s", why)
		}
		if f.ApprovedBy != "" {
			p("approved by %s", f.ApprovedBy)
		}
	})
}

func (e *env) rulesDrafts() *cobra.Command {
	return &cobra.Command{
		Use: "drafts", Short: "List the drafts that wait", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, err := d.RuleDrafts(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(rows, func(w io.Writer) {
					t := table(w, "DRAFT", "STATE", "NAME", "BASE", "BY", "CHANGED", "COMMENT")
					for _, r := range rows {
						row(t, fmt.Sprint(r.ID), string(r.State), r.Name, fmt.Sprint(r.Base), strings.Join(r.Authors, ", "), stamp(r.UpdatedAt), r.Comment)
					}
					_ = t.Flush()
				})
			})
		},
	}
}

// draftStep is a command that does one thing with a draft.
func (e *env) draftStep(use, short string, do func(ctx context.Context, d *desk.Desk, id, revision int64) (desk.DraftFile, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " DRAFT", Short: short, Args: cobra.ExactArgs(1), Example: "  rebuttal rules " + use + " 4",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, ok := draftID(args[0])
			if !ok {
				return usageError{fmt.Errorf("%q is no draft; rules drafts lists them", args[0])}
			}
			return e.onDraft(cmd, id, func(ctx context.Context, d *desk.Desk, revision int64) (desk.DraftFile, error) {
				return do(ctx, d, id, revision)
			})
		},
	}
}

func (e *env) rulesAsk() *cobra.Command {
	return e.draftStep("ask", "Ask for a second person's approval of a draft", func(ctx context.Context, d *desk.Desk, id, revision int64) (desk.DraftFile, error) {
		return d.AskApproval(ctx, operator(), id, revision)
	})
}

func (e *env) rulesApprove() *cobra.Command {
	var looked int64
	c := e.draftStep("approve", "Approve somebody else's draft, as it was asked about", func(ctx context.Context, d *desk.Desk, id, _ int64) (desk.DraftFile, error) {
		return d.ApproveDraft(ctx, operator(), id, looked)
	})
	c.Flags().Int64Var(&looked, "revision", 0, "approve this revision and no other; needed for a text that nobody asked about")
	return c
}

func (e *env) rulesDrop() *cobra.Command {
	return e.draftStep("drop", "Give a draft up", func(ctx context.Context, d *desk.Desk, id, revision int64) (desk.DraftFile, error) {
		if err := d.DropDraft(ctx, operator(), id, revision); err != nil {
			return desk.DraftFile{}, err
		}
		return d.RuleDraft(ctx, operator(), id)
	})
}

func (e *env) publishDraft(cmd *cobra.Command, id int64) error {
	return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
		kept, err := d.PublishDraft(ctx, operator(), id, 0)
		if err != nil {
			return e.failed(err)
		}
		return e.printRules(kept)
	})
}
