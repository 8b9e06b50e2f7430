package ledger

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// day0 is when the disputes of the tests open.
var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(days int) time.Time { return day0.AddDate(0, 0, days) }

// move is one movement in euros; its net is what the parts say.
func move(id string, day int, category string, amount, fee int64, description string) dispute.Movement {
	return dispute.Movement{
		ID: id, Category: category, Amount: amount, Fee: fee, Net: amount - fee,
		Currency: "EUR", At: at(day), Description: description,
	}
}

// The movements of the worked example: sale 100.00, both fees 15.00.
func withdrawal() dispute.Movement {
	return move("txn_w", 0, "dispute", -10000, 1500, "Chargeback withdrawal for ch_1")
}

func counteredFee() dispute.Movement {
	return move("txn_c", 5, "fee", -1500, 0, "Dispute countered fee")
}

func reinstated(amount int64) dispute.Movement {
	return move("txn_r", 60, "dispute_reversal", amount, 0, "Chargeback reversal for ch_1")
}

func counteredFeeBack() dispute.Movement {
	return move("txn_cr", 60, "fee", 1500, 0, "Dispute countered fee returned")
}

// facts are those of a dispute over 100.00 EUR that ends on day 61.
func facts(outcome dispute.Status, moves ...dispute.Movement) Facts {
	in := Facts{
		CaseID: "cs_1", Connection: "stripe-eu", DisputeID: "du_1",
		Family:  dispute.FamilyProductNotReceived,
		Outcome: outcome,
		Amount:  dispute.Money{Minor: 10000, Currency: "EUR"},
	}
	if outcome != dispute.StatusOpen {
		in.OutcomeAt = at(61)
	}
	in.View.Snapshot.ID = "du_1"
	in.View.Snapshot.Movements = moves
	return in
}

func expected(t rapid.TB, in Facts) []Entry {
	t.Helper()
	entries, err := Expected(in)
	if err != nil {
		t.Fatalf("Expected: %v", err)
	}
	return entries
}

// nets are the balances that are not zero, as debits, by "account currency".
func nets(entries []Entry) map[string]int64 {
	out := map[string]int64{}
	for _, b := range TrialBalance(entries) {
		if b.Net() != 0 {
			out[fmt.Sprintf("%s %s", b.Account, b.Currency)] = b.Net()
		}
	}
	return out
}

// euros are the balances in a currency-free short form.
func euros(entries []Entry) map[Account]int64 {
	out := map[Account]int64{}
	for _, b := range TrialBalance(entries) {
		if b.Net() != 0 {
			out[b.Account] += b.Net()
		}
	}
	return out
}

// step posts what the facts ask for now, as the recording activity does.
func step(t rapid.TB, posted []Entry, in Facts) []Entry {
	t.Helper()
	return append(posted, Diff(posted, expected(t, in))...)
}

func wantNets(t rapid.TB, entries []Entry, want map[Account]int64) {
	t.Helper()
	if diff := cmp.Diff(want, euros(entries)); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
}

func kinds(entries []Entry) []Kind {
	var out []Kind
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}
