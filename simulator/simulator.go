// Package simulator stands in for every remote vendor behind real HTTP: one
// address, one path prefix per vendor, one world behind all of them. Faults are
// put in force on demand, and a page shows what each vendor holds.
package simulator

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/hubspot"
	"github.com/rebuttal-hq/rebuttal/simulator/quickbooks"
	"github.com/rebuttal-hq/rebuttal/simulator/shipbob"
	"github.com/rebuttal-hq/rebuttal/simulator/shopify"
	"github.com/rebuttal-hq/rebuttal/simulator/slack"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/simulator/zendesk"
)

// Credentials that the stand-ins accept. They open nothing anywhere else.
const (
	StripeKey           = "sk_test_simulator"
	StripeWebhookSecret = "whsec_simulator"
	ShopifyToken        = "shpat_simulator"
	ShipBobToken        = "shipbob-simulator"
	HubSpotToken        = "pat-simulator"
	SlackToken          = "xoxb-simulator"
	SlackSigningSecret  = "slack-signing-simulator"
	ZendeskEmail        = "agent@acme.example"
	ZendeskToken        = "zendesk-simulator"
	QuickBooksRealm     = "4620816365"
	QuickBooksClient    = "qbo-client-simulator"
	QuickBooksSecret    = "qbo-secret-simulator"
	QuickBooksRefresh   = "qbo-refresh-simulator"
)

// Options set a simulator up.
type Options struct {
	Seed      int64
	Day       time.Duration // how long a day lasts
	Now       func() time.Time
	StripeURL string // where Stripe's events go
	SlackURL  string // where Slack's clicks go
	Log       *slog.Logger
	// Wrap is put around each vendor's handler, below the faults; tests check
	// contracts with it. It may be nil.
	Wrap func(vendor string, h http.Handler) http.Handler
}

// Simulator is all vendors. It is an http.Handler.
type Simulator struct {
	World      *world.World
	Faults     *faults.Set
	Stripe     *stripe.Stripe
	Slack      *slack.Slack
	Zendesk    *zendesk.Zendesk
	QuickBooks *quickbooks.QuickBooks

	opts Options
	mux  *http.ServeMux
}

// New makes the vendors over one seeded world.
func New(o Options) *Simulator {
	w := world.New(o.Seed, o.Now, o.Day)
	s := &Simulator{
		World: w, Faults: &faults.Set{}, opts: o, mux: http.NewServeMux(),
		Stripe:     stripe.New(w, stripe.Options{SecretKey: StripeKey, WebhookSecret: StripeWebhookSecret, TargetURL: o.StripeURL, Now: o.Now}),
		Slack:      slack.New(SlackToken, SlackSigningSecret),
		Zendesk:    zendesk.New(ZendeskEmail, ZendeskToken),
		QuickBooks: quickbooks.New(QuickBooksRealm, QuickBooksClient, QuickBooksSecret, QuickBooksRefresh),
	}
	s.vendor("stripe", s.Stripe)
	s.vendor("shopify", shopify.New(w, ShopifyToken))
	s.vendor("shipbob", shipbob.New(w, ShipBobToken))
	s.vendor("hubspot", hubspot.New(w, HubSpotToken))
	s.vendor("slack", s.Slack)
	s.vendor("zendesk", s.Zendesk)
	s.vendor("quickbooks", s.QuickBooks)
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /state.json", s.state)
	s.mux.HandleFunc("POST /faults", s.addFault)
	s.mux.HandleFunc("DELETE /faults", s.clearFaults)
	return s
}

func (s *Simulator) vendor(name string, h http.Handler) {
	if s.opts.Wrap != nil {
		h = s.opts.Wrap(name, h)
	}
	s.mux.Handle("/"+name+"/", http.StripPrefix("/"+name, s.Faults.Wrap(name, h)))
}

// ServeHTTP implements http.Handler.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run delivers Stripe's events until ctx ends.
func (s *Simulator) Run(ctx context.Context) { s.Stripe.Run(ctx) }

// Click presses a button of a message in Slack as a person would.
func (s *Simulator) Click(ctx context.Context, m slack.Message, action, user string) error {
	return s.Slack.Click(ctx, s.opts.SlackURL, m.Channel, m.TS, action, user)
}

func (s *Simulator) addFault(w http.ResponseWriter, r *http.Request) {
	var f faults.Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&f); err != nil {
		http.Error(w, "a fault is JSON: vendor, method, path, mode, times, delay", http.StatusBadRequest)
		return
	}
	if !f.Mode.Known() {
		http.Error(w, "unknown mode; there are "+faults.ModeNames(), http.StatusBadRequest)
		return
	}
	s.AddFault(f)
	w.WriteHeader(http.StatusNoContent)
}

// AddFault puts a fault in force: on requests to a vendor, or on the webhooks
// that the provider sends.
func (s *Simulator) AddFault(f faults.Fault) {
	switch f.Mode {
	case faults.Duplicate:
		s.Stripe.Disturb(max(f.Times, 1), 0)
	case faults.Reorder:
		s.Stripe.Disturb(f.Times, max(f.Delay, 500*time.Millisecond))
	default:
		s.Faults.Add(f)
	}
}

func (s *Simulator) clearFaults(w http.ResponseWriter, r *http.Request) {
	s.Faults.Clear(r.URL.Query().Get("vendor"))
	s.Stripe.Disturb(0, 0)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) state(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"disputes": s.Stripe.Disputes(), "webhooks": s.Stripe.Counters(), "messages": s.Slack.Messages(),
		"tickets": s.Zendesk.Tickets(), "entries": s.QuickBooks.Entries(),
	})
}
