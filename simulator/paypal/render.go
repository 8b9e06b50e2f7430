package paypal

import (
	"fmt"
	"strings"
	"time"
)

// render is the dispute as PayPal shows it in detail.
func (d *record) render(address string) object {
	out := d.summary(address)
	transaction := object{
		"seller_transaction_id": transactionID(d.order.ChargeID), "create_time": stamp(d.order.PaidAt),
		"transaction_status": "COMPLETED", "gross_amount": money(d.order.Total, d.order.Currency),
		"invoice_number": fmt.Sprintf("INV-%d", d.order.Number), "custom": d.order.Name(),
		"buyer":  object{"name": d.order.Customer.Name, "email": d.order.Customer.Email},
		"seller": object{"merchant_id": "RD465XN5VS364", "name": "Test Store"},
	}
	out["disputed_transactions"] = []any{transaction}
	out["messages"] = []any{object{"posted_by": "BUYER", "time_posted": stamp(d.created), "content": "Where is my order?"}}
	if d.opt.ReasonCode != "" {
		out["external_reason_code"] = d.opt.ReasonCode
	}
	if d.outcome != "" {
		out["dispute_outcome"] = object{"outcome_code": d.outcome}
	}
	if len(d.movement) > 0 {
		out["money_movements"] = append([]object(nil), d.movement...)
	}
	if len(d.opt.AcceptTypes) > 0 {
		out["allowed_response_options"] = object{"accept_claim": object{"accept_claim_types": d.opt.AcceptTypes}}
	}
	d.renderAnswers(out)
	return out
}

func (d *record) renderAnswers(out object) {
	var evidences, supporting []any
	if d.status == waiting {
		evidences = append(evidences, object{"evidence_type": "PROOF_OF_FULFILLMENT", "source": "REQUESTED_FROM_SELLER"})
	}
	for _, a := range d.answers {
		said := object{"source": "SUBMITTED_BY_SELLER", "dispute_life_cycle_stage": d.stage}
		switch a.Action {
		case "provide-evidence", "appeal":
			said["evidence_type"], said["date"] = "PROOF_OF_FULFILLMENT", stamp(a.At)
			evidences = append(evidences, said)
		case "provide-supporting-info":
			said["provided_time"] = stamp(a.At)
			supporting = append(supporting, said)
		}
	}
	if evidences != nil {
		out["evidences"] = evidences
	}
	if supporting != nil {
		out["supporting_info"] = supporting
	}
}

// summary is the dispute as lists show it.
func (d *record) summary(address string) object {
	channel := "INTERNAL"
	if d.opt.ReasonCode != "" {
		channel = "EXTERNAL"
	}
	self := address + "/v1/customer/disputes/" + d.id
	links := []any{object{"href": self, "rel": "self", "method": "GET"}}
	for _, rel := range d.offers() {
		links = append(links, object{"href": self + "/" + rel, "rel": rel, "method": "POST"})
	}
	out := object{
		"dispute_id": d.id, "create_time": stamp(d.created), "update_time": stamp(d.updated), "reason": d.opt.Reason,
		"status": d.status, "dispute_state": d.state(), "dispute_amount": money(d.opt.Amount, d.order.Currency),
		"dispute_life_cycle_stage": d.stage, "dispute_channel": channel, "links": links,
	}
	if d.status == waiting || d.status == open {
		out["seller_response_due_date"] = stamp(d.due)
	}
	return out
}

// transactionID is an order's id at PayPal: 17 capitals and digits.
func transactionID(charge string) string {
	return strings.ToUpper(strings.TrimPrefix(charge, "ch_"))[:17]
}

// money writes minor units as PayPal does; the yen is the one currency of this
// world without decimals.
func money(minor int64, currency string) object {
	value := fmt.Sprintf("%d.%02d", minor/100, minor%100)
	if currency == "JPY" {
		value = fmt.Sprint(minor)
	}
	return object{"currency_code": currency, "value": value}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
