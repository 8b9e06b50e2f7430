package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const withOIDC = "database: x\nblobs: file:///b\npublic_url: https://rebuttal.acme.example\noidc:\n"

func TestOIDC(t *testing.T) {
	t.Parallel()
	full := &OIDC{Issuer: "https://login.acme.example/realms/acme", ClientID: "rebuttal", ClientSecret: "s", RolesClaim: "realm_access.roles"}
	short := &OIDC{Issuer: "http://127.0.0.1:9000", ClientID: "rebuttal", ClientSecret: "s", RolesClaim: "roles"}
	for src, want := range map[string]*OIDC{
		"database: x\nblobs: file:///b\n": nil,
		withOIDC + "  { issuer: https://login.acme.example/realms/acme, client_id: rebuttal, client_secret: s, roles_claim: realm_access.roles }\n": full,
		withOIDC + "  { issuer: \"http://127.0.0.1:9000\", client_id: rebuttal, client_secret: s }\n":                                               short,
	} {
		c, err := Parse("rebuttal.yaml", []byte(src))
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if diff := cmp.Diff(want, c.OIDC); diff != "" {
			t.Errorf("%s (-want +got):\n%s", src, diff)
		}
	}
}

func TestOIDCRefuses(t *testing.T) {
	t.Parallel()
	settings := func(issuer, id, secret string) string {
		return withOIDC + "  { issuer: \"" + issuer + "\", client_id: \"" + id + "\", client_secret: \"" + secret + "\" }\n"
	}
	for _, tt := range []struct{ name, src, want string }{
		{"no issuer", settings("", "a", "b"), "oidc: issuer: an https address"},
		{"no address", settings("login", "a", "b"), "oidc: issuer: an https address"},
		{"anybody reads along", settings("http://login.acme.example", "a", "b"), "oidc: issuer: an https address"},
		{"a query", settings("https://login.acme.example?x=1", "a", "b"), "oidc: issuer: an https address"},
		{"no client", settings("https://login.acme.example", "", "b"), "oidc: client_id is missing"},
		{"no secret", settings("https://login.acme.example", "a", ""), "oidc: client_secret is missing"},
		{"nothing", withOIDC + "  {}\n", "oidc: client_secret is missing"},
		{"a misspelt key", withOIDC + "  { isuer: x }\n", "[5:"},
		{"no way back", strings.Replace(settings("https://login.acme.example", "a", "b"), "public_url: https://rebuttal.acme.example\n", "", 1), "oidc: public_url must say"},
		{"a wrong way back", strings.Replace(settings("https://login.acme.example", "a", "b"), "https://rebuttal.acme.example", "rebuttal", 1), "oidc: public_url must say"},
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
