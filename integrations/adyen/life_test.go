package adyen

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// door takes the stand-in's webhooks as the engine does and folds them.
type door struct {
	mu      sync.Mutex
	refuse  int // this many posts first
	views   map[string]dispute.View
	notices int
}

func (d *door) handler(t *testing.T, a *adapter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.refuse > 0 {
			d.refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if err := a.Verify(r.Header, body, time.Now()); err != nil {
			t.Errorf("refused: %v", err)
		}
		notices, err := a.Parse(body)
		if err != nil {
			t.Errorf("parse: %v", err)
		}
		for _, n := range notices {
			d.notices++
			if n.Snapshot != nil {
				d.views[n.Snapshot.ID] = dispute.Fold(d.views[n.Snapshot.ID], n)
			}
		}
	})
}

func (d *door) view(id string) dispute.View {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.views[id]
}

// TestLife takes disputes from their opening to their end over real HTTP, both
// ways, with posts that are refused, batched and told twice.
func TestLife(t *testing.T) {
	t.Parallel()
	s, d := rehearse(t)
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	settled := func(id, what string, fits func(dispute.Snapshot) bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !fits(d.view(id).Snapshot); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %+v", what, d.view(id).Snapshot)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	stands := func(id string, status dispute.ProviderStatus, net int64) {
		t.Helper()
		settled(id, string(status), func(s dispute.Snapshot) bool {
			sum := int64(0)
			for _, m := range s.Movements {
				sum += m.Net
			}
			return s.Status == status && sum == net
		})
	}
	order := s.world.NewOrder(world.OrderOptions{Total: 12900, CardBrand: "mastercard"})
	id := s.adyen.Open(order, standin.DisputeOptions{ReasonCode: " 4853", Reason: "Cardholder Dispute"})
	stands(id, dispute.ProviderNeedsResponse, 0)
	step(s.adyen.Charge(id))
	stands(id, dispute.ProviderNeedsResponse, -12900)

	c := dispute.Case{Ref: dispute.Ref{ID: id}, View: d.view(id), Family: dispute.FamilyProductUnacceptable}
	if _, err := s.Submit(t.Context(), packet("key", c)); err != nil {
		t.Fatal(err)
	}
	stands(id, dispute.ProviderUnderReview, -12900)
	if _, err := s.Submit(t.Context(), packet("key/2", c)); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a second defence: %v", err)
	}
	step(s.adyen.Reverse(id))
	stands(id, dispute.ProviderUnderReview, 0)
	step(s.adyen.Decide(id, false)) // the second chargeback
	stands(id, dispute.ProviderLost, -12900)
	s.adyen.Again(id)

	declined := s.adyen.Open(s.world.NewOrder(world.OrderOptions{Total: 700}), standin.DisputeOptions{})
	step(s.adyen.Charge(declined))
	stands(declined, dispute.ProviderNeedsResponse, -700)
	if _, err := s.Submit(t.Context(), packet("declined", dispute.Case{Ref: dispute.Ref{ID: declined}, View: d.view(declined)})); err != nil {
		t.Fatal(err)
	}
	step(s.adyen.Decide(declined, false)) // given back for the time being, and taken again
	stands(declined, dispute.ProviderLost, -700)

	reopened := s.adyen.Open(s.world.NewOrder(world.OrderOptions{Total: 5000}), standin.DisputeOptions{})
	step(s.adyen.Expire(reopened))
	stands(reopened, dispute.ProviderLost, 0)
	step(s.adyen.Escalate(reopened))
	settled(reopened, "reopened", func(s dispute.Snapshot) bool {
		return s.Status == dispute.ProviderNeedsResponse && s.Stage == dispute.StagePreArbitration
	})
	step(s.adyen.Decide(reopened, true))
	stands(reopened, dispute.ProviderWon, 0)

	given := s.adyen.Open(s.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{Inquiry: true, ReasonCode: "S01"})
	settled(given, "inquiry", func(s dispute.Snapshot) bool { return s.Stage == dispute.StageInquiry })
	if _, err := s.Accept(t.Context(), "key", dispute.Case{Ref: dispute.Ref{ID: given}}); err != nil {
		t.Fatal(err)
	}
	stands(given, dispute.ProviderLost, 0)

	if got, _ := s.adyen.Dispute(id); len(got.Defended) != 1 || got.Balance != -12900 {
		t.Errorf("at Adyen: %+v", got)
	}
	if s.adyen.Posts() <= 3 || d.view(id).Snapshot.Movements[0].Currency != "USD" {
		t.Errorf("%d posts, movements %+v", s.adyen.Posts(), d.view(id).Snapshot.Movements)
	}
}

// rehearse is a stand-in that delivers to a door, which refuses the first posts.
// A clock of its own gives every event its own second, as a life of weeks does.
func rehearse(t *testing.T) (shop, *door) {
	t.Helper()
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	w := world.New(7, clock, time.Hour)
	s := standin.New(w, standin.Options{
		APIKey: apiKey, MerchantAccount: account, HMACKey: hmacKey, WebhookUser: "adyen", WebhookPassword: "canary",
		Deliver: standin.DeliverOptions{Retry: []time.Duration{time.Millisecond}, Batch: 3},
	})
	api := httptest.NewServer(s)
	t.Cleanup(api.Close)
	set := settings(api.URL)
	set.WebhookUser, set.WebhookPassword = "adyen", "canary"
	sh := shop{adapter: connect(t, set), world: w, adyen: s}
	d := &door{refuse: 3, views: map[string]dispute.View{}}
	srv := httptest.NewServer(d.handler(t, sh.adapter))
	t.Cleanup(srv.Close)
	s.SetTarget(srv.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return sh, d
}
