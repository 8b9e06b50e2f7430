package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestChecksFindWhatIsWrong damages books that pass and expects the check to
// say so.
func TestChecksFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	open := facts(dispute.StatusOpen, withdrawal())
	lost := facts(dispute.StatusLost, withdrawal(), counteredFee())
	won := facts(dispute.StatusWon, withdrawal(), reinstated(10000))
	refunded := facts(dispute.StatusOpen, move("txn_f", -3, "refund", -10000, 0, ""))
	twice := facts(dispute.StatusOpen, move("txn_f", -3, "refund", -5000, 0, ""), move("txn_g", -2, "refund", -5000, 0, ""))
	thrice := facts(dispute.StatusOpen, append(slices.Clone(twice.View.Snapshot.Movements), move("txn_h", -1, "refund", -5000, 0, ""))...)
	prevented := facts(dispute.StatusClosed, withdrawal(), reinstated(10000))
	prevented.View.Snapshot.Status = dispute.ProviderPrevented
	charged := dispute.Money{Minor: 10000, Currency: "EUR"}
	allowance := Entry{
		Connection: "stripe-eu", DisputeID: "du_1", Currency: "EUR",
		Postings: []Posting{{ChargebackLoss, Debit, 7000}, {DisputeAllowance, Credit, 7000}},
	}
	without := func(in Facts, i int) []Entry {
		entries := expected(t, in)
		return slices.Delete(entries, i, i+1)
	}
	tests := []struct {
		name string
		err  error
		bad  bool
	}{
		{"closed: written off", CheckClosed(lost, expected(t, lost)), false},
		{"closed: write-off missing", CheckClosed(lost, without(lost, 2)), true},
		{"closed: allowance not released", CheckClosed(won, append(expected(t, won), allowance)), true},
		{"closed: won, reinstatement missing", CheckClosed(won, without(won, 1)), true},
		{"closed: still open", CheckClosed(open, expected(t, open)), false},
		{"clearing: all movements", CheckClearing(lost, expected(t, lost)), false},
		{"clearing: one missing", CheckClearing(lost, without(lost, 1)), true},
		{"clearing: nothing posted", CheckClearing(lost, nil), true},
		{"open disputed: agrees", CheckOpenDisputed([]Facts{open}, expected(t, open)), false},
		{"open disputed: nothing posted", CheckOpenDisputed([]Facts{open}, nil), true},
		{"open disputed: lost but still held", CheckOpenDisputed([]Facts{lost}, without(lost, 2)), true},
		{"refunds: one", CheckRefunds(refunded, charged, expected(t, refunded)), false},
		{"refunds: none", CheckRefunds(open, charged, expected(t, open)), false},
		{"refunds: two", CheckRefunds(twice, charged, expected(t, twice)), true},
		{"refunds: two, and one reversed", CheckRefunds(twice, charged, step(t, expected(t, thrice), twice)), true},
		{"refunds: more than charged", CheckRefunds(refunded, dispute.Money{Minor: 9999, Currency: "EUR"}, expected(t, refunded)), true},
		{"refunds: the network's, taken back", CheckRefunds(prevented, charged, expected(t, prevented)), false},
		{"refunds: one reversed", CheckRefunds(refunded, charged, step(t, expected(t, twice), refunded)), false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.bad != (tc.err != nil) {
				t.Errorf("check = %v, want an error: %t", tc.err, tc.bad)
			}
			if tc.err != nil && dispute.KindOf(tc.err) != dispute.Conflict {
				t.Errorf("kind %s, want conflict", dispute.KindOf(tc.err))
			}
		})
	}
}

func TestChecksRefuseBadFacts(t *testing.T) {
	t.Parallel()
	bad := facts(dispute.StatusLost, withdrawal())
	bad.OutcomeAt = time.Time{}
	for name, err := range map[string]error{
		"closed":        CheckClosed(bad, nil),
		"open disputed": CheckOpenDisputed([]Facts{bad}, nil),
	} {
		if err == nil || dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v, want an error of kind invalid", name, err)
		}
	}
}
