package console

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// upload posts a file as the case's page does.
func (w *site) upload(role desk.Role, path, name string, content []byte) *http.Request {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	check(w.t, err)
	_, err = part.Write(content)
	check(w.t, err)
	check(w.t, form.WriteField("title", "Signed delivery note"))
	check(w.t, form.Close())
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+path, &body)
	check(w.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if role != "" {
		req.AddCookie(w.cookie(role))
	}
	return req
}

func TestDecisionsReachTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[0].defaults()
	w.tell(s)
	for _, kind := range []dispute.DecisionKind{
		dispute.DecideApprove, dispute.DecideAccept, dispute.DecideSubmit, dispute.DecideHold, dispute.DecideRelease, dispute.DecideAssign,
	} {
		want := dispute.Decision{ID: uuid.NewString(), Kind: kind, By: "mia", At: noon, Stage: dispute.StageChargeback}
		if kind == dispute.DecideAssign {
			want.Assignee = "mia"
		}
		got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/decisions", url.Values{
			"kind": {string(kind)}, "click": {want.ID}, "stage": {"chargeback"}, "assignee": {"tom"}, "by": {"tom"},
		})
		if to := casePath(s.caseID()) + "?done=" + string(kind); got.status != http.StatusSeeOther || got.header.Get("Location") != to {
			t.Errorf("%s: %d to %s", kind, got.status, got.header.Get("Location"))
		}
		taken := w.temporal.taken()
		if len(taken) != 1 || taken[0].WorkflowID != s.ref().WorkflowID(1) || taken[0].UpdateID != want.ID || taken[0].UpdateName != string(kind) {
			t.Fatalf("%s: updates %+v", kind, taken)
		}
		if diff := cmp.Diff([]any{want}, taken[0].Args); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if page := w.ask(desk.RoleAnalyst, got.header.Get("Location"), nil).body; !strings.Contains(page, doneWords[kind]) {
			t.Errorf("%s: the case does not say that it is done", kind)
		}
	}
}

func TestDecisionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := busyDay()[0].defaults()
	w.tell(s)
	click := uuid.NewString()
	for name, c := range map[string]struct {
		kind, click  string
		refuse, away error
		status       int
		says         []string
	}{
		"the workflow says no": {
			kind: "approve", click: click, refuse: temporal.NewApplicationError("already answered: contest by tom at 2026-12-01 11:00:00Z", ""),
			status: http.StatusConflict, says: []string{"already answered: contest by tom at 2026-12-01 11:00:00Z", "Back to the case"},
		},
		"the case is closed": {
			kind: "approve", click: click, refuse: serviceerror.NewNotFound("gone"), status: http.StatusConflict, says: []string{"the case is closed"},
		},
		"Temporal is away": {
			kind: "approve", click: click, away: errors.New("connection refused"), status: http.StatusServiceUnavailable,
			says: []string{"Send it again", `value="` + click + `"`, `value="approve"`},
		},
		"no click id":  {kind: "approve", status: http.StatusBadRequest, says: []string{"open the case again"}},
		"unknown kind": {kind: "refund", click: click, status: http.StatusBadRequest, says: []string{"no decision of this kind"}},
		"a kind that has its own form": {
			kind: "attach", click: click, status: http.StatusBadRequest, says: []string{"no decision of this kind"},
		},
	} {
		w.temporal.set(c.refuse, c.away)
		got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/decisions", url.Values{"kind": {c.kind}, "click": {c.click}, "stage": {"chargeback"}})
		if got.status != c.status {
			t.Errorf("%s: %d, want %d", name, got.status, c.status)
		}
		for _, text := range c.says {
			if !strings.Contains(got.body, text) {
				t.Errorf("%s does not say %q", name, text)
			}
		}
		if strings.Contains(got.body, "connection refused") {
			t.Errorf("%s shows the machine's own error", name)
		}
	}
	w.temporal.set(nil, nil)
	large := url.Values{"text": {strings.Repeat("x", maxForm)}}
	if got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/notes", large); got.status != http.StatusBadRequest {
		t.Errorf("a note that is too large: %d", got.status)
	}
	if got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/notes", url.Values{"text": {" "}}); got.status != http.StatusBadRequest {
		t.Errorf("a note without words: %d", got.status)
	}
}

func TestConfirmationNamesTheConsequence(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	for _, c := range []struct {
		of     int
		kind   string
		status int
		says   []string
	}{
		{0, "submit", http.StatusOK, []string{"stripe-us takes evidence once per stage", " files (", "strength 1 of 4", "Missing, one of these: Delivery confirmation; Signature on delivery or contract; ", "Contradicting: Shipment with tracking. ", "zendesk has not answered yet"}},
		{0, "approve", http.StatusOK, []string{"as soon as the sources still being asked have answered"}},
		{0, "accept", http.StatusOK, []string{"gives up 1,240.00 USD for good"}},
		{3, "submit", http.StatusOK, []string{"No packet is composed yet."}},
		{4, "submit", http.StatusOK, []string{"Missing: The other charge."}},
		{6, "submit", http.StatusConflict, []string{"no longer waits for this decision"}}, // past its deadline
		{8, "submit", http.StatusConflict, nil},                                           // already sent
		{1, "approve", http.StatusConflict, nil},                                          // needs no approval
		{0, "hold", http.StatusNotFound, nil},                                             // is not asked twice
	} {
		s := busyDay()[c.of].defaults()
		got := w.ask(desk.RoleAnalyst, casePath(s.caseID())+"/confirm/"+c.kind, nil)
		if got.status != c.status {
			t.Errorf("%s %s: %d, want %d", c.kind, s.id, got.status, c.status)
		}
		for _, text := range c.says {
			if !strings.Contains(got.body, text) {
				t.Errorf("%s %s does not say %q", c.kind, s.id, text)
			}
		}
	}
}

// Approving a case whose rule accepts gives the money up, and says so.
func TestApprovalOfAnAcceptanceSaysSo(t *testing.T) {
	t.Parallel()
	f := &file{}
	f.route.Respond = dispute.ResponseAccept
	f.View.Snapshot.Amount = dispute.Money{Minor: 1200, Currency: "USD"}
	if got := f.beforeApproval(); !strings.Contains(got.Says, "gives up 12.00 USD for good") {
		t.Errorf("says %q", got.Says)
	}
}

func TestNotesAndDocuments(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := story{id: "du_1", due: 99 * time.Hour}.defaults()
	w.tell(s)
	path := casePath(s.caseID())
	if got := w.ask(desk.RoleAnalyst, path+"/notes", url.Values{"text": {"Card 4242 4242 4242 4242 was seen"}}); got.status != http.StatusSeeOther {
		t.Errorf("note: %d", got.status)
	}
	if got := w.send(w.upload(desk.RoleAnalyst, path+"/documents", "note.png", picture())); got.status != http.StatusSeeOther {
		t.Errorf("document: %d %s", got.status, got.body)
	}
	got := w.send(w.upload(desk.RoleAnalyst, path+"/documents", "note.heic", []byte("no picture")))
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, "save it as JPEG or PNG") {
		t.Errorf("a document of a wrong kind: %d", got.status)
	}
	if got := w.ask(desk.RoleAnalyst, path+"/documents", url.Values{}); got.status != http.StatusBadRequest {
		t.Errorf("no document: %d", got.status)
	}
	items, err := w.db.Items(t.Context(), s.caseID())
	check(t, err)
	if len(items) != 2 {
		t.Fatalf("%d items are kept", len(items))
	}
	page := w.ask(desk.RoleAnalyst, path, nil).body
	if !strings.Contains(page, "4242 was seen") || strings.Contains(page, "4242 4242 4242") {
		t.Error("the note is not shown, or shows the card's number")
	}
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	first, sent := busyDay()[0].defaults(), busyDay()[8].defaults()
	packets, err := w.db.Packets(t.Context(), first.caseID())
	check(t, err)
	file := packets[0].Files[0]
	pdf, err := w.desk.Blobs.Get(t.Context(), file)
	check(t, err)
	for path, want := range map[string]string{
		casePath(first.caseID()) + "/item?source=shipbob&id=pod:77":                      string(picture()),
		casePath(first.caseID()) + "/packets/" + packets[0].Hash + "/" + file.SHA256:     string(pdf),
		casePath(sent.caseID()) + "/writes/1/response":                                   `{"id":"du_sent"}`,
		casePath(first.caseID()) + "/item?source=shipbob&id=shipment:77":                 "", // has no file
		casePath(first.caseID()) + "/packets/" + packets[0].Hash + "/" + packets[0].Hash: "",
		casePath(first.caseID()) + "/packets/" + file.SHA256 + "/" + file.SHA256:         "",
		casePath(sent.caseID()) + "/packets/" + packets[0].Hash + "/" + file.SHA256:      "", // of another case
		casePath(sent.caseID()) + "/writes/2/response":                                   "",
		casePath(sent.caseID()) + "/writes/1/receipt":                                    "",
	} {
		got := w.ask(desk.RoleViewer, path, nil)
		if want == "" {
			if got.status != http.StatusNotFound {
				t.Errorf("%s: %d", path, got.status)
			}
			continue
		}
		if got.status != http.StatusOK || got.body != want {
			t.Errorf("%s: %d, %d bytes, want %d", path, got.status, len(got.body), len(want))
		}
		if h := got.header; !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}
