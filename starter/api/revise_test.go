package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// scan is a document that somebody attached.
var scan = dispute.Item{
	ID: "scan:1", Source: "person:ana", Kind: dispute.ItemDocument, Title: "Scan", At: opened, MediaType: "image/png", FileName: "scan.png",
	Blob: dispute.Blob{Key: "k", SHA256: strings.Repeat("a", 64), Size: 1, MediaType: "image/png"},
}

// keepOlder stores a packet that was composed before the seeded one.
func (w *world) keepOlder(t *testing.T) string {
	t.Helper()
	p := evidence.Packet{Version: "1", Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "We agree."}}
	manifest := evidence.Manifest(p)
	dossier := must(json.Marshal(evidence.Dossier{Parts: manifest, Letter: evidence.Letter{Version: "0", Text: "We agree."}, Checklist: evidence.Checklist{Lines: []evidence.Line{}}}))(t)
	ok(t, w.db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		return tx.SavePacket(store.Packet{Hash: hash(manifest), Manifest: dossier, Texts: p.Texts, CreatedAt: opened})
	}))
	return hash(manifest)
}

func (w *world) put(t *testing.T, path, body string, header map[string]string) answer {
	t.Helper()
	return w.as(t, desk.RoleAnalyst, ask{method: http.MethodPut, path: "/v1/cases/du_1" + path, body: []byte(body), header: header})
}

func (w *world) evidence(t *testing.T) []desk.Exhibit {
	t.Helper()
	var got EvidenceList
	w.get(t, desk.RoleViewer, "/v1/cases/du_1/evidence", &got)
	return got.Items
}

func TestReviseEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sendsDescription(t, w)
	for path, body := range map[string]string{
		"/evidence/order":       `{"items":[{"source":"person:ana","id":"scan:1"},{"source":"shop","id":"order:1"}]}`,
		"/evidence/excluded":    `{"item":{"source":"shop","id":"order:1"},"excluded":true}`,
		"/evidence/description": `{"item":{"source":"person:ana","id":"scan:1"},"title":"The parcel","slot":"receipt"}`,
		"/letter":               `{"text":"Paid with 4242 4242 4242 4242."}`,
	} {
		key := map[string]string{"Idempotency-Key": "key-" + path}
		for range 2 {
			if got := w.put(t, path, body, key); got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, got.status, got.body)
			}
		}
		told := w.temporal.taken()
		if len(told) != 2 || told[0].UpdateID != "key-"+path || told[1].UpdateID != told[0].UpdateID || told[0].UpdateName != "revise" {
			t.Errorf("%s: updates %+v", path, told)
		}
	}
	list := w.evidence(t)
	if len(list) != 2 {
		t.Fatalf("evidence %+v", list)
	}
	if first, second := list[0], list[1]; first.ID != "scan:1" || first.Title != "The parcel" || first.Facts[dispute.FactSlot] != "receipt" || second.ID != "order:1" || !second.Excluded {
		t.Errorf("evidence %+v", list)
	}
	var f CaseFile
	w.get(t, desk.RoleViewer, "/v1/cases/du_1", &f)
	letters := 0
	for _, source := range f.Evidence {
		letters += len(slices.DeleteFunc(source.Items, func(i store.Item) bool {
			return i.Kind != dispute.ItemLetter || strings.Contains(i.Facts[dispute.FactText], "4242 4242")
		}))
	}
	if letters != 1 {
		t.Errorf("%d letters, want one whose card number is hidden", letters)
	}
	if got := w.as(t, desk.RoleAnalyst, ask{method: http.MethodDelete, path: "/v1/cases/du_1/letter"}); got.status != http.StatusOK {
		t.Errorf("back to the composed letter: %d %s", got.status, got.body)
	}
}

func TestReviseRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const order, other = `{"source":"shop","id":"order:1"}`, `{"source":"shop","id":"order:2"}`
	for _, c := range []struct {
		path, body string
		status     int
		detail     string
	}{
		{"/evidence/order", `{"items":[` + order + `,` + order + `]}`, 422, "twice"},
		{"/evidence/order", `{"items":[` + other + `]}`, 404, "rank item"},
		{"/evidence/order", `{"items":[{"id":"order:1"}]}`, 400, "items"},
		{"/evidence/order", `{}`, 400, "items"},
		{"/evidence/excluded", `{"item":` + other + `,"excluded":true}`, 404, "exclude item"},
		{"/evidence/excluded", `{"item":` + order + `}`, 400, "excluded"},
		{"/evidence/description", `{"item":` + order + `,"title":"x"}`, 422, "a person added"},
		{"/evidence/description", `{"item":` + order + `,"slot":"shoebox"}`, 400, "slot"},
		{"/letter", `{"text":""}`, 400, "text"},
		{"/letter", `{"text":" "}`, 422, "empty"},
	} {
		got := w.put(t, c.path, c.body, nil)
		if p := got.problem(t); got.status != c.status || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s %s: %+v, want %d and %q", c.path, c.body, p, c.status, c.detail)
		}
	}
	stale := w.put(t, "/evidence/excluded", `{"item":`+order+`,"excluded":true}`, map[string]string{"If-Match": `"999"`})
	if stale.status != http.StatusPreconditionFailed {
		t.Errorf("with an old ETag: %d %s", stale.status, stale.body)
	}
	ok(t, w.db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		tx.Row().Status, tx.Row().SubmittedAt = dispute.StatusSubmitted, opened
		return nil
	}))
	frozen := w.put(t, "/evidence/excluded", `{"item":`+order+`,"excluded":true}`, nil)
	if p := frozen.problem(t); frozen.status != http.StatusConflict || !strings.Contains(p.Detail, "the answer was sent at 2026-03-04 12:00 UTC") {
		t.Errorf("after the answer: %+v", p)
	}
	if told := w.temporal.taken(); len(told) != 0 {
		t.Errorf("updates %+v", told)
	}
}

func TestPreviewAndDiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const base = "/v1/cases/du_1/packets/"
	if got := w.as(t, desk.RoleViewer, ask{path: base + "diff"}); got.status != http.StatusNotFound {
		t.Errorf("the only packet against none: %d", got.status)
	}
	older := w.keepOlder(t)
	var p desk.Preview
	w.get(t, desk.RoleViewer, base+"preview", &p)
	if p.Hash != w.packet || !p.Frozen || p.Letter.Text != "We disagree." || len(p.Files) != 1 || len(p.Counts) == 0 || p.Counts[0] != (desk.Count{Limit: "files", Value: 1}) {
		t.Errorf("preview %+v", p)
	}
	w.get(t, desk.RoleViewer, base+"preview?packet="+older[:8], &p)
	if p.Hash != older {
		t.Errorf("preview of %s", p.Hash)
	}
	var diff desk.PacketDiff
	w.get(t, desk.RoleViewer, base+"diff", &diff)
	if diff.From.Hash != older || diff.To.Hash != w.packet || diff.Letter != "@@ -1 +1 @@\n-We agree.\n+We disagree.\n" || len(diff.Texts) != 1 || len(diff.Files) != 1 {
		t.Errorf("diff %+v", diff)
	}
	var back desk.PacketDiff
	w.get(t, desk.RoleViewer, base+"diff?from="+w.packet+"&to="+older[:8], &back)
	if back.From != diff.To || back.To != diff.From {
		t.Errorf("the other way %+v", back)
	}
	for path, want := range map[string]int{
		"preview?packet=" + strings.Repeat("0", 64): 404, "preview?packet=xyz": 400, "diff?from=abc": 400, "diff?to=" + older: 404, "diff?hash=" + older: 400,
	} {
		if got := w.as(t, desk.RoleViewer, ask{path: base + path}); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
	zips := map[string][]byte{}
	for _, query := range []string{"", "?packet=" + w.packet, "?packet=" + older} {
		zips[query] = w.as(t, desk.RoleViewer, ask{path: "/v1/cases/du_1/packet.zip" + query}).body
	}
	if !bytes.Equal(zips[""], zips["?packet="+w.packet]) || bytes.Equal(zips[""], zips["?packet="+older]) {
		t.Error("the ZIP is not of the packet that was asked for")
	}
	if diff := cmp.Diff(w.evidence(t)[0].Ref(), desk.ItemRef{Source: "shop", ID: "order:1"}); diff != "" {
		t.Error(diff)
	}
}
