package activities

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// try is one attempt of a response and what goes wrong in it.
type try struct {
	dead     bool         // the worker dies before the intent
	read     dispute.Kind // the first read fails so
	stale    bool         // the first read shows the dispute as it was
	arrival  dispute.Kind // the request fails so before the provider commits
	answer   dispute.Kind // the answer is lost so after it did
	readBack dispute.Kind // the second read fails so
	forget   bool         // a day has passed: the provider knows no keys
	dies     string       // where the worker dies: read, upload, arrival, commit, read back
	fails    dispute.Kind // how the attempt ends for Temporal; empty: well; dies: anyhow
}

// arrange prepares the provider for the attempt.
func (a try) arrange(w *world, first dispute.Snapshot) {
	p := w.provider
	p.reads = 0
	fault := func(kind dispute.Kind, place string) error {
		if a.dies == place {
			w.crash()
			return w.ctx.Err()
		}
		if kind == "" {
			return nil
		}
		return fails(kind)
	}
	p.onRead = func(n int, s *dispute.Snapshot) error {
		if n == 1 && a.stale {
			*s = first
		}
		if n == 1 {
			return fault(a.read, "read")
		}
		return fault(a.readBack, "read back")
	}
	p.onUpload = func(int) error { return fault("", "upload") }
	p.onArrival = func() error { return fault(a.arrival, "arrival") }
	p.onCommit = func() error {
		if a.dies == "commit" {
			w.crash() // the answer still comes, nobody is there to keep it
			return nil
		}
		return fault(a.answer, "answer")
	}
	if a.forget {
		clear(p.keys)
	}
	w.revive()
	if a.dead {
		w.crash()
	}
}

// The crash points of the protocol, in its order. Whatever happens, the
// provider counts one answer and its receipt is kept.
var crashPoints = []struct {
	name       string
	tries      []try
	reconciled bool
}{
	{"nothing", []try{{}}, false},
	{"before the intent", []try{{dead: true}, {}}, false},
	{"after the intent", []try{{dies: "read"}, {}}, false},
	{"read fails", []try{{read: dispute.Transient, fails: dispute.Transient}, {}}, false},
	{"read refused, then mended", []try{{read: dispute.Auth, fails: dispute.Auth}, {}}, false},
	{"provider fails before its commit", []try{{arrival: dispute.Transient, fails: dispute.Transient}, {}}, false},
	{"provider is busy", []try{{arrival: dispute.RateLimited, fails: dispute.RateLimited}, {}}, false},
	{"credentials refused, then mended", []try{{arrival: dispute.Auth, fails: dispute.Auth}, {}}, false},
	{"worker dies before the commit", []try{{dies: "arrival"}, {}}, false},
	{"request lost", []try{{arrival: dispute.UnknownOutcome, fails: dispute.UnknownOutcome}, {}}, false},
	{"request lost, read fails", []try{{arrival: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {}}, false},
	{"request lost, a day later", []try{{arrival: dispute.UnknownOutcome, fails: dispute.UnknownOutcome}, {forget: true}}, false},
	{"answer lost", []try{{answer: dispute.UnknownOutcome}}, true},
	{"answer lost, read fails", []try{{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {}}, true},
	{"answer lost, read refused", []try{{answer: dispute.UnknownOutcome, readBack: dispute.Auth, fails: dispute.UnknownOutcome}, {}}, true},
	{"answer lost, read fails, a day later", []try{{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {forget: true}}, true},
	{"answer lost, reads fail twice", []try{
		{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome},
		{read: dispute.Transient, fails: dispute.Transient}, {forget: true},
	}, true},
	{"answer lost, the next read is stale", []try{{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {stale: true}}, false},
	{"landed while it was sent again", []try{
		{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {stale: true, arrival: dispute.Conflict},
	}, true},
	{"sent again is refused", []try{
		{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {stale: true, arrival: dispute.Invalid},
	}, true},
	{"sent again is refused, read fails", []try{
		{answer: dispute.UnknownOutcome, readBack: dispute.Transient, fails: dispute.UnknownOutcome},
		{stale: true, arrival: dispute.Invalid, readBack: dispute.Transient, fails: dispute.UnknownOutcome}, {},
	}, true},
	{"worker dies after the commit", []try{{dies: "commit"}, {}}, true},
	{"worker dies after the commit, a day later", []try{{dies: "commit"}, {forget: true}}, true},
	{"worker dies twice", []try{{dies: "commit"}, {dies: "read"}, {forget: true}}, true},
	{"worker dies before the receipt", []try{{dies: "read back"}, {forget: true}}, true},
	{"read back fails", []try{{readBack: dispute.Transient}}, false},
}

func TestSubmitAtEveryCrashPoint(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, tt := range crashPoints {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.open()
			w.attempts(w.Submit, tt.tries)
			w.answered(dispute.ResponseContest, tt.reconciled)
			if len(w.provider.sent) != 1 || w.provider.accepted != 0 {
				t.Fatalf("the provider counts %d submissions", len(w.provider.sent))
			}
			sent := w.provider.sent[0]
			if sent.Texts[dispute.FieldUncategorizedText] != "letter h1" || len(sent.Files) != 3 || string(sent.Files[0].Bytes) != "h1 receipt" {
				t.Errorf("it got %v and %d files", sent.Texts, len(sent.Files))
			}
			if kept := must[store.Packet](t)(db.GetPacket(t.Context(), w.ref.CaseID(), "h1")); !kept.Frozen {
				t.Error("the packet is not frozen")
			}
			uploads := slices.Sorted(slices.Values(w.provider.uploads))
			if len(slices.Compact(uploads)) != 3 || len(w.provider.uploads) != 3 {
				t.Errorf("%d uploads of 3 files", len(w.provider.uploads))
			}
		})
	}
}

func TestAcceptAtEveryCrashPoint(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, tt := range crashPoints {
		for _, ends := range []dispute.ProviderStatus{dispute.ProviderLost, dispute.ProviderClosed} { // a chargeback, an inquiry
			t.Run(tt.name+"/"+string(ends), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, db)
				w.provider.ends = ends
				w.open()
				w.attempts(w.Accept, tt.tries)
				w.answered(dispute.ResponseAccept, tt.reconciled)
				if w.provider.accepted != 1 || len(w.provider.sent) != 0 {
					t.Errorf("the provider counts %d acceptances", w.provider.accepted)
				}
			})
		}
	}
}

func (w *world) attempts(step any, tries []try) {
	w.t.Helper()
	before := w.provider.snapshot
	for i, a := range tries {
		a.arrange(w, before)
		_, err := run[Responded](w, step, w.request())
		switch {
		case a.dead || a.dies != "":
			if err == nil {
				w.t.Fatalf("attempt %d went well on a dead worker", i+1)
			}
		case a.fails != "":
			wantKind(w.t, err, a.fails)
		case err != nil:
			w.t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
}

// answered checks what is kept of the answer, and that asking again only reads it.
func (w *world) answered(word dispute.Response, reconciled bool) {
	w.t.Helper()
	intents := must[[]store.Intent](w.t)(w.DB.Intents(w.t.Context(), w.ref.CaseID()))
	if len(intents) != 1 || intents[0].State != store.Done {
		w.t.Fatalf("intents: %+v", intents)
	}
	var got receipt
	ok(w.t, json.Unmarshal(intents[0].Receipt, &got))
	if got.Outcome != dispute.AnswerSent || got.Reconciled != reconciled || got.By != "rule:rest" || got.VendorID != w.ref.ID || got.At.IsZero() {
		w.t.Errorf("receipt: %+v, reconciled should be %t", got, reconciled)
	}
	if hasBytes := intents[0].RequestSHA256 != "" && len(intents[0].Response) > 0; hasBytes == reconciled {
		w.t.Errorf("the bytes of the request are kept: %t", hasBytes)
	}
	// A worker that died between the receipt and the case's row.
	w.update(func(row *store.CaseRow) { row.Response, row.SubmittedAt = "", time.Time{} })
	w.revive()
	tries, reads := w.provider.tries, w.provider.reads
	again := w.Submit
	if word == dispute.ResponseAccept {
		again = w.Accept
	}
	out := must[Responded](w.t)(run[Responded](w, again, w.request()))
	if w.provider.tries != tries || w.provider.reads != reads {
		w.t.Error("an answer that is done is asked for again")
	}
	want := Responded{Response: word, Outcome: dispute.AnswerSent, Key: intents[0].Key, PacketHash: "h1", At: noon, By: "rule:rest", RawStatus: got.ReadBack, Detail: detail(got)}
	if diff := cmp.Diff(want, out); diff != "" {
		w.t.Error(diff)
	}
	if row := w.row(); row.Response != word || !row.SubmittedAt.Equal(noon) {
		w.t.Errorf("the case has %q at %s", row.Response, row.SubmittedAt)
	}
	if n := w.events("responded"); n != 1 {
		w.t.Errorf("%d events of the response", n)
	}
}
