package evidence

import (
	"bytes"
	"fmt"
	"math"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// rectangle is a box in a PDF's own space: points, from the lower left corner.
type rectangle struct{ x0, y0, x1, y1 float64 }

func (r rectangle) width() float64  { return r.x1 - r.x0 }
func (r rectangle) height() float64 { return r.y1 - r.y0 }

func (r rectangle) array() types.Array {
	return types.Array{types.Float(r.x0), types.Float(r.y0), types.Float(r.x1), types.Float(r.y1)}
}

// onto is the matrix that scales and moves one box onto another.
func (r rectangle) onto(to rectangle) matrix {
	sx, sy := to.width()/r.width(), to.height()/r.height()
	return matrix{sx, 0, 0, sy, to.x0 - r.x0*sx, to.y0 - r.y0*sy}
}

// rectangle reads a box; ok is false when it has no area.
func (c *copier) rectangle(o types.Object) (r rectangle, ok bool) {
	n, ok := c.numbersOf(o, 4)
	if !ok {
		return rectangle{}, false
	}
	r = rectangle{min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3])}
	return r, r.width() > 0.1 && r.height() > 0.1
}

func (c *copier) numbersOf(o types.Object, want int) (out []float64, ok bool) {
	list, err := c.ctx.DereferenceArray(o)
	if err != nil || len(list) != want {
		return nil, false
	}
	for _, v := range list {
		n, err := c.ctx.DereferenceNumber(v)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

// matrix is a transformation as PDF writes it (ISO 32000-1, 8.3.3).
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (c *copier) matrix(o types.Object) matrix {
	n, ok := c.numbersOf(o, 6)
	if !ok {
		return identity
	}
	return matrix(n)
}

// then is the matrix that does m and after it n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// bounds is the box around a transformed box.
func (m matrix) bounds(r rectangle) rectangle {
	out := rectangle{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range [][2]float64{{r.x0, r.y0}, {r.x1, r.y0}, {r.x0, r.y1}, {r.x1, r.y1}} {
		x, y := p[0]*m[0]+p[1]*m[2]+m[4], p[0]*m[1]+p[1]*m[3]+m[5]
		out = rectangle{min(out.x0, x), min(out.y0, y), max(out.x1, x), max(out.y1, y)}
	}
	return out
}

func (m matrix) String() string {
	return fmt.Sprintf("%.4f %.4f %.4f %.4f %.4f %.4f cm", m[0], m[1], m[2], m[3], m[4], m[5])
}

// shape is the visible part of a document's page and how it is turned.
type shape struct {
	box  rectangle
	turn int     // clockwise, in quarters
	unit float64 // points in one unit
}

// shape reads what ISO 32000-1, 7.7.3.3 and 14.11.2 say of a page.
func (c *copier) shape(page types.Dict) (shape, error) {
	out := shape{box: rectangle{0, 0, pageWidth * pointsPerMM, pageHeight * pointsPerMM}, unit: 1}
	for _, key := range []string{"MediaBox", "CropBox"} {
		v, err := c.inherited(page, key)
		if err != nil {
			return out, err
		}
		if r, ok := c.rectangle(v); ok {
			out.box = out.within(key, r)
		}
	}
	v, err := c.inherited(page, "Rotate")
	if err != nil {
		return out, err
	}
	if n, err := c.ctx.DereferenceNumber(v); v != nil && err == nil {
		out.turn = ((int(n)/90)%4 + 4) % 4
	}
	if n, err := c.ctx.DereferenceNumber(page["UserUnit"]); page["UserUnit"] != nil && err == nil && n > 0 {
		out.unit = n
	}
	return out, nil
}

// within keeps a crop box inside the page.
func (s shape) within(key string, r rectangle) rectangle {
	if key == "MediaBox" {
		return r
	}
	cut := rectangle{max(r.x0, s.box.x0), max(r.y0, s.box.y0), min(r.x1, s.box.x1), min(r.y1, s.box.y1)}
	if cut.width() <= 0 || cut.height() <= 0 {
		return s.box
	}
	return cut
}

// size is that of the page as a reader sees it, in points.
func (s shape) size() (width, height float64) {
	width, height = s.box.width()*s.unit, s.box.height()*s.unit
	if s.turn%2 == 1 {
		return height, width
	}
	return width, height
}

// lies reports whether the page is wider than high. Such a page is laid on its
// side, and ours is shown turned.
func (s shape) lies() bool {
	w, h := s.size()
	return w > 1.05*h
}

// upright is the matrix that turns the page and moves its corner to the origin.
func (s shape) upright(turn int) matrix {
	w, h := s.box.width(), s.box.height()
	move := matrix{1, 0, 0, 1, -s.box.x0, -s.box.y0}
	switch turn {
	case 1:
		return move.then(matrix{0, -1, 1, 0, 0, w})
	case 2:
		return move.then(matrix{-1, 0, 0, -1, w, h})
	case 3:
		return move.then(matrix{0, 1, -1, 0, h, 0})
	}
	return move
}

// place is the matrix that puts the page into the box of an overlay, below its
// upper edge. It is never enlarged.
func (s shape) place(o overlay) matrix {
	turn := s.turn
	width, height := s.size()
	if s.lies() {
		turn, width, height = (turn+3)%4, height, width
	}
	left, top := o.left*pointsPerMM, (pageHeight-o.top)*pointsPerMM
	roomX, roomY := o.width*pointsPerMM, o.height*pointsPerMM
	scale := min(1, roomX/width, roomY/height)
	x, y := left+(roomX-width*scale)/2, top-height*scale
	k := scale * s.unit
	return s.upright(turn).then(matrix{k, 0, 0, k, x, y})
}

// content draws the page and what is on it, with a fine line around it.
func (s shape) content(o overlay, forms []form) []byte {
	place := s.place(o)
	var out bytes.Buffer
	for i, f := range forms {
		fmt.Fprintf(&out, "q %v /%s Do Q\n", f.matrix.then(place), formName(i))
	}
	edge := place.bounds(s.box)
	fmt.Fprintf(&out, "q 0.75 G 0.4 w %.3f %.3f %.3f %.3f re S Q\n", edge.x0, edge.y0, edge.width(), edge.height())
	return out.Bytes()
}
