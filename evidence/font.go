package evidence

import (
	"strings"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// The Go fonts cover Latin, Greek and Cyrillic (WGL4).
const fontFamily = "Go"

var (
	regularTTF = goregular.TTF
	boldTTF    = gobold.TTF
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

// drawable puts a question mark for every character that the fonts lack.
func drawable(s string) string {
	known := covered()
	return strings.Map(func(r rune) rune {
		if r == '\n' || (r < 0x10000 && known[r]) {
			return r
		}
		return '?'
	}, s)
}
