package evidence

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// drawn builds a PDF; each function draws one page.
func drawn(pages ...func(*fpdf.Fpdf)) []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(opened)
	pdf.SetModificationDate(opened)
	pdf.AddUTF8FontFromBytes("go", "", regularTTF)
	for _, draw := range pages {
		pdf.AddPage()
		draw(pdf)
	}
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func nothing(*fpdf.Fpdf) {}

func whiteBox(pdf *fpdf.Fpdf) {
	pdf.SetFillColor(255, 255, 255)
	pdf.Rect(0, 0, 210, 297, "F")
}

func says(text string) func(*fpdf.Fpdf) {
	return func(pdf *fpdf.Fpdf) {
		pdf.SetFont("go", "", 12)
		pdf.Cell(0, 10, text)
	}
}

// scanned is a page that is a picture.
func scanned(img image.Image, quality int) func(*fpdf.Fpdf) {
	return func(pdf *fpdf.Fpdf) {
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
			panic(err)
		}
		options := fpdf.ImageOptions{ImageType: "JPEG"}
		name := fmt.Sprintf("scan%d", pdf.PageNo())
		pdf.RegisterImageOptionsReader(name, options, &buf)
		pdf.ImageOptions(name, 0, 0, 210, 0, false, options, 0, "")
	}
}

func paper(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xf8
	}
	img.SetGray(w/2, h/2, color.Gray{0}) // a grain of dust
	return img
}

func looked(t *testing.T, b []byte) (pdfSource, string, error) {
	t.Helper()
	ctx, err := openPDF(b)
	if err != nil {
		t.Fatal(err)
	}
	return lookThrough(ctx)
}

func TestLookThrough(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		b     []byte
		keep  []int
		limit string // of the only finding, or of the error
		says  string
	}{
		{"words", testPDF("one", "two"), []int{1, 2}, "", ""},
		{"blank pages", drawn(nothing, says("two"), whiteBox, scanned(paper(800, 1100), 60)), []int{2}, LimitBlankPages, "removed"},
		{"nothing but blank pages", drawn(nothing, whiteBox), nil, LimitBlankPages, "every page is blank"},
		{"scans", drawn(scanned(noise(600, 800), 70)), []int{1}, "", ""},
		{"a card on one page", drawn(says("hello"), says("card 4111 1111 1111 1111")), []int{1}, LimitCardNumber, "page 2 shows a card number"},
		{"a card on every page", drawn(says("4111111111111111")), nil, LimitCardNumber, "black it out"},
		{"a card in simple text", testPDF("Card: 4111 1111 1111 1111"), nil, LimitCardNumber, "black it out"},
		{"a code", drawn(says("one"), says("CVV 123")), []int{1}, LimitCardCode, "page 2"},
		{"a social security number", drawn(says("one"), says("SSN 123-45-6789")), []int{1}, LimitIdentity, "page 2"},
		{"an account stays", drawn(says("IBAN DE89 3704 0044 0532 0130 00")), []int{1}, "", ""},
		{"scripts and attached files", scripted(), []int{1}, LimitActive, "removed: attached files, scripts"},
		{"a filled form", filledForm(), []int{1}, LimitActive, "scripts"},
		{"a folder of files", rooted("Collection", types.Dict{}), nil, LimitActive, "one by one"},
		{"a form for one program", rooted("NeedsRendering", types.Boolean(true)), nil, LimitActive, "XFA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, limit, err := looked(t, tt.b)
			said := ""
			switch {
			case err != nil && tt.keep != nil:
				t.Fatal(err)
			case err != nil:
				s.keep, said = nil, err.Error()
			case len(s.lint) == 1:
				limit, said = s.lint[0].Limit, s.lint[0].Action
			case len(s.lint) > 1:
				t.Errorf("findings %+v", s.lint)
			}
			if diff := cmp.Diff(tt.keep, s.keep); diff != "" || limit != tt.limit || !strings.Contains(said, tt.says) {
				t.Errorf("pages (-want +got): %s; %s says %q, want %s that says %q", diff, limit, said, tt.limit, tt.says)
			}
		})
	}
}

func scripted() []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetJavascript("app.alert('hello')")
	pdf.SetAttachments([]fpdf.Attachment{{Content: []byte("MZ"), Filename: "tool.exe"}})
	pdf.AddPage()
	pdf.SetFont("Helvetica", "", 14)
	pdf.Cell(50, 10, "read me")
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// rooted is a PDF with one more entry in its catalogue.
func rooted(key string, value types.Object) []byte {
	entry := types.Dict{key: value}.PDFString()
	entry = strings.TrimSuffix(strings.TrimPrefix(entry, "<<"), ">>")
	return bytes.Replace(filledForm(), []byte("/Type/Catalog"), []byte(entry+"/Type/Catalog"), 1)
}

func TestRemade(t *testing.T) {
	t.Parallel()
	scan := noise(1654, 2339)
	b := drawn(says("first words"), nothing, scanned(scan, 90), says("last words"))
	s, _, err := looked(t, b)
	if err != nil {
		t.Fatal(err)
	}
	last := len(b)
	for _, q := range qualities {
		out, err := remade(b, s, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) >= last {
			t.Errorf("%v: %d bytes, the step before had %d", q, len(out), last)
		}
		last = len(out)
		ctx, err := openPDF(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(pdfWords(ctx)); cmp.Diff([]string{"first", "words", "last", "words"}, got) != "" || ctx.PageCount != 3 {
			t.Errorf("%v: %d pages with %v", q, ctx.PageCount, got)
		}
		again, err := remade(b, s, q)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("%v: two runs differ, %v", q, err)
		}
	}
	if words := testPDF("one", "two"); !bytes.Equal(words, mustRemake(t, words)) {
		t.Error("a PDF of words was made anew")
	}
}

func mustRemake(t *testing.T, b []byte) []byte {
	t.Helper()
	s, _, err := looked(t, b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := remade(b, s, qualities[len(qualities)-1])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLadderKeepsToTheProvidersDots(t *testing.T) {
	t.Parallel()
	for _, q := range ladder(Limits{DPI: 96, Gray: true}) {
		if q.dpi > 96 || q.width > 685 || !q.grey || q.lossless {
			t.Errorf("%+v", q)
		}
	}
	if diff := cmp.Diff(qualities, ladder(Limits{DPI: 300}), cmp.AllowUnexported(quality{})); diff != "" {
		t.Error(diff)
	}
}

// Files that are opened one by one give the same packet as files at hand.
func TestOpenedFilesMakeTheSamePacket(t *testing.T) {
	t.Parallel()
	in := Input{Case: testCase(dispute.FamilyGeneral), Items: append(sale(),
		docItem("scan", "", drawn(says("hello"), scanned(noise(700, 900), 90))), docItem("photo", "", testJPEG(noise(900, 700)))),
		Limits: stripeLimits()}
	in.Limits.TotalBytes = 400_000
	want := mustCompose(t, in)
	files := map[string][]byte{}
	for i := range in.Items {
		it := &in.Items[i]
		if it.Content != nil {
			files[it.ID], it.Content = it.Content, nil
		}
	}
	opened := 0
	in.Open = func(it dispute.Item) ([]byte, error) {
		opened++
		return files[it.ID], nil
	}
	got := mustCompose(t, in)
	if diff := cmp.Diff(want.Hash, got.Hash); diff != "" || opened == 0 {
		t.Errorf("opened %d files; hash (-want +got):\n%s", opened, diff)
	}
	in.Open = func(dispute.Item) ([]byte, error) {
		return nil, dispute.Errorf(dispute.Transient, "read", "the store is away")
	}
	if _, err := Compose(in); dispute.KindOf(err) != dispute.Transient {
		t.Errorf("err = %v", err)
	}
}

func TestUnsentListsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	in := Input{Case: testCase(dispute.FamilyGeneral), Items: append(sale(), docItem("long", "", testPDF(make([]string, 60)...))), Limits: stripeLimits()}
	err := Unsent(mustCompose(t, in).Lint)
	if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), "long (pages: 60") {
		t.Errorf("err = %v", err)
	}
	in.Items = sale()
	if err := Unsent(mustCompose(t, in).Lint); err != nil {
		t.Errorf("nothing was left out: %v", err)
	}
}

func TestFilesAndPagesOfAFile(t *testing.T) {
	t.Parallel()
	limits := stripeLimits()
	limits.Files, limits.FilePages = 2, 6
	items := append(everything(), docItem("long", "", testPDF(make([]string, 7)...)), docItem("short", "", testPDF("one", "two")))
	p := mustCompose(t, Input{Case: testCase(dispute.FamilyProcessing), Items: items, Limits: limits})
	if len(p.Files) > 2 || len(findings(p.Lint, LimitFiles)) != 1 {
		t.Errorf("%d files, findings %+v", len(p.Files), p.Lint)
	}
	for _, f := range p.Files {
		if f.Pages > 6 {
			t.Errorf("%s has %d pages", f.Field, f.Pages)
		}
	}
	if found := findings(p.Lint, LimitFilePages); len(found) == 0 || found[0].Subject != "long" || found[0].Pages != 7 {
		t.Errorf("findings %+v", p.Lint)
	}
}

func FuzzLookThrough(f *testing.F) {
	for _, seed := range [][]byte{
		testPDF("one"), drawn(says("4111 1111 1111 1111"), nothing), drawn(scanned(paper(80, 110), 60)), scripted(), filledForm(),
		rooted("Collection", types.Dict{}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, err := openPDF(b)
		if err != nil {
			return
		}
		s, _, err := lookThrough(ctx)
		if err != nil {
			if dispute.KindOf(err) != dispute.Invalid {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		out, err := remade(b, s, qualities[len(qualities)-1])
		if err != nil {
			return
		}
		if again, err := openPDF(out); err == nil && again.PageCount != len(s.keep) {
			t.Fatalf("%d pages, want %d", again.PageCount, len(s.keep))
		}
	})
}

func FuzzNewPicture(f *testing.F) {
	for _, seed := range [][]byte{testPNG(9, 9), testJPEG(noise(9, 9)), testGIF(), withExif(testJPEG(corners()), 6)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if conf, _, err := image.DecodeConfig(bytes.NewReader(b)); err == nil && conf.Width*conf.Height > 1<<20 {
			return // taken, and slow
		}
		pic, err := newPicture(b, qualities[4])
		if err != nil {
			return
		}
		if got := decodeJPEG(t, pic.jpeg).Bounds().Size(); got != (image.Point{X: pic.width, Y: pic.height}) {
			t.Fatalf("%v, says %d by %d", got, pic.width, pic.height)
		}
	})
}
