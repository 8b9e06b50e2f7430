package evidence

import (
	"bytes"
	"fmt"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// exhibit prints what an exhibit says, and its document if it has one. in names
// the file that holds the document, when another one does.
func (p *printer) exhibit(e *exhibit, d document, in dispute.EvidenceField) {
	rows := p.b.factRows(e)
	if in != "" {
		rows = append(rows, row{"Document", "in the file " + fileName(in)})
	}
	text := excerpt(e.fact(dispute.FactText))
	p.keepTogether(p.exhibitHeight(e, rows, text), d)
	from, first := p.position(), p.pdf.PageNo()
	if p.y > bodyTop {
		p.rule()
		p.y += 2.5
	}
	p.heading(fmt.Sprintf("Exhibit %d: %s", e.number, e.item.Title), headPoints)
	p.table(rows)
	p.message(text)
	p.log(e.item.Log)
	p.picture(e, d.picture)
	p.document(d)
	p.now.at[e.number] = pageRun{first, p.pdf.PageNo()}
	p.gap()
	p.now.cost[e.key()] += p.position() - from
}

func (p *printer) exhibitHeight(e *exhibit, rows []row, text string) float64 {
	return 2.2*lineHeight + p.tableHeight(rows) + p.messageHeight(text) + p.logHeight(e.item.Log)
}

// headOfPage is how much of a page the words of an exhibit may take for its
// document to begin on the same page.
const headOfPage = 0.2 * bodyHeight

// keepTogether starts a new page where an exhibit would be torn for no reason:
// a short one, or one whose document follows its words.
func (p *printer) keepTogether(words float64, d document) {
	short := words <= headOfPage
	switch {
	case short && d.pages > 0 && p.y+words > bodyTop+headOfPage:
		p.page()
	case short && d.picture.turned():
		p.turnedPage()
	case short && len(d.picture.jpeg) > 0:
		_, height := d.picture.size(textWidth, bodyHeight-words)
		p.room(words + height)
	case words <= bodyHeight/2:
		p.room(max(words, 6*lineHeight))
	default:
		p.room(10 * lineHeight)
	}
}

// The columns of a log.
const (
	timeWidth  = 50.0
	maxLogRows = 60 // a reviewer reads excerpts
)

// log prints what happened as a table. Of a long one, it prints the beginning
// and the end, which hold the sale and the dispute.
func (p *printer) log(log []dispute.LogEntry) {
	if len(log) == 0 {
		return
	}
	p.y += lineHeight / 2
	p.room(4 * lineHeight)
	p.beside(cell{margin, "B", []string{"Time (UTC)"}}, cell{margin + timeWidth, "B", []string{"What happened"}})
	p.rule()
	for _, r := range logRows(log) {
		p.y += 0.5
		p.font("", textPoints)
		p.beside(cell{margin, "", []string{r.label}}, cell{margin + timeWidth, "", p.wrapped(r.value, textWidth-timeWidth)})
		p.y += 0.5
		p.rule()
	}
}

func (p *printer) logHeight(log []dispute.LogEntry) float64 {
	height := 0.0
	p.font("", textPoints)
	for _, r := range logRows(log) {
		height += float64(len(p.wrapped(r.value, textWidth-timeWidth)))*lineHeight + 1
	}
	if height > 0 {
		height += 2 * lineHeight
	}
	return height
}

func logRows(log []dispute.LogEntry) []row {
	var out []row
	left := max(0, len(log)-maxLogRows)
	for i, entry := range log {
		switch at := i - maxLogRows/2; {
		case left > 0 && at == 0:
			out = append(out, row{"", fmt.Sprintf("(%d entries are not printed)", left)})
		case left > 0 && at > 0 && at < left:
		default:
			what := excerpt(entry.What)
			out = append(out, row{entryTime(entry), what})
		}
	}
	return out
}

func entryTime(entry dispute.LogEntry) string {
	if entry.At.IsZero() {
		return ""
	}
	return entry.At.UTC().Format("2 Jan 2006 15:04")
}

// turned reports whether a picture is so wide and so fine that it deserves a
// page in landscape.
func (pic picture) turned() bool { return pic.width > 1000 && 2*pic.width >= 3*pic.height }

// coarse is the fewest dots per inch at which a picture is printed: that of
// screens. Fewer would enlarge it beyond what it shows.
const coarse = 96.0

// size is that of a picture on paper, as large as its dots and the room allow.
func (pic picture) size(most, mostHeight float64) (width, height float64) {
	width, height = float64(pic.width)*mmPerInch/coarse, float64(pic.height)*mmPerInch/coarse
	scale := min(1, most/width, mostHeight/height)
	return width * scale, height * scale
}

// picture prints a picture, below the words of its exhibit where it fits.
func (p *printer) picture(e *exhibit, pic picture) {
	if len(pic.jpeg) == 0 {
		return
	}
	p.y += lineHeight / 2
	if p.y > bodyTop+headOfPage {
		if _, h := pic.size(textWidth, bodyHeight); p.y+h > p.bottom() {
			p.pageFor(pic)
		}
	}
	pageWide, _ := p.pdf.GetPageSize()
	w, h := pic.size(pageWide-2*margin, p.bottom()-p.y)
	if p.known.pages > 0 { // the first printing only measures
		name := fmt.Sprintf("exhibit-%06d", e.number)
		options := fpdf.ImageOptions{ImageType: "JPEG"}
		p.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(pic.jpeg))
		p.pdf.ImageOptions(name, margin, p.y, w, h, false, options, 0, "")
	}
	if p.y += h; pageWide > pageWidth {
		p.full()
	}
}

func (p *printer) pageFor(pic picture) {
	if pic.turned() {
		p.turnedPage()
		return
	}
	p.page()
}

// The part of a page on which a page of a document is printed.
const (
	documentLeft   = 9.5
	documentTop    = 14.0
	documentBottom = pageHeight - 13.0
	documentWidth  = pageWidth - 2*documentLeft
)

// document leaves room for the pages of a PDF: the first under the words of its
// exhibit when they are few, each of the others on a page of its own.
func (p *printer) document(d document) {
	for n := 1; n <= d.pages; n++ {
		top := p.y + 1
		if n > 1 || p.y > bodyTop+headOfPage {
			p.page()
			top = documentTop
		}
		p.now.overlays = append(p.now.overlays, overlay{
			page: p.pdf.PageNo(), pdf: d.pdf, source: n,
			left: documentLeft, top: top, width: documentWidth, height: documentBottom - top,
		})
		p.full()
	}
}
