package ledger

import (
	"maps"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestExchangeDifferences is section 6 of the reference: the sale was booked at
// 100.00 and 107.86 was withdrawn.
func TestExchangeDifferences(t *testing.T) {
	t.Parallel()
	withdrawn := move("txn_w", 0, "dispute", -10786, 1500, "")
	dollars := dispute.Money{Minor: 11900, Currency: "USD"}
	booked := dispute.Money{Minor: 10000, Currency: "EUR"}
	base := map[Account]int64{PSPClearing: -12286, DisputeFees: 1500}
	with := func(changes map[Account]int64) map[Account]int64 {
		out := map[Account]int64{}
		for _, m := range []map[Account]int64{base, changes} {
			for a, n := range m {
				if out[a] += n; out[a] == 0 {
					delete(out, a)
				}
			}
		}
		return out
	}
	tests := []struct {
		name    string
		outcome dispute.Status
		amount  dispute.Money
		back    int64
		want    map[Account]int64
	}{
		{"open", dispute.StatusOpen, booked, 0, with(map[Account]int64{DisputedFunds: 10786})},
		{"won, the same returned", dispute.StatusWon, booked, 10786, with(map[Account]int64{PSPClearing: 10786})},
		{"won, less returned", dispute.StatusWon, booked, 10650, with(map[Account]int64{PSPClearing: 10650, FXGainLoss: 136})},
		{"won, less returned, disputed in dollars", dispute.StatusWon, dollars, 10650, with(map[Account]int64{PSPClearing: 10650, FXGainLoss: 136})},
		{"won, more returned", dispute.StatusWon, dollars, 10820, with(map[Account]int64{PSPClearing: 10820, FXGainLoss: -34})},
		{"lost", dispute.StatusLost, booked, 0, with(map[Account]int64{ChargebackLoss: 10000, FXGainLoss: 786})},
		{"lost, most of it returned", dispute.StatusLost, booked, 10500, with(map[Account]int64{PSPClearing: 10500, FXGainLoss: 286})},
		{"lost, booked amount not known", dispute.StatusLost, dollars, 0, with(map[Account]int64{ChargebackLoss: 10786})},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			in := facts(tc.outcome, withdrawn)
			in.Amount = tc.amount
			if tc.back > 0 {
				in.View.Snapshot.Movements = append(in.View.Snapshot.Movements, reinstated(tc.back))
			}
			got := expected(t, in)
			wantNets(t, got, tc.want)
			checkAll(t, in, got)

			in.Policy = PolicyImmediate
			immediate := expected(t, in)
			want := maps.Clone(tc.want)
			recovered := min(tc.back, 10786)
			want[ChargebackLoss] += want[DisputedFunds] + recovered
			want[ChargebackRecovery] -= recovered
			want[DisputedFunds] = 0
			maps.DeleteFunc(want, func(_ Account, n int64) bool { return n == 0 })
			wantNets(t, immediate, want)
			checkAll(t, in, immediate)
		})
	}
}
