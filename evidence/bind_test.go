package evidence

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// bound lays every page of a document on a page of its own.
func bound(t testing.TB, pdf []byte, pages int) []byte {
	t.Helper()
	out, n, err := bindAll(pdf, pages)
	if err != nil {
		t.Fatal(err)
	}
	if n != pages {
		t.Errorf("%d pages of %d", n, pages)
	}
	return out
}

func TestBindKeepsTheOrderOfPages(t *testing.T) {
	t.Parallel()
	file := bound(t, testPDF("first", "second", "third"), 3)
	if diff := cmp.Diff([]string{"first", "second", "third"}, strings.Fields(textOf(t, file))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !bytes.Equal(file, bound(t, testPDF("first", "second", "third"), 3)) {
		t.Error("two runs differ")
	}
	if again := bound(t, file, 3); !strings.Contains(textOf(t, again), "third") {
		t.Error("a bound file cannot be bound again")
	}
}

func TestBindDropsWhatRunsOrLeads(t *testing.T) {
	t.Parallel()
	file := bound(t, hostilePDF(t), 1)
	for _, never := range []string{"/JavaScript", "/JS", "/URI", "evil.example", "/EmbeddedFile", "/Names", "tool.exe", "/Link", "/Annot"} {
		if bytes.Contains(file, []byte(never)) {
			t.Errorf("%s is kept", never)
		}
	}
	if !strings.Contains(textOf(t, file), "read me") {
		t.Error("what is on the page is lost")
	}
}

func TestBindDrawsFilledFields(t *testing.T) {
	t.Parallel()
	file := bound(t, filledForm(), 1)
	if !bytes.Contains(file, []byte("(Jana) Tj")) || !bytes.Contains(file, []byte("/Doc1")) {
		t.Error("the filled field is lost")
	}
	for _, never := range []string{"/Widget", "/JavaScript", "evil.example", "/Annots"} {
		if bytes.Contains(file, []byte(never)) {
			t.Errorf("%s is kept", never)
		}
	}
}

// A page that is wider than high is laid on its side, and ours is turned.
func TestBindTurnsWidePages(t *testing.T) {
	t.Parallel()
	file := bound(t, plainPDF("high", "wide"), 2)
	strictly(t, file)
	ctx, err := openPDF(file)
	if err != nil {
		t.Fatal(err)
	}
	var turned []int
	for n := 1; n <= 2; n++ {
		page, _, _, err := ctx.PageDict(n, false)
		if err != nil {
			t.Fatal(err)
		}
		turn := 0
		if v := page.IntEntry("Rotate"); v != nil {
			turn = *v
		}
		turned = append(turned, turn)
	}
	if diff := cmp.Diff([]int{0, 90}, turned); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	box := overlay{left: 10, top: 20, width: 190, height: 260}
	room := rectangle{10 * pointsPerMM, (pageHeight - 280) * pointsPerMM, 200 * pointsPerMM, (pageHeight - 20) * pointsPerMM}
	for _, tt := range []struct {
		name  string
		shape shape
		lies  bool
	}{
		{"upright", shape{rectangle{0, 0, 595, 842}, 0, 1}, false},
		{"cut out of its middle", shape{rectangle{100, 200, 400, 600}, 0, 1}, false},
		{"a scan that is turned", shape{rectangle{0, 0, 842, 595}, 1, 1}, false},
		{"on its head", shape{rectangle{-10, -10, 300, 400}, 2, 1}, false},
		{"turned back", shape{rectangle{0, 0, 842, 595}, 3, 1}, false},
		{"wide", shape{rectangle{0, 0, 842, 595}, 0, 1}, true},
		{"wide by its turn", shape{rectangle{50, 60, 645, 902}, 1, 1}, true},
		{"huge", shape{rectangle{0, 0, 4000, 9000}, 0, 1}, false},
		{"in inches", shape{rectangle{0, 0, 8, 11}, 0, 72}, false},
		{"a till receipt", shape{rectangle{0, 0, 200, 400}, 0, 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.shape.lies() != tt.lies {
				t.Errorf("lies %v", !tt.lies)
			}
			got := tt.shape.place(box).bounds(tt.shape.box)
			if got.x0 < room.x0-0.01 || got.x1 > room.x1+0.01 || got.y0 < room.y0-0.01 || got.y1 > room.y1+0.01 {
				t.Errorf("%+v is not within %+v", got, room)
			}
			if math.Abs(got.y1-room.y1) > 0.01 {
				t.Errorf("ends %.2f below the top", room.y1-got.y1)
			}
			w, h := tt.shape.size()
			if tt.lies {
				w, h = h, w
			}
			if got.width() > w+0.01 || math.Abs(got.width()*h-got.height()*w) > 0.1*w {
				t.Errorf("%.1f by %.1f of %.1f by %.1f", got.width(), got.height(), w, h)
			}
		})
	}
}

// What is at the upper left of a page as a reader sees it stays there.
func TestUpright(t *testing.T) {
	t.Parallel()
	s := shape{box: rectangle{0, 0, 100, 200}, unit: 1}
	for turn, corner := range map[int]rectangle{
		0: {0, 190, 10, 200}, 1: {0, 0, 10, 10}, 2: {90, 0, 100, 10}, 3: {90, 190, 100, 200},
	} {
		s.turn = turn
		_, height := s.size()
		got := s.upright(turn).bounds(corner)
		if diff := cmp.Diff(rectangle{0, height - 10, 10, height}, got, cmp.AllowUnexported(rectangle{})); diff != "" {
			t.Errorf("turn %d (-want +got):\n%s", turn, diff)
		}
	}
}

func TestContentOfManyStreams(t *testing.T) {
	t.Parallel()
	w := newPDFWriter()
	page, one, two := w.newNumber(), w.newNumber(), w.newNumber()
	w.write(page, types.Dict{
		"Type": types.Name("Page"), "Parent": ref(pagesNumber), "Contents": types.Array{ref(one), ref(two)},
		"MediaBox": types.Array{types.Integer(0), types.Integer(0), types.Integer(300), types.Integer(300)},
	}, nil)
	w.write(one, types.Dict{"Length": types.Integer(1)}, []byte("q"))
	w.writeFlate(two, types.Dict{}, []byte("Q"))
	w.pages = types.Array{ref(page)}
	ctx, err := openPDF(w.end(opened))
	if err != nil {
		t.Fatal(err)
	}
	c := newCopier(newPDFWriter(), ctx)
	source, _, _, err := ctx.PageDict(1, false)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.content(source)
	if err != nil || string(got) != "q\nQ\n" {
		t.Errorf("content %q, %v", got, err)
	}
}

func TestImprint(t *testing.T) {
	t.Parallel()
	items := append(fullCase(), item("thing", "x:1", "a", "b"))
	items[len(items)-1].Title = "Größe — 東京"
	file, pages := printedFile(t, sampleLetter, items)
	info, err := api.PDFInfo(bytes.NewReader(file), "packet.pdf", nil, false, pdfConfig())
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(info.Title, "/", info.Subject, "/", info.Producer, "/", info.Author, "/", info.Keywords)
	if diff := cmp.Diff("Response to dispute du_1 / Evidence for dispute du_1, product not received / Rebuttal /  / []\n", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, want := range []string{"/Lang(en)", "/PageLabels", "/PageMode/UseOutlines"} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	marks, err := api.Bookmarks(bytes.NewReader(file), pdfConfig())
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	last := 0
	for _, m := range marks {
		titles = append(titles, m.Title)
		if m.PageFrom < last || m.PageFrom > pages {
			t.Errorf("%q leads to page %d after %d", m.Title, m.PageFrom, last)
		}
		last = m.PageFrom
	}
	if len(titles) < 10 {
		t.Fatalf("bookmarks %q", titles)
	}
	if diff := cmp.Diff([]string{"Response to dispute du_1", "Letter", "Timeline", "Exhibit 1: Payment record"}, titles[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := titles[len(titles)-1]; got != fmt.Sprintf("Exhibit %d: Größe — 東京", len(titles)-3) {
		t.Errorf("the last bookmark is %q", got)
	}
}
