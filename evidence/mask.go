package evidence

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Card numbers have 13 to 19 digits (ISO/IEC 7812 allows 8 to 19; nothing
// shorter than 13 is in use for payment cards).
const (
	minCardDigits = 13
	maxCardDigits = 19
	keptDigits    = 4 // PCI DSS 3.4.1 lets the last four be shown
	contextRunes  = 40
)

var (
	cardWords     = regexp.MustCompile(`(?i)\b(card|credit|debit|visa|master ?card|maestro|amex|american express|discover|jcb|pan|cc|cvv|cvc)\b`)
	trackingWords = regexp.MustCompile(`(?i)(track|waybill|parcel|shipment|consignment|\bawb\b)`)
)

// MaskCards hides payment card numbers in a text: every digit but the last
// four becomes an asterisk, and everything else stays. It returns the number
// of card numbers that were hidden.
//
// A card number is a run of 13 to 19 digits, with single or double separators
// between groups, that passes the Luhn check. It must also begin like one of
// the networks' numbers and not be named a tracking number, or else be named a
// card in the words before it.
func MaskCards(s string) (masked string, n int) {
	if countDigits(s) < minCardDigits {
		return s, 0
	}
	runes := []rune(s)
	for _, run := range digitRuns(runes, 0, len(runes)) {
		for {
			first, last, found := findCard(runes, run)
			if !found {
				break
			}
			hide(runes[run[first].from:run[last].to])
			n++
			run = unhidden(runes, run[first:], last-first)
		}
	}
	if n == 0 {
		return s, 0
	}
	return string(runes), n
}

// Hidden counts what Mask hid.
type Hidden struct {
	Cards      int // payment card numbers
	Codes      int // card verification codes
	Identities int // passports, national numbers, bank accounts
}

func (h *Hidden) add(more Hidden) {
	h.Cards += more.Cards
	h.Codes += more.Codes
	h.Identities += more.Identities
}

// verification is a code by its name, or the one behind a hidden card number and
// its date of expiry. PCI DSS 3.3.1 forbids to keep it at all.
var verification = regexp.MustCompile(
	`(?i)(?:\b(?:cvv2?|cvc2?|cvn2?|cid|csc|card security code|card verification (?:code|value|number))(?: (?:code|number|is|was))*[\s:=#]{1,3}` +
		`|\*[0-9]{4}[ ,;/|]{1,3}(?:exp[a-z.]*[ :]{0,2})?[0-9]{2} ?/ ?[0-9]{2,4}[ ,;/|]{1,3})([0-9]{3,4})\b`)

// Mask hides in a text what nobody may be sent: card numbers as MaskCards does,
// card verification codes, passports' machine-readable lines, national numbers
// with right check digits and, but for the last four, bank accounts. Every
// hidden letter and digit becomes an asterisk and everything else stays.
func Mask(s string) (masked string, hidden Hidden) {
	for {
		var round Hidden
		s, round.Cards = MaskCards(s)
		s, round.Codes = maskCodes(s)
		s, round.Identities = maskIdentities(s)
		if round == (Hidden{}) {
			return s, hidden
		}
		hidden.add(round) // what was hidden may have stood in the way of more
	}
}

func maskCodes(s string) (masked string, n int) {
	found := verification.FindAllStringSubmatchIndex(s, -1)
	if len(found) == 0 {
		return s, 0
	}
	b := []byte(s)
	for _, at := range found {
		blot(b[at[2]:at[3]], 0)
	}
	return string(b), len(found)
}

// idFacts are numbers of shops, carriers and providers, by their names: no
// person's number is looked for in them.
var idFacts = []string{
	dispute.FactOrderID, dispute.FactOrderName, dispute.FactInvoiceID, dispute.FactSubscriptionID, dispute.FactRefundID,
	dispute.FactAccountID, dispute.FactDeviceID, dispute.FactDeviceFingerprint, dispute.FactCardFingerprint,
	dispute.FactReceiptURL, dispute.FactCustomerPhone, dispute.FactPurchaseIP,
}

// maskFact is Mask for one fact. A fact that is by its name a tracking number is
// left alone, and in one that is a shop's or provider's id only cards are hidden.
func maskFact(name, value string) (string, Hidden) {
	switch {
	case name == dispute.FactTrackingNumber, name == dispute.FactTrackingURL:
		return value, Hidden{}
	case slices.Contains(idFacts, name):
		masked, n := MaskCards(value)
		return masked, Hidden{Cards: n}
	}
	return Mask(value)
}

func hide(runes []rune) {
	left := 0
	for _, r := range runes {
		if _, ok := digit(r); ok {
			left++
		}
	}
	for i, r := range runes {
		if _, ok := digit(r); !ok {
			continue
		}
		if left > keptDigits {
			runes[i] = '*'
		}
		left--
	}
}

// group is one unbroken run of digits.
type group struct{ from, to int }

// findCard looks for the first stretch of whole groups that is a card number.
func findCard(runes []rune, run []group) (first, last int, found bool) {
	for first = range run {
		digits := 0
		for last = first; last < len(run); last++ {
			if digits += run[last].to - run[last].from; digits > maxCardDigits {
				break
			}
			if digits >= minCardDigits && isCard(runes, run[first].from, run[last].to) {
				return first, last, true
			}
		}
	}
	return 0, 0, false
}

// digitRuns collects the groups of digits that only separators keep apart.
func digitRuns(runes []rune, from, to int) [][]group {
	var runs [][]group
	var run []group
	for i := from; i < to; {
		if !isDigit(runes[i]) {
			i++
			continue
		}
		end := i
		for end < to && isDigit(runes[end]) {
			end++
		}
		if len(run) > 0 && !separated(runes[run[len(run)-1].to:i]) {
			runs, run = append(runs, run), nil
		}
		run = append(run, group{i, end})
		i = end
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

// unhidden is what is left of a run whose groups up to last are a card number
// that was just hidden: the digits that it still shows, which may begin
// another number, and what follows. It reuses the run's memory.
func unhidden(runes []rune, run []group, last int) []group {
	left := keptDigits
	first := last
	for ; first >= 0; first-- {
		g := &run[first]
		if g.to-g.from >= left {
			g.from = g.to - left
			return run[first:]
		}
		left -= g.to - g.from
	}
	return run
}

func separated(between []rune) bool {
	if len(between) > 3 {
		return false
	}
	for _, r := range between {
		if !strings.ContainsRune(" \t\n\r\u00a0\u2007\u2009\u202f-\u2010\u2011\u2012\u2013._/", r) {
			return false
		}
	}
	return true
}

func isCard(runes []rune, from, to int) bool {
	digits := make([]byte, 0, maxCardDigits)
	for _, r := range runes[from:to] {
		if d, ok := digit(r); ok {
			digits = append(digits, '0'+d)
		}
	}
	number := string(digits)
	if !luhn(number) || strings.Trim(number, number[:1]) == "" {
		return false
	}
	before := string(runes[max(0, from-contextRunes):from])
	if cardWords.MatchString(before) {
		return true
	}
	return networkNumber(number) && !trackingWords.MatchString(before)
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// prefixes are the issuer ranges of the networks by ISO/IEC 7812, each with
// the lengths in use. Visa's old 13 digits and Maestro's odd lengths look like
// too many other numbers: they need a word that says they are a card.
var prefixes = []struct {
	first, last string
	min, max    int
}{
	{"4", "4", 16, 19},       // Visa
	{"51", "55", 16, 16},     // Mastercard
	{"2221", "2720", 16, 16}, // Mastercard
	{"34", "34", 15, 15},     // American Express
	{"37", "37", 15, 15},     // American Express
	{"6011", "6011", 16, 19}, // Discover
	{"644", "659", 16, 19},   // Discover
	{"300", "305", 14, 19},   // Diners Club
	{"36", "36", 14, 19},     // Diners Club
	{"38", "39", 14, 19},     // Diners Club
	{"3528", "3589", 16, 19}, // JCB
	{"62", "62", 16, 19},     // UnionPay
	{"2200", "2204", 16, 19}, // Mir
	{"50", "50", 16, 16},     // Maestro, RuPay
	{"56", "69", 16, 16},     // Maestro, RuPay
	{"81", "82", 16, 16},     // RuPay, UnionPay
}

func networkNumber(number string) bool {
	if len(number) == 17 {
		return false // allowed but not in use, and the length of Amazon's order numbers
	}
	for _, p := range prefixes {
		head := number[:len(p.first)]
		if head >= p.first && head <= p.last && len(number) >= p.min && len(number) <= p.max {
			return true
		}
	}
	return false
}

// digit reads ASCII and full-width digits.
func digit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r >= '０' && r <= '９':
		return byte(r - '０'), true
	}
	return 0, false
}

func isDigit(r rune) bool { _, ok := digit(r); return ok }

func countDigits(s string) int {
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if isDigit(r) {
			n++
		}
		s = s[size:]
	}
	return n
}
