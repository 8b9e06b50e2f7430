// Package config reads Rebuttal's one configuration file: YAML, strict, with
// secrets only as ${ENV} or ${file:/path}. Every error names its line.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Config is the whole configuration.
type Config struct {
	Listen string `yaml:"listen"` // host:port of the starter
	// MetricsListen is the host:port of a worker's /metrics, /healthz and
	// /readyz; empty serves none. The starter has them on Listen.
	MetricsListen string `yaml:"metrics_listen"`
	PublicURL     string `yaml:"public_url"`    // how people reach the console; default http://<listen>
	Database      string `yaml:"database"`      // PostgreSQL URL
	Blobs         string `yaml:"blobs"`         // gocloud.dev blob URL; a folder as file:///path
	BaseCurrency  string `yaml:"base_currency"` // ISO 4217; rules must compare amounts in it
	Rules         string `yaml:"rules"`         // file imported as version 1 when the database has none
	Catalogue     string `yaml:"catalogue"`     // folder of reason codes over the built-in ones; empty for these alone
	// Day is how long a policy day lasts; 24h outside of rehearsals.
	Day time.Duration `yaml:"day"`
	// CodecKey encrypts what Temporal keeps: 32 bytes in base64. Without it
	// payloads are stored as they are, which only a rehearsal should do.
	CodecKey string `yaml:"codec_key"`
	// OldCodecKeys still decrypt what was encrypted before a rotation.
	OldCodecKeys []string              `yaml:"old_codec_keys"`
	Temporal     Temporal              `yaml:"temporal"`
	Policy       Policy                `yaml:"policy"`
	Connections  map[string]Connection `yaml:"connections"`
	Merchants    []Merchant            `yaml:"merchants"`
	Team         []Person              `yaml:"team"`
	// OIDC lets people log in to the console with their own accounts; nil for
	// tokens alone.
	OIDC *OIDC `yaml:"oidc"`

	file  string
	root  *ast.File
	lines map[string]int    // connection name to its line
	mask  func(error) error // keeps secrets out
}

// Temporal names the cluster; empty fields follow the SDK's environment
// variables (TEMPORAL_ADDRESS and so on).
type Temporal struct {
	Address   string `yaml:"address"`
	Namespace string `yaml:"namespace"`
	UI        string `yaml:"ui"` // address of the web UI, for links
}

// Policy holds what no rule sets. Its durations are policy time: Day scales
// them.
type Policy struct {
	// RulesApproval says when a second person agrees to a change of the rules
	// before it is published: always, never, or, when it is not said, when the
	// change loosens a guard of money.
	RulesApproval  *bool         `yaml:"rules_approval"`
	FallbackWindow time.Duration `yaml:"fallback_window"` // deadline where provider and network name none
	SourcePatience time.Duration `yaml:"source_patience"` // when a silent source is given up
	Linger         time.Duration `yaml:"linger"`          // how long a decided case waits for late movements
	RetryEvery     time.Duration `yaml:"retry_every"`     // after a response failed
	SweepEvery     time.Duration `yaml:"sweep_every"`     // providers are asked for what changed
	ReconcileEvery time.Duration `yaml:"reconcile_every"` // providers are asked for everything, and compared
}

// Connection is one account at a vendor. Its settings are decoded by the
// vendor's own struct.
type Connection struct {
	Vendor   string         `yaml:"vendor"`
	Settings map[string]any `yaml:"settings"`
}

// Merchant says which connections belong to one business.
type Merchant struct {
	ID         string   `yaml:"id"`
	Providers  []string `yaml:"providers"`
	Sources    []string `yaml:"sources"`
	Accounting []string `yaml:"accounting"`
}

// Person is somebody who may act, and the name chats know them by.
type Person struct {
	ID    string            `yaml:"id"`    // an e-mail address or a login
	Role  string            `yaml:"role"`  // viewer, analyst, manager, finance, admin
	Chats map[string]string `yaml:"chats"` // connection to the person's id there
}

// Load reads and checks a file.
func Load(path string) (*Config, error) {
	src, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(path, src)
}

// Parse reads and checks configuration text; name stands for the file in
// errors.
func Parse(name string, src []byte) (*Config, error) {
	src, refs := lift(src)
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plain(err))
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	x := expander{file: name, refs: refs}
	ast.Walk(&x, file.Docs[0])
	if err := errors.Join(x.problems...); err != nil {
		return nil, err
	}
	c := defaults()
	c.file, c.root, c.mask = name, file, x.mask
	if err := yaml.NodeToValue(file.Docs[0].Body, c, yaml.Strict()); err != nil {
		return nil, x.mask(fmt.Errorf("%s: %w", name, plain(err)))
	}
	c.lines = connectionLines(file)
	return c, x.mask(c.check())
}

func defaults() *Config {
	return &Config{
		Listen: "127.0.0.1:8080", BaseCurrency: "USD", Day: 24 * time.Hour,
		Policy: Policy{
			FallbackWindow: 7 * 24 * time.Hour, SourcePatience: 24 * time.Hour,
			Linger: 72 * time.Hour, RetryEvery: time.Hour,
			SweepEvery: 15 * time.Minute, ReconcileEvery: 24 * time.Hour,
		},
	}
}

// plain drops goccy's coloured source excerpt but keeps "[line:column] text".
func plain(err error) error {
	return errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
}

func (c *Config) check() error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(c.file+": "+format, args...))
	}
	if c.Database == "" {
		bad("database: a PostgreSQL URL is needed, for example ${DATABASE_URL}")
	}
	if _, err := url.Parse(c.Blobs); err != nil || c.Blobs == "" {
		bad("blobs: a blob store URL is needed, for example file:///var/lib/rebuttal/blobs")
	}
	if c.Day <= 0 {
		bad("day: must be positive")
	}
	problems = append(problems, c.checkOIDC()...) // before the address of the console has its default
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	owner := map[string]string{}
	for _, m := range c.Merchants {
		if m.ID == "" {
			bad("merchants: every merchant needs an id")
		}
		for _, name := range slices.Concat(m.Providers, m.Sources, m.Accounting) {
			if _, ok := c.Connections[name]; !ok {
				bad("merchant %s: connection %q is not configured", m.ID, name)
			}
		}
		for _, p := range m.Providers {
			if other, taken := owner[p]; taken {
				bad("provider %s belongs to merchants %s and %s; give each its own connection", p, other, m.ID)
			}
			owner[p] = m.ID
		}
	}
	problems = append(problems, c.checkTeam()...)
	return errors.Join(problems...)
}

// Roles a person or a token may have, from least to most: who holds several
// by a login is the last of them.
var Roles = []string{"viewer", "finance", "analyst", "manager", "admin"}

func (c *Config) checkTeam() []error {
	var problems []error
	for _, p := range c.Team {
		if !slices.Contains(Roles, p.Role) {
			problems = append(problems, fmt.Errorf("%s: team: %s has role %q; roles are %v", c.file, p.ID, p.Role, Roles))
		}
		for name := range p.Chats {
			if _, ok := c.Connections[name]; !ok {
				problems = append(problems, fmt.Errorf("%s: team: %s names connection %q, which is not configured", c.file, p.ID, name))
			}
		}
	}
	return problems
}

// Scale turns a duration of policy into one of this run: a day of policy lasts
// Config.Day.
func (c *Config) Scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (float64(c.Day) / float64(24*time.Hour)))
}

// Adapters lists the connections for integrations.Build.
func (c *Config) Adapters() []integrations.Connection {
	out := make([]integrations.Connection, 0, len(c.Connections))
	for name, conn := range c.Connections {
		out = append(out, integrations.Connection{
			Name: name, Vendor: conn.Vendor, Line: c.lines[name],
			Decode: func(v any) error { return c.decode(name, v) },
		})
	}
	slices.SortFunc(out, func(a, b integrations.Connection) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (c *Config) decode(name string, v any) error {
	path, err := yaml.PathString("$.connections.'" + name + "'.settings")
	if err != nil {
		return err
	}
	node, err := path.FilterFile(c.root)
	if err != nil {
		if yaml.IsNotFoundNodeError(err) {
			return nil
		}
		return err
	}
	if err := yaml.NodeToValue(node, v, yaml.Strict()); err != nil {
		return c.mask(plain(err))
	}
	return nil
}

func connectionLines(file *ast.File) map[string]int {
	lines := map[string]int{}
	path, err := yaml.PathString("$.connections")
	if err != nil {
		return lines
	}
	node, err := path.FilterFile(file)
	if err != nil {
		return lines
	}
	if m, ok := node.(*ast.MappingNode); ok {
		for _, v := range m.Values {
			lines[v.Key.GetToken().Value] = v.Key.GetToken().Position.Line
		}
	}
	return lines
}

// lift replaces every ${ENV} and ${file:/path} by a plain word, because braces
// mean something else in YAML's { a: b } style. expander puts the values in.
func lift(src []byte) (lifted []byte, refs []string) {
	lifted = reference.ReplaceAllFunc(src, func(ref []byte) []byte {
		refs = append(refs, string(reference.FindSubmatch(ref)[1]))
		return fmt.Appendf(nil, "rebuttal_reference_%d_", len(refs)-1)
	})
	return lifted, refs
}

// expander puts values for lifted references into scalars.
type expander struct {
	file     string
	refs     []string
	values   []string // value, reference, value, reference: for mask
	problems []error
}

// mask keeps the values of references out of an error: they are secrets.
func (x *expander) mask(err error) error {
	if err == nil {
		return nil
	}
	text := strings.NewReplacer(x.values...).Replace(err.Error())
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

var (
	reference = regexp.MustCompile(`\$\{([^}\n]+)\}`)
	liftedRef = regexp.MustCompile(`rebuttal_reference_(\d+)_`)
)

// Visit implements ast.Visitor.
func (x *expander) Visit(n ast.Node) ast.Visitor {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return x
	}
	s.Value = liftedRef.ReplaceAllStringFunc(s.Value, func(word string) string {
		n, err := strconv.Atoi(liftedRef.FindStringSubmatch(word)[1])
		if err != nil || n >= len(x.refs) {
			return word
		}
		value, err := resolve(x.refs[n])
		if err != nil {
			x.problems = append(x.problems, fmt.Errorf("%s: line %d: %w", x.file, s.GetToken().Position.Line, err))
		} else {
			x.values = append(x.values, value, "${"+x.refs[n]+"}")
		}
		return value
	})
	return x
}

func resolve(ref string) (string, error) {
	if path, ok := strings.CutPrefix(ref, "file:"); ok {
		b, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
		if err != nil {
			return "", fmt.Errorf("secret file: %w", err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	value := os.Getenv(ref)
	if value == "" { // an empty secret is a forgotten one
		return "", fmt.Errorf("environment variable %s is not set, or empty", ref)
	}
	return value, nil
}
