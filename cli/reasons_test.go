package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/networks"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	golden(t, "reasons-visa.txt", call("reasons", "--network", "visa").want(t, exitDone))
	golden(t, "reasons.keys", keys(t, call("reasons", "--json").want(t, exitDone)))
	golden(t, "reason-4853.txt", call("reasons", "4853").want(t, exitDone))
	golden(t, "reason.keys", keys(t, call("reasons", "10.4", "--json").want(t, exitDone)))
}

func TestReasonsChoose(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"reasons 104", exitDone, "Visa 10.4 · Other fraud"},
		{"reasons rg", exitDone, "Discover 4755 · Non-receipt"},
		{"reasons 4534 --network amex", exitDone, "American Express 4534 · Multiple ROCs"},
		{"reasons 4534 --family duplicate", exitDone, "Discover 4534 · Duplicate processing"},
		{"reasons fraudulent --network stripe", exitDone, "stripe fraudulent · Fraudulent"},
		{"reasons --network mc --family subscription_canceled", exitDone, "mastercard  4853"},
		{"reasons 4534", exitUsage, "name one of amex 4534, discover 4534 with --network"},
		{"reasons --family luck", exitUsage, `unknown family "luck"`},
		{"reasons 1 2", exitUsage, "accepts at most 1 arg"},
		{"reasons 13.19x --network visa", exitFailed, `no reason "13.19x" is known; near are visa 13.1`},
		{"reasons 13.1 --network amex", exitFailed, `no reason "13.1" is known`},
		{"reasons ???", exitFailed, "rebuttal reasons lists all"},
		{"reasons --network nowhere", exitFailed, "there is no such reason"},
		{"reasons --catalogue /nowhere/at/all", exitFailed, "catalogue /nowhere/at/all"},
	} {
		t.Run(tc.args, func(t *testing.T) {
			t.Parallel()
			got := call(strings.Fields(tc.args)...)
			if said := got.want(t, tc.code) + got.err; !strings.Contains(said, tc.says) {
				t.Errorf("said %q, want %q", said, tc.says)
			}
		})
	}
}

// A folder of the operator's own changes what is known, by flag and by
// configuration. It is in force for the whole process, so this runs alone.
func TestReasonsOfAFolder(t *testing.T) { //nolint:paralleltest // see above
	t.Cleanup(func() { networks.Use(nil) })
	folder := t.TempDir()
	file := filepath.Join(folder, "codes_ours.yaml")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const ours = `network: visa
sources: {acquirer: our acquirer's letter}
codes:
  - {code: "19.1", title: Our own code, family: general, evidence: claim, category: fraud, contest: rarely, contest_when: w, accept_when: a, confidence: low, source: acquirer}
`
	put(ours)
	cfg := write(t, "database: postgres://nobody@127.0.0.1:1/x\nblobs: mem://\ncatalogue: "+folder+"\n")
	for _, args := range [][]string{{"reasons", "19.1", "--catalogue", folder}, {"reasons", "19.1", "--config", cfg}} {
		networks.Use(nil)
		if out := call(args...).want(t, exitDone); !strings.Contains(out, "Visa 19.1 · Our own code") || !strings.Contains(out, "our acquirer's letter") {
			t.Errorf("%v: %s", args, out)
		}
	}
	if got := call("reasons", "19.1", "--config", cfg, "--catalogue", ""); got.code != exitFailed {
		t.Errorf("the built-in facts know a code of ours: %s", got.out)
	}
	put(strings.Replace(ours, "general", "magic", 1))
	for _, args := range [][]string{{"reasons", "--catalogue", folder}, {"reasons", "--config", cfg}} {
		if got := call(args...); got.code != exitFailed || !strings.Contains(got.err, `codes_ours.yaml:4: family "magic" is unknown`) {
			t.Errorf("%v: %d %s", args, got.code, got.err)
		}
	}
}
