package config

import (
	"fmt"
	"net"
	"net/url"
)

// OIDC is the OpenID Connect provider that people log in to the console with.
type OIDC struct {
	Issuer       string `yaml:"issuer"` // https address, as the provider's discovery document writes it
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	// RolesClaim is the claim that holds the name of a role, or a list with some.
	// A dot leads into an object. Default "roles".
	RolesClaim string `yaml:"roles_claim"`
}

func (c *Config) checkOIDC() []error {
	o := c.OIDC
	if o == nil {
		return nil
	}
	if o.RolesClaim == "" {
		o.RolesClaim = "roles"
	}
	var problems []error
	bad := func(text string) { problems = append(problems, fmt.Errorf("%s: oidc: %s", c.file, text)) }
	if u, err := url.Parse(o.Issuer); err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || !private(u) {
		bad("issuer: an https address is needed, for example https://login.acme.example")
	}
	if o.ClientID == "" {
		bad("client_id is missing: the id under which the issuer knows Rebuttal")
	}
	if o.ClientSecret == "" {
		bad("client_secret is missing: write ${NAME} or ${file:/path}")
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		bad("public_url must say how people reach the console, because the issuer sends them back there")
	}
	return problems
}

// private reports whether nobody can read along: by https, or on this machine.
func private(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}
