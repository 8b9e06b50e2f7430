package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// keep stores a packet as the activity does, days after noon, and makes it the
// case's newest.
func (o office) keep(t *testing.T, p evidence.Packet, days int) string {
	t.Helper()
	var blobs []dispute.Blob
	for i, f := range p.Files {
		blob, err := o.Blobs.Put(t.Context(), f.Bytes, f.MediaType)
		ok(t, err)
		p.Files[i].SHA256 = blob.SHA256
		blobs = append(blobs, blob)
	}
	parts := evidence.Manifest(p)
	raw, err := json.Marshal(evidence.Dossier{Parts: parts, Checklist: p.Checklist, Letter: p.Letter, Lint: p.Lint})
	ok(t, err)
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		tx.Row().PacketHash = hashOf(parts)
		return tx.SavePacket(store.Packet{Hash: hashOf(parts), Manifest: raw, Files: blobs, Texts: p.Texts, CreatedAt: noon.AddDate(0, 0, days)})
	}))
	return hashOf(parts)
}

func pdf(field dispute.EvidenceField, content string, pages int) evidence.File {
	return evidence.File{Field: field, Name: string(field) + ".pdf", MediaType: evidence.MediaPDF, Bytes: []byte(content), Pages: pages}
}

// olderPacket and newerPacket are two versions of one packet.
func olderPacket() evidence.Packet {
	return evidence.Packet{
		Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "one\ntwo\nthree", dispute.FieldShippingCarrier: "UPS"},
		Files: []evidence.File{pdf(dispute.FieldReceipt, "receipt", 1), pdf(dispute.FieldCustomerCommunication, "chat", 2)},
		Exhibits: []evidence.Exhibit{
			{Number: 1, Item: order.ID, Source: order.Source}, {Number: 2, Item: delivery.ID, Source: delivery.Source},
		},
		Checklist: evidence.Checklist{Strength: 1, Lines: []evidence.Line{
			{Proof: "delivery", Name: "Delivery confirmation", State: evidence.Missing}, {Proof: "order", Name: "The order", State: evidence.Present},
		}},
		Letter: evidence.Letter{Version: "letter/1", Text: "one\ntwo\nthree"},
	}
}

func newerPacket() evidence.Packet {
	p := olderPacket()
	p.Texts = map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "one\n2\nthree", dispute.FieldCustomerName: "Jenny"}
	p.Files = []evidence.File{pdf(dispute.FieldReceipt, "a longer receipt", 3), pdf(dispute.FieldShippingDocumentation, "label", 1)}
	p.Exhibits = []evidence.Exhibit{
		{Number: 1, Item: scan.ID, Source: scan.Source}, {Number: 2, Item: order.ID, Source: order.Source},
	}
	p.Checklist = evidence.Checklist{Strength: 3, Lines: []evidence.Line{
		{Proof: "delivery", Name: "Delivery confirmation", State: evidence.Present}, {Proof: "order", Name: "The order", State: evidence.Present},
	}}
	p.Letter = evidence.Letter{Version: "letter/by-hand", Text: "one\n2\nthree"}
	return p
}

func TestComparePackets(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	if _, err := o.ComparePackets(t.Context(), ana, "du_1", "", ""); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no packets: %v", err)
	}
	a := o.keep(t, olderPacket(), 0)
	if _, err := o.ComparePackets(t.Context(), ana, "du_1", "", ""); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("one packet: %v", err)
	}
	b := o.keep(t, newerPacket(), 1)
	got, err := o.ComparePackets(t.Context(), ana, "du_1", "", "")
	ok(t, err)
	lines := "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
	want := PacketDiff{
		From:   PacketVersion{Hash: a, CreatedAt: noon, Strength: 1, Letter: "letter/1"},
		To:     PacketVersion{Hash: b, CreatedAt: noon.AddDate(0, 0, 1), Strength: 3, Letter: "letter/by-hand"},
		Letter: lines,
		Texts: []TextChange{
			{dispute.FieldCustomerName, Added, "@@ -0,0 +1 @@\n+Jenny\n"},
			{dispute.FieldShippingCarrier, Removed, "@@ -1 +0,0 @@\n-UPS\n"},
			{dispute.FieldUncategorizedText, Changed, lines},
		},
		Files: []FileChange{
			{Field: dispute.FieldCustomerCommunication, Change: Removed, From: &PacketFile{Pages: 2, Bytes: 4}},
			{Field: dispute.FieldReceipt, Change: Changed, From: &PacketFile{Pages: 1, Bytes: 7}, To: &PacketFile{Pages: 3, Bytes: 16}},
			{Field: dispute.FieldShippingDocumentation, Change: Added, To: &PacketFile{Pages: 1, Bytes: 5}},
		},
		Exhibits: []ExhibitChange{
			{scan, "Scan", Added, 0, 1}, {order, "Order", Changed, 1, 2}, {delivery, "Delivered", Removed, 2, 0},
		},
		Checklist: []ProofChange{{"delivery", "Delivery confirmation", evidence.Missing, evidence.Present}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(PacketFile{}, "Field", "Name", "MediaType", "SHA256")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	back, err := o.ComparePackets(t.Context(), ana, "du_1", b[:12], a[:12])
	ok(t, err)
	if back.From.Hash != b || back.To.Hash != a || back.Same() {
		t.Errorf("the other way: %+v", back)
	}
	same, err := o.ComparePackets(t.Context(), ana, "du_1", b, b)
	if err != nil || !same.Same() {
		t.Errorf("with itself: %+v, %v", same, err)
	}
	for name, tc := range map[string]struct{ from, to string }{"no such from": {"zz", ""}, "no such to": {"", "zz"}, "none before the first": {"", a}} {
		if _, err := o.ComparePackets(t.Context(), ana, "du_1", tc.from, tc.to); dispute.KindOf(err) != dispute.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pick("x", []store.Packet{{Hash: "ab"}, {Hash: "ac"}}, "a"); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("a hash that two begin with: %v", err)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	if _, err := o.Preview(t.Context(), ana, "du_1", ""); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no packet: %v", err)
	}
	a := o.keep(t, olderPacket(), 0)
	b := o.keep(t, newerPacket(), 1)
	o.Limits = func(c dispute.Case) evidence.Limits {
		if c.ID != ref.CaseID() {
			t.Errorf("limits of %s", c.ID)
		}
		return evidence.Limits{FileBytes: 10, TotalBytes: 100, TotalPages: 50, TextFieldChars: 400, FileFields: make([]dispute.EvidenceField, 3)}
	}
	got, err := o.Preview(t.Context(), ana, "du_1", "")
	ok(t, err)
	want := []Count{
		{"files", 2, 3}, {evidence.LimitFileBytes, 16, 10}, {evidence.LimitTotalBytes, 21, 100}, {"file_pages", 3, 0},
		{evidence.LimitTotalPages, 4, 50}, {evidence.LimitTextField, 11, 400}, {evidence.LimitTextTotal, 16, 0},
	}
	if diff := cmp.Diff(want, got.Counts); diff != "" || got.Hash != b || got.Letter.Text != "one\n2\nthree" {
		t.Errorf("packet %s (-want +got):\n%s", got.Hash, diff)
	}
	if !want[1].Over() || want[2].Over() || want[3].Over() {
		t.Error("Over does not tell what is over its limit")
	}
	if got, err = o.Preview(t.Context(), ana, "du_1", a[:8]); err != nil || got.Hash != a {
		t.Errorf("by its hash: %s, %v", got.Hash, err)
	}
	list := o.listed(t)
	if list[0].Ref() != scan || list[0].Number != 1 || list[1].Ref() != order || list[2].Number != 0 {
		t.Errorf("evidence as the packet has it: %v", refs(list))
	}
}

// A sent packet stays, byte for byte, however many come after it.
func TestSentPacketStays(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	a := o.keep(t, olderPacket(), 0)
	request, response := []byte("evidence[receipt]=file_1&submit=true"), []byte(`{"id":"du_1"}`)
	_, _, err := o.DB.BeginIntent(t.Context(), store.Intent{Key: "k", CaseID: ref.CaseID(), Kind: string(dispute.ResponseContest), Target: "stripe-us"})
	ok(t, err)
	ok(t, o.DB.FinishIntent(t.Context(), "k", store.Receipt{Detail: []byte(`{"packet":"` + a + `"}`), Request: request, Response: response}))
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		return tx.SavePacket(store.Packet{Hash: a, Manifest: []byte(`{}`), Frozen: true})
	}))
	_, before, err := o.PacketZipOf(t.Context(), ana, "du_1", a)
	ok(t, err)
	o.keep(t, newerPacket(), 1)
	_, after, err := o.PacketZipOf(t.Context(), ana, "du_1", a[:12])
	ok(t, err)
	if hashOf(before) != hashOf(after) {
		t.Error("the ZIP of what was sent has changed")
	}
	kept, err := o.Preview(t.Context(), ana, "du_1", a)
	ok(t, err)
	if !kept.Frozen || len(kept.Files) != 2 {
		t.Fatalf("%+v", kept)
	}
	got := unzip(t, after)
	for _, f := range kept.Files {
		_, content, err := o.PacketFile(t.Context(), ana, "du_1", a, f.SHA256)
		if err != nil || hashOf(content) != f.SHA256 || got["files/"+f.Name] != string(content) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	file, err := o.Case(t.Context(), ana, "du_1")
	ok(t, err)
	if sent := file.Submission; hashOf([]byte(got["sent/request.bin"])) != sent.RequestSHA256 || hashOf([]byte(got["sent/response.bin"])) != sent.ResponseSHA256 {
		t.Errorf("sent: %q, %q", got["sent/request.bin"], got["sent/response.bin"])
	}
	if !strings.Contains(got[firstFile], "This packet was sent") || strings.Contains(got[firstFile], "Upload what is in") {
		t.Errorf("%s: %s", firstFile, got[firstFile])
	}
}
