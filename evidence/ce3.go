package evidence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// EligibilityStatus is how far earlier sales meet a network's rule.
type EligibilityStatus string

// The statuses of eligibility.
const (
	NotApplicable EligibilityStatus = "not_applicable" // the rule is not for this network or reason
	NotQualified  EligibilityStatus = "not_qualified"
	NeedsReview   EligibilityStatus = "needs_review" // met by one reading of the rule, or something is not known
	Qualified     EligibilityStatus = "qualified"
	// QualifiedOnStripeOnly is a match whose second element is the e-mail address:
	// Stripe takes it, Visa's own text does not name it.
	QualifiedOnStripeOnly EligibilityStatus = "qualified_on_stripe_only"
)

// Program is a network's rule about earlier sales to the same buyer.
type Program string

// The programmes.
const (
	// VisaCompellingEvidence3 turns a card-absent fraud claim (condition 10.4) back
	// to the issuer (Visa, "Dispute Management Guidelines", June 2024).
	VisaCompellingEvidence3 Program = "visa_compelling_evidence_3"
	// MastercardFirstPartyTrust is Mastercard's counterpart for 4837. What it asks
	// for is not public, so the same two sales go as words, without a promise that
	// liability moves (confidence: medium).
	MastercardFirstPartyTrust Program = "mastercard_first_party_trust"
)

// Eligibility says whether two earlier sales answer a fraud claim under a
// network's rule. It holds ids and the names of facts, no personal data.
type Eligibility struct {
	Program Program           `json:"program,omitempty"` // empty when not applicable
	Status  EligibilityStatus `json:"status"`
	Why     string            `json:"why"`
	Matched []string          `json:"matched,omitempty"` // the facts that agree on all three sales
	Items   []string          `json:"items,omitempty"`   // ids of the items that tell of the two earlier sales
	// Compliance says that the claim is a compliance case, which is answered for a
	// fee of the network (500 USD at Visa and Mastercard, back on a win: Stripe). A
	// person acknowledges it; a packet never does.
	Compliance bool `json:"compliance,omitempty"`
}

// The window of ages, in whole days. Visa counts 120 to 365 to the dispute,
// Stripe 120 to 364 to the disputed sale; inside both is safe. Middle is where a
// sale is farthest from either end.
const (
	minAgeDays     = 120
	maxAgeDays     = 364
	visaMaxAgeDays = 365
	middleAgeDays  = (minAgeDays + maxAgeDays) / 2
)

// CompellingEvidence looks for the two earlier sales that best show that the
// buyer of the disputed one is the cardholder. The items are the case's, with
// the disputed payment and the earlier ones; they may come in any order. The
// evidence is nil unless the status is qualified, qualified on Stripe only or
// needs review; it is also given for Mastercard, where it is no more than words.
func CompellingEvidence(c dispute.Case, items []dispute.Item) (Eligibility, *dispute.CompellingEvidence) {
	program, compliance := programOf(c.View.Snapshot)
	out := Eligibility{Program: program, Compliance: compliance}
	if program == "" {
		out.Status, out.Why = NotApplicable, "The rule is for Visa 10.4 and Mastercard 4837 only."
		return out, nil
	}
	disputed, ok := disputedSale(c, items)
	opened := c.View.Snapshot.OpenedAt
	if !ok || opened.IsZero() {
		out.Status, out.Why = NotQualified, "The date of the disputed sale or of the dispute is not known."
		return out, nil
	}
	candidates, why := candidatesOf(disputed, items, opened)
	best, ok := bestPair(disputed, candidates)
	if !ok {
		if len(candidates) >= 2 {
			why = "No two earlier sales agree with the disputed one on IP address or device and one element more."
		}
		out.Status, out.Why = NotQualified, why
		return out, nil
	}
	out.Status, out.Matched, out.Items = best.status(disputed), best.matched, slices.Concat(best.a.ids, best.b.ids)
	evidence := &dispute.CompellingEvidence{
		Disputed: disputed.Sale, Prior: [2]dispute.Sale{best.a.Sale, best.b.Sale}, Matched: best.matched,
		Review: strings.Join(best.review(disputed), " "),
	}
	out.Why = cmp.Or(evidence.Review, "Two earlier undisputed sales on the same card agree with the disputed one.")
	return out, evidence
}

// programOf is the rule for a dispute, by the network's code, and whether the
// dispute is a compliance case.
func programOf(s dispute.Snapshot) (program Program, compliance bool) {
	code, ok := networks.Reason(s.Network, s.NetworkCode)
	switch {
	case !ok:
		return "", false
	case code.CompellingEvidence3:
		program = VisaCompellingEvidence3
	case code.FirstPartyTrust:
		program = MastercardFirstPartyTrust
	}
	return program, code.Kind == networks.KindCompliance
}

// candidate is a sale with what only the matcher asks.
type candidate struct {
	dispute.Sale
	ids      []string // of the items that tell of it
	card     string
	age      int  // days before the dispute
	ageSale  int  // days before the disputed sale
	refunded bool // in part or in whole
	reported bool // it is known whether the issuer reported fraud
}

// candidatesOf are the earlier sales that may count, and, when there are fewer
// than two, the reason.
func candidatesOf(disputed candidate, items []dispute.Item, opened time.Time) ([]candidate, string) {
	var out []candidate
	reasons := map[string]int{}
	for _, it := range earlierSales(items) {
		c, ok := saleOf(it.Item)
		c.ids = it.ids
		c.age, c.ageSale = days(c.At, opened), days(c.At, disputed.At)
		if why := refusal(disputed, c, it.Facts); !ok || why != "" {
			reasons[cmp.Or(why, "without a date")]++
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b candidate) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Payment, b.Payment))
	})
	return out, tooFew(len(out), reasons)
}

// earlierSale is an earlier payment with what all sources took down of it.
type earlierSale struct {
	dispute.Item
	ids []string
}

// earlierSales puts together what several sources tell of one payment. A
// complaint counts whoever tells it; of anything else the first source is
// believed.
func earlierSales(items []dispute.Item) []*earlierSale {
	prior := slices.DeleteFunc(slices.Clone(items), func(it dispute.Item) bool { return it.Kind != dispute.ItemPriorPayment })
	slices.SortStableFunc(prior, func(a, b dispute.Item) int { return compareExhibits(&exhibit{item: a}, &exhibit{item: b}) })
	var out []*earlierSale
	byPayment := map[string]*earlierSale{}
	for _, it := range prior {
		sale, known := byPayment[afterColon(it.ID)]
		if !known {
			sale = &earlierSale{Item: dispute.Item{ID: it.ID, Kind: it.Kind, Facts: map[string]string{}}}
			byPayment[afterColon(it.ID)] = sale
			out = append(out, sale)
		}
		if !slices.Contains(sale.ids, it.ID) {
			sale.ids = append(sale.ids, it.ID)
		}
		for name, value := range it.Facts {
			complaint := value == yes && (name == dispute.FactDisputed || name == dispute.FactFraudReported)
			if sale.Facts[name] == "" || complaint {
				sale.Facts[name] = value
			}
		}
	}
	return out
}

// tooFew says in words why there are not two candidates.
func tooFew(n int, reasons map[string]int) string {
	words := make([]string, 0, len(reasons))
	for why, count := range reasons {
		words = append(words, fmt.Sprintf("%d %s", count, why))
	}
	slices.Sort(words)
	text := fmt.Sprintf("Two earlier sales are needed, and %d can count", n)
	if len(words) > 0 {
		text += "; left out: " + strings.Join(words, ", ")
	}
	return text + "."
}

// refusal says why an earlier sale cannot count; empty when it can.
func refusal(disputed, c candidate, facts map[string]string) string {
	amount, err := dispute.ParseMoney(facts[dispute.FactAmount])
	switch {
	case c.Payment == disputed.Payment:
		return "the disputed sale itself"
	case err != nil || amount.Minor <= 0:
		return "not settled"
	case facts[dispute.FactDisputed] == yes:
		return "disputed"
	case facts[dispute.FactFraudReported] == yes:
		return "reported as fraud"
	case disputed.card == "" || c.card != disputed.card:
		return "not known to be on the same card"
	case c.age < minAgeDays || c.age > visaMaxAgeDays:
		return fmt.Sprintf("outside %d to %d days before the dispute", minAgeDays, maxAgeDays)
	case c.Product == "":
		return "without a description of what was sold"
	}
	return ""
}

// days are the whole days from one date to another, in UTC.
func days(from, to time.Time) int {
	const day = 24 * time.Hour
	return int(to.UTC().Truncate(day).Sub(from.UTC().Truncate(day)) / day)
}

// pair is two earlier sales that agree with the disputed one.
type pair struct {
	a, b    candidate // a is the older
	matched []string
}

// bestPair is the best of all pairs that the rule accepts.
func bestPair(disputed candidate, candidates []candidate) (pair, bool) {
	var best pair
	found := false
	for i, a := range candidates {
		for _, b := range candidates[i+1:] {
			p := pair{a, b, agreeing(disputed, a, b)}
			if accepts(p.matched) && (!found || p.compare(best, disputed) < 0) {
				best, found = p, true
			}
		}
	}
	return best, found
}

// compare puts the better pair first: by how sure it is, by how much agrees, the
// unrefunded, then those whose ages are nearest the middle of the window.
func (p pair) compare(than pair, disputed candidate) int {
	return cmp.Or(
		cmp.Compare(p.rank(disputed), than.rank(disputed)),
		cmp.Compare(len(than.matched), len(p.matched)),
		cmp.Compare(p.refunds(), than.refunds()),
		cmp.Compare(p.offMiddle(), than.offMiddle()),
		strings.Compare(p.a.Payment+"\x00"+p.b.Payment, than.a.Payment+"\x00"+than.b.Payment),
	)
}

func (p pair) rank(disputed candidate) int {
	return slices.Index([]EligibilityStatus{Qualified, QualifiedOnStripeOnly, NeedsReview}, p.status(disputed))
}

func (p pair) refunds() (n int) {
	for _, c := range []candidate{p.a, p.b} {
		if c.refunded {
			n++
		}
	}
	return n
}

func (p pair) offMiddle() (off int) {
	for _, c := range []candidate{p.a, p.b} {
		off += max(c.age-middleAgeDays, middleAgeDays-c.age)
	}
	return off
}

func (p pair) status(disputed candidate) EligibilityStatus {
	switch {
	case len(p.review(disputed)) > 0:
		return NeedsReview
	case !byVisa(p.matched):
		return QualifiedOnStripeOnly
	}
	return Qualified
}

// review says what a person should look at before the pair is relied on.
func (p pair) review(disputed candidate) []string {
	var out []string
	for _, c := range []candidate{p.a, p.b} {
		if c.age > maxAgeDays || c.ageSale < minAgeDays || c.ageSale > maxAgeDays {
			out = append(out, "An earlier sale is inside Visa's window and outside Stripe's.")
			break
		}
	}
	if !p.a.reported || !p.b.reported {
		out = append(out, "It is not known whether the issuer reported fraud on an earlier sale.")
	}
	if disputed.Product == "" || disputed.Sold == "" {
		out = append(out, "What the disputed sale was for is not described.")
	}
	if p.restsOnAddress() && !fullAddresses(disputed, p.a, p.b) {
		out = append(out, "The match rests on a delivery address of which a part is missing.")
	}
	return out
}
