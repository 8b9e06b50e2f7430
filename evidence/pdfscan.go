package evidence

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// scanner splits a content stream or a CMap into tokens (ISO 32000-1, 7.2 and
// 7.3). It takes any bytes and always ends.
type scanner struct {
	b  []byte
	at int
}

type tokenKind int

const (
	tokenOperator tokenKind = iota
	tokenName               // without its slash
	tokenNumber
	tokenString // decoded
	tokenMark   // [ ] << >> { }
)

type token struct {
	kind tokenKind
	text []byte
}

func (t token) number() float64 {
	f, err := strconv.ParseFloat(string(t.text), 64)
	if err != nil {
		return 0
	}
	return f
}

// next gives the next token; ok is false at the end.
func (s *scanner) next() (t token, ok bool) {
	s.skipSpace()
	if s.at >= len(s.b) {
		return token{}, false
	}
	switch c := s.b[s.at]; {
	case c == '(':
		return token{tokenString, s.literal()}, true
	case c == '<' && !s.follows('<'):
		return token{tokenString, s.hex()}, true
	case c == '<' || c == '>' && s.follows('>'):
		s.at += 2
		return token{tokenMark, s.b[s.at-2 : s.at]}, true
	case bytes.IndexByte([]byte("[]{}>)"), c) >= 0:
		s.at++
		return token{tokenMark, s.b[s.at-1 : s.at]}, true
	case c == '/':
		s.at++
		return token{tokenName, s.word()}, true
	}
	word := s.word()
	if bytes.IndexByte([]byte("+-.0123456789"), word[0]) >= 0 {
		return token{tokenNumber, word}, true
	}
	return token{tokenOperator, word}, true
}

func (s *scanner) follows(c byte) bool { return s.at+1 < len(s.b) && s.b[s.at+1] == c }

func (s *scanner) skipSpace() {
	for s.at < len(s.b) {
		switch {
		case isPDFSpace(s.b[s.at]):
			s.at++
		case s.b[s.at] == '%':
			end := bytes.IndexAny(s.b[s.at:], "\r\n")
			if end < 0 {
				s.at = len(s.b)
				return
			}
			s.at += end
		default:
			return
		}
	}
}

func isPDFSpace(c byte) bool { return bytes.IndexByte([]byte("\x00\t\n\f\r "), c) >= 0 }

// word is what runs up to the next space or delimiter.
func (s *scanner) word() []byte {
	from := s.at
	for s.at < len(s.b) && !isPDFSpace(s.b[s.at]) && bytes.IndexByte([]byte("()<>[]{}/%"), s.b[s.at]) < 0 {
		s.at++
	}
	return s.b[from:s.at]
}

// literal is a string in parentheses, which may nest.
func (s *scanner) literal() []byte {
	var out []byte
	depth := 0
	for ; s.at < len(s.b); s.at++ {
		c := s.b[s.at]
		switch c {
		case '\\':
			out = s.escaped(out)
			continue
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				s.at++
				return out
			}
		}
		out = append(out, c)
	}
	return out
}

// escapes are the letters behind a backslash and what they mean.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// escaped reads what a backslash stands for and stays on its last byte.
func (s *scanner) escaped(out []byte) []byte {
	if s.at++; s.at >= len(s.b) {
		return out
	}
	c := s.b[s.at]
	switch {
	case c == '\r' && s.follows('\n'):
		s.at++
		return out
	case c == '\n' || c == '\r':
		return out
	case c < '0' || c > '7':
		if meant, ok := escapes[c]; ok {
			c = meant
		}
		return append(out, c)
	}
	value := c - '0'
	for range 2 {
		if s.at+1 >= len(s.b) || s.b[s.at+1] < '0' || s.b[s.at+1] > '7' {
			break
		}
		s.at++
		value = value*8 + s.b[s.at] - '0' // what does not fit is dropped (ISO 32000-1, 7.3.4.2)
	}
	return append(out, value)
}

// hex is a string in angle brackets.
func (s *scanner) hex() []byte {
	s.at++
	end := bytes.IndexByte(s.b[s.at:], '>')
	if end < 0 {
		end = len(s.b) - s.at
	}
	digits := bytes.Join(bytes.Fields(s.b[s.at:s.at+end]), nil)
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	s.at = min(s.at+end+1, len(s.b))
	out := make([]byte, len(digits)/2)
	n, err := hex.Decode(out, digits)
	if err != nil {
		return out[:n]
	}
	return out
}

// skipInlineImage goes behind the picture that BI began.
func (s *scanner) skipInlineImage() {
	for at := s.at; ; {
		end := bytes.Index(s.b[at:], []byte("EI"))
		if end < 0 {
			s.at = len(s.b)
			return
		}
		at += end + 2
		before := s.b[at-3]
		if isPDFSpace(before) && (at == len(s.b) || isPDFSpace(s.b[at])) {
			s.at = at
			return
		}
	}
}
