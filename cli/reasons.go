package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// reasonFlags choose reasons, and the catalogue that they come from.
type reasonFlags struct {
	network, family, folder string
}

func (e *env) reasonsCommand() *cobra.Command {
	f := &reasonFlags{}
	c := &cobra.Command{
		Use: "reasons [CODE]", Short: "List reason codes, or explain one with the evidence that answers it", Args: cobra.MaximumNArgs(1),
		Long: `List the reason codes of the card networks and the providers' own words, or
explain one: what is claimed, when to contest and when to accept, which evidence
is required, the network's window, the source and how sure we are of it.

A code is written as feeds write it: 10.4, 104 or "Reason Code 10.4". The facts
are the built-in ones and those of the configuration's folder "catalogue"; a
folder that is not configured yet is tried, and checked, with --catalogue.`,
		Example: `  rebuttal reasons 10.4
  rebuttal reasons 4853 --network mastercard
  rebuttal reasons fraudulent --network stripe
  rebuttal reasons --network visa
  rebuttal reasons --family product_not_received --json
  rebuttal reasons --catalogue ./catalogue --network visa`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if family := dispute.Family(f.family); family != "" && !slices.Contains(networks.Families(), family) {
				return usageError{fmt.Errorf("unknown family %q; there are %v", f.family, networks.Families())}
			}
			if err := e.useCatalogue(f.folder, cmd.Flags().Changed("catalogue")); err != nil {
				return err
			}
			if len(args) == 0 {
				return e.listReasons(f)
			}
			return e.explainReason(f, args[0])
		},
	}
	c.Flags().StringVar(&f.network, "network", "", "only this network, as visa, or provider, as stripe")
	c.Flags().StringVar(&f.family, "family", "", "only codes that are, or can be, of this family")
	c.Flags().StringVar(&f.folder, "catalogue", "", "folder over the built-in facts; empty for these alone; the configuration's when left out")
	return c
}

// useCatalogue puts the named folder in force, or that of the configuration
// when there is one.
func (e *env) useCatalogue(folder string, named bool) error {
	if named {
		return boot.UseCatalogue(folder)
	}
	cfg, err := config.Load(e.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; --catalogue= lists the built-in facts without a configuration", err)
	}
	return boot.UseCatalogue(cfg.Catalogue)
}

func (e *env) listReasons(f *reasonFlags) error {
	list := networks.Listed(f.network, dispute.Family(f.family))
	if len(list) == 0 {
		return errors.New("there is no such reason: rebuttal reasons lists all")
	}
	return e.print(list, func(w io.Writer) {
		t := table(w, "NETWORK", "CODE", "FAMILY", "CONTEST", "STATUS", "TITLE")
		for _, r := range list {
			row(t, r.Network, r.Code, string(r.Family), string(r.Contest), string(r.Status), r.Title)
		}
		_ = t.Flush()
	})
}

func (e *env) explainReason(f *reasonFlags, code string) error {
	r, err := oneReason(f, code)
	if err != nil {
		return err
	}
	g := evidence.GuideTo(r)
	return e.print(g, func(w io.Writer) { printGuide(w, g) })
}

// oneReason finds the one reason that a code stands for.
func oneReason(f *reasonFlags, code string) (networks.ReasonCode, error) {
	found := networks.Meanings(code)
	if f.network != "" {
		found = nil
		if r, ok := networks.Explain(f.network, code); ok {
			found = append(found, r)
		}
	}
	if f.family != "" {
		fit := networks.Listed("", dispute.Family(f.family))
		found = slices.DeleteFunc(found, func(r networks.ReasonCode) bool {
			return !slices.ContainsFunc(fit, func(o networks.ReasonCode) bool { return o.Network == r.Network && o.Code == r.Code })
		})
	}
	switch len(found) {
	case 0:
		return networks.ReasonCode{}, unknownReason(f.network, code)
	case 1:
		return found[0], nil
	}
	return networks.ReasonCode{}, usageError{fmt.Errorf("%q means something at several: name one of %s with --network", code, joined(found))}
}

func unknownReason(network, code string) error {
	near := networks.Near(network, code)
	if len(near) == 0 {
		return fmt.Errorf("no reason %q is known; rebuttal reasons lists all", code)
	}
	return fmt.Errorf("no reason %q is known; near are %s", code, joined(near))
}

func joined(list []networks.ReasonCode) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Network + " " + r.Code
	}
	return strings.Join(names, ", ")
}

// guidePrinter writes a guide for people.
type guidePrinter struct{ w io.Writer }

func printGuide(w io.Writer, g evidence.Guide) {
	p := guidePrinter{w}
	r := g.Reason
	p.line("%s %s · %s", g.NetworkName, r.Code, r.Title)
	p.line("%s", r.Definition)
	t := table(w)
	for _, fact := range [][2]string{
		{"Family", string(r.Family)}, {"Category", r.Category}, {"Kind", string(r.Kind)}, {"Status", string(r.Status)},
		{"Environment", r.Environment}, {"Also written", strings.Join(r.Aliases, ", ")}, {"Replaced by", r.SupersededBy},
		{"Contest", string(r.Contest)}, {"Contest when", r.ContestWhen}, {"Accept when", r.AcceptWhen}, {"Programmes", programmes(r)},
		{"Note", r.Note}, {"Source", r.Source + " (confidence " + string(r.Confidence) + ")"},
	} {
		if fact[1] != "" {
			row(t, fact[0]+":", fact[1])
		}
	}
	_ = t.Flush()
	for _, c := range g.Claims {
		p.claim(c, len(g.Claims) > 1)
	}
	p.windows(g.Windows)
}

func (p guidePrinter) line(format string, args ...any) { _, _ = fmt.Fprintf(p.w, format+"\n", args...) }

func (p guidePrinter) claim(c evidence.Claimed, several bool) {
	p.line("")
	if several {
		p.line("As %s (%s):", c.Family, strings.Join(c.Titles, "; "))
	}
	p.line("%s", c.Advice)
	for _, group := range []struct {
		head  string
		asked []evidence.Asked
	}{{"Required", c.Required}, {"One of", c.OneOf}, {"Supporting", c.Supporting}} {
		if len(group.asked) == 0 {
			continue
		}
		p.line("  %s:", group.head)
		for _, a := range group.asked {
			mark := ""
			if a.Decisive {
				mark = " (decisive)"
			}
			p.line("    - %s%s", a.Name, mark)
		}
	}
	if len(c.Watch) > 0 {
		p.line("  Watch for: %s", strings.ReplaceAll(strings.Join(c.Watch, ", "), "_", " "))
	}
	p.line("  Source: %s (confidence %s)", c.Source, c.Confidence)
}

func (p guidePrinter) windows(list []networks.WindowFact) {
	if len(list) == 0 {
		return
	}
	p.line("\nTime to answer (the date on the dispute comes first):")
	var sources []string
	for _, win := range list {
		p.line("  %s: %s (confidence %s)", win.Stage, days(win), win.Confidence)
		if !slices.Contains(sources, win.Source) {
			sources = append(sources, win.Source)
		}
	}
	p.line("  Source: %s", strings.Join(sources, "; "))
}

func programmes(r networks.ReasonCode) string {
	var out []string
	if r.CompellingEvidence3 {
		out = append(out, "Visa Compelling Evidence 3.0")
	}
	if r.FirstPartyTrust {
		out = append(out, "Mastercard First-Party Trust")
	}
	return strings.Join(out, ", ")
}

func days(w networks.WindowFact) string {
	text := "no answer is possible"
	if w.Days > 0 {
		text = fmt.Sprintf("%d days", w.Days)
	}
	if w.Merchant > 0 {
		text += fmt.Sprintf(", of which merchants get %d", w.Merchant)
	}
	if w.Note != "" {
		text += "; " + w.Note
	}
	return text
}
