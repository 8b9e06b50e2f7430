package evidence

import (
	"regexp"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var (
	// promise are the ways in which a shop says that money goes back.
	promise = regexp.MustCompile(`(?i)\b(?:we|i)(?: will|'ll|’ll| shall| have|'ve|’ve| are going to| are|'re|’re| am|'m|’m| can)?(?: \w+){0,3}? (?:refund(?:ed|ing)?\b|(?:return|credit|send|give|pay)(?:ed|ing)? (?:you |your |back |the |full )*(?:money|amount|payment|card|account)\b|issu(?:e|ed|ing) (?:\w+ ){0,4}(?:refund|credit)\b)` +
		`|\b(?:your|the|a)(?: full| partial)? refund (?:has been|have been|was|will be|is)(?: being)? (?:\w+ )?(?:issued|processed|made|sent|initiated|on (?:its|the) way)`)
	// reservation are the words that make it no promise.
	reservation = regexp.MustCompile(`(?i)\b(?:not|never|cannot|can't|won't|no|unable|if|once|unless|provided|when|until|after|before|whether|neither|nor|only|policy)\b|n['’]t\b`)
	sentences   = regexp.MustCompile(`[.!?\n]+`)
)

// refundPromised are our own messages that promise a refund, when none is on
// record. What the customer writes is no promise of ours, and neither is a
// refund that depends on something.
func refundPromised(b *book) []*exhibit {
	if b.has(proofRefunded) {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		return e.is(dispute.ItemCommunication) && e.fact(dispute.FactDirection) == "to customer" && promisesRefund(e.fact(dispute.FactText))
	})
}

func promisesRefund(text string) bool {
	for _, sentence := range sentences.Split(text, -1) {
		quoted := strings.HasPrefix(strings.TrimSpace(sentence), ">")
		if !quoted && promise.MatchString(sentence) && !reservation.MatchString(sentence) {
			return true
		}
	}
	return false
}
