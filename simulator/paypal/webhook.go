package paypal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed" // the authority
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DeliverOptions say how webhooks are posted. Each zero field has a default.
type DeliverOptions struct {
	Client     *http.Client
	MinBackoff time.Duration // before the first retry, doubled each time; default 200 ms
	MaxBackoff time.Duration // default 5 s
	Attempts   int           // default 26: PayPal retries 25 times over three days
}

// Event is one webhook.
type Event struct {
	ID        string
	Type      string
	Dispute   string
	Body      []byte
	Attempts  int // posts, answered or not
	Delivered int // posts that were answered with 2xx
}

// outbox keeps the webhooks and posts them. Its lock is its own, so that a slow
// receiver does not hold up the API.
type outbox struct {
	owner *PayPal
	opt   DeliverOptions
	wake  chan struct{}

	mu     sync.Mutex
	target string
	events []*Event
	queue  []*Event
}

func (o *outbox) init(p *PayPal) {
	o.owner, o.opt, o.target, o.wake = p, p.opt.Deliver, p.opt.TargetURL, make(chan struct{}, 1)
	if o.opt.Client == nil {
		o.opt.Client = &http.Client{Timeout: 30 * time.Second}
	}
	if o.opt.MinBackoff == 0 {
		o.opt.MinBackoff = 200 * time.Millisecond
	}
	if o.opt.MaxBackoff == 0 {
		o.opt.MaxBackoff = 5 * time.Second
	}
	if o.opt.Attempts == 0 {
		o.opt.Attempts = 26
	}
}

// emit makes a webhook of a dispute as it is now.
func (p *PayPal) emit(d *record, kind string) {
	d.updated = p.now()
	id := "WH-" + p.world.NewID("")
	link := func(rel, method string) object {
		return object{"href": p.address + "/v1/notifications/webhooks-events/" + id, "rel": rel, "method": method}
	}
	body, err := json.Marshal(object{
		"id": id, "create_time": stamp(p.now()), "resource_type": "dispute", "event_type": kind, "event_version": "1.0",
		"summary": "Case # " + d.id, "resource": d.render(p.address), "links": []any{link("self", "GET"), link("resend", "POST")},
	})
	if err != nil {
		panic("simulator/paypal: an event has no JSON: " + err.Error())
	}
	p.outbox.add(&Event{ID: id, Type: kind, Dispute: d.id, Body: body})
}

func (o *outbox) add(e *Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
	o.enqueue(e)
}

func (o *outbox) enqueue(e *Event) {
	o.queue = append(o.queue, e)
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

// SetTarget says where webhooks go from now on.
func (p *PayPal) SetTarget(url string) {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	p.outbox.target = url
}

// Events lists the webhooks of a dispute, or of all when it is empty.
func (p *PayPal) Events(dispute string) []Event {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	var out []Event
	for _, e := range p.outbox.events {
		if dispute == "" || e.Dispute == dispute {
			out = append(out, *e)
		}
	}
	return out
}

// Deliver posts an event once more, as PayPal's dashboard can.
func (p *PayPal) Deliver(event string) error {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	at := slices.IndexFunc(p.outbox.events, func(e *Event) bool { return e.ID == event })
	if at < 0 {
		return fmt.Errorf("there is no event %s", event)
	}
	p.outbox.enqueue(p.outbox.events[at])
	return nil
}

// Run posts webhooks until ctx ends, each on its own, so that they may overtake
// each other as PayPal's do.
func (p *PayPal) Run(ctx context.Context) {
	var posts sync.WaitGroup
	defer posts.Wait()
	for {
		p.outbox.mu.Lock()
		queue := p.outbox.queue
		p.outbox.queue = nil
		p.outbox.mu.Unlock()
		for _, e := range queue {
			posts.Go(func() { p.outbox.deliver(ctx, e) })
		}
		select {
		case <-ctx.Done():
			return
		case <-p.outbox.wake:
		}
	}
}

func (o *outbox) deliver(ctx context.Context, e *Event) {
	wait := o.opt.MinBackoff
	for range o.opt.Attempts {
		if o.post(ctx, e) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, o.opt.MaxBackoff)
	}
}

// post sends the event once; ok means that it was taken.
func (o *outbox) post(ctx context.Context, e *Event) (ok bool) {
	o.mu.Lock()
	target := o.target
	o.mu.Unlock()
	if target == "" {
		return false
	}
	ok = o.send(ctx, target, e.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	e.Attempts++
	if ok {
		e.Delivered++
	}
	return ok
}

func (o *outbox) send(ctx context.Context, target string, body []byte) (ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header = o.owner.Sign(body, o.owner.opt.Now())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PayPal/AUHR-1.0")
	resp, err := o.opt.Client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

// Sign makes the headers of a webhook sent at that time.
func (p *PayPal) Sign(body []byte, at time.Time) http.Header {
	p.mu.Lock()
	address := p.address
	p.mu.Unlock()
	h := http.Header{}
	id, when := p.world.NewID(""), at.UTC().Format(time.RFC3339)
	h.Set("Paypal-Transmission-Id", id)
	h.Set("Paypal-Transmission-Time", when)
	h.Set("Paypal-Auth-Algo", "SHA256withRSA")
	h.Set("Paypal-Cert-Url", address+"/v1/notifications/certs/"+certificateID)
	h.Set("Paypal-Transmission-Sig", p.signer().sign(fmt.Sprintf("%s|%s|%s|%d", id, when, p.opt.WebhookID, crc32.ChecksumIEEE(body))))
	return h
}

// certificateID is the certificate's name in its address.
const certificateID = "CERT-360caa42-fca2a594-5a29e601"

func (p *PayPal) certificate(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != certificateID {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(p.signer().chain)
}

// CertificateAuthority is the authority, in PEM, that vouches for the
// certificates of all stand-ins: what the setting cert_roots wants. Its key is
// public, so that nothing but a rehearsal may trust it.
func (p *PayPal) CertificateAuthority() string { return authority }

// The authority is the same at every start, so that a configuration can name it.
var (
	//go:embed authority/rehearsal-only.crt
	authority string
	//go:embed authority/rehearsal-only.key
	authorityKey []byte
)

// signer is the certificate that the authority gave PayPal.
type signer struct {
	key   *rsa.PrivateKey
	chain []byte // PEM
}

func newSigner(now time.Time) *signer {
	root, err := x509.ParseCertificate(unwrap([]byte(authority)))
	must(err)
	by, err := x509.ParsePKCS8PrivateKey(unwrap(authorityKey))
	must(err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "messageverificationcerts.paypal.com"},
		DNSNames:  []string{"messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), by)
	must(err)
	return &signer{key: key, chain: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// unwrap is what a file of the authority holds.
func unwrap(text []byte) []byte {
	block, _ := pem.Decode(text)
	return block.Bytes
}

func (s *signer) sign(text string) string {
	digest := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, digest[:])
	must(err)
	return base64.StdEncoding.EncodeToString(sig)
}

// must is for what fails only when the machine has no randomness, or the files of
// the authority are broken.
func must(err error) {
	if err != nil {
		panic("simulator/paypal: " + err.Error())
	}
}
