package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func (e *env) casesEvidence() *cobra.Command {
	return &cobra.Command{
		Use: "evidence CASE", Short: "List the evidence in its order, with the number of each exhibit", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				list, err := d.Evidence(ctx, operator(), args[0])
				if err != nil {
					return err
				}
				return e.print(list, func(w io.Writer) { listEvidence(w, list) })
			})
		},
	}
}

func listEvidence(w io.Writer, list []desk.Exhibit) {
	if len(list) == 0 {
		_, _ = fmt.Fprintln(w, "No evidence yet: nothing but the dispute itself is known.")
		return
	}
	t := table(w, "EXHIBIT", "ITEM", "KIND", "SLOT", "TITLE")
	for _, i := range list {
		number := "-"
		switch {
		case i.Excluded:
			number = "excluded"
		case i.Number > 0:
			number = strconv.Itoa(i.Number)
		}
		row(t, number, i.Ref().String(), string(i.Kind), i.Facts[dispute.FactSlot], i.Title)
	}
	_ = t.Flush()
}

func (e *env) casesAttach() *cobra.Command {
	var up desk.Upload
	c := &cobra.Command{
		Use: "attach CASE FILE…", Short: "Add documents, pictures and messages to the evidence", Args: cobra.MinimumNArgs(2),
		Long: "Adds files to the evidence of a case. What a file is, is read from its bytes;\n" +
			"one that no provider takes is refused with the kinds that are right.\n" +
			"The files before a refused one stay attached.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if up.Title != "" && len(args) > 2 {
				return usageError{errors.New("--title names one file, and there are several")}
			}
			for _, path := range args[1:] {
				if _, err := os.Stat(path); err != nil {
					return err
				}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				var face dispute.Face
				for _, path := range args[1:] {
					content, err := readFile(path)
					if err != nil {
						return err
					}
					one := up
					one.Name, one.Content = filepath.Base(path), content
					if face, err = d.Attach(ctx, operator(), args[0], "", one); err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
				}
				return e.face(face, nil)
			})
		},
	}
	c.Flags().StringVar(&up.Title, "title", "", "how the exhibit is called; the file's name when left out")
	slotFlag(c, &up.Slot)
	return c
}

// readFile reads a file to attach, and no more of it than may be attached.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, desk.MaxFile+1))
	return content, errors.Join(err, f.Close())
}

func slotFlag(c *cobra.Command, slot *dispute.EvidenceField) {
	c.Flags().StringVar((*string)(slot), "slot", "", fmt.Sprintf("the place that it is meant for: %v", desk.Slots))
}

// revision is a command that changes the evidence, by the items named after
// the case.
func (e *env) revision(use, short string, args cobra.PositionalArgs, do func(ctx context.Context, d *desk.Desk, caseID string, items []desk.ItemRef) (dispute.Face, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			var items []desk.ItemRef
			for _, name := range args[1:] {
				item, err := desk.ParseItemRef(name)
				if err != nil {
					return usageError{fmt.Errorf("%q: write source/id, as cases evidence lists it", name)}
				}
				items = append(items, item)
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				face, err := do(ctx, d, args[0], items)
				return e.face(face, err)
			})
		},
	}
}

func (e *env) casesExclude() *cobra.Command {
	return e.exclusion("exclude", "Keep an item out of the packet", true)
}

func (e *env) casesInclude() *cobra.Command {
	return e.exclusion("include", "Let an excluded item into the packet again", false)
}

func (e *env) exclusion(verb, short string, excluded bool) *cobra.Command {
	return e.revision(verb+" CASE ITEM", short, cobra.ExactArgs(2), func(ctx context.Context, d *desk.Desk, caseID string, items []desk.ItemRef) (dispute.Face, error) {
		return d.Exclude(ctx, operator(), caseID, "", items[0], excluded)
	})
}

func (e *env) casesOrder() *cobra.Command {
	return e.revision("order CASE [ITEM…]", "Put these items first, in this order; without any, the packet orders them itself", cobra.MinimumNArgs(1),
		func(ctx context.Context, d *desk.Desk, caseID string, items []desk.ItemRef) (dispute.Face, error) {
			return d.Reorder(ctx, operator(), caseID, "", items)
		})
}

func (e *env) casesDescribe() *cobra.Command {
	var is desk.Description
	c := e.revision("describe CASE ITEM", "Change the title or the slot of a document that a person added", cobra.ExactArgs(2),
		func(ctx context.Context, d *desk.Desk, caseID string, items []desk.ItemRef) (dispute.Face, error) {
			return d.Describe(ctx, operator(), caseID, "", items[0], is)
		})
	c.Flags().StringVar(&is.Title, "title", "", "how the exhibit is called; as it is when left out")
	slotFlag(c, &is.Slot)
	return c
}

func (e *env) casesLetter() *cobra.Command {
	var composed bool
	c := &cobra.Command{
		Use: "letter CASE [FILE]", Short: "Show the letter, replace it by a text file, or go back to the composed one", Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if composed && len(args) == 2 {
				return usageError{errors.New("--composed goes back to the composed letter and takes no file")}
			}
			var text []byte
			if len(args) == 2 {
				var err error
				if text, err = readFile(args[1]); err != nil {
					return err
				}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				switch {
				case composed:
					face, err := d.DropLetter(ctx, operator(), args[0], "")
					return e.face(face, err)
				case len(args) == 2:
					face, err := d.ReplaceLetter(ctx, operator(), args[0], "", string(text))
					return e.face(face, err)
				}
				p, err := d.Preview(ctx, operator(), args[0], "")
				if err != nil {
					return err
				}
				return e.print(p.Letter, func(w io.Writer) { _, _ = fmt.Fprintln(w, p.Letter.Text) })
			})
		},
	}
	c.Flags().BoolVar(&composed, "composed", false, "go back to the letter that is composed from the evidence")
	return c
}
