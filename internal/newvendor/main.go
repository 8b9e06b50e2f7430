// Command newvendor starts the folder of a new vendor:
//
//	go run ./internal/newvendor -kind provider acmepay
//
// It copies one of the example vendors that lie beside it, under the new name,
// adds the vendor to integrations/all and starts its page in docs/vendors. The
// examples are ordinary packages: what they say is compiled, linted and tested
// with everything else.
package main

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

//go:embed acmepay acmetrack acmechat acmedesk acmebooks
var examples embed.FS

// kinds are the sorts of vendor, each with the example that it starts from.
var kinds = []struct{ name, example, about string }{
	{"provider", "acmepay", "takes payments: webhooks, disputes, responses"},
	{"source", "acmetrack", "knows something about a sale: evidence"},
	{"chat", "acmechat", "shows cards with buttons to people"},
	{"ticketing", "acmedesk", "keeps a ticket per case"},
	{"accounting", "acmebooks", "takes journal entries"},
}

func main() {
	kind := flag.String("kind", "", "provider, source, chat, ticketing or accounting")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() != 1 || *kind == "" {
		usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *kind); err != nil {
		fmt.Fprintln(os.Stderr, "newvendor:", err)
		os.Exit(1)
	}
}

func run(name, kind string) error {
	project, err := os.OpenRoot(".")
	if err != nil {
		return err
	}
	written, err := add(project, name, kind)
	if err != nil {
		return errors.Join(err, project.Close())
	}
	fmt.Println(report(name, written))
	return project.Close()
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: make new-vendor NAME=acmepay KIND=provider")
	for _, k := range kinds {
		fmt.Fprintf(os.Stderr, "  KIND=%-11s %s\n", k.name, k.about)
	}
}

// report is what was written and what to do next.
func report(name string, written []string) string {
	return fmt.Sprintf(`wrote
  %s

It works against the small API that docs/vendors/%[2]s.md describes:
  go test ./integrations/%[2]s
Now make that API the vendor's own. docs/add-a-vendor.md says in which order.`, strings.Join(written, "\n  "), name)
}
