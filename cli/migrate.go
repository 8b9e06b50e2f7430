package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
)

func (e *env) migrateCommand() *cobra.Command {
	var s boot.Setup
	c := &cobra.Command{
		Use: "migrate", Short: "Bring the database, the first rules and Temporal's namespace and search attributes up to date",
		Long: "Makes what is missing and leaves the rest as it is: the database schema, the first rule set, Temporal's namespace and its search attributes. Run it at each upgrade, before the new processes start; it may be run any number of times.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.Retention < 0 || s.Retention%(24*time.Hour) != 0 {
				return usageError{fmt.Errorf("--retention is %s; it is whole days, as in 720h", s.Retention)}
			}
			return e.withApp(cmd.Context(), e.log(), func(app *boot.App) error {
				s.Progress = func(line string) { _, _ = fmt.Fprintln(e.out, line) }
				if e.asJSON {
					s.Progress = nil
				}
				if err := app.MigrateDatabase(cmd.Context()); err != nil {
					return err
				}
				if err := app.MigrateTemporal(cmd.Context(), s); err != nil {
					return err
				}
				return e.print(map[string]bool{"migrated": true}, func(w io.Writer) {
					_, _ = fmt.Fprintln(w, "database, rules, namespace and search attributes are up to date")
				})
			})
		},
	}
	c.Flags().DurationVar(&s.Retention, "retention", 0, "how long the namespace keeps closed cases, in whole days (default: leave it, and 720h for a new one)")
	c.Flags().DurationVar(&s.Patience, "wait", boot.DefaultPatience, "how long to wait for Temporal")
	return c
}
