// Command checker looks at a Rebuttal that has come to rest and says whether
// what its provider sent, what its vendors took and what its database holds fit
// together. It shares no code with what it checks: it reads the tables by SQL of
// its own, asks the vendors' stand-in over HTTP, and works out hashes and
// balances from their documented formulas.
//
//	checker -sent sent.jsonl -simulator http://127.0.0.1:12111
//
// DATABASE_URL names the database. The exit code is 0 when everything fits, 1
// when something differs and 2 when it could not look.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("checker", flag.ContinueOnError)
	flags.SetOutput(stderr)
	sent := flags.String("sent", "", "file with one notice per line, as the provider sent them")
	simulator := flags.String("simulator", "", "base address of the vendors' stand-in")
	database := flags.String("database", os.Getenv("DATABASE_URL"), "the database; DATABASE_URL when not given")
	if flags.Parse(args) != nil {
		return 2
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	f, err := look(ctx, *sent, *simulator, *database)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "checker:", err)
		return 2
	}
	results := check(f)
	if err := report(stdout, results); err != nil {
		_, _ = fmt.Fprintln(stderr, "checker:", err)
		return 2
	}
	if differences(results) > 0 {
		return 1
	}
	return 0
}

// look reads the three sides.
func look(ctx context.Context, sent, simulator, database string) (facts, error) {
	var f facts
	var err error
	if f.sent, err = readSent(sent); err != nil {
		return f, err
	}
	if f.vendors, err = readVendors(ctx, simulator); err != nil {
		return f, err
	}
	f.database, err = readDatabase(ctx, database)
	return f, err
}

// report writes a table, every difference, and one line of JSON.
func report(w io.Writer, results []result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CHECK\tLOOKED AT\tVERDICT")
	for _, r := range results {
		verdict := "ok"
		if n := len(r.Differences); n > 0 {
			verdict = fmt.Sprintf("%d DIFFERENT", n)
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\n", r.Check, r.Looked, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		for _, d := range r.Differences {
			_, _ = fmt.Fprintf(w, "%s: %s\n", r.Check, d)
		}
	}
	return json.NewEncoder(w).Encode(map[string]any{
		"ok": differences(results) == 0, "differences": differences(results), "checks": results,
	})
}

func differences(results []result) int {
	n := 0
	for _, r := range results {
		n += len(r.Differences)
	}
	return n
}
