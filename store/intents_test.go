package store

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func begin(t testing.TB, d *DB, key string) (Intent, bool) {
	t.Helper()
	i, fresh, err := d.BeginIntent(t.Context(), Intent{
		Key: key, CaseID: "cs_1", Kind: "submit", Target: "stripe-us", Detail: []byte(`{"packet": "p1"}`),
	})
	ok(t, err)
	return i, fresh
}

func TestIntentIsDoneOnce(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	first, fresh := begin(t, d, "k")
	want := Intent{
		Key: "k", CaseID: "cs_1", Kind: "submit", Target: "stripe-us", State: Intended,
		Detail: []byte(`{"packet": "p1"}`), Attempts: 1,
	}
	created := cmpopts.IgnoreFields(Intent{}, "CreatedAt", "DoneAt")
	if diff := cmp.Diff(want, first, created); diff != "" || !fresh {
		t.Errorf("first attempt, fresh %v (-want +got):\n%s", fresh, diff)
	}

	ok(t, d.SaveProgress(ctx, "k", []byte(`{"sha": "file_1"}`)))
	again, fresh := begin(t, d, "k")
	want.Attempts, want.Progress = 2, []byte(`{"sha": "file_1"}`)
	if diff := cmp.Diff(want, again, created); diff != "" || fresh {
		t.Errorf("second attempt, fresh %v (-want +got):\n%s", fresh, diff)
	}

	receipt := Receipt{Detail: []byte(`{"vendor_id": "du_1"}`), Request: []byte("abc"), Response: []byte{}}
	ok(t, d.FinishIntent(ctx, "k", receipt))
	ok(t, d.FinishIntent(ctx, "k", Receipt{Detail: []byte(`{"vendor_id": "other"}`)}))
	wantKind(t, d.RefuseIntent(ctx, "k", "no"), dispute.Conflict)
	want.State, want.Receipt, want.Request, want.Response = Done, receipt.Detail, receipt.Request, receipt.Response
	// SHA-256 of "abc" and of nothing, FIPS 180-2.
	want.RequestSHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	want.ResponseSHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	done := must[Intent](t)(d.GetIntent(ctx, "k"))
	if diff := cmp.Diff(want, done, created); diff != "" || done.DoneAt.IsZero() {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

func TestIntentRefused(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	begin(t, d, "k")
	ok(t, d.RefuseIntent(ctx, "k", "too late"))
	ok(t, d.RefuseIntent(ctx, "k", "again"))
	wantKind(t, d.FinishIntent(ctx, "k", Receipt{}), dispute.Conflict)
	if got, fresh := begin(t, d, "k"); fresh || got.State != Refused || got.Refusal != "too late" || got.Attempts != 2 {
		t.Errorf("begun again: %+v, fresh %v", got, fresh)
	}
	wantKind(t, d.RefuseIntent(ctx, "none", ""), dispute.NotFound)
	wantKind(t, d.FinishIntent(ctx, "none", Receipt{}), dispute.NotFound)
	wantKind(t, d.SaveProgress(ctx, "none", nil), dispute.NotFound)
	_, err := d.GetIntent(ctx, "none")
	wantKind(t, err, dispute.NotFound)
}

func TestIntentKeyStandsForOneWrite(t *testing.T) {
	t.Parallel()
	d := open(t)
	begin(t, d, "k")
	for _, other := range []Intent{
		{Key: "k", CaseID: "cs_2", Kind: "submit", Target: "stripe-us"},
		{Key: "k", CaseID: "cs_1", Kind: "accept", Target: "stripe-us"},
		{Key: "k", CaseID: "cs_1", Kind: "submit", Target: "stripe-eu"},
	} {
		_, _, err := d.BeginIntent(t.Context(), other)
		wantKind(t, err, dispute.Conflict)
	}
}

func TestIntentFreshForOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	var fresh atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			_, is, err := d.BeginIntent(t.Context(), Intent{Key: "k", CaseID: "cs_1"})
			if err != nil {
				t.Error(err)
			}
			if is {
				fresh.Add(1)
			}
		})
	}
	group.Wait()
	if fresh.Load() != 1 {
		t.Errorf("fresh for %d", fresh.Load())
	}
}

func TestListIntents(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	for _, key := range []string{"a", "b", "c"} {
		begin(t, d, key)
	}
	ok(t, d.FinishIntent(ctx, "b", Receipt{}))
	keys := func(list []Intent) []string { return convert(list, func(i Intent) string { return i.Key }) }
	for name, c := range map[string]struct{ got, want []string }{
		"of the case":   {keys(must[[]Intent](t)(d.Intents(ctx, "cs_1"))), []string{"a", "b", "c"}},
		"of another":    {keys(must[[]Intent](t)(d.Intents(ctx, "cs_2"))), []string{}},
		"open":          {keys(must[[]Intent](t)(d.OpenIntents(ctx, time.Now().Add(time.Minute)))), []string{"a", "c"}},
		"open for long": {keys(must[[]Intent](t)(d.OpenIntents(ctx, time.Now().Add(-time.Hour)))), []string{}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
