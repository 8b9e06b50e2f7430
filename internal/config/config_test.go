package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const good = `
listen: 127.0.0.1:9000
database: ${TEST_DB}
blobs: file:///tmp/blobs
day: 2s
connections:
  stripe-us: { vendor: stripe, settings: { secret_key: ${file:SECRET}, webhook_secret: whsec_1 } }
merchants:
  - { id: acme, providers: [stripe-us] }
team:
  - { id: ana@acme.example, role: analyst }
`

func TestParse(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("sk_test_1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_DB", "postgres://localhost/x")
	c, err := Parse("rebuttal.yaml", []byte(strings.ReplaceAll(good, "SECRET", secret)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Database != "postgres://localhost/x" || c.Scale(24*time.Hour) != 2*time.Second {
		t.Errorf("database %q, a day is %v", c.Database, c.Scale(24*time.Hour))
	}
	var settings struct {
		SecretKey     string `yaml:"secret_key"`
		WebhookSecret string `yaml:"webhook_secret"`
	}
	conns := c.Adapters()
	if len(conns) != 1 || conns[0].Line != 7 {
		t.Fatalf("connections %+v, want stripe-us at line 7", conns)
	}
	if err := conns[0].Decode(&settings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("sk_test_1", settings.SecretKey); diff != "" {
		t.Error(diff)
	}
}

func TestRulesApproval(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for text, want := range map[string]*bool{"": nil, "policy: { rules_approval: true }\n": &yes, "policy: { rules_approval: false }\n": &no} {
		c, err := Parse("f", []byte("database: x\nblobs: file:///b\n"+text))
		if err != nil || !cmp.Equal(want, c.Policy.RulesApproval) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	base := "database: x\nblobs: file:///b\n"
	for _, tt := range []struct{ name, src, want string }{
		{"unknown key", base + "databse: y\n", "[3:1]"},
		{"missing variable", base + "listen: ${NOT_SET_ANYWHERE}\n", "line 3: environment variable NOT_SET_ANYWHERE is not set"},
		{"no database", "blobs: file:///b\n", "database"},
		{"unknown connection", base + "merchants:\n  - { id: a, providers: [nope] }\n", `"nope" is not configured`},
		{"two owners", base + "connections: { s: { vendor: stripe } }\nmerchants:\n  - { id: a, providers: [s] }\n  - { id: b, providers: [s] }\n", "belongs to merchants a and b"},
		{"bad role", base + "team:\n  - { id: a, role: king }\n", `role "king"`},
		{"no yaml", "a: [", "[1:"},
		{"empty", "", "empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("rebuttal.yaml", []byte(tt.src))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "rebuttal.yaml") {
				t.Errorf("error %v, want it to hold %q and the file's name", err, tt.want)
			}
		})
	}
}

func TestDecodeNamesLine(t *testing.T) {
	t.Parallel()
	c, err := Parse("f", []byte("database: x\nblobs: file:///b\nconnections:\n  s:\n    vendor: v\n    settings:\n      wrong: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	var into struct{ Right int }
	if err := c.Adapters()[0].Decode(&into); err == nil || !strings.Contains(err.Error(), "[7:") {
		t.Errorf("error %v, want line 7", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: ${B}"))
	f.Fuzz(func(_ *testing.T, src []byte) { _, _ = Parse("fuzz", src) })
}
