package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func mustCompose(t testing.TB, in Input) Packet {
	t.Helper()
	p, err := Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, p, in.Limits.withDefaults())
	return p
}

// sound checks what every packet promises: valid files, right sums, within the
// limits.
func sound(t testing.TB, p Packet, limits Limits) {
	t.Helper()
	within(t, p.Texts, limits)
	pages, size := 0, int64(0)
	fields := map[dispute.EvidenceField]bool{}
	for _, f := range p.Files {
		if err := api.Validate(bytes.NewReader(f.Bytes), pdfConfig()); err != nil {
			t.Errorf("%s is no valid PDF: %v", f.Field, err)
		}
		n, err := api.PageCount(bytes.NewReader(f.Bytes), pdfConfig())
		if err != nil || n != f.Pages {
			t.Errorf("%s has %d pages (%v), says %d", f.Field, n, err, f.Pages)
		}
		if int64(len(f.Bytes)) > limits.FileBytes || f.SHA256 != hash(f.Bytes) || f.MediaType != MediaPDF {
			t.Errorf("%s: %d bytes, %s, %s", f.Field, len(f.Bytes), f.MediaType, f.SHA256)
		}
		if fields[f.Field] || !limits.takesFile(f.Field) {
			t.Errorf("slot %s is not free", f.Field)
		}
		fields[f.Field] = true
		pages += f.Pages
		size += int64(len(f.Bytes))
	}
	if pages > limits.TotalPages || size > limits.TotalBytes {
		t.Errorf("%d pages of %d, %d bytes of %d", pages, limits.TotalPages, size, limits.TotalBytes)
	}
	sum := sha256.Sum256(Manifest(p))
	if p.Hash != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not that of the manifest")
	}
	for _, c := range p.Letter.Claims {
		for _, n := range c.Exhibits {
			if n < 1 || n > len(p.Exhibits) {
				t.Errorf("the letter cites exhibit %d of %d", n, len(p.Exhibits))
			}
		}
	}
}

// words is what a file prints, as far as it can be searched.
func words(t testing.TB, f File) string {
	t.Helper()
	ctx, err := openPDF(f.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return pdfWords(ctx)
}

func TestComposeEveryFamily(t *testing.T) {
	t.Parallel()
	slots := map[dispute.Family][]dispute.EvidenceField{
		dispute.FamilyFraudulent:          {"uncategorized_file", "shipping_documentation", "customer_communication"},
		dispute.FamilyUnrecognized:        {"uncategorized_file", "receipt", "shipping_documentation", "customer_communication"},
		dispute.FamilyProductNotReceived:  {"uncategorized_file", "shipping_documentation", "customer_communication"},
		dispute.FamilyProductUnacceptable: {"uncategorized_file", "customer_communication", "shipping_documentation"},
		dispute.FamilySubscription:        {"uncategorized_file", "customer_communication", "shipping_documentation"},
		dispute.FamilyDuplicate:           {"uncategorized_file", "duplicate_charge_documentation", "receipt", "shipping_documentation", "customer_communication"},
		dispute.FamilyCreditNotProcessed:  {"uncategorized_file", "customer_communication", "shipping_documentation"},
		dispute.FamilyAuthorization:       {"uncategorized_file", "receipt", "customer_communication"},
		dispute.FamilyProcessing:          {"uncategorized_file", "receipt", "customer_communication"},
		dispute.FamilyGeneral:             {"uncategorized_file", "receipt", "customer_communication"},
	}
	for _, family := range allFamilies {
		t.Run(string(family), func(t *testing.T) {
			t.Parallel()
			p := mustCompose(t, Input{Case: testCase(family), Items: everything(), Limits: stripeLimits()})
			var got []dispute.EvidenceField
			for _, f := range p.Files {
				got = append(got, f.Field)
			}
			if diff := cmp.Diff(slots[family], got); diff != "" {
				t.Errorf("slots (-want +got):\n%s", diff)
			}
			if len(p.Lint) != 0 || !p.Checklist.Complete {
				t.Errorf("complete %v, lint %+v", p.Checklist.Complete, p.Lint)
			}
			if p.Texts[dispute.FieldUncategorizedText] != p.Letter.Text {
				t.Error("the letter is not the text")
			}
			printed := words(t, p.Files[0])
			for _, want := range []string{"Response to dispute du_1", "Exhibit 1: Payment record", "Timeline", "Dispute opened"} {
				if !strings.Contains(printed, want) {
					t.Errorf("the main file does not say %q", want)
				}
			}
			for _, never := range []string{"elevated", "dhl.example", "I think we win"} {
				if strings.Contains(printed, never) {
					t.Errorf("the main file says %q", never)
				}
			}
		})
	}
}

func TestDocumentsGoIntoTheirSlot(t *testing.T) {
	t.Parallel()
	p := mustCompose(t, Input{Case: testCase(dispute.FamilyProcessing), Items: everything(), Limits: stripeLimits()})
	main, receipt := words(t, p.Files[0]), words(t, p.Files[1])
	if strings.Contains(main, "Receipt 129.00 EUR") || !strings.Contains(receipt, "Receipt 129.00 EUR") {
		t.Error("the receipt is not in its slot, or in both")
	}
	limits := stripeLimits()
	limits.FileFields = []dispute.EvidenceField{dispute.FieldUncategorizedFile}
	p = mustCompose(t, Input{Case: testCase(dispute.FamilyProcessing), Items: everything(), Limits: limits})
	if len(p.Files) != 1 || !strings.Contains(words(t, p.Files[0]), "Receipt 129.00 EUR") {
		t.Errorf("%d files, or no receipt in the only one", len(p.Files))
	}
}

func TestComposeIsDeterministic(t *testing.T) {
	t.Parallel()
	in := Input{Case: testCase(dispute.FamilyProductNotReceived), Items: everything(), Limits: stripeLimits()}
	in.Items = append(in.Items, docItem("scan.pdf", "", testPDF("one", "two")), docItem("photo.jpg", "", testJPEG(noise(300, 200))))
	want := mustCompose(t, in)
	for range 5 {
		slices.Reverse(in.Items)
		in.Items = append(in.Items[3:], in.Items[:3]...)
		if diff := cmp.Diff(want, mustCompose(t, in)); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff[:min(len(diff), 2000)])
		}
	}
}

func TestHashChangesWithEveryPart(t *testing.T) {
	t.Parallel()
	base := Input{Case: testCase(dispute.FamilyGeneral), Items: sale(), Limits: stripeLimits()}
	seen := map[string]string{mustCompose(t, base).Hash: "base"}
	for name, change := range map[string]func(*Input){
		"a fact":   func(in *Input) { in.Items = edited("order:1001", dispute.FactProducts, "2 × Boots") },
		"an item":  func(in *Input) { in.Items = without(in.Items, "track:7") },
		"a source": func(in *Input) { in.Items[0].Source = "other" },
		"a letter": func(in *Input) { in.Items = append(in.Items, letterItem("letter:1", "We disagree.", opened)) },
		"the case": func(in *Input) { in.Case.View.Snapshot.Amount.Minor++ },
	} {
		in := base
		in.Items = slices.Clone(base.Items)
		change(&in)
		got := mustCompose(t, in).Hash
		if other, dup := seen[got]; dup {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[got] = name
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	p := mustCompose(t, Input{Case: testCase(dispute.FamilyFraudulent), Items: sale(), Limits: stripeLimits()})
	var m manifest
	if err := json.Unmarshal(Manifest(p), &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != PacketVersion || m.Letter != BuiltInLetters().ID() || len(m.Files) != len(p.Files) || len(m.Texts) != len(p.Texts) {
		t.Errorf("manifest %+v", m)
	}
	if !slices.IsSortedFunc(m.Texts, func(a, b manifestText) int { return strings.Compare(string(a.Field), string(b.Field)) }) {
		t.Error("texts are not sorted")
	}
	if bytes.Contains(Manifest(p), []byte("jana")) || bytes.Contains(Manifest(p), []byte("Müller")) {
		t.Error("personal data in the manifest")
	}
}

func TestMinimalPacket(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]Limits{
		"stripe": stripeLimits(),
		"unknown": {FileFields: []dispute.EvidenceField{dispute.FieldUncategorizedFile},
			TextFields: []dispute.EvidenceField{dispute.FieldUncategorizedText}},
		"one page": {TotalPages: 1, FileFields: []dispute.EvidenceField{dispute.FieldReceipt}, TextFields: cutOrder},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := MinimalPacket(testCase(dispute.FamilyFraudulent), limits)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, p, limits.withDefaults())
			if len(p.Files) != 1 || p.Files[0].Pages != 1 || p.Texts[dispute.FieldUncategorizedText] == "" || p.Hash == "" {
				t.Errorf("files %d, texts %v", len(p.Files), p.Texts)
			}
		})
	}
	p, err := MinimalPacket(dispute.Case{}, stripeLimits())
	if err != nil || len(p.Files) != 1 {
		t.Errorf("a case of which nothing is known: %d files, %v", len(p.Files), err)
	}
}

func letterItem(id, text string, at time.Time) dispute.Item {
	it := item(dispute.ItemLetter, id, dispute.FactText, text)
	it.At = at
	return it
}

func TestLetterByHand(t *testing.T) {
	t.Parallel()
	own := letterItem("letter:2", "See Exhibit 1, Exhibits 2 and 99.\nCard 4111 1111 1111 1111.", opened)
	items := append(sale(), own, letterItem("letter:9", "An older one.", opened.Add(-time.Hour)), letterItem("letter:8", " ", opened.Add(time.Hour)))
	in := Input{Case: testCase(dispute.FamilyGeneral), Items: items, Limits: stripeLimits()}
	p := mustCompose(t, in)
	if p.Letter.Version != letterByHand || !strings.HasPrefix(p.Letter.Text, "See Exhibit 1") || strings.Contains(p.Texts[dispute.FieldUncategorizedText], "4111") {
		t.Errorf("letter %q", p.Texts[dispute.FieldUncategorizedText])
	}
	if n := len(p.Exhibits); n != len(sale())-1 {
		t.Errorf("%d exhibits: the letter is one, or a note", n)
	}
	cited := findings(p.Lint, LimitExhibitCited)
	if len(cited) != 1 || cited[0].Value != 99 {
		t.Errorf("findings %+v", p.Lint)
	}
	if len(findings(p.Lint, LimitCardNumber)) != 1 {
		t.Errorf("no card found: %+v", p.Lint)
	}
	in.Items = append(sale(), letterItem("letter:3", strings.Repeat("A sentence that goes on. ", 20_000), opened))
	if _, err := Compose(in); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a letter of fifty pages: %v", err)
	}
}

func TestRefusedDocuments(t *testing.T) {
	t.Parallel()
	named := docItem("x", "", testPDF("me"))
	named.FileName = "jana_passport.pdf"
	text := docItem("chat.txt", dispute.FieldCustomerCommunication, []byte("It fits. My card is 4111 1111 1111 1111."))
	text.MediaType = "text/plain; charset=utf-8"
	photo := item(dispute.ItemDelivery, "track:9", dispute.FactDeliveredAt, "2026-11-03")
	photo.Content = []byte("not a picture")
	tests := []struct {
		name  string
		item  dispute.Item
		limit string
		says  string
		kept  bool
	}{
		{"password", docItem("x", "", protectedPDF("secret")), LimitDocument, "password", false},
		{"damaged", docItem("x", "", []byte("%PDF-1.4 hello")), LimitDocument, "damaged", false},
		{"cut picture", docItem("x", "", testPNG(30, 30)[:60]), LimitDocument, "cannot be read", false},
		{"unknown kind", docItem("x", "", []byte("MZ hello")), LimitMediaType, "PDF, JPEG and PNG", false},
		{"card number in a PDF", docItem("x", "", testPDF("Card: 4111 1111 1111 1111")), LimitCardNumber, "black it out", false},
		{"identity paper by its file name", named, LimitIdentity, "identity", false},
		{"nothing in it", docItem("x", "", nil), LimitDocument, "neither", false},
		{"gif", docItem("x", "", testGIF()), LimitMediaType, "converted", true},
		{"text", text, LimitCardNumber, "last four", true},
		{"a record with a bad picture", photo, LimitMediaType, "PDF, JPEG and PNG", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mustCompose(t, Input{Case: testCase(dispute.FamilyGeneral), Items: append(sale(), tt.item), Limits: stripeLimits()})
			found := findings(p.Lint, tt.limit)
			if len(p.Lint) != 1 || len(found) != 1 || !strings.Contains(found[0].Action, tt.says) || found[0].Subject != tt.item.ID {
				t.Errorf("findings %+v, want %s that says %q", p.Lint, tt.limit, tt.says)
			}
			kept := slices.ContainsFunc(p.Exhibits, func(e Exhibit) bool { return e.Item == tt.item.ID })
			if kept != tt.kept {
				t.Errorf("kept = %v", kept)
			}
			for _, f := range p.Files {
				if strings.Contains(words(t, f), "4111") {
					t.Errorf("%s shows a card number", f.Field)
				}
			}
		})
	}
}

func manyMessages(n int) []dispute.Item {
	var out []dispute.Item
	for i := range n {
		out = append(out, item(dispute.ItemCommunication, fmt.Sprintf("ticket:%03d", i), dispute.FactDirection, "from customer", dispute.FactText, strings.Repeat("Where is my parcel? ", 60)))
	}
	return out
}

func TestLimitsAreRepaired(t *testing.T) {
	t.Parallel()
	photos := func(n, w, h int) []dispute.Item {
		items := sale()
		for i := range n {
			items = append(items, docItem(fmt.Sprintf("photo%d", i), "", testJPEG(noise(w+i, h))))
		}
		return items
	}
	tests := []struct {
		name   string
		items  []dispute.Item
		change func(*Limits)
		limit  string
		says   string
		left   int // exhibits that remain
	}{
		{"pictures are made smaller", photos(2, 800, 600), func(l *Limits) { l.TotalBytes = 750_000 }, LimitTotalBytes, "dots per inch", 8},
		{"then left out", photos(3, 800, 600), func(l *Limits) { l.TotalBytes = 250_000 }, LimitTotalBytes, "left out", 8},
		{"one file too large", photos(3, 800, 600), func(l *Limits) { l.FileBytes = 250_000 }, LimitFileBytes, "left out", 8},
		{"one file instead of many", sale(), func(l *Limits) { l.TotalPages = 4 }, LimitTotalPages, "one file", 6},
		{"too many pages", append(sale(), manyMessages(40)...), func(l *Limits) { l.TotalPages = 10 }, LimitTotalPages, "left out", -1},
		{"a long document", append(sale(), docItem("long", "", testPDF(make([]string, 60)...))), func(*Limits) {}, LimitTotalPages, "left out", 6},
		{"two pages", append(sale(), manyMessages(3)...), func(l *Limits) { l.TotalPages = 2 }, LimitTotalPages, "left out", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limits := stripeLimits()
			tt.change(&limits)
			p := mustCompose(t, Input{Case: testCase(dispute.FamilyProductNotReceived), Items: tt.items, Limits: limits})
			found := findings(p.Lint, tt.limit)
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.Contains(f.Action, tt.says) && f.Value > f.Max }) {
				t.Errorf("findings %+v, want %s that says %q", p.Lint, tt.limit, tt.says)
			}
			if tt.left >= 0 && len(p.Exhibits) != tt.left {
				t.Errorf("%d exhibits left, want %d: %+v", len(p.Exhibits), tt.left, p.Lint)
			}
		})
	}
}

func TestTheWeakestGoesFirst(t *testing.T) {
	t.Parallel()
	items := append(sale(), docItem("signature", dispute.FieldCustomerSignature, testPDF(make([]string, 8)...)), docItem("extra", "", testPDF(make([]string, 8)...)))
	limits := stripeLimits()
	limits.TotalPages = 18
	p := mustCompose(t, Input{Case: testCase(dispute.FamilyProductNotReceived), Items: items, Limits: limits})
	has := func(id string) bool {
		return slices.ContainsFunc(p.Exhibits, func(e Exhibit) bool { return e.Item == id })
	}
	if !has("signature") || !has("track:7") || has("extra") {
		t.Errorf("exhibits %+v, lint %+v", p.Exhibits, p.Lint)
	}
}

func TestNoFiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Limits){
		"no slots": func(l *Limits) { l.FileFields = nil },
		"no PDF":   func(l *Limits) { l.MediaTypes = []string{"image/tiff"} },
	} {
		limits := stripeLimits()
		change(&limits)
		p := mustCompose(t, Input{Case: testCase(dispute.FamilyGeneral), Items: everything(), Limits: limits})
		if len(p.Files) != 0 || len(findings(p.Lint, LimitFileFields)) != 1 || p.Texts[dispute.FieldUncategorizedText] == "" {
			t.Errorf("%s: %d files, lint %+v", name, len(p.Files), p.Lint)
		}
	}
}

func TestImpossibleLimits(t *testing.T) {
	t.Parallel()
	limits := stripeLimits()
	limits.FileBytes = 1_000
	_, err := Compose(Input{Case: testCase(dispute.FamilyGeneral), Items: everything(), Limits: limits})
	if dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("err = %v", err)
	}
}

func TestComposeLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	items := append(everything(), manyMessages(30)...)
	limits := stripeLimits()
	limits.TotalPages = 5
	before := cmp.Diff(nil, items)
	mustCompose(t, Input{Case: testCase(dispute.FamilyGeneral), Items: items, Limits: limits})
	if cmp.Diff(nil, items) != before {
		t.Error("Compose changed its input")
	}
}
