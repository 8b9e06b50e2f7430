// Package rehearsal runs the whole system against the simulator: the demo and
// the end-to-end tests are the same thing with other durations.
package rehearsal

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/sheets"
	"github.com/rebuttal-hq/rebuttal/starter"
	"github.com/rebuttal-hq/rebuttal/worker"
)

//go:embed rehearsal.yaml
var configText string

// Rules are the demo's rules, as YAML.
//
//go:embed rules.yaml
var Rules []byte

// Options say what a rehearsal runs on.
type Options struct {
	Folder          string // for the configuration and the blobs
	Database        string
	TemporalAddress string
	Namespace       string
	TemporalUI      string
	Day             time.Duration
	Seed            int64
	CodecKey        string // empty: the Temporal UI shows everything as it is
	Console         net.Listener
	SimulatorPort   int // zero picks a free one
	Log             *slog.Logger
	Verbose         bool // log what Temporal's SDK says, too
	// Wrap is put around each vendor's stand-in; see simulator.Options.
	Wrap func(vendor string, h http.Handler) http.Handler
	// Rules replace the demo's rules when set.
	Rules []byte
	// Providers connects all payment providers. Without it there is Stripe only.
	Providers bool
	// SweepEvery is how often providers are asked what no webhook told; zero never.
	SweepEvery time.Duration
}

// System is a running rehearsal.
type System struct {
	App       *boot.App
	Simulator *simulator.Simulator
	Console   string // address of the console, the API and the webhooks
	SimURL    string // address of the simulator
	File      string // the configuration file

	options Options
	console net.Listener
	vendors *http.Server
	mail    net.Addr // of the simulator's mail server
	stop    context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	failure error
}

// Prepare starts the simulator, writes the configuration and migrates. Nothing
// of Rebuttal runs yet; Run does that, or processes of their own.
func Prepare(ctx context.Context, o Options) (*System, error) {
	s := &System{options: o, console: o.Console}
	if s.console == nil {
		ln, err := listen(ctx, 0)
		if err != nil {
			return nil, err
		}
		s.console = ln
	}
	s.Console = "http://" + s.console.Addr().String()
	if err := s.simulate(ctx); err != nil {
		return nil, err
	}
	if err := s.configure(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

func (s *System) simulate(ctx context.Context) error {
	ln, err := listen(ctx, s.options.SimulatorPort)
	if err != nil {
		return err
	}
	s.SimURL = "http://" + ln.Addr().String()
	s.Simulator = simulator.New(simulator.Options{
		Seed: s.options.Seed, Day: s.options.Day, Now: time.Now, Log: s.options.Log, Wrap: s.options.Wrap,
		Address: s.SimURL, Target: s.Console,
	})
	if s.mail, err = s.Simulator.Mail.Listen(ctx, "127.0.0.1:0"); err != nil {
		_ = ln.Close()
		return err
	}
	s.vendors = &http.Server{Handler: s.Simulator, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.running.Go(func() { s.note(s.vendors.Serve(ln)) })
	s.running.Go(func() { s.Simulator.Run(background) })
	return nil
}

func (s *System) configure(ctx context.Context) error {
	rules := s.options.Rules
	if rules == nil {
		rules = Rules
	}
	rulesFile := filepath.Join(s.options.Folder, "rules.yaml")
	if err := os.WriteFile(rulesFile, rules, 0o600); err != nil {
		return err
	}
	text, err := s.render(rulesFile)
	if err != nil {
		return err
	}
	s.File = filepath.Join(s.options.Folder, "rebuttal.yaml")
	if err := os.WriteFile(s.File, []byte(text), 0o600); err != nil {
		return err
	}
	cfg, err := config.Load(s.File)
	if err != nil {
		return err
	}
	if s.App, err = boot.Open(ctx, cfg, s.options.Log); err != nil {
		return err
	}
	if !s.options.Verbose {
		s.App.SDKLog = slog.New(slog.DiscardHandler)
	}
	return s.App.Migrate(ctx)
}

func (s *System) render(rulesFile string) (string, error) {
	t, err := template.New("rehearsal.yaml").Option("missingkey=error").Parse(configText)
	if err != nil {
		return "", err
	}
	blobs := filepath.Join(s.options.Folder, "blobs")
	if err := os.MkdirAll(blobs, 0o700); err != nil {
		return "", err
	}
	var b strings.Builder
	values := map[string]any{
		"Listen": s.console.Addr().String(), "Console": s.Console, "Database": s.options.Database, "Rules": rulesFile,
		"Blobs": "file://" + blobs, "Day": s.options.Day.String(), "CodecKey": s.options.CodecKey,
		"TemporalAddress": s.options.TemporalAddress, "Namespace": s.options.Namespace, "TemporalUI": s.options.TemporalUI,
		"Simulator": s.SimURL, "Providers": s.options.Providers,
		"PayPalRoots": strconv.Quote(s.Simulator.PayPal.CertificateAuthority()),
		"MailPort":    s.mail.(*net.TCPAddr).Port, "MailRoots": strconv.Quote(s.Simulator.Mail.CertificateAuthority()),
		"ServiceAccount": strconv.Quote(s.Simulator.Sheets.ServiceAccount(s.SimURL + "/sheets/token")),
	}
	for name, secret := range credentials {
		values[name] = secret
	}
	err = t.Execute(&b, values)
	return b.String(), err
}

// credentials are those of the simulator, by their names in rehearsal.yaml.
var credentials = map[string]string{
	"StripeKey": simulator.StripeKey, "StripeWebhookSecret": simulator.StripeWebhookSecret,
	"ShopifyToken": simulator.ShopifyToken, "ShipBobToken": simulator.ShipBobToken, "HubSpotToken": simulator.HubSpotToken,
	"EasyPostKey": simulator.EasyPostKey, "AfterShipKey": simulator.AfterShipKey,
	"SalesforceClient": simulator.SalesforceClient, "SalesforceSecret": simulator.SalesforceSecret, "ServiceSecret": simulator.ServiceSecret,
	"SlackToken": simulator.SlackToken, "SlackSigningSecret": simulator.SlackSigningSecret,
	"ZendeskEmail": simulator.ZendeskEmail, "ZendeskToken": simulator.ZendeskToken,
	"QuickBooksRealm": simulator.QuickBooksRealm, "QuickBooksClient": simulator.QuickBooksClient,
	"QuickBooksSecret": simulator.QuickBooksSecret, "QuickBooksRefresh": simulator.QuickBooksRefresh,
	"MailUser": simulator.MailUser, "MailPassword": simulator.MailPassword, "Spreadsheet": sheets.SpreadsheetID,
	"AdyenKey": simulator.AdyenKey, "AdyenAccount": simulator.AdyenAccount, "AdyenHMACKey": simulator.AdyenHMACKey,
	"BraintreeMerchant": simulator.BraintreeMerchant, "BraintreePublicKey": simulator.BraintreePublicKey, "BraintreePrivateKey": simulator.BraintreePrivateKey,
	"CheckoutKey": simulator.CheckoutKey, "CheckoutSignature": simulator.CheckoutSignature,
	"ClearhausClient": simulator.ClearhausClient, "ClearhausSecret": simulator.ClearhausSecret,
	"HealthSafePaySecret": simulator.HealthSafePaySecret,
	"LocalpaymentUser":    simulator.LocalpaymentUser, "LocalpaymentPass": simulator.LocalpaymentPass, "LocalpaymentSecret": simulator.LocalpaymentSecret,
	"PayPalClient": simulator.PayPalClient, "PayPalSecret": simulator.PayPalSecret, "PayPalWebhook": simulator.PayPalWebhook,
}

// Run starts starter and worker in this process until Close.
func (s *System) Run(ctx context.Context) error {
	if err := s.Work(ctx); err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Serve starts the starter only.
func (s *System) Serve(ctx context.Context) error {
	c, err := s.App.Temporal()
	if err != nil {
		return err
	}
	ctx = s.background(ctx)
	s.running.Go(func() {
		s.note(starter.Run(ctx, s.console, starter.Deps{
			DB: s.App.DB, Set: s.App.Set, Desk: s.App.Desk, Temporal: c, Codec: s.App.Codec,
			TemporalUI: s.options.TemporalUI, Log: s.options.Log, Metrics: s.App.Metrics, Tracing: s.App.Tracing,
		}))
	})
	return nil
}

// Work starts the worker only.
func (s *System) Work(ctx context.Context) error {
	c, err := s.App.Temporal()
	if err != nil {
		return err
	}
	w := worker.New(c, s.App.Steps(), s.App.Set.Names())
	if err := w.Start(); err != nil {
		return err
	}
	ctx = s.background(ctx)
	s.running.Go(func() {
		<-ctx.Done()
		w.Stop()
	})
	if every := s.options.SweepEvery; every > 0 {
		s.running.Go(func() {
			worker.KeepSchedules(ctx, c, s.App.Sweepable(), worker.Sweeps{Every: every, Whole: 5 * every}, s.options.Log)
		})
	}
	return nil
}

// background is a context that ends with Close.
func (s *System) background(ctx context.Context) context.Context {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	before := s.stop
	s.stop = func() { stop(); before() }
	return ctx
}

func (s *System) note(err error) {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = errors.Join(s.failure, err)
}

// Err is what made a part of the system stop, if one did.
func (s *System) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// Close stops everything that Prepare and Run started.
func (s *System) Close() {
	s.stop()
	_ = s.vendors.Close()
	s.running.Wait()
	if s.App != nil {
		s.App.Close()
	}
	_ = s.console.Close()
}
