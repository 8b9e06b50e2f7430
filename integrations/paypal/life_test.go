package paypal

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// clock goes on by a minute with every look at it, so that no two events are of
// one moment.
func clock() func() time.Time {
	var mu sync.Mutex
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Minute)
		return at
	}
}

// TestLife takes disputes through their lives and folds what the webhooks say
// in every order that comes.
func TestLife(t *testing.T) {
	t.Parallel()
	type seen struct {
		Status  dispute.ProviderStatus
		Stage   dispute.Stage
		Answers int
		Net     int64
	}
	const buyers, sellers = "RESOLVED_BUYER_FAVOUR", "RESOLVED_SELLER_FAVOUR"
	for name, tt := range map[string]struct {
		open standin.DisputeOptions
		live func(l *life)
		want seen
	}{
		"won": {
			live: func(l *life) { l.submit(); l.do(l.Decide(l.id, sellers, false)) },
			want: seen{dispute.ProviderWon, dispute.StageChargeback, 1, 0},
		},
		"lost without an answer": {
			live: func(l *life) { l.do(l.Decide(l.id, buyers, false)) },
			want: seen{dispute.ProviderLost, dispute.StageChargeback, 0, -12_900 - 1500},
		},
		"an inquiry that the buyer cancels": {
			open: standin.DisputeOptions{Inquiry: true},
			live: func(l *life) { l.do(l.Decide(l.id, "CANCELED_BY_BUYER", false)) },
			want: seen{dispute.ProviderClosed, dispute.StageInquiry, 0, 0},
		},
		"an inquiry that becomes a claim": {
			open: standin.DisputeOptions{Inquiry: true},
			live: func(l *life) { l.do(l.Escalate(l.id)); l.submit() },
			want: seen{dispute.ProviderUnderReview, dispute.StageChargeback, 1, 0},
		},
		"lost, appealed and won": {
			live: func(l *life) {
				l.submit()
				l.do(l.Decide(l.id, buyers, true))
				l.submit()
				l.do(l.Decide(l.id, sellers, false))
			},
			want: seen{dispute.ProviderWon, dispute.StagePreArbitration, 2, -1500},
		},
		"won and opened again": {
			live: func(l *life) {
				l.submit()
				l.do(l.Decide(l.id, sellers, false))
				l.do(l.Reopen(l.id))
				l.submit()
				l.do(l.Decide(l.id, buyers, false))
			},
			want: seen{dispute.ProviderLost, dispute.StagePreArbitration, 2, -12_900 - 1500},
		},
		"given up": {
			live: func(l *life) { l.accept() },
			want: seen{dispute.ProviderLost, dispute.StageChargeback, 0, -12_900 - 1500},
		},
		"money that comes late": {
			live: func(l *life) { l.do(l.Decide(l.id, sellers, false)); l.do(l.Move(l.id, "CHARGEBACK_FEE", -2000)) },
			want: seen{dispute.ProviderWon, dispute.StageChargeback, 0, -2000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, tt.open)
			tt.live(l)
			view := l.folded()
			got := seen{Status: view.Snapshot.Status, Stage: view.Snapshot.Stage, Answers: view.Snapshot.SubmissionCount}
			for _, m := range view.Snapshot.Movements {
				got.Net += m.Net
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
			read, err := l.Get(t.Context(), l.ref())
			if err != nil {
				t.Fatal(err)
			}
			if view.Tells(dispute.Polled(connection, read, time.Now())) {
				t.Errorf("a poll tells what the webhooks did not:\n%s", cmp.Diff(view.Snapshot, read))
			}
		})
	}
}

type life struct {
	*standin.PayPal
	*adapter

	t    *testing.T
	id   string
	sent int
}

func newLife(t *testing.T, o standin.DisputeOptions) *life {
	t.Helper()
	now := clock()
	w := world.New(3, now, time.Hour)
	p := standin.New(w, standin.Options{ClientID: clientID, ClientSecret: clientSecret, WebhookID: webhookID, Now: now})
	url := vendortest.Serve(t, p)
	p.SetAddress(url)
	return &life{PayPal: p, adapter: connect(t, url, http.DefaultClient), t: t, id: p.Open(w.NewOrder(world.OrderOptions{Total: 12_900}), o)}
}

func (l *life) ref() dispute.Ref { return dispute.Ref{Connection: connection, ID: l.id} }

func (l *life) do(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// submit answers once, and shows that the provider has it.
func (l *life) submit() {
	l.t.Helper()
	before, err := l.Get(l.t.Context(), l.ref())
	l.do(err)
	if before.Status != dispute.ProviderNeedsResponse {
		l.t.Fatalf("status %s (%s), want one that wants an answer", before.Status, before.RawStatus)
	}
	l.sent++
	_, err = l.Submit(l.t.Context(), packet("key-"+string(rune('0'+l.sent)), dispute.Case{Ref: l.ref(), View: dispute.View{Snapshot: before}}))
	l.do(err)
	after, err := l.Get(l.t.Context(), l.ref())
	l.do(err)
	if after.SubmissionCount != l.sent || after.Status != dispute.ProviderUnderReview {
		l.t.Errorf("after answer %d: %d submissions, %s", l.sent, after.SubmissionCount, after.Status)
	}
}

// accept gives up twice under one key, as after a lost answer.
func (l *life) accept() {
	l.t.Helper()
	c := dispute.Case{Ref: l.ref()}
	_, err := l.Accept(l.t.Context(), "key", c)
	l.do(err)
	if _, err := l.Accept(l.t.Context(), "key", c); dispute.KindOf(err) != dispute.Conflict {
		l.t.Errorf("given up again: %v, want kind conflict", err)
	}
	if d, _ := l.Dispute(l.id); len(d.Answers) != 1 {
		l.t.Errorf("%d answers, want 1", len(d.Answers))
	}
}

// folded is what the webhooks say, in order and then shuffled and repeated.
func (l *life) folded() dispute.View {
	l.t.Helper()
	var notices []dispute.Notice
	for _, e := range l.Events(l.id) {
		n, err := l.Parse(e.Body)
		l.do(err)
		notices = append(notices, n...)
	}
	fold := func() (v dispute.View) {
		for _, n := range notices {
			v = dispute.Fold(v, n)
		}
		return v
	}
	want := fold()
	notices = append(notices, notices...)
	for range 50 {
		rand.Shuffle(len(notices), func(i, j int) { notices[i], notices[j] = notices[j], notices[i] }) // #nosec G404 -- any order will do
		if diff := cmp.Diff(want, fold()); diff != "" {
			l.t.Fatalf("in another order (-want +got):\n%s", diff)
		}
	}
	return want
}

// TestWebhooksArrive: the stand-in signs for real and tries again until it is
// heard; the adapter believes it with the certificate that it fetched once.
func TestWebhooksArrive(t *testing.T) {
	t.Parallel()
	w := world.New(5, time.Now, time.Hour)
	p := standin.New(w, standin.Options{
		ClientID: clientID, ClientSecret: clientSecret, WebhookID: webhookID, Deliver: standin.DeliverOptions{MinBackoff: time.Millisecond},
	})
	url := vendortest.Serve(t, p)
	p.SetAddress(url)
	s := settings(url)
	s.CertRoots = p.CertificateAuthority()
	a, err := s.connect(integrations.Deps{HTTP: http.DefaultClient, Now: time.Now}, connection)
	if err != nil {
		t.Fatal(err)
	}
	heard, attempts := make(chan dispute.Notice, 10), 0
	p.SetTarget(vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if attempts++; attempts < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		if err := a.Verify(r.Header, body, time.Now()); err != nil {
			t.Errorf("a webhook of the stand-in: %v", err)
		}
		notices, err := a.Parse(body)
		if err != nil || len(notices) != 1 {
			t.Errorf("%d notices, error %v", len(notices), err)
			return
		}
		heard <- notices[0]
	})))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	id := p.Open(w.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
	first := hear(t, heard)
	if first.Ref().ID != id || first.Kind != dispute.NoticeOpened || attempts != 3 {
		t.Errorf("heard %+v after %d attempts", first, attempts)
	}
	if err := p.Deliver(first.EventID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, hear(t, heard)); diff != "" {
		t.Errorf("a redelivery differs:\n%s", diff)
	}
	stop()
	<-done
}

func hear(t *testing.T, heard <-chan dispute.Notice) dispute.Notice {
	t.Helper()
	select {
	case n := <-heard:
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("no webhook came")
		return dispute.Notice{}
	}
}
