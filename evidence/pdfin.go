package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// maxDocumentPages bounds the pages of one uploaded PDF. No provider takes so
// many in one response.
const maxDocumentPages = 1000

// offline keeps pdfcpu from reading or writing a configuration folder.
var offline = sync.OnceFunc(api.DisableConfigDir)

// pdfConfig reads strangers' files: no network, bounded memory.
func pdfConfig() *model.Configuration {
	offline()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.Offline = true
	conf.Limits.MaxStreamBytes = MaxDocumentBytes
	conf.Limits.MaxDecodeBytes = 64 << 20
	conf.Limits.MaxImagePixels = maxPixels
	conf.Limits.MaxObjectCount = 200_000
	conf.Limits.MaxXRefEntries = 200_000
	conf.Limits.MaxObjectStreamCount = 50_000
	return conf
}

// openPDF reads and validates a PDF. A password, damage and a file without
// pages are errors of kind Invalid.
func openPDF(b []byte) (ctx *model.Context, err error) {
	defer guard(&err)
	ctx, err = api.ReadContext(bytes.NewReader(b), pdfConfig())
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword), err == nil && ctx.Encrypt != nil:
		return nil, refuse("the PDF is protected with a password: save it without one")
	case err != nil:
		return nil, refuse("the PDF is damaged: print it to PDF again")
	}
	if err := api.ValidateContext(ctx); err != nil {
		return nil, refuse("the PDF is damaged: print it to PDF again")
	}
	switch {
	case ctx.PageCount < 1:
		return nil, refuse("the PDF has no pages")
	case ctx.PageCount > maxDocumentPages:
		return nil, refuse("the PDF has %d pages, at most %d are taken: split it", ctx.PageCount, maxDocumentPages)
	}
	return ctx, nil
}

// guard turns a panic into a refusal: a parser of strangers' files may fail in
// its own way.
func guard(err *error) {
	if recover() != nil {
		*err = refuse("the PDF is damaged: print it to PDF again")
	}
}

// pdfSource is what a look through an uploaded PDF found.
type pdfSource struct {
	keep   []int // pages that are sent, from 1
	all    int   // pages that it has
	images []int // object numbers of its pictures, in order
	lint   []Finding
}

// whole reports whether every page is sent.
func (s pdfSource) whole() bool { return len(s.keep) == s.all }

// lookThrough reads every page of a PDF. Blank pages are not kept, nor are those
// that show what nobody may be sent; a file of which nothing is left is refused.
func lookThrough(ctx *model.Context) (s pdfSource, limit string, err error) {
	defer guard(&err)
	s.all = ctx.PageCount
	if err := s.active(ctx); err != nil {
		return s, LimitActive, err
	}
	r := newPageReader(ctx)
	var refused []Finding
	for n := 1; n <= ctx.PageCount; n++ {
		look, err := r.page(n)
		if err != nil {
			return s, LimitDocument, err
		}
		if look.isBlank(ctx) {
			continue
		}
		if f, bad := forbidden(look.text); bad {
			f.Action = fmt.Sprintf("page %d shows %s: black it out and attach it again", n, f.Action)
			refused = append(refused, f)
			continue
		}
		s.keep = append(s.keep, n)
		s.images = append(s.images, look.images...)
	}
	slices.Sort(s.images)
	s.images = slices.Compact(s.images)
	blank := s.all - len(s.keep) - len(refused)
	switch {
	case blank == s.all:
		return s, LimitBlankPages, refuse("every page is blank")
	case len(s.keep) == 0:
		return s, refused[0].Limit, refuse("%s", refused[0].Action)
	case blank > 0:
		s.lint = append(s.lint, Finding{Limit: LimitBlankPages, Value: int64(blank), Action: "blank pages removed"})
	}
	for _, f := range refused {
		f.Action = "left out: " + f.Action
		s.lint = append(s.lint, f)
	}
	return s, "", nil
}

// forbidden looks for what providers refuse to receive (Stripe, "Dispute
// evidence best practices"; Adyen): card numbers, their codes, passports and
// social security numbers. Other numbers of people stay in a document, because
// they are part of it as of any invoice.
func forbidden(text string) (f Finding, found bool) {
	text = cleanText(text)
	masked, cards := MaskCards(text)
	_, codes := maskCodes(masked)
	identities := socialSecurity.mask([]byte(text)) + maskMachineReadable([]byte(text))
	switch {
	case cards > 0:
		return Finding{Limit: LimitCardNumber, Value: int64(cards), Action: "a card number"}, true
	case codes > 0:
		return Finding{Limit: LimitCardCode, Value: int64(codes), Action: "a card verification code"}, true
	case identities > 0:
		return Finding{Limit: LimitIdentity, Value: int64(identities), Action: "a passport or social security number"}, true
	}
	return Finding{}, false
}

// active reports what runs or leads away. All of it is left behind when the
// pages are copied; a form or a collection that has no pages without it is
// refused.
func (s *pdfSource) active(ctx *model.Context) error {
	root, err := ctx.Catalog()
	if err != nil {
		return refuse("the PDF is damaged: print it to PDF again")
	}
	if _, ok := root.Find("Collection"); ok {
		return refuse("the PDF is a folder of other files: attach them one by one")
	}
	if rendered, ok := root.Find("NeedsRendering"); ok && rendered == types.Boolean(true) {
		return refuse("the PDF is a form that only some programs show (XFA): print it to PDF again")
	}
	kinds := map[string]bool{}
	for _, nr := range slices.Sorted(maps.Keys(ctx.Table)) {
		switch o, _ := ctx.Dereference(ref(nr)); o := o.(type) {
		case types.Dict:
			activeParts(o, kinds)
		case types.StreamDict:
			activeParts(o.Dict, kinds)
		}
	}
	if len(kinds) > 0 {
		s.lint = append(s.lint, Finding{Limit: LimitActive, Value: int64(len(kinds)),
			Action: "removed: " + strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")})
	}
	return nil
}

// activeEntries are the entries and the types of objects that run or hold
// something, and how people call it.
var activeEntries = map[string]string{
	"JS": "scripts", "JavaScript": "scripts", "Launch": "actions that start programs", "EF": "attached files",
	"EmbeddedFile": "attached files", "XFA": "a second form (XFA)", "RichMedia": "sound and film", "Movie": "sound and film",
	"Sound": "sound and film", "SubmitForm": "a form that is sent",
}

func activeParts(d types.Dict, kinds map[string]bool) {
	for key, v := range d {
		if kind, ok := activeEntries[key]; ok && v != nil {
			kinds[kind] = true
		}
		switch v := v.(type) {
		case types.Name:
			if kind, ok := activeEntries[v.Value()]; ok && (key == "S" || key == "Subtype" || key == "Type") {
				kinds[kind] = true
			}
		case types.Dict:
			activeParts(v, kinds)
		}
	}
}

// keepPages makes the page tree of a file one flat list of the pages to keep.
// What a page inherits from the tree becomes its own.
func keepPages(ctx *model.Context, keep []int) error {
	root, err := ctx.Pages()
	if err != nil {
		return err
	}
	kids := make(types.Array, 0, len(keep))
	pages := make([]types.Dict, 0, len(keep))
	c := &copier{ctx: ctx}
	for _, n := range keep {
		page, at, _, err := ctx.PageDict(n, false)
		if err != nil {
			return err
		}
		for _, key := range []string{"Resources", "MediaBox", "CropBox", "Rotate"} {
			v, err := c.inherited(page, key)
			if err != nil {
				return err
			}
			if v != nil {
				page[key] = v
			}
		}
		kids, pages = append(kids, *at), append(pages, page)
	}
	tree, err := ctx.DereferenceDict(*root)
	if err != nil {
		return err
	}
	for _, page := range pages {
		page["Parent"] = *root
	}
	tree["Kids"], tree["Count"] = kids, types.Integer(len(kids))
	ctx.PageCount = len(kids)
	return nil
}

// remade is a PDF with the pages that are kept and its pictures at a quality.
func remade(b []byte, s pdfSource, q quality) (out []byte, err error) {
	defer guard(&err)
	if s.whole() && len(s.images) == 0 {
		return b, nil
	}
	ctx, err := openPDF(b)
	if err != nil {
		return nil, err
	}
	changed := !s.whole()
	for _, nr := range s.images {
		changed = shrink(ctx, nr, q) || changed
	}
	if !changed {
		return b, nil
	}
	if err := keepPages(ctx, s.keep); err != nil {
		return nil, refuse("the pages of the PDF cannot be parted: print it to PDF again")
	}
	w := newPDFWriter()
	if err := w.copyPages(ctx); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, "evidence: copy PDF", "%w", err)
	}
	return w.end(time.Time{}), nil
}
