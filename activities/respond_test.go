package activities

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// request is the response of the case's first stage.
func (w *world) request() RespondInput {
	return RespondInput{Ref: w.ref, Part: 1, Stage: dispute.StageChargeback, By: "rule:rest"}
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
		{"under review", under(dispute.ProviderUnderReview), 0, dispute.AnsweredElsewhere},
		{"won", under(dispute.ProviderWon), 0, dispute.AnsweredElsewhere},
		{"lost", under(dispute.ProviderLost), 0, dispute.AnsweredElsewhere},
		{"closed", under(dispute.ProviderClosed), 0, dispute.AnsweredElsewhere},
		{"one submission more", func(s *dispute.Snapshot) { s.SubmissionCount = 3 }, 2, dispute.AnsweredElsewhere},
		{"submissions of the stage before", func(s *dispute.Snapshot) { s.SubmissionCount = 2 }, 2, dispute.AnswerSent},
		{"a draft is there", func(s *dispute.Snapshot) { s.HasEvidence = true }, 0, dispute.AnswerSent},
		{"unknown status", under(dispute.ProviderUnknown), 0, dispute.AnswerSent},
		{"past due", func(s *dispute.Snapshot) { s.PastDue = true }, 0, dispute.AnsweredTooLate},
		{"no response allowed", func(s *dispute.Snapshot) { s.NoResponse = true }, 0, dispute.AnsweredTooLate},
		{"due now", func(s *dispute.Snapshot) { s.DueBy = noon }, 0, dispute.AnsweredTooLate},
		{"due a second ago", func(s *dispute.Snapshot) { s.DueBy = noon.Add(-time.Second) }, 0, dispute.AnsweredTooLate},
		{"due in a second", func(s *dispute.Snapshot) { s.DueBy = noon.Add(time.Second) }, 0, dispute.AnswerSent},
		{"no due date", func(s *dispute.Snapshot) { s.DueBy = time.Time{} }, 0, dispute.AnswerSent},
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
				if sent := w.provider.tries > 0; sent != (tt.want == dispute.AnswerSent) {
					t.Errorf("the provider was sent something: %t", sent)
				}
				if row := w.row(); (row.Response != "") != (tt.want == dispute.AnswerSent) || row.SubmittedAt.IsZero() == (tt.want == dispute.AnswerSent) {
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
	if out.Outcome != dispute.AnswerSent || out.PacketHash != "h2" || len(w.provider.sent) != 1 {
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
	words := func(w *world) map[dispute.Response]any {
		return map[dispute.Response]any{dispute.ResponseContest: w.Submit, dispute.ResponseAccept: w.Accept}
	}
	other := map[dispute.Response]dispute.Response{dispute.ResponseContest: dispute.ResponseAccept, dispute.ResponseAccept: dispute.ResponseContest}
	for first, second := range other {
		t.Run("sent/"+string(first), func(t *testing.T) {
			w := newWorld(t, db)
			w.open()
			must[Responded](t)(run[Responded](w, words(w)[first], w.request()))
			_, err := run[Responded](w, words(w)[second], w.request())
			wantKind(t, err, dispute.Conflict)
			w.wantSent(first)
		})
		t.Run("lost and arrived/"+string(first), func(t *testing.T) {
			w := newWorld(t, db)
			w.open()
			reads := 0
			w.provider.onCommit = func() error { return fails(dispute.UnknownOutcome) }
			w.provider.onRead = func(int, *dispute.Snapshot) error {
				if reads++; reads == 2 { // after the lost answer
					return fails(dispute.Transient)
				}
				return nil
			}
			_, err := run[Responded](w, words(w)[first], w.request())
			wantKind(t, err, dispute.UnknownOutcome)
			w.provider.onCommit, w.provider.onRead = nil, nil
			out := must[Responded](t)(run[Responded](w, words(w)[second], w.request()))
			if out.Outcome != dispute.AnswerSent || out.Response != first || w.row().Response != first {
				t.Errorf("%+v, want our lost %s found", out, first)
			}
			w.wantSent(first)
		})
		for _, kind := range []dispute.Kind{dispute.Transient, dispute.UnknownOutcome} {
			t.Run("did not arrive/"+string(kind)+"/"+string(first), func(t *testing.T) {
				w := newWorld(t, db)
				w.open()
				w.provider.onArrival = func() error { return fails(kind) }
				_, err := run[Responded](w, words(w)[first], w.request())
				wantKind(t, err, kind)
				w.provider.onArrival = nil
				out := must[Responded](t)(run[Responded](w, words(w)[second], w.request()))
				if out.Outcome != dispute.AnswerSent || out.Response != second {
					t.Errorf("%+v, want %s", out, second)
				}
				w.wantSent(second)
			})
		}
	}
}

// wantSent holds the provider and the only intent to one response.
func (w *world) wantSent(word dispute.Response) {
	w.t.Helper()
	want := map[dispute.Response]int{word: 1}
	got := map[dispute.Response]int{}
	if w.provider.accepted > 0 {
		got[dispute.ResponseAccept] = w.provider.accepted
	}
	if n := len(w.provider.sent); n > 0 {
		got[dispute.ResponseContest] = n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("at the provider (-want +got):\n%s", diff)
	}
	for _, i := range must[[]store.Intent](w.t)(w.DB.Intents(w.t.Context(), w.ref.CaseID())) {
		if i.State != store.Done || i.Kind != string(word) {
			w.t.Errorf("intent %s of kind %s is %s", i.Key, i.Kind, i.State)
		}
	}
}

// The packet may change until the final request leaves; from then on the same
// one is sent again.
func TestTheFrozenPacketIsSent(t *testing.T) {
	t.Parallel()
	db := database(t)
	for name, tt := range map[string]struct {
		fault func(*provider)
		fails dispute.Kind
		sends string
	}{
		"failed before anything left": {func(p *provider) {
			p.onRead = func(int, *dispute.Snapshot) error { return fails(dispute.Transient) }
		}, dispute.Transient, "h2"},
		"refused on arrival": {func(p *provider) {
			p.onArrival = func() error { return fails(dispute.Auth) }
		}, dispute.Auth, "h2"},
		"lost on its way": {func(p *provider) {
			p.onArrival = func() error { return fails(dispute.UnknownOutcome) }
		}, dispute.UnknownOutcome, "h1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.open()
			tt.fault(w.provider)
			_, err := run[Responded](w, w.Submit, w.request())
			wantKind(t, err, tt.fails)
			w.provider.onRead, w.provider.onArrival = nil, nil
			w.pack("h2")
			in := w.request()
			in.By = "person:ben"
			out := must[Responded](t)(run[Responded](w, w.Submit, in))
			if out.PacketHash != tt.sends || out.By != "rule:rest" || w.provider.sent[0].Texts[dispute.FieldUncategorizedText] != "letter "+tt.sends {
				t.Errorf("%+v, sent %v", out, w.provider.sent[0].Texts)
			}
			frozen := map[string]bool{}
			for _, p := range must[[]store.Packet](t)(w.DB.Packets(t.Context(), w.ref.CaseID())) {
				frozen[p.Hash] = p.Frozen
			}
			if diff := cmp.Diff(map[string]bool{"h1": tt.sends == "h1", "h2": tt.sends == "h2"}, frozen); diff != "" {
				t.Error(diff)
			}
		})
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

// An upload whose answer is lost proves nothing: when somebody answers by hand
// meanwhile, the answer is theirs.
func TestReconcileClaimsOnlyWhatWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.provider.onUpload = func(int) error {
		w.provider.snapshot.Status, w.provider.snapshot.RawStatus = dispute.ProviderUnderReview, "under_review"
		return fails(dispute.UnknownOutcome)
	}
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.UnknownOutcome)
	out := must[Responded](t)(run[Responded](w, w.Submit, w.request()))
	if out.Outcome != dispute.AnsweredElsewhere || len(w.provider.sent) != 0 || w.row().Response != "" {
		t.Errorf("%+v with %d submissions", out, len(w.provider.sent))
	}
}
