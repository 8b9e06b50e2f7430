package salesforce

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// selection is the part of SOQL that the org understands: SELECT fields FROM
// table WHERE condition ORDER BY fields LIMIT n.
type selection struct {
	fields []string
	table  string
	fits   func(object) bool
	limit  int
}

// pick gives the records that fit, in the table's own order, which is by time.
func (s selection) pick(table []object) []object {
	out := []object{}
	for _, r := range table {
		if len(out) == s.limit || !s.fits(r) {
			continue
		}
		shown := object{"attributes": object{"type": s.table, "url": fmt.Sprintf("/services/data/v62.0/sobjects/%s/%v", s.table, r["Id"])}}
		for _, f := range s.fields {
			if outer, inner, deeper := strings.Cut(f, "."); deeper {
				shown[outer] = object{inner: r[f]}
			} else {
				shown[f] = r[f]
			}
		}
		out = append(out, shown)
	}
	return out
}

// unknown is a field that the records do not have; empty when there is none.
func (s selection) unknown(table []object) string {
	for _, f := range s.fields {
		if _, known := table[0][f]; !known {
			return f
		}
	}
	return ""
}

// words are a string, a name, a number or a time, or a sign.
var words = regexp.MustCompile(`^(?:'(?:[^'\\]|\\.)*'|[A-Za-z0-9_.:\-]+|!=|>=|<=|[=(),])`)

type parser struct{ words []string }

var errQuery = errors.New("unexpected token")

func parse(soql string) (selection, error) {
	p := &parser{}
	for rest := strings.TrimSpace(soql); rest != ""; rest = strings.TrimSpace(rest) {
		word := words.FindString(rest)
		if word == "" {
			return selection{}, errQuery
		}
		p.words, rest = append(p.words, word), rest[len(word):]
	}
	s, err := p.selection()
	if err == nil && len(p.words) > 0 {
		err = errQuery
	}
	return s, err
}

// take reports whether the next word is this one, and takes it then.
func (p *parser) take(word string) bool {
	if len(p.words) == 0 || !strings.EqualFold(p.words[0], word) {
		return false
	}
	p.words = p.words[1:]
	return true
}

// next takes the next word; empty at the end.
func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

func (p *parser) selection() (s selection, err error) {
	if !p.take("SELECT") {
		return s, errQuery
	}
	for s.fields = []string{p.next()}; p.take(","); {
		s.fields = append(s.fields, p.next())
	}
	if !p.take("FROM") {
		return s, errQuery
	}
	s.table, s.limit, s.fits = p.next(), 2000, func(object) bool { return true }
	if p.take("WHERE") {
		if s.fits, err = p.either(); err != nil {
			return s, err
		}
	}
	if p.take("ORDER") && p.take("BY") {
		for p.next(); p.take(","); {
			p.next()
		}
	}
	if p.take("LIMIT") {
		s.limit, err = strconv.Atoi(p.next())
	}
	return s, err
}

type condition = func(object) bool

func (p *parser) either() (condition, error) {
	all, err := p.both()
	if err != nil {
		return nil, err
	}
	parts := []condition{all}
	for p.take("OR") {
		next, err := p.both()
		if err != nil {
			return nil, err
		}
		parts = append(parts, next)
	}
	return func(r object) bool { return slices.ContainsFunc(parts, func(c condition) bool { return c(r) }) }, nil
}

func (p *parser) both() (condition, error) {
	one, err := p.one()
	if err != nil {
		return nil, err
	}
	parts := []condition{one}
	for p.take("AND") {
		next, err := p.one()
		if err != nil {
			return nil, err
		}
		parts = append(parts, next)
	}
	return func(r object) bool { return !slices.ContainsFunc(parts, func(c condition) bool { return !c(r) }) }, nil
}

func (p *parser) one() (condition, error) {
	if p.take("(") {
		c, err := p.either()
		if err == nil && !p.take(")") {
			err = errQuery
		}
		return c, err
	}
	field, sign := p.next(), p.next()
	if strings.EqualFold(sign, "IN") {
		return p.oneOf(field)
	}
	value, ok := literal(p.next())
	if !ok {
		return nil, errQuery
	}
	switch strings.ToUpper(sign) {
	case "=":
		return func(r object) bool { return strings.EqualFold(text(r[field]), value) }, nil
	case "!=":
		return func(r object) bool { return !strings.EqualFold(text(r[field]), value) }, nil
	case "LIKE": // with % at the ends
		return func(r object) bool { return strings.Contains(text(r[field]), strings.Trim(value, "%")) }, nil
	case ">=": // times, which compare as texts do
		return func(r object) bool { return text(r[field]) >= value }, nil
	}
	return nil, errQuery
}

func (p *parser) oneOf(field string) (condition, error) {
	if !p.take("(") {
		return nil, errQuery
	}
	var values []string
	for more := true; more; more = p.take(",") {
		value, ok := literal(p.next())
		if !ok {
			return nil, errQuery
		}
		values = append(values, value)
	}
	if !p.take(")") {
		return nil, errQuery
	}
	return func(r object) bool { return slices.Contains(values, text(r[field])) }, nil
}

// literal is the value of a string without its quotes and escapes, or of a word.
func literal(word string) (value string, ok bool) {
	if !strings.HasPrefix(word, "'") {
		return word, word != "" && !strings.ContainsAny(word, "(),=")
	}
	var b strings.Builder
	escaped := false
	for _, r := range word[1 : len(word)-1] {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		b.WriteRune(r)
		escaped = false
	}
	return b.String(), true
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
