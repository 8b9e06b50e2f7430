package ledger_test

import (
	"fmt"
	"os"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// A dispute is lost, and the loss is posted. Later the bank changes its mind
// and the money comes back: the write-off is reversed, never edited.
func ExampleDiff() {
	facts := ledger.Facts{
		CaseID: "cs_1", Connection: "stripe-us", DisputeID: "du_1",
		Outcome:   dispute.StatusLost,
		OutcomeAt: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC),
		Amount:    dispute.Money{Minor: 10000, Currency: "USD"},
	}
	withdrawn := dispute.Movement{
		ID: "txn_1", Category: "dispute", Amount: -10000, Fee: 1500, Net: -11500, Currency: "USD",
		At: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
	}
	returned := dispute.Movement{
		ID: "txn_2", Category: "dispute_reversal", Amount: 10000, Net: 10000, Currency: "USD",
		At: time.Date(2026, 6, 9, 0, 0, 0, 0, time.UTC),
	}
	var posted []ledger.Entry
	post := func() {
		want, err := ledger.Expected(facts)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range ledger.Diff(posted, want) {
			fmt.Println(e.Date.Format(time.DateOnly), e.Key)
			posted = append(posted, e)
		}
	}

	facts.View.Snapshot.Movements = []dispute.Movement{withdrawn}
	post()
	facts.View.Snapshot.Movements = []dispute.Movement{withdrawn, returned}
	facts.Outcome, facts.OutcomeAt = dispute.StatusWon, returned.At
	post()
	post() // told again: nothing to do

	for _, b := range ledger.TrialBalance(posted) {
		fmt.Println(b.Account, b.Connection, dispute.Money{Minor: b.Net(), Currency: b.Currency})
	}
	// Output:
	// 2026-03-02 stripe-us|du_1|txn_1|opened
	// 2026-05-02 stripe-us|du_1|lost|1
	// 2026-06-09 stripe-us|du_1|lost|1|reversal|1
	// 2026-06-09 stripe-us|du_1|txn_2|reinstated
	// psp_clearing stripe-us -15.00 USD
	// disputed_funds  0.00 USD
	// chargeback_loss  0.00 USD
	// dispute_fees  15.00 USD
}

func ExampleExport() {
	entries, err := ledger.Expected(ledger.Facts{
		CaseID: "cs_1", Connection: "stripe-us", DisputeID: "du_1",
		Amount: dispute.Money{Minor: 10000, Currency: "USD"},
		View: dispute.View{Snapshot: dispute.Snapshot{Movements: []dispute.Movement{{
			ID: "txn_1", Category: "dispute", Amount: -10000, Fee: 1500, Net: -11500, Currency: "USD",
			At: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
		}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := ledger.Export(os.Stdout, ledger.FormatHledger, entries); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ; Dispute journal. Each entry's natural key is in its key tag.
	//
	// commodity 1000.00 USD
	//
	// account Assets:Disputed funds
	// account Assets:Processor clearing:stripe-us
	// account Expenses:Dispute fees
	//
	// 2026-03-02 Dispute du_1: funds withdrawn
	//     ; key: stripe-us|du_1|txn_1|opened
	//     ; case: cs_1
	//     ; kind: opened
	//     ; movement: txn_1
	//     Assets:Disputed funds                 100.00 USD
	//     Expenses:Dispute fees                  15.00 USD
	//     Assets:Processor clearing:stripe-us  -115.00 USD
}
