// Package httpsource asks a service of the merchant's own what it knows of a
// disputed sale: log-ins and use, terms accepted, devices and IP addresses of this
// and of earlier sales, messages, deliveries, documents. The request is signed;
// docs/vendors/httpsource.md and docs/httpsource.schema.json are the contract.
package httpsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const name = "httpsource"

// version is that of the request and of the answer.
const version = 1

// minSecret is how long a secret must be, in characters.
const minSecret = 32

// Settings are those of one service.
type Settings struct {
	// URL is where the service is asked: https://shop.example/rebuttal.
	URL string `yaml:"url"`
	// Secrets sign the requests. While a secret is replaced there are two, and
	// every request carries a signature by each.
	Secrets []string `yaml:"secrets"`
}

// Vendor describes connections to services of the merchant's own. They are
// sources of evidence.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "A service of your own: log-ins and use, terms accepted, devices, earlier sales, documents",
	Settings: func() integrations.Settings { return &Settings{} },
}

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, connection string) (integrations.Adapter, error) {
	return newAdapter(d, connection, *s)
}

// address checks the settings and returns the service's address.
func (s Settings) address() (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("url: want the address of your service, as in https://shop.example/rebuttal")
	}
	if len(s.Secrets) == 0 || len(s.Secrets) > 2 {
		return nil, errors.New("secrets: want one secret that the service has too, or two while one replaces the other")
	}
	for i, secret := range s.Secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("secrets: number %d has fewer than %d characters; openssl rand -hex 32 makes one", i+1, minSecret)
		}
	}
	return u, nil
}

// adapter is one service.
type adapter struct {
	connection string
	url        *url.URL
	secrets    []string
	now        func() time.Time
	http       vendorhttp.Client
}

var (
	_ integrations.EvidenceSource = (*adapter)(nil)
	_ integrations.Checker        = (*adapter)(nil)
)

func newAdapter(d integrations.Deps, connection string, s Settings) (*adapter, error) {
	u, err := s.address()
	if err != nil {
		return nil, err
	}
	// A signature is for one address: no redirect is followed.
	client := *d.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &adapter{
		connection: connection, url: u, secrets: s.Secrets, now: d.Now,
		http: vendorhttp.Client{Vendor: name, HTTP: &client},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it asks the service about nothing,
// which needs a signature that the service accepts.
func (a *adapter) Check(ctx context.Context) error {
	answer, err := a.ask(ctx, "check", question{Version: version, Check: true})
	if err != nil {
		return err
	}
	_, err = parse(answer, dispute.Case{})
	return err
}

// Applies implements integrations.EvidenceSource: the payment is known.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.View.Snapshot.Payment != "" || c.Payment != nil
}

// Gather implements integrations.EvidenceSource. What of the answer cannot be
// used is an error of kind Invalid that names where it is; everything else comes
// with it.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	answer, err := a.ask(ctx, "ask about the sale", questionOf(c))
	if err != nil {
		return nil, err
	}
	found, err := parse(answer, c)
	out, fetchErr := a.fetch(ctx, found)
	for i := range out {
		out[i].Source = a.connection
	}
	if err == nil || mayPass(fetchErr) { // the next attempt tells the rest
		err = fetchErr
	}
	return out, err
}

// mayPass tells a failure that may pass by itself.
func mayPass(err error) bool {
	kind := dispute.KindOf(err)
	return err != nil && (kind == dispute.Transient || kind == dispute.RateLimited)
}

func (a *adapter) ask(ctx context.Context, op string, q question) ([]byte, error) {
	body, err := q.body()
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "%w", err)
	}
	answer, err := a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: a.url.String(), Body: body, ContentType: "application/json",
		Header: http.Header{SignatureHeader: {a.sign(body)}},
	}, nil)
	return answer.Body, notRedirected(name+": "+op, answer.Status, err)
}

// notRedirected tells a redirect from a service that is down: asking again does
// not mend it.
func notRedirected(op string, status int, err error) error {
	if status >= 300 && status < 400 {
		return dispute.Errorf(dispute.Invalid, op, "HTTP %d: redirects are not followed, set url to the final address", status)
	}
	return err
}
