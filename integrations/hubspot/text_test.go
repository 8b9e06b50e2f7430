package hubspot

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                     "",
		"plain":                                "plain",
		"two\nlines\n\n  and a third ":         "two\nlines\nand a third",
		"5 < 6 & 7 > 3":                        "5 < 6 & 7 > 3",
		"I <3 it":                              "I <3 it",
		"<p>Hello <b>Ada</b>,</p><p>bye</p>":   "Hello Ada,\nbye",
		"one<br>two<br/>three":                 "one\ntwo\nthree",
		"<ul><li>a</li><li>b</li></ul>":        "a\nb",
		"Tom &amp; Jerry &lt;t@x.example&gt;":  "Tom & Jerry <t@x.example>",
		"a&nbsp;b":                             "a b",
		"a<script>alert('x')</script>b":        "ab",
		"<style>p{color:red}</style><p>a</p>":  "a",
		"a<!-- secret -->b":                    "ab",
		`<a href="https://x.example">here</a>`: "here",
		"<p>never closed":                      "never closed",
		"<head><body>shown":                    "shown",
		"nul \x00 and bell \a":                 "nul and bell",
		"old\rand new\r\nline ends":            "old\nand new\nline ends",
		"broken \xff byte":                     "broken \uFFFD byte",
	} {
		if got := plainText(in); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<div><p>Hello</p><p>a &lt; b</p></div>")
	f.Add("<script>x</script><title>t")
	f.Add("a < b <br")
	f.Add("\x00\xff<!--")
	f.Add("0\r0")
	f.Fuzz(func(t *testing.T, s string) {
		got := plainText(s)
		if !utf8.ValidString(got) || got != strings.TrimSpace(got) {
			t.Errorf("%q reads as %q", s, got)
		}
		for _, r := range got {
			if r != '\n' && unicode.IsControl(r) {
				t.Errorf("%q keeps the control character %U", s, r)
			}
		}
		if again := tidy(got); again != got {
			t.Errorf("%q is not tidy: %q", got, again)
		}
		if !strings.ContainsAny(s, "<&\r") && got != tidy(s) {
			t.Errorf("%q has no markup, but reads as %q", s, got)
		}
	})
}
