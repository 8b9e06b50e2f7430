package desk

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestPacketZip(t *testing.T) {
	t.Parallel()
	o := open(t)
	if _, _, err := o.PacketZip(t.Context(), ana, "du_1"); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a case without a packet: %v", err)
	}
	o.Dashboard = func(ref dispute.Ref) string { return "https://provider.example/" + ref.ID }
	blob, err := o.Blobs.Put(t.Context(), []byte("%PDF-1.7 receipt"), "application/pdf")
	ok(t, err)
	parts := evidence.Manifest(evidence.Packet{Files: []evidence.File{
		{Field: dispute.FieldReceipt, Name: "receipt.pdf", MediaType: "application/pdf", SHA256: blob.SHA256, Bytes: []byte("%PDF-1.7 receipt")},
	}})
	raw, err := json.Marshal(evidence.Dossier{Parts: parts})
	ok(t, err)
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		tx.Row().PacketHash = "h1"
		return tx.SavePacket(store.Packet{
			Hash: "h1", Manifest: raw, Files: []dispute.Blob{blob},
			Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "the letter"},
		})
	}))
	name, first, err := o.PacketZip(t.Context(), ana, "du_1")
	ok(t, err)
	_, again, err := o.PacketZip(t.Context(), ana, "du_1")
	ok(t, err)
	if !strings.HasSuffix(name, ".zip") || !bytes.Equal(first, again) {
		t.Errorf("%s; the same bytes again: %t", name, bytes.Equal(first, again))
	}
	got := unzip(t, first)
	if got["files/receipt.pdf"] != "%PDF-1.7 receipt" || got["texts/uncategorized_text.txt"] != "the letter" || len(got) != 3 {
		t.Errorf("it holds %v", got)
	}
	for _, want := range []string{"du_1", "https://provider.example/du_1", "receipt.pdf  as receipt", "--done-elsewhere", ref.CaseID()} {
		if !strings.Contains(got[firstFile], want) {
			t.Errorf("%s lacks %q:\n%s", firstFile, want, got[firstFile])
		}
	}
}

func unzip(t *testing.T, content []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	ok(t, err)
	out := map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		ok(t, err)
		b, err := io.ReadAll(rc)
		ok(t, err)
		out[f.Name] = string(b)
	}
	return out
}
