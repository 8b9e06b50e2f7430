package activities

import (
	"errors"
	"testing"

	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// booked opens a case with two entries.
func (w *world) booked() []ledger.Entry {
	w.t.Helper()
	w.record(lives["won, then lost"](w)...)
	entries := must[[]ledger.Entry](w.t)(w.DB.CaseEntries(w.t.Context(), w.ref.CaseID()))
	if len(entries) < 2 {
		w.t.Fatalf("%d entries", len(entries))
	}
	return entries
}

func (w *world) push() error {
	w.t.Helper()
	_, err := run[any](w, w.Push, PushInput{Ref: w.ref, Connection: "books"})
	return err
}

func TestPushPostsEachEntryOnce(t *testing.T) {
	t.Parallel()
	db := database(t)
	tests := []struct {
		name  string
		fault func(w *world) error // at the second entry of the first push
		fails dispute.Kind
		asked int // how often the books are asked for the second entry
	}{
		{"nothing", func(*world) error { return nil }, "", 1},
		{"answer lost", func(*world) error { return fails(dispute.UnknownOutcome) }, dispute.UnknownOutcome, 2},
		{"account mended", func(*world) error { return fails(dispute.Invalid) }, dispute.Invalid, 2},
		{"worker dies after the post", func(w *world) error { w.crash(); return nil }, "died", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			entries := w.booked()
			w.books.onPost = func(e ledger.Entry) error {
				if e.Key != entries[1].Key || w.books.posted[e.Key] > 1 {
					return nil
				}
				return tt.fault(w)
			}
			err := w.push()
			switch tt.fails {
			case "":
				ok(t, err)
			case "died":
				if err == nil {
					t.Fatal("a dead worker goes on")
				}
			default:
				var app *temporal.ApplicationError
				if !errors.As(err, &app) || app.Type() != string(tt.fails) || app.NonRetryable() {
					t.Errorf("error = %v, want one of kind %s that is tried again", err, tt.fails)
				}
			}
			w.revive()
			ok(t, w.push())
			ok(t, w.push())
			if n := w.events("pushed"); n != len(entries) {
				t.Errorf("%d entries are told as pushed, want %d", n, len(entries))
			}
			for i, e := range entries {
				want := 1
				if i == 1 {
					want = tt.asked
				}
				if w.books.posted[e.Key] != want || w.books.order[i] != e.Key {
					t.Errorf("entry %d: asked %d times, want %d, under one key", i, w.books.posted[e.Key], want)
				}
			}
			if left := must[[]ledger.Entry](t)(db.Unexported(t.Context(), "books", w.ref.CaseID())); len(left) != 0 {
				t.Errorf("%d entries are not marked", len(left))
			}
		})
	}
}

func TestPushAfterADeathBeforeTheMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	for _, e := range w.booked() {
		in := store.Intent{Key: key(e.CaseID, "post", "books", e.Key), CaseID: e.CaseID, Kind: "post entry", Target: "books"}
		_, _, err := w.DB.BeginIntent(t.Context(), in)
		ok(t, err)
		ok(t, w.DB.FinishIntent(t.Context(), in.Key, store.Receipt{Detail: toJSON("je_9")}))
	}
	ok(t, w.push())
	if left := must[[]ledger.Entry](t)(w.DB.Unexported(t.Context(), "books", w.ref.CaseID())); len(left) != 0 || len(w.books.posted) != 0 {
		t.Errorf("%d left, %v posted again", len(left), w.books.posted)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	in := PublishInput{
		Ref: w.ref, Part: 1, Face: face(func(f *dispute.Face) { f.Assignee, f.CutOff = "ana", noon.Add(9*day) }), Packet: "h1",
		Sources: []dispute.SourceResult{{Connection: "shop", Outcome: dispute.SourceEmpty}},
		Events:  []Event{{Key: "1/1/planned", Kind: "planned", Actor: "machine", Data: map[string]string{"rule": "rest"}}},
	}
	for range 2 {
		_, err := run[any](w, w.Publish, in)
		ok(t, err)
	}
	row := w.row()
	if row.Status != dispute.StatusNeedsApproval || row.Queue != "senior" || row.Assignee != "ana" || row.Strength != 3 || row.Needs == "" ||
		!row.CutOffAt.Equal(noon.Add(9*day)) || !row.ArmedUntil.Equal(noon.Add(9*day)) || row.PacketHash != "h1" || row.State != nil {
		t.Errorf("%+v", row)
	}
	if n := w.events("planned"); n != 1 {
		t.Errorf("%d events", n)
	}
	in.Closing = toJSON(map[string]int{"part": 1})
	_, err := run[any](w, w.Publish, in)
	ok(t, err)
	in.Closing = nil
	_, err = run[any](w, w.Publish, in)
	ok(t, err)
	if string(w.row().State) != `{"part": 1}` {
		t.Errorf("closing state %s", w.row().State)
	}
}
