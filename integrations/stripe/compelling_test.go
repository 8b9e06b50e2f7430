package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// fraud is a dispute that compelling evidence may answer, with what Gather finds.
func fraud(t *testing.T, r *rehearsal) (dispute.Case, []dispute.Item) {
	t.Helper()
	c := r.disputeCase(t, r.open(world.OrderOptions{}, standin.DisputeOptions{NetworkCode: "10.4", Earlier: 2}))
	items, err := r.Gather(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return c, items
}

// proof is compelling evidence made of items as Gather gives them: the payment and
// the two oldest earlier ones.
func proof(t *testing.T, items []dispute.Item) *dispute.CompellingEvidence {
	t.Helper()
	out := &dispute.CompellingEvidence{Disputed: saleOf(items[0])}
	for i, item := range items[len(items)-2:] {
		if item.Kind != dispute.ItemPriorPayment || item.Facts[dispute.FactDisputed] != "no" || item.Facts[dispute.FactFraudReported] != "no" {
			t.Fatalf("earlier payment %+v", item)
		}
		out.Prior[1-i] = saleOf(item)
	}
	return out
}

func saleOf(item dispute.Item) dispute.Sale {
	f := item.Facts
	s := dispute.Sale{
		Payment: strings.TrimPrefix(item.ID, "charge:"), At: item.At, Product: f[dispute.FactProducts], Sold: f[dispute.FactSold],
		PurchaseIP: f[dispute.FactPurchaseIP], DeviceFingerprint: f[dispute.FactDeviceFingerprint], AccountID: f[dispute.FactAccountID],
		Email: f[dispute.FactCustomerEmail], Shipping: map[string]string{},
	}
	for name, value := range f {
		if strings.HasPrefix(name, "shipping_") && name != dispute.FactShippingAddress {
			s.Shipping[name] = value
		}
	}
	return s
}

func TestCompellingEvidence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		change    func(r *rehearsal, e *dispute.CompellingEvidence)
		qualified bool
		status    string
	}{
		{"all agrees", func(*rehearsal, *dispute.CompellingEvidence) {}, true, "qualified"},
		{"an address and an account", func(_ *rehearsal, e *dispute.CompellingEvidence) {
			for _, s := range []*dispute.Sale{&e.Disputed, &e.Prior[0], &e.Prior[1]} {
				s.DeviceFingerprint, s.Email, s.Shipping = "", "", nil
			}
		}, true, "qualified"},
		{"nothing tells the customer", func(_ *rehearsal, e *dispute.CompellingEvidence) {
			e.Prior[0].PurchaseIP, e.Prior[1].DeviceFingerprint = "", "too short to tell"
		}, false, "requires_action"},
		{"no word of what was sold", func(_ *rehearsal, e *dispute.CompellingEvidence) { e.Disputed.Sold = "things" }, false, "requires_action"},
		{"an earlier sale was reported meanwhile", func(r *rehearsal, e *dispute.CompellingEvidence) {
			r.stripe.ReportFraud(e.Prior[0].Payment)
		}, false, "not_qualified"},
		{"an earlier sale that is not Stripe's", func(_ *rehearsal, e *dispute.CompellingEvidence) { e.Prior[1].Payment = "ch_none" }, false, "not_qualified"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t)
			c, items := fraud(t, r)
			s := packet("key", c)
			s.Compelling = proof(t, items)
			tt.change(r, s.Compelling)
			sending := 0
			s.Sending = func() error {
				sending++
				if d, _ := r.stripe.Dispute(c.Ref.ID); d.Submissions != sending-1 || len(d.Compelling) == 0 {
					t.Errorf("%d submissions and %d fields staged when the final request leaves", d.Submissions, len(d.Compelling))
				}
				return nil
			}
			receipt, err := r.Submit(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			again, err := r.Submit(t.Context(), s)
			if err != nil || string(again.Request) != string(receipt.Request) {
				t.Errorf("the second attempt is another one (%v)", err)
			}
			d, _ := r.stripe.Dispute(c.Ref.ID)
			if d.Submissions != 1 || d.Qualified != tt.qualified || sending != 2 {
				t.Errorf("%d submissions, qualified %v, told %d times", d.Submissions, d.Qualified, sending)
			}
			if got := strings.Contains(string(receipt.Request), "visa_compelling_evidence_3"); got != tt.qualified {
				t.Errorf("the final request names compelling evidence: %v", got)
			}
			if !strings.Contains(string(receipt.Response), `"`+tt.status+`"`) || receipt.RawStatus != "under_review" {
				t.Errorf("status %s, answer %s", receipt.RawStatus, receipt.Response)
			}
		})
	}
}

// Compelling evidence that a newer packet has is staged anew.
func TestCompellingEvidenceOfANewerPacket(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	c, items := fraud(t, r)
	s := packet("key", c)
	s.Compelling = proof(t, items)
	sold := s.Compelling.Disputed.Sold
	s.Compelling.Disputed.Sold = ""
	stop := errors.New("stopped before the final request")
	s.Sending = func() error { return stop }
	if _, err := r.Submit(t.Context(), s); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	s.Compelling.Disputed.Sold, s.Sending = sold, nil
	if _, err := r.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if d, _ := r.stripe.Dispute(c.Ref.ID); !d.Qualified || d.Submissions != 1 {
		t.Errorf("qualified %v, %d submissions", d.Qualified, d.Submissions)
	}
}

// What Stripe does not take as compelling evidence does not keep the rest from
// being sent; where its answer was lost nothing final leaves.
func TestCompellingEvidenceThatIsRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]dispute.Kind{
		http.StatusBadRequest: "", http.StatusInternalServerError: dispute.UnknownOutcome, http.StatusTooManyRequests: dispute.RateLimited, http.StatusForbidden: dispute.Auth,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			w := &wire{}
			w.answer = func(rw http.ResponseWriter, _ *http.Request) {
				if strings.Contains(w.bodies[len(w.bodies)-1], "submit=false") {
					rw.WriteHeader(status)
					_, _ = fmt.Fprint(rw, `{"error":{"type":"invalid_request_error"}}`)
					return
				}
				_, _ = fmt.Fprint(rw, `{"id":"du_1","object":"dispute","status":"under_review"}`)
			}
			a := connect(t, vendortest.Serve(t, w))
			s := packet("key", dispute.Case{Ref: dispute.Ref{ID: "du_1"}})
			s.Files, s.Compelling = nil, &dispute.CompellingEvidence{}
			told := false
			s.Sending = func() error { told = true; return nil }
			receipt, err := a.Submit(t.Context(), s)
			if (err == nil) != (want == "") || err != nil && dispute.KindOf(err) != want || told != (want == "") {
				t.Errorf("%v, told %v", err, told)
			}
			if want == "" && strings.Contains(string(receipt.Request), "enhanced") {
				t.Errorf("the final request has what was refused: %s", receipt.Request)
			}
		})
	}
}

// The requests that a packet becomes, by family.
func TestRequests(t *testing.T) {
	t.Parallel()
	contract := loadContract(t)
	disputed := dispute.Sale{
		Payment: "ch_1", Product: "Oak desk chair", Sold: "merchandise", PurchaseIP: "203.0.113.7", DeviceID: "359881030314356",
		DeviceFingerprint: "b7c1f0d2e3a45968778695a4b3c2d1e0", AccountID: "shopper-501", Email: "ada@shopper.example",
		Shipping: map[string]string{
			dispute.FactShippingLine1: "10 Orchard Street", dispute.FactShippingLine2: "Flat 2", dispute.FactShippingCity: "Portland",
			dispute.FactShippingState: "OR", dispute.FactShippingPostalCode: "97201", dispute.FactShippingCountry: "US",
		},
	}
	first, second := disputed, disputed
	first.Payment, first.Sold, first.DeviceID = "ch_older", "", "short"
	second.Payment, second.Sold, second.Shipping = "ch_old", "", nil
	for family, change := range map[string]func(*integrations.Submission){
		"fraud": func(s *integrations.Submission) {
			s.Compelling = &dispute.CompellingEvidence{Disputed: disputed, Prior: [2]dispute.Sale{first, second}}
		},
		"not_received": only(dispute.FieldUncategorizedText, dispute.FieldShippingAddress, dispute.FieldShippingCarrier, dispute.FieldShippingDate,
			dispute.FieldShippingTrackingNumber, dispute.FieldShippingDocumentation, dispute.FieldReceipt, dispute.FieldCustomerCommunication),
		"cancelled": only(dispute.FieldUncategorizedText, dispute.FieldCancellationPolicy, dispute.FieldCancellationPolicyDisclosure,
			dispute.FieldCancellationRebuttal, dispute.FieldAccessActivityLog, dispute.FieldServiceDate, dispute.FieldServiceDocumentation),
		"duplicate":            only(dispute.FieldUncategorizedText, dispute.FieldDuplicateChargeDocumentation, dispute.FieldDuplicateChargeExplanation, dispute.FieldDuplicateChargeID),
		"credit_not_processed": only(dispute.FieldUncategorizedText, dispute.FieldRefundPolicy, dispute.FieldRefundPolicyDisclosure, dispute.FieldRefundRefusalExplanation),
	} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			a := connect(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				key := r.Header.Get("Idempotency-Key")
				_, _ = fmt.Fprintf(w, `{"id":"file_%s","object":"dispute","status":"under_review","evidence_details":{"enhanced_eligibility":{"visa_compelling_evidence_3":{"status":"qualified"}}}}`,
					key[max(0, len(key)-8):])
			})))
			s := everything(a, "key", dispute.Case{Ref: dispute.Ref{Connection: connection, ID: "du_1"}})
			change(&s)
			receipt, err := a.Submit(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			form, err := url.ParseQuery(string(receipt.Request))
			if err != nil {
				t.Fatal(err)
			}
			vendortest.Golden(t, "testdata/requests/"+family+".golden", form)
			if contract.Doc != nil {
				op := contract.Doc.Paths.Find("/v1/disputes/{dispute}").Post
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if err := checkRequest(op, req, receipt.Request); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// everything is a packet that fills every field.
func everything(a account, key string, c dispute.Case) integrations.Submission {
	s := packet(key, c)
	s.Files = nil
	limits := a.Limits(c)
	for _, field := range limits.TextFields {
		s.Texts[field] = "text of " + string(field)
	}
	for _, field := range limits.FileFields {
		s.Files = append(s.Files, file(field, "%PDF-1.7 "+string(field)))
	}
	return s
}

// only leaves the named fields of a packet.
func only(fields ...dispute.EvidenceField) func(*integrations.Submission) {
	keep := map[dispute.EvidenceField]bool{}
	for _, f := range fields {
		keep[f] = true
	}
	return func(s *integrations.Submission) {
		for f := range s.Texts {
			if !keep[f] {
				delete(s.Texts, f)
			}
		}
		var files []integrations.File
		for _, f := range s.Files {
			if keep[f.Field] {
				files = append(files, f)
			}
		}
		s.Files = files
	}
}

// The earlier charges that count are found behind any number of newer ones, and
// the calls are bounded.
func TestEarlierCharges(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	order := r.world.NewOrder(world.OrderOptions{})
	for sold := 0; sold < 25; { // of the same customer, by other cards
		if r.world.NewOrder(world.OrderOptions{}).Customer.StripeID == order.Customer.StripeID {
			sold++
		}
	}
	order.PaidAt = order.PaidAt.Add(24 * time.Hour)
	c := r.disputeCase(t, r.stripe.Open(order, standin.DisputeOptions{NetworkCode: "10.4", Earlier: 3}))
	before := len(r.stripe.Requests())
	items, err := r.Gather(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var ages []int
	for _, i := range items {
		if i.Facts[dispute.FactFraudReported] != "" {
			ages = append(ages, int(order.PaidAt.Sub(i.At).Hours()/24))
		}
	}
	if diff := cmp.Diff([]int{150, 200, 250}, ages); diff != "" {
		t.Errorf("ages in days of the charges that count (-want +got):\n%s", diff)
	}
	if n := len(r.stripe.Requests()) - before; n != 7 { // the charge, refunds, two lists, three of warnings
		t.Errorf("%d requests, want 7", n)
	}

	// A key without the permission finds the charges and tells no more of them.
	r.stripe.Restrict(needed...)
	items, err = r.Gather(t.Context(), c)
	if err != nil || items[len(items)-1].Facts[dispute.FactFraudReported] != "" || items[len(items)-1].Facts[dispute.FactDisputed] != "no" {
		t.Errorf("%v, last item %+v", err, items[len(items)-1])
	}
}

// The shop says itself where its metadata has what tells a customer.
func TestMetadataSettings(t *testing.T) {
	t.Parallel()
	a := connect(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/charges/") {
			_, _ = fmt.Fprint(w, `{"id":"ch_1","object":"charge","created":1790000000,"description":"Order 7","metadata":{
				"ip":"10.0.0.1","client_addr":"203.0.113.7","dev":"359881030314356","fp":"b7c1f0d2","login":"u-7","what":"Yoga class","kind":"services"}}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"object":"list","data":[]}`)
	})), func(s *stripe.Settings) {
		s.Metadata = stripe.Metadata{IP: "client_addr", DeviceID: "dev", DeviceFingerprint: "fp", AccountID: "login", Product: "what", Sold: "kind"}
	})
	items, err := a.Gather(t.Context(), dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_1"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		dispute.FactPurchaseIP: "203.0.113.7", dispute.FactDeviceID: "359881030314356", dispute.FactDeviceFingerprint: "b7c1f0d2",
		dispute.FactAccountID: "u-7", dispute.FactProducts: "Yoga class", dispute.FactSold: "services",
		dispute.FactPaidAt: "2026-09-21T14:13:20Z", dispute.FactAmount: items[0].Facts[dispute.FactAmount],
	}
	if diff := cmp.Diff(want, items[0].Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}
