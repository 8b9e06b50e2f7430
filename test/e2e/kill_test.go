package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// pause holds back the answer of the first final submission: the provider has
// committed it, and nobody here knows yet.
type pause struct {
	once      sync.Once
	committed chan struct{} // closed when the provider has it
	let       chan struct{} // close it to let the answer go
}

func newPause() *pause { return &pause{committed: make(chan struct{}), let: make(chan struct{})} }

func (p *pause) wrap(vendor string, next http.Handler) http.Handler {
	if vendor != "stripe" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/v1/disputes/") || !bytes.Contains(body, []byte("submit=true")) {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		p.once.Do(func() {
			close(p.committed)
			<-p.let
		})
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// TestWorkerKilledAfterCommit kills the worker between the provider's commit
// and our receipt: one submission, and a receipt all the same.
func TestWorkerKilledAfterCommit(t *testing.T) {
	t.Parallel()
	p := newPause()
	sys := prepare(t, p.wrap)
	if err := sys.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	bin := binary(t)
	first := worker(t, bin, sys.File)
	id := sys.Simulator.Stripe.Open(sys.Simulator.World.NewOrder(world.OrderOptions{}), stripe.DisputeOptions{
		Reason: "product_not_received", NetworkCode: "13.1", DueIn: 60 * day,
	})
	select {
	case <-p.committed:
	case <-time.After(90 * time.Second):
		t.Fatal("nothing was submitted")
	}
	if err := first.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = first.Wait()
	close(p.let)
	worker(t, bin, sys.File)
	file := awaitReceipt(t, sys, id)
	d, _ := sys.Simulator.Stripe.Dispute(id)
	if d.Submissions != 1 || len(d.Bodies) != 1 {
		t.Errorf("the provider counts %d submissions of %d bodies, want 1", d.Submissions, len(d.Bodies))
	}
	if file.Submission.Attempts < 2 {
		t.Errorf("the intent was begun %d time(s); the kill came too late to prove anything", file.Submission.Attempts)
	}
	if !strings.Contains(string(file.Submission.Receipt), `"reconciled": true`) && !strings.Contains(string(file.Submission.Receipt), `"reconciled":true`) {
		t.Errorf("receipt %s was not found by reading", file.Submission.Receipt)
	}
}

// awaitReceipt waits until the case has a receipt and stands as submitted.
func awaitReceipt(t *testing.T, sys *rehearsal.System, id string) desk.CaseFile {
	t.Helper()
	ctx := patience(t)
	for {
		f, err := sys.App.Desk.Case(ctx, desk.System, id)
		if err == nil && f.Submission != nil && f.Status == dispute.StatusSubmitted {
			return f
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no receipt of %s: status %s (%s), %v", id, f.Status, f.Needs, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestProviderFailsAroundCommit lets the provider fail before and after it has
// committed the submission, by an error and by hanging up.
func TestProviderFailsAroundCommit(t *testing.T) {
	t.Parallel()
	sys := prepare(t, nil)
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("modes", func(t *testing.T) {
		for _, mode := range []faults.Mode{faults.Error, faults.ErrorCommitted, faults.Drop, faults.DropCommitted, faults.RateLimit} {
			t.Run(string(mode), func(t *testing.T) {
				t.Parallel()
				order := sys.Simulator.World.NewOrder(world.OrderOptions{})
				id := sys.Simulator.Stripe.Open(order, stripe.DisputeOptions{
					Reason: "product_not_received", NetworkCode: "13.1", DueIn: 60 * day, Hold: true,
				})
				sys.Simulator.Faults.Add(faults.Fault{Vendor: "stripe", Method: http.MethodPost, Path: "/v1/disputes/" + id, Mode: mode, Times: 1, Delay: time.Second})
				sys.Simulator.Stripe.Release(id)
				f := awaitReceipt(t, sys, id)
				d, _ := sys.Simulator.Stripe.Dispute(id)
				if d.Submissions != 1 || len(d.Bodies) != 1 {
					t.Errorf("the provider counts %d submissions of %d bodies, want 1", d.Submissions, len(d.Bodies))
				}
				if f.PacketHash == "" || f.Submission.Receipt == nil {
					t.Error("no packet or no receipt on the case")
				}
			})
		}
	})
}
