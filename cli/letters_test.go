package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/evidence"
)

func TestLettersOffline(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "words")
	if err := writeLetters(dir, evidence.BuiltInLetters().Files()); err != nil {
		t.Fatal(err)
	}
	if out := call("letters", "check", dir).want(t, exitDone); !strings.Contains(out, evidence.BuiltInLetters().ID()) {
		t.Errorf("check says %q", out)
	}
	out := call("letters", "preview", dir, "--network", "visa", "--code", "10.4").want(t, exitDone)
	if !strings.Contains(out, "Compelling Evidence 3.0") || !strings.Contains(out, "(Exhibit") {
		t.Errorf("preview says:\n%s", out)
	}
	call("letters", "preview", dir, "--family", "elephants").want(t, exitUsage)
	call("letters", "preview", dir, "--case", "x", "--family", "general").want(t, exitFailed)
	call("letters", "rollback", "the old one").want(t, exitUsage)
	if err := writeLetters(dir, evidence.BuiltInLetters().Files()); err == nil {
		t.Error("an edit is written over")
	}

	broken := filepath.Join(dir, "general.tmpl")
	if err := os.WriteFile(broken, []byte("{{define \"claim\"}}\n{{.Colour}}{{end}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := call("letters", "check", dir)
	r.want(t, exitFailed)
	if !strings.Contains(r.err, "general.tmpl:2:2") {
		t.Errorf("check says %q", r.err)
	}
}
