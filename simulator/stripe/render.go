package stripe

import (
	"encoding/json"
	"strings"
)

// render is the dispute object as an API version shows it.
func (s *Stripe) render(d *record, version string) object {
	details := object{
		"due_by": d.dueBy(), "has_evidence": len(d.evidence)+len(d.compelling) > 0, "past_due": false,
		"submission_count": d.count, "enhanced_eligibility": object{},
	}
	types := []string{}
	if d.eligible() {
		types = append(types, ce3)
		details["enhanced_eligibility"] = object{ce3: s.eligibility(d)}
	}
	out := object{
		"id": d.id, "object": "dispute", "livemode": false, "created": d.created.Unix(),
		"amount": d.opt.Amount, "currency": strings.ToLower(d.order.Currency),
		"charge": d.order.ChargeID, "payment_intent": d.order.PaymentIntent,
		"reason": d.opt.Reason, "status": d.status,
		"is_charge_refundable": strings.HasPrefix(d.status, "warning_"),
		"balance_transactions": d.renderMoves(),
		"evidence":             d.renderEvidence(),
		"evidence_details":     details,
		"metadata":             object{}, "enhanced_eligibility_types": types,
		"payment_method_details": object{"type": "card", "card": object{
			"brand": d.opt.Brand, "network": d.opt.Brand, "case_type": d.opt.CaseType,
			"network_reason_code": orNull(d.opt.NetworkCode),
		}},
	}
	if version >= smartVersion {
		out["intended_submission_method"] = orNull(d.opt.IntendedMethod)
		details["submission_method"] = "not_submitted"
		if d.answered {
			details["submission_method"] = "manual"
		}
	}
	return out
}

// dueBy is 0 when the bank takes no answer.
func (d *record) dueBy() int64 {
	if d.due.IsZero() {
		return 0
	}
	return d.due.Unix()
}

func (d *record) renderEvidence() object {
	out := object{enhanced: object{}}
	if sales := d.renderCompelling(); sales != nil {
		out[enhanced] = sales
	}
	for field := range fileFields {
		out[field] = orNull(d.evidence[field])
	}
	for field := range textFields {
		out[field] = orNull(d.evidence[field])
	}
	return out
}

func (d *record) renderMoves() []object {
	out := make([]object, len(d.moves))
	for i, m := range d.moves {
		out[i] = d.renderMove(m)
	}
	return out
}

func (d *record) renderMove(m Movement) object {
	kind := "adjustment"
	if m.Category == "fee" {
		kind = "stripe_fee"
	}
	return transaction(transactionOf{
		id: m.ID, created: m.At.Unix(), currency: d.order.Currency, source: d.id, description: m.Description,
		amount: m.Amount, fee: m.Fee, feeText: "Dispute fee", kind: kind, category: m.Category,
	})
}

// emit makes the event charge.dispute.<name> of the dispute as it is now.
func (s *Stripe) emit(d *record, name string, previous object) {
	data := object{"object": s.render(d, apiVersion)}
	if len(previous) > 0 {
		data["previous_attributes"] = previous
	}
	e := Event{ID: s.world.NewID("evt_"), Type: "charge.dispute." + name, Dispute: d.id, Created: s.now()}
	body, err := json.MarshalIndent(object{
		"id": e.ID, "object": "event", "type": e.Type, "api_version": apiVersion, "created": e.Created.Unix(),
		"data": data, "livemode": false, "pending_webhooks": 1,
		"request": object{"id": nil, "idempotency_key": nil},
	}, "", "  ")
	if err != nil {
		panic("simulator/stripe: an event has no JSON: " + err.Error())
	}
	e.Body = body
	s.outbox.add(e)
}
