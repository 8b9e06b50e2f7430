package hubspot

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// plainText is what a reader sees of a piece of HTML: no tags, no scripts, one
// space between words, one line for each paragraph. Text without tags stays as
// it is, but for its spacing.
func plainText(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	hidden := "" // the element whose content nobody sees
	for {
		switch z.Next() {
		case html.ErrorToken: // the end; a reader of a string has no other error
			return tidy(b.String())
		case html.TextToken:
			if hidden == "" {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			tag := tagName(z)
			if hidden == "" && invisible[tag] {
				hidden = tag
			}
			if breaks[tag] {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			tag := tagName(z)
			if tag == hidden {
				hidden = ""
			}
			if breaks[tag] {
				b.WriteByte('\n')
			}
		case html.SelfClosingTagToken:
			if breaks[tagName(z)] {
				b.WriteByte('\n')
			}
		case html.CommentToken, html.DoctypeToken: // nobody sees them
		}
	}
}

var (
	invisible = set("script", "style", "title", "template")
	breaks    = set("address", "blockquote", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6",
		"hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func tagName(z *html.Tokenizer) string {
	tag, _ := z.TagName()
	return string(tag)
}

// tidy leaves one space between words, and drops empty lines and characters
// that no page shows.
func tidy(s string) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var lines []string
	for line := range strings.Lines(shown) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return strings.Join(lines, "\n")
}
