package stripe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// DeliverOptions say how events are posted. Each zero field has a default.
type DeliverOptions struct {
	Client     *http.Client
	MinBackoff time.Duration // before the first retry; default 200 ms
	MaxBackoff time.Duration // default 5 s
	Parallel   int           // posts at a time; default 16
}

// Event is one event of the account.
type Event struct {
	ID        string
	Type      string
	Dispute   string
	Created   time.Time
	Body      []byte
	Attempts  int // posts, answered or not
	Delivered int // posts that were answered with 2xx
}

// Counters add all events up.
type Counters struct {
	Events, Attempts, Delivered int
}

// outbox keeps the events and posts them. Its lock is its own, so that a slow
// receiver does not hold up the API.
type outbox struct {
	secret string
	now    func() time.Time
	opt    DeliverOptions
	slots  chan struct{}
	wake   chan struct{}

	mu     sync.Mutex
	target string
	events []*Event
	byID   map[string]*Event
	held   map[string]bool // by dispute
	copies int             // of every event
	jitter time.Duration   // puts events out of order
	queued map[string]bool // by event: it was queued at least once
	queue  []*Event
}

func newOutbox(o Options) *outbox {
	d := o.Deliver
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 20 * time.Second}
	}
	if d.MinBackoff == 0 {
		d.MinBackoff = 200 * time.Millisecond
	}
	if d.MaxBackoff == 0 {
		d.MaxBackoff = 5 * time.Second
	}
	if d.Parallel == 0 {
		d.Parallel = 16
	}
	return &outbox{
		secret: o.WebhookSecret, now: o.Now, opt: d, target: o.TargetURL,
		slots: make(chan struct{}, d.Parallel), wake: make(chan struct{}, 1),
		byID: map[string]*Event{}, held: map[string]bool{}, queued: map[string]bool{},
	}
}

// Run posts events until ctx ends, each again and again until it is answered
// with 2xx. Order is not kept, as Stripe keeps none.
func (s *Stripe) Run(ctx context.Context) {
	o := s.outbox
	var posts sync.WaitGroup
	defer posts.Wait()
	for {
		for _, e := range o.take() {
			posts.Go(func() { o.deliver(ctx, e) })
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
	}
}

// SetTarget names the address that events go to.
func (s *Stripe) SetTarget(url string) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.target = url
}

// Hold keeps a dispute's events back from now on; Deliver and Release send them.
func (s *Stripe) Hold(dispute string) { s.outbox.hold(dispute) }

// Release sends the events of a dispute that were held back, oldest first, and
// holds no more.
func (s *Stripe) Release(dispute string) {
	o := s.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.held, dispute)
	for _, e := range o.events {
		if e.Dispute == dispute && !o.queued[e.ID] {
			o.push(e)
		}
	}
}

// Disturb makes the webhooks misbehave from now on: every event is sent copies
// more times, and each after a random while of up to jitter, so that they come
// out of order. Zero values end it.
func (s *Stripe) Disturb(copies int, jitter time.Duration) { s.outbox.disturb(copies, jitter) }

// Events lists the events of a dispute, oldest first; "" lists all.
func (s *Stripe) Events(dispute string) []Event {
	o := s.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []Event
	for _, e := range o.events {
		if dispute == "" || e.Dispute == dispute {
			out = append(out, *e)
		}
	}
	return out
}

// Deliver sends an event so many times, whether it is held back or was sent
// before.
func (s *Stripe) Deliver(event string, times int) error {
	o := s.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	e, ok := o.byID[event]
	if !ok {
		return fmt.Errorf("no event %s", event)
	}
	for range times {
		o.push(e)
	}
	return nil
}

// Counters counts events, posts and successful posts so far.
func (s *Stripe) Counters() Counters {
	var c Counters
	for _, e := range s.Events("") {
		c.Events++
		c.Attempts += e.Attempts
		c.Delivered += e.Delivered
	}
	return c
}

func (o *outbox) hold(dispute string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held[dispute] = true
}

func (o *outbox) add(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, &e)
	o.byID[e.ID] = &e
	if !o.held[e.Dispute] {
		o.push(&e)
	}
}

// push queues an event, once more for each copy that a disturbance asks for;
// the caller holds the lock.
func (o *outbox) push(e *Event) {
	o.queued[e.ID] = true
	for range 1 + o.copies {
		if o.jitter <= 0 {
			o.enqueue(e)
			continue
		}
		late := rand.N(o.jitter) // #nosec G404 -- disorder, not a secret
		time.AfterFunc(late, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.enqueue(e)
		})
	}
}

// disturb sends every later event copies more times, each after a random while
// of up to jitter.
func (o *outbox) disturb(copies int, jitter time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.copies, o.jitter = copies, jitter
}

func (o *outbox) enqueue(e *Event) {
	o.queue = append(o.queue, e)
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

func (o *outbox) take() []*Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := slices.Clone(o.queue)
	o.queue = nil
	return out
}

func (o *outbox) deliver(ctx context.Context, e *Event) {
	for wait := o.opt.MinBackoff; !o.post(ctx, e); wait = min(2*wait, o.opt.MaxBackoff) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// post sends the event once; ok means that it was taken.
func (o *outbox) post(ctx context.Context, e *Event) (ok bool) {
	select {
	case o.slots <- struct{}{}:
		defer func() { <-o.slots }()
	case <-ctx.Done():
		return false
	}
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
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", sign(o.secret, o.now(), body))
	resp, err := o.opt.Client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

// sign makes the Stripe-Signature of a body.
func sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(t + "."))
	_, _ = mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
