package evidence

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var save = flag.String("save", "", "write the sample packet to this file")

const sampleLetter = `We ask that the dispute du_1 over 129.00 EUR is decided in our favour. The cardholder says that the goods did not arrive. The carrier handed them over at the cardholder's own address sixteen days before the dispute was opened.

1. The parcel with the tracking number 00340434161094000013 was delivered on 4 November 2026 and signed for by J. Müller (Exhibit 6).

2. It was sent to the address that belongs to the card (Exhibits 1 and 5).

3. The customer wrote after the delivery that the shoes fit (Exhibits 9 and 10).

We ask you to decide for the merchant.`

const sampleMail = `<html><head><style>p{color:red}</style></head><body><div style="display:none">preview</div>
<p>Hello Acme,</p><p>thank you, the shoes fit. <a href="https://evil.example/x">See them</a><img src="https://evil.example/p.gif"></p>
<ul><li>blue</li><li>size 39</li></ul><table><tr><th>Article</th><th>Price</th></tr><tr><td>Running shoes</td><td>129.00 EUR</td></tr></table>
<blockquote><p>On 4 November Acme wrote:</p><blockquote>Your parcel was delivered.</blockquote></blockquote></body></html>`

const sampleChat = `[2026-11-05 09:12] Jana Müller: Hello, do you have the same shoes in red?
[2026-11-05 09:13] Acme Support: Yes, we do. Shall I put a pair aside for you? They are usually gone within a few days, and the next delivery is in January.
[2026-11-05 09:15] Jana Müller: Please do.`

// fullCase is a sale with one of everything that print knows.
func fullCase() []dispute.Item {
	items := without(everything(), "receipt.pdf")
	mail := item(dispute.ItemCommunication, "mail:1", dispute.FactSubject, "Re: Your order #1001", dispute.FactText, sampleMail,
		dispute.FactSentAt, "2026-11-05T07:30:00Z", dispute.FactDirection, "from customer",
		dispute.FactCustomerName, "Jana Müller", dispute.FactCustomerEmail, "jana@example.com")
	chat := item(dispute.ItemCommunication, "chat:1", dispute.FactSubject, "Chat", dispute.FactText, sampleChat,
		dispute.FactSentAt, "2026-11-05T09:12:00Z", dispute.FactDirection, "from customer")
	use := item(dispute.ItemAccess, "log:1", dispute.FactAccountID, "acct_77")
	use.Log = logOf(time.Date(2026, 11, 6, 7, 0, 0, 0, time.UTC), 9*time.Hour, "Logged in from 203.0.113.7", "Read the care guide", "Changed the newsletter settings")
	for i := range items {
		if items[i].Kind == dispute.ItemDelivery {
			items[i].Log = logOf(time.Date(2026, 11, 2, 16, 5, 0, 0, time.UTC), 8*time.Hour+39*time.Minute,
				"Shipment accepted, Hamburg DE", "Arrived at the sorting centre, Hamburg DE", "Left the sorting centre, Hamburg DE",
				"Arrived at the delivery base, Berlin DE", "Loaded onto the delivery vehicle, Berlin DE", "Delivered and signed for, Berlin DE")
		}
	}
	return append(items, mail, chat, use,
		docItem("invoice.pdf", "", plainPDF("Invoice page one", "Invoice page two")),
		docItem("screen.png", "", testPNG(1600, 900)), docItem("phone.png", "", testPNG(600, 1300)))
}

// plainPDF is a document that pdfcpu takes in its strict mode, which wants
// fonts to be embedded. A page that begins with "wide" is in landscape.
func plainPDF(pages ...string) []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(opened)
	pdf.SetModificationDate(opened)
	pdf.AddUTF8FontFromBytes(fontFamily, "", regularTTF)
	for _, text := range pages {
		format := "P"
		if strings.HasPrefix(text, "wide") {
			format = "L"
		}
		pdf.AddPageFormat(format, fpdf.SizeType{Wd: pageWidth, Ht: pageHeight})
		pdf.SetFont(fontFamily, "", 14)
		pdf.Cell(0, 10, text)
	}
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func logOf(from time.Time, step time.Duration, what ...string) []dispute.LogEntry {
	var out []dispute.LogEntry
	for i, w := range what {
		out = append(out, dispute.LogEntry{At: from.Add(time.Duration(i) * step), What: w})
	}
	return out
}

// ready makes the documents of a book ready, as composing does.
func ready(t testing.TB, b *book) documents {
	t.Helper()
	docs := make(documents)
	for _, e := range b.exhibits {
		content := e.item.Content
		switch kindOf(content) {
		case MediaPDF:
			n, err := api.PageCount(bytes.NewReader(content), pdfConfig())
			if err != nil {
				t.Fatal(err)
			}
			docs[e.key()] = document{pdf: content, pages: n}
		case MediaPNG, MediaJPEG:
			pic, err := newPicture(content, qualities[0])
			if err != nil {
				t.Fatal(err)
			}
			docs[e.key()] = document{picture: pic}
		}
	}
	return docs
}

// printedFile is the main file of items, checked as strictly as pdfcpu can.
func printedFile(t testing.TB, letter string, items []dispute.Item) ([]byte, int) {
	t.Helper()
	b := newBook(testCase(dispute.FamilyProductNotReceived), items)
	file, pages, err := printMain(b, Letter{Text: letter}, ready(t, b), nil).file()
	if err != nil {
		t.Fatal(err)
	}
	strictly(t, file)
	return file, pages
}

func strictly(t testing.TB, file []byte) {
	t.Helper()
	conf := pdfConfig()
	conf.ValidationMode = model.ValidationStrict
	if err := api.Validate(bytes.NewReader(file), conf); err != nil {
		t.Errorf("no valid PDF: %v", err)
	}
}

func textOf(t testing.TB, file []byte) string {
	t.Helper()
	ctx, err := openPDF(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.FieldsFunc(pdfWords(ctx), func(r rune) bool { return r == '\n' }), "\n") + "\n"
}

var placed = regexp.MustCompile(`BT ([0-9.]+) ([0-9.]+) Td`)

// apart checks that no two lines of one column are printed over each other, and
// that none leaves the page.
func apart(t testing.TB, file []byte) {
	t.Helper()
	ctx, err := openPDF(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= ctx.PageCount; n++ {
		r, err := pdfcpu.ExtractPageContent(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		columns := make(map[string][]float64)
		for _, m := range placed.FindAllSubmatch(content, -1) {
			y, err := strconv.ParseFloat(string(m[2]), 64)
			if err != nil || y < 20 || y > 841-15 {
				t.Errorf("page %d: a line at %s", n, m[2])
			}
			columns[string(m[1])] = append(columns[string(m[1])], y)
		}
		if len(columns) == 0 {
			t.Errorf("page %d is empty", n)
		}
		for x, ys := range columns {
			slices.Sort(ys)
			for i := 1; i < len(ys); i++ {
				if ys[i]-ys[i-1] < 11 {
					t.Errorf("page %d: lines at %s, %.1f and %.1f", n, x, ys[i-1], ys[i])
				}
			}
		}
	}
}

func TestSamplePacket(t *testing.T) {
	t.Parallel()
	file, pages := printedFile(t, sampleLetter, fullCase())
	again, _ := printedFile(t, sampleLetter, fullCase())
	if !bytes.Equal(file, again) {
		t.Error("two runs differ")
	}
	apart(t, file)
	golden(t, "print/sample.txt", fmt.Sprintf("%d pages\n%s", pages, textOf(t, file)))
	if *save != "" {
		if err := os.WriteFile(*save, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pageTexts are the words of each page.
func pageTexts(t testing.TB, file []byte) []string {
	t.Helper()
	ctx, err := openPDF(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	r := newPageReader(ctx)
	for n := 1; n <= ctx.PageCount; n++ {
		look, err := r.page(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, look.text)
	}
	return out
}

// Every page of every exhibit says whose it is, and the index is right.
func TestStampsAndIndex(t *testing.T) {
	t.Parallel()
	items := append(fullCase(), docItem("scan.pdf", "", plainPDF("one", "two", "three")))
	for i := range items {
		if items[i].ID == "invoice.pdf" {
			items[i].Facts["remarks"] = strings.Repeat("A remark that takes more than one line, as remarks do. ", 60)
		}
	}
	file, pages := printedFile(t, sampleLetter, items)
	texts := pageTexts(t, file)
	if len(texts) != pages {
		t.Fatalf("%d texts of %d pages", len(texts), pages)
	}
	b := newBook(testCase(dispute.FamilyProductNotReceived), items)
	for _, e := range b.exhibits {
		heading := fmt.Sprintf("Exhibit %d: %s", e.number, e.item.Title)
		at := slices.IndexFunc(texts, func(s string) bool { return strings.Contains(s, heading) })
		if at < 0 {
			t.Errorf("%q is nowhere", heading)
			continue
		}
		row := regexp.MustCompile(fmt.Sprintf(`Exhibit %d\s+page (\d+)`, e.number))
		if m := row.FindStringSubmatch(texts[0]); m == nil || m[1] != strconv.Itoa(at+1) {
			t.Errorf("exhibit %d is on page %d, the index says %v", e.number, at+1, m)
		}
	}
	for i, text := range texts {
		if want := fmt.Sprintf("Page %d of %d", i+1, pages); !strings.Contains(text, want) {
			t.Errorf("page %d does not say %q", i+1, want)
		}
		if stamped := strings.Contains(text, "· dispute du_1"); stamped != (i > 1) {
			t.Errorf("page %d: stamped %v", i+1, stamped)
		}
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{"· page 1 of 3 ·", "· page 2 of 3 ·", "· page 3 of 3 ·", "· page 1 of 4 ·", "· page 4 of 4 ·"} {
		if strings.Count(all, want) != 1 {
			t.Errorf("%q is there %d times", want, strings.Count(all, want))
		}
	}
}

// A long letter and long words go over the page without a line alone.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("This sentence is one of many, and it goes on for a while. ", 12)
	letter := strings.Repeat(long+"\n\n", 12)
	file, pages := printedFile(t, letter, []dispute.Item{
		item(dispute.ItemCommunication, "mail:1", dispute.FactDirection, "to customer", dispute.FactText, long+"\n> "+long+"\n> > "+long),
		item(dispute.ItemOrder, "order:1", "x", strings.Repeat("W", 2900), dispute.FactProducts, strings.Repeat("one line\n", 300)),
		item(dispute.ItemCommunication, "chat:1", dispute.FactDirection, "to customer", dispute.FactText,
			"09:00 Ann: "+long+long+long+long+"\n09:01 Bob: "+long+long+long),
	})
	if pages < 5 {
		t.Errorf("%d pages", pages)
	}
	apart(t, file)
}

func TestFitting(t *testing.T) {
	t.Parallel()
	p := newPrinter(newBook(testCase(dispute.FamilyGeneral), nil), layout{})
	p.page()
	for _, tt := range []struct{ left, lines, want int }{
		{5, 3, 3}, {5, 5, 5}, {5, 6, 4}, {5, 9, 5}, {1, 3, 0}, {1, 1, 1}, {0, 1, 0}, {2, 3, 2},
	} {
		p.y = p.bottom() - float64(tt.left)*lineHeight
		if got := p.fitting(tt.lines); got != tt.want {
			t.Errorf("%d of %d lines where %d fit, want %d", got, tt.lines, tt.left, tt.want)
		}
	}
}
