package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) noticesCommand() *cobra.Command {
	c := &cobra.Command{Use: "notices", Short: "Stored webhooks and their fate"}
	c.AddCommand(e.noticesList(), e.noticesRedeliver())
	return c
}

func (e *env) noticesList() *cobra.Command {
	var f store.NoticeFilter
	var state string
	c := &cobra.Command{
		Use: "list", Short: "List webhooks, the newest first",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.State = store.NoticeState(state)
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, next, err := d.Notices(ctx, operator(), f)
				if err != nil {
					return err
				}
				return e.print(map[string]any{"items": rows, "next_cursor": next}, func(w io.Writer) {
					t := table(w, "NOTICE", "RECEIVED", "CONNECTION", "EVENT", "DISPUTE", "STATE", "ERROR")
					for _, n := range rows {
						row(t, strconv.FormatInt(n.ID, 10), stamp(n.ReceivedAt), n.Connection, n.RawKind, n.DisputeID, string(n.State), n.LastError)
					}
					_ = t.Flush()
					if next != "" {
						_, _ = fmt.Fprintln(w, "more: --cursor", next)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&f.Connection, "connection", "", "only this connection")
	c.Flags().StringVar(&f.DisputeID, "dispute", "", "only this dispute")
	c.Flags().StringVar(&state, "state", "", "pending, forwarded, stored, unreadable")
	c.Flags().IntVar(&f.Limit, "limit", 50, "rows, at most 500")
	c.Flags().StringVar(&f.Cursor, "cursor", "", "next page, as printed")
	return c
}

func (e *env) noticesRedeliver() *cobra.Command {
	return &cobra.Command{
		Use: "redeliver NOTICE", Short: "Send a stored webhook to its workflow once more", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is no notice number", args[0])}
			}
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				if err := d.Redeliver(ctx, operator(), id); err != nil {
					return err
				}
				return e.print(map[string]int64{"redelivered": id}, func(w io.Writer) { _, _ = fmt.Fprintln(w, "notice", id, "is on its way") })
			})
		},
	}
}
