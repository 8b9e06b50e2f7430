// Package simulator stands in for every remote vendor behind real HTTP: one
// address, one path prefix per vendor, one world behind all of them. Faults are
// put in force on demand, and a page shows what each vendor holds.
package simulator

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/aftership"
	"github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/easypost"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/healthsafepay"
	"github.com/rebuttal-hq/rebuttal/simulator/httpsource"
	"github.com/rebuttal-hq/rebuttal/simulator/hubspot"
	"github.com/rebuttal-hq/rebuttal/simulator/localpayment"
	"github.com/rebuttal-hq/rebuttal/simulator/mail"
	"github.com/rebuttal-hq/rebuttal/simulator/paypal"
	"github.com/rebuttal-hq/rebuttal/simulator/quickbooks"
	"github.com/rebuttal-hq/rebuttal/simulator/salesforce"
	"github.com/rebuttal-hq/rebuttal/simulator/sheets"
	"github.com/rebuttal-hq/rebuttal/simulator/shipbob"
	"github.com/rebuttal-hq/rebuttal/simulator/shopify"
	"github.com/rebuttal-hq/rebuttal/simulator/slack"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/simulator/zendesk"
)

// Connections that the stand-ins post to. The other providers' are called as
// their vendors are.
const (
	StripeConnection = "stripe-us"
	SlackConnection  = "alerts"
)

// Credentials that the stand-ins accept. They open nothing anywhere else.
const (
	StripeKey           = "sk_test_simulator"
	StripeWebhookSecret = "whsec_simulator"
	ShopifyToken        = "shpat_simulator"
	ShipBobToken        = "shipbob-simulator"
	EasyPostKey         = "EZTK-simulator"
	AfterShipKey        = "asat-simulator"
	HubSpotToken        = "pat-simulator"
	SalesforceClient    = "sf-client-simulator"
	SalesforceSecret    = "sf-secret-simulator"
	ServiceSecret       = "service-secret-simulator-0123456789"
	SlackToken          = "xoxb-simulator"
	SlackSigningSecret  = "slack-signing-simulator"
	ZendeskEmail        = "agent@acme.example"
	ZendeskToken        = "zendesk-simulator"
	QuickBooksRealm     = "4620816365"
	QuickBooksClient    = "qbo-client-simulator"
	QuickBooksSecret    = "qbo-secret-simulator"
	QuickBooksRefresh   = "qbo-refresh-simulator"
	MailUser            = "disputes"
	MailPassword        = "mail-simulator"

	AdyenKey            = "adyen-simulator"
	AdyenAccount        = "AcmeECOM"
	AdyenHMACKey        = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
	BraintreeMerchant   = "acme"
	BraintreePublicKey  = "bt-public-simulator"
	BraintreePrivateKey = "bt-private-simulator"
	CheckoutKey         = "sk_sbox_simulator"
	CheckoutSignature   = "cko-signature-simulator"
	ClearhausClient     = "ch-client-simulator"
	ClearhausSecret     = "ch-secret-simulator"
	HealthSafePaySecret = "hsp-webhook-simulator"
	LocalpaymentUser    = "acme"
	LocalpaymentPass    = "lp-password-simulator"
	LocalpaymentSecret  = "lp-webhook-simulator"
	PayPalClient        = "pp-client-simulator"
	PayPalSecret        = "pp-secret-simulator"
	PayPalWebhook       = "8PT597110X687430LKGECATA"
)

// Options set a simulator up.
type Options struct {
	Seed    int64
	Day     time.Duration // how long a day lasts
	Now     func() time.Time
	Address string // where the simulator is reached; PayPal's webhooks name it
	Target  string // address of the starter, which gets webhooks and clicks
	Log     *slog.Logger
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
	Salesforce *salesforce.Org
	QuickBooks *quickbooks.QuickBooks
	Sheets     *sheets.Sheets
	// Mail answers on a port of its own, once Listen has opened one.
	Mail *mail.Mail

	Adyen         *adyen.Adyen
	Braintree     *braintree.Braintree
	Checkout      *checkout.Checkout
	Clearhaus     *clearhaus.Clearhaus
	HealthSafePay *healthsafepay.HealthSafePay
	Localpayment  *localpayment.Localpayment
	PayPal        *paypal.PayPal
	Providers     []*Provider // all but Stripe, by name

	opts Options
	mux  *http.ServeMux
}

// New makes the vendors over one seeded world.
func New(o Options) *Simulator {
	w := world.New(o.Seed, o.Now, o.Day)
	s := &Simulator{
		World: w, Faults: &faults.Set{}, opts: o, mux: http.NewServeMux(),
		Stripe:     stripe.New(w, stripe.Options{SecretKey: StripeKey, WebhookSecret: StripeWebhookSecret, TargetURL: o.webhooks(StripeConnection), Now: o.Now}),
		Slack:      slack.New(SlackToken, SlackSigningSecret),
		Zendesk:    zendesk.New(w, ZendeskEmail, ZendeskToken),
		Salesforce: salesforce.New(w, SalesforceClient, SalesforceSecret),
		QuickBooks: quickbooks.New(QuickBooksRealm, QuickBooksClient, QuickBooksSecret, QuickBooksRefresh),
		Sheets:     sheets.New(o.Now),
		Mail:       mail.New(MailUser, MailPassword, o.Now()),
	}
	s.Stripe.AddValueList("disputed_emails", "email")
	s.Stripe.AddValueList("disputed_cards", "card_fingerprint")
	s.Stripe.AddValueList("disputed_ips", "ip_address")
	s.openAccounts(w)
	s.vendor("stripe", s.Stripe)
	s.vendor("shopify", shopify.New(w, ShopifyToken))
	s.vendor("shipbob", shipbob.New(w, ShipBobToken))
	s.vendor("easypost", easypost.New(w, EasyPostKey))
	s.vendor("aftership", aftership.New(w, AfterShipKey))
	s.vendor("hubspot", hubspot.New(w, HubSpotToken))
	s.vendor("salesforce", s.Salesforce)
	s.vendor("httpsource", httpsource.New(w, ServiceSecret))
	s.vendor("slack", s.Slack)
	s.vendor("zendesk", s.Zendesk)
	s.vendor("quickbooks", s.QuickBooks)
	s.vendor("sheets", s.Sheets)
	s.vendor("adyen", s.Adyen)
	s.vendor("braintree", s.Braintree)
	s.vendor("checkout", s.Checkout)
	s.vendor("healthsafepay", s.HealthSafePay)
	s.vendor("localpayment", s.Localpayment)
	s.vendor("paypal", s.PayPal)
	s.mountClearhaus()
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /state.json", s.state)
	s.mux.HandleFunc("POST /faults", s.addFault)
	s.mux.HandleFunc("DELETE /faults", s.clearFaults)
	return s
}

// webhooks is where a connection's webhooks go.
func (o Options) webhooks(connection string) string { return o.Target + "/webhooks/" + connection }

// openAccounts opens one at each provider beside Stripe.
func (s *Simulator) openAccounts(w *world.World) {
	o := s.opts
	s.Adyen = adyen.New(w, adyen.Options{
		APIKey: AdyenKey, MerchantAccount: AdyenAccount, HMACKey: AdyenHMACKey, TargetURL: o.webhooks("adyen"),
		Deliver: adyen.DeliverOptions{Retry: []time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second}},
	})
	s.Braintree = braintree.New(w, braintree.Options{PublicKey: BraintreePublicKey, PrivateKey: BraintreePrivateKey, TargetURL: o.webhooks("braintree")})
	s.Checkout = checkout.New(w, checkout.Options{SecretKey: CheckoutKey, SignatureKey: CheckoutSignature, TargetURL: o.webhooks("checkout")})
	s.Clearhaus = clearhaus.New(w, clearhaus.Options{ClientID: ClearhausClient, ClientSecret: ClearhausSecret, Prefix: clearhausPrefix})
	s.HealthSafePay = healthsafepay.New(w, healthsafepay.Options{Secret: HealthSafePaySecret})
	s.Localpayment = localpayment.New(w, localpayment.Options{Username: LocalpaymentUser, Password: LocalpaymentPass, Secret: LocalpaymentSecret})
	s.PayPal = paypal.New(w, paypal.Options{
		ClientID: PayPalClient, ClientSecret: PayPalSecret, WebhookID: PayPalWebhook, Address: o.Address + "/paypal", TargetURL: o.webhooks("paypal"),
	})
	s.Providers = providers(s)
}

func (s *Simulator) vendor(name string, h http.Handler) {
	s.mux.Handle("/"+name+"/", http.StripPrefix("/"+name, s.wrapped(name, h)))
}

func (s *Simulator) wrapped(name string, h http.Handler) http.Handler {
	if s.opts.Wrap != nil {
		h = s.opts.Wrap(name, h)
	}
	return s.Faults.Wrap(name, h)
}

const clearhausPrefix = "/clearhaus"

// mountClearhaus leaves Clearhaus its paths as they are, because its answers
// link to them; only the two addresses that a client knows by itself are short.
func (s *Simulator) mountClearhaus() {
	h := s.wrapped("clearhaus", s.Clearhaus)
	s.mux.Handle(clearhausPrefix+"/", h)
	s.mux.Handle("/storage/", h)
	for _, known := range []string{"/{$}", "/oauth/token"} {
		s.mux.Handle(clearhausPrefix+known, http.StripPrefix(clearhausPrefix, h))
	}
}

// ServeHTTP implements http.Handler.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run delivers the providers' webhooks until ctx ends.
func (s *Simulator) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, run := range []func(context.Context){s.Stripe.Run, s.Adyen.Run, s.Braintree.Run, s.Checkout.Run, s.PayPal.Run, s.Mail.Run} {
		running.Go(func() { run(ctx) })
	}
	running.Go(func() { s.deliver(ctx, "healthsafepay", s.HealthSafePay.Deliver) })
	running.Go(func() { s.deliver(ctx, "localpayment", s.Localpayment.Deliver) })
	running.Wait()
}

// deliver has a provider post what is new, again and again.
func (s *Simulator) deliver(ctx context.Context, connection string, post func(ctx context.Context, target string) error) {
	for ctx.Err() == nil {
		if err := post(ctx, s.opts.webhooks(connection)); err != nil && ctx.Err() == nil {
			s.opts.Log.WarnContext(ctx, "a webhook was not taken", "connection", connection, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Click presses a button of a message in Slack as a person would.
func (s *Simulator) Click(ctx context.Context, m slack.Message, action, user string) error {
	return s.Slack.Click(ctx, s.opts.webhooks(SlackConnection), m.Channel, m.TS, action, user)
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
		"disputes": s.Stripe.Disputes(), "others": s.others(), "webhooks": s.Stripe.Counters(), "messages": s.Slack.Messages(),
		"tickets": s.Zendesk.Tickets(), "entries": s.QuickBooks.Entries(),
		"rows": s.Sheets.Rows(), "mails": s.Mail.Messages(),
	})
}
