package outage

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// retryAfter is how long the sender waits before it sends a refused event again.
const retryAfter = 300 * time.Millisecond

// sender is a provider that sends at a steady rate, whatever the answers, and
// sends again what was refused.
type sender struct {
	sim    *simulator.Simulator
	url    string
	client *http.Client
	rng    *rand.Rand
	posts  sync.WaitGroup

	mu      sync.Mutex
	fresh   []stripe.Event // not sent yet
	sent    []stripe.Event // first sendings, in order
	answers []answer
	acked   map[string]time.Time // by event: the first acknowledgement
	due     map[string]time.Time // by dispute
}

// answer is what became of one sending.
type answer struct {
	event  string
	at     time.Time // when the answer came
	took   time.Duration
	status int // 0 when there was none
	repeat bool
}

func (s *stage) sender() *sender {
	return &sender{
		sim: s.sys.Simulator, url: s.sys.Console + "/webhooks/stripe-us",
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		rng:    rand.New(rand.NewSource(1)), acked: map[string]time.Time{}, due: map[string]time.Time{}, //nolint:gosec // a test's order
	}
}

// start sends until the returned function is called, which waits until every
// event was acknowledged.
func (p *sender) start(ctx context.Context, rate int) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ticking sync.WaitGroup
	ticking.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case at := <-tick.C:
				e, repeat := p.next()
				p.posts.Go(func() { p.insist(e, at, repeat) })
			}
		}
	})
	return func() {
		cancel()
		ticking.Wait()
		p.posts.Wait()
	}
}

// next is an event of a new dispute, or one of those sent lately once more.
func (p *sender) next() (e stripe.Event, repeat bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lately := p.sent[max(0, len(p.sent)-500):]; len(lately) > 0 && p.rng.Float64() < *again {
		return lately[p.rng.Intn(len(lately))], true
	}
	if len(p.fresh) == 0 {
		p.open()
	}
	e, p.fresh = p.fresh[0], p.fresh[1:]
	p.sent = append(p.sent, e)
	return e, false
}

// open opens a dispute that is due in 30 to 120 days, and takes its events in
// any order. The caller holds the lock.
func (p *sender) open() {
	dueIn := 30*24*time.Hour + time.Duration(p.rng.Intn(90*24*3600))*time.Second
	id := p.sim.Stripe.Open(p.sim.World.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{
		Reason: "product_not_received", NetworkCode: "13.1", DueIn: dueIn, Hold: true,
	})
	d, _ := p.sim.Stripe.Dispute(id)
	p.due[id] = d.Due
	p.fresh = p.sim.Stripe.Events(id)
	p.rng.Shuffle(len(p.fresh), func(i, j int) { p.fresh[i], p.fresh[j] = p.fresh[j], p.fresh[i] })
}

// insist sends an event until it is acknowledged.
func (p *sender) insist(e stripe.Event, due time.Time, repeat bool) {
	for p.post(e, due, repeat) != http.StatusOK {
		time.Sleep(retryAfter)
		due = time.Now()
	}
}

// post sends an event once. The answer's time counts from when it was due.
func (p *sender) post(e stripe.Event, due time.Time, repeat bool) int {
	now := time.Now()
	signature := hex.EncodeToString(webhook.ComputeSignature(now, e.Body, simulator.StripeWebhookSecret))
	req, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader(e.Body)) //nolint:noctx // the client has a time-out
	if err != nil {
		panic(err) // the address is ours
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", now.Unix(), signature))
	status := 0
	if resp, err := p.client.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
		_ = resp.Body.Close()
		status = resp.StatusCode
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now()
	p.answers = append(p.answers, answer{e.ID, at, at.Sub(due), status, repeat})
	if _, known := p.acked[e.ID]; status == http.StatusOK && !known {
		p.acked[e.ID] = at
	}
	return status
}

// between are the answers that came in a span of time.
func (p *sender) between(from, to time.Time) []answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []answer
	for _, a := range p.answers {
		if !a.at.Before(from) && a.at.Before(to) {
			out = append(out, a)
		}
	}
	return out
}

// statuses counts the answers by status.
func statuses(answers []answer) map[int]int {
	out := map[int]int{}
	for _, a := range answers {
		out[a.status]++
	}
	return out
}

// quantile is how long the share q of the answers took at most.
func quantile(answers []answer, q float64) time.Duration {
	if len(answers) == 0 {
		return 0
	}
	took := make([]time.Duration, len(answers))
	for i, a := range answers {
		took[i] = a.took
	}
	slices.Sort(took)
	return took[int(q*float64(len(took)-1))].Round(10 * time.Microsecond)
}

// repeats counts the answers to events that had been sent before.
func repeats(answers []answer) (n int) {
	for _, a := range answers {
		if a.repeat {
			n++
		}
	}
	return n
}

// backlog are the disputes of which something was acknowledged in a span of
// time and nothing before it.
func (p *sender) backlog(from, to time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := map[string]time.Time{}
	for _, e := range p.sent {
		at, ok := p.acked[e.ID]
		if known, seen := first[e.Dispute]; ok && (!seen || at.Before(known)) {
			first[e.Dispute] = at
		}
	}
	var out []string
	for id, at := range first {
		if at.After(from) && at.Before(to) {
			out = append(out, id)
		}
	}
	return out
}

// firstOK is when the first acknowledgement came after a moment; zero when none
// has.
func (p *sender) firstOK(after time.Time) (first time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.answers {
		if a.status == http.StatusOK && a.at.After(after) && (first.IsZero() || a.at.Before(first)) {
			first = a.at
		}
	}
	return first
}
