package dispute_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func fold(notices ...dispute.Notice) dispute.View {
	var v dispute.View
	for _, n := range notices {
		v = dispute.Fold(v, n)
	}
	return v
}

// told is a notice n minutes after noon.
func told(id string, minutes int, kind dispute.NoticeKind, status dispute.ProviderStatus, moves ...dispute.Movement) dispute.Notice {
	return dispute.Notice{
		Connection: "stripe", EventID: id, Kind: kind, RawKind: string(kind), OccurredAt: noon.Add(time.Duration(minutes) * time.Minute),
		Snapshot: &dispute.Snapshot{
			ID: "dp_1", Status: status, RawStatus: string(status), Stage: dispute.StageChargeback, OpenedAt: noon.Add(-time.Hour), Movements: moves,
		},
	}
}

func moved(id string, minutes int, amount, fee int64) dispute.Movement {
	return dispute.Movement{ID: id, Amount: amount, Fee: fee, Net: amount - fee, Currency: "USD", At: noon.Add(time.Duration(minutes) * time.Minute)}
}

// permutations calls visit with every order of n things.
func permutations(n int, visit func(order []int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var place func(int)
	place = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			place(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	place(0)
}

func TestFoldOfAllPermutations(t *testing.T) {
	t.Parallel()
	out, back := moved("txn_1", 0, -12900, 1500), moved("txn_2", 9, 12900, 0)
	inquiry := told("evt_0", 0, dispute.NoticeOpened, dispute.ProviderNeedsResponse)
	inquiry.Snapshot.Stage = dispute.StageInquiry
	late := told("evt_4", 20, dispute.NoticeUpdated, dispute.ProviderUnderReview)
	late.Snapshot.Stage, late.Snapshot.OpenedAt = dispute.StagePreArbitration, noon.Add(-2*time.Hour)
	counted := told("evt_2", 5, dispute.NoticeUpdated, dispute.ProviderUnderReview)
	counted.Snapshot.SubmissionCount = 1
	lives := map[string][]dispute.Notice{
		"won": {
			told("evt_1", 0, dispute.NoticeOpened, dispute.ProviderNeedsResponse),
			told("evt_2", 0, dispute.NoticeFundsWithdrawn, dispute.ProviderNeedsResponse, out),
			counted,
			told("evt_4", 9, dispute.NoticeClosed, dispute.ProviderWon, out),
			told("evt_5", 9, dispute.NoticeFundsReinstated, dispute.ProviderWon, back),
		},
		"lost, won, reopened": {
			inquiry,
			told("evt_1", 1, dispute.NoticeOpened, dispute.ProviderNeedsResponse, out),
			told("evt_2", 5, dispute.NoticeClosed, dispute.ProviderLost),
			told("evt_3", 9, dispute.NoticeClosed, dispute.ProviderWon, back),
			late,
			{Connection: "stripe", EventID: "evt_9", Kind: dispute.NoticeFraudWarning, OccurredAt: noon.Add(time.Hour)},
		},
		"one second": {
			told("evt_a", 0, dispute.NoticeOpened, dispute.ProviderNeedsResponse),
			told("evt_b", 0, dispute.NoticeUpdated, dispute.ProviderNeedsResponse, out),
			told("evt_c", 0, dispute.NoticeUpdated, dispute.ProviderNeedsResponse),
			told("evt_d", 0, dispute.NoticeClosed, dispute.ProviderWon),
			told("evt_e", 0, dispute.NoticeClosed, dispute.ProviderLost),
		},
	}
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := fold(life...)
			for again := range life {
				told := append(append([]dispute.Notice{}, life...), life[again])
				permutations(len(told), func(order []int) {
					var v dispute.View
					for _, i := range order {
						v = dispute.Fold(v, told[i])
					}
					if diff := cmp.Diff(want, v); diff != "" {
						t.Fatalf("order %v with %s twice: %s", order, life[again].EventID, diff)
					}
				})
			}
		})
	}
	// What the lives end in, so that equality is not all that is known.
	v := fold(lives["one second"]...)
	if v.Snapshot.Status != dispute.ProviderLost || v.EventID != "evt_e" || len(v.Snapshot.Movements) != 1 {
		t.Errorf("of one second the furthest wins: %+v", v)
	}
	v = fold(lives["lost, won, reopened"]...)
	want := map[dispute.Stage]time.Time{
		dispute.StageInquiry: noon, dispute.StageChargeback: noon.Add(time.Minute), dispute.StagePreArbitration: noon.Add(20 * time.Minute),
	}
	if diff := cmp.Diff(want, v.Stages); diff != "" {
		t.Error(diff)
	}
	if !v.LostAt.Equal(noon.Add(5*time.Minute)) || !v.FirstSeen.Equal(noon) || !v.Snapshot.OpenedAt.Equal(noon.Add(-2*time.Hour)) {
		t.Errorf("lost %s, first seen %s, opened %s", v.LostAt, v.FirstSeen, v.Snapshot.OpenedAt)
	}
	if diff := cmp.Diff([]dispute.Movement{out, back}, v.Snapshot.Movements); diff != "" {
		t.Error(diff)
	}
	if v := fold(lives["won"]...); v.Snapshot.SubmissionCount != 1 || v.Kind != dispute.NoticeClosed {
		t.Errorf("%d submissions, told by %s", v.Snapshot.SubmissionCount, v.Kind)
	}
}

func TestFoldOfSameSecond(t *testing.T) {
	t.Parallel()
	const needs, review = dispute.ProviderNeedsResponse, dispute.ProviderUnderReview
	tests := []struct {
		name        string
		loser, wins dispute.Notice
	}{
		{"later time", told("b", 0, dispute.NoticeClosed, dispute.ProviderLost), told("a", 1, dispute.NoticeUnknown, dispute.ProviderUnknown)},
		{"further status", told("b", 0, dispute.NoticeClosed, needs), told("a", 0, dispute.NoticeOpened, review)},
		{"known status", told("b", 0, dispute.NoticeClosed, dispute.ProviderUnknown), told("a", 0, dispute.NoticeOpened, needs)},
		{"lost after won", told("b", 0, dispute.NoticeClosed, dispute.ProviderWon), told("a", 0, dispute.NoticeClosed, dispute.ProviderLost)},
		{"prevented after closed", told("b", 0, dispute.NoticeClosed, dispute.ProviderClosed), told("a", 0, dispute.NoticeClosed, dispute.ProviderPrevented)},
		{"closing kind", told("b", 0, dispute.NoticeFundsReinstated, needs), told("a", 0, dispute.NoticeClosed, needs)},
		{"unknown kind", told("b", 0, "dispute.sneezed", needs), told("a", 0, dispute.NoticeOpened, needs)},
		{"withdrawn after opened", told("b", 0, dispute.NoticeOpened, needs), told("a", 0, dispute.NoticeFundsWithdrawn, needs)},
		{"event id", told("a", 0, dispute.NoticeUpdated, needs), told("b", 0, dispute.NoticeUpdated, needs)},
		{"a status nobody knows", told("b", 0, dispute.NoticeClosed, "sneezed"), told("a", 0, dispute.NoticeOpened, needs)},
	}
	for _, tt := range tests {
		for _, order := range [][]dispute.Notice{{tt.loser, tt.wins}, {tt.wins, tt.loser}} {
			if v := fold(order...); v.EventID != tt.wins.EventID {
				t.Errorf("%s: %s wins", tt.name, v.EventID)
			}
		}
	}
}

func TestFoldIsCommutativeAndIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		notices := rapid.SliceOfNDistinct(notice(), 1, 6, func(n dispute.Notice) string { return n.EventID }).Draw(t, "notices")
		told := append(append([]dispute.Notice{}, notices...), notices[rapid.IntRange(0, len(notices)-1).Draw(t, "again")])
		seed := rapid.Uint64().Draw(t, "order")
		shuffle := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // an order, not a secret
		shuffle.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		if diff := cmp.Diff(fold(notices...), fold(told...)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// notice draws from few values, so that ties are common.
func notice() *rapid.Generator[dispute.Notice] {
	statuses := []dispute.ProviderStatus{
		dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderWon, dispute.ProviderLost,
		dispute.ProviderClosed, dispute.ProviderPrevented, dispute.ProviderUnknown, "sneezed",
	}
	kinds := []dispute.NoticeKind{dispute.NoticeOpened, dispute.NoticeUpdated, dispute.NoticeClosed, dispute.NoticeFundsWithdrawn, dispute.NoticeFundsReinstated, dispute.NoticeUnknown}
	stages := []dispute.Stage{dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration}
	return rapid.Custom(func(t *rapid.T) dispute.Notice {
		n := dispute.Notice{
			EventID: fmt.Sprintf("evt_%d", rapid.IntRange(0, 9).Draw(t, "event")), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			OccurredAt: moment(t, "at"),
		}
		if rapid.IntRange(0, 9).Draw(t, "about") == 0 {
			return n
		}
		n.Snapshot = &dispute.Snapshot{
			Status: rapid.SampledFrom(statuses).Draw(t, "status"), Stage: rapid.SampledFrom(stages).Draw(t, "stage"),
			OpenedAt: moment(t, "opened"), DueBy: moment(t, "due"), SubmissionCount: rapid.IntRange(0, 2).Draw(t, "count"),
			Movements: rapid.SliceOfN(movement(), 0, 3).Draw(t, "movements"), DueUnsigned: rapid.Bool().Draw(t, "unsigned"),
		}
		if rapid.Bool().Draw(t, "whole") {
			n.Snapshot.Amount = dispute.Money{Minor: rapid.Int64Range(0, 2).Draw(t, "disputed"), Currency: "USD"}
			n.Snapshot.Reason = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "reason")
		}
		return n
	})
}

// moment is one of three seconds, or none.
func moment(t *rapid.T, label string) time.Time {
	if n := rapid.IntRange(0, 3).Draw(t, label); n > 0 {
		return noon.Add(time.Duration(n) * time.Second)
	}
	return time.Time{}
}

func movement() *rapid.Generator[dispute.Movement] {
	few := rapid.Int64Range(0, 1)
	word := rapid.SampledFrom([]string{"", "a", "ab", "b"})
	return rapid.Custom(func(t *rapid.T) dispute.Movement {
		return dispute.Movement{
			ID: word.Draw(t, "id"), Amount: few.Draw(t, "amount"), Fee: few.Draw(t, "fee"), Net: few.Draw(t, "net"),
			Currency: word.Draw(t, "currency"), Category: word.Draw(t, "category"), Description: word.Draw(t, "description"), At: moment(t, "moved"),
		}
	})
}

func TestFoldOfAMovementToldInTwoWays(t *testing.T) {
	t.Parallel()
	first := dispute.Movement{ID: "txn_1", Amount: 1, Fee: 1, Net: 1, Currency: "EUR", Category: "a", Description: "bc", At: noon}
	tests := map[string]func(*dispute.Movement){
		"time": func(m *dispute.Movement) { m.At = noon.Add(time.Second) }, "net": func(m *dispute.Movement) { m.Net = 2 },
		"amount": func(m *dispute.Movement) { m.Amount = 2 }, "fee": func(m *dispute.Movement) { m.Fee = 2 },
		"currency": func(m *dispute.Movement) { m.Currency = "USD" }, "category": func(m *dispute.Movement) { m.Category = "b" },
		"description": func(m *dispute.Movement) { m.Description = "d" }, "border": func(m *dispute.Movement) { m.Category, m.Description = "ab", "c" },
	}
	for name, change := range tests {
		second := first
		change(&second)
		a := told("evt_1", 0, dispute.NoticeOpened, dispute.ProviderNeedsResponse, first)
		b := told("evt_2", 1, dispute.NoticeUpdated, dispute.ProviderNeedsResponse, second)
		if diff := cmp.Diff(fold(a, b), fold(b, a)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFoldLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	first := told("a", 0, dispute.NoticeOpened, dispute.ProviderNeedsResponse, moved("txn_1", 0, -1, 0))
	second := told("b", 1, dispute.NoticeUpdated, dispute.ProviderUnderReview, moved("txn_0", 0, -1, 0))
	second.Snapshot.Stage = dispute.StagePreArbitration
	v := fold(first)
	_ = dispute.Fold(v, second)
	if diff := cmp.Diff(fold(first), v); diff != "" {
		t.Error("the view changed:", diff)
	}
	if len(second.Snapshot.Movements) != 1 {
		t.Error("the notice changed")
	}
	unchanged := dispute.Fold(v, dispute.Notice{EventID: "c", Kind: dispute.NoticeFraudWarning, OccurredAt: noon.Add(time.Hour)})
	if diff := cmp.Diff(v, unchanged); diff != "" {
		t.Error("a notice without a snapshot changes something:", diff)
	}
}

func TestStageBegan(t *testing.T) {
	t.Parallel()
	opened := noon.Add(-48 * time.Hour)
	stages := func(minutes map[dispute.Stage]int) map[dispute.Stage]time.Time {
		out := map[dispute.Stage]time.Time{}
		for s, m := range minutes {
			out[s] = noon.Add(time.Duration(m) * time.Minute)
		}
		return out
	}
	tests := []struct {
		name   string
		stage  dispute.Stage
		opened time.Time
		seen   map[dispute.Stage]int
		want   time.Time
	}{
		{"first stage", dispute.StageChargeback, opened, map[dispute.Stage]int{dispute.StageChargeback: 0}, opened},
		{"later stage", dispute.StagePreArbitration, opened, map[dispute.Stage]int{dispute.StageChargeback: 0, dispute.StagePreArbitration: 9}, noon.Add(9 * time.Minute)},
		{"stages of one second", dispute.StageChargeback, opened, map[dispute.Stage]int{dispute.StageInquiry: 0, dispute.StageChargeback: 0}, opened},
		{"no opening told", dispute.StageChargeback, time.Time{}, map[dispute.Stage]int{dispute.StageChargeback: 3}, noon.Add(3 * time.Minute)},
		{"nothing told", "", time.Time{}, nil, time.Time{}},
	}
	for _, tt := range tests {
		v := dispute.View{Snapshot: dispute.Snapshot{Stage: tt.stage, OpenedAt: tt.opened}, Stages: stages(tt.seen)}
		if got := v.StageBegan(); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A date that no signature covers may bring a deadline forward; one that had
// passed when it was told counts for nothing.
func TestFoldOfUnsignedDates(t *testing.T) {
	t.Parallel()
	due := func(id string, minutes int, at time.Time) dispute.Notice {
		n := told(id, minutes, dispute.NoticeUpdated, dispute.ProviderNeedsResponse)
		n.Snapshot.DueBy, n.Snapshot.DueUnsigned = at, true
		return n
	}
	week, later := noon.AddDate(0, 0, 7), noon.AddDate(0, 0, 70)
	for name, tt := range map[string]struct {
		told []dispute.Notice
		want time.Time
	}{
		"put off":                {[]dispute.Notice{due("a", 0, week), due("b", 1, later)}, week},
		"brought forward":        {[]dispute.Notice{due("a", 0, later), due("b", 1, week)}, week},
		"long ago":               {[]dispute.Notice{due("a", 0, noon.AddDate(-25, 0, 0))}, time.Time{}},
		"long ago, after a date": {[]dispute.Notice{due("a", 0, week), due("b", 1, noon.AddDate(-25, 0, 0))}, week},
	} {
		if got := fold(tt.told...).Snapshot.DueBy; !got.Equal(tt.want) {
			t.Errorf("%s: due %s, want %s", name, got, tt.want)
		}
	}
}
