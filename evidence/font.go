package evidence

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The Go fonts cover Latin, Greek and Cyrillic (WGL4).
const fontFamily = "Go"

var (
	regularTTF = goregular.TTF
	boldTTF    = gobold.TTF
)

// LimitScript is the rule of a Finding on characters that the fonts of the PDF
// do not have. The texts beside the PDF keep them.
const LimitScript = "script"

// What stands in print for characters that cannot be drawn or spelled.
const (
	otherScript = "[text in another script]"
	emoji       = "[emoji]"
)

// covered tells which characters of the basic plane both fonts can print.
var covered = sync.OnceValue(func() *[0x10000]bool {
	var out [0x10000]bool
	var buf sfnt.Buffer
	regular, err := sfnt.Parse(regularTTF)
	if err != nil {
		panic("evidence: embedded font: " + err.Error())
	}
	bold, err := sfnt.Parse(boldTTF)
	if err != nil {
		panic("evidence: embedded font: " + err.Error())
	}
	for r := ' '; r < 0x10000; r++ {
		inRegular, errRegular := regular.GlyphIndex(&buf, r)
		inBold, errBold := bold.GlyphIndex(&buf, r)
		out[r] = errRegular == nil && errBold == nil && inRegular != 0 && inBold != 0
	}
	return &out
})

func inFont(r rune) bool { return r == '\n' || (r >= 0 && r < 0x10000 && covered()[r]) }

// drawable writes a text with the characters that the fonts have: letters
// without the accents they lack, alphabets that have a usual Latin spelling
// spelled so, and one note in brackets for each run of all others.
func drawable(s string) string {
	var sb strings.Builder
	spaces, note := "", "" // after a note, spaces wait to see whether its run goes on
	for _, r := range s {
		g, ok := glyphs(r)
		switch {
		case g == "":
		case ok && note != "" && r != '\n' && strings.TrimSpace(g) == "":
			spaces += g
		case ok:
			sb.WriteString(spaces + g)
			spaces, note = "", ""
		case g == note:
			spaces = ""
		default:
			sb.WriteString(spaces + g)
			spaces, note = "", g
		}
	}
	return sb.String() + spaces
}

// glyphs gives what is printed for a character; ok is false when it is a note.
// An accent that the fonts lack gives nothing.
func glyphs(r rune) (s string, ok bool) {
	switch {
	case inFont(r):
		return string(r), true
	case unicode.Is(unicode.Mn, r):
		return "", true
	case unicode.IsNumber(r):
		if d, ok := digit(r); ok {
			return string(rune('0' + d)), true
		}
		return otherScript, false
	case unicode.IsSymbol(r):
		return emoji, false
	}
	if s = spelled(r); s != "" {
		return s, true
	}
	return otherScript, false
}

// spellable are the signs and the alphabets whose letters have a usual Latin spelling, one by
// one. Chinese characters, Arabic and Hebrew have none: their reading depends
// on the language or on vowels that are not written.
var spellable = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian,
	unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Punct,
}

// schwa is the one Latin letter that unidecode spells with a sign.
var schwa = map[rune]string{'Ə': "E", 'ə': "e"}

func spelled(r rune) string {
	if s, ok := schwa[r]; ok {
		return s
	}
	if s := kept(norm.NFKD.String(string(r))); s != "" {
		return s
	}
	if unicode.In(r, spellable...) {
		return strings.Trim(kept(unidecode.Unidecode(string(r))), "'`")
	}
	return ""
}

// kept drops accents that the fonts lack; empty when a letter would be lost.
func kept(s string) string {
	var sb strings.Builder
	for _, r := range s {
		switch {
		case inFont(r):
			sb.WriteRune(r)
		case !unicode.Is(unicode.Mn, r):
			return ""
		}
	}
	return sb.String()
}

// scriptLint reports what the PDF cannot show, by exhibit, with the code points,
// so that a person can attach the original as a picture.
func scriptLint(b *book, l Letter) []Finding {
	var out []Finding
	for _, e := range b.exhibits {
		out = append(out, undrawn(e.item.ID, fmt.Sprintf("Exhibit %d", e.number), e.words())...)
	}
	letter := string(dispute.FieldUncategorizedText)
	return append(out, undrawn(letter, "the letter", []string{b.c.Merchant, l.Text})...)
}

// maxCodePoints bounds the list in a finding.
const maxCodePoints = 12

func undrawn(subject, place string, texts []string) []Finding {
	count := 0
	var points []rune
	for _, r := range strings.Join(texts, "\n") {
		if _, ok := glyphs(r); ok {
			continue
		}
		count++
		points = append(points, r)
	}
	if count == 0 {
		return nil
	}
	slices.Sort(points)
	points = slices.Compact(points)
	more := ""
	if len(points) > maxCodePoints {
		points, more = points[:maxCodePoints], " …"
	}
	action := fmt.Sprintf("%s: printed as a note in brackets (%U%s): attach a picture of the original if it matters", place, points, more)
	return []Finding{{Limit: LimitScript, Subject: subject, Value: int64(count), Action: action}}
}
