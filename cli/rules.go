package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) rulesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "rules", Short: "Write, check, publish and explain routing rules",
		Long: "Rules live in the database as versions. A draft is checked, approved by a second person where that is needed, and published for new cases; a version is rolled back by publishing an older one again. Open cases keep the version that decided them until it is applied to them.",
		Example: "  rebuttal rules draft draft.yaml --comment \"higher limits\"\n  rebuttal rules check 4\n  rebuttal rules diff draft:4\n" +
			"  rebuttal rules ask 4\n  rebuttal rules approve 4\n  rebuttal rules publish 4\n" +
			"  rebuttal rules apply --to-open --where queue=frontline --dry-run\n  rebuttal rules rollback 2",
	}
	c.AddCommand(
		e.rulesFields(), e.rulesCheck(), e.rulesExplain(), e.rulesPublish(), e.rulesHistory(), e.rulesRollBack(), e.rulesDiff(),
		e.rulesDraft(), e.rulesDrafts(), e.rulesDrop(), e.rulesAsk(), e.rulesApprove(), e.rulesApply(), e.rulesShadow(), e.rulesBacktest(), e.rulesTemplates(),
	)
	return c
}

func parseRules(file string) (*rules.Set, []byte, error) {
	source, err := os.ReadFile(file) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, nil, err
	}
	set, err := rules.Parse(file, source)
	return set, source, err
}

// draftID is the draft that an argument names, "4" or "draft:4"; false for what
// names a file.
func draftID(arg string) (int64, bool) {
	id, err := strconv.ParseInt(strings.TrimPrefix(arg, "draft:"), 10, 64)
	return id, err == nil && id > 0
}

// failed prints the problems of a rule set as JSON where JSON is wanted, and
// passes the error on.
func (e *env) failed(err error) error {
	var problems rules.Problems
	if e.asJSON && errors.As(err, &problems) {
		return errors.Join(e.print(map[string]any{"ok": false, "problems": problems}, nil), err)
	}
	return err
}

func (e *env) rulesCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE|DRAFT", Short: "Check a rule file or a draft; every problem names its line and the mend", Args: cobra.ExactArgs(1),
		Long:    "Check a rule file, or the draft with a number. With a configuration file at hand, the connections it names are checked too. The exit code is 1 for rules that are not right.",
		Example: "  rebuttal rules check draft.yaml\n  rebuttal rules check 4",
		RunE: func(cmd *cobra.Command, args []string) error {
			if id, ok := draftID(args[0]); ok {
				return e.onDraft(cmd, id, func(ctx context.Context, d *desk.Desk, revision int64) (desk.DraftFile, error) {
					return d.CheckDraft(ctx, operator(), id, revision)
				})
			}
			set, _, err := parseRules(args[0])
			if err != nil {
				return e.failed(err)
			}
			connections := e.connectionNames()
			if err := set.Check(connections); err != nil {
				return e.failed(err)
			}
			return e.print(map[string]any{"ok": true, "hash": set.Hash(), "connections_checked": connections != nil}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s is right; its hash is %.12s\n", args[0], set.Hash())
				if connections == nil {
					_, _ = fmt.Fprintln(w, "The connections it names were not checked: there is no readable configuration at", e.file)
				}
			})
		},
	}
}

// connectionNames are those of the configuration, or nil without one: then
// they are not checked.
func (e *env) connectionNames() []string {
	cfg, err := config.Load(e.file)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(cfg.Connections))
	for name := range cfg.Connections {
		names = append(names, name)
	}
	return names
}

func (e *env) rulesFields() *cobra.Command {
	return &cobra.Command{
		Use: "fields [FIELD]", Short: "List what a condition may look at, or say all about one field", Args: cobra.MaximumNArgs(1),
		Example: "  rebuttal rules fields\n  rebuttal rules fields dispute.family",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, f := range rules.Vocabulary() {
				names = append(names, f.Name+"\t"+f.Doc)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			fields := rules.Vocabulary()
			if len(args) == 1 {
				return e.ruleField(fields, args[0])
			}
			return e.print(fields, func(w io.Writer) {
				t := table(w, "FIELD", "TYPE", "WHAT IT IS")
				for _, f := range fields {
					row(t, f.Name, f.Type, aboutField(f))
				}
				_ = t.Flush()
			})
		},
	}
}

func aboutField(f rules.Field) string {
	if f.Values == nil {
		return f.Doc
	}
	return f.Doc + ": " + strings.Join(f.Values, ", ")
}

func (e *env) ruleField(fields []rules.Field, name string) error {
	for _, f := range fields {
		if f.Name == name {
			return e.print(f, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s, a %s: %s\n\n    when: %s\n", f.Name, f.Type, aboutField(f), f.Example)
			})
		}
	}
	return usageError{fmt.Errorf("%q is no field; rules fields lists them", name)}
}

func (e *env) rulesExplain() *cobra.Command {
	var named string
	c := &cobra.Command{
		Use: "explain CASE", Short: "Say rule by rule how a case is decided", Args: cobra.ExactArgs(1),
		Example: "  rebuttal rules explain du_1\n  rebuttal rules explain du_1 --rules draft.yaml\n  rebuttal rules explain du_1 --rules draft:4",
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				text, err := ruleText(ctx, d, named)
				if err != nil {
					return err
				}
				set, err := rules.Parse(text.Name, []byte(text.Source))
				if err != nil {
					return e.failed(err)
				}
				words, route, err := d.ExplainRules(ctx, operator(), set, args[0])
				if err != nil {
					return err
				}
				return e.print(route, func(w io.Writer) { _, _ = fmt.Fprint(w, words) })
			})
		},
	}
	c.Flags().StringVar(&named, "rules", "", "a file, a version as 3 or a draft as draft:4; the rules in force when left out")
	return c
}

// ruleText reads the rules that an argument names: "live" or nothing for those in
// force, a version's number, a draft as "draft:4", else a file.
func ruleText(ctx context.Context, d *desk.Desk, named string) (desk.RuleText, error) {
	_, err := strconv.ParseInt(named, 10, 64)
	if named == "" || named == desk.Live || err == nil || strings.HasPrefix(named, "draft:") {
		return d.RuleText(ctx, operator(), named)
	}
	source, err := os.ReadFile(named) // #nosec G304 -- the operator names the file
	return desk.RuleText{Name: named, Source: string(source)}, err
}

func (e *env) rulesDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff [FROM] TO", Short: "Say what one rule set says otherwise than another", Args: cobra.RangeArgs(1, 2),
		Long:    "FROM and TO are a file, a version as 3, a draft as draft:4, or live; FROM is live when left out. Guards of money that the change loosens are named below the difference.",
		Example: "  rebuttal rules diff draft:4\n  rebuttal rules diff 2 3\n  rebuttal rules diff live draft.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				args = []string{desk.Live, args[0]}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				from, err := ruleText(ctx, d, args[0])
				if err != nil {
					return err
				}
				to, err := ruleText(ctx, d, args[1])
				if err != nil {
					return err
				}
				diff, err := d.DiffRules(operator(), from, to)
				if err != nil {
					return err
				}
				return e.print(diff, func(w io.Writer) { printRuleDiff(w, diff) })
			})
		},
	}
}

func printRuleDiff(w io.Writer, diff desk.RuleDiff) {
	if diff.Diff == "" {
		_, _ = fmt.Fprintf(w, "%s and %s say the same\n", diff.From, diff.To)
		return
	}
	_, _ = fmt.Fprint(w, diff.Diff)
	for _, what := range diff.Loosens {
		_, _ = fmt.Fprintln(w, "loosens a guard:", what)
	}
}

func (e *env) rulesPublish() *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use: "publish FILE|DRAFT", Short: "Put a rule file or a draft in force for new cases", Args: cobra.ExactArgs(1),
		Long:    "Put a rule file, or the draft with a number, in force for new cases. Open cases keep the version that decided them: see apply. A change that loosens a guard of money, or every change where the configuration says rules_approval, needs a draft that a second person approved.",
		Example: "  rebuttal rules publish draft.yaml --comment \"higher limits\"\n  rebuttal rules publish 4",
		RunE: func(cmd *cobra.Command, args []string) error {
			if id, ok := draftID(args[0]); ok {
				return e.publishDraft(cmd, id)
			}
			set, source, err := parseRules(args[0])
			if err != nil {
				return e.failed(err)
			}
			if err := set.Check(e.connectionNames()); err != nil {
				return e.failed(err)
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				set, err := d.PublishRules(ctx, operator(), args[0], source, comment)
				if err != nil {
					return err
				}
				return e.print(map[string]string{"hash": set.Hash()}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "in force: %.12s\n", set.Hash())
				})
			})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "why; a draft has its own")
	return c
}

func (e *env) rulesHistory() *cobra.Command {
	var acts bool
	c := &cobra.Command{
		Use: "history", Short: "List published versions, or everything that was done to the rules", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if acts {
					return e.ruleEvents(ctx, d)
				}
				rows, err := d.RuleHistory(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(rows, func(w io.Writer) {
					t := table(w, "VERSION", "PUBLISHED", "BY", "APPROVED", "HASH", "COMMENT")
					for _, r := range rows {
						row(t, fmt.Sprint(r.Version), stamp(r.PublishedAt), r.Author, r.ApprovedBy, fmt.Sprintf("%.12s", r.Hash), remark(r))
					}
					_ = t.Flush()
				})
			})
		},
	}
	c.Flags().BoolVar(&acts, "all", false, "everything that was done, the newest first")
	return c
}

// remark is a version's comment, and that it is an older one.
func remark(r store.RuleSet) string {
	if r.Restores == 0 {
		return r.Comment
	}
	return strings.TrimSpace(fmt.Sprintf("(version %d again) %s", r.Restores, r.Comment))
}

func (e *env) ruleEvents(ctx context.Context, d *desk.Desk) error {
	rows, err := d.RuleEvents(ctx, operator(), 0, 500)
	if err != nil {
		return err
	}
	return e.print(rows, func(w io.Writer) {
		t := table(w, "AT", "WHO", "WHAT", "DRAFT", "VERSION", "COMMENT")
		for _, r := range rows {
			row(t, stamp(r.At), r.Actor, strings.ReplaceAll(r.Kind, "_", " "), number(r.Draft), number(r.Version), r.Comment)
		}
		_ = t.Flush()
	})
}

// number is empty for zero.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (e *env) rulesRollBack() *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use: "rollback VERSION", Short: "Publish an older version again, for new cases", Args: cobra.ExactArgs(1),
		Example: "  rebuttal rules rollback 2 --comment \"3 sent too much to people\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no version; rules history lists them", args[0])}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				kept, err := d.RollBackRules(ctx, operator(), version, 0, comment)
				if err != nil {
					return e.failed(err)
				}
				return e.printRules(kept)
			})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}

func (e *env) printRules(kept store.RuleSet) error {
	return e.print(kept, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "in force: version %d, %.12s\n", kept.Version, kept.Hash)
	})
}
