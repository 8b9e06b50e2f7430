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
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	tlog "go.temporal.io/sdk/log"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/starter/codec"
	"github.com/rebuttal-hq/rebuttal/store"
	"github.com/rebuttal-hq/rebuttal/workflows"
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

	temporal client.Client
}

// Open connects to the database and the blob store and builds the adapters.
// Temporal is connected by Temporal, so that what does not need it works
// without it.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	a := &App{Config: cfg, Log: log, SDKLog: log}
	var err error
	deps := integrations.Deps{HTTP: &http.Client{Timeout: vendorTimeout}, Now: time.Now, Log: log}
	if a.Set, err = integrations.Build(all.Vendors, deps, cfg.Adapters()); err != nil {
		return nil, err
	}
	if cfg.CodecKey != "" {
		if a.Codec, err = codec.New(cfg.CodecKey); err != nil {
			return nil, err
		}
	}
	if a.DB, err = store.Open(ctx, cfg.Database); err != nil {
		return nil, err
	}
	if a.Blobs, err = store.OpenBlobs(ctx, cfg.Blobs); err != nil {
		a.DB.Close()
		return nil, err
	}
	a.Desk = &desk.Desk{DB: a.DB, Blobs: a.Blobs, People: people(cfg.Team), BaseCurrency: cfg.BaseCurrency, Now: time.Now, Log: log}
	return a, nil
}

// Close releases every connection.
func (a *App) Close() {
	if a.temporal != nil {
		a.temporal.Close()
	}
	if err := a.Blobs.Close(); err != nil {
		a.Log.Warn("close the blob store", "error", err)
	}
	a.DB.Close()
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
	return opts, nil
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

func people(team []config.Person) []desk.Person {
	out := make([]desk.Person, len(team))
	for i, p := range team {
		out[i] = desk.Person{ID: p.ID, Role: desk.Role(p.Role), Chats: p.Chats}
	}
	return out
}

// Migrate brings the database schema, the first rule set and Temporal's search
// attributes up to date. It may be run any number of times.
func (a *App) Migrate(ctx context.Context) error {
	if err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	if err := a.importRules(ctx); err != nil {
		return err
	}
	return a.searchAttributes(ctx)
}

// importRules publishes the configured rules as version 1 when the database
// has none; afterwards versions live in the database.
func (a *App) importRules(ctx context.Context) error {
	if a.Config.Rules == "" {
		return nil
	}
	history, err := a.DB.RuleHistory(ctx)
	if err != nil || len(history) > 0 {
		return err
	}
	source, err := os.ReadFile(a.Config.Rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	_, err = a.Desk.PublishRules(ctx, desk.System, a.Config.Rules, source, "imported at the first start")
	return err
}

func (a *App) searchAttributes(ctx context.Context) error {
	c, err := a.Temporal()
	if err != nil {
		return err
	}
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: a.Namespace()})
	if err != nil {
		return fmt.Errorf("temporal: list search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range workflows.SearchAttributes() {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: a.Namespace(), SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("temporal: add search attributes: %w", err)
	}
	return nil
}

// Health is one dependency or connection, tried.
type Health struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"` // what is wrong and what mends it
}

// Doctor tries every dependency and every credential of a configuration, each
// by itself: what is broken hides nothing else.
func Doctor(ctx context.Context, cfg *config.Config, log *slog.Logger) []Health {
	a := &App{Config: cfg, Log: log, SDKLog: log}
	deps := integrations.Deps{HTTP: &http.Client{Timeout: vendorTimeout}, Now: time.Now, Log: log}
	if cfg.CodecKey != "" {
		var err error
		if a.Codec, err = codec.New(cfg.CodecKey); err != nil {
			return []Health{{Name: "codec_key", Says: err.Error()}}
		}
	}
	out := []Health{
		try("database", "is it running, is the URL right, and did rebuttal migrate run?", func() error { return tryDatabase(ctx, cfg.Database) }),
		try("blobs", "does the folder or bucket exist, and may we write there?", func() error { return tryBlobs(ctx, cfg.Blobs) }),
		try("temporal", "is it running, and is TEMPORAL_ADDRESS or temporal.address right?", func() error { return a.pingTemporal(ctx) }),
	}
	for _, c := range cfg.Adapters() {
		out = append(out, try("connection "+c.Name, "check its settings and credentials", func() error {
			set, err := integrations.Build(all.Vendors, deps, []integrations.Connection{c})
			if err != nil {
				return err
			}
			check, err := integrations.As[integrations.Checker](set, c.Name)
			if err != nil {
				return err
			}
			return check.Check(ctx)
		}))
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
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: a.Namespace()})
	if err != nil {
		return err
	}
	for name := range workflows.SearchAttributes() {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			return errors.New("search attribute " + name + " is missing: run rebuttal migrate")
		}
	}
	return nil
}
