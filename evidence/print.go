package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The layout of a page: A4, black on white, nothing but stamps under twelve
// points (Stripe, "Dispute evidence best practices"). Lengths in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 18.0
	textWidth             = pageWidth - 2*margin
	bodyTop               = 18.0
	footHeight            = 16.0
	bodyHeight            = pageHeight - bodyTop - footHeight
	labelWidth            = 46.0
	lineHeight            = 5.6
	textPoints            = 12.0
	stampPoints           = 9.5
	headPoints            = 15.0
	titlePoints           = 20.0
	mmPerInch             = 25.4
	pointsPerMM           = 72 / mmPerInch
	grey                  = 170 // of 255
)

// pageRun is a run of pages.
type pageRun struct{ first, last int }

func (r pageRun) has(page int) bool { return r.first <= page && page <= r.last }

// layout is what printing tells about where things came to lie.
type layout struct {
	pages    int
	at       map[int]pageRun // of exhibits, by number
	marks    []mark
	overlays []overlay
	cost     map[itemKey]float64 // pages that an exhibit took
}

// mark is a bookmark.
type mark struct {
	title string
	page  int
	above float64 // the lower edge of the page
}

// printer writes one PDF. Equal input gives equal bytes.
//
// Everything is printed twice: first to see on which pages it comes to lie, then
// with the page numbers in the index and the stamps. Neither moves a line.
type printer struct {
	pdf   *fpdf.Fpdf
	b     *book
	y     float64 // where the next line goes
	known layout  // of the first printing; empty in it
	now   layout
}

// printed prints twice.
func printed(b *book, draw func(*printer)) *printer {
	first := newPrinter(b, layout{})
	draw(first)
	first.now.pages = first.pdf.PageNo()
	second := newPrinter(b, first.now)
	draw(second)
	second.now.pages = second.pdf.PageNo()
	return second
}

func newPrinter(b *book, known layout) *printer {
	pdf := fpdf.New("P", "mm", "A4", "")
	at := createdAt(b)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.AddUTF8FontFromBytes(fontFamily, "", regularTTF)
	pdf.AddUTF8FontFromBytes(fontFamily, "B", boldTTF)
	pdf.SetCellMargin(0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetLineWidth(0.2)
	pdf.SetDrawColor(grey, grey, grey)
	p := &printer{pdf: pdf, b: b, known: known, now: layout{at: make(map[int]pageRun), cost: make(map[itemKey]float64)}}
	pdf.SetHeaderFunc(p.band)
	pdf.SetFooterFunc(p.foot)
	p.full()
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

// band prints the stamp of a page in its upper margin.
func (p *printer) band() {
	stamp := p.stamp(p.pdf.PageNo())
	if stamp == "" {
		return
	}
	p.font("", stampPoints)
	width, _ := p.pdf.GetPageSize()
	p.put(margin, 6.5, stamp)
	p.pdf.Line(margin, 12, width-margin, 12)
}

// stamp says whose page it is: "Exhibit 4 · page 2 of 5 · dispute du_1".
func (p *printer) stamp(page int) string {
	var whole []int
	var parts []string
	for _, e := range p.b.exhibits {
		at, ok := p.known.at[e.number]
		switch {
		case !ok || !at.has(page):
		case at.first == at.last:
			whole = append(whole, e.number)
		default:
			parts = append(parts, ofPages(e.number, page-at.first+1, at.last-at.first+1))
		}
	}
	switch {
	case len(whole) == 1:
		parts = append(parts, ofPages(whole[0], 1, 1))
	case len(whole) > 1:
		parts = append(parts, citation(whole))
	case len(parts) == 0:
		return ""
	}
	return strings.Join(append(parts, "dispute "+p.b.c.View.Snapshot.ID), " · ")
}

func ofPages(exhibit, page, pages int) string {
	return fmt.Sprintf("Exhibit %d · page %d of %d", exhibit, page, pages)
}

// foot prints the number of the page in the file.
func (p *printer) foot() {
	p.font("", stampPoints)
	width, height := p.pdf.GetPageSize()
	foot := drawable("Dispute " + p.b.c.View.Snapshot.ID)
	number := fmt.Sprintf("Page %d of %d", p.pdf.PageNo(), p.known.pages)
	p.put(margin, height-11, foot)
	p.put(width-margin-p.pdf.GetStringWidth(number), height-11, number)
}

func (p *printer) font(style string, points float64) { p.pdf.SetFont(fontFamily, style, points) }

// put prints a line where it is told.
func (p *printer) put(x, y float64, s string) {
	p.pdf.SetXY(x, y)
	p.pdf.CellFormat(0, lineHeight-0.6, drawable(s), "", 0, "LM", false, 0, "")
}

// right prints a line that ends at x.
func (p *printer) right(x, y float64, s string) {
	s = drawable(s)
	p.put(x-p.pdf.GetStringWidth(s), y, s)
}

// page starts a new page.
func (p *printer) page() {
	p.pdf.AddPage()
	p.y = bodyTop
}

// turnedPage starts a page in landscape.
func (p *printer) turnedPage() {
	p.pdf.AddPageFormat("L", fpdf.SizeType{Wd: pageWidth, Ht: pageHeight})
	p.y = bodyTop
}

// bottom is where the body of the page ends.
func (p *printer) bottom() float64 {
	_, height := p.pdf.GetPageSize()
	return height - footHeight
}

// full leaves no room on the page.
func (p *printer) full() { p.y = p.bottom() }

// room starts a new page unless h millimetres are left on this one.
func (p *printer) room(h float64) {
	if p.y+h > p.bottom()+0.01 {
		p.page()
	}
}

// position counts pages with fractions, to tell what an exhibit takes.
func (p *printer) position() float64 { return float64(p.pdf.PageNo()) + p.y/pageHeight }

func (p *printer) mark(title string) {
	_, height := p.pdf.GetPageSize()
	p.now.marks = append(p.now.marks, mark{oneLine(title), p.pdf.PageNo(), height - p.y + 3})
}

func (p *printer) rule() { p.pdf.Line(margin, p.y, margin+textWidth, p.y) }

func (p *printer) gap() { p.y += lineHeight }

// heading prints a line between rules of space, with a bookmark.
func (p *printer) heading(s string, points float64) {
	p.room(6 * lineHeight)
	p.mark(s)
	p.font("B", points)
	height := points / textPoints * lineHeight
	for _, line := range p.pdf.SplitText(drawable(oneLine(s)), textWidth) {
		p.put(margin, p.y, line)
		p.y += height
	}
	p.y += 1.5
	p.font("", textPoints)
}

// wrapped splits a text into lines of a width, in the font at hand.
func (p *printer) wrapped(s string, width float64) []string {
	return p.pdf.SplitText(drawable(s), width)
}

// lines prints lines from x on. Where a page ends, no line stands alone.
func (p *printer) lines(x float64, lines []string) {
	for len(lines) > 0 {
		n := p.fitting(len(lines))
		for _, line := range lines[:n] {
			p.put(x, p.y, line)
			p.y += lineHeight
		}
		if lines = lines[n:]; len(lines) > 0 {
			p.page()
		}
	}
}

// fitting tells how many of n lines go on this page.
func (p *printer) fitting(n int) int {
	fit := int((p.bottom()-p.y)/lineHeight + 0.01)
	switch {
	case fit >= n:
		return n
	case fit < 2:
		return 0
	case n-fit == 1 && fit > 2:
		return fit - 1
	}
	return fit
}

// text prints paragraphs.
func (p *printer) text(s string) {
	p.font("", textPoints)
	for _, paragraph := range strings.Split(s, "\n") {
		if strings.TrimSpace(paragraph) == "" {
			p.y += lineHeight / 2
			continue
		}
		p.lines(margin, p.wrapped(paragraph, textWidth))
	}
}

// textHeight is what text will take.
func (p *printer) textHeight(s string) float64 {
	p.font("", textPoints)
	height := 0.0
	for _, paragraph := range strings.Split(s, "\n") {
		if strings.TrimSpace(paragraph) == "" {
			height += lineHeight / 2
			continue
		}
		height += float64(len(p.wrapped(paragraph, textWidth))) * lineHeight
	}
	return height
}

// cell is one column of a row of a table.
type cell struct {
	x     float64
	style string
	lines []string
}

// beside prints cells from one height on. Only the last may be long enough to
// go on over the page.
func (p *printer) beside(cells ...cell) {
	tallest := 0
	for _, c := range cells {
		tallest = max(tallest, len(c.lines))
	}
	p.room(float64(min(tallest, 8)) * lineHeight)
	page, top, end := p.pdf.PageNo(), p.y, p.y
	for _, c := range cells {
		p.y = top
		p.font(c.style, textPoints)
		p.lines(c.x, c.lines)
		if p.pdf.PageNo() != page {
			end = p.y
		}
		end = max(end, p.y)
	}
	p.y = end
}

// table prints labels in bold beside their values.
func (p *printer) table(rows []row) {
	for _, r := range rows {
		label, value := p.rowLines(r)
		p.beside(cell{margin, "B", label}, cell{margin + labelWidth, "", value})
	}
}

func (p *printer) rowLines(r row) (label, value []string) {
	p.font("B", textPoints)
	label = p.wrapped(r.label, labelWidth-3)
	p.font("", textPoints)
	return label, p.wrapped(r.value, textWidth-labelWidth)
}

func (p *printer) tableHeight(rows []row) float64 {
	lines := 0
	for _, r := range rows {
		label, value := p.rowLines(r)
		lines += max(len(label), len(value))
	}
	return float64(lines) * lineHeight
}

// file ends the file and puts the documents of its exhibits on their pages.
func (p *printer) file() (b []byte, pages int, err error) {
	var buf bytes.Buffer
	if err := p.pdf.Output(&buf); err != nil {
		return nil, 0, dispute.Errorf(dispute.Invalid, "evidence: print", "%w", err)
	}
	return bind(buf.Bytes(), p.now, newImprint(p.b))
}
