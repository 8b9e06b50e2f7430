package clearhaus

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	standin "github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
)

// A whole life, behind addresses that nobody could guess: links are followed,
// never built.
func TestLife(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]standin.Options{
		"answers":  {Prefix: "/v7/somewhere"},
		"silence":  {Prefix: "/else/where", Silent: true},
		"of pages": {PerPage: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, opts)
			id := r.open(standin.DisputeOptions{})
			r.open(standin.DisputeOptions{}) // another one, on the first page
			opened := r.read(t, id)
			if opened.Status != dispute.ProviderNeedsResponse || opened.Stage != dispute.StageChargeback || opened.NoResponse {
				t.Fatalf("opened: %+v", opened)
			}
			s := packet("cs_1/chargeback/respond/1", r.caseOf(t, id))
			receipt, err := r.Submit(t.Context(), s)
			if err != nil || receipt.VendorID != id || (receipt.RawStatus == "") != opts.Silent {
				t.Fatalf("%+v, %v", receipt, err)
			}
			d, _ := r.clearhaus.Dispute(id)
			if !slices.Equal(d.Stamps, []string{"refuted"}) || len(d.Files) != 1 {
				t.Fatalf("stamps %v, files %v, want one of each", d.Stamps, d.Files)
			}
			f, _ := r.clearhaus.File(d.Files[0])
			if string(f.Content) != string(s.Files[0].Bytes) || f.ContentType != "application/pdf" || receipt.Uploads[s.Files[0].SHA256] != f.ID {
				t.Errorf("stored %+v under %v", f, receipt.Uploads)
			}
			r.ends(t, id)
		})
	}
}

// ends takes an answered dispute through all that may still happen to it.
func (r rehearsal) ends(t *testing.T, id string) {
	t.Helper()
	view := dispute.View{}
	tell := func(want dispute.ProviderStatus, stage dispute.Stage, noResponse bool) {
		t.Helper()
		s := r.read(t, id)
		view = dispute.Fold(view, dispute.Polled(connection, s, today))
		if s.Status != want || s.Stage != stage || s.NoResponse != noResponse {
			t.Errorf("%s reads %s in %s, no response %t; want %s in %s, %t", s.RawStatus, s.Status, s.Stage, s.NoResponse, want, stage, noResponse)
		}
	}
	tell(dispute.ProviderUnderReview, dispute.StageChargeback, false)
	r.clearhaus.Set(id, "open") // Clearhaus wants more papers
	tell(dispute.ProviderNeedsResponse, dispute.StageChargeback, false)
	r.clearhaus.Set(id, "refuted")
	tell(dispute.ProviderUnderReview, dispute.StageChargeback, false)
	r.clearhaus.Set(id, "won")
	tell(dispute.ProviderWon, dispute.StageChargeback, false)
	r.clearhaus.Escalate(id)
	tell(dispute.ProviderNeedsResponse, dispute.StagePreArbitration, false)
	r.clearhaus.Change(id, func(d *standin.Dispute) { d.NoStamps = true })
	tell(dispute.ProviderNeedsResponse, dispute.StagePreArbitration, true)
	if _, err := r.Submit(t.Context(), packet("later", r.caseOf(t, id))); dispute.KindOf(err) != dispute.TooLate {
		t.Errorf("an answer without a stamp to set: %v, want kind too_late", err)
	}
	if _, err := r.Accept(t.Context(), "later", r.caseOf(t, id)); dispute.KindOf(err) != dispute.TooLate {
		t.Errorf("giving up without a stamp to set: %v, want kind too_late", err)
	}
	r.clearhaus.Set(id, "lost")
	tell(dispute.ProviderLost, dispute.StagePreArbitration, false)
	if view.Snapshot.Status != dispute.ProviderLost {
		t.Errorf("folded to %s", view.Snapshot.Status)
	}
}

// Whatever happens to an answer, the same packet under the same key is one file
// and one stamp.
func TestLostAnswersAreOneSubmission(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Error, faults.ErrorCommitted, faults.Drop, faults.DropCommitted, faults.Down} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			var broken faults.Set
			r := rehearseBehind(t, standin.Options{}, func(h http.Handler) http.Handler { return broken.Wrap("clearhaus", h) })
			id := r.open(standin.DisputeOptions{})
			s := packet("cs_1/chargeback/respond/1", r.caseOf(t, id))
			s.Uploaded = map[string]string{}
			s.Progress = func(sha, vendorID string) { s.Uploaded[sha] = vendorID }
			sendings := 0
			s.Sending = func() error { sendings++; return nil }
			for _, fault := range []faults.Fault{
				{Method: http.MethodGet, Path: "/files"}, {Method: http.MethodPost, Path: "/files"},
				{Method: http.MethodPut, Path: "/storage/"}, {Method: http.MethodPut, Path: "/stamps/refuted"},
			} {
				fault.Mode, fault.Times = mode, 1
				broken.Add(fault)
				if _, err := r.Submit(t.Context(), s); dispute.KindOf(err) != dispute.UnknownOutcome {
					t.Errorf("%s of %s %s: %v, want kind unknown_outcome", mode, fault.Method, fault.Path, err)
				}
			}
			if _, err := r.Submit(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			d, _ := r.clearhaus.Dispute(id)
			if !slices.Equal(d.Stamps, []string{"refuted"}) || len(d.Files) != 1 || sendings != 2 {
				t.Errorf("stamps %v, files %v, %d sendings; want one stamp, one file, 2 sendings", d.Stamps, d.Files, sendings)
			}
		})
	}
}

// The link to upload to lives for minutes; a refused one is tried again with a
// fresh one, and never asks a person to mend credentials.
func TestExpiredUploadLink(t *testing.T) {
	t.Parallel()
	var expired bool
	var r rehearsal
	r = rehearseBehind(t, standin.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasPrefix(req.URL.Path, "/storage/") && !expired {
				expired = true
				r.clearhaus.ExpireLinks()
			}
			h.ServeHTTP(w, req)
		})
	})
	id := r.open(standin.DisputeOptions{})
	s := packet("cs_1/chargeback/respond/1", r.caseOf(t, id))
	if _, err := r.Submit(t.Context(), s); dispute.KindOf(err) != dispute.Transient || strings.Contains(err.Error(), "Signature") {
		t.Errorf("%v, want kind transient and no link in the text", err)
	}
	if _, err := r.Submit(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	id := r.open(standin.DisputeOptions{Type: "retrieval_request"})
	receipt, err := r.Accept(t.Context(), "cs_1/inquiry/respond/1", r.caseOf(t, id))
	if err != nil || receipt.VendorID != id {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if s := r.read(t, id); s.Status != dispute.ProviderLost || s.Stage != dispute.StageInquiry {
		t.Errorf("afterwards: %+v", s)
	}
}

// What Clearhaus takes is one PDF: anything else is refused before a request.
func TestPacketsThatDoNotFit(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, "http://127.0.0.1:1")
	for name, bend := range map[string]func(*integrations.Submission){
		"no file":    func(p *integrations.Submission) { p.Files = nil },
		"two files":  func(p *integrations.Submission) { p.Files = append(p.Files, p.Files[0]) },
		"a picture":  func(p *integrations.Submission) { p.Files[0].MediaType = "image/png" },
		"empty file": func(p *integrations.Submission) { p.Files[0].Bytes = nil },
		"a text": func(p *integrations.Submission) {
			p.Texts = map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "x"}
		},
	} {
		s := packet("key", dispute.Case{Ref: dispute.Ref{Connection: connection, ID: knownID}})
		bend(&s)
		if _, err := a.Submit(t.Context(), s); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v, want kind invalid", name, err)
		}
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	r.open(standin.DisputeOptions{})
	if _, err := r.Get(t.Context(), dispute.Ref{Connection: connection, ID: "none"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("%v, want kind not_found", err)
	}
}

// A decided dispute is found, too, by a process that has just started.
func TestFindsWhatIsDecided(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	id := r.open(standin.DisputeOptions{})
	for range 60 {
		r.open(standin.DisputeOptions{})
	}
	r.clearhaus.Set(id, "won")
	if s := r.read(t, id); s.Status != dispute.ProviderWon {
		t.Errorf("%+v", s)
	}
}
