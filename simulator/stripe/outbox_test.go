package stripe_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// receiver takes events and refuses the first ones.
type receiver struct {
	mu      sync.Mutex
	refuse  int
	seen    []string // ids, in order of arrival
	headers []http.Header
	bodies  []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse > 0 {
		r.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e struct{ ID string }
	_ = json.Unmarshal(body, &e)
	r.seen = append(r.seen, e.ID)
	r.headers = append(r.headers, req.Header)
	r.bodies = append(r.bodies, string(body))
}

func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

func running(t *testing.T, r *receiver) (*stripe.Stripe, *world.World) {
	t.Helper()
	srv := httptest.NewServer(r)
	w := world.New(1, time.Now, 24*time.Hour)
	s := stripe.New(w, stripe.Options{
		SecretKey: secretKey, WebhookSecret: webhookSecret,
		Deliver: stripe.DeliverOptions{MinBackoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond},
	})
	s.SetTarget(srv.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done; srv.Close() })
	return s, w
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not within ten seconds", what)
}

func TestDeliversUntilTaken(t *testing.T) {
	t.Parallel()
	r := &receiver{refuse: 3}
	s, w := running(t, r)
	id := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{})
	eventually(t, "both events arrive", func() bool { return len(r.ids()) == 2 })
	eventually(t, "the counters follow", func() bool { return s.Counters() == stripe.Counters{Events: 2, Attempts: 5, Delivered: 2} })
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, h := range r.headers {
		if sig := h.Get("Stripe-Signature"); !strings.HasPrefix(sig, "t=") || !strings.Contains(sig, ",v1=") {
			t.Errorf("signature %q", sig)
		}
		if !strings.Contains(r.bodies[i], id) {
			t.Errorf("event %d is not about %s", i, id)
		}
	}
}

func TestHeldEventsGoInAnyOrder(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s, w := running(t, r)
	id := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{Hold: true})
	if err := s.Decide(id, false); err != nil {
		t.Fatal(err)
	}
	events := s.Events(id)
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	want := []string{}
	for _, send := range []struct{ event, times int }{{2, 2}, {0, 1}} {
		if err := s.Deliver(events[send.event].ID, send.times); err != nil {
			t.Fatal(err)
		}
		for range send.times {
			want = append(want, events[send.event].ID)
		}
		eventually(t, "what was sent arrives", func() bool { return len(r.ids()) == len(want) })
	}
	if got := r.ids(); !slices.Equal(got, want) {
		t.Errorf("arrived %v, want %v", got, want)
	}
	s.Release(id)
	eventually(t, "the last event arrives", func() bool { return len(r.ids()) == len(want)+1 })
	if got := r.ids(); got[len(got)-1] != events[1].ID {
		t.Errorf("released %s, want the one that was never sent, %s", got[len(got)-1], events[1].ID)
	}
	if err := s.Decide(id, true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events flow again", func() bool { return len(r.ids()) == len(want)+3 })
}

func TestHoldLater(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s, w := running(t, r)
	id := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{})
	eventually(t, "the first events arrive", func() bool { return len(r.ids()) == 2 })
	s.Hold(id)
	if err := s.MoveDue(id, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	other := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{Inquiry: true})
	eventually(t, "another dispute's event arrives", func() bool { return slices.Contains(r.ids(), s.Events(other)[0].ID) })
	if slices.Contains(r.ids(), s.Events(id)[2].ID) {
		t.Error("a held event was sent")
	}
}

// Many requests and scenario steps at once: for the race detector, and the
// sums must fit.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	s, w := running(t, r)
	const n = 40
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			id := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{})
			req := httptest.NewRequest(http.MethodPost, "/v1/disputes/"+id, strings.NewReader(letter.Encode()))
			req.Header.Set("Authorization", "Bearer "+secretKey)
			req.Header.Set("Idempotency-Key", id)
			s.ServeHTTP(httptest.NewRecorder(), req)
			if err := s.Decide(id, true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	eventually(t, "all events arrive", func() bool { return s.Counters().Delivered == 5*n })
	for _, d := range s.Disputes() {
		if d.Submissions != 1 || d.Status != "won" {
			t.Errorf("%s: %d submissions, %s", d.ID, d.Submissions, d.Status)
		}
	}
}

// Disturbed webhooks come more than once and out of order, and all come.
func TestDisturb(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e struct {
			ID string `json:"id"`
		}
		_ = json.NewDecoder(r.Body).Decode(&e)
		mu.Lock()
		defer mu.Unlock()
		seen[e.ID]++
	}))
	defer srv.Close()
	w := world.New(1, time.Now, time.Hour)
	s := stripe.New(w, stripe.Options{SecretKey: "sk", WebhookSecret: "whsec", TargetURL: srv.URL})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	defer running.Wait()
	defer stop()
	s.Disturb(2, 20*time.Millisecond)
	id := s.Open(w.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{})
	deadline := time.Now().Add(10 * time.Second)
	for {
		mu.Lock()
		done := len(seen) == len(s.Events(id))
		for _, n := range seen {
			done = done && n == 3
		}
		mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("seen %v", seen)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
