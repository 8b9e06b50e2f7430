package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestShapes tells principal from fee in both of the shapes Stripe was seen to
// use, without comparing sizes.
func TestShapes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		amount int64 // disputed
		moves  []dispute.Movement
		want   []Kind
	}{
		{"fee inline", 10000, []dispute.Movement{withdrawal()}, []Kind{KindOpened}},
		{"fee inline, larger than the principal", 50, []dispute.Movement{move("a", 0, "dispute", -50, 1500, "")}, []Kind{KindOpened}},
		{
			"fee line told by its description", 999,
			[]dispute.Movement{move("a", 0, "dispute", -999, 0, "Chargeback withdrawal for ch_1"), move("b", 0, "dispute", -1500, 0, "Chargeback fee")},
			[]Kind{KindFee, KindOpened},
		},
		{
			"principal told by the disputed amount", 999,
			[]dispute.Movement{move("a", 0, "dispute", -999, 0, ""), move("b", 1, "fee", -1500, 0, "")},
			[]Kind{KindOpened, KindFee},
		},
		{"fee line with the fee in its own field", 999, []dispute.Movement{move("a", 0, "dispute", 0, 1500, "")}, []Kind{KindFee}},
		{"network cost", 999, []dispute.Movement{move("a", 0, "network_cost", -20, 0, "")}, []Kind{KindFee}},
		{"a line that says nothing", 10000, []dispute.Movement{move("a", 0, "dispute", -1500, 0, "")}, []Kind{KindUnclassified}},
		{
			"the disputed amount twice at once", 1500,
			[]dispute.Movement{move("a", 0, "dispute", -1500, 0, ""), move("b", 0, "dispute", -1500, 0, "")},
			[]Kind{KindOpened, KindUnclassified},
		},
		{"a category nobody knows", 10000, []dispute.Movement{move("a", 0, "topup", -1500, 0, "")}, []Kind{KindUnclassified}},
		{
			"parts that do not add up", 10000,
			[]dispute.Movement{{ID: "a", Category: "dispute", Amount: -10000, Fee: 1500, Net: -10000, Currency: "EUR", At: day0}},
			[]Kind{KindUnclassified},
		},
		{
			"countered fee in a dispute line, back in a reversal line", 10000,
			[]dispute.Movement{withdrawal(), move("c", 5, "dispute", -1500, 0, "Countered dispute fee"), move("r", 60, "dispute_reversal", 1500, 0, "")},
			[]Kind{KindOpened, KindCounteredFee, KindCounteredFeeReturned},
		},
		{
			"fee of the same size as the principal comes back after it", 1500,
			[]dispute.Movement{
				move("w", 0, "dispute", -1500, 1500, ""), move("c", 5, "fee", -1500, 0, ""),
				move("r1", 60, "dispute_reversal", 1500, 0, ""), move("r2", 61, "dispute_reversal", 1500, 0, ""),
			},
			[]Kind{KindOpened, KindCounteredFee, KindReinstated, KindCounteredFeeReturned},
		},
		{"a movement of nothing", 10000, []dispute.Movement{move("a", 0, "dispute", 0, 0, "")}, nil},
		{"the same movement twice", 10000, []dispute.Movement{withdrawal(), withdrawal()}, []Kind{KindOpened}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := facts(dispute.StatusOpen, tc.moves...)
			in.Amount.Minor = tc.amount
			got := expected(t, in)
			if diff := cmp.Diff(tc.want, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
			checkAll(t, in, got)
		})
	}
}
