package evidence

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestOrderOfExhibits(t *testing.T) {
	t.Parallel()
	items := sale()
	for i := range items {
		switch items[i].ID {
		case "ticket:55":
			items[i].Rank = 1
		case "track:7":
			items[i].Rank = 2
		}
	}
	letter := item(dispute.ItemLetter, "letter:1", dispute.FactText, "Dear Sir")
	remark := item(dispute.ItemCommunication, "remark:1", dispute.FactText, "a remark of the staff")
	b := newBook(testCase(dispute.FamilyGeneral), append(items, letter, remark, item(dispute.ItemAccess, "log:1")))
	want := []string{"ticket:55", "track:7", "charge:ch_1", "order:1001", "shipment:7", "log:1", "charge:ch_0"}
	if diff := cmp.Diff(want, ids(b.exhibits)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b.exhibits[5].item.Title != "Log-ins and use" {
		t.Errorf("title %q", b.exhibits[5].item.Title)
	}
}

func TestExhibitsAreCleaned(t *testing.T) {
	t.Parallel()
	mail := item(dispute.ItemCommunication, "mail:1", dispute.FactDirection, "to customer",
		dispute.FactText, "<p>Card <b>4111</b> 1111<i> 1111</i> 1111</p>", dispute.FactSubject, "a <b> c")
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.FixedZone("", 3600))
	mail.Log = []dispute.LogEntry{{At: at, What: "later\n " + plantedCard}, {At: at.Add(-time.Hour), What: "first"}, {At: at, What: " "}}
	e := newExhibit(mail)
	if text := e.fact(dispute.FactText); strings.ContainsAny(text, "<>") || strings.Contains(text, "4111") || !strings.HasSuffix(text, "1111") {
		t.Errorf("text %q", text)
	}
	if e.fact(dispute.FactSubject) != "a <b> c" {
		t.Errorf("subject %q", e.fact(dispute.FactSubject))
	}
	if e.hidden.Cards != 2 {
		t.Errorf("%d card numbers hidden", e.hidden.Cards)
	}
	if len(e.item.Log) != 2 || e.item.Log[0].What != "first" || !e.item.Log[1].At.Equal(at) || strings.Contains(e.item.Log[1].What, "4111 1111") {
		t.Errorf("log %+v", e.item.Log)
	}
}

func TestFactRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		item dispute.Item
		want []row
	}{
		{"a message of ours", item(dispute.ItemCommunication, "m", dispute.FactDirection, "to customer", dispute.FactSentAt, "2026-11-05T08:00:00Z",
			dispute.FactCustomerName, "Jana", dispute.FactCustomerEmail, "jana@example.com", dispute.FactSubject, "Hi", dispute.FactText, "x"),
			[]row{{"From", "Acme Shoes"}, {"To", "Jana <jana@example.com>"}, {"Sent", "5 November 2026 08:00 UTC"}, {"Subject", "Hi"}, {"Source", "test"}}},
		{"what speaks against us stays out", item(dispute.ItemPriorPayment, "p", dispute.FactDisputed, "yes", dispute.FactFraudReported, "no",
			dispute.FactCVC, "fail", dispute.FactAVSPostal, "pass", dispute.FactReceiptURL, "https://x.example"),
			[]row{{"Source", "test"}, {"Postal code check", "pass"}, {"Fraud reported", "no"}}},
		{"an address in pieces", item(dispute.ItemFulfillment, "f", dispute.FactShippingCity, "Berlin", dispute.FactShippingLine1, "Ackerstraße 1", dispute.FactShippingPostalCode, "10115"),
			[]row{{"Source", "test"}, {"Delivery address", "Ackerstraße 1, 10115, Berlin"}}},
		{"a fact nobody knows", item(dispute.ItemOrder, "o", "warehouse_id", "w7"), []row{{"Source", "test"}, {"Warehouse id", "w7"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBook(testCase(dispute.FamilyGeneral), []dispute.Item{tt.item})
			if diff := cmp.Diff(tt.want, b.factRows(b.exhibits[0]), cmp.AllowUnexported(row{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogRows(t *testing.T) {
	t.Parallel()
	long := logOf(opened, time.Minute, make([]string, 200)...)
	got := logRows(long)
	if len(got) != maxLogRows+1 || got[maxLogRows/2].value != "(140 entries are not printed)" {
		t.Fatalf("%d rows, %+v in the middle", len(got), got[maxLogRows/2])
	}
	if got[0].label != "20 Nov 2026 09:30" || got[maxLogRows].label != "20 Nov 2026 12:49" {
		t.Errorf("from %s to %s", got[0].label, got[maxLogRows].label)
	}
	if short := logRows(long[:maxLogRows]); len(short) != maxLogRows {
		t.Errorf("%d rows of %d", len(short), maxLogRows)
	}
}
