package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whatever the file holds, its error names the file; what is read once is read
// the same again.
func FuzzParseAgain(f *testing.F) {
	f.Setenv("REBUTTAL_FUZZ_SECRET", "sk_canary_6b1f")
	examples, err := filepath.Glob("../../deploy/config*.yaml")
	if err != nil || len(examples) == 0 {
		f.Fatalf("no example configurations (%v)", err)
	}
	for _, name := range examples {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(good))
	for _, s := range []string{
		"database: ${REBUTTAL_FUZZ_SECRET}\nblobs: ${REBUTTAL_FUZZ_SECRET}\nbase_currency: ${REBUTTAL_FUZZ_SECRET}\n",
		"day: ${REBUTTAL_FUZZ_SECRET}", "listen: [${REBUTTAL_FUZZ_SECRET}]", "${REBUTTAL_FUZZ_SECRET}: 1", "a: &a [*a]\n", "a: ${", "a: ${}", "a: ${file:}",
		"connections: { s: { vendor: ${REBUTTAL_FUZZ_SECRET}, settings: { k: ${REBUTTAL_FUZZ_SECRET} } } }", "team:\n  - { id: a, role: ${REBUTTAL_FUZZ_SECRET} }\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if strings.Contains(string(src), "${file:") { // not this machine's files
			return
		}
		c, err := Parse("fuzz.yaml", src)
		if err != nil {
			if !strings.Contains(err.Error(), "fuzz.yaml") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		again, err := Parse("fuzz.yaml", src)
		if err != nil {
			t.Fatalf("the second time: %v", err)
		}
		if diff := cmp.Diff(names(c), names(again)); diff != "" {
			t.Errorf("read twice:\n%s", diff)
		}
	})
}

func names(c *Config) []string {
	var out []string
	for _, a := range c.Adapters() {
		var settings map[string]any
		_ = a.Decode(&settings) // refuses by an error, never by a panic
		out = append(out, a.Name)
	}
	return out
}

// Where secrets belong, no error quotes them.
func TestErrorsQuoteNoSecrets(t *testing.T) {
	const canary = "sk_canary_6b1f"
	t.Setenv("REBUTTAL_TEST_SECRET", canary)
	for name, src := range map[string]string{
		"database":  "database: ${REBUTTAL_TEST_SECRET}\n",
		"codec_key": "codec_key: ${REBUTTAL_TEST_SECRET}\n",
		"day":       "day: ${REBUTTAL_TEST_SECRET}\n",
		"role":      "database: d\nblobs: file:///b\nteam: [{ id: ana, role: ${REBUTTAL_TEST_SECRET} }]\n",
		"oidc":      "database: d\nblobs: file:///b\noidc: { issuer: ${REBUTTAL_TEST_SECRET}, client_id: ${REBUTTAL_TEST_SECRET}, client_secret: ${REBUTTAL_TEST_SECRET} }\n",
		"key":       "${REBUTTAL_TEST_SECRET}: 1\n",
		"settings":  "connections: { s: { vendor: stripe, settings: { k: ${REBUTTAL_TEST_SECRET} } } }\n",
	} {
		c, err := Parse("rebuttal.yaml", []byte(src))
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		problems := []error{err}
		if c != nil {
			for _, a := range c.Adapters() {
				var settings struct{ K time.Duration }
				problems = append(problems, a.Decode(&settings))
			}
		}
		if text := errors.Join(problems...).Error(); strings.Contains(text, canary) {
			t.Errorf("%s: the error quotes it: %s", name, text)
		}
	}
}
