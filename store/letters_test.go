package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestLetterSets(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	_, err := d.ActiveLetters(ctx, "de", "en")
	wantKind(t, err, dispute.NotFound)

	publish := func(language, source string, base int64) LetterSet {
		t.Helper()
		return must[LetterSet](t)(d.PublishLetters(ctx, NewLetters{
			Name: "ours", Language: language, Source: source, Author: "ana", Comment: "why", Base: base,
		}))
	}
	one := publish("en", "abc", 0)
	// SHA-256 of "abc", FIPS 180-2.
	want := LetterSet{
		Version: 1, Hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		Name: "ours", Language: "en", Source: "abc", Author: "ana", Comment: "why",
	}
	if diff := cmp.Diff(want, one, cmpopts.IgnoreFields(LetterSet{}, "PublishedAt")); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if again := publish("en", "abc", 1); again != one {
		t.Errorf("the active set was published again: %+v", again)
	}
	two := publish("en", "def", one.Version)
	_, err = d.PublishLetters(ctx, NewLetters{Name: "ours", Language: "en", Source: "ghi", Author: "bob", Base: one.Version})
	wantKind(t, err, dispute.Conflict)

	german := publish("de", "abc", 0)
	if german.Version == one.Version || german.Hash != one.Hash {
		t.Errorf("the same words in another language = %+v", german)
	}
	for language, want := range map[string]LetterSet{"de": german, "fr": two} {
		if got := must[LetterSet](t)(d.ActiveLetters(ctx, language, "en")); got != want {
			t.Errorf("active for %s = %+v", language, got)
		}
	}
	back := publish("en", "abc", two.Version)
	if back.Version <= two.Version || back.Hash != one.Hash {
		t.Errorf("rollback = %+v", back)
	}
	if got := must[LetterSet](t)(d.Letters(ctx, two.Version)); got != two {
		t.Errorf("by version = %+v", got)
	}
	if diff := cmp.Diff([]LetterSet{back, german, two, one}, must[[]LetterSet](t)(d.LetterHistory(ctx))); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	_, err = d.Letters(ctx, 99)
	wantKind(t, err, dispute.NotFound)
}
