package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

// connecting is what connect was asked for.
type connecting struct {
	vendor, connection, address string
	dry                         bool
}

// connected is what connect prints as JSON.
type connected struct {
	Connection string `json:"connection"`
	DryRun     bool   `json:"dry_run"`
	integrations.Endpoint
}

func (e *env) connectCommand() *cobra.Command {
	var want connecting
	c := &cobra.Command{
		Use: "connect VENDOR", Short: "Register our webhook at a vendor by its API; once or again",
		Long: "Makes the vendor's webhook endpoint for a connection, or brings the one that is there up to date.\n" +
			"The signing secret of a new endpoint is printed once. It may be missing from the environment until then.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			want.vendor = args[0]
			return e.connect(cmd.Context(), want)
		},
	}
	c.Flags().StringVar(&want.connection, "connection", "", "connection of the configuration; may be left out when the vendor has one")
	c.Flags().StringVar(&want.address, "url", "", "address of our webhooks as the vendor reaches it (default public_url); a bare host gets /webhooks/<connection>")
	c.Flags().BoolVar(&want.dry, "dry-run", false, "only say what would change")
	return c
}

func (e *env) connect(ctx context.Context, want connecting) error {
	cfg, unset, err := loadUnset(e.file)
	if err != nil {
		return err
	}
	c, err := pick(cfg, want)
	if err != nil {
		return err
	}
	address, err := webhookAddress(cfg, want.address, c.Name)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	endpoint, err := boot.Register(ctx, c, address, want.dry, slog.New(slog.DiscardHandler))
	if err != nil {
		return explain(err, unset)
	}
	return e.print(connected{c.Name, want.dry, endpoint}, func(w io.Writer) { showEndpoint(w, c.Name, endpoint, want.dry) })
}

// explain adds what the environment lacks, which may be the credential.
func explain(err error, unset []string) error {
	if len(unset) == 0 {
		return err
	}
	return fmt.Errorf("%w (not set, which may be why: %s)", err, strings.Join(unset, ", "))
}

func showEndpoint(w io.Writer, connection string, e integrations.Endpoint, dry bool) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	done := map[integrations.EndpointChange]string{
		integrations.EndpointCreate: "made", integrations.EndpointUpdate: "brought up to date", integrations.EndpointKeep: "is as it must be",
	}[e.Change]
	if dry && e.Change != integrations.EndpointKeep {
		done = "would be " + done
	}
	say("%s: webhook endpoint %s", e.URL, done)
	if e.ID != "" {
		say("id      %s", e.ID)
	}
	say("events  %s", strings.Join(e.Events, ", "))
	switch {
	case dry:
	case e.Secret != "":
		say("secret  %s", e.Secret)
		say("This is shown once. Put it where %s of connection %s reads it, then: rebuttal doctor", e.Setting, connection)
	default:
		say("Its signing secret is the one that %s of connection %s has; the vendor's dashboard shows it.", e.Setting, connection)
	}
}

// pick finds the connection by its name, or as the vendor's only one.
func pick(cfg *config.Config, want connecting) (integrations.Connection, error) {
	var fits []integrations.Connection
	for _, c := range cfg.Adapters() {
		if c.Vendor == want.vendor && (want.connection == "" || want.connection == c.Name) {
			fits = append(fits, c)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return integrations.Connection{}, usageError{fmt.Errorf("%d connections are of vendor %s; name one with --connection", len(fits), want.vendor)}
	case want.connection != "":
		return integrations.Connection{}, fmt.Errorf("no connection %s of vendor %s is configured", want.connection, want.vendor)
	default:
		return integrations.Connection{}, fmt.Errorf("no connection of vendor %s is configured", want.vendor)
	}
}

// webhookAddress is where the vendor must post. Only this machine may be reached
// without encryption.
func webhookAddress(cfg *config.Config, given, connection string) (string, error) {
	address := cmp.Or(given, cfg.PublicURL)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", usageError{errors.New("--url, or public_url, is no address such as https://rebuttal.acme.example")}
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", usageError{fmt.Errorf("%s is not https: webhooks carry the disputes of your customers", u.Redacted())}
	}
	if given == "" || strings.Trim(u.Path, "/") == "" {
		u = u.JoinPath("webhooks", connection)
	}
	return u.String(), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// reference is a value that the configuration takes from elsewhere.
var reference = regexp.MustCompile(`\$\{([^}\n]+)\}`)

// loadUnset reads the configuration although references lead nowhere yet: the
// signing secret is what connect is there to fetch. Such a reference stands for
// a word that opens nothing, and is returned.
func loadUnset(path string) (cfg *config.Config, unset []string, err error) {
	src, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, nil, fmt.Errorf("configuration: %w", err)
	}
	lines := strings.SplitAfter(string(src), "\n")
	for i, line := range lines {
		text, comment, _ := strings.Cut(line, "#")
		if comment != "" {
			comment = "#" + comment
		}
		lines[i] = reference.ReplaceAllStringFunc(text, func(ref string) string {
			name := reference.FindStringSubmatch(ref)[1]
			if isSet(name) {
				return ref
			}
			unset = append(unset, name)
			return "not-set"
		}) + comment
	}
	cfg, err = config.Parse(path, []byte(strings.Join(lines, "")))
	return cfg, unset, err
}

func isSet(name string) bool {
	if path, isFile := strings.CutPrefix(name, "file:"); isFile {
		text, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
		return err == nil && strings.TrimSpace(string(text)) != ""
	}
	return os.Getenv(name) != ""
}
