package braintree

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/networks"
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]dispute.ProviderStatus{
		"open": dispute.ProviderNeedsResponse, "OPEN": dispute.ProviderNeedsResponse,
		"disputed": dispute.ProviderUnderReview, "UNDER_REVIEW": dispute.ProviderUnderReview,
		"won": dispute.ProviderWon, "lost": dispute.ProviderLost, "ACCEPTED": dispute.ProviderLost,
		"auto_accepted": dispute.ProviderLost, "expired": dispute.ProviderLost, "paused": dispute.ProviderUnknown, "": dispute.ProviderUnknown,
	} {
		s := record{id: "d", status: word}.snapshot()
		if s.Status != want {
			t.Errorf("%q is %s, want %s", word, s.Status, want)
		}
		if silent := s.AutoAnswer == autoAnswer; silent != (want == dispute.ProviderNeedsResponse) {
			t.Errorf("%q: automatic answer %q; only an open dispute waits for one", word, s.AutoAnswer)
		}
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]dispute.Stage{
		"retrieval": dispute.StageInquiry, "CHARGEBACK": dispute.StageChargeback, "pre_arbitration": dispute.StagePreArbitration,
		"": dispute.StageChargeback, "mediation": dispute.StageChargeback,
	} {
		if got := (record{kind: word}).snapshot().Stage; got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
}

// Every reason of Braintree's is one that cases are routed by.
func TestReasonsAreKnown(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"CANCELLED_RECURRING_TRANSACTION", "CREDIT_NOT_PROCESSED", "DUPLICATE", "FRAUD", "GENERAL", "INVALID_ACCOUNT",
		"NOT_RECOGNIZED", "PRODUCT_NOT_RECEIVED", "PRODUCT_UNSATISFACTORY", "RETRIEVAL", "TRANSACTION_AMOUNT_DIFFERS",
	} {
		if !networks.KnownReason((record{reason: word}).snapshot()) {
			t.Errorf("networks/data/providers.yaml does not have %s", word)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for text, want := range map[[2]string]dispute.Money{
		{"100.00", "USD"}:  {Minor: 10000, Currency: "USD"},
		{"3.1", "USD"}:     {Minor: 310, Currency: "USD"},
		{"0.00", "EUR"}:    {Currency: "EUR"},
		{"100", "GBP"}:     {Minor: 10000, Currency: "GBP"},
		{"500", "JPY"}:     {Minor: 500, Currency: "JPY"},
		{"500.00", "JPY"}:  {Minor: 500, Currency: "JPY"},
		{"1.234", "KWD"}:   {Minor: 1234, Currency: "KWD"},
		{"1.230", "USD"}:   {Minor: 123, Currency: "USD"},
		{"1.234", "USD"}:   {},
		{"", "USD"}:        {},
		{"1e3", "USD"}:     {},
		{"12.00", ""}:      {},
		{" 12.50 ", "USD"}: {Minor: 1250, Currency: "USD"},
	} {
		if got := money(text[0], text[1]); got != want {
			t.Errorf("%v is %+v, want %+v", text, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	s := record{replyBy: "2026-10-10", received: "2026-10-01"}.snapshot()
	if want := time.Date(2026, 10, 9, 10, 0, 0, 0, time.UTC); !s.DueBy.Equal(want) || s.DueUnsigned {
		t.Errorf("due %v (unsigned %v), want %v: the day begins first at UTC+14", s.DueBy, s.DueUnsigned, want)
	}
	if want := time.Date(2026, 9, 30, 10, 0, 0, 0, time.UTC); !s.OpenedAt.Equal(want) {
		t.Errorf("opened %v, want %v", s.OpenedAt, want)
	}
	if s := (record{replyBy: "soon"}).snapshot(); !s.DueBy.IsZero() {
		t.Errorf("no date is due %v", s.DueBy)
	}
}

func TestBrands(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"Visa": "visa", "VISA": "visa", "MasterCard": "mastercard", "MASTERCARD": "mastercard", "American Express": "amex",
		"AMERICAN_EXPRESS": "amex", "Discover": "discover", "UNION_PAY": "unionpay", "JCB": "jcb", "UNKNOWN": "", "": "", "PayPal": "paypal",
	} {
		if got := brand(word); got != want {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
}

// Rapid Dispute Resolution answers by itself: nobody is asked.
func TestRapidDisputeResolution(t *testing.T) {
	t.Parallel()
	s := record{status: "open", program: "VISA_RDR"}.snapshot()
	if !s.NoResponse || s.AutoAnswer != "" {
		t.Errorf("no response %v, automatic answer %q", s.NoResponse, s.AutoAnswer)
	}
}

func TestMovements(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 2, d, 0, 0, 0, 0, time.UTC) }
	gone := func(id string, d int) dispute.Movement {
		return dispute.Movement{ID: id, Category: "chargeback", Amount: -310, Net: -310, Currency: "USD", At: day(d)}
	}
	back := func(id string, d int) dispute.Movement {
		return dispute.Movement{ID: id, Category: "chargeback_reversal", Amount: 300, Net: 300, Currency: "USD", At: day(d)}
	}
	for name, tt := range map[string]struct {
		history []event
		want    []dispute.Movement
	}{
		"nothing disbursed": {[]event{{status: "open"}}, nil},
		"withdrawn":         {[]event{{status: "open", disbursed: "2026-02-03"}}, []dispute.Movement{gone("d_open_2026-02-03", 3)}},
		"withdrawn and given back": {
			[]event{{"WON", "2026-02-23T18:01:52.000000Z", "2026-02-23", "2026-02-24"}, {"OPEN", "", "", "2026-02-03"}},
			[]dispute.Movement{back("d_won_2026-02-24", 24), gone("d_open_2026-02-03", 3)},
		},
		"given back under an earlier status": { // as in public records of an account
			[]event{{"WON", "2026-02-23T18:01:52.000000Z", "2026-02-23", ""}, {"EXPIRED", "2025-12-08T08:15:21.000000Z", "2025-12-08", "2026-02-24"}},
			[]dispute.Movement{back("d_expired_2026-02-24", 24)},
		},
		"withdrawn on the day of the verdict": {
			[]event{{"won", "", "2026-02-10", "2026-02-11"}, {"open", "", "", "2026-02-10"}},
			[]dispute.Movement{back("d_won_2026-02-11", 11), gone("d_open_2026-02-10", 10)},
		},
		"the verdict has only a time": {
			[]event{{"won", "2026-02-20T18:01:52Z", "", "2026-02-24"}}, []dispute.Movement{back("d_won_2026-02-24", 24)},
		},
		"lost after it was won": {
			[]event{{"won", "", "2026-02-10", "2026-02-11"}, {"lost", "", "2026-02-19", "2026-02-20"}},
			[]dispute.Movement{back("d_won_2026-02-11", 11), gone("d_lost_2026-02-20", 20)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record{id: "d", amount: "3.10", won: "3.00", currency: "USD", history: tt.history}
			s := r.snapshot()
			if diff := cmp.Diff(tt.want, s.Movements); diff != "" {
				t.Error(diff)
			}
			entries, err := ledger.Expected(ledger.Facts{CaseID: "cs_1", Connection: connection, DisputeID: "d", View: dispute.View{Snapshot: s}})
			if err != nil || slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Kind == ledger.KindUnclassified }) {
				t.Errorf("the books do not know them: %+v, %v", entries, err)
			}
		})
	}
}
