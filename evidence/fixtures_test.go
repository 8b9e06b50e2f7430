package evidence

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var opened = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func testCase(family dispute.Family) dispute.Case {
	ref := dispute.Ref{Connection: "stripe-eu", ID: "du_1"}
	return dispute.Case{
		ID: ref.CaseID(), Ref: ref, Merchant: "Acme Shoes", Part: 1, Family: family,
		View: dispute.View{Snapshot: dispute.Snapshot{
			ID: "du_1", Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "EUR"},
			Reason: string(family), Network: "visa", NetworkCode: "13.1", Stage: dispute.StageChargeback, OpenedAt: opened,
		}},
	}
}

func item(kind dispute.ItemKind, id string, facts ...string) dispute.Item {
	it := dispute.Item{ID: id, Source: "test", Kind: kind, Facts: map[string]string{}}
	for i := 0; i+1 < len(facts); i += 2 {
		it.Facts[facts[i]] = facts[i+1]
	}
	return it
}

func docItem(id string, slot dispute.EvidenceField, content []byte) dispute.Item {
	it := item(dispute.ItemDocument, id, dispute.FactSlot, string(slot))
	it.Title, it.Content = "Document "+id, content
	return it
}

// sale is what sources usually bring for a delivered parcel.
func sale() []dispute.Item {
	return []dispute.Item{
		item(dispute.ItemPayment, "charge:ch_1",
			dispute.FactAmount, "129.00 EUR", dispute.FactPaidAt, "2026-11-01T10:00:00Z", dispute.FactDescriptor, "ACME SHOES BERLIN",
			dispute.FactCardBrand, "visa", dispute.FactCardLast4, "4242", dispute.FactAVSPostal, "pass", dispute.FactAVSLine1, "pass",
			dispute.FactCVC, "pass", dispute.FactPurchaseIP, "203.0.113.7", dispute.FactBillingAddress, "Ackerstraße 1, 10115 Berlin, DE",
			dispute.FactCustomerName, "Jana Müller", dispute.FactCustomerEmail, "jana@example.com",
			dispute.FactOrderID, "1001", dispute.FactRiskLevel, "elevated"),
		item(dispute.ItemOrder, "order:1001",
			dispute.FactOrderID, "1001", dispute.FactOrderName, "#1001", dispute.FactOrderedAt, "2026-11-01T09:58:00Z",
			dispute.FactProducts, "1 × Running shoes, blue, size 39"),
		item(dispute.ItemFulfillment, "shipment:7",
			dispute.FactCarrier, "DHL", dispute.FactTrackingNumber, "00340434161094000013", dispute.FactShippedAt, "2026-11-02T15:00:00Z",
			dispute.FactShippingAddress, "Ackerstraße 1, 10115 Berlin, DE", dispute.FactTrackingURL, "https://dhl.example/13"),
		item(dispute.ItemDelivery, "track:7",
			dispute.FactCarrier, "DHL", dispute.FactTrackingNumber, "00340434161094000013", dispute.FactDeliveredAt, "2026-11-04T11:20:00Z",
			dispute.FactSignedBy, "J. Müller"),
		item(dispute.ItemCommunication, "ticket:55",
			dispute.FactSubject, "Your order", dispute.FactText, "Thank you, the shoes fit.", dispute.FactSentAt, "2026-11-05T08:00:00Z",
			dispute.FactDirection, "from customer"),
		item(dispute.ItemPriorPayment, "charge:ch_0",
			dispute.FactAmount, "129.00 EUR", dispute.FactPaidAt, "2026-05-01T10:00:00Z", dispute.FactOrderID, "0900"),
		item(dispute.ItemNote, "note:1", dispute.FactText, "I think we win this."),
	}
}

// everything is a sale with all that the families ask for.
func everything() []dispute.Item {
	return append(sale(),
		item(dispute.ItemDocument, "terms", dispute.FactRefundPolicy, "Shown at checkout: returns within 14 days.",
			dispute.FactCancelPolicy, "Shown at sign-up: cancel until the day before renewal."),
		item(dispute.ItemCustomer, "customer:9", dispute.FactCustomerName, "Jana Müller", dispute.FactCustomerEmail, "jana@example.com",
			dispute.FactCustomerSince, "2024-03-01", dispute.FactAccessLog, "2026-11-05T08:00:00Z 203.0.113.7 login"),
		item(dispute.ItemOrder, "subscription:1", dispute.FactSubscriptionID, "sub_1", dispute.FactInvoiceID, "in_1", dispute.FactProducts, "Shoe club"),
		docItem("receipt.pdf", dispute.FieldReceipt, testPDF("Receipt 129.00 EUR")),
		docItem("label.png", "", testPNG(400, 300)),
	)
}

func stripeLimits() Limits {
	return Limits{
		TextFieldChars: 20_000, TextTotalChars: 150_000, FileBytes: 4_500_000, TotalBytes: 4_500_000, TotalPages: 49,
		MediaTypes: []string{MediaPDF, MediaJPEG, MediaPNG},
		FileFields: []dispute.EvidenceField{
			dispute.FieldCancellationPolicy, dispute.FieldCustomerCommunication, dispute.FieldCustomerSignature,
			dispute.FieldDuplicateChargeDocumentation, dispute.FieldReceipt, dispute.FieldRefundPolicy,
			dispute.FieldServiceDocumentation, dispute.FieldShippingDocumentation, dispute.FieldUncategorizedFile,
		},
		TextFields: cutOrder,
	}
}

func testPDF(pages ...string) []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(opened)
	pdf.SetModificationDate(opened)
	for i, text := range pages {
		pdf.AddPage()
		if text == "" {
			text = fmt.Sprintf("Page %d", i+1)
		}
		pdf.SetFont("Helvetica", "", 14)
		pdf.Cell(0, 10, text)
	}
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func protectedPDF(user string) []byte {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetProtection(fpdf.CnProtectPrint, user, "owner")
	pdf.AddPage()
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// noise is a picture that compresses badly.
func noise(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for y := range h {
		for x := range w {
			seed = seed*1664525 + 1013904223
			img.SetRGBA(x, y, color.RGBA{uint8(seed >> 24), uint8(seed >> 16), uint8(seed >> 8), 255})
		}
	}
	return img
}

func testPNG(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 128, 255})
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func testJPEG(img image.Image) []byte {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // a fixed folder and names from this package
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func findings(lint []Finding, limit string) []Finding {
	var out []Finding
	for _, f := range lint {
		if f.Limit == limit {
			out = append(out, f)
		}
	}
	return out
}
