package braintree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// loser carries out the operations of a name and loses their answers, as often
// as left says.
type loser struct {
	name string
	left atomic.Int32
}

func (l *loser) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), "mutation "+l.name) && l.left.Add(-1) >= 0 {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func file(field dispute.EvidenceField, content string) integrations.File {
	sum := sha256.Sum256([]byte(content))
	return integrations.File{Field: field, Name: string(field) + ".pdf", MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: []byte(content)}
}

// packet is a submission with a place for its progress.
func packet(c dispute.Case, texts map[dispute.EvidenceField]string, files ...integrations.File) (integrations.Submission, map[string]string) {
	progress := map[string]string{}
	return integrations.Submission{
		Key: c.Ref.ID + "/respond", Case: c, Texts: texts, Files: files,
		Uploaded: progress, Progress: func(key, id string) { progress[key] = id },
	}, progress
}

func TestCategories(t *testing.T) {
	t.Parallel()
	texts := map[dispute.EvidenceField]string{
		dispute.FieldUncategorizedText: "The letter.", dispute.FieldShippingTrackingNumber: "1Z1", dispute.FieldCustomerName: "J. Doe",
	}
	files := []integrations.File{file(dispute.FieldUncategorizedFile, "%PDF main"), file(dispute.FieldShippingDocumentation, "%PDF delivery")}
	for name, tt := range map[string]struct {
		code string
		text map[dispute.EvidenceField]string
		want []string // categories, in the order they were sent
	}{
		"fraud by Visa":      {"1040", texts, []string{"GENERAL", "TRACKING_NUMBER", "PURCHASER_NAME", "GENERAL", "PROOF_OF_DELIVERY"}},
		"with its dot":       {"10.4", texts, []string{"GENERAL", "TRACKING_NUMBER", "PURCHASER_NAME", "GENERAL", "PROOF_OF_DELIVERY"}},
		"without a code":     {"", texts, []string{"GENERAL", "TRACKING_NUMBER", "PURCHASER_NAME", "GENERAL", "PROOF_OF_DELIVERY"}},
		"goods not received": {"13.1", texts, []string{"GENERAL", "TRACKING_NUMBER", "PURCHASER_NAME", "GENERAL", "PROOF_OF_DELIVERY"}},
		"a duplicate":        {"12.6", map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The letter."}, []string{"", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, nil)
			c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{Code: tt.code})
			s, _ := packet(c, tt.text, files...)
			if _, err := a.Submit(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			d, _ := a.braintree.Dispute(c.Ref.ID)
			var got []string
			for _, e := range d.Evidence {
				got = append(got, e.Category)
				if !e.Sent {
					t.Errorf("evidence %s was not sent to the bank", e.ID)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || d.Finalized != 1 {
				t.Errorf("finalized %d times, categories:\n%s", d.Finalized, diff)
			}
		})
	}
}

// A signature shows that goods came, or that somebody ordered them.
func TestSignatures(t *testing.T) {
	t.Parallel()
	for family, want := range map[dispute.Family]string{
		dispute.FamilyProductNotReceived: "SIGNED_DELIVERY_FORM", dispute.FamilyFraudulent: "SIGNED_ORDER_FORM", "": "SIGNED_ORDER_FORM",
	} {
		if got := fileCategory(dispute.FieldCustomerSignature, family); got != want {
			t.Errorf("%q: %s, want %s", family, got, want)
		}
	}
}

// compelling is compelling evidence of two sales of the account.
func (a account) compelling() *dispute.CompellingEvidence {
	var out dispute.CompellingEvidence
	for i, o := range a.world.Orders()[:2] {
		out.Prior[i] = dispute.Sale{
			Payment: a.braintree.TransactionID(o), At: o.PaidAt, Email: o.Customer.Email, PurchaseIP: o.IP, DeviceID: "359881030314356",
			Shipping: map[string]string{dispute.FactShippingLine1: o.Customer.Address.Line1, dispute.FactShippingCity: "Portland"},
		}
	}
	return &out
}

// The earlier transaction of compelling evidence goes out whole or not at all:
// with a part of it Braintree does not finalize.
func TestEarlierTransaction(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		code   string
		change func(*dispute.CompellingEvidence)
		want   []string // after the letter
	}{
		"whole":              {"10.4", func(*dispute.CompellingEvidence) {}, []string{"ARN", "DATE_TIME", "ID", "EMAIL_ADDRESS", "IP_ADDRESS", "PHYSICAL_ADDRESS"}},
		"what is held":       {"10.4", func(e *dispute.CompellingEvidence) { e.Prior[1].Email, e.Prior[1].Shipping = "", nil }, []string{"ARN", "DATE_TIME", "ID", "IP_ADDRESS"}},
		"of another account": {"10.4", func(e *dispute.CompellingEvidence) { e.Prior[1].Payment = "ch_1" }, nil},
		"without a date":     {"10.4", func(e *dispute.CompellingEvidence) { e.Prior[1].At = time.Time{} }, nil},
		"another code":       {"12.6", func(*dispute.CompellingEvidence) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, nil)
			c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{Code: tt.code})
			s, _ := packet(c, map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The letter."})
			s.Compelling = a.compelling()
			tt.change(s.Compelling)
			if _, err := a.Submit(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			d, _ := a.braintree.Dispute(c.Ref.ID)
			var got []string
			for _, e := range d.Evidence[1:] {
				got = append(got, strings.TrimPrefix(e.Category, "PRIOR_NON_DISPUTED_TRANSACTION_"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || d.Finalized != 1 {
				t.Errorf("finalized %d times, categories (-want +got):\n%s", d.Finalized, diff)
			}
		})
	}
}

// What a piece of evidence asks for beside it is refused before it is final.
func TestIncompleteEvidence(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	for category, code := range map[string]string{
		"DEVICE_ID": "95721", "PRIOR_NON_DISPUTED_TRANSACTION_ID": "95722", "PRIOR_NON_DISPUTED_TRANSACTION_ARN": "95723",
		"RECURRING_TRANSACTION_ID": "95724", "RECURRING_TRANSACTION_ARN": "95725",
	} {
		c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{Code: "10.4"})
		a.braintree.AddByHand(c.Ref.ID, category, "1")
		s, _ := packet(c, map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The letter."})
		_, err := a.Submit(t.Context(), s)
		if d, _ := a.braintree.Dispute(c.Ref.ID); dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), code) || d.Status != "open" {
			t.Errorf("%s: %v, the dispute is %s", category, err, d.Status)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	for name, tt := range map[string]struct {
		network, code string
		texts         int
	}{
		"categorised":     {"visa", "1310", len(textFields)},
		"no code":         {"mastercard", "", len(textFields)},
		"another code":    {"visa", "12.6.1", 1},
		"a wallet's":      {"paypal", "", 1},
		"nothing is told": {"", "", len(textFields)},
	} {
		c := dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{Network: tt.network, NetworkCode: tt.code}}}
		if got := a.Limits(c); len(got.TextFields) != tt.texts || got.Files != len(got.FileFields) || got.FileBytes != 3_800_000 ||
			(got.TotalPages == 18) != (tt.network == "mastercard") {
			t.Errorf("%s: %+v, want %d text fields", name, got, tt.texts)
		}
	}
}

// A packet beyond the limits is refused before anything is sent.
func TestPacketBeyondLimits(t *testing.T) {
	t.Parallel()
	big := file(dispute.FieldUncategorizedFile, strings.Repeat("x", maxFile+1))
	wrong := file(dispute.FieldUncategorizedFile, "GIF89a")
	wrong.MediaType = "image/gif"
	for name, s := range map[string]integrations.Submission{
		"nothing":            {},
		"a long text":        {Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: strings.Repeat("ü", maxText+1)}},
		"a text of no slot":  {Texts: map[dispute.EvidenceField]string{dispute.FieldServiceDate: "2026"}},
		"a file of no slot":  {Files: []integrations.File{file(dispute.FieldReceipt, "%PDF")}},
		"two files a slot":   {Files: []integrations.File{file(dispute.FieldUncategorizedFile, "%PDF 1"), file(dispute.FieldUncategorizedFile, "%PDF 2")}},
		"a large file":       {Files: []integrations.File{big}},
		"an empty file":      {Files: []integrations.File{file(dispute.FieldUncategorizedFile, "")}},
		"a file of a format": {Files: []integrations.File{wrong}},
	} {
		a := connect(t, "http://127.0.0.1:1", &http.Client{})
		s.Sending = func() error { t.Errorf("%s: sending", name); return nil }
		if _, err := a.Submit(t.Context(), s); err == nil || dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: error %v, want kind invalid", name, err)
		}
	}
}

// Answers that get lost leave every piece at Braintree once, and another
// person's evidence alone.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"AddText", "AddFile"} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			l := &loser{name: lost}
			a := newAccount(t, l.around)
			c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{Code: "1040"})
			a.braintree.AddByHand(c.Ref.ID, "REFUND_ID", "none")
			texts := map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The letter.", dispute.FieldShippingCarrier: "UPS"}
			s, progress := packet(c, texts, file(dispute.FieldUncategorizedFile, "%PDF main"), file(dispute.FieldShippingDocumentation, "%PDF delivery"))
			l.left.Store(1)
			if _, err := a.Submit(t.Context(), s); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("a lost answer: %v, want kind unknown_outcome", err)
			}
			receipt, err := a.Submit(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if d, _ := a.braintree.Dispute(c.Ref.ID); len(d.Evidence) != 5 || d.Finalized != 1 {
				t.Errorf("%d pieces, finalized %d times; want 5 with the person's, and once: %+v", len(d.Evidence), d.Finalized, d.Evidence)
			}
			if diff := cmp.Diff(progress, receipt.Uploads); diff != "" {
				t.Errorf("progress and receipt:\n%s", diff)
			}
		})
	}
}

// A piece whose request never arrived is sent again.
func TestResumeOfWhatNeverArrived(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{})
	main := file(dispute.FieldUncategorizedFile, "%PDF main")
	s, progress := packet(c, nil, main)
	progress[main.SHA256] = mark(opening)
	a.braintree.AddByHand(c.Ref.ID, "REFUND_ID", "none")
	if _, err := a.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if d, _ := a.braintree.Dispute(c.Ref.ID); len(d.Evidence) != 2 {
		t.Errorf("%d pieces, want ours and the person's", len(d.Evidence))
	}
}

// A final request whose answer is lost is settled by reading.
func TestLostFinal(t *testing.T) {
	t.Parallel()
	l := &loser{name: "Finalize"}
	a := newAccount(t, l.around)
	c := a.open(t, world.OrderOptions{}, standin.DisputeOptions{})
	s, _ := packet(c, map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "The letter."})
	l.left.Store(1)
	if _, err := a.Submit(t.Context(), s); dispute.KindOf(err) != dispute.UnknownOutcome {
		t.Fatalf("error %v, want kind unknown_outcome", err)
	}
	if now := a.caseOf(t, c.Ref.ID).View.Snapshot; now.Status != dispute.ProviderUnderReview || now.RawStatus != "disputed" {
		t.Errorf("the dispute reads %s (%s)", now.Status, now.RawStatus)
	}
	if _, err := a.Submit(t.Context(), s); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("once more: %v, want kind conflict", err)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	plain := a.open(t, world.OrderOptions{}, standin.DisputeOptions{})
	receipt, err := a.Accept(t.Context(), "key", plain)
	if err != nil || receipt.RawStatus != "accepted" || receipt.VendorID != plain.Ref.ID {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if now := a.caseOf(t, plain.Ref.ID); now.View.Snapshot.Status != dispute.ProviderLost {
		t.Errorf("an accepted dispute is %s", now.View.Snapshot.Status)
	} else if _, err := a.Accept(t.Context(), "key", now); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("accepting again: %v, want kind conflict", err)
	}
	if _, err := a.Accept(t.Context(), "key", plain); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("accepting again without having read: %v, want kind conflict", err)
	}
}

// "If you have already issued a refund … do not accept."
func TestAcceptAfterRefund(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	c := a.open(t, world.OrderOptions{Refunded: true}, standin.DisputeOptions{})
	p, err := a.Payment(t.Context(), c.View.Snapshot)
	if err != nil || p.Refunded.IsZero() {
		t.Fatalf("%+v, %v", p.Refunded, err)
	}
	c.Payment = &p
	if _, err := a.Accept(t.Context(), "key", c); err == nil || dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("error %v, want kind invalid", err)
	}
	if d, _ := a.braintree.Dispute(c.Ref.ID); d.Status != "open" {
		t.Errorf("the dispute is %s: the customer is paid twice", d.Status)
	}
}
