package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// claims say in one sentence what the other side says, by family.
var claims = map[dispute.Family]string{
	dispute.FamilyFraudulent:          "The cardholder says that they neither made nor authorised this payment.",
	dispute.FamilyUnrecognized:        "The cardholder says that they do not recognise this payment.",
	dispute.FamilyProductNotReceived:  "The cardholder says that what they paid for did not arrive.",
	dispute.FamilyProductUnacceptable: "The cardholder says that what they received was defective or not as described.",
	dispute.FamilySubscription:        "The cardholder says that they had cancelled before this payment was taken.",
	dispute.FamilyDuplicate:           "The cardholder says that they were charged more than once, or had paid by other means.",
	dispute.FamilyCreditNotProcessed:  "The cardholder says that a refund they were due was not given.",
	dispute.FamilyAuthorization:       "The issuer says that this payment was not properly authorised.",
	dispute.FamilyProcessing:          "The issuer says that this payment was not processed correctly.",
	dispute.FamilyGeneral:             "The cardholder disputes this payment.",
}

// caseRows are the facts of the dispute for the cover.
func (b *book) caseRows() []row {
	s := b.c.View.Snapshot
	all := []row{
		{"Merchant", b.c.Merchant}, {"Dispute", s.ID}, {"Payment", s.Payment}, {"Amount", s.Amount.String()},
		{"Reason", strings.ReplaceAll(s.Reason, "_", " ")}, {"Network", strings.TrimSpace(s.Network + " " + s.NetworkCode)},
		{"Stage", strings.ReplaceAll(string(s.Stage), "_", "-")}, {"Our reference", b.c.ID},
	}
	if !b.opened.IsZero() {
		all = append(all, row{"Opened", humanTime(b.opened)})
	}
	all = append(all, row{"Claim", claims[b.c.Family]})
	return slices.DeleteFunc(all, func(r row) bool { return r.value == "" })
}

// places tells in which file the document of an exhibit is, where it is not in
// the main one.
type places map[itemKey]dispute.EvidenceField

// printMain prints the file that holds the whole case: cover, index, letter,
// timeline, exhibits.
func printMain(b *book, l Letter, docs documents, elsewhere places) *printer {
	return printed(b, func(p *printer) {
		p.cover(elsewhere)
		p.letter(l)
		p.timeline()
		for _, e := range b.exhibits {
			field, moved := elsewhere[e.key()]
			d := docs[e.key()]
			if moved {
				d = document{}
			}
			p.exhibit(e, d, field)
		}
	})
}

// printSlot prints the small file of one slot.
func printSlot(b *book, field dispute.EvidenceField, exhibits []*exhibit, docs documents, elsewhere places) *printer {
	return printed(b, func(p *printer) {
		for _, e := range exhibits {
			d := docs[e.key()]
			if elsewhere[e.key()] != field {
				d = document{}
			}
			p.exhibit(e, d, "")
		}
	})
}

func (p *printer) cover(elsewhere places) {
	p.page()
	p.y += lineHeight / 2
	p.heading("Response to dispute "+p.b.c.View.Snapshot.ID, titlePoints)
	p.rule()
	p.y += lineHeight / 2
	p.table(p.b.caseRows())
	p.gap()
	if len(p.b.exhibits) > 0 {
		p.index(elsewhere)
	}
}

// The columns of the index.
const (
	numberWidth = 27.0
	placeWidth  = 24.0
)

// index lists the exhibits with the pages on which they begin.
func (p *printer) index(elsewhere places) {
	p.font("B", headPoints)
	p.put(margin, p.y, "Exhibits")
	p.y += 1.5 * lineHeight
	for _, e := range p.b.exhibits {
		what := e.item.Title
		if field, moved := elsewhere[e.key()]; moved {
			what += " (document in the file " + fileName(field) + ")"
		}
		p.font("", textPoints)
		lines := p.wrapped(oneLine(what), textWidth-numberWidth-placeWidth)
		p.room(float64(len(lines))*lineHeight + 2)
		p.put(margin, p.y, fmt.Sprintf("Exhibit %d", e.number))
		p.right(margin+textWidth, p.y, fmt.Sprintf("page %d", p.known.at[e.number].first))
		p.lines(margin+numberWidth, lines)
		p.y += 0.8
		p.rule()
		p.y += 1.2
	}
	p.gap()
}

// letter prints the letter, on a page of its own unless all of it goes here.
func (p *printer) letter(l Letter) {
	p.room(min(p.textHeight(l.Text)+3*lineHeight, bodyHeight))
	p.heading("Letter", headPoints)
	p.y += 1.5
	p.text(l.Text)
	p.gap()
}

func fileName(field dispute.EvidenceField) string { return string(field) + ".pdf" }
