// Command rebuttal fights payment disputes. Run it without arguments for help.
package main

import (
	"os"

	"github.com/rebuttal-hq/rebuttal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
