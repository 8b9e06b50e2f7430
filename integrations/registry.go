package integrations

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Deps are what every adapter is given.
type Deps struct {
	HTTP *http.Client // without retries; never nil
	Now  func() time.Time
	Log  *slog.Logger
	// Observe, where it is set, puts itself between a vendor's calls and the
	// network, to count and trace them.
	Observe func(vendor string, next http.RoundTripper) http.RoundTripper
}

// Vendor describes one kind of connection. integrations/all lists them.
type Vendor struct {
	Name     string          // "stripe", as in configuration
	About    string          // one line for people
	Adapter  Adapter         // a nil pointer of the adapter's type, for the table of capabilities
	Settings func() Settings // a pointer to fresh settings with their defaults
	Traits   Traits          // of a payment provider, for people
}

// Traits are what a payment provider's types do not tell.
type Traits struct {
	Staged     bool   // evidence is laid down first and sent by one final request
	Idempotent bool   // the final request may be repeated under its key
	Signed     string // which parts of a webhook a signature covers
}

// Settings are what a vendor needs to know of one account. They are read from
// the configuration, key by key as their yaml tags say.
type Settings interface {
	// Connect checks the settings and makes the adapter, without a call. What is
	// missing is an error that names the setting's key and where its value comes
	// from; the caller adds connection and line.
	Connect(d Deps, connection string) (Adapter, error)
}

// Connection is one configured account at a vendor.
type Connection struct {
	Name   string
	Vendor string
	Line   int               // in the configuration file, for errors
	Decode func(v any) error // fills a settings struct, strictly
}

// Set holds the adapters of all connections.
type Set struct {
	adapters map[string]Adapter
}

// SetOf holds adapters that were made elsewhere, by connection: fakes in tests.
func SetOf(adapters map[string]Adapter) *Set { return &Set{adapters: adapters} }

// Build makes one adapter per connection. An unknown vendor, a name used twice
// or a bad setting is an error that names the line.
func Build(list []Vendor, d Deps, cfg []Connection) (*Set, error) {
	vendors := make(map[string]Vendor, len(list))
	for _, v := range list {
		if _, dup := vendors[v.Name]; dup {
			panic("integrations: vendor " + v.Name + " is listed twice")
		}
		vendors[v.Name] = v
	}
	s := &Set{adapters: make(map[string]Adapter, len(cfg))}
	for _, c := range cfg {
		a, err := build(vendors, d, c)
		if err != nil {
			return nil, fmt.Errorf("line %d: connection %s: %w", c.Line, c.Name, err)
		}
		if _, dup := s.adapters[c.Name]; dup {
			return nil, fmt.Errorf("line %d: connection %s is configured twice", c.Line, c.Name)
		}
		s.adapters[c.Name] = a
	}
	return s, nil
}

func build(vendors map[string]Vendor, d Deps, c Connection) (Adapter, error) {
	v, ok := vendors[c.Vendor]
	if !ok {
		return nil, fmt.Errorf("unknown vendor %q; known are %v", c.Vendor, names(vendors))
	}
	settings := v.Settings()
	if err := c.Decode(settings); err != nil {
		return nil, err
	}
	if d.Observe != nil {
		client := *d.HTTP
		client.Transport = d.Observe(v.Name, cmp.Or(client.Transport, http.DefaultTransport))
		d.HTTP = &client
	}
	return settings.Connect(d, c.Name)
}

func names(vendors map[string]Vendor) []string {
	out := make([]string, 0, len(vendors))
	for name := range vendors {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Names lists the connections in order.
func (s *Set) Names() []string {
	out := make([]string, 0, len(s.adapters))
	for name := range s.adapters {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// Adapter is the adapter of a connection; ok is false when there is none.
func (s *Set) Adapter(connection string) (a Adapter, ok bool) {
	a, ok = s.adapters[connection]
	return a, ok
}

// As is a connection's adapter as one capability. A connection that lacks it
// answers dispute.ErrUnsupported, which is normal: the case goes to a person.
// A connection that does not exist is an error of kind NotFound.
func As[T Adapter](s *Set, connection string) (T, error) {
	var none T
	a, ok := s.adapters[connection]
	if !ok {
		return none, dispute.Errorf(dispute.NotFound, "connection "+connection, "not configured")
	}
	t, ok := a.(T)
	if !ok {
		return none, dispute.Errorf(dispute.Unsupported, "connection "+connection, "%s: %w", a.Vendor(), dispute.ErrUnsupported)
	}
	return t, nil
}

// capability is one row of the table that `rebuttal vendors` prints.
type capability struct {
	name string
	has  func(Adapter) bool
}

func has[T Adapter](a Adapter) bool { _, ok := a.(T); return ok }

var capabilities = []capability{
	{"intake", has[Intake]},
	{"challenge", has[Challenger]},
	{"buttons", has[Interactive]},
	{"poll", has[Poller]},
	{"read", has[Reader]},
	{"payment", has[PaymentReader]},
	{"respond", has[Responder]},
	{"accept", has[Accepter]},
	{"claim", has[AutoAnswerer]},
	{"evidence", has[EvidenceSource]},
	{"notify", has[Notifier]},
	{"ticket", has[Ticketing]},
	{"report", has[Reporter]},
	{"accounting", has[Accounting]},
	{"links", has[Linker]},
	{"check", has[Checker]},
	{"permissions", has[PermissionChecker]},
	{"connect", has[Connector]},
}

// Capabilities names what an adapter can do, found by its type.
func Capabilities(a Adapter) []string {
	var out []string
	for _, c := range capabilities {
		if c.has(a) {
			out = append(out, c.name)
		}
	}
	return out
}

// Abilities names what a vendor's adapters can do, found by their type.
func Abilities(v Vendor) []string { return Capabilities(v.Adapter) }

// SettingNames lists the keys of a vendor's settings as configuration writes
// them.
func SettingNames(v Vendor) []string {
	var out []string
	t := reflect.TypeOf(v.Settings()).Elem()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}
