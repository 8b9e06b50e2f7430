package ledger

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestBalancePerDispute is the oracle of the accounting reference: the balances
// of each path through a dispute's life, before any allowance.
func TestBalancePerDispute(t *testing.T) {
	t.Parallel()
	prevented := facts(dispute.StatusClosed, move("txn_p", 0, "dispute", -10000, 1500, "RDR"))
	prevented.View.Snapshot.Status = dispute.ProviderPrevented
	lateWin := facts(dispute.StatusWon, withdrawal(), counteredFee(), move("txn_r", 90, "dispute_reversal", 10000, 0, ""))
	lateWin.LostAt, lateWin.OutcomeAt = at(61), at(90)

	tests := []struct {
		path      string
		in        Facts
		want      map[Account]int64
		immediate map[Account]int64 // nil: the same as want
	}{
		{
			"open", facts(dispute.StatusOpen, withdrawal()),
			map[Account]int64{PSPClearing: -11500, DisputedFunds: 10000, DisputeFees: 1500},
			map[Account]int64{PSPClearing: -11500, ChargebackLoss: 10000, DisputeFees: 1500},
		},
		{
			"open, counter, won, counter fee back",
			facts(dispute.StatusWon, withdrawal(), counteredFee(), reinstated(10000), counteredFeeBack()),
			map[Account]int64{PSPClearing: -1500, DisputeFees: 1500},
			map[Account]int64{PSPClearing: -1500, ChargebackLoss: 10000, ChargebackRecovery: -10000, DisputeFees: 1500},
		},
		{
			"open, counter, lost", facts(dispute.StatusLost, withdrawal(), counteredFee()),
			map[Account]int64{PSPClearing: -13000, ChargebackLoss: 10000, DisputeFees: 3000}, nil,
		},
		{
			"open, accepted", facts(dispute.StatusAccepted, withdrawal()),
			map[Account]int64{PSPClearing: -11500, ChargebackLoss: 10000, DisputeFees: 1500}, nil,
		},
		{
			"open, counter, partial 40, counter fee kept, told as lost",
			facts(dispute.StatusLost, withdrawal(), counteredFee(), reinstated(4000)),
			map[Account]int64{PSPClearing: -9000, ChargebackLoss: 6000, DisputeFees: 3000},
			map[Account]int64{PSPClearing: -9000, ChargebackLoss: 10000, ChargebackRecovery: -4000, DisputeFees: 3000},
		},
		{
			"open, counter, partial 40, counter fee kept, told as won",
			facts(dispute.StatusWon, withdrawal(), counteredFee(), reinstated(4000)),
			map[Account]int64{PSPClearing: -9000, ChargebackLoss: 6000, DisputeFees: 3000},
			map[Account]int64{PSPClearing: -9000, ChargebackLoss: 10000, ChargebackRecovery: -4000, DisputeFees: 3000},
		},
		{
			"alert refund",
			facts(dispute.StatusClosed, move("txn_f", 0, "refund", -10000, 0, ""), move("txn_a", 0, "alert_fee", -2900, 0, "")),
			map[Account]int64{PSPClearing: -12900, Refunds: 10000, AlertFees: 2900}, nil,
		},
		{
			"RDR", prevented,
			map[Account]int64{PSPClearing: -11500, Refunds: 10000, AlertFees: 1500}, nil,
		},
		{
			"lost then late win, counter fee kept", lateWin,
			map[Account]int64{PSPClearing: -3000, ChargebackLoss: 10000, ChargebackRecovery: -10000, DisputeFees: 3000}, nil,
		},
	}
	for _, tc := range tests {
		t.Run(tc.path, func(t *testing.T) {
			t.Parallel()
			receivable := expected(t, tc.in)
			wantNets(t, receivable, tc.want)
			checkAll(t, tc.in, receivable)

			tc.in.Policy = PolicyImmediate
			if tc.immediate == nil {
				tc.immediate = tc.want
			}
			immediate := expected(t, tc.in)
			wantNets(t, immediate, tc.immediate)
			checkAll(t, tc.in, immediate)
		})
	}
}

// checkAll runs the invariants of the accounting reference that hold for any
// single dispute.
func checkAll(t rapid.TB, in Facts, posted []Entry) {
	t.Helper()
	for _, e := range posted {
		if err := Validate(e); err != nil {
			t.Error(err)
		}
	}
	sums := map[string]int64{}
	for _, b := range TrialBalance(posted) {
		sums[b.Currency] += b.Net()
	}
	for currency, sum := range sums {
		if sum != 0 {
			t.Errorf("trial balance in %s adds up to %d, want 0", currency, sum)
		}
	}
	for _, err := range []error{CheckClosed(in, posted), CheckClearing(in, posted), CheckOpenDisputed([]Facts{in}, posted)} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestEntriesOfAWonDispute(t *testing.T) {
	t.Parallel()
	got := expected(t, facts(dispute.StatusWon, counteredFeeBack(), withdrawal(), reinstated(10000), counteredFee()))
	entry := func(movement string, kind Kind, memo string, day int, postings ...Posting) Entry {
		return Entry{
			Key: "stripe-eu|du_1|" + movement + "|" + string(kind), CaseID: "cs_1", Connection: "stripe-eu", DisputeID: "du_1",
			Kind: kind, Date: at(day), Currency: "EUR", Memo: "Dispute du_1: " + memo, Movement: movement, Postings: postings,
		}
	}
	want := []Entry{
		entry("txn_w", KindOpened, "funds withdrawn", 0,
			Posting{DisputedFunds, Debit, 10000}, Posting{DisputeFees, Debit, 1500}, Posting{PSPClearing, Credit, 11500}),
		entry("txn_c", KindCounteredFee, "fee for answering the dispute", 5,
			Posting{DisputeFees, Debit, 1500}, Posting{PSPClearing, Credit, 1500}),
		entry("txn_cr", KindCounteredFeeReturned, "fee for answering the dispute returned", 60,
			Posting{PSPClearing, Debit, 1500}, Posting{DisputeFees, Credit, 1500}),
		entry("txn_r", KindReinstated, "funds returned", 60,
			Posting{PSPClearing, Debit, 10000}, Posting{DisputedFunds, Credit, 10000}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestEvents covers the rows of the reference's event table that the oracle
// does not.
func TestEvents(t *testing.T) {
	t.Parallel()
	second := move("txn_w2", 30, "dispute", -10000, 1500, "Chargeback withdrawal for ch_1")
	fraud := facts(dispute.StatusLost, withdrawal())
	fraud.Family = dispute.FamilyFraudulent
	undone := facts(dispute.StatusClosed, move("txn_p", 0, "dispute", -10000, 1500, ""), move("txn_u", 9, "dispute_reversal", 10000, 0, ""))
	undone.View.Snapshot.Status = dispute.ProviderPrevented
	lostAndPrevented := facts(dispute.StatusWon, withdrawal())
	lostAndPrevented.View.Snapshot.Status, lostAndPrevented.LostAt = dispute.ProviderPrevented, at(9)
	blocked := facts(dispute.StatusClosed, move("txn_b", 0, "fee", -1500, 0, "Visa CE 3.0 block"))
	blocked.View.Snapshot.Status = dispute.ProviderPrevented

	tests := []struct {
		name  string
		in    Facts
		kinds []Kind
		want  map[Account]int64
	}{
		{"1 inquiry moves no money", facts(dispute.StatusClosed), nil, map[Account]int64{}},
		{
			"1 paid inquiry is a fee only", facts(dispute.StatusClosed, move("txn_f", 0, "fee", -500, 0, "")),
			[]Kind{KindFee},
			map[Account]int64{PSPClearing: -500, DisputeFees: 500},
		},
		{
			"6 won, money awaited", facts(dispute.StatusWon, withdrawal()),
			[]Kind{KindOpened},
			map[Account]int64{PSPClearing: -11500, DisputedFunds: 10000, DisputeFees: 1500},
		},
		{
			"8 received fee comes back with the money",
			facts(dispute.StatusWon, withdrawal(), move("txn_r", 60, "dispute_reversal", 10000, -1500, "")),
			[]Kind{KindOpened, KindReinstated},
			map[Account]int64{},
		},
		{
			"8 received fee comes back by itself",
			facts(dispute.StatusWon, withdrawal(), reinstated(10000), move("txn_f", 61, "fee", 1500, 0, "")),
			[]Kind{KindOpened, KindReinstated, KindFeeReturned},
			map[Account]int64{},
		},
		{"9 fraud has its own loss account", fraud, []Kind{KindOpened, KindLost},
			map[Account]int64{PSPClearing: -11500, FraudLoss: 10000, DisputeFees: 1500}},
		{"10 accepted before any withdrawal waits", facts(dispute.StatusAccepted), nil, map[Account]int64{}},
		{
			"13 partial dispute", facts(dispute.StatusOpen, move("txn_w", 0, "dispute", -6000, 1500, "")),
			[]Kind{KindOpened},
			map[Account]int64{PSPClearing: -7500, DisputedFunds: 6000, DisputeFees: 1500},
		},
		{
			"14 less withdrawn than disputed, lost", facts(dispute.StatusLost, move("txn_w", 0, "dispute", -6000, 1500, "")),
			[]Kind{KindOpened, KindLost},
			map[Account]int64{PSPClearing: -7500, ChargebackLoss: 6000, DisputeFees: 1500},
		},
		{
			"16 second debit after a win is open again",
			facts(dispute.StatusWon, withdrawal(), move("txn_r", 20, "dispute_reversal", 10000, 0, ""), second),
			[]Kind{KindOpened, KindReinstated, KindSecondWithdrawal},
			map[Account]int64{PSPClearing: -13000, DisputedFunds: 10000, DisputeFees: 3000},
		},
		{
			"16 second debit, lost",
			facts(dispute.StatusLost, withdrawal(), move("txn_r", 20, "dispute_reversal", 10000, 0, ""), second),
			[]Kind{KindOpened, KindReinstated, KindSecondWithdrawal, KindLost},
			map[Account]int64{PSPClearing: -13000, ChargebackLoss: 10000, DisputeFees: 3000},
		},
		{
			"18 compliance fee, returned on the win",
			facts(dispute.StatusWon, withdrawal(), move("txn_v", 8, "fee", -50000, 0, "Visa compliance fee"),
				reinstated(10000), move("txn_vr", 61, "fee", 50000, 0, "Visa compliance fee")),
			[]Kind{KindOpened, KindComplianceFee, KindReinstated, KindFeeReturned},
			map[Account]int64{PSPClearing: -1500, DisputeFees: 1500},
		},
		{
			"18 compliance fee, as small as the countered fee",
			facts(dispute.StatusWon, withdrawal(), counteredFee(), move("txn_v", 8, "fee", -1500, 0, "Compliance fee"),
				reinstated(10000), move("txn_vr", 61, "fee", 1500, 0, "Compliance fee")),
			[]Kind{KindOpened, KindCounteredFee, KindComplianceFee, KindReinstated, KindFeeReturned},
			map[Account]int64{PSPClearing: -3000, DisputeFees: 3000},
		},
		{
			"21 alert credited by its vendor",
			facts(dispute.StatusClosed, move("txn_a", 0, "alert_fee", -2900, 0, ""), move("txn_b", 9, "alert_fee", 2900, 0, "")),
			[]Kind{KindAlertFee, KindAlertFeeReturned},
			map[Account]int64{},
		},
		{"22 a block costs its fee only", blocked, []Kind{KindAlertFee}, map[Account]int64{PSPClearing: -1500, AlertFees: 1500}},
		{"22 a prevented dispute was never lost", lostAndPrevented, []Kind{KindPrevented},
			map[Account]int64{PSPClearing: -11500, Refunds: 10000, AlertFees: 1500}},
		{"23 RDR deleted later", undone, []Kind{KindPrevented, KindReinstated}, map[Account]int64{PSPClearing: -1500, AlertFees: 1500}},
		{
			"24 double payout",
			facts(dispute.StatusLost, move("txn_f", -3, "refund", -10000, 0, ""), withdrawal()),
			[]Kind{KindRefund, KindOpened, KindLost},
			map[Account]int64{PSPClearing: -21500, Refunds: 10000, ChargebackLoss: 10000, DisputeFees: 1500},
		},
		{
			"31 PayPal holds funds and charges",
			facts(dispute.StatusLost, move("a", 0, "DISPUTE_SETTLEMENT", -10000, 0, ""), move("b", 1, "DISPUTE_FEE", -1500, 0, "")),
			[]Kind{KindOpened, KindFee, KindLost},
			map[Account]int64{PSPClearing: -11500, ChargebackLoss: 10000, DisputeFees: 1500},
		},
		{
			"Adyen reverses and debits again",
			facts(dispute.StatusOpen, move("a", 0, "Chargeback", -10000, 0, ""), move("b", 5, "ChargebackReversed", 10000, 0, ""),
				move("c", 9, "SecondChargeback", -10000, 0, "")),
			[]Kind{KindOpened, KindReinstated, KindSecondWithdrawal},
			map[Account]int64{PSPClearing: -10000, DisputedFunds: 10000},
		},
		{
			"reinstated before withdrawn", facts(dispute.StatusWon, reinstated(10000)),
			[]Kind{KindReinstated},
			map[Account]int64{PSPClearing: 10000, DisputedFunds: -10000},
		},
		{
			"more came back than left", facts(dispute.StatusWon, withdrawal(), reinstated(10000), move("txn_r2", 61, "dispute_reversal", 10000, 0, "")),
			[]Kind{KindOpened, KindReinstated, KindReinstated, KindUnclassified},
			map[Account]int64{PSPClearing: 8500, DisputeFees: 1500, DisputeSuspense: -10000},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := expected(t, tc.in)
			if diff := cmp.Diff(tc.kinds, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
			wantNets(t, got, tc.want)
			checkAll(t, tc.in, got)
		})
	}
}

func TestTwoSettlementCurrencies(t *testing.T) {
	t.Parallel()
	yen := dispute.Movement{ID: "j", Category: "chargeback", Amount: -5000, Net: -5000, Currency: "jpy", At: at(1)}
	in := facts(dispute.StatusLost, withdrawal(), yen)
	got := expected(t, in)
	want := map[string]int64{
		"psp_clearing EUR": -11500, "dispute_fees EUR": 1500, "chargeback_loss EUR": 10000,
		"psp_clearing JPY": -5000, "chargeback_loss JPY": 5000,
	}
	if diff := cmp.Diff(want, nets(got)); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
	if got[2].Key != "stripe-eu|du_1|lost|1" || got[3].Key != "stripe-eu|du_1|lost|2" {
		t.Errorf("write-off keys %s and %s, want lost|1 and lost|2", got[2].Key, got[3].Key)
	}
}

func TestWriteOffIsNotDatedBeforeItsMoney(t *testing.T) {
	t.Parallel()
	in := facts(dispute.StatusAccepted, withdrawal())
	in.OutcomeAt = at(-2)
	got := expected(t, in)
	if last := got[len(got)-1]; !last.Date.Equal(day0) {
		t.Errorf("written off on %s, want %s", last.Date, day0)
	}
}

func TestExpectedRefuses(t *testing.T) {
	t.Parallel()
	change := func(f func(*Facts)) Facts {
		in := facts(dispute.StatusLost, withdrawal())
		f(&in)
		return in
	}
	tests := []struct {
		name string
		in   Facts
	}{
		{"no dispute id", change(func(in *Facts) { in.DisputeID = "" })},
		{"separator in an id", change(func(in *Facts) { in.Connection = "a|b" })},
		{"unknown policy", change(func(in *Facts) { in.Policy = "hopeful" })},
		{"unknown outcome", change(func(in *Facts) { in.Outcome = "drawn" })},
		{"an end without a date", change(func(in *Facts) { in.OutcomeAt = time.Time{} })},
		{"movement without id", change(func(in *Facts) { in.View.Snapshot.Movements[0].ID = "" })},
		{"movement without date", change(func(in *Facts) { in.View.Snapshot.Movements[0].At = time.Time{} })},
		{"movement without currency", change(func(in *Facts) { in.View.Snapshot.Movements[0].Currency = "" })},
		{"amount out of range", change(func(in *Facts) { in.View.Snapshot.Movements[0].Amount = math.MinInt64 })},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Expected(tc.in)
			if err == nil || dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("Expected = %v, %v; want an error of kind invalid", got, err)
			}
		})
	}
}
