package activities

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// registry is a provider that lists and reads what it has.
type registry struct {
	listed  []dispute.Notice
	has     map[string]dispute.Snapshot
	fails   map[string]error // by dispute
	cursors []string         // it was asked for
}

func (*registry) Vendor() string { return "registry" }

func (r *registry) Poll(_ context.Context, cursor string) ([]dispute.Notice, string, error) {
	r.cursors = append(r.cursors, cursor)
	return r.listed, "later", r.fails[""]
}

func (r *registry) Get(_ context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	s, ok := r.has[ref.ID]
	if !ok && r.fails[ref.ID] == nil {
		return s, fails(dispute.NotFound)
	}
	return s, r.fails[ref.ID]
}

// readOnly cannot list.
type readOnly struct{ r *registry }

func (readOnly) Vendor() string { return "readonly" }

func (o readOnly) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	return o.r.Get(ctx, ref)
}

// sweeps is a world whose connections are swept: connection is new to the
// database, so that other tests' cases are not in it.
func sweeps(t *testing.T, db *store.DB, r *registry, lists bool) (w *world, connection string) {
	t.Helper()
	w = newWorld(t, db)
	connection = "conn-" + w.ref.ID
	var a integrations.Adapter = r
	if !lists {
		a = readOnly{r}
	}
	w.Set = integrations.SetOf(map[string]integrations.Adapter{connection: a, "bare": bare{}})
	return w, connection
}

// known opens a case as its provider showed it a day ago.
func (w *world) known(connection, id string, status dispute.ProviderStatus) dispute.Snapshot {
	w.t.Helper()
	s := w.snapshot()
	s.ID, s.Status, s.RawStatus = id, status, string(status)
	n := dispute.Notice{Connection: connection, EventID: "evt_" + id, Kind: dispute.NoticeOpened, RawKind: "opened", OccurredAt: noon.Add(-day), Snapshot: &s}
	row, err := store.FromNotice(n)
	ok(w.t, err)
	must[[]store.Saved](w.t)(w.DB.SaveNotices(w.t.Context(), []store.NewNotice{row}))
	must[Recorded](w.t)(run[Recorded](w, w.Record, RecordInput{Ref: n.Ref(), Part: 1, Events: []string{n.EventID}}))
	return s
}

func (w *world) sweep(connection string, whole bool) Swept {
	w.t.Helper()
	return must[Swept](w.t)(run[Swept](w, w.Sweep, SweepInput{Connection: connection, Whole: whole}))
}

func TestWholeSweep(t *testing.T) {
	t.Parallel()
	r := &registry{has: map[string]dispute.Snapshot{}, fails: map[string]error{}}
	w, connection := sweeps(t, database(t), r, true)
	const needs, review, lost = dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderLost
	list := func(s dispute.Snapshot) {
		r.listed = append(r.listed, dispute.Polled("", s, noon))
	}
	same := w.known(connection, "same", needs)
	list(same)
	moved := w.known(connection, "moved", needs)
	moved.Status, moved.RawStatus = review, string(review)
	list(moved)
	missed := w.snapshot()
	missed.ID = "missed"
	list(missed)
	old := w.known(connection, "old", needs) // opened long ago, so it is not listed
	old.Status, old.RawStatus = lost, string(lost)
	r.has["old"] = old
	w.known(connection, "gone", needs)
	w.known(connection, "silent", needs)
	r.fails["silent"] = fails(dispute.Transient)

	if got, want := w.sweep(connection, true), (Swept{Listed: 3, News: 3, Unread: 1}); got != want {
		t.Errorf("swept %+v, want %+v", got, want)
	}
	found := must[[]store.Reconciliation](t)(w.DB.Reconciliations(t.Context()))
	i := slices.IndexFunc(found, func(f store.Reconciliation) bool { return f.Connection == connection })
	if i < 0 {
		t.Fatal("no comparison was kept")
	}
	want := store.Reconciliation{
		Connection: connection, At: noon, Complete: true, OpenThere: 3, OpenHere: 5,
		OnlyThere: []string{"missed"}, OnlyHere: []string{"gone"}, Unread: []string{"silent"},
		Differing: []store.Difference{
			{Dispute: "moved", Here: string(needs), There: string(review), DueHere: same.DueBy, DueNow: same.DueBy},
			{Dispute: "old", Here: string(needs), There: string(lost), DueHere: same.DueBy, DueNow: same.DueBy},
		},
	}
	if diff := cmp.Diff(want, found[i], cmpopts.SortSlices(func(a, b store.Difference) bool { return a.Dispute < b.Dispute })); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
	if again := w.sweep(connection, true); again.News != 0 {
		t.Errorf("told again, %d notices are new", again.News)
	}
}

// What was decided before the connection was first looked at starts no case;
// what is decided later does, though its webhooks never came.
func TestSweepLeavesOldVerdictsAlone(t *testing.T) {
	t.Parallel()
	r := &registry{has: map[string]dispute.Snapshot{}, fails: map[string]error{}}
	w, connection := sweeps(t, database(t), r, true)
	decided := w.snapshot()
	decided.ID, decided.Status, decided.RawStatus, decided.OpenedAt = "old", dispute.ProviderLost, "lost", noon.Add(-30*day)
	r.listed = append(r.listed, dispute.Polled("", decided, noon))
	if got := w.sweep(connection, true); got.News != 0 {
		t.Errorf("%d old verdicts start cases", got.News)
	}
	later := time.Now().Add(time.Hour)
	decided.ID, decided.OpenedAt = "young", later
	r.listed = append(r.listed, dispute.Polled("", decided, later))
	if got := w.sweep(connection, true); got.News != 1 {
		t.Errorf("%d notices of a dispute that was opened and decided since", got.News)
	}
}

// A dispute that is as it was before is news again, and only once.
func TestSweepTellsOfAStateThatReturns(t *testing.T) {
	t.Parallel()
	r := &registry{}
	w, connection := sweeps(t, database(t), r, true)
	s := w.snapshot()
	for i, status := range []dispute.ProviderStatus{
		dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderNeedsResponse, dispute.ProviderUnderReview,
	} {
		s.Status, s.RawStatus = status, string(status)
		r.listed = []dispute.Notice{dispute.Polled(connection, s, noon.Add(time.Duration(i)*time.Hour))}
		if first, again := w.sweep(connection, false), w.sweep(connection, false); first.News != 1 || again.News != 0 {
			t.Errorf("%d, %s: %d notices are new, and %d when told again", i, status, first.News, again.News)
		}
		kept, _, err := w.DB.ListNotices(t.Context(), store.NoticeFilter{Connection: connection, Limit: 1})
		ok(t, err)
		ref := dispute.Ref{Connection: connection, ID: s.ID}
		got := must[Recorded](t)(run[Recorded](w, w.Record, RecordInput{Ref: ref, Part: 1, Events: []string{kept[0].EventID}}))
		if got.Known.Status != status {
			t.Errorf("%d: the case stands at %s, want %s", i, got.Known.Status, status)
		}
	}
}

// Between whole sweeps a provider is asked for what changed since.
func TestSweepGoesOnAtItsCursor(t *testing.T) {
	t.Parallel()
	r := &registry{fails: map[string]error{}}
	w, connection := sweeps(t, database(t), r, true)
	w.known(connection, "open", dispute.ProviderNeedsResponse)
	w.sweep(connection, false)
	w.sweep(connection, false)
	w.sweep(connection, true)
	r.fails[""] = fails(dispute.Auth)
	if _, err := run[Swept](w, w.Sweep, SweepInput{Connection: connection}); err == nil {
		t.Error("a sweep that was refused succeeds")
	}
	if diff := cmp.Diff([]string{"", "later", "", "later"}, r.cursors); diff != "" {
		t.Errorf("cursors (-want +got):\n%s", diff)
	}
}

// A provider that cannot list is asked for every open case.
func TestSweepWithoutAList(t *testing.T) {
	t.Parallel()
	r := &registry{has: map[string]dispute.Snapshot{}, fails: map[string]error{}}
	w, connection := sweeps(t, database(t), r, false)
	s := w.known(connection, "one", dispute.ProviderNeedsResponse)
	w.known(connection, "ended", dispute.ProviderLost)
	s.DueBy = s.DueBy.Add(-time.Hour)
	r.has["one"] = s
	if got, want := w.sweep(connection, false), (Swept{News: 1}); got != want {
		t.Errorf("swept %+v, want %+v", got, want)
	}
	if got, want := w.sweep("bare", false), (Swept{}); got != want {
		t.Errorf("a connection that knows nothing: %+v", got)
	}
}
