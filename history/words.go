package history

import (
	"maps"
	"slices"
	"strings"
)

// words are, by field, what we say and what files say for it, in plain form.
// A mapping's values come before them.
var words = map[string]map[string][]string{
	fieldOutcome: {
		"won":  {"win", "reversed", "merchant_won", "chargeback_won", "resolved_seller_favour", "refunded_to_merchant", "success"},
		"lost": {"lose", "accepted", "merchant_lost", "chargeback_lost", "resolved_buyer_favour", "charge_refunded", "expired"},
		"none": {"open", "pending", "under_review", "needs_response", "undecided", "closed", "prevented", "warning_closed", "withdrawn"},
	},
	fieldResponse: {
		"contest": {"contested", "countered", "challenged", "challenge", "submitted", "represented", "representment", "defended", "evidence_submitted", "yes", "true"},
		"accept":  {"accepted", "conceded", "refunded"},
		"none":    {"no_response", "not_answered", "unanswered", "expired", "no", "false"},
	},
	fieldStage: {
		"inquiry":         {"retrieval", "warning", "request_for_information"},
		"chargeback":      {"first_chargeback", "dispute", "notification_of_chargeback"},
		"pre_arbitration": {"prearbitration", "second_chargeback", "pre_arb", "prearb"},
		"arbitration":     {},
	},
}

// allowed are the words of ours that a field can have; nil when it has any.
func allowed(field string) []string {
	if words[field] == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(words[field]))
}

// plain is a word as it is compared: small letters, digits and single low lines.
func plain(s string) string {
	parts := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
	})
	return strings.Join(parts, "_")
}

func (p *plan) checkValues() error {
	for field, ours := range words {
		p.words[field] = map[string]string{}
		for our, theirs := range ours {
			p.words[field][our] = our
			for _, word := range theirs {
				p.words[field][word] = our
			}
		}
	}
	for field, values := range p.Values {
		switch {
		case !slices.Contains(fieldNames(), field):
			return wrong("values: there is no field %q; the fields are %s", field, strings.Join(fieldNames(), ", "))
		case slices.Contains(verbatim, field):
			return wrong("values: %s is not translated: mend it in the file", field)
		}
		if err := p.checkWords(field, values); err != nil {
			return err
		}
	}
	return nil
}

// verbatim are the fields that hold no words: what they say is kept, hashed or
// reckoned with as it came.
var verbatim = []string{fieldID, fieldCustomer, fieldOpened, fieldDue, fieldDecided, fieldAmount, fieldRefunded, fieldFees}

// checkWords takes over a mapping's words of a field. Words that mean different
// things must differ in their plain form.
func (p *plan) checkWords(field string, values map[string]string) error {
	if p.words[field] == nil {
		p.words[field] = map[string]string{}
	}
	first := map[string]string{} // by plain form, the word that has it
	for _, theirs := range slices.Sorted(maps.Keys(values)) {
		our, form := values[theirs], plain(theirs)
		if ok := allowed(field); ok != nil && !slices.Contains(ok, our) {
			return wrong("values: %s can be %s, not %q", field, strings.Join(ok, ", "), our)
		}
		if other, twice := first[form]; twice && values[other] != our {
			return wrong("values: %s: %q and %q read alike, because only letters and digits count: change the words in the file", field, other, theirs)
		}
		first[form], p.words[field][form] = theirs, our
	}
	if theirs, bare := first[""]; bare {
		return wrong("values: %s: %q has neither letter nor digit to know it by: change the word in the file", field, theirs)
	}
	return nil
}

// word is a cell in our words. Of a field that can be anything, an unknown word
// stays as it came.
func (p *plan) word(field, cell string) (our string, ok bool) {
	if our, found := p.words[field][plain(cell)]; found {
		return our, true
	}
	return cell, allowed(field) == nil
}
