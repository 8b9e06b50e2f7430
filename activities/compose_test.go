package activities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

func (w *world) compose() store.Packet {
	w.t.Helper()
	ref := must[PacketRef](w.t)(run[PacketRef](w, w.Compose, ComposeInput{Ref: w.ref}))
	return must[store.Packet](w.t)(w.DB.GetPacket(w.t.Context(), w.ref.CaseID(), ref.Hash))
}

// The words in force are used, and a person's own letter before them.
func TestLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	letter := func() string { return w.compose().Texts[dispute.FieldUncategorizedText] }
	builtIn := letter()

	source := evidence.BuiltInLetters().Source()
	ours := strings.Replace(source, "We ask that", "Kindly be asked that", 1)
	if ours == source {
		t.Fatal("the built-in letters do not say what this test changes")
	}
	_, err := w.DB.PublishLetters(t.Context(), store.NewLetters{Name: "ours", Language: evidence.English, Source: strings.ReplaceAll(source, "We ask that", "Kindly be asked that"), Author: "mo"})
	ok(t, err)
	if got := letter(); !strings.Contains(got, "Kindly be asked that") {
		t.Errorf("the published words are not used: %s", got)
	}

	_, err = w.DB.PublishLetters(t.Context(), store.NewLetters{Name: "broken", Language: evidence.English, Source: `{"x": "y"}`, Author: "mo"})
	ok(t, err)
	if got := letter(); got != builtIn {
		t.Errorf("words that cannot be read: %s", got)
	}

	own := dispute.Item{ID: "letter:1", Source: "person:ana", Kind: dispute.ItemLetter, Title: "Letter", At: noon, Facts: map[string]string{dispute.FactText: "In my own words."}}
	ok(t, w.DB.InCase(t.Context(), w.ref, func(tx *store.CaseTx) error { return tx.SaveItems([]dispute.Item{own}) }))
	if got := letter(); !strings.Contains(got, "In my own words.") {
		t.Errorf("a person's letter is not used: %s", got)
	}
	ok(t, w.DB.InCase(t.Context(), w.ref, func(tx *store.CaseTx) error { return tx.ExcludeItem(own.Source, own.ID, true) }))
	if got := letter(); got != builtIn {
		t.Errorf("a letter that was taken back: %s", got)
	}
}

// What a provider takes in parts of its own travels with the packet.
func TestCompellingEvidenceIsSubmitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	want := &dispute.CompellingEvidence{
		Disputed: dispute.Sale{Payment: "ch_1", Product: "a cup", PurchaseIP: "203.0.113.7"},
		Prior:    [2]dispute.Sale{{Payment: "ch_0a", Product: "a cup"}, {Payment: "ch_0b", Product: "a bowl"}},
		Matched:  []string{dispute.FactPurchaseIP},
	}
	ok(t, w.keepPacket(t.Context(), w.ref, evidence.Packet{Hash: "h1", Compelling: want}))
	must[Responded](t)(run[Responded](w, w.Submit, w.request()))
	if diff := cmp.Diff(want, w.provider.sent[0].Compelling); diff != "" {
		t.Error(diff)
	}
}
