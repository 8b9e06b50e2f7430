package stripe_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	standin "github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Whatever happens to the answer, the same packet under the same key is one
// submission.
func TestLostAnswersAreOneSubmission(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.Error, faults.ErrorCommitted, faults.Drop, faults.DropCommitted, faults.Down} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			var broken faults.Set
			r := rehearseBehind(t, func(h http.Handler) http.Handler { return broken.Wrap("stripe", h) })
			id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
			s := packet("cs_1/chargeback/submit/abc", r.disputeCase(t, id))
			s.Uploaded = map[string]string{}
			s.Progress = func(sha, vendorID string) { s.Uploaded[sha] = vendorID }
			for _, path := range []string{"/v1/files", "/v1/disputes/"} {
				broken.Add(faults.Fault{Method: http.MethodPost, Path: path, Mode: mode, Times: 1})
				if _, err := r.Submit(t.Context(), s); dispute.KindOf(err) != dispute.UnknownOutcome {
					t.Errorf("%s of %s: %v, want kind unknown_outcome", mode, path, err)
				}
			}
			receipt, err := r.Submit(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			d, _ := r.stripe.Dispute(id)
			if d.Submissions != 1 || len(d.Files) != 1 || receipt.RawStatus != "under_review" {
				t.Errorf("%d submissions, files %v, receipt %s", d.Submissions, d.Files, receipt.RawStatus)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	var limited faults.Set
	limited.Add(faults.Fault{Mode: faults.RateLimit, Delay: 4 * time.Second})
	r := rehearseBehind(t, func(h http.Handler) http.Handler { return limited.Wrap("stripe", h) })
	if err := r.Check(t.Context()); dispute.KindOf(err) != dispute.RateLimited {
		t.Errorf("error %v, want kind rate_limited", err)
	}
}

// The stand-in's webhooks pass Verify, and folding them in any order gives what
// the API says at the end.
func TestWebhooksOfALife(t *testing.T) {
	t.Parallel()
	r := rehearse(t)
	notices := make(chan dispute.Notice, 16)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if err := r.Verify(req.Header, body, time.Now()); err != nil {
			t.Errorf("refused: %v", err)
		}
		parsed, err := r.Parse(body)
		if err != nil {
			t.Errorf("parse: %v", err)
			return
		}
		notices <- parsed[0]
	}))
	defer door.Close()
	r.stripe.SetTarget(door.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.stripe.Run(ctx) }()
	defer func() { stop(); <-done }()

	id := r.open(world.OrderOptions{}, standin.DisputeOptions{})
	if _, err := r.Submit(t.Context(), packet("key", r.disputeCase(t, id))); err != nil {
		t.Fatal(err)
	}
	if err := r.stripe.Decide(id, true); err != nil {
		t.Fatal(err)
	}
	var view dispute.View
	for range len(r.stripe.Events(id)) {
		select {
		case n := <-notices:
			view = dispute.Fold(view, n)
		case <-time.After(10 * time.Second):
			t.Fatal("an event did not arrive")
		}
	}
	s := view.Snapshot
	if s.Status != dispute.ProviderWon || s.SubmissionCount != 1 || len(s.Movements) != 4 {
		t.Errorf("folded %+v", s)
	}
	net := int64(0)
	for _, m := range s.Movements {
		net += m.Net
	}
	if net != -1500 {
		t.Errorf("the movements sum to %d, want the fee of 1500 that Stripe keeps", net)
	}
}
