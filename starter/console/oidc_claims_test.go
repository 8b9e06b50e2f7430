package console

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

func claimsOf(t testing.TB, text string) claims {
	t.Helper()
	var c claims
	check(t, json.Unmarshal([]byte(text), &c))
	return c
}

func TestRoleClaim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, claims, path string
		want               desk.Role
		there              bool
	}{
		{"one", `{"roles":"analyst"}`, "roles", desk.RoleAnalyst, true},
		{"a list", `{"roles":["staff","manager","viewer"]}`, "roles", desk.RoleManager, true},
		{"in an object", `{"realm_access":{"roles":["finance"]}}`, "realm_access.roles", desk.RoleFinance, true},
		{"a name with dots", `{"https://acme.example/roles":["admin"]}`, "https://acme.example/roles", desk.RoleAdmin, true},
		{"dots within", `{"resource_access":{"rebuttal.acme":{"roles":["viewer"]}}}`, "resource_access.rebuttal.acme.roles", desk.RoleViewer, true},
		{"the whole name first", `{"a.b":"viewer","a":{"b":"admin"}}`, "a.b", desk.RoleViewer, true},
		{"the object that leads on", `{"a":{"x":"admin"},"a.b":{"c":"viewer"}}`, "a.b.c", desk.RoleViewer, true},
		{"finance and analyst", `{"roles":["finance","analyst"]}`, "roles", desk.RoleAnalyst, true},
		{"finance and manager", `{"roles":["finance","manager"]}`, "roles", desk.RoleManager, true},
		{"no claim", `{}`, "roles", "", false},
		{"nothing we know", `{"roles":["owner","Admin"," admin"]}`, "roles", "", true},
		{"an empty list", `{"roles":[]}`, "roles", "", true},
		{"nothing", `{"roles":null}`, "roles", "", true},
		{"another kind", `{"roles":{"admin":true}}`, "roles", "", true},
		{"lists in a list", `{"roles":[["admin"],{"admin":1},7]}`, "roles", "", true},
		{"several in one word", `{"roles":"viewer admin"}`, "roles", "", true},
		{"a path through a list", `{"a":["admin"]}`, "a.0", "", false},
		{"no path", `{"roles":"admin"}`, "", "", false},
	} {
		if role, there := claimsOf(t, tt.claims).role(tt.path); role != tt.want || there != tt.there {
			t.Errorf("%s: %q, there %v; want %q, %v", tt.name, role, there, tt.want, tt.there)
		}
	}
}

// A role that may more than another never stands before it.
func TestRolesStandFromLeastToMost(t *testing.T) {
	t.Parallel()
	all := []desk.Right{
		desk.MayReadCases, desk.MayWorkCases, desk.MayAnswer, desk.MayChangePlans, desk.MayReadNotices, desk.MayRedeliver,
		desk.MayReadBooks, desk.MayDraftRules, desk.MayPublishRules, desk.MayManageTokens,
	}
	mayAll := func(a, b desk.Role) bool { // what b may, a may
		return !slices.ContainsFunc(all, func(r desk.Right) bool {
			return desk.Actor{Role: b}.May(r) && !desk.Actor{Role: a}.May(r)
		})
	}
	for i, less := range config.Roles {
		for _, more := range config.Roles[i+1:] {
			if a, b := desk.Role(less), desk.Role(more); mayAll(a, b) && !mayAll(b, a) {
				t.Errorf("%s stands before %s, and may more", a, b)
			}
		}
	}
}

func TestEmailClaim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, claims, want string
		told               bool
	}{
		{"verified", `{"email":"mia@acme.example","email_verified":true}`, "mia@acme.example", true},
		{"as a word", `{"email":"mia@acme.example","email_verified":"true"}`, "mia@acme.example", true},
		{"in capitals", `{"email":"Mia@ACME.example","email_verified":true}`, "mia@acme.example", true},
		{"Entra ID", `{"email":"mia@acme.example","xms_edov":"1"}`, "mia@acme.example", true},
		{"Entra ID, as a boolean", `{"email":"mia@acme.example","xms_edov":true}`, "mia@acme.example", true},
		{"not verified", `{"email":"mia@acme.example","email_verified":false}`, "", true},
		{"not verified, as a word", `{"email":"mia@acme.example","email_verified":"false"}`, "", true},
		{"not verified, whatever else", `{"email":"mia@acme.example","email_verified":false,"xms_edov":true}`, "", true},
		{"nothing said", `{"email":"mia@acme.example"}`, "", false},
		{"null", `{"email":"mia@acme.example","email_verified":null}`, "", true},
		{"a list", `{"email":"mia@acme.example","email_verified":[true]}`, "", true},
		{"no address", `{"email_verified":true}`, "", false},
		{"only a name", `{"preferred_username":"mia@acme.example","email_verified":true}`, "", false},
		{"not an address", `{"email":"operator","email_verified":true}`, "", true},
		{"letters that look alike", `{"email":"\u212aim@acme.example","email_verified":true}`, "", true},
		{"two addresses", `{"email":"a@b@c","email_verified":true}`, "", true},
		{"a space", `{"email":"rule: a@b","email_verified":true}`, "", true},
		{"too long", `{"email":"` + strings.Repeat("a", 260) + `@b","email_verified":true}`, "", true},
		{"not a text", `{"email":["mia@acme.example"],"email_verified":true}`, "", false},
	} {
		if got, told := claimsOf(t, tt.claims).email(); got != tt.want || told != tt.told {
			t.Errorf("%s: %q, told %v; want %q, %v", tt.name, got, told, tt.want, tt.told)
		}
	}
}

// Whatever an issuer says, a role is one of ours or none, and an id is an
// address in lower case or none.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"roles":["admin"],"email":"a@b","email_verified":true}`, `{"realm_access":{"roles":"viewer"}}`,
		`{"a":{"b.c":{"d":["analyst"]}},"a.b":1}`, `{"email":"A@B","xms_edov":"1","roles":{}}`, `null`, `{"":{"":""}}`,
	} {
		for _, path := range []string{"roles", "realm_access.roles", "a.b.c.d", ".", ""} {
			f.Add(seed, path)
		}
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		var c claims
		if json.Unmarshal([]byte(text), &c) != nil || strings.Count(path, ".") > 8 {
			return
		}
		role, there := c.role(path)
		if role != "" && (!there || !slices.Contains(config.Roles, string(role)) || !strings.Contains(text, string(role)) && !strings.Contains(text, `\`)) {
			t.Errorf("%q at %q gives the role %q", text, path, role)
		}
		address, told := c.email()
		if address != "" && (!told || !isAddress(address) || address != strings.ToLower(address)) {
			t.Errorf("%q gives the id %q", text, address)
		}
	})
}
