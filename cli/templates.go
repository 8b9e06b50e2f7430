package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/rules"
)

func (e *env) rulesTemplates() *cobra.Command {
	c := &cobra.Command{Use: "templates", Short: "Switch on ready pieces of policy by name"}
	c.AddCommand(e.templatesList(), e.templatesShow(), e.templatesUse())
	return c
}

func (e *env) templatesList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the templates and the connections they need", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list := rules.Templates()
			return e.print(list, func(w io.Writer) {
				t := table(w, "TEMPLATE", "NEEDS", "WHAT IT DOES")
				for _, one := range list {
					row(t, one.Name, needs(one), one.About)
				}
				_ = t.Flush()
			})
		},
	}
}

// needs is "chat (notify), crm (report)".
func needs(t rules.Template) string {
	out := make([]string, len(t.Needs))
	for i, n := range t.Needs {
		out[i] = n.Role + " (" + n.Capability + ")"
	}
	return strings.Join(out, ", ")
}

func (e *env) templatesShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show what a template adds", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := rules.TemplateNamed(args[0])
			if err != nil {
				return err
			}
			return e.print(t, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s\n\nNeeds:\n", t.About)
				for _, n := range t.Needs {
					_, _ = fmt.Fprintf(w, "  %s: a connection that can %s, usually %s\n", n.Role, n.Capability, n.Usual)
				}
				_, _ = fmt.Fprintf(w, "\nRules:\n\n%s", t.Rules)
				if t.Configuration != "" {
					_, _ = fmt.Fprintf(w, "\nConfiguration:\n\n%s", t.Configuration)
				}
			})
		},
	}
}

func (e *env) templatesUse() *cobra.Command {
	var named map[string]string
	c := &cobra.Command{
		Use: "use NAME FILE", Short: "Write a template into a draft", Args: cobra.ExactArgs(2),
		Long: "Write a template's rules at the top of a rule file; a file that is not there begins as the default rules. The result is checked, and with a configuration file at hand so are the connections. Nothing is in force before `rebuttal rules publish`.",
		Example: "  rebuttal rules templates use reason-codes-to-sheet draft.yaml\n" +
			"  rebuttal rules templates use slack-alert-and-salesforce draft.yaml --connection chat=alerts --connection crm=sales",
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := rules.TemplateNamed(args[0])
			if err != nil {
				return err
			}
			connections, err := t.Connections(named)
			if err != nil {
				return err
			}
			if err := e.able(t, connections); err != nil {
				return err
			}
			file := args[1]
			source, err := os.ReadFile(file) // #nosec G304 -- the operator names the file
			if errors.Is(err, fs.ErrNotExist) {
				source, err = rules.Default().Source(), nil
			}
			if err != nil {
				return err
			}
			merged, err := t.Merge(file, source, named)
			if err != nil {
				return e.failed(err)
			}
			if err := os.WriteFile(file, merged, 0o600); err != nil { // #nosec G703 -- the operator names the file
				return err
			}
			return e.used(t, file, connections)
		},
	}
	c.Flags().StringToStringVar(&named, "connection", nil, "role=name, for another connection than the usual one")
	return c
}

func (e *env) used(t rules.Template, file string, connections map[string]string) error {
	configuration := t.Fill(t.Configuration, connections)
	return e.print(map[string]any{"template": t.Name, "file": file, "connections": connections, "configuration": configuration}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s has %s. Nothing is in force before it is published.\n", file, t.Name)
		if configuration != "" {
			_, _ = fmt.Fprintf(w, "The configuration has to say:\n\n%s", configuration)
		}
	})
}

// able checks that the configuration, where there is one, has the connections and
// that each can do its part.
func (e *env) able(t rules.Template, connections map[string]string) error {
	cfg, err := config.Load(e.file)
	if err != nil {
		return nil // without a configuration nothing is checked
	}
	for _, n := range t.Needs {
		name := connections[n.Role]
		c, ok := cfg.Connections[name]
		if !ok {
			return fmt.Errorf("there is no connection %q for %s; configure it, or name another: --connection %s=NAME", name, n.Role, n.Role)
		}
		if !slices.Contains(abilities(c.Vendor), n.Capability) {
			return fmt.Errorf("connection %q is of vendor %s, which has no %s; `rebuttal vendors` lists those that have", name, c.Vendor, n.Capability)
		}
	}
	return nil
}

func abilities(vendor string) []string {
	i := slices.IndexFunc(all.Vendors, func(v integrations.Vendor) bool { return v.Name == vendor })
	if i < 0 {
		return nil
	}
	return integrations.Abilities(all.Vendors[i])
}
