package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func newNotice(event string) NewNotice {
	return NewNotice{
		Connection: "stripe-us", EventID: event, Kind: string(dispute.NoticeOpened), RawKind: "charge.dispute.created",
		DisputeID: "du_1", OccurredAt: noon, ReceivedAt: noon.Add(time.Second), DueBy: noon.AddDate(0, 0, 7),
		Body: []byte(`{"id":"` + event + `"}`), ContentType: "application/json", Parsed: []byte(`{"event_id": "` + event + `"}`),
		APIVersion: "2026-01-01", State: NoticePending,
	}
}

func TestSaveNotices(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()

	a, b := newNotice("evt_a"), newNotice("evt_b")
	first := must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{b, a, b}))
	if first[0].ID == first[1].ID || first[0].ID != first[2].ID {
		t.Errorf("ids = %v", first)
	}
	if !first[0].Fresh || !first[1].Fresh || first[2].Fresh {
		t.Errorf("fresh = %v, want the first of each", first)
	}

	c := newNotice("evt_a")
	c.Connection = "stripe-eu" // the same event id elsewhere is another notice
	second := must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{a, c}))
	if second[0] != (Saved{ID: first[1].ID}) || !second[1].Fresh {
		t.Errorf("redelivery = %v", second)
	}

	got := must[InboxNotice](t)(d.GetNotice(ctx, first[1].ID))
	if diff := cmp.Diff(a, got.NewNotice); diff != "" {
		t.Errorf("stored notice (-want +got):\n%s", diff)
	}
	if none := must[[]Saved](t)(d.SaveNotices(ctx, nil)); none != nil {
		t.Errorf("nothing saved gives %v", none)
	}
	_, err := d.GetNotice(ctx, 1<<40)
	wantKind(t, err, dispute.NotFound)
}

func TestSaveNoticesOfAllSorts(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	bare := NewNotice{Connection: "c", EventID: "bare", State: NoticeUnreadable}
	hostile := newNotice("evt_\x00\xff")
	hostile.RawKind, hostile.Parsed = "a\x00b", []byte(`{"reason": "x\u0000y"}`)
	saved := must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{bare, hostile, hostile}))

	got := must[InboxNotice](t)(d.GetNotice(ctx, saved[0].ID))
	if got.State != NoticeUnreadable || got.Parsed != nil || !got.DueBy.IsZero() || !got.OccurredAt.IsZero() || got.ReceivedAt.IsZero() {
		t.Errorf("bare notice = %+v", got)
	}
	_, err := got.Notice()
	wantKind(t, err, dispute.Invalid)

	got = must[InboxNotice](t)(d.GetNotice(ctx, saved[1].ID))
	if got.RawKind != "a\uFFFDb" || string(got.Parsed) != `{"reason": "x`+"\uFFFD"+`y"}` {
		t.Errorf("hostile notice = %q %s", got.RawKind, got.Parsed)
	}
	if saved[2] != (Saved{ID: saved[1].ID}) {
		t.Errorf("hostile redelivery = %v", saved[2])
	}

	wrong := newNotice("evt_w")
	wrong.State = "odd"
	_, err = d.SaveNotices(ctx, []NewNotice{wrong})
	wantKind(t, err, dispute.Invalid)
}

func TestFromNotice(t *testing.T) {
	t.Parallel()
	d := open(t)
	n := dispute.Notice{
		Connection: "stripe-us", EventID: "evt_1", Kind: dispute.NoticeOpened, RawKind: "charge.dispute.created",
		OccurredAt: noon, Snapshot: &dispute.Snapshot{ID: "du_1", OpenedAt: noon, DueBy: noon.AddDate(0, 0, 9)},
	}
	row := must[NewNotice](t)(FromNotice(n))
	if row.DisputeID != "du_1" || !row.DueBy.Equal(n.Snapshot.DueBy) || row.State != NoticePending {
		t.Errorf("row = %+v", row)
	}
	saved := must[[]Saved](t)(d.SaveNotices(t.Context(), []NewNotice{row}))
	got := must[dispute.Notice](t)(must[InboxNotice](t)(d.GetNotice(t.Context(), saved[0].ID)).Notice())
	if diff := cmp.Diff(n, got); diff != "" {
		t.Errorf("notice (-want +got):\n%s", diff)
	}
	warning := must[NewNotice](t)(FromNotice(dispute.Notice{Connection: "c", EventID: "e", Kind: dispute.NoticeFraudWarning}))
	if warning.DisputeID != "" || !warning.DueBy.IsZero() {
		t.Errorf("a notice without a dispute = %+v", warning)
	}
}

// Transactions that hold the same redeliveries in opposite orders must not
// deadlock.
func TestSaveNoticesCrosswise(t *testing.T) {
	t.Parallel()
	d := open(t)
	var forward, backward []NewNotice
	for i := range 50 {
		forward = append(forward, newNotice(fmt.Sprint("evt_", i)))
		backward = append([]NewNotice{forward[i]}, backward...)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for i := range 20 {
		group.Go(func() {
			saved, err := d.SaveNotices(t.Context(), [][]NewNotice{forward, backward}[i%2])
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, s := range saved {
				if s.Fresh {
					fresh++
				}
			}
		})
	}
	group.Wait()
	if fresh != len(forward) {
		t.Errorf("%d fresh, want %d", fresh, len(forward))
	}
}

func TestRelay(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	late, soon, undated, stored := newNotice("late"), newNotice("soon"), newNotice("undated"), newNotice("stored")
	soon.DueBy, undated.DueBy, stored.State = noon.AddDate(0, 0, 1), time.Time{}, NoticeStored
	must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{undated, late, soon, stored}))

	claimed := must[[]InboxNotice](t)(d.ClaimNotices(ctx, 2, time.Hour))
	if got := events(claimed); !cmp.Equal(got, []string{"soon", "late"}) {
		t.Fatalf("claimed %v, want those with the nearest due date", got)
	}
	if claimed[0].Attempts != 1 || time.Until(claimed[0].NextAttemptAt) < 50*time.Minute {
		t.Errorf("claim = %d attempts until %s", claimed[0].Attempts, claimed[0].NextAttemptAt)
	}
	lag := must[Lag](t)(d.InboxLag(ctx))
	if want := (Lag{Pending: 3, Oldest: noon.Add(time.Second)}); lag != want {
		t.Errorf("lag = %v, want %v", lag, want)
	}

	ok(t, d.NoticesForwarded(ctx, []Forwarded{{claimed[0].ID, "dispute/stripe-us/du_1"}}))
	ok(t, d.NoticesForwarded(ctx, nil))
	done := must[InboxNotice](t)(d.GetNotice(ctx, claimed[0].ID))
	if done.State != NoticeForwarded || done.WorkflowID != "dispute/stripe-us/du_1" || done.ForwardedAt.IsZero() {
		t.Errorf("forwarded = %+v", done)
	}

	ok(t, d.NoticeFailed(ctx, claimed[1].ID, "temporal is away", time.Now().Add(-time.Second)))
	wantKind(t, d.NoticeFailed(ctx, claimed[0].ID, "too late", time.Now()), dispute.NotFound)
	again := must[[]InboxNotice](t)(d.ClaimNotices(ctx, 9, time.Hour))
	if got := events(again); !cmp.Equal(got, []string{"late", "undated"}) {
		t.Fatalf("claimed %v", got)
	}
	if again[0].Attempts != 2 || again[0].LastError != "temporal is away" {
		t.Errorf("failed notice = %+v", again[0])
	}
	if rest := must[[]InboxNotice](t)(d.ClaimNotices(ctx, 9, time.Hour)); len(rest) != 0 {
		t.Errorf("claimed twice: %v", events(rest))
	}
}

func events(notices []InboxNotice) []string {
	return convert(notices, func(n InboxNotice) string { return n.EventID })
}

func TestInboxLagOfNothing(t *testing.T) {
	t.Parallel()
	if lag := must[Lag](t)(open(t).InboxLag(t.Context())); lag != (Lag{}) {
		t.Errorf("lag = %v", lag)
	}
}

func TestRedeliver(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	unreadable := newNotice("u")
	unreadable.State, unreadable.Parsed = NoticeUnreadable, nil
	saved := must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{newNotice("a"), unreadable}))
	must[[]InboxNotice](t)(d.ClaimNotices(ctx, 9, time.Hour))
	ok(t, d.NoticesForwarded(ctx, []Forwarded{{saved[0].ID, "w"}}))

	ok(t, d.RedeliverNotice(ctx, saved[0].ID))
	if got := must[[]InboxNotice](t)(d.ClaimNotices(ctx, 9, time.Hour)); len(got) != 1 || got[0].ID != saved[0].ID {
		t.Errorf("claimed %v", events(got))
	}
	wantKind(t, d.RedeliverNotice(ctx, saved[1].ID), dispute.Invalid)
	wantKind(t, d.RedeliverNotice(ctx, 1<<40), dispute.NotFound)
}

func TestClaimsAreExclusive(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	var all []NewNotice
	for i := range 500 {
		all = append(all, newNotice(fmt.Sprint("evt_", i)))
	}
	must[[]Saved](t)(d.SaveNotices(ctx, all))

	var group sync.WaitGroup
	var mu sync.Mutex
	times := make(map[int64]int)
	for range 8 {
		group.Go(func() {
			for {
				got, err := d.ClaimNotices(ctx, 7, time.Hour)
				if err != nil || len(got) == 0 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				for _, n := range got {
					times[n.ID]++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(times) != len(all) {
		t.Errorf("%d of %d claimed", len(times), len(all))
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("notice %d was claimed %d times", id, n)
		}
	}
}

func TestALeaseExpires(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{newNotice("a")}))
	must[[]InboxNotice](t)(d.ClaimNotices(ctx, 1, 2*time.Second))
	if early := must[[]InboxNotice](t)(d.ClaimNotices(ctx, 1, time.Hour)); len(early) != 0 {
		t.Fatalf("claimed during the lease: %v", events(early))
	}
	eventually(t, func() bool { return len(must[[]InboxNotice](t)(d.ClaimNotices(ctx, 1, time.Hour))) == 1 })
}

// eventually waits for what another goroutine or the clock brings.
func eventually(t testing.TB, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 20 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestListNotices(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	var all []NewNotice
	for i := range 5 {
		n := newNotice(fmt.Sprint("evt_", i))
		n.DisputeID = fmt.Sprint("du_", i%2)
		all = append(all, n)
	}
	all[4].State, all[4].Kind, all[4].Connection = NoticeStored, KindClick, "slack"
	for _, n := range all {
		must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{n}))
	}

	for name, c := range map[string]struct {
		filter NoticeFilter
		want   []string
	}{
		"all":        {NoticeFilter{}, []string{"evt_4", "evt_3", "evt_2", "evt_1", "evt_0"}},
		"connection": {NoticeFilter{Connection: "slack"}, []string{"evt_4"}},
		"dispute":    {NoticeFilter{DisputeID: "du_1"}, []string{"evt_3", "evt_1"}},
		"kind":       {NoticeFilter{Kind: KindClick}, []string{"evt_4"}},
		"state":      {NoticeFilter{State: NoticePending, Limit: 9}, []string{"evt_3", "evt_2", "evt_1", "evt_0"}},
		"none":       {NoticeFilter{State: NoticeForwarded}, []string{}},
	} {
		got, next, err := d.ListNotices(ctx, c.filter)
		ok(t, err)
		if diff := cmp.Diff(c.want, events(got)); diff != "" || next != "" {
			t.Errorf("%s: next %q (-want +got):\n%s", name, next, diff)
		}
	}

	var paged []string
	f := NoticeFilter{Limit: 2}
	for {
		got, next, err := d.ListNotices(ctx, f)
		ok(t, err)
		paged = append(paged, events(got)...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"evt_4", "evt_3", "evt_2", "evt_1", "evt_0"}, paged); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	_, _, err := d.ListNotices(ctx, NoticeFilter{Cursor: "x"})
	wantKind(t, err, dispute.Invalid)
}

func TestListen(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	calls := make(chan struct{}, 100)
	ended := make(chan error)
	go func() { ended <- d.Listen(ctx, NoticesChannel, func() { calls <- struct{}{} }) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-calls:
		case <-time.After(20 * time.Second):
			t.Fatalf("not called: %s", what)
		}
	}
	quiet := func(what string) {
		t.Helper()
		select {
		case <-calls:
			t.Fatalf("called: %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
	wait("after connecting")

	saved := must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{newNotice("a"), newNotice("b")}))
	wait("two fresh notices")
	quiet("one call is enough for both")
	stored := newNotice("c")
	stored.State = NoticeStored
	must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{newNotice("a"), stored}))
	quiet("nothing that waits is fresh")
	ok(t, d.RedeliverNotice(ctx, saved[0].ID))
	wait("redelivery")

	ok(t, sql(t, d, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`))
	wait("after reconnecting")
	must[[]Saved](t)(d.SaveNotices(ctx, []NewNotice{newNotice("d")}))
	wait("on the new connection")

	cancel()
	if err := <-ended; !cmp.Equal(err, context.Canceled, cmpopts.EquateErrors()) {
		t.Errorf("Listen returned %v", err)
	}
}
