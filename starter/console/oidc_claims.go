package console

import (
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

// claims are what an issuer says of somebody.
type claims map[string]any

// find is the value at a path: the claim of exactly this name or, where there
// is none, an object's name, a dot and a path within. Names may hold dots, too.
func (c claims) find(path string) (value any, there bool) {
	if value, there = c[path]; there {
		return value, true
	}
	for i, r := range path {
		if inner, isObject := c[path[:i]].(map[string]any); r == '.' && isObject {
			if value, there = claims(inner).find(path[i+1:]); there {
				return value, true
			}
		}
	}
	return nil, false
}

// role is the strongest role that the claim at a path names, by the order of
// config.Roles; empty when it names none. The claim is one name or a list.
func (c claims) role(path string) (role desk.Role, there bool) {
	value, there := c.find(path)
	names, isList := value.([]any)
	if !isList {
		names = []any{value}
	}
	for _, known := range slices.Backward(config.Roles) {
		if slices.ContainsFunc(names, func(name any) bool { return name == known }) {
			return desk.Role(known), true
		}
	}
	return "", there
}

// email is the address that the issuer vouches for, in lower case, so that one
// person has one id however it is written; empty when it vouches for none. told
// reports whether it says at all if an address is verified: with email_verified,
// as a word at some issuers, or with xms_edov at Entra ID, which knows no other.
func (c claims) email() (address string, told bool) {
	address, _ = c["email"].(string)
	verified, told := c["email_verified"]
	if !told {
		verified, told = c["xms_edov"]
	}
	if address == "" || !told {
		return "", false
	}
	vouched := verified == true || verified == "true" || verified == "1"
	if !vouched || !isAddress(address) {
		return "", true
	}
	return strings.ToLower(address), true
}

// isAddress takes addresses of plain letters only: others can look alike.
func isAddress(s string) bool {
	for _, r := range s {
		if r <= ' ' || r >= 0x7f {
			return false
		}
	}
	name, host, _ := strings.Cut(s, "@")
	return name != "" && host != "" && !strings.Contains(host, "@") && len(s) <= 254
}
