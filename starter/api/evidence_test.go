package api

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.as(t, desk.RoleAnalyst, form(t, "../../scan.png", picture(t), [2]string{"title", "The parcel"}, [2]string{"slot", "receipt"}))
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	decision, _ := w.temporal.taken()[0].Args[0].(dispute.Decision)
	var f CaseFile
	w.get(t, desk.RoleViewer, "/v1/cases/du_1", &f)
	var found bool
	for _, s := range f.Evidence {
		for _, i := range s.Items {
			found = found || i.ID == decision.Item && i.Title == "The parcel" && i.Facts[dispute.FactSlot] == "receipt" && i.FileName == "scan.png" &&
				i.MediaType == "image/png" && i.Blob.SHA256 == hash(picture(t)) && s.Source == "person:analyst@acme.example"
		}
	}
	if !found {
		t.Errorf("evidence %+v", f.Evidence)
	}
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("ä", maxTitle+1)
	cut := form(t, "a.png", picture(t))
	cut.body = cut.body[:len(cut.body)-20]
	padded := form(t, "a.png", picture(t))
	padded.body = slices.Concat(bytes.Repeat([]byte("x\r\n"), maxForm/3), padded.body)
	for _, c := range []struct {
		name   string
		in     ask
		status int
		detail string
	}{
		{"wrong kind", form(t, canary+".docx", []byte("PK\x03\x04")), 415, "PDF, JPEG and PNG are right"},
		{"wrong kind named as a right one", form(t, "a.png", []byte("GIF89a")), 415, "PDF, JPEG and PNG are right"},
		{"empty", form(t, "a.png", []byte{}), 415, "the file is empty"},
		{"broken", form(t, "a.png", picture(t)[:20]), 422, "save it again as JPEG or PNG"},
		{"too large", form(t, "a.pdf", make([]byte, maxFile+1)), 413, "32 MiB"},
		{"too large a title", form(t, "a.pdf", nil, [2]string{"title", strings.Repeat("x", maxForm)}), 400, `"title" is longer`},
		{"too large a form", padded, 413, "32 MiB"},
		{"no file", form(t, "", nil, [2]string{"title", "x"}), 400, `"file" is missing`},
		{"no name", form(t, "", picture(t)), 400, "file name"},
		{"long name", form(t, strings.Repeat("x", 300)+".png", picture(t)), 400, "file name"},
		{"long title", form(t, "a.png", picture(t), [2]string{"title", long}), 400, `"title" is longer`},
		{"two titles", form(t, "a.png", picture(t), [2]string{"title", "x"}, [2]string{"title", "y"}), 400, `"title" is given twice`},
		{"unknown field", form(t, "a.png", picture(t), [2]string{"titel", canary}), 400, `"titel" is unknown`},
		{"unknown slot", form(t, "a.png", picture(t), [2]string{"slot", canary}), 400, `"slot" is none of those`},
		{"two slots", form(t, "a.png", picture(t), [2]string{"slot", "receipt"}, [2]string{"slot", "receipt"}), 400, `"slot" is given twice`},
		{"cut off", cut, 400, "the form cannot be read"},
		{"JSON", ask{method: http.MethodPost, path: "/v1/cases/du_1/evidence", body: []byte(`{}`)}, 415, "send multipart/form-data"},
		{"no boundary", ask{method: http.MethodPost, path: "/v1/cases/du_1/evidence", media: "multipart/form-data", body: []byte("x")}, 400, "cannot be read"},
	} {
		got := w.as(t, desk.RoleAnalyst, c.in)
		if p := got.problem(t); got.status != c.status || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s: %+v, want %d and %q", c.name, p, c.status, c.detail)
		}
		if bytes.Contains(got.body, []byte(canary)) {
			t.Errorf("%s: the answer repeats what was sent: %s", c.name, got.body)
		}
	}
	if sent := w.temporal.taken(); len(sent) != 0 {
		t.Errorf("decisions %+v", sent)
	}
}

func TestPacketFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := "/v1/cases/du_1/packets/" + w.packet + "/files/"
	got := w.as(t, desk.RoleViewer, ask{path: base + w.file})
	if got.status != http.StatusOK || !bytes.Equal(got.body, w.content) {
		t.Fatalf("%d %q", got.status, got.body)
	}
	for name, want := range map[string]string{
		"Content-Type":           "application/pdf",
		"Content-Disposition":    "attachment; filename*=utf-8''Brief%20f%C3%BCr%20Visa.pdf",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control":          "no-store",
	} {
		if have := got.header.Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	for path, want := range map[string]int{
		base + strings.Repeat("0", 64): 404,
		base + "x":                     400,
		"/v1/cases/du_2/packets/" + w.packet + "/files/" + w.file: 404, // another case's
	} {
		if got := w.as(t, desk.RoleViewer, ask{path: path}); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
}
