package desk

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
)

// ourLetters is the built-in set with closings of our own.
func ourLetters(t *testing.T, closing string) *evidence.LetterSet {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range evidence.BuiltInLetters().Files() {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	fsys["fraudulent.tmpl"].Data = append(fsys["fraudulent.tmpl"].Data, `{{define "closing"}}`+closing+`{{end}}`...)
	set, err := evidence.LoadLetters(fsys)
	ok(t, err)
	return set
}

func TestLetters(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	set, version, err := o.LettersInForce(ctx, ana, "de")
	if err != nil || set != evidence.BuiltInLetters() || version != 0 {
		t.Errorf("before the first: version %d, %v", version, err)
	}
	one, err := o.PublishLetters(ctx, System, ourLetters(t, "One."), "ours", 0)
	ok(t, err)
	two, err := o.PublishLetters(ctx, System, ourLetters(t, "Two."), "better", one.Version)
	ok(t, err)
	if _, err := o.PublishLetters(ctx, System, ourLetters(t, "Three."), "", one.Version); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("from an older base: %v", err)
	}
	if set, version, err := o.LettersInForce(ctx, ana, "de"); err != nil || version != two.Version || set.Hash() != two.Hash {
		t.Errorf("in force: version %d, %v", version, err)
	}
	back, err := o.RollBackLetters(ctx, System, one.Version, "worse after all")
	if err != nil || back.Hash != one.Hash || back.Version <= two.Version || back.Comment != "worse after all" {
		t.Errorf("rolled back to %+v, %v", back, err)
	}
	if rows, err := o.LetterHistory(ctx, ana); err != nil || len(rows) != 3 {
		t.Errorf("%d versions, %v", len(rows), err)
	}
	l, err := o.PreviewLetter(ctx, ana, ourLetters(t, "As previewed."), "du_1")
	if err != nil || !strings.HasSuffix(l.Text, "As previewed.") || !strings.Contains(l.Text, "du_1") {
		t.Errorf("%v: %s", err, l.Text)
	}
	if _, err := o.RollBackLetters(ctx, System, 99, ""); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a version that never was: %v", err)
	}
}

func TestLettersNeedRights(t *testing.T) {
	t.Parallel()
	o, ctx := open(t), t.Context()
	viewer, nobody, set := Actor{ID: "v", Role: RoleViewer}, Actor{ID: "n"}, evidence.BuiltInLetters()
	for name, err := range map[string]error{
		"publish by a viewer": refusal(o.PublishLetters(ctx, viewer, set, "", 0)), "rollback by a viewer": refusal(o.RollBackLetters(ctx, viewer, 1, "")),
		"history by nobody": refusal(o.LetterHistory(ctx, nobody)), "preview by nobody": refusal(o.PreviewLetter(ctx, nobody, set, "du_1")),
		"export by nobody": func() error { _, _, err := o.LettersInForce(ctx, nobody, "en"); return err }(),
	} {
		if !Forbidden(err) {
			t.Errorf("%s: %v, want it forbidden", name, err)
		}
	}
}

func refusal[T any](_ T, err error) error { return err }
