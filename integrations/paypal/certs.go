package paypal

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// fetchLimit bounds the fetch of a certificate, which a webhook waits for.
	fetchLimit = 5 * time.Second
	// maxCertificates bounds what is read of one; a chain is a few kilobytes.
	maxCertificates = 64 << 10
	// maxFetches bounds the fetches at one time, because strangers may name
	// certificates, too: more are refused, and PayPal posts again.
	maxFetches = 32
	// refusalLasts is how long a refused address is refused without a fetch; at
	// most maxRefusals are remembered.
	refusalLasts = time.Minute
	maxRefusals  = 1000
)

// certificates are those that PayPal signs webhooks with. One is fetched when
// the first webhook names it and kept as long as it is valid, about a year, so
// that almost every webhook is verified without a call. Only certificates that
// were vouched for are kept.
type certificates struct {
	http    *http.Client
	hosts   []string       // where certificates may come from
	standIn string         // where a stand-in has them, instead of hosts
	roots   *x509.CertPool // nil for the machine's
	subject string

	fetches singleflight.Group // by address
	slots   chan struct{}      // of fetches

	mu      sync.RWMutex
	kept    map[string]*x509.Certificate // by address
	refused map[string]refusal           // by address
}

// refusal is why an address has no good certificate, and until when that holds.
type refusal struct {
	err   error
	until time.Time
}

// newCertificates pins where certificates come from and whose they are. The
// names are those that PayPal's Java SDK checks.
func newCertificates(client *http.Client, base *url.URL, roots *x509.CertPool, sandbox bool) *certificates {
	c := &certificates{
		http: client, roots: roots, slots: make(chan struct{}, maxFetches),
		kept: map[string]*x509.Certificate{}, refused: map[string]refusal{},
		hosts: []string{"api.paypal.com", "api-m.paypal.com"}, subject: "messageverificationcerts.paypal.com",
	}
	if sandbox {
		c.hosts = []string{"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}
		c.subject = "messageverificationcerts.sandbox.paypal.com"
	}
	if roots != nil {
		c.standIn = strings.TrimRight(base.String(), "/")
	}
	return c
}

// certificatePath is where PayPal keeps certificates. A stand-in may have
// something before it.
var certificatePath = regexp.MustCompile(`/v1/notifications/certs/[A-Za-z0-9-]{1,100}$`)

// pinned is where a certificate is fetched from, by the address that a webhook
// names; ok is false for one that is not PayPal's. A stand-in does not know by
// which name it is reached: its certificates come from where its API is.
func (c *certificates) pinned(address string) (place string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	path := certificatePath.FindString(u.EscapedPath())
	if c.standIn != "" {
		return c.standIn + path, path != ""
	}
	return u.String(), path != "" && path == u.EscapedPath() && u.Scheme == "https" && slices.Contains(c.hosts, u.Host)
}

// at is the certificate of an address, valid at now. An address that is not
// PayPal's, and a certificate that nobody vouches for, are Auth; one that
// cannot be had at the moment is Transient.
func (c *certificates) at(address string, now time.Time) (*rsa.PublicKey, error) {
	place, ok := c.pinned(address)
	if !ok {
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "the certificate's address is not PayPal's")
	}
	cert, err := c.get(place, now)
	if err != nil {
		return nil, err
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "the certificate is not valid at this time")
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "the certificate has no RSA key")
	}
	return key, nil
}

// get is a certificate that is kept, or one fetch of it for all that wait. No
// webhook waits for the certificate of another.
func (c *certificates) get(address string, now time.Time) (*x509.Certificate, error) {
	if cert, err := c.known(address, now); cert != nil || err != nil {
		return cert, err
	}
	cert, err, _ := c.fetches.Do(address, func() (any, error) {
		if cert, err := c.known(address, now); cert != nil || err != nil {
			return cert, err
		}
		cert, err := c.fetchOne(address, now)
		c.remember(address, now, cert, err)
		return cert, err
	})
	if err != nil {
		return nil, err
	}
	return cert.(*x509.Certificate), nil
}

func (c *certificates) fetchOne(address string, now time.Time) (*x509.Certificate, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		return nil, dispute.Errorf(dispute.Transient, verifyOp, "too many certificates are fetched at the moment")
	}
	text, err := c.fetch(address)
	if err != nil {
		return nil, err
	}
	cert, err := c.vouched(text, now)
	if err != nil {
		return nil, &dispute.Error{Kind: dispute.Auth, Op: verifyOp, Err: err}
	}
	return cert, nil
}

// remember keeps a good certificate, and a refusal for a short while. What could
// not be had is asked for again.
func (c *certificates) remember(address string, now time.Time, cert *x509.Certificate, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.kept[address] = cert
	case dispute.KindOf(err) == dispute.Auth:
		maps.DeleteFunc(c.refused, func(_ string, r refusal) bool { return now.After(r.until) })
		if len(c.refused) < maxRefusals {
			c.refused[address] = refusal{err, now.Add(refusalLasts)}
		}
	}
}

// known is a kept certificate, or the refusal that still holds; neither when the
// address has to be asked.
func (c *certificates) known(address string, now time.Time) (*x509.Certificate, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if cert := c.kept[address]; cert != nil {
		return cert, nil
	}
	if r, ok := c.refused[address]; ok && !now.After(r.until) {
		return nil, r.err
	}
	return nil, nil
}

// fetch reads a certificate. Redirects are not followed: they would lead to
// where the pin does not hold.
func (c *certificates) fetch(address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) // #nosec G704 -- pinned to PayPal's own hosts
	if err != nil {
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "the certificate's address is not PayPal's")
	}
	client := *c.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req) // #nosec G704 -- as above
	if err != nil {
		return nil, vendorhttp.TransportError(verifyOp, false, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return nil, dispute.Errorf(dispute.Transient, verifyOp, "the certificate cannot be had now: HTTP %d", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "PayPal has no such certificate: HTTP %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxCertificates))
	if err != nil {
		return nil, vendorhttp.TransportError(verifyOp, false, err)
	}
	return text, nil
}

// vouched is the first certificate of a chain, once an authority that we trust
// vouches for it and it is PayPal's for webhooks.
func (c *certificates) vouched(text []byte, now time.Time) (*x509.Certificate, error) {
	var leaf *x509.Certificate
	chain := x509.NewCertPool()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the certificate cannot be read: %w", err)
		case leaf == nil:
			leaf = cert
		default:
			chain.AddCert(cert)
		}
	}
	if leaf == nil {
		return nil, fmt.Errorf("the certificate is not in PEM")
	}
	if leaf.Subject.CommonName != c.subject && !slices.Contains(leaf.DNSNames, c.subject) {
		return nil, fmt.Errorf("the certificate is not that of %s", c.subject)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.roots, Intermediates: chain, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return leaf, err
}
