package evidence

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func mustDraft(t *testing.T, c dispute.Case, items []dispute.Item) Letter {
	t.Helper()
	l, err := Draft(c, items, Check(c, items), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The letters, to be read aloud.
func TestLetterGolden(t *testing.T) {
	t.Parallel()
	refunded := append(sale(), refund("129.00 EUR", "2026-11-10T00:00:00Z"))
	for _, family := range allFamilies {
		c := testCase(family)
		c.View.Snapshot.NetworkCode = ""
		for name, items := range map[string][]dispute.Item{
			"rich": richItems(), "poor": sale()[:1], "contradicted": contradictedItems(), "refunded": refunded,
		} {
			t.Run(string(family)+"/"+name, func(t *testing.T) {
				t.Parallel()
				goldenLetter(t, string(family)+"."+name, c, items)
			})
		}
	}
}

// Letters that differ by network, by stage, or by how much is known.
func TestLetterGoldenOfNetworks(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{
		{"fraudulent", "visa", "10.4"}, {"fraudulent", "mastercard", "4837"}, {"fraudulent", "amex", "F29"},
		{"product_not_received", "visa", "13.1"}, {"product_not_received", "mastercard", "4853"}, {"product_not_received", "amex", "C08"},
		{"subscription_canceled", "visa", "13.2"}, {"duplicate", "visa", "12.6.1"}, {"credit_not_processed", "visa", "13.7"},
	} {
		c := testCase(dispute.Family(parts[0]))
		c.View.Snapshot.Network, c.View.Snapshot.NetworkCode = parts[1], parts[2]
		goldenLetter(t, "network."+strings.Join(parts, "."), c, append(richItems(), compellingItems()...))
	}
	preArbitration := testCase(dispute.FamilyProductNotReceived)
	preArbitration.View.Snapshot.Stage = dispute.StagePreArbitration
	goldenLetter(t, "stage.inquiry", inquiry(), sale())
	goldenLetter(t, "stage.pre_arbitration", preArbitration, sale())
	goldenLetter(t, "nothing", testCase(dispute.FamilyFraudulent), nil)
	goldenLetter(t, "three_parcels", testCase(dispute.FamilyProductNotReceived), append(sale(),
		item(dispute.ItemDelivery, "track:8", dispute.FactDeliveredAt, "2026-11-06", dispute.FactSignedBy, "J. Müller"),
		item(dispute.ItemDelivery, "track:9", dispute.FactDeliveredAt, "2026-11-25")))
}

// What several records say of one parcel is one sentence, by that which says most.
func TestOneParcelOneSentence(t *testing.T) {
	t.Parallel()
	shop := item(dispute.ItemFulfillment, "shop:1", dispute.FactTrackingNumber, "1Z9", dispute.FactCarrier, "UPS")
	warehouse := item(dispute.ItemFulfillment, "ware:1", dispute.FactTrackingNumber, "1Z9", dispute.FactCarrier, "UPS", dispute.FactShippingAddress, "1 Oak Street")
	second := item(dispute.ItemFulfillment, "ware:2", dispute.FactTrackingNumber, "1Z8", dispute.FactCarrier, "UPS")
	l := mustDraft(t, testCase(dispute.FamilyProductNotReceived), []dispute.Item{shop, warehouse, second, item(dispute.ItemDelivery, "track:1", dispute.FactDeliveredAt, "2026-11-04")})
	var got []string
	for _, c := range l.Claims {
		if c.Proof == proofShipped {
			got = append(got, c.Text)
		}
	}
	want := []string{
		"The parcel was handed to UPS under tracking number 1Z9, addressed to 1 Oak Street (Exhibits 1 and 2).",
		"The parcel was handed to UPS under tracking number 1Z8 (Exhibit 3).",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func goldenLetter(t *testing.T, name string, c dispute.Case, items []dispute.Item) {
	t.Helper()
	l := mustDraft(t, c, items)
	text := l.Text + "\n"
	for _, b := range l.Blocked {
		text += "\nLeft out: " + b.Name + ". " + b.Why
	}
	golden(t, "letters/"+name+".txt", strings.TrimRight(text, "\n")+"\n")
}

// richItems are everything, with the use of the product and the terms.
func richItems() []dispute.Item {
	access := item(dispute.ItemAccess, "access:1", dispute.FactTermsAcceptedAt, "2026-11-01T09:59:00Z")
	access.Log = []dispute.LogEntry{
		{At: time.Date(2026, 11, 6, 7, 0, 0, 0, time.UTC), What: "Log-in from 203.0.113.7"},
		{At: time.Date(2026, 11, 9, 21, 0, 0, 0, time.UTC), What: "Training plan opened"},
	}
	return append(everything(), access, item(dispute.ItemDocument, "job", dispute.FactServiceDate, "2026-11-03"))
}

// contradictedItems speak against every family's claims.
func contradictedItems() []dispute.Item {
	items := append(everything(),
		item(dispute.ItemCommunication, "ticket:56", dispute.FactDirection, "to customer", dispute.FactText, "Sorry for the trouble. We will refund you today."))
	for i, it := range items {
		switch it.ID {
		case "charge:ch_1":
			items[i].Facts[dispute.FactAVSLine1], items[i].Facts[dispute.FactCVC] = "fail", "fail"
		case "track:7":
			items[i].Facts[dispute.FactDeliveredAt] = "2026-11-21T10:00:00Z"
		case "charge:ch_0":
			items[i].Facts[dispute.FactOrderID] = "1001"
		case "subscription:1":
			items[i].Facts[dispute.FactCanceledAt] = "2026-10-20"
		case "customer:9":
			delete(items[i].Facts, dispute.FactAccessLog)
		}
	}
	return items
}

func inquiry() dispute.Case {
	c := testCase(dispute.FamilyUnrecognized)
	c.View.Snapshot.Stage = dispute.StageInquiry
	return c
}

// Every sentence of the letter but the frame is a claim with its exhibits.
func TestEverySentenceHasASource(t *testing.T) {
	t.Parallel()
	for _, family := range allFamilies {
		items := everything()
		l := mustDraft(t, testCase(family), items)
		exhibits := newBook(testCase(family), items).exhibits
		for _, c := range l.Claims {
			if len(c.Exhibits) == 0 || !strings.HasSuffix(c.Text, " ("+citation(c.Exhibits)+").") {
				t.Errorf("%s: claim without citation: %q", family, c.Text)
			}
			for _, n := range c.Exhibits {
				if !proofs[c.Proof].match(newBook(testCase(family), items), exhibits[n-1]) {
					t.Errorf("%s: exhibit %d does not show %s", family, n, c.Proof)
				}
			}
		}
		if paragraphs := strings.Count(l.Text, "\n\n") + 1; paragraphs != len(l.Claims)+2 {
			t.Errorf("%s: %d paragraphs for %d claims", family, paragraphs, len(l.Claims))
		}
	}
}

func TestBlockedClaims(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		family  dispute.Family
		items   []dispute.Item
		blocked []string
		never   string // words that must not be in the letter
	}{
		{"delivered late", dispute.FamilyProductNotReceived, edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"),
			[]string{proofSigned, proofDelivered}, "recorded the delivery"},
		{"not delivered", dispute.FamilyProductNotReceived, without(sale(), "track:7"), []string{proofShipped}, "tracking number"},
		{"address mismatch", dispute.FamilyFraudulent, edited("charge:ch_1", dispute.FactAVSLine1, "fail"),
			[]string{proofAddressCheck, proofBilling}, "matched with the card issuer and"},
		{"refunded in full", dispute.FamilyFraudulent, append(sale(), refund("129.00 EUR", "2026-11-10T00:00:00Z")),
			[]string{proofOrder, proofShipped, proofDelivered, proofSigned, proofBilling}, "delivery"},
		{"refunded late", dispute.FamilyCreditNotProcessed, append(sale(), refund("129.00 EUR", "2026-11-21T00:00:00Z")),
			[]string{proofRefunded, proofRefundPolicy, proofCancelPolicy, proofOrder, proofDelivered, proofTerms, proofUsed, proofAccessLog, proofService}, "refunded to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := mustDraft(t, testCase(tt.family), tt.items)
			var got []string
			for _, b := range l.Blocked {
				got = append(got, b.Proof)
				if b.Why == "" || len(b.Items) == 0 || b.Name == "" {
					t.Errorf("blocked without a reason: %+v", b)
				}
			}
			if diff := cmp.Diff(tt.blocked, got); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
			if strings.Contains(l.Text, tt.never) {
				t.Errorf("the letter says %q:\n%s", tt.never, l.Text)
			}
		})
	}
}

func TestDraftDoesNotDependOnTheOrderOfItems(t *testing.T) {
	t.Parallel()
	c := testCase(dispute.FamilyProductNotReceived)
	want := mustDraft(t, c, everything())
	items := everything()
	slices.Reverse(items)
	if diff := cmp.Diff(want, mustDraft(t, c, items)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLetterHidesCardsAndNotes(t *testing.T) {
	t.Parallel()
	items := edited("order:1001", dispute.FactProducts, "Gift card, paid with 4111 1111 1111 1111")
	l := mustDraft(t, testCase(dispute.FamilyGeneral), items)
	if strings.Contains(l.Text, "4111") || !strings.Contains(l.Text, "**** 1111") {
		t.Errorf("card number in the letter:\n%s", l.Text)
	}
	if strings.Contains(l.Text, "I think we win") {
		t.Error("a note is in the letter")
	}
}

func TestCitation(t *testing.T) {
	t.Parallel()
	for want, in := range map[string][]int{
		"Exhibit 2": {2}, "Exhibits 2 and 3": {2, 3}, "Exhibits 2 to 5": {2, 3, 4, 5}, "Exhibits 2, 4 and 7": {2, 4, 7},
	} {
		if got := citation(in); got != want {
			t.Errorf("citation(%v) = %q, want %q", in, got, want)
		}
	}
}
