package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) lettersCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "letters", Short: "Edit, preview and publish the words of letters",
		Example: "  rebuttal letters export words\n  rebuttal letters check words\n" +
			"  rebuttal letters preview words --family fraudulent --network visa --code 10.4\n" +
			"  rebuttal letters publish words --comment \"shorter closings\"",
	}
	c.AddCommand(e.lettersExport(), e.lettersCheck(), e.lettersPreview(), e.lettersPublish(), e.lettersHistory(), e.lettersRollBack())
	return c
}

func (e *env) lettersExport() *cobra.Command {
	var language string
	c := &cobra.Command{
		Use: "export DIR", Short: "Write the set in force into a new or empty folder, to edit it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				set, version, err := d.LettersInForce(ctx, operator(), language)
				if err != nil {
					return err
				}
				if err := writeLetters(args[0], set.Files()); err != nil {
					return err
				}
				return e.print(map[string]any{"id": set.ID(), "version": version, "dir": args[0]}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%s is in %s; publish it with --base %d\n", set.ID(), args[0], version)
				})
			})
		},
	}
	c.Flags().StringVar(&language, "language", evidence.English, "of which language; English where it has none")
	return c
}

// writeLetters never writes over files: they may be somebody's edit.
func writeLetters(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return usageError{fmt.Errorf("%s is not empty: name a new folder", dir)}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(files[name]), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) lettersCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check DIR", Short: "Check a set; every fault names its file and line", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := evidence.LoadLetters(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			return e.print(map[string]any{"ok": true, "id": set.ID(), "hash": set.Hash()}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s is right: %s\n", args[0], set.ID())
			})
		},
	}
}

func (e *env) lettersPreview() *cobra.Command {
	var caseID, family, network, code string
	c := &cobra.Command{
		Use: "preview DIR", Short: "Print the letter of a case, or of an invented one", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := evidence.LoadLetters(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			if caseID == "" {
				if networks.FamilyInfo(dispute.Family(family)).Family != dispute.Family(family) {
					return usageError{fmt.Errorf("%q is no family of reasons", family)}
				}
				l, err := evidence.SampleLetter(set, dispute.Family(family), network, code)
				if err != nil {
					return err
				}
				return e.printLetter(l)
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				l, err := d.PreviewLetter(ctx, operator(), set, caseID)
				if err != nil {
					return err
				}
				return e.printLetter(l)
			})
		},
	}
	c.Flags().StringVar(&caseID, "case", "", "the case, with its evidence of now")
	c.Flags().StringVar(&family, "family", string(dispute.FamilyFraudulent), "without a case: the family of its reason")
	c.Flags().StringVar(&network, "network", "", "without a case: the network")
	c.Flags().StringVar(&code, "code", "", "without a case: the network's reason code")
	c.MarkFlagsMutuallyExclusive("case", "family")
	c.MarkFlagsMutuallyExclusive("case", "network")
	c.MarkFlagsMutuallyExclusive("case", "code")
	return c
}

func (e *env) printLetter(l evidence.Letter) error {
	return e.print(l, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, l.Text)
		for _, b := range l.Blocked {
			_, _ = fmt.Fprintf(w, "\nLeft out: %s. %s", b.Name, b.Why)
		}
		if len(l.Blocked) > 0 {
			_, _ = fmt.Fprintln(w)
		}
	})
}

func (e *env) lettersPublish() *cobra.Command {
	var comment string
	var base int64
	c := &cobra.Command{
		Use: "publish DIR", Short: "Put a set in force for its language", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := evidence.LoadLetters(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				kept, err := d.PublishLetters(ctx, operator(), set, comment, base)
				if err != nil {
					return err
				}
				return e.printInForce(kept)
			})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "why")
	c.Flags().Int64Var(&base, "base", 0, "the version the edit began from; refused when another came meanwhile")
	return c
}

func (e *env) printInForce(kept store.LetterSet) error {
	return e.print(map[string]any{"version": kept.Version, "hash": kept.Hash, "language": kept.Language}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "in force for %s: version %d, %.12s\n", kept.Language, kept.Version, kept.Hash)
	})
}

func (e *env) lettersHistory() *cobra.Command {
	return &cobra.Command{
		Use: "history", Short: "List published versions", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, err := d.LetterHistory(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(rows, func(w io.Writer) {
					t := table(w, "VERSION", "LANGUAGE", "PUBLISHED", "BY", "HASH", "COMMENT")
					for _, r := range rows {
						row(t, fmt.Sprint(r.Version), r.Language, stamp(r.PublishedAt), r.Author, fmt.Sprintf("%.12s", r.Hash), r.Comment)
					}
					_ = t.Flush()
				})
			})
		},
	}
}

func (e *env) lettersRollBack() *cobra.Command {
	var comment string
	c := &cobra.Command{
		Use: "rollback VERSION", Short: "Publish an older version again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no version; letters history lists them", args[0])}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				kept, err := d.RollBackLetters(ctx, operator(), version, comment)
				if err != nil {
					return err
				}
				return e.printInForce(kept)
			})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}
