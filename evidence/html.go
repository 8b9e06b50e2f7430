package evidence

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// markup finds a tag that mail programs and chats write. A lone "<" or an
// address in angle brackets is none.
var markup = regexp.MustCompile(`(?i)</?(html|body|head|p|br|div|span|table|tr|td|ul|ol|li|a|b|i|u|em|strong|font|blockquote|pre|style|h[1-6])(\s[^<>]*)?/?>`)

func isHTML(s string) bool { return markup.MatchString(s) }

// readable turns HTML into the plain lines that a person sees: paragraphs,
// "> " before quotes, "• " before points, cells of a row divided by " | ". Links
// are their text; pictures, scripts, styles and what is hidden are left out, and
// nothing is fetched.
func readable(s string) string {
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil { // nested deeper than any mail: its words alone
		return bare(s)
	}
	var r reader
	r.children(doc)
	r.paragraph()
	return strings.TrimSpace(strings.Join(r.lines, "\n"))
}

func bare(s string) string {
	var sb strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for z.Next() != html.ErrorToken {
		if t := z.Token(); t.Type == html.TextToken {
			sb.WriteString(t.Data)
		}
	}
	return sb.String()
}

// point is what stands before each point of a list.
const point = "• "

// reader collects the lines of a document.
type reader struct {
	lines  []string
	line   strings.Builder
	quotes int  // how deep in quotes
	exact  bool // in preformatted text
}

func (r *reader) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c)
	}
}

func (r *reader) node(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		r.text(n.Data)
	case n.Type != html.ElementNode:
		r.children(n)
	case !invisible(n):
		r.element(n)
	}
}

func (r *reader) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript,
		atom.Iframe, atom.Object, atom.Svg, atom.Button, atom.Select, atom.Textarea:
		return
	case atom.Br:
		r.flush()
	case atom.Hr:
		r.paragraph()
	case atom.Td, atom.Th:
		if strings.TrimSpace(r.line.String()) != "" {
			r.line.WriteString(" | ")
		}
		r.children(n)
	case atom.Tr, atom.Div, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer:
		r.flush()
		r.children(n)
		r.flush()
	case atom.Li:
		r.flush()
		r.line.WriteString(point)
		r.children(n)
		r.flush()
		r.line.Reset()
	case atom.Blockquote:
		r.paragraph()
		r.quotes++
		r.children(n)
		r.flush()
		r.quotes--
		r.paragraph()
	case atom.Pre:
		r.paragraph()
		r.exact = true
		r.children(n)
		r.exact = false
		r.paragraph()
	case atom.P, atom.Table, atom.Ul, atom.Ol, atom.Dl,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.paragraph()
		r.children(n)
		r.paragraph()
	default:
		r.children(n)
	}
}

func (r *reader) text(s string) {
	if !r.exact {
		r.line.WriteString(blanks.ReplaceAllString(s, " "))
		return
	}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			r.flush()
		}
		r.line.WriteString(line)
	}
}

var blanks = regexp.MustCompile(`\s+`)

// flush ends the line, if there is one.
func (r *reader) flush() {
	line := strings.TrimRight(oneLine(r.line.String()), "| ")
	r.line.Reset()
	switch line {
	case "":
	case strings.TrimSpace(point): // its words are in a paragraph
		r.line.WriteString(point)
	default:
		r.lines = append(r.lines, strings.Repeat("> ", min(r.quotes, maxQuotes))+line)
	}
}

// paragraph ends the line and leaves one line empty.
func (r *reader) paragraph() {
	r.flush()
	if n := len(r.lines); n > 0 && r.lines[n-1] != "" {
		r.lines = append(r.lines, "")
	}
}

// unseen are the styles that senders hide preview texts and trackers with.
var unseen = regexp.MustCompile(`(?i)(display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(px|pt|em|%)?\s*(;|$))`)

func invisible(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "style" && unseen.MatchString(a.Val) {
			return true
		}
	}
	return false
}
