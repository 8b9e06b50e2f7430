package evidence

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cleanText makes a text safe to print and to search: valid UTF-8, composed
// accents, no control or invisible characters but line ends. Invisible
// characters go because they would hide a card number from MaskCards.
func cleanText(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, ""))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// parseDate reads RFC 3339, or a date alone as the start of that day in UTC.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// humanDate is a day as a letter writes it: "3 November 2026".
func humanDate(t time.Time) string { return t.UTC().Format("2 January 2006") }

// cutAtSentence shortens a text to at most limit characters. It ends at the
// last whole sentence that fits, at a word when the first sentence is too
// long, and in the middle of a word only when that one is too long.
func cutAtSentence(s string, limit int) (cut string, shortened bool) {
	if utf8.RuneCountInString(s) <= limit {
		return s, false
	}
	runes := []rune(s)[:max(limit, 0)]
	sentence, word := 0, 0
	for i, r := range runes {
		switch {
		case r == '\n':
			sentence, word = i, i
		case unicode.IsSpace(r):
			word = i
			if i > 0 && strings.ContainsRune(".!?", runes[i-1]) && !listNumber(runes[:i]) {
				sentence = i
			}
		}
	}
	if n := len(runes); n > 0 && strings.ContainsRune(".!?", runes[n-1]) && !listNumber(runes) {
		sentence = n
	}
	end := len(runes)
	switch {
	case sentence > 0:
		end = sentence
	case word > 0:
		end = word
	}
	return strings.TrimSpace(string(runes[:end])), true
}

// listNumber reports whether a text ends in a line that is only "3.".
func listNumber(runes []rune) bool {
	i := len(runes) - 1
	for i > 0 && isDigit(runes[i-1]) {
		i--
	}
	return i < len(runes)-1 && (i == 0 || runes[i-1] == '\n')
}
