package dispute_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	late := dispute.Errorf(dispute.TooLate, "stripe: update dp_1", "window: %w", io.EOF)
	tests := []struct {
		name string
		err  error
		want dispute.Kind
	}{
		{"ours", late, dispute.TooLate},
		{"wrapped", fmt.Errorf("outer: %w", late), dispute.TooLate},
		{"joined", errors.Join(io.EOF, late), dispute.TooLate},
		{"first of two", &dispute.Error{Kind: dispute.UnknownOutcome, Err: late}, dispute.UnknownOutcome},
		{"unsupported", fmt.Errorf("slack: %w", dispute.ErrUnsupported), dispute.Unsupported},
		{"ours around unsupported", dispute.Errorf(dispute.Auth, "slack", "%w", dispute.ErrUnsupported), dispute.Auth},
		{"another's", io.EOF, dispute.Transient},
		{"time-out", context.DeadlineExceeded, dispute.Transient},
		{"none", nil, dispute.Transient},
	}
	for _, tt := range tests {
		if got := dispute.KindOf(tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if !errors.Is(late, io.EOF) {
		t.Error("the cause is lost")
	}
	if got, want := late.Error(), "stripe: update dp_1: too_late: window: EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (&dispute.Error{Kind: dispute.NotFound, Op: "read"}).Error(), "read: not_found"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRef(t *testing.T) {
	t.Parallel()
	ref := dispute.Ref{Connection: "stripe", ID: "dp_1"}
	if got := ref.String(); got != "stripe/dp_1" {
		t.Error(got)
	}
	for part, want := range map[int]string{0: "dispute/stripe/dp_1", 1: "dispute/stripe/dp_1", 2: "dispute/stripe/dp_1/2", 11: "dispute/stripe/dp_1/11"} {
		if got := ref.WorkflowID(part); got != want {
			t.Errorf("part %d: %s", part, got)
		}
	}
	// Ids are kept for ever: this one was computed apart, with sha256sum and base32.
	if got, want := ref.CaseID(), "cs_ujnpzrpm4bsgiwbf"; got != want {
		t.Errorf("case id %s, want %s", got, want)
	}
	seen := map[string]dispute.Ref{}
	for _, r := range []dispute.Ref{ref, {Connection: "stripe", ID: "dp_2"}, {Connection: "strip", ID: "edp_1"}, {Connection: "stripe/dp", ID: "_1"}, {}} {
		id := r.CaseID()
		if !regexp.MustCompile(`^cs_[a-z2-7]{16}$`).MatchString(id) {
			t.Errorf("%v: %s", r, id)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%v and %v share %s", r, other, id)
		}
		seen[id] = r
	}
	n := dispute.Notice{Connection: "stripe", Snapshot: &dispute.Snapshot{ID: "dp_1"}}
	if n.Ref() != ref {
		t.Error(n.Ref())
	}
	n.Snapshot = nil
	if n.Ref() != (dispute.Ref{Connection: "stripe"}) {
		t.Error(n.Ref())
	}
}

func TestEndsAndFinals(t *testing.T) {
	t.Parallel()
	for s, want := range map[dispute.ProviderStatus]bool{
		dispute.ProviderWon: true, dispute.ProviderLost: true, dispute.ProviderClosed: true, dispute.ProviderPrevented: true,
		dispute.ProviderNeedsResponse: false, dispute.ProviderUnderReview: false, dispute.ProviderUnknown: false, "sneezed": false,
	} {
		if s.Final() != want {
			t.Errorf("%s is final: %t", s, !want)
		}
	}
	for s, want := range map[dispute.Status]bool{
		dispute.StatusAccepted: true, dispute.StatusWon: true, dispute.StatusLost: true, dispute.StatusClosed: true,
		dispute.StatusOpen: false, dispute.StatusNeedsApproval: false, dispute.StatusNeedsPerson: false, dispute.StatusOnHold: false, dispute.StatusSubmitted: false, "": false,
	} {
		if s.Ended() != want {
			t.Errorf("%q has ended: %t", s, !want)
		}
	}
}
