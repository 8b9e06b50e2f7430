package ledger

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func keys(entries []Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Key)
	}
	return out
}

// TestLateWin posts a loss as it is told, then the win that follows it.
func TestLateWin(t *testing.T) {
	t.Parallel()
	lost := facts(dispute.StatusLost, withdrawal(), counteredFee())
	won := facts(dispute.StatusWon, withdrawal(), counteredFee(), move("txn_r", 90, "dispute_reversal", 10000, 0, ""))
	won.OutcomeAt = at(91)
	posted := step(t, nil, lost)
	wantNets(t, posted, map[Account]int64{PSPClearing: -13000, ChargebackLoss: 10000, DisputeFees: 3000})

	t.Run("reversal", func(t *testing.T) {
		t.Parallel()
		news := Diff(posted, expected(t, won))
		want := []string{"stripe-eu|du_1|lost|1|reversal|1", "stripe-eu|du_1|txn_r|reinstated"}
		if diff := cmp.Diff(want, keys(news)); diff != "" {
			t.Fatalf("keys (-want +got):\n%s", diff)
		}
		r := news[0]
		if r.Reverses != "stripe-eu|du_1|lost|1" || r.Kind != KindReversal || !r.Date.Equal(at(90)) {
			t.Errorf("reversal = %+v, want one of lost|1 on the day of the news", r)
		}
		wantPostings := []Posting{{ChargebackLoss, Credit, 10000}, {DisputedFunds, Debit, 10000}}
		if diff := cmp.Diff(wantPostings, r.Postings); diff != "" {
			t.Errorf("reversal postings (-want +got):\n%s", diff)
		}
		wantNets(t, append(slices.Clone(posted), news...), map[Account]int64{PSPClearing: -3000, DisputeFees: 3000})
	})
	t.Run("recovery when the loss is known", func(t *testing.T) {
		t.Parallel()
		won := won
		won.LostAt = lost.OutcomeAt
		news := Diff(posted, expected(t, won))
		if diff := cmp.Diff([]string{"stripe-eu|du_1|txn_r|recovery"}, keys(news)); diff != "" {
			t.Fatalf("keys (-want +got):\n%s", diff)
		}
		wantNets(t, append(slices.Clone(posted), news...),
			map[Account]int64{PSPClearing: -3000, ChargebackLoss: 10000, ChargebackRecovery: -10000, DisputeFees: 3000})
	})
	t.Run("money of the day of the loss is no recovery", func(t *testing.T) {
		t.Parallel()
		won := facts(dispute.StatusWon, withdrawal(), move("txn_r", 61, "dispute_reversal", 10000, 0, ""))
		won.LostAt = at(61)
		wantNets(t, expected(t, won), map[Account]int64{PSPClearing: -1500, DisputeFees: 1500})
	})
	t.Run("no more is recovered than was lost", func(t *testing.T) {
		t.Parallel()
		won := won
		won.LostAt = lost.OutcomeAt
		won.View.Snapshot.Movements = append(slices.Clone(won.View.Snapshot.Movements), move("txn_r2", 92, "dispute_reversal", 10000, 0, ""))
		wantNets(t, expected(t, won), map[Account]int64{
			PSPClearing: 7000, ChargebackLoss: 10000, ChargebackRecovery: -10000, DisputeFees: 3000, DisputeSuspense: -10000,
		})
	})
	t.Run("what was taken again after the loss comes back first", func(t *testing.T) {
		t.Parallel()
		again := move("txn_w2", 70, "dispute", -10000, 1500, "Chargeback withdrawal for ch_1")
		won := facts(dispute.StatusWon, withdrawal(), again, move("txn_r", 90, "dispute_reversal", 10000, 0, ""))
		won.LostAt, won.OutcomeAt = at(61), at(91)
		wantNets(t, expected(t, won), map[Account]int64{PSPClearing: -13000, ChargebackLoss: 10000, DisputeFees: 3000})
	})
	t.Run("recovery in another amount", func(t *testing.T) {
		t.Parallel()
		won := facts(dispute.StatusWon, withdrawal(), move("txn_r", 90, "dispute_reversal", 10100, 0, ""))
		won.LostAt, won.OutcomeAt, won.Amount = at(61), at(91), dispute.Money{Minor: 11900, Currency: "USD"}
		wantNets(t, expected(t, won), map[Account]int64{
			PSPClearing: -1400, ChargebackLoss: 10000, ChargebackRecovery: -10000, DisputeFees: 1500, FXGainLoss: -100,
		})
	})
}

// TestWriteOffChangesTwice walks one write-off through three amounts: every
// version is reversed, none is edited, no key is used twice.
func TestWriteOffChangesTwice(t *testing.T) {
	t.Parallel()
	full := facts(dispute.StatusLost, withdrawal())
	partial := facts(dispute.StatusLost, withdrawal(), reinstated(4000))
	won := facts(dispute.StatusWon, withdrawal(), reinstated(4000), move("txn_r2", 62, "dispute_reversal", 6000, 0, ""))

	posted := step(t, nil, full)
	posted = step(t, posted, partial)
	wantNets(t, posted, map[Account]int64{PSPClearing: -7500, ChargebackLoss: 6000, DisputeFees: 1500})
	posted = step(t, posted, won)
	wantNets(t, posted, map[Account]int64{PSPClearing: -1500, DisputeFees: 1500})
	posted = step(t, posted, partial)
	posted = step(t, posted, full)
	wantNets(t, posted, map[Account]int64{PSPClearing: -11500, ChargebackLoss: 10000, DisputeFees: 1500})

	var writeOffs []string
	for _, e := range posted {
		if name, ok := strings.CutPrefix(e.Key, "stripe-eu|du_1|lost|"); ok {
			writeOffs = append(writeOffs, name)
		}
	}
	want := []string{
		"1", "1|reversal|1",
		"1|version|2", "1|reversal|2",
		"1|version|3", "1|reversal|3",
		"1|version|4",
	}
	if diff := cmp.Diff(want, writeOffs); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	backwards := slices.Clone(posted)
	slices.Reverse(backwards)
	if diff := cmp.Diff(keys(Diff(posted, nil)), reversed(keys(Diff(backwards, nil)))); diff != "" {
		t.Errorf("reversals depend on the order of what is posted (-in order +backwards):\n%s", diff)
	}
	if diff := cmp.Diff(keys(Diff(posted, expected(t, partial))), keys(Diff(backwards, expected(t, partial)))); diff != "" {
		t.Errorf("versions depend on the order of what is posted (-in order +backwards):\n%s", diff)
	}
	all := keys(posted)
	slices.Sort(all)
	if unique := slices.Compact(slices.Clone(all)); len(unique) != len(all) {
		t.Errorf("a key is used twice: %v", all)
	}
}

func reversed(s []string) []string {
	slices.Reverse(s)
	return s
}

func TestDiffLeavesAlone(t *testing.T) {
	t.Parallel()
	in := facts(dispute.StatusLost, withdrawal())
	posted := expected(t, in)
	tests := []struct {
		name string
		have func() []Entry
	}{
		{"the same", func() []Entry { return posted }},
		{"told twice by the store", func() []Entry { return append(slices.Clone(posted), posted...) }},
		{"another memo and date", func() []Entry {
			out := slices.Clone(posted)
			out[1].Memo, out[1].Date = "Opened by hand", at(99)
			return out
		}},
		{"postings in another order", func() []Entry {
			out := slices.Clone(posted)
			out[0].Postings = slices.Clone(out[0].Postings)
			slices.Reverse(out[0].Postings)
			return out
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := Diff(tc.have(), posted); len(got) != 0 {
				t.Errorf("Diff = %v, want nothing", keys(got))
			}
		})
	}
}

func TestDiffMendsAWrongEntry(t *testing.T) {
	t.Parallel()
	want := expected(t, facts(dispute.StatusLost, withdrawal()))
	wrong := slices.Clone(want)
	wrong[0].Postings = []Posting{{DisputedFunds, Debit, 11500}, {PSPClearing, Credit, 11500}}
	posted := append(wrong, Diff(wrong, want)...)
	if diff := cmp.Diff(nets(want), nets(posted)); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Kind{KindOpened, KindLost, KindReversal, KindOpened}, kinds(posted)); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

// TestDiffMendsADoublePosting: two live versions of one fact leave one.
func TestDiffMendsADoublePosting(t *testing.T) {
	t.Parallel()
	want := expected(t, facts(dispute.StatusOpen, withdrawal()))
	double := want[0]
	double.Key += "|version|2"
	posted := append(slices.Clone(want), double)
	posted = append(posted, Diff(posted, want)...)
	if diff := cmp.Diff(nets(want), nets(posted)); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
}

func TestReversalIsNotDatedBeforeItsEntry(t *testing.T) {
	t.Parallel()
	posted := expected(t, facts(dispute.StatusLost, withdrawal()))
	news := Diff(posted, expected(t, facts(dispute.StatusOpen, withdrawal())))
	if len(news) != 1 || !news[0].Date.Equal(at(61)) {
		t.Errorf("Diff = %+v, want one reversal on %s", news, at(61).Format(time.DateOnly))
	}
}

// TestEveryOrder folds every permutation of six notices, one of them told
// twice, and posts after each.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	story := lateWinStory()
	want := map[Account]int64{PSPClearing: -3000, DisputeFees: 3000}
	permute(story, 0, func(order []dispute.Notice) {
		for _, again := range []int{0, len(order) / 2, len(order) - 1} {
			told := append(slices.Clone(order), order[again])
			if got := tell(t, told, PolicyReceivable, false); !cmp.Equal(euros(got), want) {
				t.Fatalf("order %v: balances %v, want %v", events(told), euros(got), want)
			}
		}
	})
}

func permute(s []dispute.Notice, from int, visit func([]dispute.Notice)) {
	if from == len(s) {
		visit(s)
		return
	}
	for i := from; i < len(s); i++ {
		s[from], s[i] = s[i], s[from]
		permute(s, from+1, visit)
		s[from], s[i] = s[i], s[from]
	}
}

func events(notices []dispute.Notice) []string {
	var out []string
	for _, n := range notices {
		out = append(out, n.EventID)
	}
	return out
}

// lateWinStory is six notices of a dispute that is lost, then won.
func lateWinStory() []dispute.Notice {
	back := move("txn_r", 90, "dispute_reversal", 10000, 0, "Chargeback reversal for ch_1")
	return []dispute.Notice{
		notice("evt_1", 0, dispute.ProviderNeedsResponse),
		notice("evt_2", 0, dispute.ProviderNeedsResponse, withdrawal()),
		notice("evt_3", 5, dispute.ProviderUnderReview, withdrawal(), counteredFee()),
		notice("evt_4", 61, dispute.ProviderLost, withdrawal(), counteredFee()),
		notice("evt_5", 90, dispute.ProviderWon, back),
		notice("evt_6", 91, dispute.ProviderWon, withdrawal(), back),
	}
}

func notice(event string, day int, status dispute.ProviderStatus, moves ...dispute.Movement) dispute.Notice {
	return dispute.Notice{
		Connection: "stripe-eu", EventID: event, OccurredAt: at(day),
		Snapshot: &dispute.Snapshot{
			ID: "du_1", Amount: dispute.Money{Minor: 10000, Currency: "EUR"},
			Status: status, OpenedAt: day0, Movements: moves,
		},
	}
}

// tell folds the notices one by one and posts after each, checking the books
// every time. With remember it keeps when the dispute was lost.
func tell(t rapid.TB, notices []dispute.Notice, policy Policy, remember bool) []Entry {
	t.Helper()
	var view dispute.View
	var lostAt time.Time
	var posted []Entry
	for _, n := range notices {
		view = dispute.Fold(view, n)
		if n.Snapshot.Status == dispute.ProviderLost && (lostAt.IsZero() || n.OccurredAt.Before(lostAt)) {
			lostAt = n.OccurredAt
		}
		in := viewFacts(view, policy)
		if remember {
			in.LostAt = lostAt
		}
		want := expected(t, in)
		posted = append(posted, Diff(posted, want)...)
		if more := Diff(posted, want); len(more) != 0 {
			t.Fatalf("a second posting finds %v", keys(more))
		}
		if diff := cmp.Diff(nets(want), nets(posted)); diff != "" {
			t.Fatalf("posted step by step (-at once +steps):\n%s", diff)
		}
		checkAll(t, in, posted)
	}
	return posted
}

// viewFacts is what the recording activity makes of a view.
func viewFacts(v dispute.View, policy Policy) Facts {
	in := facts(dispute.StatusOpen)
	in.View, in.Policy, in.OutcomeAt = v, policy, v.OccurredAt
	switch v.Snapshot.Status {
	case dispute.ProviderWon:
		in.Outcome = dispute.StatusWon
	case dispute.ProviderLost:
		in.Outcome = dispute.StatusLost
	case dispute.ProviderClosed, dispute.ProviderPrevented:
		in.Outcome = dispute.StatusClosed
	case dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderUnknown:
	}
	return in
}
