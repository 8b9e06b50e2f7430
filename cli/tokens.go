package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
)

func (e *env) tokensCommand() *cobra.Command {
	c := &cobra.Command{Use: "tokens", Short: "API tokens; only their hashes are kept"}
	c.AddCommand(e.tokensCreate(), e.tokensList(), e.tokensRevoke())
	return c
}

func (e *env) tokensCreate() *cobra.Command {
	var actor, role string
	c := &cobra.Command{
		Use: "create NAME", Short: "Make a token and print its secret, this once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				secret, err := d.CreateToken(ctx, operator(), args[0], cmp.Or(actor, args[0]), desk.Role(role))
				if err != nil {
					return err
				}
				return e.print(map[string]string{"token": secret}, func(w io.Writer) { _, _ = fmt.Fprintln(w, secret) })
			})
		},
	}
	c.Flags().StringVar(&actor, "actor", "", "in whose name it acts; NAME when left out")
	c.Flags().StringVar(&role, "role", "viewer", "viewer, analyst, manager, finance, admin")
	return c
}

func (e *env) tokensList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens without their secrets",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, err := d.Tokens(ctx, operator())
				if err != nil {
					return err
				}
				return e.print(rows, func(w io.Writer) {
					t := table(w, "TOKEN", "NAME", "ACTOR", "ROLE", "CREATED", "LAST USED", "EXPIRES", "REVOKED")
					for _, r := range rows {
						row(t, strconv.FormatInt(r.ID, 10), r.Name, r.Actor, r.Role, stamp(r.CreatedAt), stamp(r.LastUsedAt), stamp(r.ExpiresAt), stamp(r.RevokedAt))
					}
					_ = t.Flush()
				})
			})
		},
	}
}

func (e *env) tokensRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke TOKEN", Short: "End a token at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no token number", args[0])}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if err := d.RevokeToken(ctx, operator(), id); err != nil {
					return err
				}
				return e.print(map[string]int64{"revoked": id}, func(w io.Writer) { _, _ = fmt.Fprintln(w, "revoked") })
			})
		},
	}
}
