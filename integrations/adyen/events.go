package adyen

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// event is what an event code of a dispute means.
type event struct {
	kind  dispute.NoticeKind
	stage dispute.Stage
	// opens says that the event may be the first of its dispute.
	opens bool
	// silent is the status when the item has no disputeStatus, as for payments
	// processed in Brazil.
	silent dispute.ProviderStatus
	// decides says that the code, which is signed, is the verdict: silent is the
	// status then, whatever the item says.
	decides bool
	// ends are the verdicts that the status may add to the code. No status is
	// signed: any other verdict is for a person to look at.
	ends []dispute.ProviderStatus
	// means holds the statuses that are something else in this event.
	means map[text]dispute.ProviderStatus
	// category is of the money that moved, when some did; credit says that it
	// came back.
	category string
	credit   bool
}

// events maps Adyen's dispute events (Webhooks v1; the money of each is from
// docs.adyen.com/risk-management/disputes-api/dispute-notifications). An event
// that is not here is kept and changes no dispute. Among them are
// ISSUER_COMMENTS, which say nothing of how a dispute stands and may quote the
// cardholder.
var events = map[text]event{
	"REQUEST_FOR_INFORMATION": {
		kind: dispute.NoticeOpened, stage: dispute.StageInquiry, opens: true, silent: dispute.ProviderNeedsResponse,
	},
	"NOTIFICATION_OF_CHARGEBACK": {
		kind: dispute.NoticeOpened, stage: dispute.StageChargeback, opens: true, silent: dispute.ProviderNeedsResponse,
	},
	// Whether it opened the dispute or lost it is told by the status alone, so
	// that it is never the end: the money has moved, and there may be time left.
	"CHARGEBACK": {
		kind: dispute.NoticeFundsWithdrawn, stage: dispute.StageChargeback, opens: true, silent: dispute.ProviderUnknown,
		category: "chargeback",
	},
	informationSupplied: {
		kind: dispute.NoticeUpdated, stage: dispute.StageChargeback, silent: dispute.ProviderUnknown,
	},
	// "This stage is not final": it is won only where the status says so.
	"CHARGEBACK_REVERSED": {
		kind: dispute.NoticeFundsReinstated, stage: dispute.StageChargeback, silent: dispute.ProviderUnderReview,
		category: "chargeback_reversed", credit: true, ends: []dispute.ProviderStatus{dispute.ProviderWon},
	},
	"DISPUTE_DEFENSE_PERIOD_ENDED": {
		kind: dispute.NoticeClosed, stage: dispute.StageChargeback, silent: dispute.ProviderLost,
		ends:  []dispute.ProviderStatus{dispute.ProviderLost, dispute.ProviderClosed},
		means: map[text]dispute.ProviderStatus{"Undefended": dispute.ProviderLost},
	},
	"ISSUER_RESPONSE_TIMEFRAME_EXPIRED": {
		kind: dispute.NoticeClosed, stage: dispute.StageChargeback, silent: dispute.ProviderWon, decides: true,
	},
	"SECOND_CHARGEBACK": {
		kind: dispute.NoticeFundsWithdrawn, stage: dispute.StagePreArbitration, silent: dispute.ProviderLost,
		category: "second_chargeback", ends: []dispute.ProviderStatus{dispute.ProviderLost},
	},
	// Pending may be pending an answer of ours: what is open is ours to answer
	// until it is told otherwise.
	"PREARBITRATION_OPEN": {
		kind: dispute.NoticeOpened, stage: dispute.StagePreArbitration, silent: dispute.ProviderNeedsResponse,
		means: map[text]dispute.ProviderStatus{"Pending": dispute.ProviderNeedsResponse},
	},
	"PREARBITRATION_DECLINED": {
		kind: dispute.NoticeUpdated, stage: dispute.StagePreArbitration, silent: dispute.ProviderUnderReview,
	},
	"PREARBITRATION_ACCEPTED": {
		kind: dispute.NoticeClosed, stage: dispute.StagePreArbitration, silent: dispute.ProviderLost, decides: true,
	},
	"PREARBITRATION_ISSUER_WITHDRAWN": {
		kind: dispute.NoticeClosed, stage: dispute.StagePreArbitration, silent: dispute.ProviderWon, decides: true,
	},
	"PREARBITRATION_WON": {
		kind: dispute.NoticeClosed, stage: dispute.StagePreArbitration, silent: dispute.ProviderWon, decides: true,
	},
	"PREARBITRATION_LOST": {
		kind: dispute.NoticeClosed, stage: dispute.StagePreArbitration, silent: dispute.ProviderLost, decides: true,
	},
	"SCHEME_ARBITRATION": {
		kind: dispute.NoticeUpdated, stage: dispute.StageArbitration, silent: dispute.ProviderUnderReview,
	},
	"SCHEME_ARBITRATION_WON": {
		kind: dispute.NoticeClosed, stage: dispute.StageArbitration, silent: dispute.ProviderWon, decides: true,
	},
	"SCHEME_ARBITRATION_LOST": {
		kind: dispute.NoticeClosed, stage: dispute.StageArbitration, silent: dispute.ProviderLost, decides: true,
	},
}

// informationSupplied tells that a defence or an answer arrived, without saying
// of which stage.
const informationSupplied = "INFORMATION_SUPPLIED"

// fraudWarning is Visa's TC40 or Mastercard's SAFE report. Its reference is its
// own and no dispute's.
const fraudWarning = "NOTIFICATION_OF_FRAUD"

// statuses are the words of additionalData.disputeStatus. Another one is
// ProviderUnknown, and a person looks at the case.
var statuses = map[text]dispute.ProviderStatus{
	"Unresponded": dispute.ProviderNeedsResponse,
	"Undefended":  dispute.ProviderNeedsResponse,
	"Responded":   dispute.ProviderUnderReview,
	"Pending":     dispute.ProviderUnderReview,
	"Expired":     dispute.ProviderLost,
	"Accepted":    dispute.ProviderLost,
	"Lost":        dispute.ProviderLost,
	"Won":         dispute.ProviderWon,
}

// networksOf maps Adyen's scheme codes and payment methods to our names of the
// networks.
var networksOf = map[string]string{
	"visa": "visa", "mc": "mastercard", "maestro": "mastercard", "amex": "amex", "discover": "discover",
	"diners": "diners", "jcb": "jcb", "cup": "unionpay", "nyce": "nyce", "pulse": "pulse",
}

// notice is one item in our words. An item that failed, that is another
// account's or whose reference is not its dispute's changes no dispute.
func (a *adapter) notice(it item, at time.Time) dispute.Notice {
	n := dispute.Notice{EventID: it.eventID(), Kind: dispute.NoticeUnknown, RawKind: string(it.EventCode), OccurredAt: at}
	if it.Success == "false" || string(it.MerchantAccountCode) != a.account {
		return n
	}
	if it.EventCode == fraudWarning {
		n.Kind = dispute.NoticeFraudWarning
		return n
	}
	e, known := events[it.EventCode]
	// Without "Include the originalReference for CHARGEBACK_REVERSED events" in
	// the webhook's settings, later events bear the payment's reference and no
	// dispute's.
	if !known || it.OriginalReference == "" && !e.opens {
		return n
	}
	if it.EventCode == informationSupplied && it.Data.inquires() {
		return n // of a request for information, which only unsigned fields tell
	}
	s := e.snapshot(it, at)
	n.Kind, n.Snapshot, n.Unsigned = e.kind, &s, unsigned
	if s.Status.Final() && e.category == "" {
		n.Kind = dispute.NoticeClosed
	}
	return n
}

// unsigned are the facts of a dispute that Adyen's eight signed fields leave out.
var unsigned = []string{"raw_status", "status", "reason", "network", "network_code", "due_by"}

// inquires reports whether the item speaks of a request for information.
func (d data) inquires() bool { return d.ChargebackReasonCode == "" && d.RFIReasonCode != "" }

// snapshot is the dispute as the item tells it. The stage is the signed code's:
// another one would begin anew and forget the answer that was given. What
// defendable denies is not NoResponse: it is unsigned and would let a case wait
// without anybody. Adyen is asked for the defences when the answer is sent.
func (e event) snapshot(it item, at time.Time) dispute.Snapshot {
	status, raw := e.status(it.Data), string(cmp.Or(it.Data.DisputeStatus, it.EventCode))
	if status.Final() && !e.decides && it.Data.DisputeStatus != "" && !slices.Contains(e.ends, status) {
		status, raw = dispute.ProviderUnknown, "unconfirmed "+raw
	}
	s := dispute.Snapshot{
		ID: string(it.PspReference), Payment: string(it.OriginalReference), PaymentIntent: string(it.MerchantReference),
		Reason: strings.TrimSpace(string(it.Reason)), Network: network(it),
		NetworkCode: strings.TrimSpace(string(cmp.Or(it.Data.ChargebackReasonCode, it.Data.RFIReasonCode))),
		RawStatus:   raw, Status: status, Stage: e.stage,
		DueUnsigned: true, // no date of a webhook is signed
		HasEvidence: status == dispute.ProviderUnderReview || it.Data.AutoDefended == "true",
	}
	if due, ok := moment(it.Data.DefensePeriodEndsAt); ok {
		s.DueBy = due
	}
	if e.opens {
		s.OpenedAt = at
	}
	if m, ok := money(it.Amount); ok {
		s.Amount = m
		s.Movements = e.movements(it, m, at)
	}
	return s
}

// status reads the item's word for how the dispute stands. A request for
// information that nobody answered closes; whether a chargeback follows is
// another event.
func (e event) status(d data) dispute.ProviderStatus {
	special, ok := e.means[d.DisputeStatus]
	word, known := statuses[d.DisputeStatus]
	switch {
	case e.decides:
		return e.silent
	case d.inquires() && d.DisputeStatus == "Expired":
		return dispute.ProviderClosed
	case d.DisputeStatus == "" && e.silent == dispute.ProviderUnknown && d.Defendable == "true":
		return dispute.ProviderNeedsResponse
	case d.DisputeStatus == "":
		return e.silent
	case ok:
		return special
	case known:
		return word
	default:
		return dispute.ProviderUnknown
	}
}

// movements is the money that the event moved, if any. Its id is made of the
// dispute and the event, so that an event told twice is one movement. The
// currency is the payment's: in which one Adyen settles, and at which fees, only
// its reports tell.
func (e event) movements(it item, m dispute.Money, at time.Time) []dispute.Movement {
	if e.category == "" || m.IsZero() {
		return nil
	}
	if !e.credit {
		m = m.Neg()
	}
	return []dispute.Movement{{
		ID: string(it.PspReference) + "_" + string(it.EventCode), Category: e.category,
		Amount: m.Minor, Net: m.Minor, Currency: m.Currency, At: at,
	}}
}

// network is our name of the card's network; empty when the dispute is not a
// card's.
func network(it item) string {
	scheme := strings.ToLower(strings.TrimSpace(string(cmp.Or(it.Data.ChargebackSchemeCode, it.Data.RFISchemeCode))))
	if scheme == "" {
		return networksOf[strings.ToLower(string(it.PaymentMethod))]
	}
	return cmp.Or(networksOf[scheme], scheme)
}

// decimals are the currencies whose minor unit at Adyen is not that of ISO 4217
// (docs.adyen.com/development-resources/currency-codes).
var decimals = map[string]int{"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}

// money reads an amount of Adyen's. One that has no exact value in ISO's minor
// units is not an amount.
func money(a amount) (dispute.Money, bool) {
	currency := strings.ToUpper(string(a.Currency))
	value, err := strconv.ParseInt(string(a.Value), 10, 64)
	if err != nil || value < 0 || len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return dispute.Money{}, false
	}
	exp := dispute.Exponent(currency)
	at, differs := decimals[currency]
	if !differs {
		at = exp
	}
	for ; at > exp; at-- {
		if value%10 != 0 {
			return dispute.Money{}, false
		}
		value /= 10
	}
	for ; at < exp; at++ {
		if value > math.MaxInt64/10 {
			return dispute.Money{}, false
		}
		value *= 10
	}
	return dispute.Money{Minor: value, Currency: currency}, true
}
