package checkout

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// A clock that moves by a minute at each look, so that no two events are of one
// moment.
func ticking() func() time.Time {
	var minutes atomic.Int64
	return func() time.Time { return noon.Add(time.Duration(minutes.Add(1)) * time.Minute) }
}

// life is what happens to a dispute, and how it ends.
var lives = map[string]struct {
	happens func(t *testing.T, s *shop, c dispute.Case)
	status  dispute.ProviderStatus
	stage   dispute.Stage
	raw     string
}{
	"won": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		submitted(t, s, c)
		must(t, s.account.Acknowledge(c.Ref.ID), s.account.Decide(c.Ref.ID, true))
	}, dispute.ProviderWon, dispute.StageChargeback, "won"},
	"lost": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		submitted(t, s, c)
		must(t, s.account.Decide(c.Ref.ID, false))
	}, dispute.ProviderLost, dispute.StageChargeback, "lost"},
	"won, then lost in arbitration": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		submitted(t, s, c)
		must(t, s.account.Decide(c.Ref.ID, true), s.account.Arbitrate(c.Ref.ID), s.account.DecideArbitration(c.Ref.ID, false))
	}, dispute.ProviderLost, dispute.StageArbitration, "arbitration_lost"},
	"lost, then won in arbitration": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		submitted(t, s, c)
		must(t, s.account.Decide(c.Ref.ID, false), s.account.Arbitrate(c.Ref.ID), s.account.DecideArbitration(c.Ref.ID, true))
	}, dispute.ProviderWon, dispute.StageArbitration, "arbitration_won"},
	"won, then asked again": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		submitted(t, s, c)
		must(t, s.account.Decide(c.Ref.ID, true), s.account.AskAgain(c.Ref.ID, noon.Add(300*time.Hour)))
	}, dispute.ProviderNeedsResponse, dispute.StageChargeback, "evidence_required"},
	"accepted": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		_, err := s.Accept(t.Context(), "key", c)
		must(t, err)
	}, dispute.ProviderLost, dispute.StageChargeback, "accepted"},
	"expired":  {func(t *testing.T, s *shop, c dispute.Case) { t.Helper(); must(t, s.account.Expire(c.Ref.ID)) }, dispute.ProviderLost, dispute.StageChargeback, "expired"},
	"canceled": {func(t *testing.T, s *shop, c dispute.Case) { t.Helper(); must(t, s.account.Cancel(c.Ref.ID)) }, dispute.ProviderWon, dispute.StageChargeback, "canceled"},
	"resolved": {func(t *testing.T, s *shop, c dispute.Case) {
		t.Helper()
		must(t, s.account.Resolve(c.Ref.ID, "rapid_dispute_resolution"))
	}, dispute.ProviderPrevented, dispute.StageChargeback, "resolved"},
}

func submitted(t *testing.T, s *shop, c dispute.Case) {
	t.Helper()
	_, err := s.Submit(t.Context(), packet(c))
	must(t, err)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The webhooks of a life, in any order and each told twice, give what the API
// says at the end.
func TestLives(t *testing.T) {
	t.Parallel()
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShopAt(t, ticking())
			c := s.open(t, standin.DisputeOptions{Received: true})
			life.happens(t, s, c)
			end := s.caseOf(t, c.Ref.ID).View.Snapshot
			if end.RawStatus != life.raw || end.Status != life.status || end.Stage != life.stage {
				t.Errorf("the API says %s, %s, %s", end.RawStatus, end.Status, end.Stage)
			}
			notices := s.notices(t, c.Ref.ID)
			for range 30 {
				rand.Shuffle(len(notices), func(i, j int) { notices[i], notices[j] = notices[j], notices[i] }) // #nosec G404 -- an order, no secret
				var view dispute.View
				for _, n := range notices {
					view = dispute.Fold(view, n)
				}
				got := view.Snapshot
				if got.RawStatus != life.raw || got.Status != life.status || got.Stage != life.stage || got.Amount != end.Amount {
					t.Fatalf("folded to %s, %s, %s, %s", got.RawStatus, got.Status, got.Stage, got.Amount)
				}
				if got.Status == dispute.ProviderNeedsResponse && !got.DueBy.Equal(end.DueBy) {
					t.Fatalf("due %s, the API says %s", got.DueBy, end.DueBy)
				}
			}
			if d, _ := s.account.Dispute(c.Ref.ID); d.Submissions > 1 || len(d.Answers) > 1 {
				t.Errorf("answered %d times", len(d.Answers))
			}
		})
	}
}

func newShopAt(t *testing.T, now func() time.Time) *shop {
	t.Helper()
	w := world.New(7, func() time.Time { return noon }, 24*time.Hour)
	o := options()
	o.Now = now
	s := &shop{world: w, account: standin.New(w, o)}
	srv := httptest.NewServer(s.account)
	t.Cleanup(srv.Close)
	s.adapter = newAdapter(t, srv.URL)
	return s
}

// notices are a dispute's webhooks as the adapter reads them, each twice.
func (s *shop) notices(t *testing.T, id string) []dispute.Notice {
	t.Helper()
	var out []dispute.Notice
	for _, e := range s.account.Events(id) {
		must(t, s.Verify(s.account.Headers(e.Body), e.Body, noon))
		parsed, err := s.Parse(e.Body)
		must(t, err)
		out = append(out, parsed[0], parsed[0])
	}
	return out
}

// A webhook is posted again until it is taken, under the same event id.
func TestWebhooksAreRepeated(t *testing.T) {
	t.Parallel()
	w := world.New(7, func() time.Time { return noon }, 2*time.Second)
	account := standin.New(w, options())
	a := newAdapter(t, "http://127.0.0.1:1")
	var posts atomic.Int32
	got := make(chan []dispute.Notice, 4)
	door := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := a.Verify(r.Header, body, noon); err != nil {
			t.Errorf("refused: %v", err)
		}
		parsed, err := a.Parse(body)
		if err != nil {
			t.Errorf("parse: %v", err)
		}
		if posts.Add(1) < 3 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		got <- parsed
	}))
	defer door.Close()
	account.SetTarget(door.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); account.Run(ctx) }()
	defer func() { stop(); <-done }()

	id := account.Open(w.Orders()[0], standin.DisputeOptions{})
	first := <-got
	for range 2 {
		if again := <-got; !cmp.Equal(first, again) || again[0].Snapshot.ID != id {
			t.Errorf("repeated as %+v", again)
		}
	}
	for account.Events(id)[0].Delivered == 0 {
		time.Sleep(time.Millisecond)
	}
	if e := account.Events(id)[0]; e.Attempts != 3 || e.GaveUp {
		t.Errorf("%+v", e)
	}
}
