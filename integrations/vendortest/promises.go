package vendortest

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// promises tries, against the stand-in, what each capability promises beyond
// its errors.
func (s Spec) promises(t *testing.T, a integrations.Adapter) {
	t.Helper()
	try(t, a, s.checks)
	try(t, a, s.getsDispute)
	try(t, a, s.knowsPayment)
	try(t, a, s.gathers)
	try(t, a, s.responds)
	try(t, a, s.accepts)
	try(t, a, s.notifies)
	try(t, a, s.tickets)
	try(t, a, s.posts)
}

// try runs a promise of capability T, when the adapter has it.
func try[T integrations.Adapter](t *testing.T, a integrations.Adapter, promise func(*testing.T, T)) {
	t.Helper()
	if as, ok := a.(T); ok {
		promise(t, as)
	}
}

func (s Spec) checks(t *testing.T, _ integrations.Checker) {
	t.Run("check works", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		if err := w.Adapter.(integrations.Checker).Check(t.Context()); err != nil || w.count() == 0 {
			t.Errorf("error %v after %d requests: a good credential passes, by asking the vendor", err, w.count())
		}
	})
}

func (s Spec) getsDispute(t *testing.T, _ integrations.Reader) {
	t.Run("get works", func(t *testing.T) {
		t.Parallel()
		got := s.now(t, s.wire(t))
		if got.ID != s.Case.Ref.ID {
			t.Errorf("the snapshot is of %q, want %q", got.ID, s.Case.Ref.ID)
		}
		checkSnapshot(t, got)
	})
}

// now is the case's dispute as the stand-in has it.
func (s Spec) now(t *testing.T, w *wire) dispute.Snapshot {
	t.Helper()
	got, err := w.Adapter.(integrations.Reader).Get(t.Context(), s.Case.Ref)
	if err != nil {
		t.Fatalf("get %s: %v", s.Case.Ref.ID, err)
	}
	return got
}

func (s Spec) knowsPayment(t *testing.T, _ integrations.PaymentReader) {
	t.Run("payment works", func(t *testing.T) {
		t.Parallel()
		p, err := s.wire(t).Adapter.(integrations.PaymentReader).Payment(t.Context(), s.Case.View.Snapshot)
		if err != nil {
			t.Fatal(err)
		}
		if p.ID == "" || !isCurrency(p.Amount.Currency) || p.At.IsZero() {
			t.Errorf("payment %q over %v at %v: id, amount with its currency and time are never empty", p.ID, p.Amount, p.At)
		}
		if p.OrderID == "" && p.OrderName == "" && p.Email == "" {
			t.Error("the payment names neither order nor e-mail, so that no source can find the sale: read the metadata in which shops keep them")
		}
	})
}

func (s Spec) gathers(t *testing.T, a integrations.EvidenceSource) {
	t.Run("gather works", func(t *testing.T) {
		t.Parallel()
		a.Applies(dispute.Case{}) // a case whose payment nobody told yet
		if !a.Applies(s.Case) {
			t.Fatal("the source does not apply to Spec.Case: give its payment an id that the source searches by")
		}
		w := s.wire(t)
		source := w.Adapter.(integrations.EvidenceSource)
		items, err := source.Gather(t.Context(), s.Case)
		if err != nil || len(items) == 0 {
			t.Fatalf("%d items, error %v: Spec.Case is one that StandIn knows", len(items), err)
		}
		again, err := source.Gather(t.Context(), s.Case)
		if diff := cmp.Diff(items, again); err != nil || diff != "" {
			t.Errorf("the second gathering differs (error %v); ids and order are stable:\n%s", err, diff)
		}
		checkItems(t, items)
	})
}

func (s Spec) responds(t *testing.T, _ integrations.Responder) {
	t.Run("submit works", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		a := w.Adapter.(integrations.Responder)
		sub, sendings := submission(a, s.Case), 0
		var before int
		progress := map[string]string{}
		sub.Progress = func(sha, id string) { progress[sha] = id }
		sub.Sending = func() error { sendings++; before = w.count(); return nil }
		got, err := a.Submit(t.Context(), sub)
		if err != nil {
			t.Fatal(err)
		}
		if _, after := w.since(before); sendings != 1 || after != 1 {
			t.Errorf("Sending was called %d times and %d requests followed, want 1 and 1: call Submission.Sending once, right before the one request that submits; a lost answer cannot be settled otherwise", sendings, after)
		}
		w.carried(t, s, before, key)
		checkReceipt(t, got)
		if diff := cmp.Diff(progress, got.Uploads); diff != "" && len(progress)+len(got.Uploads) > 0 {
			t.Errorf("Progress was told other uploads than the receipt (-progress +receipt):\n%s", diff)
		}
		s.submitsAgain(t, sub, got)
		s.stopsBeforeSending(t, sub)
		s.shows(t, w)
	})
}

// submitsAgain is the attempt after a crash: same key, the uploads are there.
func (s Spec) submitsAgain(t *testing.T, sub integrations.Submission, first integrations.Receipt) {
	t.Helper()
	w := s.wire(t)
	sub.Uploaded, sub.Progress, sub.Sending = maps.Clone(first.Uploads), nil, nil
	got, err := w.Adapter.(integrations.Responder).Submit(t.Context(), sub)
	if err != nil {
		t.Fatalf("with its files uploaded before, and without Progress and Sending: %v", err)
	}
	if w.count() != 1 {
		t.Errorf("%d requests although every file was uploaded before, want 1: skip what Submission.Uploaded has", w.count())
	}
	if !bytes.Equal(first.Request, got.Request) {
		t.Error("the same packet under the same key gave other bytes: providers refuse that. Sort maps, and give a multipart body a boundary of its own")
	}
}

// stopsBeforeSending holds Submit to the error of Sending.
func (s Spec) stopsBeforeSending(t *testing.T, sub integrations.Submission) {
	t.Helper()
	w, stop := s.wire(t), errors.New("the database is away")
	before := 0
	sub.Sending = func() error { before = w.count(); return stop }
	_, err := w.Adapter.(integrations.Responder).Submit(t.Context(), sub)
	if _, after := w.since(before); !errors.Is(err, stop) || after > 0 {
		t.Errorf("error %v and %d requests after Sending failed, want its error and none", err, after)
	}
}

// shows checks that a reader sees the submission: the protocol settles a lost
// answer by reading.
func (s Spec) shows(t *testing.T, w *wire) {
	t.Helper()
	if _, ok := w.Adapter.(integrations.Reader); !ok {
		return // a lost answer is settled by the next notice, or by a person
	}
	before, after := s.now(t, s.wire(t)), s.now(t, w)
	if after.Status == dispute.ProviderUnknown {
		t.Errorf("after the submission the provider's status %q is none that we know: map it, usually to under_review", after.RawStatus)
	}
	if after.SubmissionCount <= before.SubmissionCount && after.Status != dispute.ProviderUnderReview {
		t.Errorf("after the submission the dispute has status %s and %d submissions, before %d: a lost answer could not be told from none. Fill Snapshot.SubmissionCount or map the status to under_review", after.Status, after.SubmissionCount, before.SubmissionCount)
	}
}

func (s Spec) accepts(t *testing.T, _ integrations.Accepter) {
	t.Run("accept works", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		got, err := w.Adapter.(integrations.Accepter).Accept(t.Context(), key, s.Case)
		if err != nil {
			t.Fatal(err)
		}
		checkReceipt(t, got)
		w.carried(t, s, 0, key)
		if _, ok := w.Adapter.(integrations.Reader); !ok {
			return
		}
		if now := s.now(t, w); now.Status != dispute.ProviderLost {
			t.Errorf("an accepted dispute has status %s, want lost: by that the protocol knows its own acceptance", now.Status)
		}
	})
}

func (s Spec) notifies(t *testing.T, _ integrations.Notifier) {
	t.Run("messages work", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		a := w.Adapter.(integrations.Notifier)
		if _, found, err := a.Find(t.Context(), key, message.Target); err != nil || found {
			t.Fatalf("before: found %v, error %v, want neither", found, err)
		}
		n := w.count()
		ref, err := a.Post(t.Context(), key, message.Target, card)
		if err != nil || ref.ID == "" || ref.Target == "" {
			t.Fatalf("post: %+v, %v", ref, err)
		}
		w.carried(t, s, n, key)
		if got, found, err := a.Find(t.Context(), key, message.Target); err != nil || !found || got != ref {
			t.Errorf("find: %+v, %v, %v; want %+v: a lost answer is settled by finding the message under its key", got, found, err, ref)
		}
		if err := a.Update(t.Context(), ref, card); err != nil {
			t.Errorf("update: %v", err)
		}
		n = w.count()
		if err := a.Reply(t.Context(), key+"/say", ref, "Evidence sent."); err != nil {
			t.Errorf("reply: %v", err)
		}
		w.carried(t, s, n, key+"/say")
	})
}

func (s Spec) tickets(t *testing.T, _ integrations.Ticketing) {
	t.Run("tickets work", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		a := w.Adapter.(integrations.Ticketing)
		if _, found, err := a.Find(t.Context(), ticket.CaseID); err != nil || found {
			t.Fatalf("before: found %v, error %v, want neither", found, err)
		}
		n := w.count()
		id, err := a.Create(t.Context(), key, ticket)
		if err != nil || id == "" {
			t.Fatalf("create: %q, %v", id, err)
		}
		w.carried(t, s, n, key)
		if got, found, err := a.Find(t.Context(), ticket.CaseID); err != nil || !found || got != id {
			t.Errorf("find: %q, %v, %v; want %q: a lost answer is settled by finding the case's ticket", got, found, err, id)
		}
		n = w.count()
		if err := a.Update(t.Context(), key+"/comment", id, ticket, "Evidence sent."); err != nil {
			t.Errorf("update: %v", err)
		}
		w.carried(t, s, n, key+"/comment")
	})
}

func (s Spec) posts(t *testing.T, _ integrations.Accounting) {
	t.Run("post entry works", func(t *testing.T) {
		t.Parallel()
		w := s.wire(t)
		a := w.Adapter.(integrations.Accounting)
		id, err := a.PostEntry(t.Context(), entry.Key, entry)
		if err != nil || id == "" {
			t.Fatalf("%q, %v", id, err)
		}
		w.carried(t, s, 0, entry.Key)
		if again, err := a.PostEntry(t.Context(), entry.Key, entry); err != nil || again != id {
			t.Errorf("the same key again: %q, %v; want %q: an entry is never posted twice", again, err, id)
		}
		bad := entry
		bad.Postings = slices.Clone(entry.Postings)[:1]
		if _, err := a.PostEntry(t.Context(), bad.Key+"|bad", bad); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("an entry that does not balance: %v, want kind invalid", err)
		}
	})
}
