// Package healthsafepay stands in for HealthSafePay's dispute webhooks. It has
// no API of its own for disputes, so that is all there is.
package healthsafepay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options configure the stand-in.
type Options struct {
	Secret   string // sent with every webhook
	Header   string // the header it is sent in; default X-Webhook-Secret
	Wrapped  bool   // {name, payload}, as the text says; else the payload alone, as the sample shows
	Now      func() time.Time
	Client   *http.Client
	Backoff  time.Duration // before the first retry, doubled each time; default 200 ms
	Attempts int           // posts of one webhook at most; default 5; HealthSafePay documents no habit
}

// Webhook is one event.
type Webhook struct {
	Dispute   string
	Name      string
	Body      []byte
	Attempts  int
	Delivered int
}

// HealthSafePay is one merchant. It is safe for concurrent use.
type HealthSafePay struct {
	opt   Options
	world *world.World

	mu       sync.Mutex
	disputes map[string]*standing
	webhooks []*Webhook
}

type standing struct {
	order    world.Order
	merchant string // merchantTransactionId
	reason   string
	lines    []object // balance transactions
}

// object is a JSON object.
type object = map[string]any

// New makes a merchant that sells the world's orders.
func New(w *world.World, o Options) *HealthSafePay {
	if o.Now == nil {
		o.Now = w.Now
	}
	o.Header = cmp.Or(o.Header, "X-Webhook-Secret")
	o.Client = cmp.Or(o.Client, http.DefaultClient)
	o.Backoff = cmp.Or(o.Backoff, 200*time.Millisecond)
	o.Attempts = cmp.Or(o.Attempts, 5)
	return &HealthSafePay{opt: o, world: w, disputes: map[string]*standing{}}
}

// ServeHTTP answers 404: HealthSafePay documents no call about disputes.
func (h *HealthSafePay) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Open disputes an order and withdraws its amount and a fee; it returns the
// dispute's id.
func (h *HealthSafePay) Open(o world.Order, reason string) string {
	id := h.world.NewID("dp_")
	h.mu.Lock()
	defer h.mu.Unlock()
	d := &standing{order: o, merchant: h.world.NewID(""), reason: reason}
	h.disputes[id] = d
	h.move(id, -o.Total, 1500, "Chargeback withdrawal for "+o.ChargeID, "dispute")
	h.tell(id, "DISPUTE_INITIATED", "NEEDS_RESPONSE")
	return id
}

// Decide tells the verdict; a won dispute's amount is put back first. A second
// verdict may turn the first around.
func (h *HealthSafePay) Decide(id string, won bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.disputes[id]
	if !ok {
		return fmt.Errorf("no dispute %s", id)
	}
	if won {
		h.move(id, d.order.Total, 0, "Chargeback reversal for "+d.order.ChargeID, "dispute_reversal")
		h.tell(id, "DISPUTE_WON", "WON")
		return nil
	}
	h.tell(id, "DISPUTE_LOST", "LOST")
	return nil
}

// move adds a balance transaction; the caller holds the lock.
func (h *HealthSafePay) move(id string, amount, fee int64, description, category string) {
	d, now := h.disputes[id], h.opt.Now()
	d.lines = append(d.lines, object{
		"amount": amount, "available_on": now.Add(7 * h.world.Day()).Unix(), "created": now.Unix(), "currency": strings.ToLower(d.order.Currency),
		"description": description, "exchange_rate": nil, "fee": fee, "fee_details": []any{}, "id": h.world.NewID("txn_"),
		"net": amount - fee, "object": "balance_transaction", "reporting_category": category, "source": id,
		"status": "pending", "type": "adjustment",
	})
}

// tell remembers a webhook; the caller holds the lock.
func (h *HealthSafePay) tell(id, name, status string) {
	d := h.disputes[id]
	body := object{
		"amount": d.order.Total, "eventType": name, "merchantTransactionId": d.merchant, "merchantId": "8e44f962-36bf-4eef-b80c-fd6a23029800",
		"evidence": object{"customer_name": d.order.Customer.Name, "customer_email_address": d.order.Customer.Email},
		"reason":   d.reason, "status": status, "paymentType": "CARD", "balanceTransactions": d.lines,
	}
	if h.opt.Wrapped {
		body = object{"name": name, "payload": body}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic("healthsafepay: a webhook has no JSON: " + err.Error())
	}
	h.webhooks = append(h.webhooks, &Webhook{Dispute: id, Name: name, Body: text})
}

// Webhooks lists every event, oldest first.
func (h *HealthSafePay) Webhooks() []Webhook {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Webhook, len(h.webhooks))
	for i, w := range h.webhooks {
		out[i] = *w
	}
	return out
}

// Deliver posts every event that was not answered with 2xx yet, oldest first,
// each with growing pauses. One that is not taken does not keep the others back;
// the error names those that were not after all attempts.
func (h *HealthSafePay) Deliver(ctx context.Context, target string) error {
	var failed []error
	for i, w := range h.Webhooks() {
		if w.Delivered > 0 {
			continue
		}
		if err := h.deliver(ctx, target, i, w.Body); err != nil {
			failed = append(failed, fmt.Errorf("%s of %s: %w", w.Name, w.Dispute, err))
		}
	}
	return errors.Join(failed...)
}

func (h *HealthSafePay) deliver(ctx context.Context, target string, i int, body []byte) error {
	pause := h.opt.Backoff
	for attempt := 1; ; attempt++ {
		status, err := h.post(ctx, target, body)
		taken := err == nil && status >= 200 && status <= 299
		h.mu.Lock()
		h.webhooks[i].Attempts++
		if taken {
			h.webhooks[i].Delivered++
		}
		h.mu.Unlock()
		switch {
		case taken:
			return nil
		case attempt == h.opt.Attempts:
			return fmt.Errorf("HTTP %d after %d attempts", status, attempt)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause *= 2
	}
}

func (h *HealthSafePay) post(ctx context.Context, target string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set(h.opt.Header, h.opt.Secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.opt.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
