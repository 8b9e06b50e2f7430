package stripe

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxField    = 20_000
	maxText     = 150_000
	maxEvidence = 4_500_000 // bytes of all files of one dispute
	maxPages    = 49        // of all files together, "less than 50"
	// maxMastercardPages is the network's.
	maxMastercardPages = 19
)

// fileFields and textFields are the keys of the evidence hash.
var (
	fileFields = keys("cancellation_policy", "customer_communication", "customer_signature",
		"duplicate_charge_documentation", "receipt", "refund_policy", "service_documentation",
		"shipping_documentation", "uncategorized_file")
	textFields = keys("access_activity_log", "billing_address", "cancellation_policy_disclosure",
		"cancellation_rebuttal", "customer_email_address", "customer_name", "customer_purchase_ip",
		"duplicate_charge_explanation", "duplicate_charge_id", "product_description",
		"refund_policy_disclosure", "refund_refusal_explanation", "service_date", "shipping_address",
		"shipping_carrier", "shipping_date", "shipping_tracking_number", "uncategorized_text")
	submissionMethods = keys("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes")
)

func keys(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

func (s *Stripe) updateDispute(c *call) (object, *apiError) {
	d, ok := s.disputes[c.id]
	if !ok {
		return nil, missing("dispute", c.id)
	}
	names := []string{"evidence", "metadata", "submit"}
	if c.version >= smartVersion {
		names = append(names, "intended_submission_method")
	}
	if refused := c.allow(names...); refused != nil {
		return nil, refused
	}
	submit, err := strconv.ParseBool(c.params.Get("submit"))
	if c.params.Has("submit") && err != nil {
		return nil, refuse("submit", "parameter_invalid", "Invalid boolean: submit")
	}
	if !c.params.Has("submit") {
		submit = true // the default, and the trap: what is staged goes out
	}
	method, refused := d.method(c)
	if refused != nil {
		return nil, refused
	}
	given := c.hash("evidence")
	if refused := s.takeEvidence(d, given); refused != nil {
		return nil, refused
	}
	d.opt.IntendedMethod = method
	before := object{}
	if submit && len(d.evidence)+len(d.compelling) > 0 && d.takes(s.now()) == nil {
		before["status"] = d.status
		s.submit(c, d)
	}
	s.emit(d, "updated", before)
	return s.expanded(c, s.render(d, c.version), nil)
}

// method is the submission method that the call leaves the dispute with.
func (d *record) method(c *call) (string, *apiError) {
	const param = "intended_submission_method"
	method := c.params.Get(param)
	switch {
	case !c.params.Has(param):
		return d.opt.IntendedMethod, nil
	case d.opt.IntendedMethod == "":
		return "", refuse(param, "smart_disputes_not_available", "Smart Disputes is not available for this account.")
	case !submissionMethods[method]:
		return "", refuse(param, "", "Invalid "+param+": "+method)
	}
	return method, nil
}

// takeEvidence stages what was given.
func (s *Stripe) takeEvidence(d *record, given map[string]string) *apiError {
	if len(given) == 0 {
		return nil
	}
	if refused := d.takes(s.now()); refused != nil {
		return refused
	}
	ordinary, compelling := splitEvidence(given)
	next, sales := maps.Clone(d.evidence), maps.Clone(d.compelling)
	maps.Copy(next, ordinary)
	maps.Copy(sales, compelling)
	if refused := checkCompelling(sales); refused != nil {
		return refused
	}
	if refused := s.checkEvidence(d, next); refused != nil {
		return refused
	}
	d.evidence, d.compelling = next, sales
	return nil
}

// takes refuses evidence that the status, the bank or the date rules out.
func (d *record) takes(now time.Time) *apiError {
	switch {
	case d.status != needsResponse && d.status != warningNeedsResponse:
		return refuse("evidence", "", "This dispute is "+d.status+" and takes no evidence.")
	case d.due.IsZero():
		return refuse("evidence", "", "The customer's bank takes no response for this dispute.")
	case now.After(d.due):
		return refuse("evidence", "", "The evidence due date of this dispute has passed.")
	}
	return nil
}

func (s *Stripe) checkEvidence(d *record, evidence map[string]string) *apiError {
	chars, size, pages := 0, 0, 0
	for _, field := range slices.Sorted(maps.Keys(evidence)) {
		value, param := evidence[field], "evidence["+field+"]"
		switch {
		case fileFields[field] && value != "":
			f, ok := s.files[value]
			if !ok {
				return refuse(param, "resource_missing", "No such file: '"+value+"'")
			}
			size += len(f.Bytes)
			pages += f.pages
		case fileFields[field]:
		case textFields[field]:
			n := utf8.RuneCountInString(value)
			if n > maxField {
				return refuse(param, "parameter_invalid_string_length", "Invalid string: must be at most 20000 characters")
			}
			chars += n
		default:
			return refuse(param, "parameter_unknown", "Received unknown parameter: "+param)
		}
	}
	if chars > maxText {
		return refuse("evidence", "", "The evidence has more than 150000 characters.")
	}
	if size > maxEvidence {
		return refuse("evidence", "", "The files of the evidence are larger than 4.5 MB together.")
	}
	if most := d.maxPages(); pages > most {
		return refuse("evidence", "", "The files of the evidence have more than "+strconv.Itoa(most)+" pages together.")
	}
	return nil
}

func (d *record) maxPages() int {
	if d.opt.Brand == "mastercard" {
		return maxMastercardPages
	}
	return maxPages
}

// submit sends the evidence to the bank; for a chargeback that costs a fee.
func (s *Stripe) submit(c *call, d *record) {
	if body := d.body(); !slices.Contains(d.bodies, body) {
		d.bodies = append(d.bodies, body)
	}
	s.note(c, d, "submit", d.stage())
	d.count++
	d.answered = true
	d.qualified = d.eligible() && s.eligibility(d)["status"] == "qualified"
	if d.status == warningNeedsResponse {
		d.status = warningUnderReview
	} else {
		d.status = underReview
		s.counterFee(d)
	}
	s.later(c, s.onSubmitted, d.id)
}

// counterFee charges for an answer, once. How Stripe books it is not
// documented; a fee line with the dispute as its source is plausible.
func (s *Stripe) counterFee(d *record) {
	if d.opt.CounterFeeMinor == 0 || d.feeCharged > 0 {
		return
	}
	d.feeCharged = d.opt.CounterFeeMinor
	s.move(d, "fee", "Dispute countered fee", -d.opt.CounterFeeMinor, 0)
}

// closeDispute gives the dispute up. What that does to an inquiry is not
// documented; here it closes without a chargeback.
func (s *Stripe) closeDispute(c *call) (object, *apiError) {
	d, ok := s.disputes[c.id]
	if !ok {
		return nil, missing("dispute", c.id)
	}
	if refused := c.allow(); refused != nil {
		return nil, refused
	}
	stage := d.stage()
	switch d.status {
	case needsResponse, underReview:
		d.status = lost
	case warningNeedsResponse, warningUnderReview:
		d.status = warningClosed
	default:
		return nil, refuse("", "", "This dispute is already closed.")
	}
	d.accepted = true
	s.note(c, d, "close", stage)
	s.emit(d, "closed", nil)
	s.later(c, s.onClosed, d.id)
	return s.expanded(c, s.render(d, c.version), nil)
}

func (d *record) stage() string {
	if strings.HasPrefix(d.status, "warning_") {
		return "inquiry"
	}
	return "chargeback"
}

// note keeps an answer that the account took.
func (s *Stripe) note(c *call, d *record, verb, stage string) {
	d.answers = append(d.answers, Answer{
		At: s.now(), Verb: verb, Stage: stage, Key: c.r.Header.Get("Idempotency-Key"), Body: string(c.body),
	})
}

func (s *Stripe) later(c *call, hooks []func(id string), id string) {
	for _, f := range hooks {
		c.after = append(c.after, func() { f(id) })
	}
}
