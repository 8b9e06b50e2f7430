package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (e *env) booksCommand() *cobra.Command {
	c := &cobra.Command{Use: "books", Short: "The journal of all disputes"}
	c.AddCommand(e.booksBalance(), e.booksEntries(), e.booksExport())
	return c
}

func (e *env) booksBalance() *cobra.Command {
	return &cobra.Command{
		Use: "balance", Short: "Trial balance; exit code 1 when it does not add up to nothing",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
				rows, err := d.Balances(ctx, operator())
				if err != nil {
					return err
				}
				if err := e.print(rows, func(w io.Writer) { printBalance(w, rows) }); err != nil {
					return err
				}
				return unbalanced(rows)
			})
		},
	}
}

func printBalance(w io.Writer, rows []store.Balance) {
	t := table(w, "PROVIDER", "ACCOUNT", "DEBIT", "CREDIT")
	for _, b := range rows {
		row(t, b.Connection, string(b.Account), dispute.Money{Minor: b.Debit, Currency: b.Currency}.String(),
			dispute.Money{Minor: b.Credit, Currency: b.Currency}.String())
	}
	_ = t.Flush()
	if len(rows) == 0 {
		_, _ = fmt.Fprintln(w, "Nothing was posted yet.")
	}
}

func unbalanced(rows []store.Balance) error {
	sums := map[string]int64{}
	for _, b := range rows {
		sums[b.Currency] += b.Debit - b.Credit
	}
	for currency, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("the books are off by %s", dispute.Money{Minor: sum, Currency: currency})
		}
	}
	return nil
}

// entryFlags choose entries by date and provider.
type entryFlags struct {
	since, until string
	filter       store.EntryFilter
}

func (f *entryFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.since, "since", "", "from this day on, YYYY-MM-DD")
	c.Flags().StringVar(&f.until, "until", "", "up to and without this day, YYYY-MM-DD")
	c.Flags().StringVar(&f.filter.Connection, "connection", "", "only this provider")
}

func (f *entryFlags) resolve() error {
	for _, d := range []struct {
		text string
		into *time.Time
	}{{f.since, &f.filter.Since}, {f.until, &f.filter.Until}} {
		if d.text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, d.text)
		if err != nil {
			return usageError{fmt.Errorf("%q is no day: write YYYY-MM-DD", d.text)}
		}
		*d.into = at
	}
	return nil
}

// all reads every page.
func (f *entryFlags) all(ctx context.Context, d *desk.Desk) ([]ledger.Entry, error) {
	out := []ledger.Entry{} // a JSON list also when there are none
	f.filter.Limit = 500
	for {
		page, next, err := d.Entries(ctx, operator(), f.filter)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		if next == "" {
			return out, nil
		}
		f.filter.Cursor = next
	}
}

func (e *env) booksEntries() *cobra.Command {
	f := &entryFlags{}
	c := &cobra.Command{
		Use: "entries", Short: "List journal entries",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withEntries(cmd, f, func(entries []ledger.Entry) error {
				return e.print(entries, func(w io.Writer) {
					t := table(w, "DATE", "KIND", "CASE", "DEBITS", "MEMO")
					for _, j := range entries {
						row(t, j.Date.Format(time.DateOnly), string(j.Kind), j.CaseID, debits(j).String(), j.Memo)
					}
					_ = t.Flush()
				})
			})
		},
	}
	f.add(c)
	return c
}

func debits(e ledger.Entry) dispute.Money {
	sum := dispute.Money{Currency: e.Currency}
	for _, p := range e.Postings {
		if p.Side == ledger.Debit {
			sum.Minor += p.Amount
		}
	}
	return sum
}

func (e *env) booksExport() *cobra.Command {
	f, format := &entryFlags{}, ""
	c := &cobra.Command{
		Use: "export", Short: "Write the journal for another program",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !known(ledger.Format(format)) {
				return usageError{fmt.Errorf("unknown format %q; there are %s", format, formats())}
			}
			return e.withEntries(cmd, f, func(entries []ledger.Entry) error {
				return ledger.Export(e.out, ledger.Format(format), entries)
			})
		},
	}
	c.Flags().StringVar(&format, "format", "hledger", formats())
	f.add(c)
	return c
}

func known(f ledger.Format) bool {
	for _, have := range ledger.Formats {
		if have == f {
			return true
		}
	}
	return false
}

func formats() string {
	names := make([]string, len(ledger.Formats))
	for i, f := range ledger.Formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

func (e *env) withEntries(cmd *cobra.Command, f *entryFlags, use func([]ledger.Entry) error) error {
	if err := f.resolve(); err != nil {
		return err
	}
	return e.withDesk(cmd, func(ctx context.Context, d *desk.Desk) error {
		entries, err := f.all(ctx, d)
		if err != nil {
			return err
		}
		return use(entries)
	})
}
