// Package packets makes evidence of every sort, from nothing to a pile of scans,
// for the tests and the benchmark of the packet.
package packets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// PileSize is how large a pile of scans is.
type PileSize struct {
	PDFs     int // scanned documents
	PDFPages int // of each
	Pictures int // pages that were photographed one by one
}

// The piles: one of 140 pages and 60 MB, and one for tests that have no time.
var (
	WholePile = PileSize{PDFs: 10, PDFPages: 11, Pictures: 30}
	ShortPile = PileSize{PDFs: 1, PDFPages: 4, Pictures: 3}
)

// Pages is how many pages the pile has.
func (s PileSize) Pages() int { return s.PDFs*s.PDFPages + s.Pictures }

// Pile is a pile of scanned pages with grain, as a person attaches them: PDFs
// and single pictures, A4 at 200 dots per inch. The same seed gives the same
// pile.
func Pile(size PileSize, seed uint64) []dispute.Item {
	p := piler{rnd: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // a pile that can be made again
	for range 3 {
		p.sheets = append(p.sheets, p.sheet())
	}
	var out []dispute.Item
	for i := range size.PDFs {
		out = append(out, document(fmt.Sprintf("folder-%02d.pdf", i+1), p.pdf(size.PDFPages)))
	}
	for i := range size.Pictures {
		out = append(out, document(fmt.Sprintf("page-%02d.jpg", i+1), p.page()))
	}
	return out
}

func document(name string, content []byte) dispute.Item {
	return dispute.Item{
		ID: "document:" + name, Source: "person:ana", Kind: dispute.ItemDocument, Title: name, FileName: name, Content: content,
	}
}

type piler struct {
	rnd    *rand.Rand
	sheets [][]byte
	pages  uint32
}

const sheetWidth, sheetHeight = 1654, 2339

// sheet is paper with grain and lines of something like words.
func (p *piler) sheet() []byte {
	img := image.NewGray(image.Rect(0, 0, sheetWidth, sheetHeight))
	for i := range img.Pix {
		img.Pix[i] = uint8(232 + p.rnd.IntN(5))
	}
	for y := 200; y < sheetHeight-200; y += 50 {
		for x := 150; x < sheetWidth-150; x += 14 {
			p.stroke(img, x, y)
		}
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: 60}); err != nil {
		panic("packets: " + err.Error())
	}
	return buf.Bytes()
}

func (p *piler) stroke(img *image.Gray, x, y int) {
	if p.rnd.IntN(6) == 0 {
		return
	}
	for dy := range 18 + p.rnd.IntN(8) {
		for dx := range 3 {
			img.SetGray(x+dx+dy*p.rnd.IntN(2)/4, y+dy, color.Gray{Y: 40})
		}
	}
}

// page is one of the sheets with its number in a comment, so that no two pages
// are the same file.
func (p *piler) page() []byte {
	p.pages++
	sheet := p.sheets[int(p.pages)%len(p.sheets)]
	comment := binary.BigEndian.AppendUint32([]byte{0xff, 0xfe, 0, 6}, p.pages)
	return slices.Concat(sheet[:2], comment, sheet[2:])
}

func (p *piler) pdf(pages int) []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	options := fpdf.ImageOptions{ImageType: "JPEG"}
	for n := range pages {
		pdf.AddPage()
		name := fmt.Sprintf("scan-%03d", n)
		pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(p.page()))
		pdf.ImageOptions(name, 0, 0, 210, 297, false, options, 0, "")
	}
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic("packets: " + err.Error())
	}
	return buf.Bytes()
}
