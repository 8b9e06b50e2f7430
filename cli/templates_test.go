package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/rules"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	golden(t, "templates.txt", call("rules", "templates", "list").want(t, exitDone))
	golden(t, "templates.keys", keys(t, call("rules", "templates", "list", "--json").want(t, exitDone)))
	for _, one := range rules.Templates() {
		if out := call("rules", "templates", "show", one.Name).want(t, exitDone); !strings.Contains(out, one.Rules) || !strings.Contains(out, one.Needs[0].Usual) {
			t.Errorf("%s: %s", one.Name, out)
		}
	}
}

const templateConfig = `database: postgres://localhost/x
blobs: file:///tmp/x
rules: rules.yaml
connections:
  sheet: { vendor: slack, settings: { bot_token: xoxb-1, signing_secret: s } }
  mail: { vendor: mail, settings: { host: smtp.acme.example, from: a@acme.example } }
`

func TestUseTemplate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	draft, config := filepath.Join(dir, "draft.yaml"), filepath.Join(dir, "rebuttal.yaml")
	use := func(args ...string) result {
		return call(append([]string{"rules", "templates", "use", "--config", config}, args...)...)
	}
	for range 2 { // without a configuration, then for another name
		if out := use("reason-codes-to-sheet", draft).want(t, exitDone); !strings.Contains(out, "Nothing is in force") {
			t.Error(out)
		}
		if again := use("reason-codes-to-sheet", draft); again.code == exitDone || !strings.Contains(again.err, "has it already") {
			t.Errorf("twice: %+v", again)
		}
		draft = filepath.Join(dir, "other.yaml")
	}
	if out := use("fraud-to-radar", draft, "--connection", "radar=stripe-eu").want(t, exitDone); !strings.Contains(out, "stripe-eu:\n") {
		t.Errorf("no configuration is told: %s", out)
	}
	call("rules", "check", draft, "--config", config).want(t, exitDone)
	if err := os.WriteFile(config, []byte(templateConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(dir, "fresh.yaml")
	for want, args := range map[string][]string{
		"which has no report":     {"reason-codes-to-sheet", fresh},
		`no connection "nowhere"`: {"reason-codes-to-sheet", fresh, "--connection", "sheet=nowhere"},
		"it has no role":          {"reason-codes-to-sheet", fresh, "--connection", "sheets=mail"},
		"reason-codes-to-sheet":   {"reason-codes-to-sheets", fresh},
		"no name of a connection": {"reason-codes-to-sheet", fresh, "--connection", "sheet=a b"},
	} {
		if r := use(args...); r.code == exitDone || !strings.Contains(r.err, want) {
			t.Errorf("%v: %+v, want %q", args, r, want)
		}
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("a refused template wrote a file")
	}
	use("reason-codes-to-sheet", fresh, "--connection", "sheet=mail").want(t, exitDone)
}
