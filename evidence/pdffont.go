package evidence

import (
	"strings"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// font turns the codes of a string into characters.
type font struct {
	wide    bool              // codes have two bytes
	unicode map[string]string // by code; from ToUnicode, or from Differences
	spans   []span            // of ToUnicode, those too long to be put into unicode
}

// span is a run of codes whose characters follow one another.
type span struct {
	first, last int
	to          rune
}

// The most that one font may map, and the longest range that is mapped one by
// one.
const (
	maxMapped = 1 << 16
	maxSpans  = 64
	longRange = 256
)

// decode gives the characters of a string, as far as the font tells them. A nil
// font takes the bytes for Latin-1, in which digits and letters are where
// nearly all encodings have them.
func (f *font) decode(codes []byte) string {
	size := 1
	if f != nil && f.wide {
		size = 2
	}
	var out strings.Builder
	for len(codes) > 0 {
		code := codes[:min(size, len(codes))]
		codes = codes[len(code):]
		if f != nil {
			if s, ok := f.lookUp(code); ok {
				out.WriteString(s)
				continue
			}
		}
		if last := code[len(code)-1]; last >= ' ' && (len(code) == 1 || code[0] == 0) {
			out.WriteRune(rune(last))
		}
	}
	return out.String()
}

func (f *font) lookUp(code []byte) (string, bool) {
	if s, ok := f.unicode[string(code)]; ok {
		return s, true
	}
	for _, sp := range f.spans {
		if n := number(code); n >= sp.first && n <= sp.last {
			return string(sp.to + rune(n-sp.first)), true //nolint:gosec // a code has two bytes at most
		}
	}
	return "", false
}

// number is a code of one or two bytes as a number.
func number(code []byte) int {
	n := 0
	for _, c := range code {
		n = n<<8 | int(c)
	}
	return n
}

// font reads a font of a page's resources, once.
func (r *pageReader) font(fonts types.Dict, name string) *font {
	o, ok := fonts.Find(name)
	if !ok || o == nil {
		return nil
	}
	at, indirect := o.(types.IndirectRef)
	if known, ok := r.fonts[at.ObjectNumber.Value()]; indirect && ok {
		return known
	}
	d, err := r.ctx.DereferenceDict(o)
	if err != nil || d == nil {
		return nil
	}
	f := &font{unicode: make(map[string]string)}
	if subtype := d.Subtype(); subtype != nil {
		f.wide = *subtype == "Type0"
	}
	r.differences(f, d)
	if cmap, ok := d.Find("ToUnicode"); ok && cmap != nil {
		if sd, _, err := r.ctx.DereferenceStreamDict(cmap); err == nil && sd != nil && sd.DecodeWithLimit(maxCMapBytes) == nil {
			f.readCMap(sd.Content)
		}
	}
	if indirect {
		r.fonts[at.ObjectNumber.Value()] = f
	}
	return f
}

const maxCMapBytes = 4 << 20

// glyphNames are the names of what card and identity numbers are made of; a letter
// is its own name.
var glyphNames = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"space": " ", "hyphen": "-", "period": ".", "slash": "/", "colon": ":", "less": "<",
}

// differences reads an encoding of the font's own (ISO 32000-1, 9.6.6).
func (r *pageReader) differences(f *font, d types.Dict) {
	encoding := r.dict(d, "Encoding")
	o, ok := encoding.Find("Differences")
	if !ok || o == nil {
		return
	}
	list, err := r.ctx.DereferenceArray(o)
	if err != nil {
		return
	}
	code := 0
	for _, o := range list {
		switch o := o.(type) {
		case types.Integer:
			code = o.Value()
		case types.Name:
			s := glyphNames[o.Value()]
			if len(o.Value()) == 1 {
				s = o.Value()
			}
			if s != "" && code >= 0 && code <= 255 {
				f.unicode[string([]byte{byte(code)})] = s
			}
			code++
		}
	}
}

// readCMap reads bfchar and bfrange of a ToUnicode CMap (ISO 32000-1, 9.10.3).
func (f *font) readCMap(b []byte) {
	s := scanner{b: b}
	var operands []token
	for {
		t, ok := s.next()
		if !ok {
			return
		}
		if t.kind != tokenOperator {
			if len(operands) < maxMapped {
				operands = append(operands, t)
			}
			continue
		}
		switch string(t.text) {
		case "endbfchar":
			for i := 0; i+1 < len(operands); i += 2 {
				f.put(operands[i].text, fromUTF16(operands[i+1].text))
			}
		case "endbfrange":
			f.ranges(operands)
		}
		operands = operands[:0]
	}
}

func (f *font) put(code []byte, s string) {
	if len(code) > 0 && len(code) <= 2 && len(f.unicode) < maxMapped {
		f.unicode[string(code)] = s
	}
}

// ranges are triples: first code, last code, and either the first character or
// an array of one for each code.
func (f *font) ranges(operands []token) {
	for len(operands) >= 3 {
		first, last, to := operands[0].text, operands[1].text, operands[2]
		operands = operands[3:]
		if to.kind == tokenMark {
			for code := first; len(operands) > 0; operands = operands[1:] {
				if operands[0].kind == tokenMark {
					operands = operands[1:]
					break
				}
				f.put(code, fromUTF16(operands[0].text))
				code = after(code)
			}
			continue
		}
		f.span(first, last, to.text)
	}
}

func (f *font) span(first, last, to []byte) {
	if len(first) == 0 || len(first) > 2 || len(first) != len(last) {
		return
	}
	from, end := number(first), number(last)
	if end-from >= longRange {
		if start := []rune(fromUTF16(to)); len(start) == 1 && len(f.spans) < maxSpans {
			f.spans = append(f.spans, span{from, end, start[0]})
		}
		return
	}
	for code := first; from <= end; from++ {
		f.put(code, fromUTF16(to))
		code, to = after(code), after(to)
	}
}

// after is a code plus one.
func after(code []byte) []byte {
	out := append([]byte{}, code...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			break
		}
	}
	return out
}

func fromUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}
