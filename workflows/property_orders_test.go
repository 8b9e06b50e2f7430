package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// news is one notice of a life.
type news struct {
	day    int
	status dispute.ProviderStatus
	stage  dispute.Stage
}

// lives are what a provider tells of one dispute, in the order of time.
var lives = map[string][]news{
	"won": {
		{0, dispute.ProviderNeedsResponse, dispute.StageChargeback}, {0, dispute.ProviderNeedsResponse, dispute.StageChargeback},
		{1, dispute.ProviderUnderReview, dispute.StageChargeback}, {5, dispute.ProviderWon, dispute.StageChargeback},
		{5, dispute.ProviderWon, dispute.StageChargeback}, {6, dispute.ProviderWon, dispute.StageChargeback},
	},
	"lost": {
		{0, dispute.ProviderNeedsResponse, dispute.StageChargeback}, {1, dispute.ProviderNeedsResponse, dispute.StageChargeback},
		{5, dispute.ProviderLost, dispute.StageChargeback}, {6, dispute.ProviderLost, dispute.StageChargeback},
	},
	"an inquiry escalated": {
		{0, dispute.ProviderNeedsResponse, dispute.StageInquiry}, {1, dispute.ProviderUnderReview, dispute.StageInquiry},
		{3, dispute.ProviderNeedsResponse, dispute.StageChargeback}, {3, dispute.ProviderNeedsResponse, dispute.StageChargeback},
		{4, dispute.ProviderUnderReview, dispute.StageChargeback}, {6, dispute.ProviderLost, dispute.StageChargeback},
	},
	"an inquiry closed": {
		{0, dispute.ProviderNeedsResponse, dispute.StageInquiry}, {1, dispute.ProviderUnderReview, dispute.StageInquiry},
		{6, dispute.ProviderClosed, dispute.StageInquiry},
	},
	"lost, then won": {
		{0, dispute.ProviderNeedsResponse, dispute.StageChargeback}, {1, dispute.ProviderUnderReview, dispute.StageChargeback},
		{3, dispute.ProviderLost, dispute.StageChargeback}, {6, dispute.ProviderWon, dispute.StageChargeback},
	},
	"still open": {
		{0, dispute.ProviderNeedsResponse, dispute.StageInquiry}, {1, dispute.ProviderUnknown, dispute.StageInquiry},
		{2, dispute.ProviderNeedsResponse, dispute.StageChargeback}, {3, dispute.ProviderUnknown, dispute.StageChargeback},
		{4, dispute.ProviderNeedsResponse, dispute.StageChargeback},
	},
}

// TestOrderDoesNotMatterToACase lives cases whose notices arrive in any order,
// some of them again: when all are there, the case stands as if they had come
// in the order of time. Nobody answers meanwhile, as what was sent depends on
// what was known.
func TestOrderDoesNotMatterToACase(t *testing.T) {
	t.Parallel()
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := make([]int, len(life))
			for i := range order {
				order[i] = i
			}
			want := lived(t, life, order)
			if name != "still open" && !want.Closed {
				t.Fatalf("the life does not end: %+v", want)
			}
			rapid.Check(t, func(t *rapid.T) {
				again := rapid.SliceOfN(rapid.SampledFrom(order), 0, 3).Draw(t, "again")
				told := rapid.Permutation(append(slices.Clone(order), again...)).Draw(t, "order")
				if diff := cmp.Diff(want, lived(t, life, told), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("order %v (-in time +told):\n%s", told, diff)
				}
			})
		})
	}
}

// stands is how a case stands when everything was told.
type stands struct {
	Closed  bool
	Outcome dispute.Status
	Face    dispute.Face
	Known   activities.Known
	Answers []answer
}

func lived(t rapid.TB, life []news, order []int) stands {
	t.Helper()
	w := newWorld(t)
	w.waiting()
	w.base.DueBy = t0.Add(60 * day)
	var notices []dispute.Notice
	for _, n := range life {
		notices = append(notices, w.notice(time.Duration(n.day)*day, n.status, stage(n.stage)))
	}
	w.first = notices[order[0]]
	for i, k := range order[1:] {
		w.sends(time.Hour+time.Duration(i)*time.Minute, notices[k])
	}
	s := w.run(30 * day)
	s.Face.Strength = 0 // of the packet, which is composed only while an answer is owed
	return stands{Closed: w.closed, Outcome: s.Outcome, Face: s.Face, Known: *s.Known, Answers: w.answers()}
}
