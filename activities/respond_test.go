package activities

import (
	"encoding/json"
	"maps"
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
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.open()
			w.attempts(w.Accept, tt.tries)
			w.answered(dispute.ResponseAccept, tt.reconciled)
			if w.provider.accepted != 1 || len(w.provider.sent) != 0 {
				t.Errorf("the provider counts %d acceptances", w.provider.accepted)
			}
		})
	}
}

// request is the response of the case's first stage.
func (w *world) request() RespondInput {
	return RespondInput{Ref: w.ref, Part: 1, Stage: dispute.StageChargeback, By: "rule:rest"}
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
	if got.Outcome != Sent || got.Reconciled != reconciled || got.By != "rule:rest" || got.VendorID != w.ref.ID || got.At.IsZero() {
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
	want := Responded{Response: word, Outcome: Sent, Key: intents[0].Key, PacketHash: "h1", At: noon, By: "rule:rest", RawStatus: got.ReadBack, Detail: detail(got)}
	if diff := cmp.Diff(want, out); diff != "" {
		w.t.Error(diff)
	}
	if row := w.row(); row.Response != word || !row.SubmittedAt.Equal(noon) {
		w.t.Errorf("the case has %q at %s", row.Response, row.SubmittedAt)
	}
	if n := w.events("response_sent"); n != 1 {
		w.t.Errorf("%d events of the response", n)
	}
}

func TestNothingIsSentWhenItIsTooLateOrDone(t *testing.T) {
	t.Parallel()
	db := database(t)
	under := func(status dispute.ProviderStatus) func(*dispute.Snapshot) {
		return func(s *dispute.Snapshot) { s.Status, s.RawStatus = status, string(status) }
	}
	tests := []struct {
		name     string
		change   func(*dispute.Snapshot)
		baseline int
		want     string
	}{
		{"under review", under(dispute.ProviderUnderReview), 0, AnsweredElsewhere},
		{"won", under(dispute.ProviderWon), 0, AnsweredElsewhere},
		{"lost", under(dispute.ProviderLost), 0, AnsweredElsewhere},
		{"closed", under(dispute.ProviderClosed), 0, AnsweredElsewhere},
		{"one submission more", func(s *dispute.Snapshot) { s.SubmissionCount = 3 }, 2, AnsweredElsewhere},
		{"submissions of the stage before", func(s *dispute.Snapshot) { s.SubmissionCount = 2 }, 2, Sent},
		{"a draft is there", func(s *dispute.Snapshot) { s.HasEvidence = true }, 0, Sent},
		{"unknown status", under(dispute.ProviderUnknown), 0, Sent},
		{"past due", func(s *dispute.Snapshot) { s.PastDue = true }, 0, TooLate},
		{"no response allowed", func(s *dispute.Snapshot) { s.NoResponse = true }, 0, TooLate},
		{"due now", func(s *dispute.Snapshot) { s.DueBy = noon }, 0, TooLate},
		{"due a second ago", func(s *dispute.Snapshot) { s.DueBy = noon.Add(-time.Second) }, 0, TooLate},
		{"due in a second", func(s *dispute.Snapshot) { s.DueBy = noon.Add(time.Second) }, 0, Sent},
		{"no due date", func(s *dispute.Snapshot) { s.DueBy = time.Time{} }, 0, Sent},
	}
	for _, tt := range tests {
		for word, respond := range map[string]func(*world) any{"contest": func(w *world) any { return w.Submit }, "accept": func(w *world) any { return w.Accept }} {
			t.Run(tt.name+"/"+word, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, db)
				w.open()
				tt.change(&w.provider.snapshot)
				in := w.request()
				in.Baseline = tt.baseline
				out := must[Responded](t)(run[Responded](w, respond(w), in))
				if out.Outcome != tt.want {
					t.Errorf("outcome %s, want %s", out.Outcome, tt.want)
				}
				if sent := w.provider.tries > 0; sent != (tt.want == Sent) {
					t.Errorf("the provider was sent something: %t", sent)
				}
				if row := w.row(); (row.Response != "") != (tt.want == Sent) || row.SubmittedAt.IsZero() == (tt.want == Sent) {
					t.Errorf("the case has %q at %s", row.Response, row.SubmittedAt)
				}
			})
		}
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.provider.onArrival = func() error { return fails(dispute.Invalid) }
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.Invalid)
	w.provider.onArrival = nil
	_, err = run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.Invalid)
	if w.provider.tries != 1 {
		t.Errorf("a refused intent was sent again: %d tries", w.provider.tries)
	}
	w.pack("h2") // mended
	in := w.request()
	in.Attempt = 1
	out := must[Responded](t)(run[Responded](w, w.Submit, in))
	if out.Outcome != Sent || out.PacketHash != "h2" || len(w.provider.sent) != 1 {
		t.Errorf("%+v, %d sent", out, len(w.provider.sent))
	}
	states := map[string]store.IntentState{}
	for _, i := range must[[]store.Intent](t)(w.DB.Intents(t.Context(), w.ref.CaseID())) {
		states[i.Key] = i.State
	}
	base := w.ref.CaseID() + "/1/chargeback/respond/"
	if diff := cmp.Diff(map[string]store.IntentState{base + "0": store.Refused, base + "1": store.Done}, states); diff != "" {
		t.Error(diff)
	}
}

func TestContestAndAcceptExcludeEachOther(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, done := range []bool{true, false} { // and begun
		w := newWorld(t, db)
		w.open()
		if !done {
			w.provider.onArrival = func() error { return fails(dispute.Transient) }
		}
		_, err := run[Responded](w, w.Submit, w.request())
		if (err == nil) != done {
			t.Fatal(err)
		}
		_, err = run[Responded](w, w.Accept, w.request())
		wantKind(t, err, dispute.Conflict)

		w = newWorld(t, db)
		w.open()
		if !done {
			w.provider.onArrival = func() error { return fails(dispute.Transient) }
		}
		_, err = run[Responded](w, w.Accept, w.request())
		if (err == nil) != done {
			t.Fatal(err)
		}
		_, err = run[Responded](w, w.Submit, w.request())
		wantKind(t, err, dispute.Conflict)
		if w.provider.accepted+len(w.provider.sent) > 1 {
			t.Error("both were sent")
		}
	}
}

func TestTheFrozenPacketIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.provider.onRead = func(int, *dispute.Snapshot) error { return fails(dispute.Transient) }
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.Transient)
	w.provider.onRead = nil
	w.pack("h2")
	in := w.request()
	in.By = "person:ben"
	out := must[Responded](t)(run[Responded](w, w.Submit, in))
	if out.PacketHash != "h1" || out.By != "rule:rest" || w.provider.sent[0].Texts[dispute.FieldUncategorizedText] != "letter h1" {
		t.Errorf("%+v, sent %v", out, w.provider.sent[0].Texts)
	}
	frozen := map[string]bool{}
	for _, p := range must[[]store.Packet](t)(w.DB.Packets(t.Context(), w.ref.CaseID())) {
		frozen[p.Hash] = p.Frozen
	}
	if diff := cmp.Diff(map[string]bool{"h1": true, "h2": false}, frozen); diff != "" {
		t.Error(diff)
	}
}

func TestUploadsAreResumed(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, dies := range []bool{false, true} {
		w := newWorld(t, db)
		w.open()
		for stop := 1; stop <= 2; stop++ {
			w.provider.onUpload = func(n int) error {
				if n < stop {
					return nil
				}
				if dies {
					w.crash()
				}
				return fails(dispute.Transient)
			}
			if _, err := run[Responded](w, w.Submit, w.request()); err == nil {
				t.Fatal("an upload that fails is no failure")
			}
			w.revive()
		}
		w.provider.onUpload = nil
		must[Responded](t)(run[Responded](w, w.Submit, w.request()))
		want := map[string]string{}
		for i, f := range w.provider.sent[0].Files {
			want[f.SHA256] = "file_" + string(rune('1'+i))
		}
		if len(w.provider.uploads) != 3 || !maps.Equal(w.provider.sent[0].Uploaded, want) {
			t.Errorf("%d uploads; the last attempt knew %v", len(w.provider.uploads), w.provider.sent[0].Uploaded)
		}
	}
}

func TestResponsesNeedTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.NotFound) // no such case
	w.ref.Connection = "bare"
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	for _, step := range []any{w.Submit, w.Accept} {
		_, err := run[Responded](w, step, w.request())
		wantKind(t, err, dispute.Unsupported)
	}
	if n := len(must[[]store.Intent](t)(w.DB.Intents(t.Context(), w.ref.CaseID()))); n != 0 {
		t.Errorf("%d intents", n)
	}
}

func TestClaimOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	for range 2 {
		got := must[Claimed](t)(run[Claimed](w, w.Claim, ClaimInput{Ref: w.ref}))
		if got != (Claimed{Claimed: true, Method: "auto_accept"}) || w.provider.claims != 1 {
			t.Errorf("%+v after %d claims", got, w.provider.claims)
		}
	}
}
