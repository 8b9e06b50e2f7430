package activities

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// found is what a shop finds: an order and a signed receipt.
func found() []dispute.Item {
	return []dispute.Item{
		{ID: "order:1", Kind: dispute.ItemOrder, Title: "Order #1001", At: noon.Add(-5 * day), Facts: map[string]string{dispute.FactOrderName: "#1001"}},
		{ID: "doc:1", Kind: dispute.ItemDocument, Title: "Picture", FileName: "p.png", MediaType: "image/png", Content: []byte("bytes")},
	}
}

func TestGather(t *testing.T) {
	t.Parallel()
	db := database(t)
	tests := []struct {
		name       string
		connection string
		change     func(*world)
		want       dispute.SourceResult
		fails      dispute.Kind // for Temporal
		kept       int
	}{
		{name: "answered", change: func(w *world) { w.source.items = found() }, want: dispute.SourceResult{Outcome: dispute.SourceAnswered, Items: 2}, kept: 2},
		{name: "empty", want: dispute.SourceResult{Outcome: dispute.SourceEmpty}},
		{
			name: "skipped", change: func(w *world) { w.source.absent = true },
			want: dispute.SourceResult{Outcome: dispute.SourceSkipped, Detail: "the case has none of the ids this source searches by"},
		},
		{
			name: "failed for good, a part is kept", change: func(w *world) { w.source.items, w.source.err = found()[:1], fails(dispute.Auth) },
			want: dispute.SourceResult{Outcome: dispute.SourceFailed, Items: 1, Detail: "fake: auth: as the test says"}, kept: 1,
		},
		{
			name: "fails for now, a part is kept", change: func(w *world) { w.source.items, w.source.err = found(), fails(dispute.RateLimited) },
			fails: dispute.RateLimited, kept: 2,
		},
		{
			name: "cannot", connection: "bare",
			want: dispute.SourceResult{Outcome: dispute.SourceFailed, Detail: "connection bare: unsupported: bare: unsupported"},
		},
		{
			name: "not there", connection: "none",
			want: dispute.SourceResult{Outcome: dispute.SourceFailed, Detail: "connection none: not_found: not configured"},
		},
		{
			name: "payment not yet known", fails: dispute.Transient,
			change: func(w *world) {
				w.provider.onPayment = func(context.Context) error { return fails(dispute.Transient) }
			},
		},
		{
			name: "payment never known", want: dispute.SourceResult{Outcome: dispute.SourceEmpty},
			change: func(w *world) {
				w.provider.onPayment = func(context.Context) error { return fails(dispute.NotFound) }
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.open()
			if tt.change != nil {
				tt.change(w)
			}
			if tt.connection == "" {
				tt.connection = "shop"
			}
			got, err := run[dispute.SourceResult](w, w.Gather, GatherInput{Ref: w.ref, Connection: tt.connection})
			if tt.fails != "" {
				wantKind(t, err, tt.fails)
			} else {
				tt.want.Connection = tt.connection
				ok(t, err)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
			items := must[[]store.Item](t)(db.Items(t.Context(), w.ref.CaseID()))
			if len(items) != tt.kept {
				t.Fatalf("%d items are kept", len(items))
			}
			for _, i := range items {
				if i.Source != "shop" || (i.Kind == dispute.ItemDocument) != (i.Blob.Key != "") {
					t.Errorf("%+v", i)
				}
			}
		})
	}
}

func TestGatherAgainReplaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	for range 2 {
		w.source.items = found()
		must[dispute.SourceResult](t)(run[dispute.SourceResult](w, w.Gather, GatherInput{Ref: w.ref, Connection: "shop"}))
	}
	if n := len(must[[]store.Item](t)(w.DB.Items(t.Context(), w.ref.CaseID()))); n != 2 || w.source.asked != 2 {
		t.Errorf("%d items after %d answers", n, w.source.asked)
	}
	if w.provider.payments != 1 {
		t.Errorf("the payment was read %d times", w.provider.payments)
	}
}

func TestThePaymentIsReadOnceAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.provider.payment = dispute.Payment{ID: "ch_1", Email: "ana@example.com", OrderID: "1001", At: noon}
	w.provider.onPayment = func(context.Context) error { return fails(dispute.Transient) }
	must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	if w.row().Payment != nil {
		t.Fatal("a payment came from nowhere")
	}
	w.provider.onPayment = nil
	must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	must[dispute.SourceResult](t)(run[dispute.SourceResult](w, w.Gather, GatherInput{Ref: w.ref, Connection: "shop"}))
	if w.provider.payments != 2 {
		t.Errorf("read %d times", w.provider.payments)
	}
	if diff := cmp.Diff(&w.provider.payment, w.row().Payment); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&w.provider.payment, w.source.got.Payment); diff != "" {
		t.Error("what sources see:", diff)
	}
}

func TestComposeTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	w.source.items = found()[:1]
	must[dispute.SourceResult](t)(run[dispute.SourceResult](w, w.Gather, GatherInput{Ref: w.ref, Connection: "shop"}))
	first := must[PacketRef](t)(run[PacketRef](w, w.Compose, ComposeInput{Ref: w.ref}))
	second := must[PacketRef](t)(run[PacketRef](w, w.Compose, ComposeInput{Ref: w.ref}))
	if diff := cmp.Diff(first, second); diff != "" || first.Hash == "" {
		t.Error(diff)
	}
	row := w.row()
	if row.PacketHash != first.Hash || row.Strength != first.Strength {
		t.Errorf("the case has %s with strength %d", row.PacketHash, row.Strength)
	}
	if n := len(must[[]store.Packet](t)(w.DB.Packets(t.Context(), w.ref.CaseID()))); n != 1 {
		t.Errorf("%d packets", n)
	}
	sub, err := w.packet(t.Context(), w.ref.CaseID(), first.Hash)
	ok(t, err)
	if len(sub.Files) != first.Files || sub.Texts[dispute.FieldUncategorizedText] == "" {
		t.Errorf("read back: %d files, texts %v", len(sub.Files), sub.Texts)
	}
	// What a person keeps out is out.
	ok(t, w.DB.InCase(t.Context(), w.ref, func(tx *store.CaseTx) error { return tx.ExcludeItem("shop", "order:1", true) }))
	if third := must[PacketRef](t)(run[PacketRef](w, w.Compose, ComposeInput{Ref: w.ref})); third.Hash == first.Hash {
		t.Error("an item that is kept out changes nothing")
	}
}

func TestComposeForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.ref.Connection = "bare" // takes no response from here
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	got := must[PacketRef](t)(run[PacketRef](w, w.Compose, ComposeInput{Ref: w.ref}))
	if got.Files != 1 || w.limits(w.row().Case).FileBytes != evidence.SafeLimits().FileBytes {
		t.Errorf("%+v, want one file within what nearly all providers take", got)
	}
	sub := must[integrations.Submission](t)(w.packet(t.Context(), w.ref.CaseID(), got.Hash))
	if len(sub.Texts) != 1 || sub.Texts[dispute.FieldUncategorizedText] == "" || sub.Files[0].Field != dispute.FieldUncategorizedFile {
		t.Errorf("texts %v, file %s", sub.Texts, sub.Files[0].Field)
	}
}

func TestAPacketThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	elsewhere := must[*store.Blobs](t)(store.OpenBlobs(t.Context(), "file://"+t.TempDir()))
	t.Cleanup(func() { _ = elsewhere.Close() })
	w.Blobs = elsewhere // the files are gone
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.NotFound)

	// A file of a manifest that has no blob.
	kept := must[store.Packet](t)(w.DB.GetPacket(t.Context(), w.ref.CaseID(), "h1"))
	kept.Files = kept.Files[:1]
	if _, _, err := unpack(kept); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a file less: %v", err)
	}
	kept.Manifest = []byte(`{"parts": "sneezed"}`)
	if _, _, err := unpack(kept); err == nil {
		t.Error("a manifest of nothing is read")
	}
	// Bytes that are not those of the hash.
	blob := must[dispute.Blob](t)(elsewhere.Put(t.Context(), []byte("true"), "application/pdf"))
	blob.SHA256 = strings.Repeat("0", 64)
	ok(t, w.DB.InCase(t.Context(), w.ref, func(tx *store.CaseTx) error {
		p := store.Packet{Hash: "h9", Files: []dispute.Blob{blob}, Manifest: toJSON(map[string]any{
			"parts": map[string]any{"files": []map[string]string{{"field": "receipt", "name": "r.pdf", "sha256": blob.SHA256}}},
		})}
		tx.Row().PacketHash = "h9"
		return tx.SavePacket(p)
	}))
	in := w.request()
	in.Attempt = 1
	_, err = run[Responded](w, w.Submit, in)
	wantKind(t, err, dispute.Conflict)
	if w.provider.tries != 0 {
		t.Error("something was sent")
	}
}
