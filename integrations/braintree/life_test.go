package braintree

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// door takes webhooks as ours does: it verifies, reads and keeps them. The first
// delivery of each is refused, so that it comes again.
type door struct {
	t *testing.T
	a *adapter

	mu      sync.Mutex
	tries   map[string]int
	notices []dispute.Notice
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodGet {
		answer, err := d.a.Answer(r.URL.Query())
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
		return
	}
	if d.tries[string(body)]++; d.tries[string(body)] == 1 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err := d.a.Verify(r.Header, body, opening); err != nil {
		d.t.Errorf("verify: %v", err)
	}
	got, err := d.a.Parse(body)
	if err != nil {
		d.t.Errorf("parse: %v", err)
	}
	for _, n := range got {
		n.Connection = connection
		d.notices = append(d.notices, n)
	}
}

// wait is until so many notices are there.
func (d *door) wait(t *testing.T, n int) []dispute.Notice {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		d.mu.Lock()
		got := slices.Clone(d.notices)
		d.mu.Unlock()
		if len(got) >= n {
			return got
		}
	}
	t.Fatalf("fewer than %d notices came", n)
	return nil
}

// life is an account whose webhooks come to a door, with a clock.
type life struct {
	*adapter
	*door
	braintree *standin.Braintree
	world     *world.World
	mu        sync.Mutex
	now       time.Time
}

func newLife(t *testing.T) *life {
	t.Helper()
	l := &life{now: opening}
	clock := func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.now
	}
	l.world = world.New(11, clock, 24*time.Hour)
	l.braintree = standin.New(l.world, standin.Options{PublicKey: publicKey, PrivateKey: privateKey, RetryEvery: time.Millisecond})
	srv := httptest.NewServer(l.braintree)
	t.Cleanup(srv.Close)
	l.adapter = connect(t, srv.URL, &http.Client{})
	l.door = &door{t: t, a: l.adapter, tries: map[string]int{}}
	target := httptest.NewServer(l.door)
	t.Cleanup(target.Close)
	l.braintree.SetTarget(target.URL)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.braintree.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return l
}

func (l *life) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

func (l *life) read(t *testing.T, id string) dispute.Case {
	t.Helper()
	ref := dispute.Ref{Connection: connection, ID: id}
	s, err := l.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return dispute.Case{Ref: ref, View: dispute.View{Snapshot: s}}
}

// A dispute is opened, read, answered once, looked at, won and its money given
// back; told in any order, it stands the same.
func TestLife(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	if err := l.braintree.Challenge(t.Context(), "20f9f8ed05f77439fe955c977e4c8a53"); err != nil {
		t.Fatalf("challenge: %v", err)
	}
	id := l.braintree.Open(l.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{Reason: "product_not_received", Code: "1310"})
	check(t, "disburse", l.braintree.Disburse(id, opening))
	opened := l.wait(t, 1)[0].Snapshot
	c := l.read(t, id)
	if got := c.View.Snapshot; got.Status != dispute.ProviderNeedsResponse || got.AutoAnswer != autoAnswer || got.DueBy != opened.DueBy || got.Payment != opened.Payment || got.Network != "visa" {
		t.Fatalf("read %+v, told %+v", got, opened)
	}

	l.pass(24 * time.Hour)
	s, _ := packet(c, map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The parcel arrived."}, file(dispute.FieldShippingDocumentation, "%PDF"))
	if _, err := l.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	l.wait(t, 2)
	l.pass(24 * time.Hour)
	check(t, "review", l.braintree.Review(id))
	l.wait(t, 3)
	l.pass(24 * time.Hour)
	check(t, "win", l.braintree.Decide(id, true))
	check(t, "disburse", l.braintree.Disburse(id, opening.Add(5*24*time.Hour)))
	check(t, "repeat", l.braintree.Repeat(id))
	notices := l.wait(t, 5)
	polled, _, err := l.Poll(t.Context(), "2026-10-01")
	if err != nil || len(polled) != 1 {
		t.Fatalf("%d polled, %v", len(polled), err)
	}
	polled[0].OccurredAt = opening.Add(6 * 24 * time.Hour)

	var first dispute.View
	for turn := range 6 {
		all := append(slices.Clone(notices), polled...)
		for i := range turn {
			all[i], all[len(all)-1-i] = all[len(all)-1-i], all[i]
			all = append(all, all[turn%len(all)])
		}
		var v dispute.View
		for _, n := range all {
			v = dispute.Fold(v, n)
		}
		if turn == 0 {
			first = v
		}
		if diff := cmp.Diff(first, v); diff != "" {
			t.Errorf("order %d:\n%s", turn, diff)
		}
	}
	end := first.Snapshot
	if end.Status != dispute.ProviderWon || end.Stage != dispute.StageChargeback || len(end.Movements) != 2 || end.Movements[0].Net != -end.Movements[1].Net {
		t.Errorf("the end is %+v", end)
	}
	if d, _ := l.braintree.Dispute(id); d.Finalized != 1 || len(d.Evidence) != 2 {
		t.Errorf("Braintree holds %+v", d)
	}
}

// The webhook's format and GraphQL's tell the same, so that a poll is no news.
func TestBothFormatsTellTheSame(t *testing.T) {
	t.Parallel()
	for _, order := range []world.OrderOptions{{}, {Currency: "JPY", Total: 500, CardBrand: "amex"}, {CardBrand: "mastercard"}} {
		a := newAccount(t, nil)
		c := a.open(t, order, standin.DisputeOptions{Code: "4837", Reason: "not_recognized", Program: "visa_rdr"})
		notices, err := a.Parse([]byte(a.braintree.Notifications()[0].Body))
		if err != nil {
			t.Fatal(err)
		}
		read, err := a.Get(t.Context(), c.Ref)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(*notices[0].Snapshot, read); diff != "" {
			t.Errorf("-webhook +read:\n%s", diff)
		}
		if polled := dispute.Polled(connection, read, opening.Add(time.Hour)); dispute.Fold(dispute.View{}, notices[0]).Tells(polled) {
			t.Error("a poll of the same state is told as news")
		}
	}
}

// A silent merchant's dispute is accepted at the reply-by date, or expires; both
// are lost. A won one that is challenged again is another dispute.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	silent := l.braintree.Open(l.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
	expired := l.braintree.Open(l.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{Kind: "retrieval", Reason: "retrieval", Hold: true})
	won := l.braintree.Open(l.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
	l.pass(10 * 24 * time.Hour)
	check(t, "lapse", l.braintree.Lapse(silent, true))
	check(t, "lapse", l.braintree.Lapse(expired, false))
	l.braintree.Release(expired)
	s, _ := packet(l.read(t, won), map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The parcel arrived."})
	if _, err := l.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	l.pass(time.Hour)
	check(t, "win", l.braintree.Decide(won, true))
	second, err := l.braintree.Escalate(won, standin.DisputeOptions{})
	check(t, "escalate", err)

	views := map[string]dispute.View{}
	for _, n := range l.wait(t, 8) {
		views[n.Ref().ID] = dispute.Fold(views[n.Ref().ID], n)
	}
	for id, want := range map[string][2]string{
		silent: {"auto_accepted", "chargeback"}, expired: {"expired", "inquiry"}, won: {"won", "chargeback"}, second: {"open", "pre_arbitration"},
	} {
		got := views[id].Snapshot
		if got.RawStatus != want[0] || string(got.Stage) != want[1] || got.Status == dispute.ProviderUnknown {
			t.Errorf("%s is %s (%s) in %s, want %v", id, got.RawStatus, got.Status, got.Stage, want)
		}
	}
	if err := l.braintree.Decide(second, false); err == nil {
		t.Error("an open dispute was decided")
	}
	if _, err := l.Accept(t.Context(), "key", l.read(t, second)); err != nil {
		t.Errorf("accept: %v", err)
	}
	if err := l.braintree.Decide(won, false); err != nil {
		t.Errorf("a won dispute that is lost after all: %v", err)
	}
}

func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}
