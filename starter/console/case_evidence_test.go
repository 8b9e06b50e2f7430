package console

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// press sends the form of a button beside an item.
func (w *site) press(s story, do, source, id string, more ...string) answer {
	w.t.Helper()
	form := url.Values{"do": {do}, "source": {source}, "item": {id}, "click": {uuid.NewString()}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/evidence", form)
}

func (w *site) order(s story) []string {
	w.t.Helper()
	list, err := w.desk.Evidence(w.t.Context(), desk.System, s.caseID())
	check(w.t, err)
	var out []string
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

func TestEvidenceButtons(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[0].defaults()
	w.tell(s)
	before := w.order(s)
	if last := before[len(before)-1]; last != "pod:77" {
		t.Fatalf("what a person keeps out is not last: %v", before)
	}
	pressed := func(do, source, id string) {
		t.Helper()
		got := w.press(s, do, source, id)
		want := casePath(s.caseID()) + "?done=revise#" + anchor(desk.ItemRef{Source: source, ID: id})
		if got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Fatalf("%s %s: %d to %s", do, id, got.status, got.header.Get("Location"))
		}
		if taken := w.temporal.taken(); len(taken) != 1 || taken[0].UpdateName != "revise" {
			t.Errorf("%s %s: updates %+v", do, id, taken)
		}
	}
	source := map[string]string{}
	items, err := w.db.Items(t.Context(), s.caseID())
	check(t, err)
	for _, i := range items {
		source[i.ID] = i.Source
	}
	pressed("down", source[before[0]], before[0])
	want := append([]string{before[1], before[0]}, before[2:]...)
	if diff := cmp.Diff(want, w.order(s)); diff != "" {
		t.Errorf("the first moved down (-want +got):\n%s", diff)
	}
	pressed("up", source[before[0]], before[0])
	pressed("up", source[before[0]], before[0]) // is first already
	if diff := cmp.Diff(before, w.order(s)); diff != "" {
		t.Errorf("and up again (-want +got):\n%s", diff)
	}
	pressed("include", "shipbob", "pod:77")
	pressed("exclude", source[before[1]], before[1])
	if got := w.order(s); got[len(got)-1] != before[1] {
		t.Errorf("kept out and not last: %v", got)
	}
	page := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"?done=revise", nil).body
	for _, text := range []string{
		"composed anew; reload", "Kept an item out of the packet", "Let an item into the packet again", "Changed the order of the exhibits",
		`aria-label="Move Photograph at the door up"`, ">Let in<", ">Keep out<",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the case does not say %q", text)
		}
	}
	if problems := unsound(page); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestDocumentsAreDescribed(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[0].defaults()
	w.tell(s)
	req := w.upload(desk.RoleAnalyst, casePath(s.caseID())+"/documents", "note.png", picture())
	if got := w.send(req); got.status != http.StatusSeeOther {
		t.Fatalf("attach: %d", got.status)
	}
	id := regexp.MustCompile(`name="source" value="person:mia">\s*<input type="hidden" name="item" value="([^"]+)"`).
		FindStringSubmatch(w.ask(desk.RoleAnalyst, casePath(s.caseID()), nil).body)
	if id == nil {
		t.Fatal("the document has no form")
	}
	if got := w.press(s, "describe", "person:mia", id[1], "title", "Signed at the door", "slot", "shipping_documentation"); got.status != http.StatusSeeOther {
		t.Fatalf("describe: %d %s", got.status, got.body)
	}
	page := w.ask(desk.RoleAnalyst, casePath(s.caseID()), nil).body
	for _, text := range []string{"<strong>Signed at the door</strong>", "meant as shipping documentation", `value="shipping_documentation" selected`} {
		if !strings.Contains(page, text) {
			t.Errorf("the case does not say %q", text)
		}
	}
}

func TestEvidenceButtonsRefused(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	open, sent := busyDay()[0].defaults(), busyDay()[8].defaults()
	w.tell(open, sent)
	for name, c := range map[string]struct {
		of           story
		do, item     string
		more         []string
		refuse, away error
		status       int
		says         string
	}{
		"no such button":  {of: open, do: "burn", item: "pod:77", status: http.StatusBadRequest, says: "no such button"},
		"no click":        {of: open, do: "exclude", item: "pod:77", more: []string{"click", ""}, status: http.StatusBadRequest, says: "open the case again"},
		"no such item":    {of: open, do: "exclude", item: "pod:1", status: http.StatusNotFound},
		"none to move":    {of: open, do: "up", item: "pod:1", status: http.StatusNotFound},
		"kept out":        {of: open, do: "up", item: "pod:77", status: http.StatusNotFound},
		"a source's":      {of: open, do: "describe", item: "pod:77", more: []string{"title", "x"}, status: http.StatusBadRequest, says: "only a document that a person added"},
		"already sent":    {of: sent, do: "exclude", item: "pod:77", status: http.StatusConflict, says: "its packet is frozen"},
		"sent, moved":     {of: sent, do: "up", item: "pod:77", status: http.StatusConflict, says: "its packet is frozen"},
		"nobody answers":  {of: open, do: "exclude", item: "pod:77", away: errors.New("connection refused"), status: http.StatusServiceUnavailable, says: "Try again"},
		"no item is told": {of: open, do: "exclude", status: http.StatusNotFound},
	} {
		w.temporal.set(c.refuse, c.away)
		got := w.press(c.of, c.do, "shipbob", c.item, c.more...)
		if got.status != c.status || !strings.Contains(got.body, c.says) {
			t.Errorf("%s: %d, want %d and %q", name, got.status, c.status, c.says)
		}
	}
	page := w.ask(desk.RoleAnalyst, casePath(sent.caseID()), nil).body
	if !strings.Contains(page, "Nothing here can be changed: the answer was sent at 2026-12-01 11:00 UTC") || strings.Contains(page, `class="moves"`) {
		t.Error("a case that was answered offers buttons, or does not say why it has none")
	}
	if page := w.ask(desk.RoleViewer, casePath(open.caseID()), nil).body; strings.Contains(page, `class="moves"`) || strings.Contains(page, "/letter") {
		t.Error("a viewer sees buttons")
	}
}

func TestLetterPage(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[0].defaults()
	w.tell(s)
	path := casePath(s.caseID()) + "/letter"
	says := func(got answer, status int, want ...string) {
		t.Helper()
		if got.status != status {
			t.Fatalf("%d, want %d: %s", got.status, status, got.body)
		}
		for _, text := range want {
			if !strings.Contains(got.body, text) {
				t.Errorf("does not say %q", text)
			}
		}
		for _, problem := range unsound(got.body) {
			t.Error(problem)
		}
	}
	form := func(do, text string) url.Values {
		return url.Values{"do": {do}, "text": {text}, "click": {uuid.NewString()}}
	}
	says(w.ask(desk.RoleAnalyst, path, nil), http.StatusOK, "composed from the evidence", "Exhibit 1: ", "Use this letter")
	const words = "Paid with 4242 4242 4242 4242 (Exhibit 1). <b>Bold</b>"
	says(w.ask(desk.RoleAnalyst, path, form("preview", words)), http.StatusOK, "As it would go out", "1 card number was hidden", "**** **** **** 4242 (Exhibit 1). &lt;b&gt;")
	if taken := w.temporal.taken(); len(taken) > 0 {
		t.Fatalf("a preview is a decision: %+v", taken)
	}
	w.temporal.set(nil, errors.New("connection refused"))
	unsure := form("send", words)
	says(w.ask(desk.RoleAnalyst, path, unsure), http.StatusServiceUnavailable, "it counts once", `value="`+unsure.Get("click")+`"`, "4242 4242 4242 4242 (Exhibit 1)")
	w.temporal.set(nil, nil)
	if got := w.ask(desk.RoleAnalyst, path, unsure); got.status != http.StatusSeeOther || got.header.Get("Location") != casePath(s.caseID())+"?done=revise#letter" {
		t.Fatalf("sent again: %d to %s", got.status, got.header.Get("Location"))
	}
	letters := 0
	items, err := w.db.Items(t.Context(), s.caseID())
	check(t, err)
	for _, i := range items {
		if i.Kind == dispute.ItemLetter {
			letters++
		}
	}
	if letters != 1 {
		t.Errorf("%d letters, want one", letters)
	}
	says(w.ask(desk.RoleAnalyst, path, nil), http.StatusOK, "own words are sent as they stand", "**** **** **** 4242 (Exhibit 1)", "Go back to the composed letter")
	says(w.ask(desk.RoleAnalyst, casePath(s.caseID()), nil), http.StatusOK, "Letter, by hand", "Change the letter", "Wrote a letter to send")
	if got := w.ask(desk.RoleAnalyst, path, form("drop", "")); got.status != http.StatusSeeOther {
		t.Fatalf("back to the composed one: %d", got.status)
	}
	says(w.ask(desk.RoleAnalyst, path, nil), http.StatusOK, "composed from the evidence")
	for do, status := range map[string]int{"burn": http.StatusBadRequest, "send": http.StatusBadRequest} {
		if got := w.ask(desk.RoleAnalyst, path, form(do, " ")); got.status != status {
			t.Errorf("%s without words: %d", do, got.status)
		}
	}
}

func TestLetterOfAnAnsweredCase(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[8].defaults()
	w.tell(s)
	if got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/letter", nil); got.status != http.StatusConflict || !strings.Contains(got.body, "its packet is frozen") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// compose makes another packet of a story's case, an hour later.
func (w *site) compose(s story, items []dispute.Item) {
	w.t.Helper()
	check(w.t, w.db.InCase(w.t.Context(), s.ref(), func(tx *store.CaseTx) error {
		p, err := evidence.Compose(evidence.Input{Case: tx.Row().Case, Items: items, Limits: limits()})
		if err != nil {
			return err
		}
		kept := store.Packet{Hash: p.Hash, Texts: p.Texts, CreatedAt: noon.Add(-2 * time.Hour), Manifest: asJSON(w.t, evidence.Dossier{
			Parts: evidence.Manifest(p), Checklist: p.Checklist, Letter: p.Letter, Lint: p.Lint,
		})}
		for _, f := range p.Files {
			blob, err := w.desk.Blobs.Put(w.t.Context(), f.Bytes, f.MediaType)
			if err != nil {
				return err
			}
			kept.Files = append(kept.Files, blob)
		}
		tx.Row().PacketHash = p.Hash
		return tx.SavePacket(kept)
	}))
}

func TestPreviewAndDiffPages(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	w.desk.Limits = func(dispute.Case) evidence.Limits { return limits() }
	first, none, sent := busyDay()[0].defaults(), busyDay()[3].defaults(), busyDay()[8].defaults()
	says := func(path string, want ...string) string {
		t.Helper()
		got := w.ask(desk.RoleViewer, path, nil)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		for _, text := range want {
			if !strings.Contains(got.body, text) {
				t.Errorf("%s does not say %q", path, text)
			}
		}
		for _, problem := range unsound(got.body) {
			t.Errorf("%s: %s", path, problem)
		}
		return got.body
	}
	says(casePath(none.caseID())+"/preview", "No packet yet")
	says(casePath(none.caseID())+"/diff", "No packet is composed yet.")
	says(casePath(sent.caseID())+"/preview", "What was sent")
	says(casePath(first.caseID())+"/diff", "There is one packet only")
	says(casePath(first.caseID())+"/preview", "Exactly what would be sent", "All files", "4.5 MB", "49", "Missing", "product description", "What speaks against us")
	older, err := w.db.Packets(t.Context(), first.caseID())
	check(t, err)
	w.compose(first, parcel())
	says(casePath(first.caseID())+"/preview?packet="+older[0].Hash[:12], "An earlier packet")
	page := says(casePath(first.caseID()), "2 packets so far", "What changed since the packet before", "Compare any two")
	diff := says(casePath(first.caseID())+"/diff", "Delivery confirmation", "missing before, present after", "Added as exhibit", "<ins>", "<del>", "Changed: <strong>")
	if strings.Contains(diff, "Both send and say the same.") || !strings.Contains(page, "/diff?from="+older[0].Hash) {
		t.Error("the packets are not compared, or not linked")
	}
	says(casePath(first.caseID())+"/diff?from="+older[0].Hash+"&to="+older[0].Hash, "Both send and say the same.")
	for _, path := range []string{"/preview?packet=zz", "/diff?from=zz"} {
		if got := w.ask(desk.RoleViewer, casePath(first.caseID())+path, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}
