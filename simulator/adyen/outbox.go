package adyen

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DeliverOptions say how webhooks are posted. Each zero field has a default.
type DeliverOptions struct {
	Client *http.Client
	// Retry are the waits after each post that was not taken; the last one
	// repeats. The default is Adyen's own habit.
	Retry []time.Duration
	Batch int // items in one post; default 1, as Adyen sends JSON
}

// habit is when Adyen tries again (docs.adyen.com/development-resources/webhooks/troubleshoot).
var habit = []time.Duration{
	9 * time.Second, 18 * time.Second, 27 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour,
}

// Item is a NotificationRequestItem.
type Item struct {
	AdditionalData      map[string]string `json:"additionalData"`
	Amount              Amount            `json:"amount"`
	EventCode           string            `json:"eventCode"`
	EventDate           string            `json:"eventDate"`
	MerchantAccountCode string            `json:"merchantAccountCode"`
	MerchantReference   string            `json:"merchantReference"`
	OriginalReference   string            `json:"originalReference"`
	PaymentMethod       string            `json:"paymentMethod"`
	PspReference        string            `json:"pspReference"`
	Reason              string            `json:"reason"`
	Success             string            `json:"success"`
}

// Amount is in Adyen's minor units.
type Amount struct {
	Currency string `json:"currency"`
	Value    int64  `json:"value"`
}

// Sign sets an item's HMAC signature by a key in hex.
func Sign(it *Item, key string) error {
	secret, err := hex.DecodeString(key)
	if err != nil {
		return fmt.Errorf("adyen: the key is no hex: %w", err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join([]string{
		it.PspReference, it.OriginalReference, it.MerchantAccountCode, it.MerchantReference,
		strconv.FormatInt(it.Amount.Value, 10), it.Amount.Currency, it.EventCode, it.Success,
	}, ":")))
	if it.AdditionalData == nil {
		it.AdditionalData = map[string]string{}
	}
	it.AdditionalData["hmacSignature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return nil
}

// Body is a standard webhook with these items.
func Body(items ...Item) ([]byte, error) {
	type wrapper struct {
		Item Item `json:"NotificationRequestItem"`
	}
	list := make([]wrapper, len(items))
	for i, it := range items {
		list[i].Item = it
	}
	return json.Marshal(struct {
		Live  string    `json:"live"`
		Items []wrapper `json:"notificationItems"`
	}{"false", list})
}

// outbox keeps all items and a queue of those to post. Its lock is its own, so
// that a slow receiver does not hold up the API.
type outbox struct {
	opt  Options
	wake chan struct{}

	mu     sync.Mutex
	target string
	items  []Item
	held   map[string][]Item // by dispute: what is kept back
	queue  []Item
	posts  int
}

func newOutbox(o Options) *outbox {
	if o.Deliver.Client == nil {
		o.Deliver.Client = &http.Client{Timeout: 10 * time.Second} // Adyen waits ten seconds
	}
	if len(o.Deliver.Retry) == 0 {
		o.Deliver.Retry = habit
	}
	o.Deliver.Batch = max(o.Deliver.Batch, 1)
	return &outbox{opt: o, wake: make(chan struct{}, 1), target: o.TargetURL, held: map[string][]Item{}}
}

// tell makes an event of how the dispute stands now and queues it; the caller
// holds the account's lock.
func (s *Adyen) tell(r *record, code string) {
	r.event = code
	it := Item{
		AdditionalData: map[string]string{}, Amount: Amount{r.order.Currency, r.order.Total},
		EventCode: code, EventDate: s.opt.Now().Format(time.RFC3339), MerchantAccountCode: s.opt.MerchantAccount,
		MerchantReference: r.order.Name(), OriginalReference: r.payment, PaymentMethod: r.scheme, PspReference: r.id,
		Reason: r.title, Success: "true",
	}
	prefix := "chargeback"
	switch {
	case code == "NOTIFICATION_OF_FRAUD":
		prefix = "nof"
	case r.stage == inquiry:
		prefix = "rfi"
	}
	it.AdditionalData[prefix+"SchemeCode"] = r.scheme
	it.AdditionalData[prefix+"ReasonCode"] = r.code
	if prefix != "nof" {
		it.AdditionalData["defendable"] = strconv.FormatBool(r.defendable)
		it.AdditionalData["autoDefended"] = "false"
		it.AdditionalData["defensePeriodEndsAt"] = r.due.Format(time.RFC3339)
		if !r.silent {
			it.AdditionalData["disputeStatus"] = r.status
		}
	}
	if err := Sign(&it, s.opt.HMACKey); err != nil {
		panic(err) // a key of the test's own
	}
	s.outbox.add(it)
}

func (o *outbox) add(items ...Item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.items = append(o.items, items...)
	for _, it := range items {
		if kept, held := o.held[it.PspReference]; held {
			o.held[it.PspReference] = append(kept, it)
			continue
		}
		o.enqueue([]Item{it})
	}
}

func (o *outbox) enqueue(items []Item) {
	o.queue = append(o.queue, items...)
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

// Items lists what was told of a dispute, oldest first; "" lists all.
func (s *Adyen) Items(dispute string) []Item {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	var out []Item
	for _, it := range s.outbox.items {
		if dispute == "" || it.PspReference == dispute {
			out = append(out, it)
		}
	}
	return out
}

// Hold keeps back what is told of a dispute from now on; Items lists it.
func (s *Adyen) Hold(dispute string) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	if _, held := s.outbox.held[dispute]; !held {
		s.outbox.held[dispute] = nil
	}
}

// Release posts what was kept back of a dispute, oldest first, and keeps back no
// more.
func (s *Adyen) Release(dispute string) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.enqueue(s.outbox.held[dispute])
	delete(s.outbox.held, dispute)
}

// Drop loses what was kept back of a dispute, and keeps back no more.
func (s *Adyen) Drop(dispute string) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	delete(s.outbox.held, dispute)
}

// Again posts everything that was told of a dispute once more.
func (s *Adyen) Again(dispute string) {
	items := s.Items(dispute)
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.enqueue(items)
}

// SetTarget names the address that webhooks go to.
func (s *Adyen) SetTarget(url string) {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	s.outbox.target = url
	s.outbox.enqueue(nil)
}

// Posts counts the posts, taken or not.
func (s *Adyen) Posts() int {
	s.outbox.mu.Lock()
	defer s.outbox.mu.Unlock()
	return s.outbox.posts
}

// Run posts webhooks until ctx ends: in order, and none before the one ahead of
// it was taken, as Adyen's queue of an endpoint does.
func (s *Adyen) Run(ctx context.Context) {
	o := s.outbox
	failed := 0
	for {
		target, batch := o.next()
		wait := time.Duration(-1)
		switch {
		case len(batch) == 0 || target == "":
		case o.post(ctx, target, batch):
			o.taken(len(batch))
			failed, wait = 0, 0
		default:
			wait = o.opt.Deliver.Retry[min(failed, len(o.opt.Deliver.Retry)-1)]
			failed++
		}
		if !o.rest(ctx, wait) {
			return
		}
	}
}

// rest waits; a negative time until something is queued.
func (o *outbox) rest(ctx context.Context, wait time.Duration) bool {
	if wait < 0 {
		select {
		case <-ctx.Done():
			return false
		case <-o.wake:
			return true
		}
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}

func (o *outbox) next() (target string, batch []Item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.target, slices.Clone(o.queue[:min(len(o.queue), o.opt.Deliver.Batch)])
}

func (o *outbox) taken(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = slices.Clone(o.queue[n:])
}

// post sends a batch once; true means that it was taken.
func (o *outbox) post(ctx context.Context, target string, batch []Item) bool {
	o.mu.Lock()
	o.posts++
	o.mu.Unlock()
	body, err := Body(batch...)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	if o.opt.WebhookUser != "" {
		req.SetBasicAuth(o.opt.WebhookUser, o.opt.WebhookPassword)
	}
	resp, err := o.opt.Deliver.Client.Do(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}
