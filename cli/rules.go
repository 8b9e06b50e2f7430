package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func (e *env) rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "Check, explain and publish routing rules"}
	c.AddCommand(e.rulesFields(), e.rulesCheck(), e.rulesExplain(), e.rulesPublish(), e.rulesHistory())
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

func (e *env) rulesCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check a rule file; every problem names its line and the mend", Args: cobra.ExactArgs(1),
		Long: "Check a rule file. With a configuration file at hand, the connections it names are checked too.",
		RunE: func(_ *cobra.Command, args []string) error {
			set, _, err := parseRules(args[0])
			if err != nil {
				return err
			}
			if err := set.Check(e.connectionNames()); err != nil {
				return err
			}
			connections := e.connectionNames()
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
		Use: "fields", Short: "List what a condition may look at", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fields := rules.Vocabulary()
			return e.print(fields, func(w io.Writer) {
				t := table(w, "FIELD", "TYPE", "WHAT IT IS")
				for _, f := range fields {
					what := f.Doc
					if f.Values != nil {
						what += ": " + strings.Join(f.Values, ", ")
					}
					row(t, f.Name, f.Type, what)
				}
				_ = t.Flush()
			})
		},
	}
}

func (e *env) rulesExplain() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "explain CASE", Short: "Say rule by rule how a case is decided", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				set, err := d.RulesInForce(ctx, operator())
				if file != "" {
					set, _, err = parseRules(file)
				}
				if err != nil {
					return err
				}
				text, route, err := d.ExplainRules(ctx, operator(), set, args[0])
				if err != nil {
					return err
				}
				return e.print(route, func(w io.Writer) { _, _ = fmt.Fprint(w, text) })
			})
		},
	}
	c.Flags().StringVar(&file, "rules", "", "a draft; the rules in force when left out")
	return c
}

func (e *env) rulesPublish() *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use: "publish FILE", Short: "Put a rule file in force for new cases", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, source, err := parseRules(args[0])
			if err != nil {
				return err
			}
			if err := set.Check(e.connectionNames()); err != nil {
				return err
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
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}

func (e *env) rulesHistory() *cobra.Command {
	return &cobra.Command{
		Use: "history", Short: "List published versions",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, err := d.RuleHistory(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(rows, func(w io.Writer) {
					t := table(w, "VERSION", "PUBLISHED", "BY", "HASH", "COMMENT")
					for _, r := range rows {
						row(t, fmt.Sprint(r.Version), stamp(r.PublishedAt), r.Author, fmt.Sprintf("%.12s", r.Hash), r.Comment)
					}
					_ = t.Flush()
				})
			})
		},
	}
}
