package evidence

import (
	"slices"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func message(direction, text string) dispute.Item {
	return item(dispute.ItemCommunication, "ticket:77", dispute.FactDirection, direction, dispute.FactText, text)
}

func parcel(facts ...string) dispute.Item {
	return item(dispute.ItemDelivery, "track:77", append([]string{dispute.FactTrackingNumber, "T77", dispute.FactDeliveredAt, "2026-11-05"}, facts...)...)
}

func subscription(canceled string) dispute.Item {
	return item(dispute.ItemOrder, "subscription:1", dispute.FactSubscriptionID, "sub_1", dispute.FactCanceledAt, canceled)
}

// Each contradiction fires, and stays silent beside what it could be taken for.
func TestNewContradictions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		family dispute.Family
		code   Code
		items  []dispute.Item
		fires  bool
	}{
		{"we promised a refund", dispute.FamilyGeneral, CodeRefundPromised, []dispute.Item{message("to customer", "Hello. We will refund you by Friday.")}, true},
		{"the customer speaks of a refund", dispute.FamilyGeneral, CodeRefundPromised, []dispute.Item{message("from customer", "You said: we will refund you.")}, false},
		{"the promised refund was given", dispute.FamilyGeneral, CodeRefundPromised,
			[]dispute.Item{message("to customer", "We will refund you."), refund("12.00 EUR", "2026-11-10")}, false},
		{"other address than billed", dispute.FamilyFraudulent, CodeOtherAddress,
			edited("shipment:7", dispute.FactShippingAddress, "Rue de Rivoli 99, 75001 Paris, FR"), true},
		{"the same address, written another way", dispute.FamilyFraudulent, CodeOtherAddress,
			edited("shipment:7", dispute.FactShippingAddress, "Ackerstr. 1 / 10115 BERLIN / Germany"), false},
		{"other address, yet the buyer was authenticated", dispute.FamilyFraudulent, CodeOtherAddress,
			append(edited("charge:ch_1", dispute.FactThreeDS, "authenticated"),
				item(dispute.ItemDelivery, "track:0", dispute.FactShippingAddress, "Rue de Rivoli 99, 75001 Paris, FR")), false},
		{"other address does not matter for goods", dispute.FamilyProductNotReceived, CodeOtherAddress,
			edited("shipment:7", dispute.FactShippingAddress, "Rue de Rivoli 99, 75001 Paris, FR"), false},
		{"the parcel of an earlier order", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(sale(), parcel(dispute.FactOrderID, "#0900")), true},
		{"the number of an earlier order's parcel", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(sale(), parcel(), item(dispute.ItemFulfillment, "shipment:0", dispute.FactOrderID, "0900", dispute.FactTrackingNumber, "T77")), true},
		{"the parcel of this order", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(sale(), parcel(dispute.FactOrderID, "gid://shop/Order/1001")), false},
		{"a parcel whose order's id is the carrier's own", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(sale(), parcel(dispute.FactOrderID, "88213")), false},
		{"the carrier went to another town", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(edited("order:1001", dispute.FactShippingCity, "Berlin"), parcel(dispute.FactShippingCity, "Portland")), true},
		{"the carrier went to a pick-up point in town", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(edited("order:1001", dispute.FactShippingCity, "Berlin", dispute.FactShippingPostalCode, "10115"),
				parcel(dispute.FactShippingCity, "BERLIN-MITTE", dispute.FactShippingPostalCode, "10117")), false},
		{"the carrier knows another postal code", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(edited("order:1001", dispute.FactShippingPostalCode, "97201"), parcel(dispute.FactShippingPostalCode, "10001")), true},
		{"the carrier knows more of the postal code", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(edited("order:1001", dispute.FactShippingPostalCode, "97201"), parcel(dispute.FactShippingPostalCode, "97201-1234")), false},
		{"another country", dispute.FamilyProductNotReceived, CodeAnotherOrder,
			append(edited("order:1001", dispute.FactShippingCountry, "DE"), parcel(dispute.FactShippingCountry, "US")), true},
		{"cancelled before the payment", dispute.FamilySubscription, CodeCanceledBefore,
			append(sale(), subscription("2026-10-20")), true},
		{"cancelled, and used since", dispute.FamilySubscription, CodeCanceledBefore,
			append(sale(), subscription("2026-10-20"), item(dispute.ItemAccess, "access:1", dispute.FactAccessLog, "2026-11-02T10:00:00Z 203.0.113.7 login")), false},
		{"cancelled after the payment", dispute.FamilySubscription, CodeCanceledBefore,
			append(sale(), subscription("2026-11-10")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cl := Check(testCase(tt.family), tt.items)
			i := slices.IndexFunc(cl.Contradictions, func(c Contradiction) bool { return c.Code == tt.code })
			if (i >= 0) != tt.fires {
				t.Fatalf("contradictions %+v", cl.Contradictions)
			}
			if !tt.fires {
				return
			}
			c := cl.Contradictions[i]
			if len(c.Items) == 0 || len(c.Blocks) == 0 || c.Why == "" || cl.Complete || cl.Strength != 1 {
				t.Errorf("%+v, strength %d, complete %v", c, cl.Strength, cl.Complete)
			}
			for _, claim := range mustDraft(t, testCase(tt.family), tt.items).Claims {
				if slices.Contains(c.Blocks, claim.Proof) {
					t.Errorf("the letter claims %s", claim.Proof)
				}
			}
		})
	}
}

func TestPromisesRefund(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"We will refund you the full amount today.":                        true,
		"I've refunded your card.":                                         true,
		"Your refund has been processed.":                                  true,
		"The full refund is on its way.":                                   true,
		"We'll issue you a full refund.":                                   true,
		"We are sending you your money back.":                              true,
		"We will not refund this order.":                                   false,
		"We cannot issue a refund.":                                        false,
		"We will refund you once the shoes are back with us.":              false,
		"If you send them back we will refund you.":                        false,
		"Our refund policy is on the website.":                             false,
		"Would you like a refund?":                                         false,
		"> We will refund you.\nThat was never said by us in this matter.": false,
		"Your order was refundable for 14 days.":                           false,
	} {
		if got := promisesRefund(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestUses(t *testing.T) {
	t.Parallel()
	e := &exhibit{item: item(dispute.ItemAccess, "access:1", dispute.FactAccessLog,
		"2026-11-05T08:00:00Z 203.0.113.7 login\n[2026-11-04 07:30:00] open\nno time here\n2026-11-05T08:00:00Z again")}
	e.item.Log = []dispute.LogEntry{{At: opened, What: "log-in"}}
	want := []time.Time{time.Date(2026, 11, 4, 7, 30, 0, 0, time.UTC), time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC), opened}
	if got := uses(e); !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("uses = %v", got)
	}
}

func TestUseAfterCancellation(t *testing.T) {
	t.Parallel()
	items := append(sale(), subscription("2026-10-20"), item(dispute.ItemAccess, "access:1", dispute.FactAccessLog, "2026-11-02T10:00:00Z 203.0.113.7 login"))
	l := mustDraft(t, testCase(dispute.FamilySubscription), items)
	const want = "After the cancellation of 20 October 2026 the customer went on using what was bought, last on 2 November 2026"
	if !slices.ContainsFunc(l.Claims, func(c Claim) bool {
		return c.Proof == proofUsedAfterCancel && len(c.Exhibits) == 2 && c.Text[:len(want)] == want
	}) {
		t.Errorf("claims %+v", l.Claims)
	}
}
