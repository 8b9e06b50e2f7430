package all

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/integrations"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTableOfVendors holds docs/vendors/README.md to the types.
func TestTableOfVendors(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "vendors", "README.md")
	got := table(t)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); go test ./integrations/all -update writes it:\n%s", path, diff)
	}
}

func table(t *testing.T) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Vendors\n\n<!-- written by go test ./integrations/all -update -->\n")
	line("`rebuttal vendors` lists the same with every setting. Where a provider lacks a\ncapability the case goes to a person with a ready packet (`rebuttal cases packet`).\n")
	line("## Payment providers\n")
	line("| provider | intake | poll | read | respond | accept | in stages | repeats are safe | what is signed |\n|---|---|---|---|---|---|---|---|---|")
	for _, v := range Vendors {
		if can := integrations.Abilities(v); provider(can) {
			line("| %s | %s | %s | %s | %s | %s | %s | %s | %s |", page(t, v), mark(can, "intake"), mark(can, "poll"), mark(can, "read"),
				mark(can, "respond"), mark(can, "accept"), tick(v.Traits.Staged), tick(v.Traits.Idempotent), v.Traits.Signed)
		}
	}
	line("\n## Others\n\n| vendor | what it is for | can |\n|---|---|---|")
	for _, v := range Vendors {
		if can := integrations.Abilities(v); !provider(can) {
			line("| %s | %s | %s |", v.Name, v.About, strings.Join(can, ", "))
		}
	}
	return b.String()
}

// page links a provider's own page, which every provider has.
func page(t *testing.T, v integrations.Vendor) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join("..", "..", "docs", "vendors", v.Name+".md")); err != nil {
		t.Errorf("provider %s has no page: %v", v.Name, err)
	}
	if v.Traits.Signed == "" {
		t.Errorf("provider %s does not say what is signed: set Vendor.Traits", v.Name)
	}
	return fmt.Sprintf("[%s](%s.md)", v.Name, v.Name)
}

func provider(can []string) bool {
	return slices.ContainsFunc(can, func(c string) bool { return c == "intake" || c == "respond" })
}

func mark(can []string, what string) string { return tick(slices.Contains(can, what)) }

func tick(yes bool) string {
	if yes {
		return "✓"
	}
	return ""
}
