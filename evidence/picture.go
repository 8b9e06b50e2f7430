package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"

	"golang.org/x/image/draw"
)

const mediaGIF = "image/gif" // converted, never sent

// quality is one step of the ladder by which pictures are made smaller. Widths
// and heights are the printable area of an A4 page at that many dots per inch.
type quality struct {
	dpi           int
	width, height int // pixels
	jpeg          int // the encoder's quality, 1 to 100
	grey          bool
	lossless      bool // pictures of PDFs are left as they are, unless too fine
}

// tooFine reports whether a picture that fills a page has more dots than this
// quality allows. A page may lie on its side.
func (q quality) tooFine(w, h int) bool {
	return min(w, h) > q.width || max(w, h) > q.height
}

func (q quality) String() string {
	colour := ""
	if q.grey {
		colour = " in grey"
	}
	return fmt.Sprintf("%d dots per inch%s, JPEG quality %d", q.dpi, colour, q.jpeg)
}

// qualities are the steps by which pictures are made smaller: harder compression
// first, then grey, then fewer dots. Providers ask for 150 to 200 dots per inch,
// networks take at most 200 (JPMorgan, Visa), and under 100 nobody reads a scan.
var qualities = []quality{
	{dpi: 200, width: 1370, height: 1968, jpeg: 85, lossless: true},
	{dpi: 200, width: 1370, height: 1968, jpeg: 60},
	{dpi: 200, width: 1370, height: 1968, jpeg: 60, grey: true},
	{dpi: 150, width: 1027, height: 1476, jpeg: 55, grey: true},
	{dpi: 100, width: 685, height: 984, jpeg: 45, grey: true},
}

// ladder are the qualities that a provider's limits allow.
func ladder(l Limits) []quality {
	steps := slices.Clone(qualities)
	for i := range steps {
		q := &steps[i]
		if l.DPI > 0 && l.DPI < q.dpi {
			q.width, q.height, q.dpi = q.width*l.DPI/q.dpi, q.height*l.DPI/q.dpi, l.DPI
		}
		if l.Gray {
			q.grey, q.lossless = true, false
		}
	}
	return slices.Compact(steps)
}

// picture is a picture ready to print: JPEG, upright, without metadata (which
// may hold the place where a photograph was taken).
type picture struct {
	jpeg          []byte
	width, height int // pixels
}

func newPicture(b []byte, q quality) (picture, error) {
	if err := checkPicture(b); err != nil {
		return picture{}, err
	}
	src, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return picture{}, refuse("the picture cannot be read: save it again as JPEG or PNG")
	}
	return newJPEG(src, orientation(b), q)
}

// newJPEG makes a picture no finer than a quality and turns it upright.
func newJPEG(src image.Image, turn int, q quality) (picture, error) {
	maxW, maxH := q.width, q.height
	if turn >= 5 {
		maxW, maxH = maxH, maxW
	}
	flat := upright(fit(src, maxW, maxH), turn)
	var out image.Image = flat
	if q.grey {
		out = greyscale(flat)
	}
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, out, &jpeg.Options{Quality: q.jpeg}); err != nil {
		return picture{}, refuse("the picture cannot be printed: %w", err)
	}
	return picture{jpeg: buf.Bytes(), width: out.Bounds().Dx(), height: out.Bounds().Dy()}, nil
}

// pagesOfPicture is what a picture takes in print, at least, as part of a page.
func pagesOfPicture(b []byte) float64 {
	conf, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || conf.Width <= 0 {
		return 0
	}
	best := qualities[0]
	w, h := conf.Width, conf.Height
	if orientation(b) >= 5 {
		w, h = h, w
	}
	if w > best.width {
		h = h * best.width / w
	}
	return min(float64(h)/float64(best.height), 1)
}

// fit scales a picture down into a box and lays it on white; it never scales up.
func fit(src image.Image, maxW, maxH int) *image.RGBA {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if w > maxW {
		w, h = maxW, h*maxW/w
	}
	if h > maxH {
		w, h = w*maxH/h, maxH
	}
	dst := image.NewRGBA(image.Rect(0, 0, max(w, 1), max(h, 1)))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	if dst.Bounds().Size() == src.Bounds().Size() {
		draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw.Over)
		return dst
	}
	scaler(src.Bounds().Dx(), dst.Bounds().Dx()).Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Over, nil)
	return dst
}

// scaler is the quick one where no dot of the picture is passed over. The other
// looks at all of them and holds the whole picture in floating point.
func scaler(from, to int) draw.Scaler {
	if from <= 2*to {
		return draw.ApproxBiLinear
	}
	return draw.BiLinear
}

// upright turns a picture as its Exif orientation (1 to 8) says.
func upright(src *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			dx, dy := turned(turn, x, y, w, h)
			dst.SetRGBA(dx, dy, src.RGBAAt(x, y))
		}
	}
	return dst
}

func turned(turn, x, y, w, h int) (dx, dy int) {
	switch turn {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}

// orientation reads tag 0x0112 of a JPEG's Exif header (Exif 2.3, 4.6.4); 1,
// upright, when there is none.
func orientation(b []byte) int {
	for i := 2; i+4 <= len(b) && b[0] == 0xff && b[1] == 0xd8 && b[i] == 0xff; {
		marker, size := b[i+1], int(binary.BigEndian.Uint16(b[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(b) {
			break
		}
		if segment := b[i+4 : i+2+size]; marker == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return tiffOrientation(segment[6:])
		}
		i += 2 + size
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(t[4:]))
	if at+2 > int64(len(t)) {
		return 1
	}
	entries := t[at+2:]
	for range order.Uint16(t[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == 0x0112 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 1
}
