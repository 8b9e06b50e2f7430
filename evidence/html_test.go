package evidence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadable(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"paragraphs", "<p>Hello  <b>Acme</b>,</p>\n<p>it fits.<br>Thanks</p>", "Hello Acme,\n\nit fits.\nThanks"},
		{"points", "<ul><li>blue</li><li><p>size 39</p></li></ul>", "• blue\n\n• size 39"},
		{"a table", "<table><tr><th>Article</th><th>Price</th></tr><tr><td>Shoes</td><td>129.00</td></tr></table>", "Article | Price\nShoes | 129.00"},
		{"quotes in quotes", "<p>Yes.</p><blockquote>Did it come?<blockquote><p>Sent.</p></blockquote></blockquote>", "Yes.\n\n> Did it come?\n\n> > Sent."},
		{"links are their text", `See <a href="https://evil.example">this</a><a href="https://evil.example"></a>.`, "See this."},
		{"nothing remote, nothing that runs", `<img src="https://evil.example/p.gif"><script>x()</script><style>p{}</style><iframe src="//e">no</iframe>ok`, "ok"},
		{"nothing hidden", `<div style="display: none">preview</div><span hidden>x</span><p style="font-size:0">y</p>seen`, "seen"},
		{"as it was typed", "<pre>a  b\n c</pre>", "a b\nc"},
		{"entities", "5 &lt; 6 &amp;&nbsp;7<br>", "5 < 6 & 7"},
		{"a number across tags", "<b>4111</b><i> 1111</i> 1111 1111", "4111 1111 1111 1111"},
		{"nested deeper than any mail", strings.Repeat("<b>", 3000) + "words", "words"},
		{"broken", "<p>open <b>and <p>on", "open and\n\non"},
		{"nothing", "<div></div>", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, readable(tt.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsHTML(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"Hello<br/>you": true, "<DIV class=\"x\">a</DIV>": true, "<a href='x'>y</a>": true,
		"Jana <jana@example.com> wrote": false, "1 < 2 and 3 > 2": false, "<3": false, "a <b and c": false, "": false,
	} {
		if got := isHTML(in); got != want {
			t.Errorf("isHTML(%q) = %v", in, got)
		}
	}
}

// Whatever comes in, what comes out is not much longer.
func FuzzReadable(f *testing.F) {
	f.Add(sampleMail)
	f.Add("<table><tr><td>a<td>b</table><blockquote><li>x")
	f.Add("<pre>\n\n</pre><p style=\"display:none\">")
	f.Fuzz(func(t *testing.T, in string) {
		out := readable(in)
		if len(out) > 8*len(in)+16 {
			t.Errorf("%d bytes of %d", len(out), len(in))
		}
		if strings.Contains(out, "\n\n\n") {
			t.Errorf("two empty lines in %q", out)
		}
	})
}

func TestChat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []turn
	}{
		{"with dates", "[2026-11-05 09:12] Jana: Hi: you\n[2026-11-05 09:13:20] Acme Support: Yes",
			[]turn{{"2026-11-05 09:12", "Jana", "Hi: you"}, {"2026-11-05 09:13:20", "Acme Support", "Yes"}}},
		{"with hours", "09:12 - Jana: Hi\n\n9:13 AM · Acme · Yes\nand more", []turn{{"09:12", "Jana", "Hi"}, {"9:13 AM", "Acme", "Yes\nand more"}}},
		{"a mail", "Hello,\n09:12 Jana: Hi\n09:13 Acme: Yes", nil},
		{"one line", "09:12 Jana: Hi", nil},
		{"times in a text", "It came at 09:12 in the morning\nand not at 10:00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := chat(tt.in)
			if !ok {
				got = nil
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(turn{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzChat(f *testing.F) {
	f.Add(sampleChat)
	f.Add("09:12 a: b\n\n9:13 c | d")
	f.Fuzz(func(t *testing.T, in string) {
		turns, ok := chat(in)
		if ok && len(turns) > 1+strings.Count(in, "\n") {
			t.Errorf("%d turns of %q", len(turns), in)
		}
		for _, turn := range turns {
			if turn.at == "" || turn.who == "" || turn.text == "" {
				t.Errorf("an empty part in %+v", turn)
			}
		}
	})
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		depth int
		rest  string
	}{
		"plain": {0, "plain"}, "> one": {1, "one"}, ">> two": {2, "two"}, "> > two": {2, "two"},
		">": {1, ""}, "a > b": {0, "a > b"}, ">>>>>>>> deep": {maxQuotes, ">> deep"},
	} {
		depth, rest := quoted(in)
		if depth != want.depth || rest != want.rest {
			t.Errorf("quoted(%q) = %d, %q", in, depth, rest)
		}
	}
}
