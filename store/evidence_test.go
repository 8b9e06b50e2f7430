package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestItems(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := testRef.CaseID()
	order := dispute.Item{
		ID: "order:1", Source: "shop", Kind: dispute.ItemOrder, Title: "Order #1001", At: noon,
		Facts: map[string]string{dispute.FactOrderID: "1", dispute.FactProducts: "a cup"},
	}
	document := dispute.Item{
		ID: "doc", Source: "person:ana", Kind: dispute.ItemDocument, Title: "Receipt", MediaType: "application/pdf",
		FileName: "r.pdf", Blob: dispute.Blob{Key: "k", SHA256: "s", Size: 3, MediaType: "application/pdf"},
	}
	inCase(t, d, testRef, func(c *CaseTx) error {
		ok(t, c.SaveItems(nil))
		return c.SaveItems([]dispute.Item{document, order})
	})
	want := []Item{{Item: order}, {Item: document}}
	if diff := cmp.Diff(want, must[[]Item](t)(d.Items(t.Context(), id))); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}

	order.Title, order.Facts = "Order #1001, shipped", nil
	order.Log = []dispute.LogEntry{{At: noon, What: "Handed to the carrier"}}
	ranked := order
	ranked.Rank = 2
	inCase(t, d, testRef, func(c *CaseTx) error {
		ok(t, c.ExcludeItem("shop", "order:1", true))
		ok(t, c.RankItem("shop", "order:1", 2))
		if err := c.SaveItems([]dispute.Item{order}); err != nil {
			return err
		}
		want := []Item{{Item: ranked, Excluded: true}, {Item: document}}
		if diff := cmp.Diff(want, must[[]Item](t)(c.Items())); diff != "" {
			t.Errorf("gathered again (-want +got):\n%s", diff)
		}
		return nil
	})

	for name, c := range map[string]struct {
		do   func(c *CaseTx) error
		want dispute.Kind
	}{
		"no such item":         {func(c *CaseTx) error { return c.ExcludeItem("shop", "x", true) }, dispute.NotFound},
		"no such item to rank": {func(c *CaseTx) error { return c.RankItem("shop", "x", 1) }, dispute.NotFound},
		"content not stored": {func(c *CaseTx) error {
			return c.SaveItems([]dispute.Item{{ID: "x", Source: "s", Content: []byte("x")}})
		}, dispute.Invalid},
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, d.InCase(t.Context(), testRef, c.do), c.want) })
	}
}

func TestPackets(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := testRef.CaseID()
	draft := Packet{
		CaseID: id, Hash: "h1", Manifest: []byte(`{"v": 1}`), CreatedAt: noon,
		Files: []dispute.Blob{{Key: "k", SHA256: "s", Size: 3, MediaType: "application/pdf"}},
		Texts: map[dispute.EvidenceField]string{dispute.FieldServiceDate: "2026-01-02"},
	}
	later := Packet{
		CaseID: id, Hash: "h2", Manifest: []byte(`{}`), CreatedAt: noon.AddDate(0, 0, 1), Frozen: true,
		Files: []dispute.Blob{}, Texts: map[dispute.EvidenceField]string{},
	}
	inCase(t, d, testRef, func(c *CaseTx) error {
		ok(t, c.SavePacket(draft))
		return c.SavePacket(Packet{Hash: "h2", Manifest: later.Manifest, CreatedAt: later.CreatedAt, Frozen: true})
	})
	if diff := cmp.Diff([]Packet{later, draft}, must[[]Packet](t)(d.Packets(t.Context(), id))); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}

	// Saved again: frozen sticks, content stays.
	inCase(t, d, testRef, func(c *CaseTx) error {
		ok(t, c.SavePacket(Packet{Hash: "h2", Manifest: []byte(`{"v": 2}`)}))
		return c.SavePacket(Packet{Hash: "h1", Manifest: []byte(`{"v": 2}`), Frozen: true})
	})
	draft.Frozen = true
	for _, want := range []Packet{draft, later} {
		if diff := cmp.Diff(want, must[Packet](t)(d.GetPacket(t.Context(), id, want.Hash))); diff != "" {
			t.Errorf("packet (-want +got):\n%s", diff)
		}
	}
	_, err := d.GetPacket(t.Context(), id, "h3")
	wantKind(t, err, dispute.NotFound)
}
