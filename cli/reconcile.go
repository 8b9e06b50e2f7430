package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) casesReconcile() *cobra.Command {
	var now string
	c := &cobra.Command{
		Use: "reconcile", Short: "What the providers have against what we have; --now CONNECTION asks again",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if now != "" {
					if err := d.Reconcile(ctx, operator(), now); err != nil {
						return err
					}
					return e.print(map[string]string{"asked": now}, func(w io.Writer) {
						_, _ = fmt.Fprintf(w, "%s is being asked; the comparison is here in a moment: rebuttal cases reconcile\n", now)
					})
				}
				found, err := d.Reconciliations(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(map[string]any{"items": found}, func(w io.Writer) { showReconciliations(w, found) })
			})
		},
	}
	c.Flags().StringVar(&now, "now", "", "ask this connection's provider for all it has, now")
	return c
}

func showReconciliations(w io.Writer, found []store.Reconciliation) {
	if len(found) == 0 {
		_, _ = fmt.Fprintln(w, "No provider was compared yet. A worker does so every reconcile_every; --now CONNECTION does it at once.")
		return
	}
	t := table(w, "PROVIDER", "AT", "OPEN THERE", "OPEN HERE", "ONLY THERE", "ONLY HERE", "DIFFERING", "UNREAD")
	for _, r := range found {
		there, only := fmt.Sprint(r.OpenThere), fmt.Sprint(len(r.OnlyThere))
		if !r.Complete {
			there, only = "cannot list", "cannot list"
		}
		row(t, r.Connection, r.At.Format("2 Jan 15:04 UTC"), there, fmt.Sprint(r.OpenHere), only,
			fmt.Sprint(len(r.OnlyHere)), fmt.Sprint(len(r.Differing)), fmt.Sprint(len(r.Unread)))
	}
	_ = t.Flush()
	for _, r := range found {
		list(w, r.Connection+", only there (started now): ", r.OnlyThere)
		list(w, r.Connection+", only here (look at the provider): ", r.OnlyHere)
		list(w, r.Connection+", could not be read (asked again next time): ", r.Unread)
		for _, d := range r.Differing {
			_, _ = fmt.Fprintf(w, "%s, %s: %s here, %s there\n", r.Connection, d.Dispute, d.Here, d.There)
		}
	}
}

func list(w io.Writer, label string, ids []string) {
	if len(ids) > 0 {
		_, _ = fmt.Fprintln(w, label+strings.Join(ids, ", "))
	}
}
