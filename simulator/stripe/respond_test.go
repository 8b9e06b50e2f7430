package stripe_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	pdf := []byte("%PDF-1.7 rehearsal")
	tests := []struct {
		name     string
		opt      stripe.DisputeOptions
		before   func(s *shop, id string)
		form     url.Values
		version  string
		wantCode string // empty: taken
		want     string // status afterwards
		wantN    int    // submissions afterwards
	}{
		{name: "submitted", form: letter, want: "under_review", wantN: 1},
		{name: "submitted by default", form: url.Values{"evidence[uncategorized_text]": {"x"}}, want: "under_review", wantN: 1},
		{name: "staged", form: url.Values{"evidence[uncategorized_text]": {"x"}, "submit": {"false"}}, want: "needs_response"},
		{name: "inquiry", opt: stripe.DisputeOptions{Inquiry: true}, form: letter, want: "warning_under_review", wantN: 1},
		{name: "nothing to submit", form: url.Values{"metadata[a]": {"b"}}, want: "needs_response"},
		{
			name: "after the date", before: func(s *shop, _ string) { s.now = s.now.Add(30 * 24 * time.Hour) },
			form: letter, wantCode: "invalid_request_error", want: "needs_response",
		},
		{name: "no answer possible", opt: stripe.DisputeOptions{NoDue: true}, form: letter, wantCode: "invalid_request_error", want: "needs_response"},
		{
			name: "decided", before: func(s *shop, id string) { _ = s.Decide(id, false) },
			form: letter, wantCode: "invalid_request_error", want: "lost",
		},
		{name: "unknown field", form: url.Values{"evidence[nonsense]": {"x"}}, wantCode: "parameter_unknown", want: "needs_response"},
		{name: "unknown parameter", form: url.Values{"nonsense": {"x"}}, wantCode: "parameter_unknown", want: "needs_response"},
		{name: "unknown file", form: url.Values{"evidence[receipt]": {"file_none"}}, wantCode: "resource_missing", want: "needs_response"},
		{
			name: "text too long", form: url.Values{"evidence[uncategorized_text]": {strings.Repeat("ä", 20_001)}},
			wantCode: "parameter_invalid_string_length", want: "needs_response",
		},
		{
			name: "method of an account without Smart Disputes", form: url.Values{"intended_submission_method": {"manual"}, "submit": {"false"}},
			wantCode: "smart_disputes_not_available", want: "needs_response",
		},
		{
			name: "method in an old API version", opt: stripe.DisputeOptions{IntendedMethod: "prefer_manual"}, version: "2023-10-16",
			form:     url.Values{"intended_submission_method": {"manual"}, "submit": {"false"}},
			wantCode: "parameter_unknown", want: "needs_response",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if got := s.upload(t, "dispute_evidence", pdf); got.status != http.StatusOK {
				t.Fatalf("upload: HTTP %d", got.status)
			}
			id := s.open(tt.opt)
			if tt.before != nil {
				tt.before(s, id)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/disputes/"+id, strings.NewReader(tt.form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			if tt.version != "" {
				req.Header.Set("Stripe-Version", tt.version)
			}
			got := s.do(t, req)
			if got.code() != tt.wantCode {
				t.Errorf("code %q, want %q", got.code(), tt.wantCode)
			}
			if refused := got.status == http.StatusBadRequest; refused != (tt.wantCode != "") {
				t.Errorf("HTTP %d with code %q", got.status, tt.wantCode)
			}
			d := s.dispute(t, id)
			if d.Status != tt.want || d.Submissions != tt.wantN || len(d.Bodies) != tt.wantN {
				t.Errorf("status %s, %d submissions, %d bodies; want %s, %d", d.Status, d.Submissions, len(d.Bodies), tt.want, tt.wantN)
			}
		})
	}
}

// An update without submit=false sends what somebody staged.
func TestUpdateSendsWhatIsStaged(t *testing.T) {
	t.Parallel()
	for submit, want := range map[string]int{"": 1, "false": 0} {
		s := newShop(t)
		id := s.open(stripe.DisputeOptions{IntendedMethod: "prefer_manual"})
		s.post(t, "/v1/disputes/"+id, "stage", url.Values{"evidence[customer_name]": {"Ada"}, "submit": {"false"}})
		form := url.Values{"intended_submission_method": {"manual"}}
		if submit != "" {
			form.Set("submit", submit)
		}
		got := s.post(t, "/v1/disputes/"+id, "claim", form)
		if got.string("intended_submission_method") != "manual" {
			t.Errorf("submit=%q: method %q", submit, got.string("intended_submission_method"))
		}
		if d := s.dispute(t, id); d.Submissions != want || d.IntendedMethod != "manual" {
			t.Errorf("submit=%q: %d submissions, want %d", submit, d.Submissions, want)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pdf := []byte("%PDF-1.7 rehearsal")
	good := s.upload(t, "dispute_evidence", pdf)
	if good.status != http.StatusOK || good.string("type") != "pdf" {
		t.Fatalf("HTTP %d, %v", good.status, good.body)
	}
	id := good.string("id")
	if f, ok := s.File(id); !ok || !bytes.Equal(f.Bytes, pdf) || f.Name != "packet.pdf" {
		t.Errorf("the file did not arrive whole: %v %q", ok, f.Name)
	}
	if got := s.get(t, "/v1/files/"+id); got.string("id") != id {
		t.Errorf("HTTP %d", got.status)
	}
	if got := s.get(t, "/v1/files?purpose=dispute_evidence").ids(); !slices.Equal(got, []string{id}) {
		t.Errorf("files %v", got)
	}
	for name, got := range map[string]answer{
		"purpose": s.upload(t, "business_logo", pdf),
		"type":    s.upload(t, "dispute_evidence", []byte("plain text")),
		"size":    s.upload(t, "dispute_evidence", append([]byte("%PDF-1.7"), make([]byte, 5_000_000)...)),
	} {
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d, want 400", name, got.status)
		}
	}
	dispute := s.open(stripe.DisputeOptions{})
	s.post(t, "/v1/disputes/"+dispute, "k", url.Values{"evidence[receipt]": {id}})
	if d := s.dispute(t, dispute); !slices.Equal(d.Files, []string{id}) {
		t.Errorf("files of the dispute: %v", d.Files)
	}
}
