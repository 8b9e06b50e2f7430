package evidence

import (
	"crypto/sha256"
	"maps"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// document is the file of an exhibit, ready to go into a PDF.
type document struct {
	picture picture // of a picture
	pdf     []byte  // of a PDF
	pages   int     // of a PDF
}

type documents map[itemKey]document

// identityWords are papers that providers refuse to receive (Adyen; Stripe).
var identityWords = regexp.MustCompile(`(?i)\b(passports?|driv(er|ing)'?s? licen[cs]es?|identity (card|document)s?|id[ _-]cards?|social security|ssn|tax (return|record)s?)\b`)

// inspect looks at every document before anything is composed, so that what is
// composed later cannot fail on it. It gives the items that may be sent, texts
// turned into facts and files it cannot use taken off.
func (c *composer) inspect(items []dispute.Item) []dispute.Item {
	var usable []dispute.Item
	for _, it := range items {
		if kept, ok := c.inspectItem(it); ok {
			usable = append(usable, kept)
		}
	}
	return usable
}

func (c *composer) inspectItem(it dispute.Item) (kept dispute.Item, ok bool) {
	switch {
	case it.Kind == dispute.ItemNote:
		return it, false
	case isIdentityPaper(it):
		c.note(LimitIdentity, it, "left out: providers refuse identity papers; describe them in words instead")
		return it, false
	case len(it.Content) > 0 && isPlainText(it):
		it.Facts = with(it.Facts, dispute.FactText, string(it.Content))
		it.Content = nil
		return it, true
	case len(it.Content) > 0:
		return c.inspectFile(it)
	case it.Kind == dispute.ItemDocument && !saysSomething(it):
		c.note(LimitDocument, it, "left out: there is neither a file nor a fact")
		return it, false
	}
	return it, true
}

func (c *composer) note(limit string, it dispute.Item, action string) {
	c.lint = append(c.lint, Finding{Limit: limit, Subject: it.ID, Value: 1, Action: action})
}

// inspectFile keeps a file that can be sent. An item that says nothing without
// its file goes with it.
func (c *composer) inspectFile(it dispute.Item) (kept dispute.Item, ok bool) {
	limit, err := c.check(it)
	if err == nil {
		if kindOf(it.Content) == mediaGIF {
			c.note(LimitMediaType, it, "the GIF picture was converted")
		}
		return it, true
	}
	c.note(limit, it, "left out: "+reason(err))
	it.Content = nil
	return it, it.Kind != dispute.ItemDocument || saysSomething(it)
}

// check tries all that composing will do with a file.
func (c *composer) check(it dispute.Item) (limit string, err error) {
	switch kindOf(it.Content) {
	case MediaPDF:
		return c.checkPDF(it.Content)
	case MediaJPEG, MediaPNG, mediaGIF:
		_, err := c.document(it.Content)
		return LimitDocument, err
	}
	return LimitMediaType, refuse("%s", hint(it.FileName, it.Content))
}

func (c *composer) checkPDF(b []byte) (limit string, err error) {
	ctx, err := openPDF(b)
	if err != nil {
		return LimitDocument, err
	}
	if _, n := MaskCards(cleanText(pdfWords(ctx))); n > 0 {
		return LimitCardNumber, refuse("the PDF shows a card number: black it out and attach it again")
	}
	if _, _, err := merge(blankPDF(), [][]byte{b}, time.Time{}); err != nil {
		return LimitDocument, refuse("the PDF cannot be put behind another: print it to PDF again")
	}
	c.pages[sha256.Sum256(b)] = ctx.PageCount
	return "", nil
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

func isPlainText(it dispute.Item) bool {
	return strings.HasPrefix(it.MediaType, "text/plain") && utf8.Valid(it.Content) && kindOf(it.Content) == ""
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

func (d documents) hasPictures() bool {
	for _, doc := range d {
		if len(doc.picture.jpeg) > 0 {
			return true
		}
	}
	return false
}
