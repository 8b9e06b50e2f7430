package evidence

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The layout of a page: A4 portrait, black on white, nothing under twelve
// points (Stripe, "Dispute evidence best practices"). Lengths in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 18.0
	textWidth             = pageWidth - 2*margin
	labelWidth            = 46.0
	timeWidth             = 70.0
	lineHeight            = 5.6
	textPoints            = 12.0
	headPoints            = 16.0
	footerHeight          = 8.0
	mmPerInch             = 25.4
)

// printer writes one PDF. Equal input gives equal bytes.
type printer struct {
	pdf  *fpdf.Fpdf
	cost map[itemKey]float64 // pages that an exhibit took
}

func newPrinter(b *book) *printer {
	pdf := fpdf.New("P", "mm", "A4", "")
	at := createdAt(b)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetProducer("Rebuttal", true)
	pdf.SetTitle("Response to dispute "+b.c.View.Snapshot.ID, true)
	pdf.AddUTF8FontFromBytes(fontFamily, "", regularTTF)
	pdf.AddUTF8FontFromBytes(fontFamily, "B", boldTTF)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin+footerHeight)
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin - lineHeight)
		pdf.SetX(margin)
		pdf.SetFont(fontFamily, "", textPoints)
		foot := "Dispute " + b.c.View.Snapshot.ID + "   Page " + strconv.Itoa(pdf.PageNo())
		pdf.CellFormat(textWidth, lineHeight, drawable(foot), "", 0, "C", false, 0, "")
	})
	p := &printer{pdf: pdf, cost: make(map[itemKey]float64)}
	pdf.AddPage()
	p.font("")
	return p
}

// createdAt is the date in the PDF: that of the dispute, as there is no clock
// here and the same case must give the same file.
func createdAt(b *book) time.Time {
	for _, t := range []time.Time{b.opened, b.c.View.FirstSeen} {
		if !t.IsZero() {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
}

func (p *printer) font(style string) { p.pdf.SetFont(fontFamily, style, textPoints) }

func (p *printer) heading(s string) {
	p.room(4 * lineHeight)
	p.pdf.SetFont(fontFamily, "B", headPoints)
	p.pdf.MultiCell(textWidth, lineHeight*1.4, drawable(s), "", "L", false)
	p.pdf.Ln(lineHeight / 2)
	p.font("")
}

func (p *printer) subheading(s string) {
	p.room(3 * lineHeight)
	p.font("B")
	p.pdf.MultiCell(textWidth, lineHeight, drawable(oneLine(s)), "", "L", false)
	p.font("")
}

func (p *printer) text(s string) {
	p.pdf.MultiCell(textWidth, lineHeight, drawable(s), "", "L", false)
	p.gap()
}

func (p *printer) gap() { p.pdf.Ln(lineHeight) }

// table prints labels in bold beside their values, or above them where the
// label is too wide.
func (p *printer) table(rows []row) { p.columns(labelWidth, rows) }

func (p *printer) columns(width float64, rows []row) {
	for _, r := range rows {
		p.room(2 * lineHeight)
		label := drawable(r.label)
		p.font("B")
		if p.pdf.GetStringWidth(label) < width-2 {
			p.pdf.CellFormat(width, lineHeight, label, "", 0, "L", false, 0, "")
		} else {
			p.pdf.MultiCell(textWidth, lineHeight, label, "", "L", false)
		}
		p.font("")
		p.pdf.SetLeftMargin(margin + width)
		p.pdf.SetX(margin + width)
		p.pdf.MultiCell(textWidth-width, lineHeight, drawable(r.value), "", "L", false)
		p.pdf.SetLeftMargin(margin)
		p.pdf.SetX(margin)
	}
	p.gap()
}

// room starts a new page unless h millimetres are left on this one.
func (p *printer) room(h float64) {
	if p.pdf.GetY()+h > pageHeight-margin-footerHeight {
		p.pdf.AddPage()
	}
}

// position counts pages with fractions, to tell what an exhibit takes.
func (p *printer) position() float64 { return float64(p.pdf.PageNo()) + p.pdf.GetY()/pageHeight }

// exhibit prints what an exhibit says, and its picture if it has one.
func (p *printer) exhibit(e *exhibit, d document) {
	from := p.position()
	p.subheading(fmt.Sprintf("Exhibit %d: %s", e.number, e.item.Title))
	rows := append([]row{{"Source", e.source()}}, e.rows()...)
	if d.pages > 0 {
		rows = append(rows, row{"Document", fmt.Sprintf("Behind the printed pages of this file, in the order of the exhibits; pages: %d", d.pages)})
	}
	p.table(rows)
	if len(d.picture.jpeg) > 0 {
		p.picture(e, d.picture)
	}
	p.cost[e.key()] += p.position() - from
}

func (p *printer) picture(e *exhibit, pic picture) {
	w, h := float64(pic.width)*mmPerInch/float64(qualities[0].dpi), float64(pic.height)*mmPerInch/float64(qualities[0].dpi)
	most := pageHeight - 2*margin - footerHeight - 2*lineHeight
	if w < textWidth/2 { // a small picture is easier to read when it is larger
		w, h = 2*w, 2*h
	}
	if w > textWidth {
		w, h = textWidth, h*textWidth/w
	}
	if h > most {
		w, h = w*most/h, most
	}
	p.room(h)
	name := fmt.Sprintf("exhibit-%06d", e.number)
	options := fpdf.ImageOptions{ImageType: "JPEG"}
	p.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(pic.jpeg))
	p.pdf.ImageOptions(name, margin, p.pdf.GetY(), w, h, false, options, 0, "")
	p.pdf.SetY(p.pdf.GetY() + h)
	p.gap()
}

// bytes ends the file.
func (p *printer) bytes() (b []byte, pages int, err error) {
	var buf bytes.Buffer
	pages = p.pdf.PageNo()
	if err := p.pdf.Output(&buf); err != nil {
		return nil, 0, dispute.Errorf(dispute.Invalid, "evidence: print", "%w", err)
	}
	return buf.Bytes(), pages, nil
}

// printMain prints the file that holds the whole case: cover, index, letter,
// exhibits, timeline. elsewhere names the slot of exhibits whose documents are
// in a file of their own.
func printMain(b *book, l Letter, docs documents, elsewhere map[itemKey]dispute.EvidenceField) *printer {
	p := newPrinter(b)
	p.heading("Response to dispute " + b.c.View.Snapshot.ID)
	p.table(b.caseRows())
	if len(b.exhibits) > 0 {
		p.subheading("Exhibits")
		p.table(index(b, elsewhere))
	}
	p.subheading("Letter")
	p.text(l.Text)
	for _, e := range b.exhibits {
		d := docs[e.key()]
		if _, moved := elsewhere[e.key()]; moved {
			d = document{}
		}
		p.exhibit(e, d)
	}
	if rows := b.timeline(); len(rows) > 1 {
		p.subheading("Timeline")
		p.columns(timeWidth, rows)
	}
	return p
}

func index(b *book, elsewhere map[itemKey]dispute.EvidenceField) []row {
	var out []row
	for _, e := range b.exhibits {
		r := row{fmt.Sprintf("Exhibit %d", e.number), oneLine(e.item.Title)}
		if field, moved := elsewhere[e.key()]; moved {
			r.value += " (document in the file " + string(field) + ")"
		}
		out = append(out, r)
	}
	return out
}

// printSlot prints the small file of one slot.
func printSlot(b *book, field dispute.EvidenceField, exhibits []*exhibit, docs documents) *printer {
	p := newPrinter(b)
	p.heading("Dispute " + b.c.View.Snapshot.ID + ": " + title(string(field)))
	for _, e := range exhibits {
		p.exhibit(e, docs[e.key()])
	}
	return p
}
