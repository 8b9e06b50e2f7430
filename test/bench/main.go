// Command bench measures what tests do not: how long things take and how much
// memory they hold. It prints a table, then one JSON object a line.
//
//	go run ./test/bench packet    building packets, from small to a pile of scans
//	go run ./test/bench rules     routing one case by 5, 50 and 300 rules
//	go run ./test/bench backtest  routing 100,000 and 1,000,000 past disputes by two rule sets
//	go run ./test/bench queue     the console's pages over 1,000,000 cases in PostgreSQL
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "packet":
		return packet()
	case len(args) == 1 && args[0] == "rules":
		return ruleEvaluation()
	case len(args) == 1 && args[0] == "backtest":
		return backtests()
	case len(args) >= 1 && args[0] == "queue":
		return queuePages(args[1:])
	case len(args) == 2 && args[0] == backtestOnce:
		return backtestOf(args[1])
	case len(args) == 2 && args[0] == composeOnce:
		return composeFrom(args[1])
	}
	return fmt.Errorf("usage: go run ./test/bench packet|rules|backtest|queue [-cases n]")
}
