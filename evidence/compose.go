package evidence

import (
	"crypto/sha256"
	"slices"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// composer builds renditions of one packet until one fits.
type composer struct {
	in       Input
	limits   Limits
	items    []dispute.Item
	lint     []Finding
	step     int  // of qualities
	folded   bool // everything in one file
	pictures map[pictureKey]picture
	pages    map[contentKey]int
}

type (
	contentKey [sha256.Size]byte
	pictureKey struct {
		content contentKey
		step    int
	}
)

// rendition is one try at a packet.
type rendition struct {
	book      *book
	checklist Checklist
	letter    Letter
	texts     map[dispute.EvidenceField]string
	files     []File
	docs      documents
	lint      []Finding
	cost      map[itemKey]float64 // pages of each exhibit in all files
	slots     map[itemKey]dispute.EvidenceField
}

func newComposer(in Input) *composer {
	c := &composer{
		in: in, limits: in.Limits.withDefaults(),
		pictures: make(map[pictureKey]picture), pages: make(map[contentKey]int),
	}
	c.items = c.inspect(in.Items)
	return c
}

// fit renders and repairs until the packet is within the limits. Every repair
// makes it smaller, so it ends.
func (c *composer) fit() (rendition, error) {
	for {
		r, err := c.render()
		if err != nil {
			return rendition{}, err
		}
		over, ok := c.over(r)
		if !ok {
			return r, nil
		}
		if !c.repair(r, over) {
			return rendition{}, dispute.Errorf(dispute.Invalid, "evidence: compose",
				"%s: the case and its letter alone have %d, at most %d are taken", over.limit, over.value, over.max)
		}
	}
}

func (c *composer) render() (rendition, error) {
	b := newBook(c.in.Case, c.items)
	r := rendition{book: b, checklist: check(b), cost: make(map[itemKey]float64)}
	var err error
	if r.letter, err = draft(b, r.checklist); err != nil {
		return r, err
	}
	if c.in.Letter != "" {
		var lint []Finding
		r.letter, lint = byHand(r.letter, c.in.Letter, len(b.exhibits))
		r.lint = append(r.lint, lint...)
	}
	var lint []Finding
	r.texts, lint = texts(b, r.letter, c.limits)
	r.lint = append(append(r.lint, lint...), printLint(b)...)
	if r.docs, err = c.prepare(b); err != nil {
		return r, err
	}
	return r, c.print(&r)
}

// prepare makes the documents of the exhibits ready at the present quality.
func (c *composer) prepare(b *book) (documents, error) {
	out := make(documents)
	for _, e := range b.exhibits {
		if len(e.item.Content) == 0 {
			continue
		}
		d, err := c.document(e.item.Content)
		if err != nil {
			return nil, err
		}
		out[e.key()] = d
	}
	return out, nil
}

func (c *composer) document(content []byte) (document, error) {
	key := contentKey(sha256.Sum256(content))
	if kindOf(content) == MediaPDF {
		return document{pdf: content, pages: c.pages[key]}, nil
	}
	at := pictureKey{key, c.step}
	pic, ok := c.pictures[at]
	if !ok {
		var err error
		if pic, err = newPicture(content, qualities[c.step]); err != nil {
			return document{}, err
		}
		c.pictures[at] = pic
	}
	return document{picture: pic}, nil
}

// print makes the files: the main one, and one for each slot that the family
// wants and the provider takes.
func (c *composer) print(r *rendition) error {
	field, ok := c.mainField()
	if !ok {
		why := "the provider takes no files: the letter goes as text only"
		if len(c.limits.FileFields) > 0 {
			why = "the provider takes no PDF: the letter goes as text only"
		}
		r.lint = append(r.lint, Finding{Limit: LimitFileFields, Action: why})
		return nil
	}
	plan := c.plan(r.book, field)
	r.slots = make(map[itemKey]dispute.EvidenceField)
	for _, s := range plan {
		for _, e := range s.exhibits {
			if _, has := r.docs[e.key()]; has {
				r.slots[e.key()] = s.field
			}
		}
	}
	main := printMain(r.book, r.letter, r.docs, r.slots)
	if err := c.finish(r, field, main, r.book.exhibits); err != nil {
		return err
	}
	for _, s := range plan {
		if err := c.finish(r, s.field, printSlot(r.book, s.field, s.exhibits, r.docs), s.exhibits); err != nil {
			return err
		}
	}
	return nil
}

// mainField is the slot of the main file.
func (c *composer) mainField() (dispute.EvidenceField, bool) {
	switch {
	case len(c.limits.FileFields) == 0 || !slices.Contains(c.limits.MediaTypes, MediaPDF):
		return "", false
	case c.limits.takesFile(dispute.FieldUncategorizedFile):
		return dispute.FieldUncategorizedFile, true
	}
	return c.limits.FileFields[0], true
}

// slotPlan is one slot with the exhibits that belong there.
type slotPlan struct {
	field    dispute.EvidenceField
	exhibits []*exhibit
}

func (c *composer) plan(b *book, main dispute.EvidenceField) []slotPlan {
	if c.folded {
		return nil
	}
	_, fam := familyOf(b.c.Family)
	var out []slotPlan
	for _, field := range fam.files {
		if field == main || !c.limits.takesFile(field) {
			continue
		}
		found := b.matching(func(e *exhibit) bool { return belongs(b, e, field) })
		if len(found) > 0 {
			out = append(out, slotPlan{field, found})
		}
	}
	return out
}

// belongs reports whether an exhibit goes into a slot: documents by their own
// word, records by their kind.
func belongs(b *book, e *exhibit, field dispute.EvidenceField) bool {
	if e.isFile(field) {
		return true
	}
	switch field { //nolint:exhaustive // the other slots take documents only
	case dispute.FieldShippingDocumentation:
		return e.is(shippingKinds...)
	case dispute.FieldCustomerCommunication:
		return e.is(dispute.ItemCommunication)
	case dispute.FieldDuplicateChargeDocumentation:
		return isOtherCharge(b, e)
	}
	return false
}

// finish ends one file and puts the PDF documents of its exhibits behind it.
func (c *composer) finish(r *rendition, field dispute.EvidenceField, p *printer, exhibits []*exhibit) error {
	b, pages, err := p.bytes()
	if err != nil {
		return err
	}
	for key, cost := range p.cost {
		r.cost[key] += cost
	}
	var attached [][]byte
	for _, e := range exhibits {
		doc := r.docs[e.key()]
		if in, moved := r.slots[e.key()]; len(doc.pdf) == 0 || moved && in != field {
			continue
		}
		attached = append(attached, doc.pdf)
		r.cost[e.key()] += float64(doc.pages)
	}
	if len(attached) > 0 {
		if b, pages, err = merge(b, attached, createdAt(r.book)); err != nil {
			return err
		}
	}
	r.files = append(r.files, File{
		Field: field, Name: string(field) + ".pdf", MediaType: MediaPDF, SHA256: hash(b), Bytes: b, Pages: pages,
	})
	return nil
}

// printLint reports what print shortens and hides.
func printLint(b *book) []Finding {
	var out []Finding
	for _, e := range b.exhibits {
		if e.cards > 0 {
			out = append(out, Finding{Limit: LimitCardNumber, Subject: e.item.ID, Value: int64(e.cards), Action: "hidden but for the last four digits"})
		}
		longest := 0
		for _, v := range e.item.Facts {
			longest = max(longest, utf8.RuneCountInString(v))
		}
		if longest > maxFactChars {
			out = append(out, Finding{Limit: LimitFactChars, Subject: e.item.ID, Value: int64(longest), Max: maxFactChars, Action: "shortened in print"})
		}
	}
	return out
}
