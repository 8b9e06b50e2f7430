// Command bench measures what tests do not: how long things take and how much
// memory they hold. It prints a table, then one JSON object a line.
//
//	go run ./test/bench packet    building packets, from small to a pile of scans
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
	case len(args) == 2 && args[0] == composeOnce:
		return composeFrom(args[1])
	}
	return fmt.Errorf("usage: go run ./test/bench packet")
}
