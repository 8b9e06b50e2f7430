package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// textFields writes each text slot from the book; an empty text is not sent.
var textFields = map[dispute.EvidenceField]func(b *book, l Letter) string{
	dispute.FieldUncategorizedText:  func(_ *book, l Letter) string { return l.Text },
	dispute.FieldProductDescription: productDescription,
	dispute.FieldCustomerName:       firstOf(dispute.FactCustomerName, saleKinds...),
	dispute.FieldCustomerEmail:      firstOf(dispute.FactCustomerEmail, saleKinds...),
	dispute.FieldCustomerPurchaseIP: firstOf(dispute.FactPurchaseIP, saleKinds...),
	dispute.FieldBillingAddress:     firstOf(dispute.FactBillingAddress, saleKinds...),
	dispute.FieldShippingAddress: firstOf(dispute.FactShippingAddress,
		dispute.ItemDelivery, dispute.ItemFulfillment, dispute.ItemOrder),
	dispute.FieldShippingCarrier:              joined(", ", dispute.FactCarrier, shippingKinds...),
	dispute.FieldShippingTrackingNumber:       joined(", ", dispute.FactTrackingNumber, shippingKinds...),
	dispute.FieldShippingDate:                 shippingDate,
	dispute.FieldServiceDate:                  serviceDate,
	dispute.FieldAccessActivityLog:            accessLog,
	dispute.FieldRefundPolicyDisclosure:       disclosure(dispute.FactRefundPolicy),
	dispute.FieldCancellationPolicyDisclosure: disclosure(dispute.FactCancelPolicy),
	dispute.FieldRefundRefusalExplanation: claimsOf(
		[]dispute.Family{dispute.FamilyCreditNotProcessed, dispute.FamilyProductUnacceptable},
		proofRefunded, proofRefundPolicy, proofCancelPolicy, proofTerms, proofUsed),
	dispute.FieldCancellationRebuttal: claimsOf(
		[]dispute.Family{dispute.FamilySubscription, dispute.FamilyCreditNotProcessed},
		proofUsedAfterCancel, proofSubscription, proofCancelPolicy, proofTerms, proofUsed, proofAccessLog, proofService, proofPrior),
	dispute.FieldDuplicateChargeID: duplicateCharge,
	dispute.FieldDuplicateChargeExplanation: claimsOf(
		[]dispute.Family{dispute.FamilyDuplicate}, proofRefunded, proofOtherCharge, proofSeparate),
}

// cutOrder is the order in which texts give way when all together are too
// long: what is also in the PDF first, the letter last.
var cutOrder = []dispute.EvidenceField{
	dispute.FieldAccessActivityLog, dispute.FieldProductDescription, dispute.FieldRefundPolicyDisclosure,
	dispute.FieldCancellationPolicyDisclosure, dispute.FieldCancellationRebuttal, dispute.FieldRefundRefusalExplanation,
	dispute.FieldDuplicateChargeExplanation, dispute.FieldShippingTrackingNumber, dispute.FieldShippingCarrier,
	dispute.FieldShippingAddress, dispute.FieldBillingAddress, dispute.FieldShippingDate, dispute.FieldServiceDate,
	dispute.FieldCustomerPurchaseIP, dispute.FieldCustomerName, dispute.FieldCustomerEmail,
	dispute.FieldDuplicateChargeID, dispute.FieldUncategorizedText,
}

// values are the fields that are whole or useless.
var values = []dispute.EvidenceField{
	dispute.FieldCustomerName, dispute.FieldCustomerEmail, dispute.FieldCustomerPurchaseIP, dispute.FieldBillingAddress,
	dispute.FieldShippingAddress, dispute.FieldShippingDate, dispute.FieldServiceDate, dispute.FieldDuplicateChargeID,
}

// texts fills the text slots that the provider takes, within its limits.
func texts(b *book, l Letter, limits Limits) (map[dispute.EvidenceField]string, []Finding) {
	out := make(map[dispute.EvidenceField]string)
	var lint []Finding
	total := 0
	for _, field := range cutOrder {
		if !slices.Contains(limits.TextFields, field) {
			continue
		}
		text, finding := shorten(field, textFields[field](b, l), limits.TextFieldChars, LimitTextField)
		lint = append(lint, finding...)
		if text == "" {
			continue
		}
		out[field] = text
		total += utf8.RuneCountInString(text)
	}
	return out, append(lint, fitTotal(out, total, limits.TextTotalChars)...)
}

// fitTotal shortens texts in cutOrder until all together fit.
func fitTotal(texts map[dispute.EvidenceField]string, total, limit int) []Finding {
	var lint []Finding
	for _, field := range cutOrder {
		if total <= limit {
			break
		}
		before := utf8.RuneCountInString(texts[field])
		if before == 0 {
			continue
		}
		text, finding := shorten(field, texts[field], max(0, before-(total-limit)), LimitTextTotal)
		lint = append(lint, finding...)
		total -= before - utf8.RuneCountInString(text)
		texts[field] = text
		if text == "" {
			delete(texts, field)
		}
	}
	return lint
}

func shorten(field dispute.EvidenceField, text string, limit int, rule string) (string, []Finding) {
	cut, shortened := cutAtSentence(text, limit)
	if !shortened {
		return text, nil
	}
	cut = strings.TrimRight(cut, ", ")
	if slices.Contains(values, field) {
		cut = "" // half an address is a wrong address
	}
	action := fmt.Sprintf("shortened to %d characters at the end of a sentence", utf8.RuneCountInString(cut))
	if cut == "" {
		action = "left out"
	}
	return cut, []Finding{{
		Limit: rule, Subject: string(field), Value: int64(utf8.RuneCountInString(text)), Max: int64(limit), Action: action,
	}}
}

func firstOf(name string, kinds ...dispute.ItemKind) func(*book, Letter) string {
	return func(b *book, _ Letter) string { return oneLine(b.first(name, kinds...)) }
}

// joined gives the different values of a fact.
func joined(sep, name string, kinds ...dispute.ItemKind) func(*book, Letter) string {
	return func(b *book, _ Letter) string { return strings.Join(b.all(name, kinds...), sep) }
}

// productDescription is what was ordered; where no order tells, what the payment
// was for.
func productDescription(b *book, _ Letter) string {
	for _, kind := range []dispute.ItemKind{dispute.ItemOrder, dispute.ItemPayment} {
		if told := b.all(dispute.FactProducts, kind); len(told) > 0 {
			return strings.Join(told, "\n")
		}
	}
	return ""
}

// accessLog is every line of every log of use, as its source wrote it: in lines of
// its own, or else as entries.
func accessLog(b *book, _ Letter) string {
	var out []string
	for _, e := range b.exhibits {
		for line := range strings.Lines(e.fact(dispute.FactAccessLog)) {
			out = append(out, strings.TrimSpace(line))
		}
		if !e.is(dispute.ItemAccess) || e.fact(dispute.FactAccessLog) != "" {
			continue
		}
		for _, entry := range e.item.Log {
			what, _ := Mask(oneLine(cleanText(entry.What)))
			out = append(out, entry.At.UTC().Format(time.RFC3339)+" "+what)
		}
	}
	return strings.Join(distinctLines(out), "\n")
}

func distinctLines(lines []string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, line := range lines {
		if !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	return out
}

// disclosure is how terms were shown, and when they were accepted.
func disclosure(name string) func(*book, Letter) string {
	return func(b *book, _ Letter) string {
		var told []string
		accepted := ""
		for _, e := range b.exhibits {
			told = append(told, e.fact(name))
			if at, ok := e.date(dispute.FactTermsAcceptedAt); ok && accepted == "" {
				accepted = "The customer accepted the terms on " + humanDate(at) + "."
			}
		}
		if told = distinctLines(told); len(told) == 0 {
			return ""
		}
		return strings.Join(distinctLines(append(told, accepted)), "\n")
	}
}

// claimsOf gives the letter's sentences on some proofs, for some families.
func claimsOf(in []dispute.Family, keys ...string) func(*book, Letter) string {
	return func(_ *book, l Letter) string {
		if !slices.Contains(in, l.Family) {
			return ""
		}
		var out []string
		for _, c := range l.Claims {
			if slices.Contains(keys, c.Proof) {
				out = append(out, c.Text)
			}
		}
		return strings.Join(out, " ")
	}
}

// shippingDate is the day of the first parcel, when it is before the dispute.
func shippingDate(b *book, _ Letter) string {
	for _, e := range b.exhibits {
		at, ok := e.date(dispute.FactShippedAt)
		if ok && e.is(shippingKinds...) && !b.late(at) {
			return humanDate(at)
		}
	}
	return ""
}

func serviceDate(b *book, _ Letter) string {
	for _, e := range b.found(proofService) {
		if at, ok := e.date(dispute.FactServiceDate); ok {
			return humanDate(at)
		}
	}
	return ""
}

// duplicateCharge is the provider's id of the other charge: an item's id
// without the word before its colon.
func duplicateCharge(b *book, l Letter) string {
	found := b.found(proofOtherCharge)
	if l.Family != dispute.FamilyDuplicate || len(found) == 0 {
		return ""
	}
	return afterColon(found[0].item.ID)
}
