package httpsource

import (
	"regexp"
	"strings"
)

// digitRun is a run of digits as people group them, with blanks or dashes
// between; what stands around it is no digit.
var digitRun = regexp.MustCompile(`\b[0-9](?:[ -]?[0-9]){13,18}\b`)

// cardForm are the numbers that the networks give (ISO/IEC 7812), by their
// first digits and lengths.
var cardForm = regexp.MustCompile(`^(4[0-9]{15}([0-9]{3})?|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}|3[068][0-9]{12,17}|35[0-9]{14}|6[0-9]{15,18})$`)

// keptDigits of a card number may be shown (PCI DSS 3.4.1).
const keptDigits = 4

// maskCards hides card numbers in a text but for their last digits: they are
// not even stored.
func maskCards(s string) string {
	return digitRun.ReplaceAllStringFunc(s, func(run string) string {
		if !isCard(run) {
			return run
		}
		left := len(digits(run)) - keptDigits
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' && left > 0 {
				left--
				return '*'
			}
			return r
		}, run)
	})
}

// isCard reports whether a text is a card number by its form and check digit.
func isCard(s string) bool {
	number := digits(s)
	if !cardForm.MatchString(number) || digitRun.FindString(s) != s {
		return false
	}
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

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
