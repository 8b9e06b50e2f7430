package braintree

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// stamp is how GraphQL writes a time.
const stamp = "2006-01-02T15:04:05.000000Z"

func global(kind, legacy string) string {
	return base64.RawStdEncoding.EncodeToString([]byte(kind + "_" + legacy))
}

// local is the kind and the legacy id in a global one.
func local(id string) (kind, legacy string) {
	text, err := base64.RawStdEncoding.DecodeString(id)
	if err != nil {
		return "", ""
	}
	kind, legacy, _ = strings.Cut(string(text), "_")
	return kind, legacy
}

func (b *Braintree) queries() object {
	return object{
		"__typename": "Query",
		"ping":       "pong",
		"node": func(a args) (any, *refusal) {
			switch kind, legacy := local(a.string("id")); kind {
			case "dispute":
				if d, ok := b.disputes[legacy]; ok {
					return d.object(), nil
				}
			case "transaction":
				if o, ok := b.sale(legacy); ok {
					return transaction(o), nil
				}
			}
			return nil, nil
		},
		"idFromLegacyId": func(a args) (any, *refusal) {
			return global(strings.ToLower(a.string("type")), a.string("legacyId")), nil
		},
		"search": object{"__typename": "Search", "disputes": b.search},
	}
}

func (b *Braintree) sale(txn string) (world.Order, bool) {
	if o, ok := b.sales[txn]; ok {
		return o, true
	}
	return b.world.Find(func(o world.Order) bool { return transactionID(o) == txn })
}

// search pages through the disputes that fit. A cursor is the number of disputes
// up to and including its own.
func (b *Braintree) search(a args) (any, *refusal) {
	var fit []*record
	for _, id := range b.opened {
		if d := b.disputes[id]; d.fits(a.object("input")) {
			fit = append(fit, d)
		}
	}
	from, _ := strconv.Atoi(a.string("after"))
	to := len(fit)
	switch first := a["first"].(type) {
	case float64:
		to = min(from+int(first), to)
	case int64:
		to = min(from+int(first), to)
	}
	edges := []object{}
	for i, d := range fit[min(from, to):to] {
		edges = append(edges, object{"__typename": "DisputeConnectionEdge", "cursor": strconv.Itoa(from + i + 1), "node": d.object()})
	}
	return object{
		"__typename": "DisputeConnection", "edges": edges,
		"pageInfo": object{"__typename": "PageInfo", "hasNextPage": to < len(fit), "hasPreviousPage": false, "endCursor": strconv.Itoa(to)},
	}, nil
}

func (d *record) fits(input args) bool {
	status := strings.ToUpper(d.status)
	if is := input.object("status").string("is"); is != "" && is != status {
		return false
	}
	if in, ok := input.object("status")["in"].([]any); ok && !slices.Contains(in, any(status)) {
		return false
	}
	since := input.object("effectiveDate").string("greaterThanOrEqualTo")
	return slices.ContainsFunc(d.history, func(e *event) bool { return e.at.Format(time.DateOnly) >= since })
}

func money(minor int64, currency string) object {
	return object{"__typename": "MonetaryAmount", "value": decimal(minor, currency), "currencyCode": currency, "currencyIsoCode": currency}
}

// object is the dispute as GraphQL shows it, the newest status first.
func (d *record) object() object {
	history, proofs := []object{}, []object{}
	for _, e := range d.history {
		history = append([]object{{
			"__typename": "DisputeStatusEvent", "status": strings.ToUpper(e.status), "timestamp": e.at.Format(stamp),
			"effectiveDate": e.at.Format(time.DateOnly), "disbursementDate": orNull(e.disbursed),
		}}, history...)
	}
	for _, e := range d.proofs {
		proofs = append(proofs, e.object())
	}
	out := object{
		"__typename": "Dispute", "id": global("dispute", d.ID), "legacyId": d.ID,
		"type": strings.ToUpper(d.Kind), "status": strings.ToUpper(d.status), "createdAt": d.created.Format(stamp),
		"receivedDate": d.created.Format(time.DateOnly), "replyByDate": d.replyBy, "preDisputeProgram": strings.ToUpper(d.Program),
		"amountDisputed": money(d.Amount, d.sale.Currency), "amountWon": money(d.won, d.sale.Currency),
		"processorResponse": object{"__typename": "DisputeProcessorResponse", "reason": strings.ToUpper(d.Reason), "reasonCode": orNull(d.Code)},
		"statusHistory":     history, "evidence": proofs, "originalDispute": nil, "transaction": transaction(d.sale),
	}
	if d.Original != "" {
		out["originalDispute"] = object{"__typename": "Dispute", "id": global("dispute", d.Original), "legacyId": d.Original}
	}
	return out
}

func (e *Evidence) object() object {
	out := object{
		"__typename": "DisputeTextEvidence", "id": e.ID, "legacyId": e.ID, "createdAt": e.CreatedAt.Format(stamp),
		"category": orNull(e.Category), "sentToProcessorAt": nil, "content": e.Content,
	}
	if e.MediaType != "" {
		out["__typename"], out["url"] = "DisputeFileEvidence", "https://example.invalid/"+e.ID
		delete(out, "content")
	}
	return out
}

func transaction(o world.Order) object {
	first, last, _ := strings.Cut(o.Customer.Name, " ")
	refunds := []object{}
	if o.Refund != nil {
		refunds = append(refunds, object{"__typename": "Refund", "status": "SETTLED", "amount": money(o.Refund.Amount, o.Currency)})
	}
	return object{
		"__typename": "Transaction", "id": global("transaction", transactionID(o)), "legacyId": transactionID(o),
		"createdAt": o.PaidAt.UTC().Format(stamp), "orderId": strconv.FormatInt(o.ShopifyID, 10), "amount": money(o.Total, o.Currency),
		"customFields": []object{{"__typename": "CustomField", "name": "order_name", "value": o.Name()}},
		"customer": object{
			"__typename": "Customer", "legacyId": o.Customer.HubSpotID, "email": o.Customer.Email, "firstName": first, "lastName": last,
		},
		"refunds": refunds,
		"paymentMethodSnapshot": object{
			"__typename": "CreditCardTransactionDetails", "acquirerReferenceNumber": "74" + strconv.FormatInt(o.ShopifyID, 10),
			"creditCard": object{"__typename": "CreditCardDetails", "brandCode": brands[o.CardBrand].code},
		},
	}
}

// brands are the card brands as GraphQL and the notifications write them.
var brands = map[string]struct{ code, subtype string }{
	"visa": {"VISA", "Visa"}, "mastercard": {"MASTERCARD", "MasterCard"},
	"amex": {"AMERICAN_EXPRESS", "American Express"}, "discover": {"DISCOVER", "Discover"},
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
