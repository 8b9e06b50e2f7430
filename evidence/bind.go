package evidence

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// overlay is the page of a document that goes onto a page of ours, into a box
// whose upper left corner is told from that of the page, in millimetres.
type overlay struct {
	page                     int // of ours, from 1
	pdf                      []byte
	source                   int // the document's page, from 1
	left, top, width, height float64
}

// bind puts the pages of documents onto those pages of a PDF of ours that wait
// for them, adds bookmarks and what a reader's program shows about the file, and
// returns the bytes and the number of pages. One document is open at a time.
//
// A document's page becomes a picture of itself: it keeps its text, and nothing
// in it can run, lead elsewhere, or disturb the stamp.
func bind(main []byte, l layout, about imprint) (b []byte, pages int, err error) {
	defer func() {
		if r := recover(); r != nil { // a parser of strangers' files may fail in its own way
			b, pages, err = nil, 0, dispute.Errorf(dispute.Invalid, "evidence: bind PDF", "%v", r)
		}
	}()
	ctx, err := openPDF(main)
	if err != nil {
		return nil, 0, err
	}
	w := newPDFWriter()
	k := binder{own: newCopier(w, ctx)}
	waiting := l.overlays
	for n := 1; n <= ctx.PageCount; n++ {
		page, err := k.own.pageOf(n)
		if err == nil && len(waiting) > 0 && waiting[0].page == n {
			err = k.lay(page, waiting[0])
			waiting = waiting[1:]
		}
		if err == nil {
			err = k.own.add(page)
		}
		if err != nil {
			return nil, 0, dispute.Errorf(dispute.Invalid, "evidence: bind PDF", "%w", err)
		}
	}
	return w.close(about.catalog(w, l.marks), about.info()), len(w.pages), nil
}

// bindAll tries all that bind will do with a document: it lays each of its pages
// on an empty one.
func bindAll(pdf []byte, pages int) (b []byte, n int, err error) {
	l := layout{}
	empty := fpdf.New("P", "mm", "A4", "")
	for n := 1; n <= pages; n++ {
		empty.AddPage()
		l.overlays = append(l.overlays, overlay{page: n, pdf: pdf, source: n, width: pageWidth, height: pageHeight})
	}
	empty.SetCreationDate(time.Unix(0, 0))
	empty.SetModificationDate(time.Unix(0, 0))
	var buf bytes.Buffer
	if err := empty.Output(&buf); err != nil {
		return nil, 0, dispute.Errorf(dispute.Invalid, "evidence: bind PDF", "%w", err)
	}
	return bind(buf.Bytes(), l, imprint{})
}

// binder holds our file and the document whose pages are being laid.
type binder struct {
	own      *copier
	document *copier
	file     []byte // of the document
}

func (k *binder) open(file []byte) error {
	if k.document != nil && len(file) == len(k.file) && &file[0] == &k.file[0] {
		return nil
	}
	ctx, err := openPDF(file)
	if err != nil {
		return err
	}
	k.document, k.file = newCopier(k.own.w, ctx), file
	return nil
}

// lay puts a document's page under the content of a page of ours.
func (k *binder) lay(page types.Dict, o overlay) error {
	if err := k.open(o.pdf); err != nil {
		return err
	}
	source, _, _, err := k.document.ctx.PageDict(o.source, false)
	if err != nil {
		return err
	}
	shape, err := k.document.shape(source)
	if err != nil {
		return err
	}
	forms, err := k.document.forms(source, shape)
	if err != nil {
		return err
	}
	if err := k.document.drain(); err != nil {
		return err
	}
	resources, err := k.resources(o.page, forms)
	if err != nil {
		return err
	}
	page["Resources"] = resources
	under := k.own.w.newNumber()
	k.own.w.writeFlate(under, types.Dict{}, shape.content(o, forms))
	page["Contents"] = types.Array{ref(under), page["Contents"]}
	if shape.lies() {
		page["Rotate"] = types.Integer(90)
	}
	return nil
}

// resources are those of a page of ours and the forms that are laid on it.
func (k *binder) resources(n int, forms []form) (types.Dict, error) {
	source, _, _, err := k.own.ctx.PageDict(n, false)
	if err != nil {
		return nil, err
	}
	entry, err := k.own.inherited(source, "Resources")
	if err != nil {
		return nil, err
	}
	found, err := k.own.ctx.DereferenceDict(entry)
	if err != nil {
		return nil, err
	}
	objects, err := k.own.ctx.DereferenceDict(found["XObject"])
	if err != nil {
		return nil, err
	}
	out, drawn := k.own.dict(found), k.own.dict(objects)
	for i, f := range forms {
		drawn[formName(i)] = f.ref
	}
	out["XObject"] = drawn
	return out, nil
}

// form is something to be drawn: the page itself, or the looks of a note or a
// field on it.
type form struct {
	ref    types.IndirectRef
	matrix matrix // to the space of the document's page
}

func formName(i int) string { return fmt.Sprintf("Doc%d", i) }

// forms makes a form of what a page shows, and of each of its annotations.
func (c *copier) forms(page types.Dict, s shape) ([]form, error) {
	content, err := c.content(page)
	if err != nil {
		return nil, err
	}
	d := types.Dict{"Type": types.Name("XObject"), "Subtype": types.Name("Form"), "BBox": s.box.array()}
	if group, ok := page.Find("Group"); ok && group != nil {
		d["Group"] = c.value(group)
	}
	resources, err := c.inherited(page, "Resources")
	if err != nil {
		return nil, err
	}
	d["Resources"] = types.Dict{}
	if resources != nil {
		d["Resources"] = c.value(resources)
	}
	number := c.w.newNumber()
	c.w.writeFlate(number, d, content)
	drawn, err := c.drawnNotes(page)
	return append([]form{{ref: ref(number), matrix: identity}}, drawn...), err
}

// content is what a page draws, its streams put together (ISO 32000-1, 7.8.2).
func (c *copier) content(page types.Dict) ([]byte, error) {
	entry, ok := page.Find("Contents")
	if !ok || entry == nil {
		return nil, nil
	}
	o, err := c.ctx.Dereference(entry)
	if err != nil {
		return nil, err
	}
	parts, ok := o.(types.Array)
	if !ok {
		parts = types.Array{entry}
	}
	var out bytes.Buffer
	for _, part := range parts {
		stream, _, err := c.ctx.DereferenceStreamDict(part)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			continue
		}
		if err := stream.Decode(); err != nil {
			return nil, err
		}
		out.Write(stream.Content)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// drawnNotes are the looks of annotations and form fields, which is what was
// filled in or drawn on the page, placed as ISO 32000-1, 12.5.5 says.
func (c *copier) drawnNotes(page types.Dict) ([]form, error) {
	entry, ok := page.Find("Annots")
	if !ok || entry == nil {
		return nil, nil
	}
	list, err := c.ctx.DereferenceArray(entry)
	if err != nil {
		return nil, err
	}
	var out []form
	for _, o := range list {
		note, err := c.ctx.DereferenceDict(o)
		if err != nil {
			return nil, err
		}
		if f, ok := c.looks(note); ok {
			out = append(out, f)
		}
	}
	return out, nil
}

// The flags of annotations that are not shown (ISO 32000-1, table 165).
const unshownNote = 1<<1 | 1<<5

// looks is the normal appearance of an annotation; ok is false when it has none
// that is shown.
func (c *copier) looks(note types.Dict) (f form, ok bool) {
	if flags := note.IntEntry("F"); flags != nil && *flags&unshownNote != 0 {
		return form{}, false
	}
	if kind := note.Subtype(); kind != nil && (*kind == "Link" || *kind == "Popup") {
		return form{}, false
	}
	appearances, err := c.ctx.DereferenceDict(note["AP"])
	if err != nil || appearances == nil {
		return form{}, false
	}
	entry := appearances["N"]
	if states, err := c.ctx.Dereference(entry); err == nil {
		if byState, is := states.(types.Dict); is {
			state := note.NameEntry("AS")
			if state == nil {
				return form{}, false
			}
			entry = byState[*state]
		}
	}
	at, is := entry.(types.IndirectRef)
	if !is {
		return form{}, false
	}
	stream, _, err := c.ctx.DereferenceStreamDict(at)
	if err != nil || stream == nil {
		return form{}, false
	}
	rect, ok := c.rectangle(note["Rect"])
	box, hasBox := c.rectangle(stream.Dict["BBox"])
	if !ok || !hasBox {
		return form{}, false
	}
	copied, is := c.refer(at).(types.IndirectRef)
	return form{ref: copied, matrix: c.matrix(stream.Dict["Matrix"]).bounds(box).onto(rect)}, is
}

// writeFlate writes a stream compressed.
func (w *pdfWriter) writeFlate(number int, d types.Dict, content []byte) {
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	if _, err := z.Write(content); err != nil {
		panic("evidence: compress: " + err.Error()) // a buffer takes everything
	}
	if err := z.Close(); err != nil {
		panic("evidence: compress: " + err.Error())
	}
	d["Filter"], d["Length"] = types.Name("FlateDecode"), types.Integer(buf.Len())
	w.write(number, d, buf.Bytes())
}
