package evidence

import (
	"slices"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// composer builds renditions of one packet until one fits.
type composer struct {
	in      Input
	limits  Limits
	ladder  []quality
	items   []dispute.Item
	sources map[itemKey]source
	lint    []Finding
	step    int                  // of ladder
	slots   int                  // how many files there may be beside the main one
	ready   map[itemKey]document // at the present step
}

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
	limits := in.Limits.withDefaults()
	return &composer{
		in: in, limits: limits, ladder: ladder(limits), slots: len(limits.FileFields),
		sources: make(map[itemKey]source), ready: make(map[itemKey]document),
	}
}

// fit renders and repairs until the packet is within the limits. Every repair
// makes it smaller, so it ends.
func (c *composer) fit() (rendition, error) {
	if err := c.inspect(); err != nil {
		return rendition{}, err
	}
	for {
		r, over, err := c.render()
		if err != nil {
			return rendition{}, err
		}
		if over.limit == "" {
			return r, nil
		}
		if !c.repair(r, over) {
			return rendition{}, dispute.Errorf(dispute.Invalid, "evidence: compose",
				"%s: the case and its letter alone have %d, at most %d are taken", over.limit, over.value, over.max)
		}
	}
}

// render tries once. It stops before the files are printed when the documents
// alone are too much.
func (c *composer) render() (r rendition, over excess, err error) {
	b := newBook(c.in.Case, c.items)
	r = rendition{book: b, checklist: check(b), cost: make(map[itemKey]float64)}
	if r.letter, err = draft(b, r.checklist, c.in.Letters); err != nil {
		return r, over, err
	}
	if own := ownLetter(c.in.Items); own != "" {
		var lint []Finding
		r.letter, lint = byHand(r.letter, own, len(b.exhibits))
		r.lint = append(r.lint, lint...)
	}
	var lint []Finding
	r.texts, lint = texts(b, r.letter, c.limits)
	r.lint = append(append(r.lint, lint...), printLint(b)...)
	if _, files := c.mainField(); files {
		if over, err = c.prepare(&r); err != nil || over.limit != "" {
			return r, over, err
		}
	}
	clear(r.cost)
	if err := c.print(&r); err != nil {
		return r, over, err
	}
	return r, c.over(r), nil
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
	r.lint = append(r.lint, scriptLint(r.book, r.letter)...)
	if err := r.finish(field, printMain(r.book, r.letter, r.docs, r.slots)); err != nil {
		return err
	}
	for _, s := range plan {
		if err := r.finish(s.field, printSlot(r.book, s.field, s.exhibits, r.docs, r.slots)); err != nil {
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
	var out []slotPlan
	for _, field := range wantedBy(b.c).Files {
		if field == main || !c.limits.takesFile(field) {
			continue
		}
		found := b.matching(func(e *exhibit) bool { return belongs(b, e, field) })
		if len(found) > 0 {
			out = append(out, slotPlan{field, found})
		}
	}
	return out[:min(len(out), c.slots)]
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

// finish ends one file.
func (r *rendition) finish(field dispute.EvidenceField, p *printer) error {
	b, pages, err := p.file()
	if err != nil {
		return err
	}
	for key, cost := range p.now.cost {
		r.cost[key] += cost
	}
	r.files = append(r.files, File{
		Field: field, Name: fileName(field), MediaType: MediaPDF, SHA256: hash(b), Bytes: b, Pages: pages,
	})
	return nil
}

// printLint reports what print shortens and hides.
func printLint(b *book) []Finding {
	var out []Finding
	for _, e := range b.exhibits {
		out = append(out, hiddenLint(e.item.ID, e.hidden)...)
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

// hiddenLint reports what was hidden in a text.
func hiddenLint(subject string, h Hidden) []Finding {
	var out []Finding
	for _, f := range []Finding{
		{Limit: LimitCardNumber, Value: int64(h.Cards), Action: "hidden but for the last four digits"},
		{Limit: LimitCardCode, Value: int64(h.Codes), Action: "hidden: a card verification code must not be kept"},
		{Limit: LimitIdentity, Value: int64(h.Identities), Action: "hidden: a passport, national or bank account number"},
	} {
		if f.Value > 0 {
			f.Subject = subject
			out = append(out, f)
		}
	}
	return out
}
