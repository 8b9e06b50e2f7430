package checkout

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// retries are Checkout.com's waits before it posts a webhook again; after the
// last it gives up (checkout.com/docs/workflows). They shrink with the world's
// day.
var retries = []time.Duration{
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 12 * time.Hour,
}

// Event is one webhook.
type Event struct {
	ID        string
	Type      string
	Dispute   string
	Body      []byte
	Attempts  int  // posts, answered or not
	Delivered int  // posts that were answered with 2xx
	GaveUp    bool // no retry is left
}

// outbox keeps the webhooks and posts them. Its lock is its own, so that a slow
// receiver does not hold up the API.
type outbox struct {
	opt  Options
	day  time.Duration
	wake chan struct{}

	mu     sync.Mutex
	target string
	events []*Event
	queue  []*Event
}

func newOutbox(w *world.World, o Options) *outbox {
	return &outbox{opt: o, day: w.Day(), target: o.TargetURL, wake: make(chan struct{}, 1)}
}

// SetTarget names the address that webhooks go to.
func (c *Checkout) SetTarget(url string) {
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	c.outbox.target = url
}

// Run posts webhooks until ctx ends, each until it is answered with 2xx or its
// retries are used up. Order is not kept, as Checkout.com keeps none.
func (c *Checkout) Run(ctx context.Context) {
	o := c.outbox
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

// Events lists the webhooks of a dispute, oldest first; "" lists all.
func (c *Checkout) Events(dispute string) []Event {
	o := c.outbox
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

// Deliver posts a webhook once more, as the Dashboard's resend does.
func (c *Checkout) Deliver(event string) error {
	o := c.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	at := slices.IndexFunc(o.events, func(e *Event) bool { return e.ID == event })
	if at < 0 {
		return fmt.Errorf("no event %s", event)
	}
	o.push(o.events[at])
	return nil
}

// Headers are those that sign a body.
func (c *Checkout) Headers(body []byte) http.Header { return c.outbox.headers(body) }

// emit writes a webhook as the examples of 2022 and later have it.
func (c *Checkout) emit(d *record, kind string, at time.Time) {
	data := object{
		"id": d.ID, "date": stamp(at), "category": d.opt.Category, "amount": d.Amount, "currency": d.Currency,
		"reason_code": d.opt.Code, "payment_id": d.Payment, "payment_action_id": "act_" + d.ID[4:],
		"payment_reference": d.order.Name(), "payment_method": d.opt.Method,
		"entity_id": "ent_rehearsal", "processing_channel_id": "pc_rehearsal",
	}
	if kind == "dispute_evidence_required" {
		data["evidence_required_by"] = stamp(d.Due)
	}
	if d.Resolved != "" {
		data["resolved_reason"] = d.Resolved
	}
	e := &Event{ID: c.newID("evt_"), Type: kind, Dispute: d.ID}
	e.Body = encode(object{
		"id": e.ID, "source": "dispute", "type": kind, "timestamp": stamp(at), "version": "1.0.6", "data": data,
		"_links": object{"self": link("/workflows/events/" + e.ID)},
	})
	o := c.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
	o.push(e)
}

func (o *outbox) push(e *Event) {
	o.queue = append(o.queue, e)
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

func (o *outbox) take() []*Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.queue
	o.queue = nil
	return out
}

func (o *outbox) deliver(ctx context.Context, e *Event) {
	for _, wait := range retries {
		if o.post(ctx, e) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(float64(wait) * float64(o.day) / float64(24*time.Hour))):
		}
	}
	if !o.post(ctx, e) {
		o.mu.Lock()
		defer o.mu.Unlock()
		e.GaveUp = true
	}
}

// post sends the webhook once; ok means that it was taken.
func (o *outbox) post(ctx context.Context, e *Event) (ok bool) {
	o.mu.Lock()
	target := o.target
	o.mu.Unlock()
	if target != "" {
		ok = o.send(ctx, target, e.Body)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	e.Attempts++
	if ok {
		e.Delivered++
	}
	return ok
}

func (o *outbox) send(ctx context.Context, target string, body []byte) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header = o.headers(body)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := o.opt.Client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

func (o *outbox) headers(body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(o.opt.SignatureKey))
	_, _ = mac.Write(body)
	h := http.Header{"Cko-Signature": {hex.EncodeToString(mac.Sum(nil))}}
	if o.opt.Authorization != "" {
		h.Set("Authorization", o.opt.Authorization)
	}
	return h
}

func encode(o object) []byte {
	body, err := json.Marshal(o)
	if err != nil {
		panic("simulator/checkout: an object has no JSON: " + err.Error())
	}
	return body
}

// stamp writes a time as Checkout.com does.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000+00:00") }
