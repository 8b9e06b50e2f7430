package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

func (e *env) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Try every dependency, every credential and what it permits",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(e.file)
			if err != nil {
				return err
			}
			return e.doctor(cmd.Context(), cfg)
		},
	}
}

func (e *env) doctor(ctx context.Context, cfg *config.Config) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	found := boot.Doctor(ctx, cfg, slog.New(slog.DiscardHandler))
	sick, wide := 0, 0
	for _, h := range found {
		wide = max(wide, len(h.Name))
		if !h.OK {
			sick++
		}
	}
	err := e.print(found, func(w io.Writer) {
		for _, h := range found {
			mark := "ok  "
			if !h.OK {
				mark = "FAIL"
			}
			_, _ = fmt.Fprintf(w, "%s  %-*s %s\n", mark, wide, h.Name, h.Says)
		}
	})
	if err == nil && sick > 0 {
		err = fmt.Errorf("%d of %d do not work", sick, len(found))
	}
	return err
}

// vendorInfo is one row of the vendors table.
type vendorInfo struct {
	Name         string   `json:"name"`
	About        string   `json:"about"`
	Capabilities []string `json:"capabilities"`
	Settings     []string `json:"settings"`
}

func (e *env) vendorsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "vendors", Short: "List the vendors with what they can do and their settings",
		RunE: func(*cobra.Command, []string) error {
			var rows []vendorInfo
			for _, v := range all.Vendors {
				rows = append(rows, vendorInfo{v.Name, v.About, integrations.Abilities(v), integrations.SettingNames(v)})
			}
			return e.print(rows, func(w io.Writer) {
				t := table(w, "VENDOR", "CAN", "SETTINGS")
				for _, r := range rows {
					row(t, r.Name, strings.Join(r.Capabilities, ", "), strings.Join(r.Settings, ", "))
				}
				_ = t.Flush()
			})
		},
	}
}

func (e *env) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Look at the configuration"}
	c.AddCommand(&cobra.Command{
		Use: "check", Short: "Check the configuration file strictly, and every connection's settings",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load(e.file)
			if err != nil {
				return err
			}
			deps := integrations.Deps{HTTP: http.DefaultClient, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
			if _, err := integrations.Build(all.Vendors, deps, cfg.Adapters()); err != nil {
				return fmt.Errorf("%s: %w", e.file, err)
			}
			return e.print(map[string]any{"ok": true, "connections": len(cfg.Connections)}, func(w io.Writer) {
				_, _ = fmt.Fprintf(w, "%s is right: %d connections, %d merchants\n", e.file, len(cfg.Connections), len(cfg.Merchants))
			})
		},
	})
	return c
}

func (e *env) devCommand() *cobra.Command {
	return &cobra.Command{
		Use: "dev", Short: "Your configuration on an embedded PostgreSQL and Temporal",
		Long: "Starts PostgreSQL and a Temporal development server as children, exports DATABASE_URL and TEMPORAL_ADDRESS for the configuration, migrates and runs starter and worker.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.dev(cmd.Context()) },
	}
}

func (e *env) dev(ctx context.Context) error {
	stack, err := devstack.Start(ctx, devstack.Options{
		DataDir: ".cache/dev", Persist: true, Log: e.log(), UIPort: free(ctx, uiPort),
		Progress: func(s string) { _, _ = fmt.Fprintln(e.err, s) },
	})
	if err != nil {
		return err
	}
	defer func() { _ = stack.Stop(context.WithoutCancel(ctx)) }()
	if err := os.Setenv("DATABASE_URL", stack.Postgres.URL()); err != nil {
		return err
	}
	if err := os.Setenv("TEMPORAL_ADDRESS", stack.Temporal.Address()); err != nil {
		return err
	}
	return e.withApp(ctx, e.log(), func(app *boot.App) error {
		if err := app.Migrate(ctx); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(e.out, "console", app.Config.PublicURL, "· Temporal UI", stack.Temporal.UIURL())
		return runAll(ctx, app)
	})
}

func table(w io.Writer, head ...string) *tabwriter.Writer {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row(t, head...)
	return t
}

func row(w io.Writer, cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) }
