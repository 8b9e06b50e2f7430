package evidence

import (
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// sampleOpened is when the dispute of the sample was opened.
var sampleOpened = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// SampleLetter writes the letter of an invented case of which nearly everything
// is known, to show how a set reads. Network and code may be empty.
func SampleLetter(set *LetterSet, family dispute.Family, network, code string) (Letter, error) {
	c := sampleCase([]string{string(family), network, code})
	items := sampleItems()
	return Draft(c, items, Check(c, items), set)
}

// sampleCase is an invented case for the parts of a wording's name.
func sampleCase(parts []string) dispute.Case {
	ref := dispute.Ref{Connection: "sample", ID: "du_sample"}
	s := dispute.Snapshot{
		ID: ref.ID, Payment: "ch_sample", Amount: dispute.Money{Minor: 12900, Currency: "EUR"},
		Network: "visa", Stage: dispute.StageChargeback, OpenedAt: sampleOpened,
	}
	if len(parts) > 1 && parts[1] != "" {
		s.Network = networks.Network(parts[1])
	}
	if len(parts) > 2 {
		s.NetworkCode = parts[2]
	}
	return dispute.Case{
		ID: ref.CaseID(), Ref: ref, Merchant: "Sample Shop", Part: 1,
		Family: dispute.Family(parts[0]), View: dispute.View{Snapshot: s},
	}
}

func sampleItem(kind dispute.ItemKind, id string, facts map[string]string) dispute.Item {
	return dispute.Item{ID: id, Source: "sample", Kind: kind, Facts: facts}
}

func sampleRefund() dispute.Item {
	return sampleItem(dispute.ItemRefund, "refund:1", map[string]string{
		dispute.FactRefundedAmount: "129.00 EUR", dispute.FactRefundedAt: "2026-11-10T00:00:00Z", dispute.FactRefundID: "re_sample",
	})
}

// sampleItems show every proof but a refund.
func sampleItems() []dispute.Item {
	const address, ip, device = "1 Sample Street, 10115 Berlin, DE", "203.0.113.7", "sample-device-fingerprint"
	sale := func(at, order string) map[string]string {
		return map[string]string{
			dispute.FactAmount: "129.00 EUR", dispute.FactPaidAt: at, dispute.FactOrderID: order,
			dispute.FactProducts: "Running shoes, blue, size 39", dispute.FactSold: "merchandise",
			dispute.FactCardFingerprint: "sample-card", dispute.FactFraudReported: "no", dispute.FactDisputed: "no",
			dispute.FactPurchaseIP: ip, dispute.FactDeviceFingerprint: device,
		}
	}
	payment := sale("2026-11-01T10:00:00Z", "1001")
	for name, value := range map[string]string{
		dispute.FactDescriptor: "SAMPLE SHOP", dispute.FactCardBrand: "visa", dispute.FactCardLast4: "4242",
		dispute.FactAVSPostal: "pass", dispute.FactAVSLine1: "pass", dispute.FactCVC: "pass", dispute.FactThreeDS: "authenticated",
		dispute.FactBillingAddress: address, dispute.FactCustomerName: "Alex Sample", dispute.FactCustomerEmail: "alex@example.com",
		dispute.FactCustomerSince: "2024-03-01",
	} {
		payment[name] = value
	}
	access := sampleItem(dispute.ItemAccess, "access:1", map[string]string{
		dispute.FactAccessLog:       "2026-11-05T08:00:00Z 203.0.113.7 login",
		dispute.FactTermsAcceptedAt: "2026-11-01T09:59:00Z",
	})
	access.Log = []dispute.LogEntry{{At: time.Date(2026, 11, 7, 18, 0, 0, 0, time.UTC), What: "Opened the members' page"}}
	return []dispute.Item{
		sampleItem(dispute.ItemPayment, "charge:ch_sample", payment),
		sampleItem(dispute.ItemOrder, "order:1001", map[string]string{
			dispute.FactOrderID: "1001", dispute.FactOrderName: "#1001", dispute.FactOrderedAt: "2026-11-01T09:58:00Z",
			dispute.FactProducts: "Running shoes, blue, size 39",
		}),
		sampleItem(dispute.ItemOrder, "subscription:1", map[string]string{
			dispute.FactSubscriptionID: "sub_sample", dispute.FactInvoiceID: "in_sample", dispute.FactCanceledAt: "2026-11-02T12:00:00Z",
		}),
		sampleItem(dispute.ItemFulfillment, "shipment:1", map[string]string{
			dispute.FactCarrier: "DHL", dispute.FactTrackingNumber: "SAMPLE13", dispute.FactShippedAt: "2026-11-02T15:00:00Z",
			dispute.FactShippingAddress: address,
		}),
		sampleItem(dispute.ItemDelivery, "track:1", map[string]string{
			dispute.FactCarrier: "DHL", dispute.FactTrackingNumber: "SAMPLE13", dispute.FactDeliveredAt: "2026-11-04T11:20:00Z",
			dispute.FactSignedBy: "A. Sample",
		}),
		access,
		sampleItem(dispute.ItemCommunication, "ticket:1", map[string]string{
			dispute.FactSubject: "Your order", dispute.FactText: "Thank you, the shoes fit.",
			dispute.FactSentAt: "2026-11-05T08:00:00Z", dispute.FactDirection: "from customer",
		}),
		sampleItem(dispute.ItemPriorPayment, "charge:ch_older", sale("2026-03-01T10:00:00Z", "0900")),
		sampleItem(dispute.ItemPriorPayment, "charge:ch_old", sale("2026-05-01T10:00:00Z", "0901")),
		sampleItem(dispute.ItemDocument, "terms", map[string]string{
			dispute.FactRefundPolicy: "Shown at checkout: returns within 14 days.",
			dispute.FactCancelPolicy: "Shown at sign-up: cancel until the day before renewal.",
		}),
		sampleItem(dispute.ItemDocument, "work-order", map[string]string{dispute.FactServiceDate: "2026-11-03"}),
		sampleItem(dispute.ItemDocument, "receipt", map[string]string{dispute.FactSlot: string(dispute.FieldReceipt)}),
		sampleItem(dispute.ItemDocument, "photo", map[string]string{dispute.FactSlot: string(dispute.FieldUncategorizedFile)}),
	}
}
