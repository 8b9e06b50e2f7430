package evidence

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// copied is a file made of the pages of others.
func copied(t testing.TB, files ...[]byte) []byte {
	t.Helper()
	w := newPDFWriter()
	for _, file := range files {
		ctx, err := openPDF(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.copyPages(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return w.end(opened)
}

func blankPDF() []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddPage()
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func TestCopyKeepsTheOrderOfPages(t *testing.T) {
	t.Parallel()
	b := copied(t, testPDF("cover"), testPDF("first", "second"), testPDF("third"))
	if diff := cmp.Diff([]string{"cover", "first", "second", "third"}, strings.Fields(textOf(t, b))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !bytes.Equal(b, copied(t, testPDF("cover"), testPDF("first", "second"), testPDF("third"))) {
		t.Error("two runs differ")
	}
	if !bytes.Contains(b, []byte("D:20261120093000+00'00'")) {
		t.Error("the date is not that of the dispute")
	}
	if twice, err := openPDF(copied(t, b, b)); err != nil || twice.PageCount != 8 {
		t.Errorf("a copied file cannot be copied again: %v", err)
	}
}

// hostilePDF runs, leads elsewhere and carries a file.
func hostilePDF(t testing.TB) []byte {
	t.Helper()
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
	return in.Bytes()
}

func TestCopyDropsWhatRunsOrLeads(t *testing.T) {
	t.Parallel()
	b := copied(t, hostilePDF(t))
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

func TestCopyKeepsFilledFieldsAndInheritedSizes(t *testing.T) {
	t.Parallel()
	b := copied(t, filledForm())
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
