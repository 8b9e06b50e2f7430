package ledger

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var statuses = []dispute.ProviderStatus{
	dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderWon, dispute.ProviderLost,
	dispute.ProviderClosed, dispute.ProviderPrevented, dispute.ProviderUnknown,
}

// drawMovement is any movement, likely or not, with its parts in order most of
// the time.
func drawMovement(t *rapid.T, id string) dispute.Movement {
	m := move(
		id,
		rapid.IntRange(0, 100).Draw(t, "day"),
		rapid.SampledFrom([]string{
			"dispute", "dispute_reversal", "fee", "network_cost", "refund", "alert_fee",
			"DISPUTE_SETTLEMENT", "SecondChargeback", "CHARGEBACK_REVERSED", "other", "",
		}).Draw(t, "category"),
		rapid.SampledFrom([]int64{-10000, -10000, 10000, 10000, -10786, 10650, -1500, 1500, 4000, 0}).Draw(t, "amount"),
		rapid.SampledFrom([]int64{0, 0, 0, 1500, -1500}).Draw(t, "fee"),
		rapid.SampledFrom([]string{"", "", "Chargeback withdrawal for ch_1", "Dispute fee", "Countered fee"}).Draw(t, "description"),
	)
	if rapid.IntRange(0, 9).Draw(t, "crooked") == 0 {
		m.Net++
	}
	return m
}

// drawStory is a dispute's life: each notice shows some of its movements.
func drawStory(t *rapid.T) []dispute.Notice {
	var moves []dispute.Movement
	for i := range rapid.IntRange(0, 6).Draw(t, "movements") {
		moves = append(moves, drawMovement(t, fmt.Sprintf("txn_%d", i)))
	}
	var story []dispute.Notice
	for i := range rapid.IntRange(1, 7).Draw(t, "notices") {
		var shown []dispute.Movement
		for _, m := range moves {
			if rapid.Bool().Draw(t, "shown") {
				shown = append(shown, m)
			}
		}
		day := rapid.IntRange(0, 100).Draw(t, "day")
		story = append(story, notice(fmt.Sprintf("evt_%d", i), day, rapid.SampledFrom(statuses).Draw(t, "status"), shown...))
	}
	return story
}

// TestAnyOrderAnyRepetition: whatever a provider tells, in whatever order and
// however often, the books balance after every notice and end the same.
func TestAnyOrderAnyRepetition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		story := drawStory(rt)
		policy := rapid.SampledFrom([]Policy{PolicyReceivable, PolicyImmediate}).Draw(rt, "policy")
		remember := rapid.Bool().Draw(rt, "remember")
		want := nets(tell(rt, story, policy, remember))

		told := slices.Clone(story)
		for range rapid.IntRange(0, 4).Draw(rt, "repeats") {
			told = append(told, rapid.SampledFrom(story).Draw(rt, "again"))
		}
		told = rapid.Permutation(told).Draw(rt, "order")
		got := nets(tell(rt, told, policy, remember))
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("order %v (-in order +shuffled):\n%s", events(told), diff)
		}
	})
}

// TestExpectedIgnoresOrderOfMovements: the list's own order says nothing.
func TestExpectedIgnoresOrderOfMovements(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var moves []dispute.Movement
		for i := range rapid.IntRange(0, 6).Draw(rt, "movements") {
			moves = append(moves, drawMovement(rt, fmt.Sprintf("txn_%d", i)))
		}
		shuffled := rapid.Permutation(moves).Draw(rt, "order")
		outcome := rapid.SampledFrom([]dispute.Status{dispute.StatusOpen, dispute.StatusWon, dispute.StatusLost, dispute.StatusAccepted, dispute.StatusClosed}).Draw(rt, "outcome")
		want, err := Expected(facts(outcome, moves...))
		if err != nil {
			rt.Fatal(err)
		}
		got, err := Expected(facts(outcome, shuffled...))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("entries (-one order +another):\n%s", diff)
		}
	})
}
