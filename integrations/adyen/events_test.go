package adyen

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func TestStandings(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	const (
		inq, cb = dispute.StageInquiry, dispute.StageChargeback
		pre     = dispute.StagePreArbitration
		arb     = dispute.StageArbitration
	)
	for _, tt := range []struct {
		code, status string
		kind         dispute.NoticeKind
		stage        dispute.Stage
		want         dispute.ProviderStatus
		moved        int64
	}{
		{"REQUEST_FOR_INFORMATION", "Unresponded", dispute.NoticeOpened, inq, dispute.ProviderNeedsResponse, 0},
		{"REQUEST_FOR_INFORMATION", "Responded", dispute.NoticeOpened, inq, dispute.ProviderUnderReview, 0},
		{"REQUEST_FOR_INFORMATION", "Expired", dispute.NoticeOpened, inq, dispute.ProviderUnknown, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "Undefended", dispute.NoticeOpened, cb, dispute.ProviderNeedsResponse, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "", dispute.NoticeOpened, cb, dispute.ProviderNeedsResponse, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "Pending", dispute.NoticeOpened, cb, dispute.ProviderUnderReview, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "Won", dispute.NoticeOpened, cb, dispute.ProviderUnknown, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "Lost", dispute.NoticeOpened, cb, dispute.ProviderUnknown, 0},
		{"NOTIFICATION_OF_CHARGEBACK", "Teleported", dispute.NoticeOpened, cb, dispute.ProviderUnknown, 0},
		{"CHARGEBACK", "Undefended", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderNeedsResponse, -12900},
		{"CHARGEBACK", "Pending", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderUnderReview, -12900},
		{"CHARGEBACK", "Lost", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderUnknown, -12900},
		{"CHARGEBACK", "Accepted", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderUnknown, -12900},
		{"CHARGEBACK", "Won", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderUnknown, -12900},
		{"CHARGEBACK", "", dispute.NoticeFundsWithdrawn, cb, dispute.ProviderUnknown, -12900},
		{"INFORMATION_SUPPLIED", "Pending", dispute.NoticeUpdated, cb, dispute.ProviderUnderReview, 0},
		{"INFORMATION_SUPPLIED", "Undefended", dispute.NoticeUpdated, cb, dispute.ProviderNeedsResponse, 0},
		{"INFORMATION_SUPPLIED", "Lost", dispute.NoticeUpdated, cb, dispute.ProviderUnknown, 0},
		{"INFORMATION_SUPPLIED", "", dispute.NoticeUpdated, cb, dispute.ProviderUnknown, 0},
		{"CHARGEBACK_REVERSED", "Pending", dispute.NoticeFundsReinstated, cb, dispute.ProviderUnderReview, 12900},
		{"CHARGEBACK_REVERSED", "", dispute.NoticeFundsReinstated, cb, dispute.ProviderUnderReview, 12900},
		{"CHARGEBACK_REVERSED", "Won", dispute.NoticeFundsReinstated, cb, dispute.ProviderWon, 12900},
		{"CHARGEBACK_REVERSED", "Lost", dispute.NoticeFundsReinstated, cb, dispute.ProviderUnknown, 12900},
		{"SECOND_CHARGEBACK", "Won", dispute.NoticeFundsWithdrawn, pre, dispute.ProviderUnknown, -12900},
		{"SECOND_CHARGEBACK", "Lost", dispute.NoticeFundsWithdrawn, pre, dispute.ProviderLost, -12900},
		{"SECOND_CHARGEBACK", "", dispute.NoticeFundsWithdrawn, pre, dispute.ProviderLost, -12900},
		{"DISPUTE_DEFENSE_PERIOD_ENDED", "Undefended", dispute.NoticeClosed, cb, dispute.ProviderLost, 0},
		{"DISPUTE_DEFENSE_PERIOD_ENDED", "Accepted", dispute.NoticeClosed, cb, dispute.ProviderLost, 0},
		{"DISPUTE_DEFENSE_PERIOD_ENDED", "Pending", dispute.NoticeClosed, cb, dispute.ProviderUnderReview, 0},
		{"DISPUTE_DEFENSE_PERIOD_ENDED", "Won", dispute.NoticeClosed, cb, dispute.ProviderUnknown, 0},
		{"ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "Undefended", dispute.NoticeClosed, cb, dispute.ProviderWon, 0},
		{"ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "", dispute.NoticeClosed, cb, dispute.ProviderWon, 0},
		{"PREARBITRATION_OPEN", "Undefended", dispute.NoticeOpened, pre, dispute.ProviderNeedsResponse, 0},
		{"PREARBITRATION_OPEN", "Pending", dispute.NoticeOpened, pre, dispute.ProviderNeedsResponse, 0},
		{"PREARBITRATION_OPEN", "Lost", dispute.NoticeOpened, pre, dispute.ProviderUnknown, 0},
		{"PREARBITRATION_DECLINED", "Pending", dispute.NoticeUpdated, pre, dispute.ProviderUnderReview, 0},
		{"PREARBITRATION_ACCEPTED", "", dispute.NoticeClosed, pre, dispute.ProviderLost, 0},
		{"PREARBITRATION_ISSUER_WITHDRAWN", "", dispute.NoticeClosed, pre, dispute.ProviderWon, 0},
		{"PREARBITRATION_WON", "Won", dispute.NoticeClosed, pre, dispute.ProviderWon, 0},
		{"PREARBITRATION_WON", "Lost", dispute.NoticeClosed, pre, dispute.ProviderWon, 0},
		{"PREARBITRATION_LOST", "Undefended", dispute.NoticeClosed, pre, dispute.ProviderLost, 0},
		{"PREARBITRATION_LOST", "", dispute.NoticeClosed, pre, dispute.ProviderLost, 0},
		{"SCHEME_ARBITRATION", "", dispute.NoticeUpdated, arb, dispute.ProviderUnderReview, 0},
		{"SCHEME_ARBITRATION", "Lost", dispute.NoticeUpdated, arb, dispute.ProviderUnknown, 0},
		{"SCHEME_ARBITRATION_WON", "", dispute.NoticeClosed, arb, dispute.ProviderWon, 0},
		{"SCHEME_ARBITRATION_LOST", "Lost", dispute.NoticeClosed, arb, dispute.ProviderLost, 0},
	} {
		t.Run(tt.code+" "+tt.status, func(t *testing.T) {
			t.Parallel()
			notices, err := a.Parse(body(t, signed(t, hmacKey, func(i *standin.Item) {
				i.EventCode, i.AdditionalData["disputeStatus"] = tt.code, tt.status
			})))
			if err != nil {
				t.Fatal(err)
			}
			n, s := notices[0], notices[0].Snapshot
			if s == nil || n.Kind != tt.kind || s.Stage != tt.stage || s.Status != tt.want {
				t.Fatalf("%s, snapshot %+v; want %s, %s in %s", n.Kind, s, tt.kind, tt.want, tt.stage)
			}
			moved := int64(0)
			for _, m := range s.Movements {
				moved += m.Net
			}
			if moved != tt.moved {
				t.Errorf("moved %d, want %d", moved, tt.moved)
			}
			sound(t, n)
		})
	}
}

// What is not this account's dispute changes none.
func TestNoDispute(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	for name, tt := range map[string]struct {
		bend func(*standin.Item)
		kind dispute.NoticeKind
	}{
		"unknown event":   {func(i *standin.Item) { i.EventCode = "DISPUTE_TELEPORTED" }, dispute.NoticeUnknown},
		"issuer comments": {func(i *standin.Item) { i.EventCode = "ISSUER_COMMENTS" }, dispute.NoticeUnknown},
		"fraud warning":   {func(i *standin.Item) { i.EventCode = "NOTIFICATION_OF_FRAUD" }, dispute.NoticeFraudWarning},
		"failed":          {func(i *standin.Item) { i.Success = "false" }, dispute.NoticeUnknown},
		"another account": {func(i *standin.Item) { i.MerchantAccountCode = "Other" }, dispute.NoticeUnknown},
		"answer to a request for information": {func(i *standin.Item) {
			i.EventCode, i.AdditionalData["rfiReasonCode"] = "INFORMATION_SUPPLIED", "S01"
		}, dispute.NoticeUnknown},
		"reversal of no original": {func(i *standin.Item) { i.EventCode, i.OriginalReference = "CHARGEBACK_REVERSED", "" }, dispute.NoticeUnknown},
	} {
		notices, err := a.Parse(body(t, signed(t, hmacKey, tt.bend)))
		if err != nil || len(notices) != 1 || notices[0].Snapshot != nil || notices[0].Kind != tt.kind || notices[0].RawKind == "" {
			t.Errorf("%s: %+v, %v", name, notices, err)
		}
	}
}

func TestSnapshotFacts(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	read := func(bend func(*standin.Item)) dispute.Snapshot {
		notices, err := a.Parse(body(t, signed(t, hmacKey, bend)))
		if err != nil {
			t.Fatal(err)
		}
		return *notices[0].Snapshot
	}
	for name, tt := range map[string]struct{ scheme, code, method, network, known string }{
		"leading blank": {"mc", " 4853", "mc", "mastercard", "4853"},
		"visa":          {"visa", "13.1", "visa", "visa", "13.1"},
		"union pay":     {"cup", "4512", "cup", "unionpay", "4512"},
		"method only":   {"", "10.4", "visa", "visa", "10.4"},
		"no card":       {"", "", "sepadirectdebit", "", ""},
		"other scheme":  {"klarna", "fraud", "klarna", "klarna", "fraud"},
	} {
		s := read(func(i *standin.Item) {
			i.AdditionalData["chargebackSchemeCode"], i.AdditionalData["chargebackReasonCode"], i.PaymentMethod = tt.scheme, tt.code, tt.method
		})
		if s.Network != tt.network || s.NetworkCode != tt.known {
			t.Errorf("%s: network %q, code %q", name, s.Network, s.NetworkCode)
		}
	}
	if s := read(func(i *standin.Item) {
		i.AdditionalData["chargebackSchemeCode"], i.AdditionalData["chargebackReasonCode"] = "mc", " 4853"
	}); networks.Family(s) == dispute.FamilyGeneral || !networks.KnownReason(s) {
		t.Errorf("the catalogue does not know %s %s", s.Network, s.NetworkCode)
	}
	if s := read(func(i *standin.Item) { i.AdditionalData["defendable"] = "false" }); s.NoResponse || s.Status != dispute.ProviderNeedsResponse {
		t.Errorf("an unsigned word silences the case: %+v", s)
	}
	if s := read(func(i *standin.Item) { i.AdditionalData["defensePeriodEndsAt"] = "soon" }); !s.DueBy.IsZero() || !s.DueUnsigned {
		t.Errorf("due %v", s.DueBy)
	}
	if s := read(func(i *standin.Item) {
		delete(i.AdditionalData, "disputeStatus")
		i.AdditionalData["defendable"] = "true"
	}); s.Status != dispute.ProviderNeedsResponse || s.RawStatus != "CHARGEBACK" {
		t.Errorf("Brazil: %s %s", s.Status, s.RawStatus)
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value, currency string
		minor           int64
		ok              bool
	}{
		{"12900", "EUR", 12900, true},
		{"12900", "eur", 12900, true},
		{"500", "JPY", 500, true},
		{"1234", "KWD", 1234, true},
		{"1500000", "CLP", 15000, true},
		{"1500001", "CLP", 0, false}, // half a peso has no exact value
		{"279000", "ISK", 2790, true},
		{"150", "IDR", 15000, true},
		{"9223372036854775807", "IDR", 0, false},
		{"12.9", "EUR", 0, false},
		{"-1", "EUR", 0, false},
		{"1", "EURO", 0, false},
		{"", "", 0, false},
	} {
		m, ok := money(amount{text(tt.value), text(tt.currency)})
		if ok != tt.ok || m.Minor != tt.minor {
			t.Errorf("%s %s: %+v, %v", tt.value, tt.currency, m, ok)
		}
	}
}

// The notices of one life give the same view in any order and however often
// they come, and no later date puts the deadline off.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	s := open(t, direct)
	id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: "mastercard"}), standin.DisputeOptions{ReasonCode: " 4853"})
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(s.adyen.Charge(id))
	step(s.adyen.Reverse(id))
	step(s.adyen.Escalate(id))
	step(s.adyen.Decide(id, false))
	notices := s.notices(t, id)
	want := s.view(t, id)
	if want.Snapshot.Status != dispute.ProviderLost || len(want.Snapshot.Movements) != 2 || want.Snapshot.Stage != dispute.StagePreArbitration {
		t.Errorf("view %+v", want.Snapshot)
	}
	rng := rand.New(rand.NewSource(1)) // #nosec G404 -- an order, not a secret
	for range 200 {
		shuffled := append(append([]dispute.Notice(nil), notices...), notices...)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var v dispute.View
		for _, n := range shuffled {
			v = dispute.Fold(v, n)
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestAForgedDateOnlyShortens(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	var v dispute.View
	for _, due := range []string{"2026-09-19T10:17:23+02:00", "2030-01-01T00:00:00Z", "", "2026-09-18T00:00:00Z"} {
		notices, err := a.Parse(body(t, signed(t, hmacKey, func(i *standin.Item) {
			i.EventCode, i.AdditionalData["defensePeriodEndsAt"] = "NOTIFICATION_OF_CHARGEBACK", due
		})))
		if err != nil {
			t.Fatal(err)
		}
		v = dispute.Fold(v, notices[0])
	}
	if got := v.Snapshot.DueBy.Format("2006-01-02"); got != "2026-09-18" {
		t.Errorf("due %s, want the earliest of all", got)
	}
}

// An unsigned reason code changes no stage, so that nothing is answered twice.
func TestTheStageIsSigned(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	for code, want := range map[string]dispute.Stage{
		"CHARGEBACK": dispute.StageChargeback, "CHARGEBACK_REVERSED": dispute.StageChargeback, "DISPUTE_DEFENSE_PERIOD_ENDED": dispute.StageChargeback,
		"REQUEST_FOR_INFORMATION": dispute.StageInquiry,
	} {
		for _, key := range []string{"chargebackReasonCode", "rfiReasonCode", "none"} {
			notices, err := a.Parse(body(t, signed(t, hmacKey, func(i *standin.Item) { i.EventCode, i.AdditionalData[key] = code, "10.4" })))
			if err != nil || notices[0].Snapshot == nil || notices[0].Snapshot.Stage != want {
				t.Errorf("%s with %s: %+v, %v; want stage %s", code, key, notices, err, want)
			}
		}
	}
}

// A forged verdict does not end a case that may still be answered.
func TestAForgedVerdictClosesNothing(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	for _, code := range []string{"REQUEST_FOR_INFORMATION", "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "INFORMATION_SUPPLIED", "PREARBITRATION_OPEN"} {
		for _, word := range []string{"Won", "Lost", "Accepted", "Expired"} {
			notices, err := a.Parse(body(t, signed(t, hmacKey, func(i *standin.Item) { i.EventCode, i.AdditionalData["disputeStatus"] = code, word })))
			if err != nil || notices[0].Snapshot.Status != dispute.ProviderUnknown || notices[0].Kind == dispute.NoticeClosed || notices[0].Snapshot.RawStatus != "unconfirmed "+word {
				t.Errorf("%s %s: %+v, %v", code, word, notices, err)
			}
		}
	}
}
