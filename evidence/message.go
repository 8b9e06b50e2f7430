package evidence

import (
	"regexp"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// messageRows are the head of a message: who wrote to whom, when, about what.
func (b *book) messageRows(e *exhibit) []row {
	if !e.is(dispute.ItemCommunication) {
		return nil
	}
	customer := strings.TrimSpace(e.fact(dispute.FactCustomerName) + " " + bracketed(e.fact(dispute.FactCustomerEmail)))
	if customer == "" {
		customer = "the customer"
	}
	merchant := b.c.Merchant
	if merchant == "" {
		merchant = "the merchant"
	}
	out := []row{{"From", merchant}, {"To", customer}}
	if e.fact(dispute.FactDirection) == "from customer" {
		out = []row{{"From", customer}, {"To", merchant}}
	}
	for _, l := range []row{{"Sent", dispute.FactSentAt}, {"Subject", dispute.FactSubject}} {
		if v := printable(l.value, e.fact(l.value)); v != "" {
			out = append(out, row{l.label, v})
		}
	}
	return out
}

// headOfMessage are the facts that the head of a message says.
var headOfMessage = []string{dispute.FactCustomerName, dispute.FactCustomerEmail, dispute.FactSentAt, dispute.FactSubject}

func bracketed(address string) string {
	if address == "" {
		return ""
	}
	return "<" + address + ">"
}

// turn is one line of a chat.
type turn struct{ at, who, text string }

// spoken matches "[2026-11-05 08:00] Jana: hello", "08:00 - Jana: hello" and
// the like.
var spoken = regexp.MustCompile(`^\s*[\[(]?((?:\d{4}-\d{2}-\d{2}[T ]|\d{1,2}[./]\d{1,2}[./]\d{2,4},? )?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?UTC|Z)?)[\])]?[\s·|–-]+([^:·|]{1,40}?)\s*[:·|]\s*(.+)$`)

// chat reads a text as the lines of a chat; ok is false when it is none. A line
// without a time goes on with what was said before it.
func chat(text string) (turns []turn, ok bool) {
	for _, line := range strings.Split(text, "\n") {
		m := spoken.FindStringSubmatch(line)
		switch {
		case m != nil:
			turns = append(turns, turn{m[1], m[2], m[3]})
		case len(turns) == 0 && strings.TrimSpace(line) != "":
			return nil, false
		case len(turns) > 0 && strings.TrimSpace(line) != "":
			turns[len(turns)-1].text += "\n" + strings.TrimSpace(line)
		}
	}
	return turns, len(turns) > 1
}

// The columns of a chat and the steps of a quote.
const (
	chatTime  = 40.0
	chatWho   = 36.0
	quoteStep = 4.0
)

// message prints the words of a message: a chat as time, who and text, a mail as
// paragraphs, quotes and points.
func (p *printer) message(text string) {
	if text == "" {
		return
	}
	p.y += lineHeight / 2
	p.font("", textPoints)
	if turns, ok := chat(text); ok {
		for _, t := range turns {
			p.turn(t)
		}
		return
	}
	for _, line := range strings.Split(text, "\n") {
		p.passage(line)
	}
}

func (p *printer) turn(t turn) {
	p.font("", textPoints)
	at, text := p.wrapped(t.at, chatTime-2), p.wrapped(t.text, textWidth-chatTime-chatWho)
	p.font("B", textPoints)
	who := p.wrapped(t.who, chatWho-2)
	p.beside(cell{margin, "", at}, cell{margin + chatTime, "B", who}, cell{margin + chatTime + chatWho, "", text})
}

// passage prints one line of a mail: indented as deep as it is quoted, points
// with their second lines under the first.
func (p *printer) passage(line string) {
	depth, line := quoted(line)
	if strings.TrimSpace(line) == "" {
		p.y += lineHeight / 2
		return
	}
	x := margin + float64(depth)*quoteStep
	words, isPoint := strings.CutPrefix(strings.TrimSpace(line), point)
	indent := 0.0
	if isPoint {
		line, indent = words, quoteStep
	}
	for i, s := range p.wrapped(line, margin+textWidth-x-indent) {
		p.room(lineHeight)
		for d := range depth {
			bar := margin + (float64(d)+0.4)*quoteStep
			p.pdf.Line(bar, p.y, bar, p.y+lineHeight)
		}
		if isPoint && i == 0 {
			p.put(x, p.y, point)
		}
		p.lines(x+indent, []string{s})
	}
}

// maxQuotes is how deep quotes are indented.
const maxQuotes = 6

// quoted counts the ">" before a line and takes them off.
func quoted(line string) (depth int, rest string) {
	for rest = line; ; depth++ {
		after, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), ">")
		if !ok || depth == maxQuotes {
			return depth, rest
		}
		rest = strings.TrimPrefix(after, " ")
	}
}

// messageHeight is about what message will take.
func (p *printer) messageHeight(text string) float64 {
	if text == "" {
		return 0
	}
	return lineHeight + p.textHeight(text)
}
