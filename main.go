// Command rebuttal fights payment disputes. Run it without arguments for help.
package main

import (
	"os"

	"github.com/rebuttal-hq/rebuttal/cli"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(cli.Main(version, os.Args[1:], os.Stdout, os.Stderr)) }
