package httpsource

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// part is one part of an answer on its way to an item: each of its methods reads
// one member and, when that cannot be used, spoils the part.
type part struct {
	r       *reader
	path    string
	facts   map[string]string
	spoiled bool
}

func (r *reader) part(path string) *part {
	return &part{r: r, path: path, facts: map[string]string{}}
}

func (p *part) fault(key, want string) {
	p.spoiled = true
	p.r.fault(p.path+"."+key, want)
}

func (p *part) need(key string, has bool) {
	if !has {
		p.fault(key, "is missing")
	}
}

func (p *part) set(fact, value string) {
	if value != "" {
		p.facts[fact] = value
	}
}

// words checks a text, hides card numbers in it and drops characters that no
// page shows.
func (p *part) words(key, value string) string {
	if utf8.RuneCountInString(value) > maxText {
		p.fault(key, fmt.Sprintf("has more than %d characters", maxText))
		return ""
	}
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, value)
	return maskCards(strings.TrimSpace(shown))
}

func (p *part) text(fact, key, value string) { p.set(fact, p.words(key, value)) }

// id checks an identifier. One that is a card number is refused, because hidden
// it would identify nobody.
func (p *part) id(key, value string) string {
	id := p.number(key, value)
	if isCard(id) {
		p.fault(key, "is a card number by its form: want another identifier")
	}
	return id
}

// number is an identifier that may look like a card number, as tracking numbers
// do.
func (p *part) number(key, value string) string {
	if utf8.RuneCountInString(value) > maxID || strings.ContainsFunc(value, unicode.IsControl) {
		p.fault(key, fmt.Sprintf("want at most %d characters that can be printed", maxID))
	}
	return strings.TrimSpace(value)
}

func (p *part) ident(fact, key, value string) { p.set(fact, p.id(key, value)) }

// time reads a time with its zone; the zero time is one that is not given.
func (p *part) time(key, value string) time.Time {
	if value == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		p.fault(key, "want a time with its zone, as in 2026-09-01T08:00:00Z")
	}
	return at.UTC()
}

func (p *part) at(fact, key, value string) time.Time {
	at := p.time(key, value)
	if !at.IsZero() {
		p.facts[fact] = at.Format(time.RFC3339)
	}
	return at
}

func (p *part) ip(key, value string) string {
	if value == "" {
		return ""
	}
	ip, err := netip.ParseAddr(value)
	if err != nil || ip.Zone() != "" {
		p.fault(key, "want an IP address")
		return ""
	}
	return ip.String()
}

func (p *part) amount(fact, key, value string) {
	if value == "" {
		return
	}
	m, err := dispute.ParseMoney(value)
	if err != nil || m.Minor < 0 {
		p.fault(key, `want an amount and its currency, as in "129.00 USD"`)
		return
	}
	p.facts[fact] = m.String()
}

func (p *part) oneOf(key, value string, allowed ...string) {
	if value == "" {
		return
	}
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	p.fault(key, "want one of "+strings.Join(allowed, ", "))
}

func (p *part) flag(fact string, value *bool) {
	if value != nil {
		p.facts[fact] = map[bool]string{true: "yes", false: "no"}[*value]
	}
}

// keep makes the item, unless the part is spoiled or says nothing.
func (p *part) keep(item dispute.Item) (kept bool) {
	if p.spoiled || len(p.facts)+len(item.Log)+len(item.Content) == 0 {
		return false
	}
	if p.r.ids[item.ID] {
		p.r.fault(p.path, "its id was used before")
		return false
	}
	p.r.ids[item.ID] = true
	item.Facts = p.facts
	p.r.found.items = append(p.r.found.items, item)
	return true
}
