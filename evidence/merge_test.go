package evidence

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

func mustMerge(t *testing.T, main []byte, attachments ...[]byte) ([]byte, int) {
	t.Helper()
	b, pages, err := merge(main, attachments, opened)
	if err != nil {
		t.Fatal(err)
	}
	return b, pages
}

func TestMergeKeepsTheOrderOfPages(t *testing.T) {
	t.Parallel()
	b, pages := mustMerge(t, testPDF("cover"), testPDF("first", "second"), testPDF("third"))
	ctx, err := openPDF(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(pdfWords(ctx)); cmp.Diff([]string{"cover", "first", "second", "third"}, got) != "" || pages != 4 {
		t.Errorf("%d pages with %v", pages, got)
	}
	again, _ := mustMerge(t, testPDF("cover"), testPDF("first", "second"), testPDF("third"))
	if !bytes.Equal(b, again) {
		t.Error("two runs differ")
	}
	if !bytes.Contains(b, []byte("D:20261120093000Z")) {
		t.Error("the date is not that of the dispute")
	}
	twice, pages := mustMerge(t, b, b)
	if _, err := openPDF(twice); err != nil || pages != 8 {
		t.Errorf("a merged file cannot be merged again: %d pages, %v", pages, err)
	}
}

func TestMergeDropsWhatRunsOrLeads(t *testing.T) {
	t.Parallel()
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetJavascript("app.alert('hello')")
	pdf.SetAttachments([]fpdf.Attachment{{Content: []byte("MZ"), Filename: "tool.exe"}})
	pdf.AddPage()
	pdf.SetFont("Helvetica", "", 14)
	pdf.CellFormat(50, 10, "read me", "", 0, "", false, 0, "https://evil.example")
	var in bytes.Buffer
	if err := pdf.Output(&in); err != nil {
		t.Fatal(err)
	}
	b, _ := mustMerge(t, blankPDF(), in.Bytes())
	for _, never := range []string{"/JavaScript", "/JS", "/URI", "evil.example", "/EmbeddedFile", "/Names", "tool.exe", "/Link"} {
		if bytes.Contains(b, []byte(never)) {
			t.Errorf("%s is kept", never)
		}
	}
	ctx, err := openPDF(b)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(pdfWords(ctx), "read me") {
		t.Error("what is on the page is lost")
	}
}

// filledForm is a PDF whose page tree hands down the size of its page, and
// whose page has a filled field and a link.
func filledForm() []byte {
	w := newPDFWriter()
	page, field, looks, link := w.newNumber(), w.newNumber(), w.newNumber(), w.newNumber()
	box := types.Array{types.Integer(0), types.Integer(0), types.Integer(300), types.Integer(300)}
	w.write(page, types.Dict{"Type": types.Name("Page"), "Parent": ref(pagesNumber), "Annots": types.Array{ref(field), ref(link)}}, nil)
	w.write(field, types.Dict{
		"Type": types.Name("Annot"), "Subtype": types.Name("Widget"), "FT": types.Name("Tx"), "T": types.StringLiteral("name"),
		"V": types.StringLiteral("Jana"), "Rect": box, "AP": types.Dict{"N": ref(looks)}, "P": ref(page), "F": types.Integer(4),
		"A": types.Dict{"S": types.Name("JavaScript"), "JS": types.StringLiteral("app.alert(1)")},
	}, nil)
	stream := []byte("BT (Jana) Tj ET")
	w.write(looks, types.Dict{"Type": types.Name("XObject"), "Subtype": types.Name("Form"), "BBox": box, "Length": types.Integer(len(stream))}, stream)
	w.write(link, types.Dict{"Type": types.Name("Annot"), "Subtype": types.Name("Link"), "Rect": box,
		"A": types.Dict{"S": types.Name("URI"), "URI": types.StringLiteral("https://evil.example")}}, nil)
	w.pages = types.Array{ref(page)}
	b := w.end(opened)
	return bytes.Replace(b, []byte("/Type/Pages>>"), []byte("/Type/Pages/MediaBox[0 0 300 300]>>"), 1)
}

func TestMergeKeepsFilledFieldsAndInheritedSizes(t *testing.T) {
	t.Parallel()
	b, _ := mustMerge(t, blankPDF(), filledForm())
	if !bytes.Contains(b, []byte("(Jana) Tj")) || !bytes.Contains(b, []byte("/Subtype/Stamp")) {
		t.Error("the filled field is lost")
	}
	if !bytes.Contains(b, []byte("/MediaBox[0 0 300 300]")) {
		t.Error("the size of the page is lost")
	}
	for _, never := range []string{"/Widget", "/JavaScript", "evil.example"} {
		if bytes.Contains(b, []byte(never)) {
			t.Errorf("%s is kept", never)
		}
	}
	if _, err := openPDF(b); err != nil {
		t.Error(err)
	}
}

func TestPDFWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`BT (a\)b) Tj (c) Tj ET`: "a)b c ",
		`[(41) -20 (11)] TJ`:     "4111 ",
		"(\x004\x001) Tj":        "41 ",
		`((nested)) Tj`:          "nested ",
		`(open`:                  "open",
	} {
		var out bytes.Buffer
		appendLiterals(&out, []byte(in))
		if out.String() != want {
			t.Errorf("appendLiterals(%q) = %q, want %q", in, out.String(), want)
		}
	}
}
