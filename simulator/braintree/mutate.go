package braintree

import (
	"slices"
	"strings"
	"time"
)

// The categories that only a text, or only a file, may have are those of the
// schema's enums; GENERAL is in both.
var (
	textCategories = []string{
		"CARRIER_NAME", "CREDIT_ISSUED_AMOUNT", "CREDIT_ISSUED_ARN", "CREDIT_ISSUED_DATE_TIME", "DEVICE_ID", "DEVICE_NAME",
		"DOWNLOAD_DATE_TIME", "GENERAL", "GEOGRAPHICAL_LOCATION", "PRIOR_DIGITAL_GOODS_TRANSACTION_ARN",
		"PRIOR_DIGITAL_GOODS_TRANSACTION_DATE_TIME", "PRIOR_DIGITAL_GOODS_TRANSACTION_ID", "PRIOR_NON_DISPUTED_TRANSACTION_ARN",
		"PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME", "PRIOR_NON_DISPUTED_TRANSACTION_EMAIL_ADDRESS", "PRIOR_NON_DISPUTED_TRANSACTION_ID",
		"PRIOR_NON_DISPUTED_TRANSACTION_IP_ADDRESS", "PRIOR_NON_DISPUTED_TRANSACTION_PHONE_NUMBER",
		"PRIOR_NON_DISPUTED_TRANSACTION_PHYSICAL_ADDRESS", "PURCHASER_EMAIL_ADDRESS", "PURCHASER_IP_ADDRESS",
		"PURCHASER_NAME", "RECURRING_TRANSACTION_ARN", "RECURRING_TRANSACTION_DATE_TIME", "RECURRING_TRANSACTION_ID", "REFUND_ID",
		"TRACKING_NUMBER",
	}
	fileCategories = []string{
		"GENERAL", "LEGIT_PAYMENTS_FOR_SAME_MERCHANDISE", "MERCHANT_WEBSITE_OR_APP_ACCESS", "PROFILE_SETUP_OR_APP_ACCESS",
		"PROOF_OF_3D_SECURE", "PROOF_OF_AUTHORIZED_SIGNER", "PROOF_OF_DELIVERY", "PROOF_OF_DELIVERY_EMP_ADDRESS",
		"PROOF_OF_POSSESSION_OR_USAGE", "SIGNED_DELIVERY_FORM", "SIGNED_ORDER_FORM", "TICKET_PROOF",
	}
)

// compelling are reason codes whose evidence must be categorised.
var compelling = []string{"37", "83", "1010", "1030", "1040", "1310", "7030", "C08", "F29", "UA02", ""}

// maxFile is 4 MB, maxText assumed.
const (
	maxFile = 4_000_000
	maxText = 2_000
)

func (b *Braintree) mutations(c call) object {
	return object{
		"__typename": "Mutation",
		"createDisputeTextEvidence": func(a args) (any, *refusal) {
			in := a.object("input")
			return b.add(in, &Evidence{Category: in.string("category"), Content: in.string("content")})
		},
		"createDisputeFileEvidence": func(a args) (any, *refusal) {
			in := a.object("input")
			return b.add(in, &Evidence{Category: in.string("category"), MediaType: c.mediaType, Size: len(c.file)})
		},
		"finalizeDispute": func(a args) (any, *refusal) {
			return b.end(a.object("input"), "FinalizeDisputePayload", "disputed", "95705")
		},
		"acceptDispute": func(a args) (any, *refusal) {
			return b.end(a.object("input"), "AcceptDisputePayload", "accepted", "95704")
		},
	}
}

func (b *Braintree) named(in args) (*record, *refusal) {
	kind, legacy := local(in.string("disputeId"))
	d, ok := b.disputes[legacy]
	if kind != "dispute" || !ok {
		return nil, &refusal{class: "NOT_FOUND"}
	}
	return d, nil
}

// add takes a piece of evidence.
func (b *Braintree) add(in args, e *Evidence) (any, *refusal) {
	d, refused := b.named(in)
	if refused != nil {
		return nil, refused
	}
	if code := d.objection(e); code != "" {
		return nil, invalid(code)
	}
	e.ID, e.CreatedAt = strings.ToLower(b.world.NewID("")[:16]), b.now()
	d.proofs = append(d.proofs, e)
	out := object{"__typename": "CreateDisputeTextEvidencePayload", "clientMutationId": in["clientMutationId"], "evidence": e.object()}
	if e.MediaType != "" {
		out["__typename"], out["dispute"] = "CreateDisputeFileEvidencePayload", d.object()
	}
	return out, nil
}

// AddByHand adds a text as a person does in the Control Panel.
func (b *Braintree) AddByHand(id, category, content string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d, ok := b.disputes[id]; ok {
		d.proofs = append(d.proofs, &Evidence{ID: strings.ToLower(b.world.NewID("")[:16]), Category: category, Content: content, CreatedAt: b.now()})
	}
}

// objection is the code by which Braintree refuses a piece; empty when it takes
// it (braintree_ruby, error_codes.rb).
func (d *record) objection(e *Evidence) string {
	code := strings.TrimRight(strings.ReplaceAll(d.Code, ".", ""), "0")
	mustCategorise := slices.ContainsFunc(compelling, func(c string) bool { return strings.TrimRight(c, "0") == code })
	file := e.MediaType != ""
	switch {
	case d.status != "open":
		return "95701"
	case e.Category == "" && mustCategorise:
		return "95706"
	case e.Category != "" && slices.ContainsFunc(d.proofs, func(p *Evidence) bool { return p.Category == e.Category && (p.MediaType != "") == file }):
		return "95714"
	case e.Category != "" && !file && !slices.Contains(textCategories, e.Category):
		return "95712"
	case e.Category != "" && file && !slices.Contains(fileCategories, e.Category):
		return "95711"
	case !file && len([]rune(e.Content)) > maxText:
		return "95708"
	case strings.HasSuffix(e.Category, "_DATE_TIME") && !isDate(e.Content):
		return "95707"
	case file && !slices.Contains([]string{"application/pdf", "image/jpeg", "image/png"}, e.MediaType):
		return "84903"
	case file && e.Size > maxFile:
		return "84902"
	case file && e.Size == 0:
		return "84906"
	}
	return ""
}

func isDate(text string) bool {
	_, err := time.Parse("2006-01-02T15:04:05-0700", text)
	return err == nil
}

// incomplete is the code by which Braintree refuses to finalize; empty when it
// does not. What a part of some evidence asks for is from the tests of Braintree's
// libraries, and assumed where they try the other part only.
func (d *record) incomplete() string {
	has := func(category string) bool {
		return slices.ContainsFunc(d.proofs, func(e *Evidence) bool { return e.Category == category })
	}
	part := func(prefix string) bool {
		return slices.ContainsFunc(d.proofs, func(e *Evidence) bool { return strings.HasPrefix(e.Category, prefix) })
	}
	switch {
	case len(d.proofs) == 0:
		return "95726"
	case (has("DEVICE_ID") || has("DEVICE_NAME")) && !has("DOWNLOAD_DATE_TIME"):
		return "95721"
	case part("PRIOR_NON_DISPUTED_TRANSACTION_") && !has("PRIOR_NON_DISPUTED_TRANSACTION_ARN"):
		return "95722"
	case part("PRIOR_NON_DISPUTED_TRANSACTION_") && !has("PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME"):
		return "95723"
	case part("RECURRING_TRANSACTION_") && !has("RECURRING_TRANSACTION_ARN"):
		return "95724"
	case part("RECURRING_TRANSACTION_") && !has("RECURRING_TRANSACTION_DATE_TIME"):
		return "95725"
	}
	return ""
}

// end finalizes or accepts an open dispute.
func (b *Braintree) end(in args, typename, status, notOpen string) (any, *refusal) {
	d, refused := b.named(in)
	switch {
	case refused != nil:
		return nil, refused
	case d.status != "open":
		return nil, invalid(notOpen)
	case status == "disputed" && d.incomplete() != "":
		return nil, invalid(d.incomplete())
	}
	if status == "disputed" {
		d.final++
		for _, e := range d.proofs {
			e.Sent = true
		}
	}
	b.become(d, status)
	return object{"__typename": typename, "clientMutationId": in["clientMutationId"], "dispute": d.object()}, nil
}
