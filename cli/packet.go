package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
)

func (e *env) casesPacket() *cobra.Command {
	var out, version string
	var preview bool
	c := &cobra.Command{
		Use: "packet CASE", Short: "Write the packet as a ZIP with what to do, or show what will be sent", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if preview && out != "" {
				return usageError{errors.New("--preview shows the packet and writes no file")}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if preview {
					p, err := d.Preview(ctx, operator(), args[0], version)
					if err != nil {
						return err
					}
					return e.print(p, func(w io.Writer) { showPreview(w, p) })
				}
				name, content, err := d.PacketZipOf(ctx, operator(), args[0], version)
				if err != nil {
					return err
				}
				file := cmp.Or(out, name)
				if err := os.WriteFile(file, content, 0o600); err != nil {
					return err
				}
				return e.print(map[string]any{"file": file, "bytes": len(content)}, func(w io.Writer) {
					_, _ = fmt.Fprintf(w, "%s, %d bytes; begin with its READ-ME-FIRST.txt\n", file, len(content))
				})
			})
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "the file; <case>-<packet>.zip when left out")
	c.Flags().BoolVar(&preview, "preview", false, "show exactly what will be sent, or was")
	c.Flags().StringVar(&version, "version", "", "the packet whose hash begins so; the newest when left out")
	return c
}

func showPreview(w io.Writer, p desk.Preview) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	state := "would be sent as it is"
	if p.Frozen {
		state = "was sent and is frozen"
	}
	say("Packet %.12s of %s %s", p.Hash, stamp(p.CreatedAt), state)
	say("Strength %d of 4: %s", p.Checklist.Strength, p.Checklist.StrengthWhy)
	say("\nFiles")
	for _, f := range p.Files {
		say("  %-32s %s, %d pages, %d bytes, %.12s", f.Field, f.Name, f.Pages, f.Bytes, f.SHA256)
	}
	say("\nAgainst the provider's limits")
	for _, c := range p.Counts {
		say("  %-32s %s", c.Limit, against(c))
	}
	say("\nChecklist")
	for _, l := range p.Checklist.Lines {
		say("  %-14s %-11s %s  %s", l.State, l.Need, l.Name, l.Why)
	}
	for _, c := range p.Checklist.Contradictions {
		say("  contradiction  %s", c.Why)
	}
	say("\nMade to fit")
	for _, f := range p.Lint {
		say("  %-20s %-20s %d of %d: %s", f.Limit, f.Subject, f.Value, f.Max, f.Action)
	}
	if len(p.Lint) == 0 {
		say("  nothing had to be shortened or left out")
	}
	say("\nTexts")
	for _, field := range slices.Sorted(maps.Keys(p.Texts)) {
		say("  %s\n%s", field, indent(p.Texts[field]))
	}
	say("\nLetter (%s)\n%s", p.Letter.Version, indent(p.Letter.Text))
}

func against(c desk.Count) string {
	switch {
	case c.Max == 0:
		return fmt.Sprint(c.Value)
	case c.Over():
		return fmt.Sprintf("%d of %d: OVER", c.Value, c.Max)
	}
	return fmt.Sprintf("%d of %d", c.Value, c.Max)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

func (e *env) casesDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff CASE [FROM] [TO]", Short: "What changed from one packet to another, the newest two when left out", Args: cobra.RangeArgs(1, 3),
		Long: "Compares two packets of a case, each named by the beginning of its hash.\n" +
			"Without TO it is the one that is or would be sent, without FROM the one before.",
		RunE: func(cmd *cobra.Command, args []string) error {
			args = append(args, "", "")
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				diff, err := d.ComparePackets(ctx, operator(), args[0], args[1], args[2])
				if err != nil {
					return err
				}
				return e.print(diff, func(w io.Writer) { showDiff(w, diff) })
			})
		},
	}
}

func showDiff(w io.Writer, d desk.PacketDiff) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	for _, v := range []struct {
		word string
		desk.PacketVersion
	}{{"from", d.From}, {"to", d.To}} {
		say("%-5s %.12s  %s  strength %d of 4  %s", v.word, v.Hash, stamp(v.CreatedAt), v.Strength, v.Letter)
	}
	if d.Same() {
		say("Both send and say the same.")
		return
	}
	for _, f := range d.Files {
		say("file     %-8s %s: %s", f.Change, f.Field, fileChange(f))
	}
	for _, x := range d.Exhibits {
		say("exhibit  %-8s %s: %d to %d", x.Change, cmp.Or(x.Title, x.ID), x.From, x.To)
	}
	for _, p := range d.Checklist {
		say("proof    %s: %s to %s", p.Name, cmp.Or(p.From, "none"), cmp.Or(p.To, "none"))
	}
	for _, t := range d.Texts {
		say("text     %-8s %s\n%s", t.Change, t.Field, strings.TrimSuffix(t.Diff, "\n"))
	}
	if d.Letter != "" {
		say("letter\n%s", strings.TrimSuffix(d.Letter, "\n"))
	}
}

func fileChange(f desk.FileChange) string {
	side := func(p *desk.PacketFile) string {
		if p == nil {
			return "none"
		}
		return fmt.Sprintf("%d pages, %d bytes", p.Pages, p.Bytes)
	}
	return side(f.From) + " to " + side(f.To)
}
