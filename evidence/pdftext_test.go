package evidence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// pdfWords is the text layer of a whole file.
func pdfWords(ctx *model.Context) string {
	var out strings.Builder
	r := newPageReader(ctx)
	for n := 1; n <= ctx.PageCount; n++ {
		look, err := r.page(n)
		if err != nil {
			return err.Error()
		}
		out.WriteString(look.text + "\n")
	}
	return out.String()
}

// layer reads the text of a content stream that has no fonts.
func layer(content string) string {
	r := newPageReader(nil)
	if err := r.run([]byte(content), nil, 0); err != nil {
		return err.Error()
	}
	return r.text.String()
}

func TestTextOfAPage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`BT (a\)b) Tj (c) Tj ET`:                   "a)bc\n",
		`[(41) -20 (11)] TJ`:                       "4111",
		`[(41) -300 (11)] TJ`:                      "41 11",
		`(4111) Tj 10 0 Td (1111) Tj`:              "4111\n1111",
		`<34313131> Tj <3> Tj`:                     "41110",
		"(\x004\x001) Tj":                          "41",
		`((nested)) Tj`:                            "(nested)",
		`(\064\61\n1) Tj`:                          "411",
		`(open`:                                    "",
		"% (comment)\n(a) Tj":                      "a",
		"BI /W 1 ID \xff(x) EI (a) Tj":             "a",
		`/Span <</ActualText (b)>> BDC (a) Tj EMC`: "a",
		`3 Tr (hidden) Tj`:                         "hidden",
	} {
		if got := layer(in); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
}

func TestWhatIsPainted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"":                               false,
		"q 1 g 0 0 100 100 re f Q":       false,
		"1 1 1 rg 0 0 100 100 re f":      false,
		"0 0 100 100 re f":               true,
		"q 1 g Q 0 0 9 9 re f":           true,
		"0 0 m 9 9 l S":                  true,
		"(   ) Tj":                       false,
		"3 Tr (a) Tj":                    false,
		"(a) Tj":                         true,
		"BI /W 1 ID x EI":                true,
		"1 1 1 0 k 0 0 9 9 re f":         true,
		"/Cs1 cs 1 1 1 scn 0 0 9 9 re f": false,
	} {
		r := newPageReader(nil)
		if err := r.run([]byte(in), nil, 0); err != nil || r.look.painted != want {
			t.Errorf("%q: painted %v, %v", in, r.look.painted, err)
		}
	}
}

func TestFontDecodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, cmap, codes, want string
		wide                    bool
	}{
		{"single codes", "1 beginbfchar <01> <0034> <02> <00660069> endbfchar", "\x01\x02", "4fi", false},
		{"a range", "1 beginbfrange <0010> <0012> <0031> endbfrange", "\x00\x10\x00\x12", "13", true},
		{"a range one by one", "1 beginbfrange <10> <12> [<0034> <0031> <0039>] endbfrange", "\x10\x11\x12", "419", false},
		{"all codes", "1 beginbfrange <0000> <FFFF> <0000> endbfrange", "\x00\x34\x04\x16", "4Ж", true},
		{"backwards", "1 beginbfrange <12> <10> <0031> endbfrange", "\x12", "", false},
		{"cut", "1 beginbfrange <10> <12>", "1", "1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &font{wide: tt.wide, unicode: map[string]string{}}
			f.readCMap([]byte(tt.cmap))
			if diff := cmp.Diff(tt.want, f.decode([]byte(tt.codes))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzPageText(f *testing.F) {
	for _, seed := range []string{
		`BT /F1 12 Tf [(41) -300 (11)] TJ ET`, "BI /W 1 ID \xff EI", `(\064\)`, "<34 31>", "%", "/", "<<", "1 beginbfrange <00> <FF> <0000> endbfrange",
		"1 beginbfrange <0000> <FFFF> [<0041>] endbfrange",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newPageReader(nil)
		if err := r.run(b, nil, 0); err != nil {
			t.Fatal(err)
		}
		font := &font{wide: true, unicode: map[string]string{}}
		font.readCMap(b)
		if len(font.unicode) > maxMapped || len(font.spans) > maxSpans {
			t.Fatalf("%d codes and %d spans", len(font.unicode), len(font.spans))
		}
		if s := font.decode(b); strings.Count(s, "\x00") > len(b)*longRange {
			t.Fatal("more than was put in")
		}
	})
}
