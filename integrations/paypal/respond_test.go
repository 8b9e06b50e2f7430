package paypal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/paypal"
)

func contains(text []byte, part string) bool { return bytes.Contains(text, []byte(part)) }

func upload(field dispute.EvidenceField, name, media, content string) integrations.File {
	sum := sha256.Sum256([]byte(content))
	return integrations.File{Field: field, Name: name, MediaType: media, SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(content)}
}

// packet is one with every kind of content.
func packet(key string, c dispute.Case) integrations.Submission {
	return integrations.Submission{
		Key: key, Case: c,
		Texts: map[dispute.EvidenceField]string{
			dispute.FieldShippingCarrier:        "FedEx Ground",
			dispute.FieldShippingTrackingNumber: "122533485",
			dispute.FieldShippingDate:           "2026-09-02",
			dispute.FieldShippingAddress:        "1 Orchard Street, Portland",
			dispute.FieldUncategorizedText:      "The parcel was signed for.",
		},
		Files: []integrations.File{
			upload(dispute.FieldShippingDocumentation, "Zustellnachweis Müller.v2.pdf", "application/pdf", "%PDF-1.7 proof"),
			upload(dispute.FieldReceipt, "receipt.png", "image/png", "PNG receipt"),
		},
	}
}

// TestSubmitTakesWhatIsOffered: the link that PayPal shows decides, and without
// one nothing is sent.
func TestSubmitTakesWhatIsOffered(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		open  standin.DisputeOptions
		after func(acc *account, id string) error
		want  string       // the action; empty for none
		kind  dispute.Kind // of the error when there is none
	}{
		"claim":           {want: "provide-evidence"},
		"card chargeback": {open: standin.DisputeOptions{ReasonCode: "10.4"}, want: "provide-evidence"},
		"not asked yet":   {open: standin.DisputeOptions{Unasked: true}, want: "provide-supporting-info"},
		"lost": {
			after: func(acc *account, id string) error { return acc.Decide(id, "RESOLVED_BUYER_FAVOUR", true) }, want: "appeal",
		},
		"lost for good": {
			after: func(acc *account, id string) error { return acc.Decide(id, "RESOLVED_BUYER_FAVOUR", false) }, kind: dispute.Conflict,
		},
		"answered by somebody else": {after: (*account).answer, kind: dispute.Conflict},
		"inquiry":                   {open: standin.DisputeOptions{Inquiry: true}, kind: dispute.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc, a := served(t)
			id := acc.open(tt.open)
			if tt.after != nil {
				if err := tt.after(acc, id); err != nil {
					t.Fatal(err)
				}
			}
			c := claim(t, acc, id)
			there, _ := acc.Dispute(id)
			sending := 0
			sub := packet("key-1", c)
			sub.Sending = func() error { sending++; return nil }
			receipt, err := a.Submit(t.Context(), sub)
			d, _ := acc.Dispute(id)
			if tt.want == "" {
				if dispute.KindOf(err) != tt.kind || len(d.Answers) > len(there.Answers) || sending > 0 {
					t.Errorf("error %v, %d answers, sending %d times; want kind %s and nothing sent", err, len(d.Answers), sending, tt.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Answers) != 1 || d.Answers[0].Action != tt.want || d.Answers[0].Key != "key-1" || sending != 1 {
				t.Fatalf("answers %+v, want one by %s", d.Answers, tt.want)
			}
			if !contains(receipt.Request, string(d.Answers[0].Input)) || receipt.RequestID == "" {
				t.Errorf("receipt %+v holds not what was sent", receipt)
			}
			before, after := c.View.Snapshot, claim(t, acc, id).View.Snapshot
			if after.SubmissionCount != before.SubmissionCount+1 || after.Status != dispute.ProviderUnderReview || !after.HasEvidence {
				t.Errorf("afterwards %+v, want one more submission, under review", after)
			}
		})
	}
}

// answer has somebody else answer.
func (a *account) answer(id string) error {
	srv := httptest.NewServer(a)
	defer srv.Close()
	other, err := settings(srv.URL).connect(integrations.Deps{HTTP: http.DefaultClient, Now: time.Now}, connection)
	if err != nil {
		return err
	}
	_, err = other.Submit(context.Background(), packet("another key", dispute.Case{Ref: dispute.Ref{Connection: connection, ID: id}}))
	return err
}

func TestEvidenceForm(t *testing.T) {
	t.Parallel()
	const want = `{"evidences":[` +
		`{"evidence_type":"ADDITIONAL_PROOF_OF_SHIPMENT","documents":[{"name":"Zustellnachweis-M-ller-02f81194.pdf"}]},` +
		`{"evidence_type":"DELIVERY_ADDRESS","notes":"Shipping address: 1 Orchard Street, Portland"},` +
		`{"evidence_type":"OTHER","notes":"The parcel was signed for."},` +
		`{"evidence_type":"PROOF_OF_FULFILLMENT","evidence_info":{"tracking_info":[{"carrier_name":"FEDEX","tracking_number":"122533485"}]},"notes":"Shipped: 2026-09-02"},` +
		`{"evidence_type":"PROOF_OF_RECEIPT_COPY","documents":[{"name":"receipt-913fd45e.png"}]}]}`
	acc, a := served(t)
	if _, err := a.Submit(t.Context(), packet("k", claim(t, acc, acc.id))); err != nil {
		t.Fatal(err)
	}
	d, _ := acc.Dispute(acc.id)
	if diff := cmp.Diff(want, string(d.Answers[0].Input)); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	for i, f := range packet("k", dispute.Case{}).Files {
		got := d.Answers[0].Files[i]
		if !bytes.Equal(got.Bytes, f.Bytes) || got.MediaType != f.MediaType || !strings.Contains(want, `"`+got.Name+`"`) {
			t.Errorf("file %d arrived as %s %s %q", i, got.Name, got.MediaType, got.Bytes)
		}
	}
}

func TestShipments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		carrier, numbers string
		want             []tracking
	}{
		{"UPS", "1Z1", []tracking{{Carrier: "UPS", Number: "1Z1"}}},
		{"usps priority", "94", []tracking{{Carrier: "USPS", Number: "94"}}},
		{"Royal Mail", "A, B", []tracking{{Carrier: "ROYAL_MAIL", Number: "A"}, {Carrier: "ROYAL_MAIL", Number: "B"}}},
		{"Bike & Co", "7", []tracking{{Carrier: "OTHER", Other: "Bike & Co", Number: "7"}}},
		{"Federal Express", "9", []tracking{{Carrier: "FEDEX", Number: "9"}}},
		{"Evri", "H", []tracking{{Carrier: "HERMES", Number: "H"}}},
		{"UPS, DHL", "1, 2", nil},
		{"", "1", nil},
		{"UPS", "", nil},
		{"UPS", strings.Repeat("1", 256), nil},
		{"UPS", strings.TrimSuffix(strings.Repeat("1, ", 11), ", "), nil},
	} {
		texts := map[dispute.EvidenceField]string{dispute.FieldShippingCarrier: tt.carrier, dispute.FieldShippingTrackingNumber: tt.numbers}
		if diff := cmp.Diff(tt.want, shipments(texts)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.carrier, tt.numbers, diff)
		}
	}
}

// TestBadPackets: what PayPal would refuse never leaves.
func TestBadPackets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", maxNotes+1)
	for name, bend := range map[string]func(*integrations.Submission){
		"empty":          func(s *integrations.Submission) { s.Texts, s.Files = nil, nil },
		"long text":      func(s *integrations.Submission) { s.Texts[dispute.FieldUncategorizedText] = long },
		"text as file":   func(s *integrations.Submission) { s.Texts[dispute.FieldReceipt] = "x" },
		"unknown text":   func(s *integrations.Submission) { s.Texts[dispute.FieldCustomerEmail] = "x" },
		"file as text":   func(s *integrations.Submission) { s.Files[0].Field = dispute.FieldUncategorizedText },
		"media type":     func(s *integrations.Submission) { s.Files[0].MediaType = "image/tiff" },
		"empty file":     func(s *integrations.Submission) { s.Files[0].Bytes = nil },
		"large file":     func(s *integrations.Submission) { s.Files[0].Bytes = make([]byte, fileBytes+1) },
		"large packet":   func(s *integrations.Submission) { s.Files = many(6, fileBytes) },
		"too many files": func(s *integrations.Submission) { s.Files = many(maxDocuments+1, 1) },
		"notes of one type": func(s *integrations.Submission) {
			delete(s.Texts, dispute.FieldShippingTrackingNumber)
			s.Texts[dispute.FieldShippingCarrier], s.Texts[dispute.FieldShippingDate] = long[:2*maxNotes], "2026-09-02"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc, a := served(t)
			sub := packet("k", claim(t, acc, acc.id))
			bend(&sub)
			_, err := a.Submit(t.Context(), sub)
			if d, _ := acc.Dispute(acc.id); dispute.KindOf(err) != dispute.Invalid || len(d.Answers) > 0 {
				t.Errorf("error %v and %d answers, want kind invalid and none", err, len(d.Answers))
			}
		})
	}
}

func many(n, size int) []integrations.File {
	content := make([]byte, size)
	out := make([]integrations.File, n)
	for i := range out {
		out[i] = integrations.File{Field: dispute.FieldReceipt, Name: "a.pdf", MediaType: "application/pdf", SHA256: strings.Repeat("a", 64), Bytes: content}
	}
	return out
}

func TestSupportingInformationIsOneNote(t *testing.T) {
	t.Parallel()
	acc, a := served(t)
	id := acc.open(standin.DisputeOptions{Unasked: true})
	c := claim(t, acc, id)
	if got := a.Limits(c).TextFields; len(got) != 1 || got[0] != dispute.FieldUncategorizedText {
		t.Errorf("text fields %v, want the one note", got)
	}
	sub := packet("k", c)
	sub.Texts = map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: strings.Repeat("ü", maxNotes), dispute.FieldShippingDate: "2026-09-02"}
	if _, err := a.Submit(t.Context(), sub); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("too long a note: %v, want kind invalid", err)
	}
	delete(sub.Texts, dispute.FieldShippingDate)
	if _, err := a.Submit(t.Context(), sub); err != nil {
		t.Error(err)
	}
	if asked := claim(t, acc, acc.id); len(a.Limits(asked).TextFields) != len(textFields()) {
		t.Errorf("limits of a claim %v, want every field", a.Limits(asked).TextFields)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	acc, a := served(t)
	goods := acc.open(standin.DisputeOptions{AcceptTypes: []string{"REFUND_WITH_RETURN"}})
	won := acc.open(standin.DisputeOptions{})
	if err := acc.Decide(won, "RESOLVED_SELLER_FAVOUR", false); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]dispute.Kind{acc.id: "", goods: dispute.Unsupported, won: dispute.Conflict, "PP-D-0": dispute.NotFound} {
		c := dispute.Case{Ref: dispute.Ref{Connection: connection, ID: id}}
		receipt, err := a.Accept(t.Context(), "key-"+id, c)
		if (err == nil) != (want == "") || (err != nil && dispute.KindOf(err) != want) {
			t.Errorf("%s: error %v, want kind %q", id, err, want)
		}
		if err == nil && (receipt.VendorID != id || !contains(receipt.Request, `"accept_claim_type":"REFUND"`)) {
			t.Errorf("%s: receipt %+v", id, receipt)
		}
	}
	if s := claim(t, acc, acc.id).View.Snapshot; s.Status != dispute.ProviderLost || len(s.Movements) != 2 {
		t.Errorf("accepted: %+v, want lost with its movements", s)
	}
}

// TestUnconfirmedWrites: an answer that does not confirm is no success.
func TestUnconfirmedWrites(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `{"links":[]}`, `[]`, `<html>`} {
		acc := newAccount()
		url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path != "/v1/oauth2/token" {
				_, _ = w.Write([]byte(body))
				return
			}
			acc.ServeHTTP(w, r)
		}))
		a := connect(t, url, http.DefaultClient)
		if _, err := a.Submit(context.Background(), packet("k", claim(t, acc, acc.id))); dispute.KindOf(err) != dispute.UnknownOutcome {
			t.Errorf("%q: error %v, want kind unknown_outcome", body, err)
		}
	}
}
