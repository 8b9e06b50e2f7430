package stripe_test

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
)

const compelling = "evidence[enhanced_evidence][visa_compelling_evidence_3]"

// sales is a form with the three sales, which agree on address and account.
func sales(charges ...string) url.Values {
	form := url.Values{"submit": {"false"}}
	add := func(prefix string) {
		form.Set(compelling+prefix+"[customer_purchase_ip]", "203.0.113.7")
		form.Set(compelling+prefix+"[customer_account_id]", "shopper-501")
		form.Set(compelling+prefix+"[product_description]", "Oak desk chair")
	}
	add("[disputed_transaction]")
	form.Set(compelling+"[disputed_transaction][merchandise_or_services]", "merchandise")
	for i, charge := range charges {
		prior := "[prior_undisputed_transactions][" + string(rune('0'+i)) + "]"
		add(prior)
		form.Set(compelling+prior+"[charge]", charge)
	}
	return form
}

func TestEligibility(t *testing.T) {
	t.Parallel()
	drop := func(field string) func(f url.Values, s *shop) {
		return func(f url.Values, _ *shop) { f.Del(compelling + field) }
	}
	tests := []struct {
		name    string
		change  func(f url.Values, s *shop)
		status  string
		actions []any
	}{
		{"all of it", func(url.Values, *shop) {}, "qualified", []any{}},
		{"nothing of it", func(f url.Values, _ *shop) { clear(f); f.Set("submit", "false") }, "requires_action", []any{
			"missing_customer_identifiers", "missing_disputed_transaction_description", "missing_merchandise_or_services",
			"missing_prior_undisputed_transaction_description", "missing_prior_undisputed_transactions",
		}},
		{"no account", drop("[disputed_transaction][customer_account_id]"), "requires_action", []any{"missing_customer_identifiers"}},
		{"no kind of thing", drop("[disputed_transaction][merchandise_or_services]"), "requires_action", []any{"missing_merchandise_or_services"}},
		{"an unknown earlier sale", func(f url.Values, _ *shop) {
			f.Set(compelling+"[prior_undisputed_transactions][0][charge]", "ch_none")
		}, "not_qualified", []any{}},
		{"a reported earlier sale", func(f url.Values, s *shop) {
			s.ReportFraud(f.Get(compelling + "[prior_undisputed_transactions][1][charge]"))
		}, "not_qualified", []any{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.open(stripe.DisputeOptions{NetworkCode: "10.4", Brand: "visa", Earlier: 2})
			customer := s.get(t, "/v1/charges/"+s.dispute(t, id).Charge).string("customer")
			earlier := s.get(t, "/v1/charges?limit=100&customer="+customer).ids()
			form := sales(earlier[len(earlier)-2:]...)
			tt.change(form, s)
			got := s.post(t, "/v1/disputes/"+id, "k", form)
			details, _ := got.body["evidence_details"].(map[string]any)
			eligibility, _ := details["enhanced_eligibility"].(map[string]any)
			want := map[string]any{"visa_compelling_evidence_3": map[string]any{"status": tt.status, "required_actions": tt.actions}}
			if diff := cmp.Diff(want, eligibility); diff != "" || got.status != http.StatusOK {
				t.Errorf("HTTP %d, eligibility (-want +got):\n%s", got.status, diff)
			}
			if d := s.dispute(t, id); d.Submissions != 0 {
				t.Error("what was staged was submitted")
			}
		})
	}
}

func TestRefusesEvidence(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]url.Values{
		"evidence[tracking]":                                             {"evidence[tracking]": {"x"}},
		compelling + "[disputed_transaction][charge]":                    {compelling + "[disputed_transaction][charge]": {"ch_1"}},
		compelling + "[prior_undisputed_transactions][2][charge]":        {compelling + "[prior_undisputed_transactions][2][charge]": {"ch_1"}},
		compelling + "[disputed_transaction][customer_device_id]":        {compelling + "[disputed_transaction][customer_device_id]": {"short"}},
		compelling + "[disputed_transaction][merchandise_or_services]":   {compelling + "[disputed_transaction][merchandise_or_services]": {"both"}},
		compelling + "[disputed_transaction][shipping_address][planet]":  {compelling + "[disputed_transaction][shipping_address][planet]": {"Mars"}},
		"evidence[enhanced_evidence][visa_compliance][fee_acknowledged]": {"evidence[enhanced_evidence][visa_compliance][fee_acknowledged]": {"true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			got := s.post(t, "/v1/disputes/"+s.open(stripe.DisputeOptions{NetworkCode: "10.4"}), "k", form)
			refused, _ := got.body["error"].(map[string]any)
			if got.status != http.StatusBadRequest || refused["param"] != name {
				t.Errorf("HTTP %d %v", got.status, got.body)
			}
		})
	}
}

// What is too much for Stripe together is refused, although each file is not.
func TestRefusesTooMuch(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	big := append(pdf(t, 1), make([]byte, 2_300_000)...)
	for name, tt := range map[string]struct {
		brand string
		files [][]byte
		want  int
	}{
		"49 pages":          {"visa", [][]byte{pdf(t, 30), pdf(t, 19)}, http.StatusOK},
		"50 pages":          {"visa", [][]byte{pdf(t, 30), pdf(t, 20)}, http.StatusBadRequest},
		"19 for Mastercard": {"mastercard", [][]byte{pdf(t, 19)}, http.StatusOK},
		"20 for Mastercard": {"mastercard", [][]byte{pdf(t, 19), pdf(t, 1)}, http.StatusBadRequest},
		"more than 4.5 MB":  {"visa", [][]byte{big, big}, http.StatusBadRequest},
		"one large one":     {"visa", [][]byte{big}, http.StatusOK},
		"what is no PDF":    {"visa", [][]byte{[]byte("%PDF-1.7 rehearsal")}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := url.Values{}
			for i, content := range tt.files {
				field := []string{"receipt", "uncategorized_file"}[i]
				form.Set("evidence["+field+"]", s.upload(t, "dispute_evidence", content).string("id"))
			}
			id := s.open(stripe.DisputeOptions{Brand: tt.brand})
			if got := s.post(t, "/v1/disputes/"+id, "", form); got.status != tt.want {
				t.Errorf("HTTP %d %v, want %d", got.status, got.body["error"], tt.want)
			}
		})
	}
}

func pdf(t *testing.T, pages int) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	for range pages {
		doc.AddPage()
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
