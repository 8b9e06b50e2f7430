package shipbob

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// facts are an item's facts; what is not known is left out.
type facts map[string]string

func (f facts) set(fact, value string) {
	if value != "" {
		f[fact] = value
	}
}

func (f facts) at(fact string, t time.Time) {
	if !t.IsZero() {
		f[fact] = t.UTC().Format(time.RFC3339)
	}
}

// line is the address on one line: "10 Orchard Street, Portland, OR 97001, US".
func (a address) line() string {
	region := strings.TrimSpace(a.State + " " + a.Zip)
	parts := []string{a.Address1, a.Address2, a.City, region, a.Country}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// words writes an enum value as people read it: OutForDelivery is "out for
// delivery".
func words(enum string) string {
	var b strings.Builder
	for i, r := range enum {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
