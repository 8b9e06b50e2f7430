// Package slack posts case cards to Slack and reads the clicks on them.
//
// The app needs the bot scopes chat:write, channels:read, channels:history,
// groups:read and groups:history, and must be a member of every channel it
// posts to. Its interactivity request URL is /webhooks/{connection}.
package slack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	api "github.com/slack-go/slack"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

const name = "slack"

// Vendor makes Slack connections.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "case cards with buttons in a channel, kept up to date",
	Settings: func() integrations.Settings { return &Settings{BaseURL: "https://slack.com/api/"} },
}

// Settings are what a Slack connection needs.
type Settings struct {
	BaseURL  string `yaml:"base_url"`  // default https://slack.com/api/
	BotToken string `yaml:"bot_token"` // xoxb-…
	// SigningSecret signs the clicks; SigningSecrets are more live ones, while
	// a secret is being replaced. At least one is needed.
	SigningSecret  string   `yaml:"signing_secret"`
	SigningSecrets []string `yaml:"signing_secrets"`
}

func (s *Settings) secrets() []string {
	var out []string
	for _, secret := range append([]string{s.SigningSecret}, s.SigningSecrets...) {
		if secret != "" {
			out = append(out, secret)
		}
	}
	return out
}

// adapter is one workspace. It implements Notifier, Interactive, ClickAnswerer
// and Checker.
type adapter struct {
	client  *api.Client
	http    *http.Client
	base    *url.URL
	secrets []string

	mu       sync.Mutex
	channels map[string]string // name to id, of the channels looked for
}

var (
	_ integrations.Notifier      = (*adapter)(nil)
	_ integrations.Interactive   = (*adapter)(nil)
	_ integrations.ClickAnswerer = (*adapter)(nil)
	_ integrations.Checker       = (*adapter)(nil)
)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	switch {
	case s.BaseURL == "":
		return nil, errors.New("slack: base_url is empty; leave it out for https://slack.com/api/")
	case s.BotToken == "":
		return nil, errors.New("slack: bot_token is missing: the app's bot user token, xoxb-…")
	case len(s.secrets()) == 0:
		return nil, errors.New("slack: signing_secret is missing: it is under Basic Information of the app")
	}
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		return nil, errors.New("slack: base_url is no address")
	}
	client := api.New(s.BotToken,
		api.OptionAPIURL(strings.TrimRight(s.BaseURL, "/")+"/"),
		api.OptionHTTPClient(d.HTTP))
	return &adapter{client: client, http: d.HTTP, base: base, secrets: s.secrets(), channels: make(map[string]string)}, nil
}

// Vendor is "slack".
func (a *adapter) Vendor() string { return name }

// Check asks Slack who the token belongs to.
func (a *adapter) Check(ctx context.Context) error {
	const op = "slack: auth.test"
	who, err := a.client.AuthTestContext(ctx)
	if err != nil {
		return wrap(op, false, err)
	}
	if who.UserID == "" {
		return dispute.Errorf(dispute.Transient, op, "the answer names no user")
	}
	return nil
}
