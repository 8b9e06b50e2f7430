package paypal

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// fetchLimit bounds the fetch of a certificate, which a webhook waits for.
	fetchLimit = 5 * time.Second
	// maxCertificates bounds what is read of one; a chain is a few kilobytes.
	maxCertificates = 64 << 10
)

// certificates are those that PayPal signs webhooks with. One is fetched when
// the first webhook names it and kept as long as it is valid, about a year, so
// that almost every webhook is verified without a call. Only certificates that
// were vouched for are kept.
type certificates struct {
	http    *http.Client
	scheme  string
	hosts   []string       // where certificates may come from
	roots   *x509.CertPool // nil for the machine's
	subject string

	mu   sync.RWMutex
	kept map[string]*x509.Certificate // by address

	fetching sync.Mutex // one fetch at a time; webhooks with a kept certificate do not wait
}

// newCertificates pins where certificates come from and whose they are. The
// names are those that PayPal's Java SDK checks.
func newCertificates(client *http.Client, base *url.URL, roots *x509.CertPool, sandbox bool) *certificates {
	c := &certificates{
		http: client, scheme: "https", roots: roots, kept: map[string]*x509.Certificate{},
		hosts: []string{"api.paypal.com", "api-m.paypal.com"}, subject: "messageverificationcerts.paypal.com",
	}
	if sandbox {
		c.hosts = []string{"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}
		c.subject = "messageverificationcerts.sandbox.paypal.com"
	}
	if roots != nil {
		c.scheme, c.hosts = base.Scheme, []string{base.Host}
	}
	return c
}

// certificatePath is where PayPal keeps certificates.
var certificatePath = regexp.MustCompile(`^/v1/notifications/certs/[A-Za-z0-9-]{1,100}$`)

// at is the certificate of an address, valid at now. An address that is not
// PayPal's, and a certificate that nobody vouches for, are Auth; one that
// cannot be had at the moment is Transient.
func (c *certificates) at(address string, now time.Time) (*rsa.PublicKey, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != c.scheme || !slices.Contains(c.hosts, u.Host) || u.User != nil ||
		!certificatePath.MatchString(u.EscapedPath()) || u.RawQuery != "" || u.Fragment != "" {
		return nil, dispute.Errorf(dispute.Auth, verifyOp, "the certificate's address is not PayPal's")
	}
	cert, err := c.get(u.String(), now)
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

func (c *certificates) get(address string, now time.Time) (*x509.Certificate, error) {
	if cert := c.known(address); cert != nil {
		return cert, nil
	}
	c.fetching.Lock()
	defer c.fetching.Unlock()
	if cert := c.known(address); cert != nil {
		return cert, nil
	}
	text, err := c.fetch(address)
	if err != nil {
		return nil, err
	}
	cert, err := c.vouched(text, now)
	if err != nil {
		return nil, &dispute.Error{Kind: dispute.Auth, Op: verifyOp, Err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[address] = cert
	return cert, nil
}

func (c *certificates) known(address string) *x509.Certificate {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept[address]
}

// fetch reads a certificate. Redirects are not followed: they would lead to
// where the pin does not hold.
func (c *certificates) fetch(address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) // #nosec G704 -- at pins it to PayPal's own hosts
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
