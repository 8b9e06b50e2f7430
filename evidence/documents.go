package evidence

import (
	"maps"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// source is what a look at an item's file told. The bytes are read again when
// they are needed, so that not all files are held at once.
type source struct {
	kind  string // media type
	pdf   pdfSource
	pages float64 // that it takes when printed, at least
}

// canShrink reports whether a lower quality makes the file smaller.
func (s source) canShrink() bool { return s.kind != MediaPDF || len(s.pdf.images) > 0 }

// document is the file of an exhibit, ready to go into a PDF.
type document struct {
	picture picture // of a picture
	pdf     []byte  // of a PDF
	pages   int     // of a PDF
	bytes   int64   // of either, also once they were let go
}

type documents map[itemKey]document

func (d document) held() bool { return len(d.pdf)+len(d.picture.jpeg) > 0 }

// identityWords are papers that providers refuse to receive (Adyen; Stripe).
var identityWords = regexp.MustCompile(`(?i)\b(passports?|driv(er|ing)'?s? licen[cs]es?|identity (card|document)s?|id[ _-]cards?|social security|ssn|tax (return|record)s?)\b`)

// inspect looks at every document before anything is composed. It gives the
// items that may be sent, texts turned into facts and files that cannot be used
// taken off.
func (c *composer) inspect() error {
	for _, it := range c.in.Items {
		kept, ok, err := c.inspectItem(it)
		if err != nil {
			return err
		}
		if ok {
			c.items = append(c.items, kept)
		}
	}
	return nil
}

func (c *composer) inspectItem(it dispute.Item) (kept dispute.Item, ok bool, err error) {
	switch {
	case it.Kind == dispute.ItemNote:
		return it, false, nil
	case isIdentityPaper(it):
		c.note(LimitIdentity, it, "left out: providers refuse identity papers; describe them in words instead")
		return it, false, nil
	}
	content, err := c.open(it)
	switch {
	case err != nil:
		return it, false, err
	case len(content) > 0 && isText(it.MediaType, content):
		it.Facts = with(it.Facts, dispute.FactText, string(content))
		it.Content = nil
	case len(content) > 0:
		kept, ok = c.inspectFile(it, content)
		return kept, ok, nil
	case it.Kind == dispute.ItemDocument && !saysSomething(it):
		c.note(LimitDocument, it, "left out: there is neither a file nor a fact")
		return it, false, nil
	}
	return it, true, nil
}

// open gives the bytes of an item's file; nil when it has none.
func (c *composer) open(it dispute.Item) ([]byte, error) {
	if len(it.Content) > 0 || c.in.Open == nil {
		return it.Content, nil
	}
	return c.in.Open(it)
}

func (c *composer) note(limit string, it dispute.Item, action string) {
	c.lint = append(c.lint, Finding{Limit: limit, Subject: it.ID, Value: 1, Action: action})
}

// inspectFile keeps a file that can be sent. An item that says nothing without
// its file goes with it.
func (c *composer) inspectFile(it dispute.Item, content []byte) (kept dispute.Item, ok bool) {
	src, limit, err := examine(content, it.FileName)
	for _, f := range src.pdf.lint {
		f.Subject = it.ID
		c.lint = append(c.lint, f)
	}
	if err != nil {
		c.note(limit, it, "left out: "+reason(err))
		it.Content = nil
		return it, it.Kind != dispute.ItemDocument || saysSomething(it)
	}
	if src.kind == mediaGIF {
		c.note(LimitMediaType, it, "the GIF picture was converted")
	}
	c.sources[keyOf(it)] = src
	return it, true
}

// examine looks at a file as closely as composing will need.
func examine(content []byte, name string) (src source, limit string, err error) {
	src.kind = kindOf(content)
	switch src.kind {
	case MediaPDF:
		limit, err = src.examinePDF(content)
		return src, limit, err
	case MediaJPEG, MediaPNG, mediaGIF:
		err = checkPicture(content)
		src.pages = pagesOfPicture(content)
		return src, LimitDocument, err
	}
	return src, LimitMediaType, refuse("%s", hint(name, content))
}

func (s *source) examinePDF(content []byte) (limit string, err error) {
	ctx, err := openPDF(content)
	if err != nil {
		return LimitDocument, err
	}
	if s.pdf, limit, err = lookThrough(ctx); err != nil {
		return limit, err
	}
	if _, _, err := bindAll(content, ctx.PageCount); err != nil {
		return LimitDocument, refuse("the PDF cannot be laid on pages of ours: print it to PDF again")
	}
	s.pages = float64(len(s.pdf.keep))
	return "", nil
}

// prepare makes the documents of the exhibits ready at the present quality, one
// after the other. What is too much to be sent is not held: at the lowest
// quality only the sizes are kept, for the choice of what has to go.
func (c *composer) prepare(r *rendition) (over excess, err error) {
	r.docs = make(documents)
	for _, e := range r.book.exhibits {
		if src, has := c.sources[e.key()]; has {
			r.cost[e.key()] = src.pages
			r.docs[e.key()] = document{pages: len(src.pdf.keep)}
		}
	}
	if over := c.tooManyPages(*r); over.limit != "" {
		return over, nil
	}
	var size int64
	for _, e := range r.book.exhibits {
		src, has := c.sources[e.key()]
		if !has {
			continue
		}
		d, err := c.document(e.key(), src)
		if dispute.KindOf(err) == dispute.Invalid {
			return excess{limit: LimitDocument, value: 1, item: e.key(), why: "left out: " + reason(err)}, nil
		}
		if err != nil {
			return over, err
		}
		if size += d.bytes; size > c.limits.TotalBytes {
			over = excess{limit: LimitTotalBytes, value: size, max: c.limits.TotalBytes}
		}
		if d.bytes > c.limits.FileBytes {
			over = excess{limit: LimitFileBytes, value: d.bytes, max: c.limits.FileBytes, item: e.key(), why: tooMuchAlone}
		}
		if over.limit != "" && c.step < len(c.ladder)-1 {
			return over, nil
		}
		if over.limit != "" {
			d.pdf, d.picture.jpeg = nil, nil
		}
		c.ready[e.key()], r.docs[e.key()] = d, d
	}
	return over, nil
}

const tooMuchAlone = "left out: more than one file may have, without anything else"

// tooManyPages tells before anything is printed. The case itself takes a page.
func (c *composer) tooManyPages(r rendition) excess {
	var pages float64
	for _, e := range r.book.exhibits {
		d, has := r.docs[e.key()]
		if !has {
			continue
		}
		pages += r.cost[e.key()]
		if d.pages >= c.limits.FilePages && c.limits.FilePages < c.limits.TotalPages {
			return excess{limit: LimitFilePages, value: int64(d.pages), max: int64(c.limits.FilePages), item: e.key(), why: tooMuchAlone}
		}
	}
	if most := int64(c.limits.TotalPages); int64(pages) >= most {
		return excess{limit: LimitTotalPages, value: int64(pages) + 1, max: most}
	}
	return excess{}
}

// document makes the file of an item ready at the present quality.
func (c *composer) document(key itemKey, src source) (document, error) {
	if d, ok := c.ready[key]; ok && d.held() {
		return d, nil
	}
	content, err := c.open(c.items[c.indexOf(key)])
	if err != nil {
		return document{}, err
	}
	d := document{pages: len(src.pdf.keep)}
	q := c.ladder[c.step]
	if src.kind == MediaPDF {
		d.pdf, err = remade(content, src.pdf, q)
	} else {
		d.picture, err = newPicture(content, q)
	}
	d.bytes = int64(len(d.pdf) + len(d.picture.jpeg))
	return d, err
}

// saysSomething reports whether an item holds a fact besides its slot.
func saysSomething(it dispute.Item) bool {
	for name, value := range it.Facts {
		if name != dispute.FactSlot && value != "" {
			return true
		}
	}
	return false
}

// reason is the cause of a refusal without the words around it.
func reason(err error) string {
	_, after, ok := strings.Cut(err.Error(), string(dispute.Invalid)+": ")
	if !ok {
		return err.Error()
	}
	return after
}

func isIdentityPaper(it dispute.Item) bool {
	name := strings.NewReplacer("_", " ", "-", " ", ".", " ").Replace(it.FileName)
	return it.Kind == dispute.ItemDocument && (identityWords.MatchString(it.Title) || identityWords.MatchString(name))
}

// isText reports whether a file is words, plain or as HTML.
func isText(mediaType string, content []byte) bool {
	words := strings.HasPrefix(mediaType, "text/plain") || strings.HasPrefix(mediaType, "text/html")
	return words && utf8.Valid(content) && kindOf(content) == ""
}

func with(facts map[string]string, name, value string) map[string]string {
	out := maps.Clone(facts)
	if out == nil {
		out = make(map[string]string, 1)
	}
	if out[name] != "" {
		value = out[name] + "\n" + value
	}
	out[name] = value
	return out
}
