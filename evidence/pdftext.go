package evidence

import (
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Reading a page's content ends somewhere, whatever a stranger's file says.
const (
	maxContentBytes = 64 << 20 // of all pages and the forms they show, each time they are shown
	maxFormDepth    = 8
)

// pageLook is what can be told of a page without drawing it.
type pageLook struct {
	text    string // of its text layer, also what is drawn invisibly over a scan
	painted bool   // it shows something besides pictures
	images  []int  // object numbers of its pictures
}

// pageReader reads the pages of one file.
type pageReader struct {
	ctx   *model.Context
	fonts map[int]*font // by object number
	left  int           // bytes of content that may still be read
	look  pageLook
	text  strings.Builder
}

func newPageReader(ctx *model.Context) *pageReader {
	return &pageReader{ctx: ctx, fonts: make(map[int]*font), left: maxContentBytes}
}

// page reads one page, from 1. A file that holds more than can be looked
// through is an error.
func (r *pageReader) page(n int) (pageLook, error) {
	r.look = pageLook{}
	r.text.Reset()
	d, _, inherited, err := r.ctx.PageDict(n, false)
	if err != nil || d == nil {
		return r.look, refuse("page %d cannot be read: print the PDF to PDF again", n)
	}
	if err := r.contents(n, d, inherited); err != nil {
		return r.look, err
	}
	if err := r.annotations(d); err != nil {
		return r.look, err
	}
	r.look.text = r.text.String()
	return r.look, nil
}

func (r *pageReader) contents(n int, d types.Dict, inherited *model.InheritedPageAttrs) error {
	resources := inherited.Resources
	if o, ok := d.Find("Resources"); ok && o != nil {
		if own, err := r.ctx.DereferenceDict(o); err == nil && own != nil {
			resources = own
		}
	}
	content, err := r.ctx.PageContent(d, n)
	if err != nil {
		return nil //nolint:nilerr // a page without content
	}
	return r.run(content, resources, 0)
}

// annotations are the looks of stamps and filled fields.
func (r *pageReader) annotations(page types.Dict) error {
	o, ok := page.Find("Annots")
	if !ok || o == nil {
		return nil
	}
	list, err := r.ctx.DereferenceArray(o)
	if err != nil {
		return nil //nolint:nilerr // merge leaves such annotations out
	}
	for _, o := range list {
		d, err := r.ctx.DereferenceDict(o)
		if err != nil || d == nil {
			continue
		}
		looks := r.dict(d, "AP")
		if normal, ok := looks.Find("N"); ok && normal != nil {
			r.look.painted = true
			if err := r.form(normal, nil, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// dict is an entry that is a dictionary; nil when there is none.
func (r *pageReader) dict(d types.Dict, key string) types.Dict {
	o, ok := d.Find(key)
	if !ok || o == nil {
		return nil
	}
	out, err := r.ctx.DereferenceDict(o)
	if err != nil {
		return nil
	}
	return out
}

// form reads what a form or a picture shows.
func (r *pageReader) form(o types.Object, outer types.Dict, depth int) error {
	if depth > maxFormDepth {
		return refuse("the PDF nests its drawings too deeply: print it to PDF again")
	}
	sd, _, err := r.ctx.DereferenceStreamDict(o)
	if err != nil || sd == nil {
		return nil //nolint:nilerr // nothing that can be shown
	}
	if sd.Image() {
		if at, ok := o.(types.IndirectRef); ok {
			r.look.images = append(r.look.images, at.ObjectNumber.Value())
		} else {
			r.look.painted = true
		}
		return nil
	}
	if err := sd.DecodeWithLimit(r.ctx.Conf.Limits.MaxDecodeBytes); err != nil {
		return nil //nolint:nilerr // nothing that can be shown
	}
	resources := r.dict(sd.Dict, "Resources")
	if resources == nil {
		resources = outer
	}
	return r.run(sd.Content, resources, depth)
}

// run reads one stream of drawing operators (ISO 32000-1, annex A).
func (r *pageReader) run(content []byte, resources types.Dict, depth int) error {
	if r.left -= len(content) + 1; r.left < 0 {
		return refuse("the PDF holds more drawings than can be looked through: print it to PDF again")
	}
	fonts, objects := r.dict(resources, "Font"), r.dict(resources, "XObject")
	s := scanner{b: content}
	state := drawing{}
	var outer []drawing
	var operands []token
	for {
		t, ok := s.next()
		if !ok {
			return nil
		}
		if t.kind != tokenOperator {
			if len(operands) < maxOperands {
				operands = append(operands, t)
			}
			continue
		}
		switch op := string(t.text); op {
		case "q":
			if len(outer) < maxOperands {
				outer = append(outer, state)
			}
		case "Q":
			if n := len(outer); n > 0 {
				state, outer = outer[n-1], outer[:n-1]
			}
		case "Do":
			if o, ok := objects.Find(name(operands)); ok && o != nil {
				if err := r.form(o, resources, depth+1); err != nil {
					return err
				}
			}
		case "Tf":
			state.font = r.font(fonts, name(operands))
		case "BI":
			s.skipInlineImage()
			r.look.painted = true
		default:
			r.operator(op, operands, &state)
		}
		operands = operands[:0]
	}
}

// maxOperands is more than any operator has; arrays of text count one by one.
const maxOperands = 10_000

// drawing is the part of the graphics state that matters here.
type drawing struct {
	font      *font
	white     bool // areas are filled with white
	invisible bool // text is not shown
}

func (r *pageReader) operator(op string, operands []token, state *drawing) {
	switch op {
	case "Tj", "TJ", "'", `"`:
		if op == "'" || op == `"` {
			r.text.WriteByte('\n')
		}
		r.show(operands, *state)
	case "Td", "TD", "T*", "Tm", "ET":
		r.text.WriteByte('\n')
	case "Tr":
		state.invisible = len(operands) == 1 && string(operands[0].text) == "3"
	case "g", "rg", "sc", "scn":
		state.white = isWhite(operands)
	case "k", "cs":
		state.white = false
	case "f", "F", "f*":
		r.look.painted = r.look.painted || !state.white
	case "S", "s", "B", "B*", "b", "b*", "sh":
		r.look.painted = true
	}
}

func isWhite(operands []token) bool {
	for _, o := range operands {
		if s := strings.TrimRight(string(o.text), ".0"); s != "1" {
			return false
		}
	}
	return len(operands) == 1 || len(operands) == 3
}

// gapBetweenWords is the least space in an array of text that parts words, in
// thousandths of the font's size.
const gapBetweenWords = 200

func (r *pageReader) show(operands []token, state drawing) {
	for _, o := range operands {
		if o.kind == tokenNumber && o.number() < -gapBetweenWords {
			r.text.WriteByte(' ')
		}
		if o.kind != tokenString {
			continue
		}
		s := state.font.decode(o.text)
		r.text.WriteString(s)
		if !state.invisible && strings.TrimSpace(s) != "" {
			r.look.painted = true
		}
	}
}

// name is the last operand that is a name.
func name(operands []token) string {
	for i := len(operands) - 1; i >= 0; i-- {
		if operands[i].kind == tokenName {
			return string(operands[i].text)
		}
	}
	return ""
}

// PDFText is the text layer of a PDF, page by page, as far as its fonts tell
// their characters. A file that cannot be read is an error of kind Invalid.
func PDFText(b []byte) (pages []string, err error) {
	defer guard(&err)
	ctx, err := openPDF(b)
	if err != nil {
		return nil, err
	}
	r := newPageReader(ctx)
	for n := 1; n <= ctx.PageCount; n++ {
		look, err := r.page(n)
		if err != nil {
			return nil, err
		}
		pages = append(pages, look.text)
	}
	return pages, nil
}
