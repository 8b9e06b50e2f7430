// Package boot wires the rooms together from a configuration: the mains only
// choose which of them to run.
package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	tlog "go.temporal.io/sdk/log"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/starter/codec"
	"github.com/rebuttal-hq/rebuttal/starter/console"
	"github.com/rebuttal-hq/rebuttal/store"
)

// vendorTimeout bounds one HTTP call to a vendor, whatever the step allows.
const vendorTimeout = 60 * time.Second

// App is everything a role needs, wired.
type App struct {
	Config *config.Config
	DB     *store.DB
	Blobs  *store.Blobs
	Set    *integrations.Set
	Desk   *desk.Desk
	Codec  *codec.Codec // nil when no key is configured
	Log    *slog.Logger
	// SDKLog is where Temporal's SDK writes; a step that will be tried again is
	// an error to it, which only whoever runs the system wants to read.
	SDKLog *slog.Logger
	// Metrics are this process's; both roles serve them. Tracing is nil when
	// it is off.
	Metrics *telemetry.Metrics
	Tracing *telemetry.Tracing

	temporal client.Client
}

// Open connects to the database and the blob store and builds the adapters.
// Temporal is connected by Temporal, so that what does not need it works
// without it.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	a := &App{Config: cfg, Log: log, SDKLog: log}
	err := UseCatalogue(cfg.Catalogue)
	if err != nil {
		return nil, err
	}
	if a.Metrics, err = telemetry.NewMetrics(); err != nil {
		return nil, err
	}
	if a.Tracing, err = telemetry.StartTracing(ctx); err != nil {
		return nil, err
	}
	deps := vendorDeps(log)
	deps.Observe = telemetry.Vendors(a.Metrics, a.Tracing)
	if a.Set, err = integrations.Build(all.Vendors, deps, cfg.Adapters()); err != nil {
		return nil, err
	}
	if cfg.CodecKey != "" {
		if a.Codec, err = codec.New(slices.Concat([]string{cfg.CodecKey}, cfg.OldCodecKeys)...); err != nil {
			return nil, err
		}
	}
	if a.DB, err = store.Open(ctx, cfg.Database, a.Tracing.Pool); err != nil {
		return nil, err
	}
	if a.Blobs, err = store.OpenBlobs(ctx, cfg.Blobs); err != nil {
		a.DB.Close()
		return nil, err
	}
	a.Desk = &desk.Desk{
		DB: a.DB, Blobs: a.Blobs, People: people(cfg.Team), Dashboard: a.dashboard, BaseCurrency: cfg.BaseCurrency,
		Connections: a.Set.Names(), RulesApproval: cfg.Policy.RulesApproval, Now: time.Now, Log: log,
		Limits: func(c dispute.Case) evidence.Limits { return activities.LimitsOf(a.Set, c) },
	}
	a.Metrics.Registry.MustRegister(telemetry.NewState(a.DB, time.Now, log), telemetry.NewPool(a.DB.PoolStat))
	return a, nil
}

// vendorDeps are what adapters work with. A vendor's answer may not send a call,
// and with it our credentials, to another host.
func vendorDeps(log *slog.Logger) integrations.Deps {
	stay := func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host || len(via) >= 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return integrations.Deps{HTTP: &http.Client{Timeout: vendorTimeout, CheckRedirect: stay}, Now: time.Now, Log: log}
}

// Close releases every connection.
func (a *App) Close() {
	if a.Desk != nil {
		a.Desk.Close()
	}
	if a.temporal != nil {
		a.temporal.Close()
	}
	if err := a.Blobs.Close(); err != nil {
		a.Log.Warn("close the blob store", "error", err)
	}
	a.DB.Close()
	a.stopTracing()
}

// Temporal connects to the cluster, lazily: it succeeds with the cluster away,
// and calls fail until it is back. Desk decides through the same client.
func (a *App) Temporal() (client.Client, error) {
	if a.temporal != nil {
		return a.temporal, nil
	}
	opts, err := a.clientOptions()
	if err != nil {
		return nil, err
	}
	c, err := client.NewLazyClient(opts)
	if err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	a.temporal = c
	if a.Desk != nil {
		a.Desk.Temporal = c
	}
	return c, nil
}

// clientOptions follow the SDK's environment variables; the configuration file
// has the last word.
func (a *App) clientOptions() (client.Options, error) {
	opts, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return opts, fmt.Errorf("temporal: environment: %w", err)
	}
	if a.Config.Temporal.Address != "" {
		opts.HostPort = a.Config.Temporal.Address
	}
	if a.Config.Temporal.Namespace != "" {
		opts.Namespace = a.Config.Temporal.Namespace
	}
	opts.Logger = tlog.NewStructuredLogger(a.SDKLog)
	if a.Codec != nil {
		opts.DataConverter = a.Codec.DataConverter()
		opts.FailureConverter = a.Codec.FailureConverter()
	}
	return opts, a.watch(&opts)
}

// Namespace is where the workflows live.
func (a *App) Namespace() string {
	switch {
	case a.Config.Temporal.Namespace != "":
		return a.Config.Temporal.Namespace
	case os.Getenv("TEMPORAL_NAMESPACE") != "":
		return os.Getenv("TEMPORAL_NAMESPACE")
	default:
		return client.DefaultNamespace
	}
}

// Steps are the activities with their dependencies.
func (a *App) Steps() *activities.Steps {
	cfg := a.Config
	s := &activities.Steps{
		DB: a.DB, Blobs: a.Blobs, Set: a.Set, Now: time.Now, Log: a.Log,
		Policy: activities.Policy{
			Scale: cfg.Scale, FallbackWindow: cfg.Scale(cfg.Policy.FallbackWindow), Linger: cfg.Scale(cfg.Policy.Linger),
			SourcePatience: cfg.Scale(cfg.Policy.SourcePatience), RetryEvery: cfg.Scale(cfg.Policy.RetryEvery),
		},
		Links: activities.Links{Console: cfg.PublicURL, TemporalUI: cfg.Temporal.UI, Namespace: a.Namespace()},
	}
	for _, m := range cfg.Merchants {
		s.Merchants = append(s.Merchants, activities.Merchant{ID: m.ID, Providers: m.Providers, Sources: m.Sources, Accounting: m.Accounting})
	}
	return s
}

func (a *App) dashboard(ref dispute.Ref) string {
	l, err := integrations.As[integrations.Linker](a.Set, ref.Connection)
	if err != nil {
		return ""
	}
	return l.DisputeURL(ref)
}

// Sweepable are the connections of which a sweep can learn: they list disputes,
// or they can be read.
func (a *App) Sweepable() []string {
	return slices.DeleteFunc(a.Set.Names(), func(name string) bool {
		adapter, _ := a.Set.Adapter(name)
		_, lists := adapter.(integrations.Poller)
		_, reads := adapter.(integrations.Reader)
		_, delegates := adapter.(integrations.Delegator)
		return !lists && !reads && !delegates
	})
}

func people(team []config.Person) []desk.Person {
	out := make([]desk.Person, len(team))
	for i, p := range team {
		out[i] = desk.Person{ID: p.ID, Role: desk.Role(p.Role), Chats: p.Chats}
	}
	return out
}

// Health is one dependency, connection or permission, tried.
type Health struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"` // what is wrong and what mends it
}

// Doctor tries every dependency, every credential and every permission of a
// configuration, each by itself: what is broken hides nothing else.
func Doctor(ctx context.Context, cfg *config.Config, log *slog.Logger) []Health {
	a := &App{Config: cfg, Log: log, SDKLog: log}
	deps := vendorDeps(log)
	if cfg.CodecKey != "" {
		var err error
		if a.Codec, err = codec.New(slices.Concat([]string{cfg.CodecKey}, cfg.OldCodecKeys)...); err != nil {
			return []Health{{Name: "codec_key", Says: err.Error()}}
		}
	}
	out := []Health{
		try("database", "is it running, is the URL right, and did rebuttal migrate run?", func() error { return tryDatabase(ctx, cfg.Database) }),
		try("blobs", "does the folder or bucket exist, and may we write there?", func() error { return tryBlobs(ctx, cfg.Blobs) }),
		try("temporal", "is it running, and is TEMPORAL_ADDRESS or temporal.address right?", func() error { return a.pingTemporal(ctx) }),
	}
	if cfg.Catalogue != "" {
		out = append(out, try("catalogue", "rebuttal reasons --catalogue tries a folder", func() error { return UseCatalogue(cfg.Catalogue) }))
	}
	if cfg.OIDC != nil {
		mend := "is oidc.issuer written as the provider writes it, and can this machine reach it?"
		out = append(out, try("oidc", mend, func() error { return console.TryIssuer(ctx, *cfg.OIDC) }))
	}
	for _, c := range cfg.Adapters() {
		out = append(out, tryConnection(ctx, deps, c)...)
	}
	return out
}

// tryConnection tries a connection's credentials, and once they are good what
// they permit.
func tryConnection(ctx context.Context, deps integrations.Deps, c integrations.Connection) []Health {
	name := "connection " + c.Name
	var set *integrations.Set
	out := []Health{try(name, "check its settings and credentials", func() (err error) {
		if set, err = integrations.Build(all.Vendors, deps, []integrations.Connection{c}); err != nil {
			return err
		}
		check, err := integrations.As[integrations.Checker](set, c.Name)
		if err != nil {
			return nil //nolint:nilerr // its vendor offers no call to try: the settings are right
		}
		return check.Check(ctx)
	})}
	if !out[0].OK {
		return out
	}
	if may, err := integrations.As[integrations.PermissionChecker](set, c.Name); err == nil {
		for _, p := range may.Permissions(ctx) {
			out = append(out, Health{Name: name + ", " + p.Name, OK: p.OK, Says: p.Says})
		}
	}
	return out
}

func tryDatabase(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ready(ctx)
}

func tryBlobs(ctx context.Context, url string) error {
	blobs, err := store.OpenBlobs(ctx, url)
	if err != nil {
		return err
	}
	_, err = blobs.Put(ctx, []byte("rebuttal doctor was here\n"), "text/plain")
	return errors.Join(err, blobs.Close())
}

func try(name, mend string, f func() error) Health {
	if err := f(); err != nil {
		return Health{Name: name, Says: err.Error() + "; " + mend}
	}
	return Health{Name: name, OK: true, Says: "works"}
}

func (a *App) pingTemporal(ctx context.Context) error {
	c, err := a.Temporal()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return err
	}
	m := &cluster{namespace: a.Namespace(), service: c.WorkflowService(), operator: c.OperatorService()}
	missing, err := m.missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return errors.New("search attributes are missing: run rebuttal migrate")
	}
	return nil
}
