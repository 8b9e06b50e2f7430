package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/checkout"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
)

func file(field dispute.EvidenceField, content string) integrations.File {
	sum := sha256.Sum256([]byte(content))
	return integrations.File{
		Field: field, Name: `re"ceipt.pdf`, MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(content),
	}
}

// packet is a submission that remembers its uploads, as the protocol does.
func packet(c dispute.Case) integrations.Submission {
	s := integrations.Submission{
		Key: "cs_1/1/chargeback/respond/0", Case: c, Uploaded: map[string]string{},
		Texts: map[dispute.EvidenceField]string{
			dispute.FieldUncategorizedText:      "We ask for the chargeback to be reversed.",
			dispute.FieldShippingCarrier:        "UPS",
			dispute.FieldShippingTrackingNumber: "1Z999",
			dispute.FieldShippingDate:           "2 September 2026",
		},
		Files: []integrations.File{
			file(dispute.FieldUncategorizedFile, "%PDF-1.7 all of it"), file(dispute.FieldShippingDocumentation, "%PDF-1.7 delivery"),
		},
	}
	s.Progress = func(key, id string) { s.Uploaded[key] = id }
	return s
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{})
	sub := packet(c)
	receipt, err := s.Submit(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := s.account.Dispute(c.Ref.ID)
	want := map[string]string{
		"additional_evidence_text":               "We ask for the chargeback to be reversed.",
		"additional_evidence_file":               receipt.Uploads[sub.Files[0].SHA256],
		"proof_of_delivery_or_service_text":      "Carrier: UPS\nTracking number: 1Z999",
		"proof_of_delivery_or_service_date_text": "Shipped: 2 September 2026",
		"proof_of_delivery_or_service_file":      receipt.Uploads[sub.Files[1].SHA256],
	}
	if diff := cmp.Diff(want, got.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	var staged map[string]string
	if err := json.Unmarshal(receipt.Request, &staged); err != nil || !cmp.Equal(want, staged) {
		t.Errorf("the receipt's request is %s, %v", receipt.Request, err)
	}
	if !strings.HasPrefix(string(receipt.Response), "HTTP 204\nCko-Request-Id: req_") || receipt.RequestID == "" || receipt.VendorID != c.Ref.ID {
		t.Errorf("receipt %+v\n%s", receipt, receipt.Response)
	}
	if diff := cmp.Diff([]standin.Answer{{At: noon, Verb: "submit", Key: sub.Key}}, got.Answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if f, _ := s.account.File(receipt.Uploads[sub.Files[0].SHA256]); f.Name != `re"ceipt.pdf` || string(f.Bytes) != "%PDF-1.7 all of it" {
		t.Errorf("file %q", f.Name)
	}
	if now := s.caseOf(t, c.Ref.ID).View.Snapshot; now.Status != dispute.ProviderUnderReview {
		t.Errorf("status %s", now.Status)
	}
	if _, err := s.Submit(t.Context(), sub); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("submitted twice: %v", err)
	}
}

// Whatever happens to an answer, every file is uploaded, every packet is staged
// and the dispute is answered once.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Error, faults.Drop, faults.Down} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			var broken faults.Set
			s := newShop(t, func(h http.Handler) http.Handler { return broken.Wrap(name, h) })
			c := s.open(t, standin.DisputeOptions{})
			sub, sendings := packet(c), 0
			sub.Sending = func() error { sendings++; return nil }
			for _, step := range []struct {
				method, path string
				kind         dispute.Kind
			}{
				{http.MethodPost, "/files", dispute.UnknownOutcome},
				{http.MethodGet, "/disputes/", dispute.Transient},
				{http.MethodPut, "/evidence", dispute.UnknownOutcome},
				{http.MethodPost, "/evidence", dispute.UnknownOutcome},
			} {
				broken.Add(faults.Fault{Method: step.method, Path: step.path, Mode: mode, Times: 1})
				if _, err := s.Submit(t.Context(), sub); err == nil || dispute.KindOf(err) != step.kind {
					t.Errorf("%s %s: %v, want kind %s", step.method, step.path, err, step.kind)
				}
			}
			if _, err := s.Submit(t.Context(), sub); err != nil {
				t.Fatal(err)
			}
			if d, _ := s.account.Dispute(c.Ref.ID); d.Submissions != 1 || s.account.Files() != 2 || sendings != 2 {
				t.Errorf("%d submissions, %d files, %d sendings", d.Submissions, s.account.Files(), sendings)
			}
		})
	}
}

// A final request whose answer was lost shows by reading.
func TestLostFinalAnswer(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.ErrorCommitted, faults.DropCommitted} {
		for word, path := range map[string]string{"submit": "/evidence", "accept": "/accept"} {
			var broken faults.Set
			s := newShop(t, func(h http.Handler) http.Handler { return broken.Wrap(name, h) })
			c := s.open(t, standin.DisputeOptions{})
			broken.Add(faults.Fault{Method: http.MethodPost, Path: path, Mode: mode, Times: 1})
			var err error
			want := dispute.ProviderUnderReview
			if word == "accept" {
				want = dispute.ProviderLost
				_, err = s.Accept(t.Context(), "key", c)
			} else {
				_, err = s.Submit(t.Context(), packet(c))
			}
			if dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Errorf("%s, %s: %v, want kind unknown_outcome", word, mode, err)
			}
			if got := s.caseOf(t, c.Ref.ID).View.Snapshot.Status; got != want {
				t.Errorf("%s, %s: status %s, want %s", word, mode, got, want)
			}
		}
	}
}

// What is submitted is what was staged last, also when packets change and the
// answer to a staging is lost.
func TestStagedIsTheLatest(t *testing.T) {
	t.Parallel()
	var broken faults.Set
	s := newShop(t, func(h http.Handler) http.Handler { return broken.Wrap(name, h) })
	c := s.open(t, standin.DisputeOptions{})
	first := packet(c)
	second := first
	second.Texts = maps.Clone(first.Texts)
	second.Texts[dispute.FieldUncategorizedText] = "A newer letter."

	broken.Add(faults.Fault{Method: http.MethodPost, Path: "/evidence", Mode: faults.Error, Times: 1})
	if _, err := s.Submit(t.Context(), first); err == nil {
		t.Fatal("no error")
	}
	broken.Add(faults.Fault{Method: http.MethodPut, Path: "/evidence", Mode: faults.ErrorCommitted, Times: 1})
	if _, err := s.Submit(t.Context(), second); err == nil {
		t.Fatal("no error")
	}
	if _, err := s.Submit(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if d, _ := s.account.Dispute(c.Ref.ID); d.Evidence["additional_evidence_text"] != first.Texts[dispute.FieldUncategorizedText] {
		t.Errorf("submitted %q", d.Evidence["additional_evidence_text"])
	}
}

// What the dispute asks for decides the fields.
func TestRelevantEvidence(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{Relevant: []string{"customer_communication", "additional_evidence"}})
	sub := packet(c)
	sub.Files = sub.Files[1:]
	receipt, err := s.Submit(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"additional_evidence_text": "We ask for the chargeback to be reversed.\nCarrier: UPS\nTracking number: 1Z999\nShipped: 2 September 2026",
		"additional_evidence_file": receipt.Uploads[sub.Files[0].SHA256],
	}
	if d, _ := s.account.Dispute(c.Ref.ID); !cmp.Equal(want, d.Evidence) {
		t.Errorf("evidence (-want +got):\n%s", cmp.Diff(want, d.Evidence))
	}
}

func TestAsked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", maxText)
	for name, tt := range map[string]struct {
		fields   map[string]string
		relevant []string
		want     map[string]string
	}{
		"nothing in particular": {map[string]string{"invoice_or_receipt_text": "a"}, nil, map[string]string{"invoice_or_receipt_text": "a"}},
		"asked for":             {map[string]string{"invoice_or_receipt_text": "a"}, []string{invoice}, map[string]string{"invoice_or_receipt_text": "a"}},
		"the date of a delivery": {
			map[string]string{"proof_of_delivery_or_service_date_text": "a"}, []string{delivery},
			map[string]string{"proof_of_delivery_or_service_date_text": "a"},
		},
		"no room": {
			map[string]string{"additional_evidence_text": long, "additional_evidence_file": "file_1", "invoice_or_receipt_text": "a", "invoice_or_receipt_file": "file_2"},
			[]string{additional},
			map[string]string{"additional_evidence_text": long, "additional_evidence_file": "file_1", "invoice_or_receipt_text": "a", "invoice_or_receipt_file": "file_2"},
		},
		"a word of the future": {map[string]string{"invoice_or_receipt_file": "file_1"}, []string{"device_log"}, map[string]string{"additional_evidence_file": "file_1"}},
	} {
		asked(tt.fields, tt.relevant)
		if diff := cmp.Diff(tt.want, tt.fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{})
	receipt, err := s.Accept(t.Context(), "key", c)
	if d, _ := s.account.Dispute(c.Ref.ID); err != nil || !d.Accepted || d.Submissions != 0 || d.Answers[0].Key != "key" {
		t.Errorf("%+v, %+v, %v", receipt, d, err)
	}
	if _, err := s.Accept(t.Context(), "key", c); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("accepted twice: %v", err)
	}
}

func TestArbitrationIsForAPerson(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{})
	c.View.Snapshot.Stage = dispute.StageArbitration
	if _, err := s.Submit(t.Context(), packet(c)); dispute.KindOf(err) != dispute.Unsupported {
		t.Errorf("%v, want kind unsupported", err)
	}
	if s.account.Files() != 0 {
		t.Error("something was uploaded")
	}
}

func TestPacketsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{})
	big := file(dispute.FieldReceipt, "x")
	big.Bytes = make([]byte, maxFile+1)
	gif := file(dispute.FieldReceipt, "GIF89a")
	gif.MediaType = "image/gif"
	texts := func(field dispute.EvidenceField, text string) integrations.Submission {
		return integrations.Submission{Texts: map[dispute.EvidenceField]string{field: text}}
	}
	files := func(f ...integrations.File) integrations.Submission { return integrations.Submission{Files: f} }
	for name, tt := range map[string]struct {
		s    integrations.Submission
		want string
	}{
		"empty":          {integrations.Submission{}, "empty"},
		"file field":     {files(file(dispute.FieldCustomerEmail, "x")), "customer_email_address"},
		"one slot twice": {files(file(dispute.FieldRefundPolicy, "x"), file(dispute.FieldCancellationPolicy, "y")), "one file"},
		"large":          {files(big), "4000001 bytes"},
		"nothing in it":  {files(file(dispute.FieldReceipt, "")), "0 bytes"},
		"media type":     {files(gif), "image/gif"},
		"text field":     {texts(dispute.FieldCustomerEmail, "x"), "customer_email_address"},
		"long text":      {texts(dispute.FieldUncategorizedText, strings.Repeat("ü", maxText+1)), "501 characters"},
	} {
		tt.s.Case, tt.s.Key = c, "key"
		_, err := s.Submit(t.Context(), tt.s)
		if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want kind invalid that names %q", name, err, tt.want)
		}
	}
	if s.account.Files() != 0 {
		t.Error("something was uploaded")
	}
}

// Whatever the family, a packet of everything that is offered is taken, within
// the contract; where it goes stands in the golden files.
func TestEvidenceOfEachFamily(t *testing.T) {
	t.Parallel()
	contract := loadContract(t)
	for _, family := range families {
		s := newShop(t, func(next http.Handler) http.Handler { return contract.Around(t, next, contract.check) })
		c := s.open(t, standin.DisputeOptions{Relevant: []string{"proof_of_delivery_or_service", "invoice_or_receipt", "customer_communication", "additional_evidence"}})
		c.Family = family
		l := s.Limits(c)
		sub := integrations.Submission{Key: "key", Case: c, Texts: map[dispute.EvidenceField]string{}}
		for _, field := range l.FileFields {
			sub.Files = append(sub.Files, file(field, "%PDF-1.7 "+string(field)))
		}
		for _, field := range l.TextFields {
			sub.Texts[field] = "what we say of " + string(field)
		}
		receipt, err := s.Submit(t.Context(), sub)
		if err != nil {
			t.Errorf("%s: %v", family, err)
			continue
		}
		d, _ := s.account.Dispute(c.Ref.ID)
		for _, f := range sub.Files {
			for key, value := range d.Evidence {
				if value == receipt.Uploads[f.SHA256] {
					d.Evidence[key] = "the file of " + string(f.Field)
				}
			}
		}
		vendortest.Golden(t, "testdata/evidence/"+string(family)+".golden", d.Evidence)
	}
}

// Texts that share a field are cut by whole texts, never beyond the limit.
func TestTextsThatShareAField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", maxText-5)
	got := textEvidence(map[dispute.EvidenceField]string{
		dispute.FieldShippingCarrier: long, dispute.FieldShippingTrackingNumber: "1Z1 and many more", dispute.FieldShippingAddress: "1 A",
	})
	if diff := cmp.Diff(map[string]string{"proof_of_delivery_or_service_text": long + "\n1 A"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	a, optBlue := newAdapter(t, "http://127.0.0.1:1"), settings("http://127.0.0.1:1")
	optBlue.AmexOptBlue = true
	for _, tt := range []struct {
		a           *adapter
		network     string
		file, total int64
		pages       int
		files, dpi  int
		gray        bool
	}{
		{a, "visa", 3_800_000, 0, 0, 0, 200, false}, {a, "jcb", 3_800_000, 0, 0, 0, 200, false}, {a, "mastercard", 3_800_000, 13_775_000, 18, 0, 300, false},
		{a, "amex", 3_800_000, 23_750_000, 20, 5, 300, false}, {connect(t, optBlue), "amex", 950_000, 950_000, 20, 5, 300, true},
		{a, "discover", 2_850_000, 2_850_000, 0, 0, 200, false}, {a, "diners", 2_850_000, 2_850_000, 0, 0, 200, false},
	} {
		for _, family := range families {
			c := dispute.Case{Family: family}
			c.View.Snapshot.Network = tt.network
			l := tt.a.Limits(c)
			if l.FileBytes != tt.file || l.TotalBytes != tt.total || l.TotalPages != tt.pages || l.Files != tt.files || l.DPI != tt.dpi || l.Gray != tt.gray || l.TextFieldChars != 500 {
				t.Errorf("%s: %+v", tt.network, l)
			}
			if l.Files > 0 && len(l.FileFields) > l.Files || l.FileFields[0] != dispute.FieldUncategorizedFile {
				t.Errorf("%s, %s: file fields %v", tt.network, family, l.FileFields)
			}
		}
	}
	amex := dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{Network: "amex"}}}
	s := integrations.Submission{Case: amex}
	for field := range fileCategories {
		s.Files = append(s.Files, file(field, string(field)))
	}
	if err := checkPacket(s); err == nil {
		t.Errorf("American Express takes %d files", len(s.Files))
	}
}

// families are all that a case may be of.
var families = []dispute.Family{
	dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived, dispute.FamilyProductUnacceptable,
	dispute.FamilySubscription, dispute.FamilyDuplicate, dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization,
	dispute.FamilyProcessing, dispute.FamilyGeneral,
}
