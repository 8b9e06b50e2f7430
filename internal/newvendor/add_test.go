package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const before = `// Package all lists the vendors.
package all

import (
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/hubspot"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
)

// Vendors are all vendors, by name.
var Vendors = []integrations.Vendor{
	hubspot.Vendor,
	stripe.Vendor,
}
`

// empty is a project with nothing but the list of vendors, and what else is
// named; a name that ends in a slash is a folder.
func empty(t *testing.T, more ...string) *os.Root {
	t.Helper()
	project, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = project.Close() })
	for _, name := range append([]string{listFile}, more...) {
		if err := project.MkdirAll(path.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := project.WriteFile(name, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return project
}

// contents are the project's files, by path.
func contents(t *testing.T, project *os.Root) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(project.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := project.ReadFile(p)
		out[p] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAdd(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			project := empty(t)
			written, err := add(project, "zenpay", k.name)
			if err != nil {
				t.Fatal(err)
			}
			got := contents(t, project)
			if len(written) != len(got) {
				t.Errorf("%d files are told, %d are there", len(written), len(got))
			}
			for _, must := range []string{"integrations/zenpay/zenpay.go", "integrations/zenpay/zenpay_test.go", "docs/vendors/zenpay.md"} {
				if got[must] == "" {
					t.Errorf("%s is missing", must)
				}
			}
			for p, text := range got {
				if strings.Contains(strings.ToLower(p+text), k.example) {
					t.Errorf("%s still speaks of %s", p, k.example)
				}
				if !strings.HasSuffix(p, ".go") {
					continue
				}
				if _, err := parser.ParseFile(token.NewFileSet(), p, text, parser.AllErrors); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ vendor, kind, want string }{
		"there already": {"hubspot", "source", "integrations/hubspot is there already"},
		"page there":    {"paged", "source", "docs/vendors/paged.md is there already"},
		"upper case":    {"Acme", "source", "lower-case"},
		"hyphen":        {"acme-pay", "source", "lower-case"},
		"path":          {"../acme", "source", "lower-case"},
		"digit first":   {"3pay", "source", "a letter first"},
		"empty":         {"", "source", "lower-case"},
		"keyword":       {"type", "source", "another meaning"},
		"predeclared":   {"string", "source", "another meaning"},
		"magic folder":  {"vendor", "source", "another meaning"},
		"our folder":    {"vendorhttp", "source", "another meaning"},
		"no such kind":  {"acme", "bank", "there are provider, source, chat, ticketing, accounting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project := empty(t, "integrations/hubspot/", "docs/vendors/paged.md")
			had := contents(t, project)
			if _, err := add(project, tt.vendor, tt.kind); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if diff := cmp.Diff(had, contents(t, project)); diff != "" {
				t.Errorf("a refusal left traces (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAddLeavesNothingAfterAFailure(t *testing.T) {
	t.Parallel()
	project := empty(t, "docs") // a file, where the page's folder should be made
	had := contents(t, project)
	if _, err := add(project, "acme", "provider"); err == nil {
		t.Error("no error although the page cannot be written")
	}
	if diff := cmp.Diff(had, contents(t, project)); diff != "" {
		t.Errorf("the failure left traces (-before +after):\n%s", diff)
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	names := func(src []byte) []string {
		var out []string
		for line := range strings.Lines(string(src)) {
			if name, ok := strings.CutSuffix(strings.TrimSpace(line), ".Vendor,"); ok {
				out = append(out, name)
			}
		}
		return out
	}
	for name, want := range map[string][]string{
		"acme":    {"acme", "hubspot", "stripe"},
		"klarna":  {"hubspot", "klarna", "stripe"},
		"zenpay":  {"hubspot", "stripe", "zenpay"},
		"stripe2": {"hubspot", "stripe", "stripe2"},
		"stripe":  {"hubspot", "stripe"},
	} {
		got, err := listed([]byte(before), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if n := strings.Count(string(got), `integrations/`+name+`"`); n != 1 {
			t.Errorf("%s is imported %d times", name, n)
		}
		again, err := listed(got, name)
		if diff := cmp.Diff(string(got), string(again)); err != nil || diff != "" {
			t.Errorf("%s told twice (error %v):\n%s", name, err, diff)
		}
	}
	if _, err := listed([]byte("package all\n"), "acme"); err == nil {
		t.Error("a list of another form is taken")
	}
}
