package activities

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

var card = NotifyTarget{Connection: "chat", Channel: "C1"}

// face is a case that waits for approval.
func face(change func(*dispute.Face)) dispute.Face {
	f := dispute.Face{
		Status: dispute.StatusNeedsApproval, Stage: dispute.StageChargeback, Next: "sends the packet as it is at the cut-off",
		NextAt: noon.Add(9 * day), Needs: "waits for approval", Queue: "senior", Deadline: noon.Add(10 * day), Strength: 3,
	}
	if change != nil {
		change(&f)
	}
	return f
}

func (w *world) announce(f dispute.Face, say string) error {
	w.t.Helper()
	_, err := run[any](w, w.Announce, AnnounceInput{Ref: w.ref, Part: 1, Face: f, Notify: &card, Say: say})
	return err
}

func (w *world) tellHelp(f dispute.Face, say string) error {
	w.t.Helper()
	_, err := run[any](w, w.Announce, AnnounceInput{Ref: w.ref, Part: 1, Face: f, Ticket: &TicketTarget{Connection: "help", Priority: "high"}, Say: say})
	return err
}

func TestTheCardIsPostedOnceAndKeptUpToDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	ok(t, w.announce(face(nil), ""))
	if w.chat.posts != 1 || w.chat.updates != 0 || w.chat.finds != 0 {
		t.Fatalf("%+v", w.chat)
	}
	first := w.chat.cards["m1"]
	want := []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideAccept, dispute.DecideAssign}
	if diff := cmp.Diff(want, first.Actions); diff != "" || first.CaseID != w.ref.CaseID() || first.Tone != "calm" {
		t.Error(diff, first)
	}
	if !strings.Contains(first.Headline, "129.00 USD") || !strings.HasSuffix(first.Headline, "10 d 0 h left") {
		t.Errorf("headline %q", first.Headline)
	}
	over := face(func(f *dispute.Face) { f.Status, f.Decided = dispute.StatusWon, "Verdict: won" })
	ok(t, w.announce(over, "verdict: won"))
	last := w.chat.cards["m1"]
	if w.chat.posts != 1 || w.chat.updates != 1 || len(last.Actions) != 0 || last.Decided != "Verdict: won" || last.Tone != "calm" {
		t.Errorf("%d posts, %d updates, card %+v", w.chat.posts, w.chat.updates, last)
	}
}

func TestACardsAnswerIsLost(t *testing.T) {
	t.Parallel()
	db := database(t)
	tests := []struct {
		name    string
		fails   dispute.Kind
		blind   bool
		posts   int // after the second attempt
		updates int
	}{
		{"found", dispute.UnknownOutcome, false, 1, 1},
		{"not found", dispute.Transient, false, 2, 0},
		{"channel mended", dispute.Invalid, false, 2, 0},
	}
	for _, tt := range tests {
		w := newWorld(t, db)
		w.open()
		w.chat.onPost = func() error { return fails(tt.fails) }
		wantKind(t, w.announce(face(nil), "remind"), tt.fails)
		w.chat.onPost = nil
		ok(t, w.announce(face(nil), "remind"))
		ok(t, w.announce(face(nil), "remind"))
		if len(w.chat.cards) != 1 || w.chat.posts != tt.posts || w.chat.updates != tt.updates+1 || w.chat.finds != 1 || len(w.chat.replies) != 1 {
			t.Errorf("%s: %+v", tt.name, w.chat)
		}
	}
	// The worker dies after the post.
	w := newWorld(t, db)
	w.open()
	w.chat.onPost = func() error { w.crash(); return nil }
	if w.announce(face(nil), "") == nil {
		t.Error("a dead worker goes on")
	}
	w.revive()
	ok(t, w.announce(face(nil), ""))
	if w.chat.posts != 1 || w.chat.updates != 1 {
		t.Errorf("%+v", w.chat)
	}
}

func TestALineIsSaidOncePerFace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.chat.onReply = func() error { return fails(dispute.Transient) }
	wantKind(t, w.announce(face(nil), "remind: 72 h before the cut-off"), dispute.Transient)
	w.chat.onReply = nil
	for range 2 { // the retry, and once more
		ok(t, w.announce(face(nil), "remind: 72 h before the cut-off"))
	}
	next := face(func(f *dispute.Face) { f.Stage = dispute.StagePreArbitration })
	ok(t, w.announce(next, "remind: 72 h before the cut-off"))
	if len(w.chat.replies) != 2 || w.chat.posts != 1 {
		t.Errorf("%d lines for two stages, %d posts", len(w.chat.replies), w.chat.posts)
	}
}

func TestTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	ok(t, w.tellHelp(face(nil), ""))
	if len(w.help.tickets) != 1 || len(w.help.comments) != 0 || w.help.tickets[0].Status != "open" || w.help.tickets[0].Priority != "high" {
		t.Fatalf("%+v", w.help)
	}
	won := face(func(f *dispute.Face) { f.Status, f.Needs, f.Next = dispute.StatusWon, "", "closed" })
	for range 2 {
		ok(t, w.tellHelp(won, "verdict: won"))
	}
	if diff := cmp.Diff([]string{"Won. closed. verdict: won."}, w.help.comments); diff != "" || w.help.tickets[0].Status != "solved" {
		t.Error(diff, w.help.tickets)
	}
	ok(t, w.tellHelp(face(func(f *dispute.Face) { f.Status, f.Needs = dispute.StatusSubmitted, "" }), ""))
	if w.help.tickets[0].Status != "pending" {
		t.Errorf("submitted: %+v", w.help.tickets[0])
	}
	won.Strength = 4 // the same words about another face
	ok(t, w.tellHelp(won, "verdict: won"))
	if w.help.tickets[0].Status != "solved" || len(w.help.tickets) != 1 || len(w.help.comments) != 3 {
		t.Errorf("not in step: %+v", w.help)
	}
}

func TestATicketsAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.help.onCreate = func() error { return fails(dispute.UnknownOutcome) }
	wantKind(t, w.tellHelp(face(nil), ""), dispute.UnknownOutcome)
	w.help.onCreate = nil
	w.help.onUpdate = func() error { return fails(dispute.UnknownOutcome) }
	wantKind(t, w.tellHelp(face(nil), ""), dispute.UnknownOutcome)
	w.help.onUpdate = nil
	ok(t, w.tellHelp(face(nil), ""))
	if len(w.help.tickets) != 1 || len(w.help.comments) != 1 || w.help.finds != 1 || w.help.updates != 2 {
		t.Errorf("%+v", w.help)
	}
}

// A comment that was turned away is written by the retry.
func TestATicketsCommentIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	ok(t, w.tellHelp(face(nil), ""))
	won := face(func(f *dispute.Face) { f.Status, f.Next = dispute.StatusWon, "closed" })
	w.help.onAsk = func() error { return fails(dispute.RateLimited) }
	wantKind(t, w.tellHelp(won, "verdict: won"), dispute.RateLimited)
	w.help.onAsk = nil
	ok(t, w.tellHelp(won, "verdict: won"))
	ok(t, w.tellHelp(won, "verdict: won"))
	if len(w.help.comments) != 1 || w.help.tickets[0].Status != "solved" {
		t.Errorf("%+v", w.help)
	}
}

func TestAnnouncementsNameNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.update(func(row *store.CaseRow) {
		row.Payment = &dispute.Payment{ID: "ch_1", Name: "Ana Canary", Email: "canary@example.com", OrderName: "#1001", Metadata: map[string]string{"phone": "5550100"}}
	})
	ok(t, w.announce(face(nil), "remind"))
	ok(t, w.tellHelp(face(nil), ""))
	ok(t, w.tellHelp(face(nil), "remind"))
	shown, err := json.Marshal([]any{w.chat.cards, w.chat.replies, w.help.tickets, w.help.comments})
	ok(t, err)
	for _, intent := range must[[]store.Intent](t)(w.DB.Intents(t.Context(), w.ref.CaseID())) {
		shown = append(shown, toJSON(intent)...)
	}
	if !strings.Contains(string(shown), "#1001") {
		t.Error("the order is not shown")
	}
	for _, canary := range []string{"Canary", "canary", "5550100"} {
		if strings.Contains(string(shown), canary) {
			t.Errorf("%q is shown", canary)
		}
	}
}

func TestAnnounceNeedsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	wantKind(t, w.announce(face(nil), ""), dispute.NotFound)
	w.open()
	_, err := run[any](w, w.Announce, AnnounceInput{Ref: w.ref, Notify: &NotifyTarget{Connection: "bare"}})
	wantKind(t, err, dispute.Unsupported)
	_, err = run[any](w, w.Announce, AnnounceInput{Ref: w.ref, Ticket: &TicketTarget{Connection: "none"}})
	wantKind(t, err, dispute.NotFound)
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	s := &Steps{Now: func() time.Time { return noon }, Policy: Policy{Scale: func(d time.Duration) time.Duration { return d }}}
	tests := []struct {
		left       time.Duration
		status     dispute.Status
		text, tone string
	}{
		{10*day + time.Hour, dispute.StatusOpen, "10 d 1 h left", "calm"},
		{72 * time.Hour, dispute.StatusOpen, "3 d 0 h left", "calm"},
		{71 * time.Hour, dispute.StatusOpen, "2 d 23 h left", "soon"},
		{47*time.Hour + 59*time.Minute, dispute.StatusOnHold, "47 h 59 min left", "soon"},
		{23 * time.Hour, dispute.StatusOpen, "23 h 0 min left", "urgent"},
		{59 * time.Minute, dispute.StatusOpen, "59 min left", "urgent"},
		{30 * time.Second, dispute.StatusOpen, "30 s left", "urgent"},
		{0, dispute.StatusOpen, "deadline passed", "over"},
		{-time.Hour, dispute.StatusNeedsPerson, "deadline passed", "over"},
		{-time.Hour, dispute.StatusSubmitted, "Submitted", "calm"},
		{-time.Hour, dispute.StatusLost, "Lost", "calm"},
	}
	for _, tt := range tests {
		f := dispute.Face{Status: tt.status, Deadline: noon.Add(tt.left)}
		if text, tone := s.left(f), s.tone(f); text != tt.text || tone != tt.tone {
			t.Errorf("%s of %s: %q, %s", tt.left, tt.status, text, tone)
		}
	}
	if none := (dispute.Face{Status: dispute.StatusOpen}); s.left(none) != "no deadline known" || s.tone(none) != "calm" {
		t.Errorf("%q, %s", s.left(none), s.tone(none))
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	labels := func() []string {
		var out []string
		for _, l := range w.links(w.row()) {
			out = append(out, l.Label+" "+l.URL)
		}
		return out
	}
	console := "Case https://rebuttal.example/cases/" + w.ref.CaseID()
	if diff := cmp.Diff([]string{console}, labels()); diff != "" {
		t.Error(diff)
	}
	w.Links.TemporalUI, w.Links.Namespace = "https://ui.example", "prod"
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": linking{}})
	want := []string{
		console, "Workflow https://ui.example/namespaces/prod/workflows/dispute%2Fstripe%2F" + w.ref.ID, "Provider https://provider.example/" + w.ref.ID,
	}
	if got := labels(); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

type linking struct{ bare }

func (linking) DisputeURL(ref dispute.Ref) string { return "https://provider.example/" + ref.ID }
