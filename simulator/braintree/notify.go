package braintree

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- Braintree signs with HMAC-SHA1
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// formType is what notifications are posted as.
const formType = "application/x-www-form-urlencoded"

// Notification is one webhook of the account.
type Notification struct {
	Kind    string // dispute_opened …
	Dispute string
	Body    string // the form, signed
	held    bool
}

// Notifications lists what waits to be taken, oldest first, held ones too.
func (b *Braintree) Notifications() []Notification {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Notification, 0, len(b.queue))
	for _, n := range b.queue {
		out = append(out, *n)
	}
	return out
}

// SetTarget names the address that notifications go to.
func (b *Braintree) SetTarget(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opt.TargetURL = address
	b.nudge()
}

// Release sends the notifications of a dispute that were held back.
func (b *Braintree) Release(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d, ok := b.disputes[id]; ok {
		d.Hold = false
	}
	for _, n := range b.queue {
		if n.Dispute == id {
			n.held = false
		}
	}
	b.nudge()
}

// Repeat sends a dispute's latest notification once more.
func (b *Braintree) Repeat(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.told[id]
	if !ok {
		return fmt.Errorf("no notification of %s", id)
	}
	b.queue = append(b.queue, &n)
	b.nudge()
	return nil
}

// Run posts notifications until ctx ends. One that is not answered with 2xx is
// posted again every RetryEvery, Retries times in all, as Braintree does every
// hour for a day (guides/webhooks/parse). Order is not kept.
func (b *Braintree) Run(ctx context.Context) {
	var posts sync.WaitGroup
	defer posts.Wait()
	for {
		target, due := b.take()
		for _, n := range due {
			posts.Go(func() { b.deliver(ctx, target, n) })
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
	}
}

// Challenge tries the target as the Control Panel does when an address is set.
func (b *Braintree) Challenge(ctx context.Context, asked string) error {
	b.mu.Lock()
	target := b.opt.TargetURL
	b.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target+"?"+url.Values{"bt_challenge": {asked}}.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := b.opt.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	if want := b.opt.PublicKey + "|" + hexSign(b.opt.PrivateKey, asked); resp.StatusCode != http.StatusOK || strings.TrimSpace(string(got)) != want {
		return fmt.Errorf("HTTP %d, and not the answer to the challenge", resp.StatusCode)
	}
	return nil
}

// take empties the queue of what may be sent.
func (b *Braintree) take() (string, []*Notification) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opt.TargetURL == "" {
		return "", nil
	}
	var due []*Notification
	b.queue = slices.DeleteFunc(b.queue, func(n *Notification) bool {
		if !n.held {
			due = append(due, n)
		}
		return !n.held
	})
	return b.opt.TargetURL, due
}

func (b *Braintree) deliver(ctx context.Context, target string, n *Notification) {
	for range b.opt.Retries {
		if b.post(ctx, target, n.Body) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.opt.RetryEvery):
		}
	}
}

func (b *Braintree) post(ctx context.Context, target, body string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", formType)
	resp, err := b.opt.Client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode/100 == 2
}

// tell queues a notification of a dispute's status; the caller holds the lock.
func (b *Braintree) tell(d *record) {
	kind := "dispute_" + d.status
	if d.status == "open" {
		kind = "dispute_opened"
	}
	n := Notification{Kind: kind, Dispute: d.ID, Body: Sign(b.opt.PublicKey, b.opt.PrivateKey, d.xml(kind, b.now())), held: d.Hold}
	b.told[d.ID] = n
	b.queue = append(b.queue, &n)
	b.nudge()
}

func (b *Braintree) nudge() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake
	}
}

// Sign makes the body of a webhook of a notification's XML: base64 in lines of
// sixty, signed as braintree_ruby's webhook_testing_gateway.rb does.
func Sign(publicKey, privateKey, xml string) string {
	var lines strings.Builder
	for text := base64.StdEncoding.EncodeToString([]byte(xml)); text != ""; {
		n := min(60, len(text))
		lines.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	payload := lines.String()
	signature := publicKey + "|" + hexSign(privateKey, payload)
	return "bt_signature=" + url.QueryEscape(signature) + "&bt_payload=" + url.QueryEscape(payload)
}

func hexSign(privateKey, text string) string {
	key := sha1.Sum([]byte(privateKey)) // #nosec G401 -- as Braintree does
	mac := hmac.New(sha1.New, key[:])
	_, _ = mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
