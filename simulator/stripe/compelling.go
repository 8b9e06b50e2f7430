package stripe

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Visa's Compelling Evidence 3.0 as Stripe documents it
// (docs.stripe.com/disputes/api/visa-ce3): the fields of three sales, and whether
// they make a dispute qualify.
const (
	ce3       = "visa_compelling_evidence_3"
	enhanced  = "enhanced_evidence"
	disputed  = "disputed_transaction"
	priors    = "prior_undisputed_transactions"
	priorFrom = 365 * 24 * time.Hour
	priorTo   = 120 * 24 * time.Hour
)

// saleFields are the fields of each of the three sales with their least length.
var saleFields = map[string]int{
	"customer_account_id": 0, "customer_device_fingerprint": 20, "customer_device_id": 15, "customer_email_address": 0,
	"customer_purchase_ip": 0, "product_description": 0, "merchandise_or_services": 0, "charge": 0,
	"shipping_address.line1": 0, "shipping_address.line2": 0, "shipping_address.city": 0, "shipping_address.state": 0,
	"shipping_address.postal_code": 0, "shipping_address.country": 0,
}

// sale is one of the three by its fields; parts of the address have names with a
// dot.
type sale map[string]string

// splitEvidence takes the compelling evidence out of what was given: its names
// are nested deeper than the others'.
func splitEvidence(given map[string]string) (ordinary, compelling map[string]string) {
	ordinary, compelling = map[string]string{}, map[string]string{}
	for name, value := range given {
		if inner, ok := strings.CutPrefix(name, enhanced+"]["+ce3+"]["); ok {
			compelling[strings.ReplaceAll(inner, "][", ".")] = value
			continue
		}
		ordinary[name] = value
	}
	return ordinary, compelling
}

// checkCompelling refuses what is no field of a sale, and devices that are named
// too shortly.
func checkCompelling(compelling map[string]string) *apiError {
	for _, name := range slices.Sorted(maps.Keys(compelling)) {
		param := "evidence[" + enhanced + "][" + ce3 + "][" + strings.ReplaceAll(name, ".", "][") + "]"
		field, ok := saleField(name)
		least, known := saleFields[field]
		switch value := compelling[name]; {
		case !ok, !known:
			return refuse(param, "parameter_unknown", "Received unknown parameter: "+param)
		case field == "merchandise_or_services" && value != "merchandise" && value != "services":
			return refuse(param, "", "Invalid "+field+": must be one of merchandise or services")
		case value != "" && utf8.RuneCountInString(value) < least:
			return refuse(param, "parameter_invalid_string_length", "Invalid string: must be at least "+strconv.Itoa(least)+" characters")
		}
	}
	return nil
}

// saleField is the field that a name means; ok is false when that sale has none
// of it.
func saleField(name string) (field string, ok bool) {
	if field, ok = strings.CutPrefix(name, disputed+"."); ok {
		return field, field != "charge"
	}
	for _, which := range []string{"0", "1"} {
		if field, ok = strings.CutPrefix(name, priors+"."+which+"."); ok {
			return field, field != "merchandise_or_services"
		}
	}
	return "", false
}

func (d *record) sale(prefix string) sale {
	out := sale{}
	for name, value := range d.compelling {
		if field, ok := strings.CutPrefix(name, prefix+"."); ok && value != "" {
			out[field] = value
		}
	}
	return out
}

// eligible reports whether the dispute may be answered with compelling evidence
// at all.
func (d *record) eligible() bool {
	return d.opt.Brand == "visa" && d.opt.NetworkCode == "10.4" && d.stage() == "chargeback"
}

// eligibility is how the compelling evidence stands.
func (s *Stripe) eligibility(d *record) object {
	own, first, second := d.sale(disputed), d.sale(priors+".0"), d.sale(priors+".1")
	actions := []string{}
	need := func(missing bool, action string) {
		if missing {
			actions = append(actions, action)
		}
	}
	need(!identified(own, first, second), "missing_customer_identifiers")
	need(own["product_description"] == "", "missing_disputed_transaction_description")
	need(own["merchandise_or_services"] == "", "missing_merchandise_or_services")
	need(first["product_description"] == "" || second["product_description"] == "", "missing_prior_undisputed_transaction_description")
	need(first["charge"] == "" || second["charge"] == "" || first["charge"] == second["charge"], "missing_prior_undisputed_transactions")
	status := "qualified"
	switch {
	case len(actions) > 0:
		status = "requires_action"
	case !s.counts(d, first["charge"]) || !s.counts(d, second["charge"]):
		status = "not_qualified"
	}
	return object{"status": status, "required_actions": actions}
}

// identified reports whether an address of the network or a device agrees on all
// sales, and something else, too.
func identified(sales ...sale) bool {
	agree := func(fields ...string) bool {
		return !slices.ContainsFunc(fields, func(f string) bool {
			return sales[0][f] == "" || slices.ContainsFunc(sales, func(other sale) bool { return other[f] != sales[0][f] })
		})
	}
	ip := agree("customer_purchase_ip")
	device := agree("customer_device_fingerprint") || agree("customer_device_id")
	second := agree("customer_account_id") || agree("customer_email_address") ||
		agree("shipping_address.line1", "shipping_address.city", "shipping_address.postal_code", "shipping_address.country")
	return ip && device || (ip || device) && second
}

// counts reports whether an earlier charge may stand in compelling evidence.
func (s *Stripe) counts(d *record, charge string) bool {
	o, ok := s.order(charge)
	if !ok {
		return false
	}
	age := d.order.PaidAt.Sub(o.PaidAt)
	return o.CardLast4 == d.order.CardLast4 && age >= priorTo && age <= priorFrom && !s.disputed[charge] && !s.warned(charge)
}

// renderCompelling is the compelling evidence as it stands; nil without any.
func (d *record) renderCompelling() object {
	if len(d.compelling) == 0 {
		return nil
	}
	return object{ce3: object{
		disputed: d.sale(disputed).render(),
		priors:   []object{d.sale(priors + ".0").render(), d.sale(priors + ".1").render()},
	}}
}

func (v sale) render() object {
	out, address := object{}, object{}
	for field, value := range v {
		if part, ok := strings.CutPrefix(field, "shipping_address."); ok {
			address[part] = value
			continue
		}
		out[field] = value
	}
	if len(address) > 0 {
		out["shipping_address"] = address
	}
	return out
}

// warning is an early fraud warning: a bank's word that a charge was no sale of
// its customer.
type warning struct {
	id, charge string
	created    time.Time
}

// ReportFraud makes the bank of a charge report it.
func (s *Stripe) ReportFraud(charge string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, warning{id: s.world.NewID("issfr_"), charge: charge, created: s.now()})
}

func (s *Stripe) warned(charge string) bool {
	return slices.ContainsFunc(s.warnings, func(w warning) bool { return w.charge == charge })
}

func (s *Stripe) listWarnings(c *call) (object, *apiError) {
	if refused := c.allow("charge", "payment_intent", "created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	var all []object
	for _, w := range s.warnings {
		if charge := c.params.Get("charge"); charge == "" || charge == w.charge {
			all = append(all, object{
				"id": w.id, "object": "radar.early_fraud_warning", "charge": w.charge, "created": w.created.Unix(),
				"actionable": !s.disputed[w.charge], "fraud_type": "unauthorized_use_of_card", "livemode": false,
			})
		}
	}
	return c.page(newestFirst(all))
}

// sellBefore makes earlier sales to the same customer by the same card, from the
// same place, whatever the length of the world's days: fifty days apart, the
// newest 150 days before.
func (s *Stripe) sellBefore(order world.Order, count int) {
	for i := range count {
		o := order
		o.Number, o.ShopifyID = order.Number-500-i, order.ShopifyID-500-int64(i)
		o.ChargeID, o.PaymentIntent, o.BalanceTxn = s.world.NewID("ch_"), s.world.NewID("pi_"), s.world.NewID("txn_")
		o.PaidAt = order.PaidAt.AddDate(0, 0, -150-50*i)
		o.Messages, o.Refund = nil, nil
		s.orders[o.ChargeID] = o
		s.earlier = append(s.earlier, o)
	}
}

// sales are those of the world and those that only this account knows.
func (s *Stripe) sales() []world.Order { return append(s.world.Orders(), s.earlier...) }
