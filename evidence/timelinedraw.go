package evidence

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The columns of the timeline: dates, axis, times, words, exhibits.
const (
	dateRight  = margin + 27.0
	axisX      = dateRight + 6
	clockX     = axisX + 6
	wordsX     = clockX + 14
	wordsWidth = margin + textWidth - wordsX - 32
	eventGap   = 1.4
	aboveAxis  = 3 * lineHeight // heading and note
	// maxTimeline is how much of the file the timeline takes at most.
	maxTimeline = 2*bodyHeight - 2*aboveAxis
)

// timeline draws what happened along one axis: days on its left, and on its
// right what happened, with the exhibit that shows it. Days further apart are
// drawn further apart. It is on one page when it can be, and never on more than
// two.
func (p *printer) timeline() {
	list, left := p.fitted(p.b.history())
	if len(list) < 2 {
		return
	}
	p.room(min(aboveAxis+p.timelineHeight(list), bodyHeight))
	p.heading("Timeline", headPoints)
	note := "All times are UTC."
	if left > 0 {
		note += fmt.Sprintf(" %d earlier events are in the exhibits.", left)
	}
	p.text(note)
	p.y += lineHeight / 2
	a := axis{p: p}
	for i, ev := range list {
		if i > 0 {
			a.gap(list[i-1].at, ev.at)
		}
		a.event(ev)
	}
	p.gap()
}

// fitted groups a crowded history, the longest log first, until it takes two pages at most, and leaves
// out the oldest events when that is not enough.
func (p *printer) fitted(list []event) (out []event, left int) {
	for _, exhibit := range longestLogs(list) {
		for _, period := range []func(time.Time) time.Time{dayOf, anyTime} {
			if p.timelineHeight(list) > maxTimeline {
				list = grouped(list, exhibit, period)
			}
		}
	}
	for p.timelineHeight(list) > maxTimeline {
		n := len(list)/10 + 1
		list, left = list[n:], left+n
	}
	return list, left
}

func (p *printer) timelineHeight(list []event) float64 {
	height := 0.0
	for i, ev := range list {
		if i > 0 {
			height += between(list[i-1].at, ev.at)
		}
		height += p.eventHeight(ev)
	}
	return height
}

func (p *printer) eventHeight(ev event) float64 {
	return float64(len(p.eventLines(ev)))*lineHeight + eventGap
}

func (p *printer) eventLines(ev event) []string {
	p.font(ev.style(), textPoints)
	return p.wrapped(ev.words, wordsWidth)
}

func (ev event) style() string {
	if ev.strong {
		return "B"
	}
	return ""
}

// midnights counts the midnights between two moments.
func midnights(from, to time.Time) int { return int(dayOf(to).Sub(dayOf(from)).Hours()) / 24 }

// between is the space between two events: none within a day, more for days
// further apart, but not in proportion, so that years do not take pages.
func between(from, to time.Time) float64 {
	n := midnights(from, to)
	if n < 1 {
		return 0
	}
	return min(2+2*math.Log2(float64(n)), 14)
}

// axis is the line that is being drawn.
type axis struct {
	p    *printer
	page int       // of the last dot
	dot  float64   // where the last dot is; zero at the start
	day  time.Time // that was written last
}

// gap leaves space between two events and writes how long nothing happened.
func (a *axis) gap(from, to time.Time) {
	space := between(from, to)
	if n := midnights(from, to); space > lineHeight && a.p.y+space < a.p.bottom() {
		a.p.font("", stampPoints)
		a.p.pdf.SetTextColor(90, 90, 90)
		a.p.right(dateRight, a.p.y+(space-lineHeight)/2, fmt.Sprintf("%d days", n))
		a.p.pdf.SetTextColor(0, 0, 0)
	}
	a.p.y += space
}

func (a *axis) event(ev event) {
	p := a.p
	if p.y+p.eventHeight(ev) > p.bottom() {
		a.nextPage()
	}
	lines := p.eventLines(ev)
	dot := p.y + (lineHeight-0.6)/2
	if a.dot > 0 {
		p.pdf.Line(axisX, a.dot, axisX, dot)
	}
	a.point(ev, dot)
	p.font(ev.style(), textPoints)
	if day := dayOf(ev.at); !day.Equal(a.day) || p.pdf.PageNo() != a.page {
		p.right(dateRight, p.y, ev.at.UTC().Format("2 Jan 2006"))
		a.day = day
	}
	if !ev.day {
		p.put(clockX, p.y, ev.at.UTC().Format("15:04"))
	}
	p.right(margin+textWidth, p.y, shortCitation(ev.exhibits))
	p.lines(wordsX, lines)
	p.y += eventGap
	a.page, a.dot = p.pdf.PageNo(), dot+radius(ev)
}

// nextPage lets the axis run out of one page and into the next.
func (a *axis) nextPage() {
	p := a.p
	if a.dot > 0 {
		p.pdf.Line(axisX, a.dot, axisX, p.bottom())
	}
	p.page()
	p.font("B", textPoints)
	p.put(margin, p.y, "Timeline, continued")
	p.y += 2 * lineHeight
	a.dot = p.y - lineHeight
}

// The dispute is a square, what the records say is a dot, what a log says is a
// ring.
func (a *axis) point(ev event, y float64) {
	r := radius(ev)
	pdf := a.p.pdf
	pdf.SetDrawColor(0, 0, 0)
	switch {
	case ev.strong:
		pdf.SetFillColor(0, 0, 0)
		pdf.Rect(axisX-r, y-r, 2*r, 2*r, "F")
	case ev.log > 0:
		pdf.SetFillColor(255, 255, 255)
		pdf.Circle(axisX, y, r, "FD")
	default:
		pdf.SetFillColor(0, 0, 0)
		pdf.Circle(axisX, y, r, "F")
	}
	pdf.SetDrawColor(grey, grey, grey)
}

func radius(ev event) float64 {
	switch {
	case ev.strong:
		return 1.7
	case ev.log > 0:
		return 1
	}
	return 1.4
}

// shortCitation is citation in the room that a column has.
func shortCitation(exhibits []int) string {
	if len(exhibits) > 2 {
		return fmt.Sprintf("%s, …", citation(exhibits[:1]))
	}
	if len(exhibits) == 0 {
		return ""
	}
	return strings.Replace(citation(exhibits), " and ", ", ", 1)
}
