package packets

import (
	"bytes"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Families are all families of claims.
var Families = []dispute.Family{
	dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived, dispute.FamilyProductUnacceptable,
	dispute.FamilySubscription, dispute.FamilyDuplicate, dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization,
	dispute.FamilyProcessing, dispute.FamilyGeneral,
}

var day = time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)

// Case is a dispute of a payment of 129.00 EUR at a provider's connection.
func Case(connection, network string, family dispute.Family) dispute.Case {
	ref := dispute.Ref{Connection: connection, ID: "dp_1"}
	return dispute.Case{
		ID: ref.CaseID(), Ref: ref, Merchant: "Acme Shoes", Part: 1, Family: family,
		View: dispute.View{Snapshot: dispute.Snapshot{
			ID: "dp_1", Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "EUR"}, Network: network,
			Reason: string(family), Stage: dispute.StageChargeback, OpenedAt: day.AddDate(0, 0, 19),
		}},
	}
}

func item(kind dispute.ItemKind, id string, days int, facts ...string) dispute.Item {
	it := dispute.Item{ID: id, Source: "shop", Kind: kind, At: day.AddDate(0, 0, days), Facts: map[string]string{}}
	for i := 0; i < len(facts); i += 2 {
		it.Facts[facts[i]] = facts[i+1]
	}
	return it
}

// Poor is evidence of which little is known: the payment and one message.
func Poor() []dispute.Item {
	return []dispute.Item{
		item(dispute.ItemPayment, "charge:ch_1", 0, dispute.FactAmount, "129.00 EUR", dispute.FactPaidAt, day.Format(time.RFC3339)),
		item(dispute.ItemCommunication, "ticket:1", 5, dispute.FactDirection, "from customer", dispute.FactText, "Where is it?"),
	}
}

// Rich is a sale of which everything is known, with papers.
func Rich() []dispute.Item {
	const who, where = "Jana Müller", "Gartenweg 3, 20095 Hamburg, DE"
	return []dispute.Item{
		item(dispute.ItemPayment, "charge:ch_1", 0, dispute.FactAmount, "129.00 EUR", dispute.FactPaidAt, day.Format(time.RFC3339),
			dispute.FactCardBrand, "visa", dispute.FactCardLast4, "4242", dispute.FactAVSLine1, "pass", dispute.FactAVSPostal, "pass",
			dispute.FactCVC, "pass", dispute.FactThreeDS, "authenticated", dispute.FactPurchaseIP, "203.0.113.7",
			dispute.FactBillingAddress, where, dispute.FactCustomerName, who, dispute.FactCustomerEmail, "jana@example.com"),
		item(dispute.ItemCustomer, "customer:9", 0, dispute.FactCustomerName, who, dispute.FactCustomerEmail, "jana@example.com",
			dispute.FactCustomerSince, "2024-03-01", dispute.FactOrdersCount, "7"),
		item(dispute.ItemOrder, "order:1001", 0, dispute.FactOrderName, "#1001", dispute.FactOrderID, "1001", dispute.FactProducts, "1 × Trail shoe",
			dispute.FactShippingAddress, where, dispute.FactOrderedAt, day.Format(time.RFC3339),
			dispute.FactRefundPolicy, "Returns within 30 days, unworn.", dispute.FactCancelPolicy, "Cancel until the day before renewal.",
			dispute.FactTermsAcceptedAt, day.Format(time.RFC3339), dispute.FactSubscriptionID, "sub_1", dispute.FactServiceDate, "2026-11-01"),
		item(dispute.ItemFulfillment, "shipment:7", 1, dispute.FactCarrier, "DHL", dispute.FactTrackingNumber, "00340434161094042557",
			dispute.FactShippedAt, day.AddDate(0, 0, 1).Format(time.RFC3339), dispute.FactShippingAddress, where),
		item(dispute.ItemDelivery, "track:7", 3, dispute.FactCarrier, "DHL", dispute.FactTrackingNumber, "00340434161094042557",
			dispute.FactDeliveredAt, day.AddDate(0, 0, 3).Format(time.RFC3339), dispute.FactSignedBy, "J. Müller",
			dispute.FactDeliveryStatus, "delivered", dispute.FactShippingAddress, where),
		item(dispute.ItemAccess, "access:9", 5, dispute.FactAccessLog, "2026-11-06T08:00:00Z 203.0.113.7 login"),
		item(dispute.ItemCommunication, "ticket:55", 6, dispute.FactDirection, "from customer", dispute.FactSubject, "Thanks",
			dispute.FactText, "The shoes arrived today and fit well."),
		item(dispute.ItemPriorPayment, "charge:ch_0", -200, dispute.FactAmount, "89.00 EUR",
			dispute.FactPaidAt, day.AddDate(0, 0, -200).Format(time.RFC3339), dispute.FactPurchaseIP, "203.0.113.7", dispute.FactOrderName, "#0800"),
		paper("receipt.pdf", dispute.FieldReceipt, "Receipt 129.00 EUR"),
		paper("terms.pdf", dispute.FieldRefundPolicy, "Terms: returns within 30 days"),
		paper("service.pdf", dispute.FieldServiceDocumentation, "Service report of 1 November 2026"),
	}
}

// Contradicting is Rich with what speaks against the merchant: delivered after
// the dispute and to another place, checks that failed, money given back late.
func Contradicting() []dispute.Item {
	out := Rich()
	out[0].Facts[dispute.FactAVSLine1], out[0].Facts[dispute.FactCVC] = "fail", "fail"
	out[4].Facts[dispute.FactDeliveredAt] = day.AddDate(0, 0, 30).Format(time.RFC3339)
	out[4].Facts[dispute.FactShippingAddress] = "Hafenstraße 9, 28195 Bremen, DE"
	return append(out, item(dispute.ItemRefund, "refund:1", 25, dispute.FactRefundedAmount, "129.00 EUR",
		dispute.FactRefundedAt, day.AddDate(0, 0, 25).Format(time.RFC3339)))
}

func paper(name string, slot dispute.EvidenceField, text string) dispute.Item {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(day)
	pdf.SetModificationDate(day)
	pdf.AddPage()
	pdf.SetFont("Helvetica", "", 14)
	pdf.Cell(0, 10, text)
	var buf bytes.Buffer
	if err := pdf.Output(&buf); err != nil {
		panic("packets: " + err.Error())
	}
	it := document(name, buf.Bytes())
	it.Facts = map[string]string{dispute.FactSlot: string(slot)}
	return it
}
