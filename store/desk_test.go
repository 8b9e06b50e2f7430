package store

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestRuleSets(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	_, err := d.ActiveRules(ctx)
	wantKind(t, err, dispute.NotFound)

	publish := func(source string, base int64) RuleSet {
		t.Helper()
		return must[RuleSet](t)(d.PublishRules(ctx, source, "ana", "why", base))
	}
	one := publish("abc", 0)
	// SHA-256 of "abc", FIPS 180-2.
	want := RuleSet{
		Version: 1, Hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		Source: "abc", Author: "ana", Comment: "why",
	}
	if diff := cmp.Diff(want, one, cmpopts.IgnoreFields(RuleSet{}, "PublishedAt")); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	if again := publish("abc", 1); again != one {
		t.Errorf("the active source was published again: %+v", again)
	}
	two := publish("def", one.Version)
	_, err = d.PublishRules(ctx, "ghi", "bob", "", one.Version)
	wantKind(t, err, dispute.Conflict)

	back := publish("abc", two.Version)
	if back.Version != 3 || back.Hash != one.Hash {
		t.Errorf("rollback = %+v", back)
	}
	if active := must[RuleSet](t)(d.ActiveRules(ctx)); active != back {
		t.Errorf("active = %+v", active)
	}
	if got := must[RuleSet](t)(d.RuleSet(ctx, two.Hash)); got != two {
		t.Errorf("by hash = %+v", got)
	}
	if diff := cmp.Diff([]RuleSet{back, two, one}, must[[]RuleSet](t)(d.RuleHistory(ctx))); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	_, err = d.RuleSet(ctx, "none")
	wantKind(t, err, dispute.NotFound)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	secret := must[string](t)(d.CreateToken(ctx, "laptop", "ana", "analyst"))
	other := must[string](t)(d.CreateToken(ctx, "agent", "bot", "reader"))
	if !regexp.MustCompile(`^rbt_[A-Za-z0-9_-]{43}$`).MatchString(secret) || secret == other {
		t.Errorf("secrets %d and %d bytes long", len(secret), len(other))
	}

	got := must[Token](t)(d.Authenticate(ctx, secret, noon))
	want := Token{ID: got.ID, Name: "laptop", Actor: "ana", Role: "analyst", CreatedAt: got.CreatedAt}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
	list := must[[]Token](t)(d.ListTokens(ctx))
	if len(list) != 2 || list[0].ID != got.ID || time.Since(list[0].LastUsedAt) > time.Minute || !list[1].LastUsedAt.IsZero() {
		t.Errorf("tokens = %+v", list)
	}
	used := list[0].LastUsedAt
	must[Token](t)(d.Authenticate(ctx, secret, noon))
	if list = must[[]Token](t)(d.ListTokens(ctx)); !list[0].LastUsedAt.Equal(used) {
		t.Error("a second use within the minute was written")
	}

	for _, wrong := range []string{"", TokenPrefix, secret[4:], secret + "x"} {
		_, err := d.Authenticate(ctx, wrong, noon)
		wantKind(t, err, dispute.Auth)
	}
	ok(t, d.RevokeToken(ctx, got.ID))
	ok(t, d.RevokeToken(ctx, got.ID))
	_, err := d.Authenticate(ctx, secret, noon)
	wantKind(t, err, dispute.Auth)
	wantKind(t, d.RevokeToken(ctx, 99), dispute.NotFound)
	must[Token](t)(d.Authenticate(ctx, other, noon))

	// A login ends by itself, and by logging out, which ends nothing else.
	login := must[string](t)(d.CreateLogin(ctx, "ana", "analyst", noon.Add(time.Hour)))
	by := must[Token](t)(d.Authenticate(ctx, login, noon.Add(time.Hour-time.Second)))
	if by.Name != LoginName || by.Actor != "ana" || !by.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("login %+v", by)
	}
	_, err = d.Authenticate(ctx, login, noon.Add(time.Hour))
	wantKind(t, err, dispute.Auth)
	for _, secret := range []string{login, other, "rbt_unknown"} {
		ok(t, d.EndLogin(ctx, secret))
	}
	_, err = d.Authenticate(ctx, login, noon)
	wantKind(t, err, dispute.Auth)
	must[Token](t)(d.Authenticate(ctx, other, noon))
	for i, left := range []int{3, 2} {
		ok(t, d.ForgetLogins(ctx, noon.Add(time.Hour+time.Duration(i)*time.Second)))
		if n := len(must[[]Token](t)(d.ListTokens(ctx))); n != left {
			t.Errorf("%d tokens are left, want %d", n, left)
		}
	}

	var plain int
	ok(t, d.pool.QueryRow(ctx, "SELECT count(*) FROM tokens t WHERE t::text LIKE '%' || $1 || '%'", secret[4:]).Scan(&plain))
	if plain != 0 {
		t.Error("the secret itself is in the table")
	}
}
