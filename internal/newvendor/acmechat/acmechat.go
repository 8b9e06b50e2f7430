// Package acmechat posts case cards to Acmechat channels and reads the clicks on
// them. Acmechat posts the clicks to /webhooks/{connection}.
package acmechat

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "acmechat"

// Settings are those of one Acmechat workspace.
type Settings struct {
	// Token authorises every call, as a bearer token. It reads and writes messages.
	Token string `yaml:"token"`
	// SigningSecrets are the live secrets by which clicks are signed: two while
	// one is being replaced by the other.
	SigningSecrets []string `yaml:"signing_secrets"`
	// BaseURL replaces https://api.acmechat.example: a sandbox, a proxy or a
	// stand-in.
	BaseURL string `yaml:"base_url"`
}

// Vendor describes connections to Acmechat.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "case cards with buttons in a channel, kept up to date",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://api.acmechat.example"} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	return connect(d, *s)
}

func (s Settings) check() error {
	switch {
	case s.Token == "":
		return errors.New("token is missing: the bot shows it")
	case len(s.SigningSecrets) == 0 || slices.Contains(s.SigningSecrets, ""):
		return errors.New("signing_secrets is missing or holds an empty one: the bot shows it")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" {
		return errors.New("base_url is no address such as https://api.acmechat.example")
	}
	return nil
}

// adapter is one Acmechat workspace.
type adapter struct {
	http    vendorhttp.Client
	secrets []string
}

// What an Acmechat workspace can do. Without Interactive a card has its links
// and people decide in the console.
var _ interface {
	integrations.Notifier
	integrations.Interactive
	integrations.Checker
} = (*adapter)(nil)

func connect(d integrations.Deps, s Settings) (*adapter, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &adapter{secrets: s.SigningSecrets, http: vendorhttp.Client{
		Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP,
		Auth: vendorhttp.Header("Authorization", "Bearer "+s.Token),
	}}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it asks whose token it is.
func (a *adapter) Check(ctx context.Context) error {
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: "show the bot", Method: http.MethodGet, Path: "/v1/me"}, nil)
	return err
}
