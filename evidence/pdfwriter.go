package evidence

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// pdfWriter writes a PDF with objects in the order in which they are met. pdfcpu
// reads the files; the writing is done here because pdfcpu's writer numbers
// objects in the order of a map and stamps the clock, and equal input must give
// equal bytes.
type pdfWriter struct {
	out     bytes.Buffer
	offsets []int // by object number; 0 is unused
	pages   types.Array
}

// The objects that every file begins with.
const (
	catalogNumber = 1
	pagesNumber   = 2
	infoNumber    = 3
)

func newPDFWriter() *pdfWriter {
	w := &pdfWriter{offsets: make([]int, infoNumber+1)}
	w.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return w
}

func (w *pdfWriter) newNumber() int {
	w.offsets = append(w.offsets, 0)
	return len(w.offsets) - 1
}

func (w *pdfWriter) write(number int, d types.Dict, stream []byte) {
	w.begin(number)
	w.out.WriteString(d.PDFString())
	if stream != nil {
		w.out.WriteString("\nstream\n")
		w.out.Write(stream)
		w.out.WriteString("\nendstream")
	}
	w.out.WriteString("\nendobj\n")
}

func (w *pdfWriter) begin(number int) {
	w.offsets[number] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n", number)
}

// end writes the catalogue, the dates and the cross-reference table.
func (w *pdfWriter) end(at time.Time) []byte { return w.close(nil, dated(at)) }

func dated(at time.Time) types.Dict {
	date := types.StringLiteral("D:" + at.UTC().Format("20060102150405") + "+00'00'")
	return types.Dict{"Producer": types.StringLiteral("Rebuttal"), "CreationDate": date, "ModDate": date}
}

// close writes the catalogue with what more it is to say, what the file says
// about itself, and the cross-reference table.
func (w *pdfWriter) close(more, info types.Dict) []byte {
	catalog := types.Dict{"Type": types.Name("Catalog"), "Pages": ref(pagesNumber)}
	maps.Copy(catalog, more)
	w.write(catalogNumber, catalog, nil)
	w.write(pagesNumber, types.Dict{"Type": types.Name("Pages"), "Kids": w.pages, "Count": types.Integer(len(w.pages))}, nil)
	w.write(infoNumber, info, nil)
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets))
	for _, offset := range w.offsets[1:] {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", offset)
	}
	trailer := types.Dict{"Size": types.Integer(len(w.offsets)), "Root": ref(catalogNumber), "Info": ref(infoNumber)}
	fmt.Fprintf(&w.out, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", trailer.PDFString(), start)
	return w.out.Bytes()
}

func ref(number int) types.IndirectRef { return *types.NewIndirectRef(number, 0) }

// copier copies the objects of one file that its pages need: what a page shows,
// and nothing that a reviewer's program could run or follow. Scripts, actions,
// links, forms and embedded files stay behind.
type copier struct {
	w       *pdfWriter
	ctx     *model.Context
	numbers map[int]int // of the source to ours
	queue   []int       // of the source, to be written
}

func (w *pdfWriter) copyPages(ctx *model.Context) error {
	c := newCopier(w, ctx)
	for n := 1; n <= ctx.PageCount; n++ {
		page, err := c.pageOf(n)
		if err != nil {
			return err
		}
		if err := c.add(page); err != nil {
			return err
		}
	}
	return nil
}

func newCopier(w *pdfWriter, ctx *model.Context) *copier {
	return &copier{w: w, ctx: ctx, numbers: make(map[int]int)}
}

func (c *copier) pageOf(n int) (types.Dict, error) {
	source, _, _, err := c.ctx.PageDict(n, false)
	if err != nil {
		return nil, err
	}
	return c.page(source)
}

// add writes a page and all that it refers to.
func (c *copier) add(page types.Dict) error {
	number := c.w.newNumber()
	c.w.pages = append(c.w.pages, ref(number))
	c.w.write(number, page, nil)
	return c.drain()
}

// maxTreeDepth bounds the way up from a page to the root of its tree.
const maxTreeDepth = 100

// page copies what a page shows, with what it inherits from its tree (ISO
// 32000-1, 7.7.3.4).
func (c *copier) page(source types.Dict) (types.Dict, error) {
	out := types.Dict{"Type": types.Name("Page"), "Parent": ref(pagesNumber)}
	for _, key := range []string{"Contents", "UserUnit", "Group"} {
		if v, ok := source.Find(key); ok && v != nil {
			out[key] = c.value(v)
		}
	}
	for _, key := range []string{"Resources", "MediaBox", "CropBox", "Rotate"} {
		v, err := c.inherited(source, key)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[key] = c.value(v)
		}
	}
	annotations, err := c.stamps(source)
	if len(annotations) > 0 {
		out["Annots"] = annotations
	}
	return out, err
}

func (c *copier) inherited(node types.Dict, key string) (types.Object, error) {
	for range maxTreeDepth {
		if v, ok := node.Find(key); ok && v != nil {
			return v, nil
		}
		parent, ok := node.Find("Parent")
		if !ok {
			return nil, nil
		}
		var err error
		if node, err = c.ctx.DereferenceDict(parent); err != nil || node == nil {
			return nil, err
		}
	}
	return nil, nil
}

// stamps keeps the looks of annotations and form fields, which is what was
// filled in or drawn on the page, as plain stamps.
func (c *copier) stamps(page types.Dict) (types.Array, error) {
	entry, ok := page.Find("Annots")
	if !ok || entry == nil {
		return nil, nil
	}
	list, err := c.ctx.DereferenceArray(entry)
	if err != nil {
		return nil, err
	}
	var out types.Array
	for _, o := range list {
		source, err := c.ctx.DereferenceDict(o)
		if err != nil {
			return nil, err
		}
		looks, ok := source.Find("AP")
		if !ok || looks == nil {
			continue
		}
		stamp := types.Dict{"Type": types.Name("Annot"), "Subtype": types.Name("Stamp"), "AP": c.value(looks)}
		for _, key := range []string{"Rect", "AS", "F"} {
			if v, ok := source.Find(key); ok && v != nil {
				stamp[key] = c.value(v)
			}
		}
		out = append(out, stamp)
	}
	return out, nil
}

// drain writes the objects that were referred to, and those they refer to.
func (c *copier) drain() error {
	for len(c.queue) > 0 {
		source := c.queue[0]
		c.queue = c.queue[1:]
		o, err := c.ctx.Dereference(ref(source))
		if err != nil {
			return err
		}
		number := c.numbers[source]
		switch o := o.(type) {
		case types.StreamDict:
			d := c.dict(o.Dict)
			d["Length"] = types.Integer(len(o.Raw))
			c.w.write(number, d, slices.Concat([]byte{}, o.Raw))
		case types.Dict:
			c.w.write(number, c.dict(o), nil)
		default:
			c.w.begin(number)
			c.w.out.WriteString(plain(c.value(o)) + "\nendobj\n")
		}
	}
	return nil
}

// value copies an object with our numbers in its references.
func (c *copier) value(o types.Object) types.Object {
	switch o := o.(type) {
	case types.IndirectRef:
		return c.refer(o)
	case *types.IndirectRef:
		return c.refer(*o)
	case types.Dict:
		return c.dict(o)
	case types.Array:
		out := make(types.Array, len(o))
		for i, v := range o {
			out[i] = c.value(v)
		}
		return out
	case types.Name, types.Integer, types.Float, types.Boolean, types.StringLiteral, types.HexLiteral:
		return o
	}
	return nil
}

// unshown are entries that lead away from what a page shows.
var unshown = []string{"Parent", "StructParent", "StructParents", "Metadata", "PieceInfo", "AF"}

func (c *copier) dict(d types.Dict) types.Dict {
	out := make(types.Dict, len(d))
	for _, key := range slices.Sorted(maps.Keys(d)) {
		if !slices.Contains(unshown, key) {
			out[key] = c.value(d[key])
		}
	}
	return out
}

func (c *copier) refer(r types.IndirectRef) types.Object {
	source := r.ObjectNumber.Value()
	number, ok := c.numbers[source]
	if !ok {
		number = c.w.newNumber()
		c.numbers[source] = number
		c.queue = append(c.queue, source)
	}
	return ref(number)
}

func plain(o types.Object) string {
	if o == nil {
		return "null"
	}
	return o.PDFString()
}
