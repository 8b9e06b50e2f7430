package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// claimData is what a sentence may speak of.
type claimData struct {
	F     map[string]string   // facts of the first exhibit; every name of factNames is there
	All   []map[string]string // facts of all of them
	Count int                 // of exhibits

	// First and Last are the dates on which the payments were made; of the earlier
	// ones, when there are any. Earlier counts those, each once however many sources
	// tell of it.
	First, Last string
	Earlier     int
	// Same is what this sale and the earlier ones have in common, in words, and
	// SameCount how many things that are. Pair says that two earlier sales meet a
	// network's rule.
	Same      string
	SameCount int
	Pair      bool

	Before string // "before the dispute was opened on …"; empty when unknown
	Other  string // the other charge's order, for duplicates

	// How often the product was used after the payment, or after the cancellation
	// on Canceled, and on which days.
	Uses              int
	FirstUse, LastUse string
	Canceled          string
}

func newClaimData(b *book, key string, on []*exhibit) claimData {
	d := claimData{F: everyFact(on[0].item.Facts), Count: len(on), Pair: b.compelling != nil}
	earlier := map[string]bool{}
	for _, e := range on {
		d.All = append(d.All, everyFact(e.item.Facts))
		if e.is(dispute.ItemPriorPayment) {
			earlier[afterColon(e.item.ID)] = true
		}
	}
	d.Earlier = len(earlier)
	d.First, d.Last = paidBetween(on)
	if !b.opened.IsZero() {
		d.Before = "before the dispute was opened on " + humanDate(b.opened)
	}
	_, d.Other = b.orderIDs()
	d.addSame(b, key)
	d.addUses(b, key, on)
	return d
}

// paidBetween are the first and the last day of payment.
func paidBetween(on []*exhibit) (first, last string) {
	var paid []time.Time
	earlierOnly := slices.ContainsFunc(on, func(e *exhibit) bool { return e.is(dispute.ItemPriorPayment) })
	for _, e := range on {
		if at, ok := e.date(dispute.FactPaidAt); ok && (!earlierOnly || e.is(dispute.ItemPriorPayment)) {
			paid = append(paid, at)
		}
	}
	if len(paid) == 0 {
		return "", ""
	}
	return humanDate(slices.MinFunc(paid, time.Time.Compare)), humanDate(slices.MaxFunc(paid, time.Time.Compare))
}

func (d *claimData) addSame(b *book, key string) {
	matched := b.agreed
	if key == proofCompelling && b.compelling != nil {
		matched = b.compelling.Matched
	}
	words := make([]string, 0, len(matched))
	for _, fact := range matched {
		words = append(words, elementWords[fact])
	}
	d.Same, d.SameCount = listWords(words), len(words)
}

// elementWords are the words for what sales may have in common.
var elementWords = map[string]string{
	dispute.FactPurchaseIP: "IP address", dispute.FactDeviceFingerprint: "device fingerprint", dispute.FactDeviceID: "device",
	dispute.FactAccountID: "customer account", dispute.FactShippingAddress: "delivery address", dispute.FactCustomerEmail: "e-mail address",
}

// listWords is "a", "a and b" or "a, b and c".
func listWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func (d *claimData) addUses(b *book, key string, on []*exhibit) {
	after, ok := b.paidAt()
	if canceled, known := b.canceledAt(); known {
		d.Canceled = humanDate(canceled)
		if key == proofUsedAfterCancel {
			after = canceled
		}
	}
	if !ok && key != proofUsedAfterCancel {
		return
	}
	var all []time.Time
	for _, e := range on {
		all = append(all, b.usesAfter(e, after)...)
	}
	slices.SortFunc(all, time.Time.Compare)
	all = slices.Compact(all)
	if d.Uses = len(all); d.Uses > 0 {
		d.FirstUse, d.LastUse = humanDate(all[0]), humanDate(all[len(all)-1])
	}
}

// frameData is what the opening and the closing may speak of.
type frameData struct {
	Dispute string
	Payment string
	Amount  string
	Opened  string
	Network string // "Visa"; empty when unknown
	Code    string // the network's reason code: "10.4"; empty when unknown
	Reason  string // its title, or the family's

	Inquiry        bool // a question before a chargeback
	PreArbitration bool // the stages after a chargeback
	Claims         int
	Refunded       bool // in full, before the dispute
	// Qualified says that two earlier sales meet Visa's Compelling Evidence 3.0.
	Qualified bool

	made []string
}

// Has reports whether the letter makes a claim of one of the proofs. A proof
// that does not exist is an error.
func (d frameData) Has(keys ...string) (bool, error) {
	for _, key := range keys {
		if _, ok := proofs[key]; !ok {
			return false, fmt.Errorf("there is no proof %q", key)
		}
		if slices.Contains(d.made, key) {
			return true, nil
		}
	}
	return false, nil
}

func newFrameData(b *book, l Letter, cl Checklist) frameData {
	s := b.c.View.Snapshot
	d := frameData{
		Dispute: s.ID, Payment: s.Payment, Amount: s.Amount.String(),
		Network: networks.NetworkName(s.Network), Reason: networks.FamilyInfo(l.Family).Title,
		Inquiry:        s.Stage == dispute.StageInquiry,
		PreArbitration: s.Stage == dispute.StagePreArbitration || s.Stage == dispute.StageArbitration,
		Claims:         len(l.Claims), Refunded: cl.refundedInFull(),
		Qualified: b.eligibility.Program == VisaCompellingEvidence3 && b.eligibility.Status == Qualified,
	}
	if code, ok := networks.Reason(s.Network, s.NetworkCode); ok {
		d.Code, d.Reason = code.Code, code.Title
	}
	if !b.opened.IsZero() {
		d.Opened = humanDate(b.opened)
	}
	for _, c := range l.Claims {
		d.made = append(d.made, c.Proof)
	}
	return d
}

// everyFact gives facts with an empty text for each name that is not told, so
// that a name that does not exist is an error and one that is not told is not.
func everyFact(facts map[string]string) map[string]string {
	out := make(map[string]string, len(factNames)+len(facts))
	for _, name := range factNames {
		out[name] = ""
	}
	for name, value := range facts {
		out[name] = value
	}
	return out
}

// factNames are the facts that a sentence may name.
var factNames = []string{
	dispute.FactAmount, dispute.FactPaidAt, dispute.FactDescriptor, dispute.FactCardBrand, dispute.FactCardLast4,
	dispute.FactAVSPostal, dispute.FactAVSLine1, dispute.FactCVC, dispute.FactThreeDS, dispute.FactRiskLevel,
	dispute.FactRefundedAmount, dispute.FactRefundedAt, dispute.FactRefundID,
	dispute.FactCustomerName, dispute.FactCustomerEmail, dispute.FactCustomerPhone, dispute.FactCustomerSince,
	dispute.FactOrdersCount, dispute.FactPurchaseIP, dispute.FactBillingAddress, dispute.FactShippingAddress,
	dispute.FactOrderID, dispute.FactOrderName, dispute.FactOrderedAt, dispute.FactProducts,
	dispute.FactCarrier, dispute.FactTrackingNumber, dispute.FactTrackingURL, dispute.FactShippedAt,
	dispute.FactDeliveredAt, dispute.FactSignedBy, dispute.FactDeliveryStatus,
	dispute.FactSubject, dispute.FactText, dispute.FactSentAt, dispute.FactDirection, dispute.FactReceiptURL,
	dispute.FactSubscriptionID, dispute.FactInvoiceID, dispute.FactRefundPolicy, dispute.FactCancelPolicy,
	dispute.FactTermsAcceptedAt, dispute.FactAccessLog, dispute.FactServiceDate, dispute.FactSlot,
	dispute.FactAccountID, dispute.FactDeviceID, dispute.FactDeviceFingerprint, dispute.FactCardFingerprint,
	dispute.FactDisputed, dispute.FactFraudReported, dispute.FactSold,
	dispute.FactShippingLine1, dispute.FactShippingLine2, dispute.FactShippingCity, dispute.FactShippingState,
	dispute.FactShippingPostalCode, dispute.FactShippingCountry, dispute.FactCanceledAt,
}

// factDate prints a date fact as a day, and nothing when it is no date.
func factDate(s string) string {
	t, ok := parseDate(s)
	if !ok {
		return ""
	}
	return humanDate(t)
}

// factMoney prints an amount fact, and nothing when it is no amount.
func factMoney(s string) string {
	m, err := dispute.ParseMoney(s)
	if err != nil {
		return ""
	}
	return m.String()
}

// factQuote prints words of others inside a sentence: in one line, without a
// full stop of their own, at most 300 characters.
func factQuote(s string) string {
	short, _ := cutAtSentence(oneLine(s), 300)
	return strings.TrimRight(short, ".;, ")
}
