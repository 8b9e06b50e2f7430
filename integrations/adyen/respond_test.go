package adyen

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func TestSubmit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		brand, code string
		family      dispute.Family
		inquiry     bool
		reason      string
		general     bool
		documents   []string
	}{
		"visa fraud":               {"visa", "10.4", dispute.FamilyFraudulent, false, "AdditionalInformation", true, []string{"AdditionalInformation", "DefenseMaterial"}},
		"visa not received":        {"visa", "13.1", dispute.FamilyProductNotReceived, false, "MerchandiseReceived", false, []string{"DateMerchandiseShipped", "ProofOfGoodsOrServicesProvided"}},
		"mastercard":               {"mastercard", " 4853", dispute.FamilyProductUnacceptable, false, "GoodsWereAsDescribed", false, []string{"GoodsWereAsDescribed", "TIDorInvoice"}},
		"mastercard, not received": {"mastercard", " 4853", dispute.FamilyProductNotReceived, false, "GoodsOrServicesProvided", false, []string{"ProofOfAbilityToProvideServices", "ProofOfGoodsOrServicesProvided"}},
		"mastercard fraud":         {"mastercard", "4837", dispute.FamilyFraudulent, false, "SupplyDefenseMaterial", true, []string{"DefenseMaterial", "TIDorInvoice"}},
		"amex inquiry":             {"amex", "S01", dispute.FamilyUnrecognized, true, "SupplyDefenseMaterial", true, []string{"DefenseMaterial"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, direct)
			id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: tt.brand}), standin.DisputeOptions{ReasonCode: tt.code, Inquiry: tt.inquiry})
			sub := packet("cs_1/chargeback/respond", s.dispute(t, id, tt.family))
			progress, sendings, before := map[string]string{}, 0, 0
			sub.Progress = func(sha, upload string) { progress[sha] = upload }
			sub.Sending = func() error { sendings++; before = len(s.adyen.Requests()); return nil }
			got, err := s.Submit(t.Context(), sub)
			if err != nil {
				t.Fatal(err)
			}
			requests := s.adyen.Requests()
			last := requests[len(requests)-1]
			if sendings != 1 || len(requests)-before != 1 || last.Path != "/defendDispute" || last.Key != shortKey(sub.Key) || len(last.Key) != 64 {
				t.Errorf("%d sendings, %d requests after it, the last %+v", sendings, len(requests)-before, last)
			}
			d, _ := s.adyen.Dispute(id)
			if diff := cmp.Diff(tt.documents, slices.Sorted(maps.Keys(d.Documents))); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{tt.reason}, d.Defended); diff != "" {
				t.Errorf("defences (-want +got):\n%s", diff)
			}
			if got.VendorID != id || got.At.IsZero() || !bytes.Contains(got.Request, []byte(tt.reason)) || !bytes.Contains(got.Response, []byte("true")) {
				t.Errorf("receipt %+v", got)
			}
			if diff := cmp.Diff(progress, got.Uploads); diff != "" || len(progress) != len(sub.Files)+1 {
				t.Errorf("progress and uploads:\n%s", diff)
			}
			if note := got.Uploads[noteDefence]; strings.Contains(note, `"general":true`) != tt.general {
				t.Errorf("the receipt says %s, want general %v", note, tt.general)
			}
			// Of a request for information no webhook says for sure that it was answered.
			if v := s.view(t, id); !tt.inquiry && (v.Snapshot.Status != dispute.ProviderUnderReview || !v.Snapshot.HasEvidence) {
				t.Errorf("afterwards the webhooks tell %+v", v.Snapshot)
			}
		})
	}
}

// An attempt after a crash sends one request, the same bytes.
func TestSubmitResumes(t *testing.T) {
	t.Parallel()
	s := open(t, direct)
	id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: "mastercard"}), standin.DisputeOptions{})
	sub := packet("key", s.dispute(t, id, dispute.FamilyGeneral))
	stop := errors.New("the database is away")
	sub.Sending = func() error { return stop }
	first, err := s.Submit(t.Context(), sub)
	if !errors.Is(err, stop) || len(first.Uploads) != 3 {
		t.Fatalf("uploads %v, error %v", first.Uploads, err)
	}
	before := len(s.adyen.Requests())
	sub.Sending, sub.Uploaded = nil, first.Uploads
	got, err := s.Submit(t.Context(), sub)
	if err != nil || len(s.adyen.Requests())-before != 1 {
		t.Fatalf("%d requests, error %v; want the final one alone", len(s.adyen.Requests())-before, err)
	}
	want := `{"disputePspReference":"` + id + `","merchantAccountCode":"` + account + `","defenseReasonCode":"SupplyDefenseMaterial"}`
	if string(got.Request) != want {
		t.Errorf("sent %s, want %s", got.Request, want)
	}
	if diff := cmp.Diff(first.Uploads, got.Uploads); diff != "" {
		t.Error(diff)
	}
}

// Half of the uploads are resumed under the same types.
func TestSubmitResumesHalfway(t *testing.T) {
	t.Parallel()
	var broken faults.Set
	s := open(t, func(h http.Handler) http.Handler { return broken.Wrap("adyen", h) })
	id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: "visa"}), standin.DisputeOptions{ReasonCode: "13.1"})
	sub := packet("key", s.dispute(t, id, dispute.FamilyProductNotReceived))
	sub.Uploaded = map[string]string{}
	sub.Progress = func(sha, upload string) {
		sub.Uploaded[sha] = upload
		if sha != noteDefence {
			broken.Add(faults.Fault{Path: "/supplyDefenseDocument", Mode: faults.Drop, Times: 1})
		}
	}
	if _, err := s.Submit(t.Context(), sub); dispute.KindOf(err) != dispute.UnknownOutcome || len(sub.Uploaded) != 2 {
		t.Fatalf("uploaded %v, error %v", sub.Uploaded, err)
	}
	broken.Clear("")
	sub.Progress = nil
	if _, err := s.Submit(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	supplied := 0
	for _, r := range s.adyen.Requests() {
		if r.Path == "/supplyDefenseDocument" {
			supplied++
		}
	}
	d, _ := s.adyen.Dispute(id)
	if supplied != 2 || len(d.Documents) != 2 || len(d.Defended) != 1 {
		t.Errorf("%d uploads, documents %v, defended %v", supplied, slices.Sorted(maps.Keys(d.Documents)), d.Defended)
	}
}

// A packet that lost a document takes it back: the issuer sees what the packet
// holds.
func TestSubmitTakesStaleDocumentsBack(t *testing.T) {
	t.Parallel()
	s := open(t, direct)
	id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: "mastercard"}), standin.DisputeOptions{})
	sub := packet("key", s.dispute(t, id, dispute.FamilyGeneral))
	sub.Sending = func() error { return errors.New("killed") }
	first, err := s.Submit(t.Context(), sub)
	if err == nil {
		t.Fatal("not killed")
	}
	sub.Sending, sub.Uploaded = nil, first.Uploads
	sub.Files = []integrations.File{file(dispute.FieldUncategorizedFile, "%PDF-1.7 newer")}
	for range 2 { // the second time the document is gone already
		if _, err := s.supply(t.Context(), sub, defence{Reason: "SupplyDefenseMaterial", Types: map[string][]string{sub.Files[0].SHA256: {"DefenseMaterial"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Submit(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	d, _ := s.adyen.Dispute(id)
	if len(d.Documents) != 1 || string(d.Documents["DefenseMaterial"].Bytes) != "%PDF-1.7 newer" {
		t.Errorf("documents %v", d.Documents)
	}
}

// Whatever happens to the answer, the adapter says that it does not know; a
// second defence is then for the protocol to withhold.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Error, faults.ErrorCommitted, faults.Drop, faults.DropCommitted, faults.Down} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			var broken faults.Set
			s := open(t, func(h http.Handler) http.Handler { return broken.Wrap("adyen", h) })
			defended := s.adyen.Open(s.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
			accepted := s.adyen.Open(s.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
			sub, c := packet("key", s.dispute(t, defended, dispute.FamilyFraudulent)), s.dispute(t, accepted, dispute.FamilyFraudulent)
			broken.Add(faults.Fault{Path: "/defendDispute", Mode: mode, Times: 1})
			broken.Add(faults.Fault{Path: "/acceptDispute", Mode: mode, Times: 1})
			if _, err := s.Submit(t.Context(), sub); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Errorf("defend: %v, want kind unknown_outcome", err)
			}
			if _, err := s.Accept(t.Context(), "key", c); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Errorf("accept: %v, want kind unknown_outcome", err)
			}
			committed := mode == faults.ErrorCommitted || mode == faults.DropCommitted
			for id, want := range map[string]dispute.ProviderStatus{defended: dispute.ProviderUnderReview, accepted: dispute.ProviderLost} {
				if told := s.view(t, id).Snapshot.Status == want; told != committed {
					t.Errorf("the webhooks of %s tell of the write: %v, want %v", id, told, committed)
				}
			}
		})
	}
}

// "success": false is a refusal, whatever the HTTP status says.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]dispute.Kind{
		`{"disputeServiceResult":{"success":false,"errorMessage":"Dispute not found."}}`:         dispute.NotFound,
		`{"disputeServiceResult":{"success":false,"errorMessage":"Unknown dispute"}}`:            dispute.NotFound,
		`{"disputeServiceResult":{"success":false,"errorMessage":"card 4242424242424242 of x"}}`: dispute.Invalid,
		`{"disputeServiceResult":{"success":false}}`:                                             dispute.Invalid,
		`{}`: dispute.UnknownOutcome, `[]`: dispute.UnknownOutcome, `no`: dispute.UnknownOutcome, ``: dispute.UnknownOutcome,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		got, err := connect(t, settings(srv.URL)).Accept(t.Context(), "key", dispute.Case{Ref: dispute.Ref{ID: "D1"}})
		srv.Close()
		if err == nil || dispute.KindOf(err) != want || strings.Contains(err.Error(), "4242") {
			t.Errorf("%s: %v, want kind %s", body, err, want)
		}
		if string(got.Response) != body {
			t.Errorf("the receipt holds %q, want Adyen's own words", got.Response)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	s := open(t, direct)
	id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{}), standin.DisputeOptions{})
	got, err := s.Accept(t.Context(), "key", s.dispute(t, id, dispute.FamilyGeneral))
	if err != nil || got.VendorID != id || len(got.Response) == 0 {
		t.Fatalf("receipt %+v, %v", got, err)
	}
	if v := s.view(t, id); v.Snapshot.Status != dispute.ProviderLost || v.Snapshot.RawStatus != "Accepted" {
		t.Errorf("afterwards %+v", v.Snapshot)
	}
	if _, err := s.Accept(t.Context(), "key", s.dispute(t, id, dispute.FamilyGeneral)); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("once more: %v, want kind invalid", err)
	}
}

// Reasons that only a person can claim are a case for a person, not a guess.
func TestNoDefence(t *testing.T) {
	t.Parallel()
	asked := 0
	a := connect(t, settings(vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"defenseReasons":[{"defenseReasonCode":"PaymentByOtherMeans","satisfied":false,"defenseDocumentTypes":[` +
			`{"available":false,"defenseDocumentTypeCode":"PaymentByOtherMeans","requirementLevel":"Required"}]}],"disputeServiceResult":{"success":true}}`))
	}))))
	_, err := a.Submit(t.Context(), packet("key", dispute.Case{Ref: dispute.Ref{ID: "DZ4DPSHB4WD2WN82"}}))
	if !errors.Is(err, dispute.ErrUnsupported) || dispute.KindOf(err) != dispute.Unsupported || asked != 1 {
		t.Errorf("%d requests, error %v, want one and unsupported", asked, err)
	}
}

// What goes over the wire for each family, with every file that the case may
// have.
func TestRequestsOfEachFamily(t *testing.T) {
	t.Parallel()
	for _, family := range families {
		sent := map[string][]json.RawMessage{}
		for brand, code := range map[string]string{"visa": "13.1", "mastercard": "4853", "amex": "C08"} {
			s := open(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					text, _ := io.ReadAll(r.Body)
					sent[brand] = append(sent[brand], json.RawMessage(`"`+r.URL.Path+`"`), text)
					r.Body = io.NopCloser(bytes.NewReader(text))
					next.ServeHTTP(w, r)
				})
			})
			id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: brand}), standin.DisputeOptions{ReasonCode: code})
			if _, err := s.Submit(t.Context(), packet("key", s.dispute(t, id, family))); err != nil {
				t.Errorf("%s, %s: %v", brand, family, err)
			}
		}
		vendortest.Golden(t, "testdata/defence/"+string(family)+".golden", sent)
	}
}

// A packet as the engine composes it, with nothing known but the dispute, is
// taken whole.
func TestComposedPacketIsTaken(t *testing.T) {
	t.Parallel()
	for brand, inquiry := range map[string]bool{"visa": false, "mastercard": false, "amex": true, "discover": false, "jcb": false} {
		s := open(t, direct)
		id := s.adyen.Open(s.world.NewOrder(world.OrderOptions{CardBrand: brand}), standin.DisputeOptions{Inquiry: inquiry})
		c := s.dispute(t, id, dispute.FamilyFraudulent)
		p, err := evidence.MinimalPacket(c, evidence.Limits(s.Limits(c)))
		if err != nil {
			t.Fatal(err)
		}
		sub := integrations.Submission{Key: "key", Case: c, Texts: p.Texts}
		for _, f := range p.Files {
			sub.Files = append(sub.Files, integrations.File{Field: f.Field, Name: f.Name, MediaType: f.MediaType, SHA256: f.SHA256, Bytes: f.Bytes})
		}
		if _, err := s.Submit(t.Context(), sub); err != nil {
			t.Errorf("%s: %v", brand, err)
		}
		if d, _ := s.adyen.Dispute(id); len(d.Defended) != 1 || !bytes.Equal(d.Documents["DefenseMaterial"].Bytes, p.Files[0].Bytes) {
			t.Errorf("%s: defended %v", brand, d.Defended)
		}
	}
}

// families are all that a case may be of.
var families = []dispute.Family{
	dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived, dispute.FamilyProductUnacceptable,
	dispute.FamilySubscription, dispute.FamilyDuplicate, dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization,
	dispute.FamilyProcessing, dispute.FamilyGeneral,
}
