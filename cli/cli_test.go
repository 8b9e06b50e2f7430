package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

// result is what a call of the program leaves.
type result struct {
	code     int
	out, err string
}

func call(args ...string) result {
	var out, err bytes.Buffer
	code := Main("v-test", args, &out, &err)
	return result{code, out.String(), err.String()}
}

// want fails the test unless the call ended with a code, and returns its
// standard output.
func (r result) want(t *testing.T, code int) string {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	if (code == exitDone) != (r.err == "") {
		t.Errorf("exit code %d and on standard error: %q", code, r.err)
	}
	return r.out
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) // #nosec G304 -- our own golden
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// keys lists the paths of a JSON text, so that a renamed field shows.
func keys(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var paths []string
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				walk(at+"."+k, child)
			}
		case []any:
			for _, child := range v {
				walk(at+"[]", child)
			}
		default:
			paths = append(paths, at)
		}
	}
	walk("", v)
	slices.Sort(paths)
	return strings.Join(slices.Compact(paths), "\n") + "\n"
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	broken := filepath.Join(t.TempDir(), "h.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args string
		code int
		says string
	}{
		"nothing":                 {"", exitDone, ""},
		"help":                    {"--help", exitDone, ""},
		"version":                 {"--version", exitDone, ""},
		"a group alone":           {"cases", exitDone, ""},
		"unknown command":         {"fight", exitUsage, `unknown command "fight" for "rebuttal"`},
		"unknown subcommand":      {"cases fight", exitUsage, `unknown command "fight" for "rebuttal cases"`},
		"unknown flag":            {"cases list --nonsense", exitUsage, "--nonsense"},
		"bad flag value":          {"cases list --limit many", exitUsage, "many"},
		"too few arguments":       {"cases show", exitUsage, "accepts 1 arg"},
		"too many arguments":      {"books balance now", exitUsage, ""},
		"no notice number":        {"notices redeliver evt_1", exitUsage, `"evt_1" is no notice number`},
		"no token number":         {"tokens revoke demo", exitUsage, `"demo" is no token number`},
		"no day":                  {"books entries --since yesterday", exitUsage, "write YYYY-MM-DD"},
		"no format":               {"books export --format xls", exitUsage, "hledger, beancount, csv, json"},
		"no scenario":             {"demo --scenario none", exitUsage, "won: "},
		"replay what":             {"replay", exitUsage, "--open"},
		"replay an empty folder":  {"replay --dir " + empty, exitFailed, "no *.json in " + empty},
		"replay what is none":     {"replay --dir " + filepath.Dir(broken), exitFailed, broken},
		"no configuration":        {"--config /nowhere.yaml cases list", exitFailed, "/nowhere.yaml"},
		"no configuration either": {"--config /nowhere.yaml worker", exitFailed, "/nowhere.yaml"},
		"no rules":                {"rules check /nowhere.yaml", exitFailed, "/nowhere.yaml"},
		"no file to attach":       {"cases attach cs_1 /nowhere.pdf", exitFailed, "/nowhere.pdf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(strings.Fields(tc.args)...)
			r.want(t, tc.code)
			if !strings.Contains(r.err, tc.says) {
				t.Errorf("says %q, want %q in it", r.err, tc.says)
			}
			if hint := strings.Contains(r.err, "Run with --help"); hint != (tc.code == exitUsage) {
				t.Errorf("says %q", r.err)
			}
		})
	}
	if out := call("--version").out; !strings.Contains(out, "v-test") {
		t.Errorf("version %q", out)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	var paths [][]string
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		paths = append(paths, path)
		for _, sub := range c.Commands() {
			walk(sub, append(slices.Clone(path), sub.Name()))
		}
	}
	walk((&env{}).root(), nil)
	if len(paths) < 40 {
		t.Errorf("only %d commands", len(paths))
	}
	for _, path := range paths {
		out := call(append(path, "--help")...).want(t, exitDone)
		if !strings.Contains(out, "Usage:\n  rebuttal") || !strings.Contains(out, "--config") {
			t.Errorf("%v: %s", path, out)
		}
	}
}

func TestVendors(t *testing.T) {
	t.Parallel()
	golden(t, "vendors.txt", call("vendors").want(t, exitDone))
	golden(t, "vendors.keys", keys(t, call("vendors", "--json").want(t, exitDone)))
}

func TestRulesFields(t *testing.T) {
	t.Parallel()
	golden(t, "fields.txt", call("rules", "fields").want(t, exitDone))
	golden(t, "fields.keys", keys(t, call("rules", "fields", "--json").want(t, exitDone)))
}

const goodRules = `queues:
  all: { members: [a@acme.example], escalate_to: b@acme.example }
ladder:
  l: { remind: [24h], escalate: [12h], cut_off: 6h, at_cut_off: submit }
rules:
  - { id: rest, when: "true", then: { queue: all, approval: none, ladder: l, respond: contest } }
`

func TestRulesCheck(t *testing.T) {
	t.Parallel()
	good := write(t, goodRules)
	if out := call("rules", "check", good).want(t, exitDone); !strings.Contains(out, "is right") {
		t.Error(out)
	}
	if out := call("rules", "check", good, "--json").want(t, exitDone); keys(t, out) != ".connections_checked\n.hash\n.ok\n" {
		t.Error(out)
	}
	bad := write(t, strings.Replace(goodRules, `when: "true"`, `when: "dispute.nonsense > 1"`, 1)+
		"  - { id: rest, when: \"true\", then: { queue: nobody } }\n")
	r := call("rules", "check", bad)
	r.want(t, exitFailed)
	for _, says := range []string{bad, "line 6: rule rest: dispute.nonsense", `line 7: rule rest: there is no queue "nobody"`} {
		if !strings.Contains(r.err, says) {
			t.Errorf("does not say %q:\n%s", says, r.err)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	const good = "database: postgres://127.0.0.1/x\nblobs: mem://\nconnections:\n" +
		"  alerts:\n    vendor: slack\n    settings: { bot_token: xoxb-1, signing_secret: s }\n"
	file := write(t, good)
	if out := call("config", "check", "--config", file).want(t, exitDone); !strings.Contains(out, "1 connections, 0 merchants") {
		t.Error(out)
	}
	for name, tc := range map[string]struct{ from, to, says string }{
		"unknown key":     {"blobs:", "blobz:", "[2:1]"},
		"unknown vendor":  {"slack", "slick", "line 4: connection alerts"},
		"unknown setting": {"bot_token", "bot_tokn", "line 4: connection alerts"},
		"missing setting": {", signing_secret: s", "", "signing_secret is missing"},
		"no such secret":  {"xoxb-1", `"${REBUTTAL_TEST_UNSET}"`, "line 6: environment variable REBUTTAL_TEST_UNSET is not set"},
		"no YAML":         {"blobs: mem://", "blobs: [", "["},
	} {
		file := write(t, strings.Replace(good, tc.from, tc.to, 1))
		r := call("config", "check", "--config", file)
		r.want(t, exitFailed)
		if !strings.Contains(r.err, tc.says) {
			t.Errorf("%s: says %q, want %q in it", name, r.err, tc.says)
		}
	}
}
