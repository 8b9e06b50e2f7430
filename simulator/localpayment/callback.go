package localpayment

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Callback is one posted status of a transaction.
type Callback struct {
	ExternalID string
	Code       string
	Body       []byte
	Attempts   int
	Delivered  int // posts that were answered with 200
}

// Open charges an order back and returns the externalId, which is the shop's id
// of the order.
func (l *Localpayment) Open(o world.Order) string {
	c := &chargeback{
		externalID: strconv.FormatInt(o.ShopifyID, 10), order: o, opened: l.opt.Now(),
		payIn: l.world.NewID("payin-"), internalID: l.world.NewID("chargeback-"),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chargebacks[c.externalID] = c
	l.add(c, "906", object{"transactionType": "PayIn", "data": c.payInObject()})
	return c.externalID
}

// Escalate passes the documentation on to the acquirer.
func (l *Localpayment) Escalate(externalID string) error {
	return l.move(externalID, "102", "INDISPUTE", "Dispute documentation was sent to the acquire")
}

// Complete ends a chargeback that nobody disputed.
func (l *Localpayment) Complete(externalID string) error {
	return l.move(externalID, "200", "COMPLETED", "Chargeback has been completed")
}

// Decide tells the verdict. A second verdict may turn the first around.
func (l *Localpayment) Decide(externalID string, won bool) error {
	if won {
		return l.move(externalID, "202", "DISPUTE_WON", "Dispute credited")
	}
	return l.move(externalID, "201", "DISPUTE_LOST", "Dispute debited")
}

func (l *Localpayment) move(externalID, code, description, detail string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.chargebacks[externalID]
	if !ok {
		return fmt.Errorf("no chargeback of %s", externalID)
	}
	l.add(c, code, object{"transactionType": "ChargeBack", "data": object{
		"externalId": externalID, "internalId": c.internalID, "accountNumber": account, "transactionType": "ChargeBack",
		"comment":     "ChargeBack transaction originated by: " + c.payIn,
		"status":      object{"code": code, "description": description, "detail": detail},
		"dateCreated": stamp(c.opened), "dateProcessed": stamp(l.opt.Now()),
	}})
	return nil
}

// add remembers a callback; the caller holds the lock.
func (l *Localpayment) add(c *chargeback, code string, body object) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("localpayment: a callback has no JSON: " + err.Error())
	}
	l.callbacks = append(l.callbacks, &Callback{ExternalID: c.externalID, Code: code, Body: text})
}

const account = "032.032.00000001"

func (c chargeback) payInObject() object {
	o, amount := c.order, decimal(c.order.Total, c.order.Currency)
	return object{
		"transactionType": "PayIn", "externalId": c.externalID, "internalId": c.payIn,
		"paymentMethod": object{"type": "CreditCard", "code": "1000", "flow": "DIRECT"},
		"country":       "ARG", "currency": o.Currency, "amount": amount, "accountNumber": account,
		"confirmed": object{"currency": o.Currency, "fxQuote": 1, "amount": amount},
		"status":    object{"code": "906", "description": "CHARGEBACK", "detail": "The payin has a chargeback"},
		"payer":     object{"type": "INDIVIDUAL", "name": o.Customer.Name, "email": o.Customer.Email, "document": object{"type": "DNI", "id": "99999999"}},
		"date":      object{"creationDate": stamp(o.PaidAt), "processedDate": stamp(c.opened)},
		"card":      object{"brand": o.CardBrand, "last4": o.CardLast4, "installments": 1},
		"errors":    []any{},
	}
}

// decimal writes minor units as Localpayment writes amounts: in major units, with
// a decimal place where there is nothing to tell, too.
func decimal(minor int64, currency string) json.Number {
	switch currency {
	case "CLP", "PYG":
		return json.Number(strconv.FormatInt(minor, 10) + ".0")
	default:
		return json.Number(fmt.Sprintf("%d.%02d", minor/100, minor%100))
	}
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Callbacks lists every callback, oldest first.
func (l *Localpayment) Callbacks() []Callback {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Callback, len(l.callbacks))
	for i, c := range l.callbacks {
		out[i] = *c
	}
	return out
}

// Deliver posts every callback that was not answered with 200 yet, oldest first,
// each again and again with growing pauses ("retries with exponential backoff",
// docs.localpayment.com, receive payment notifications). One that is not taken
// does not keep the others back; the error names those that were not after all
// attempts.
func (l *Localpayment) Deliver(ctx context.Context, target string) error {
	var failed []error
	for i, c := range l.Callbacks() {
		if c.Delivered > 0 {
			continue
		}
		if err := l.deliver(ctx, target, i, c.Body); err != nil {
			failed = append(failed, fmt.Errorf("callback %s of %s: %w", c.Code, c.ExternalID, err))
		}
	}
	return errors.Join(failed...)
}

func (l *Localpayment) deliver(ctx context.Context, target string, i int, body []byte) error {
	pause := l.opt.Backoff
	for attempt := 1; ; attempt++ {
		status, err := l.post(ctx, target, body)
		l.mu.Lock()
		l.callbacks[i].Attempts++
		if err == nil && status == http.StatusOK {
			l.callbacks[i].Delivered++
		}
		l.mu.Unlock()
		switch {
		case err == nil && status == http.StatusOK:
			return nil
		case attempt == l.opt.Attempts:
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

func (l *Localpayment) post(ctx context.Context, target string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = l.Sign(body)
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.opt.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// Sign is the header of a callback, in the version whose secret is set; version
// 3 where both are.
func (l *Localpayment) Sign(body []byte) http.Header {
	if l.opt.Secret != "" {
		return http.Header{"X-Signature": {"HMAC-SHA256 " + mac([]byte(l.opt.Secret), body)}}
	}
	key, err := hex.DecodeString(l.opt.SecretV2)
	if err != nil {
		panic("localpayment: the secret of version 2 is no hex")
	}
	return http.Header{"Signature": {mac(key, body)}}
}

func mac(key, body []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
