package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestListCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string]string{
		"":                                 "du_1 du_2",
		"?open=true":                       "du_1",
		"?status=won":                      "du_2",
		"?queue=senior&assignee=ana":       "du_1",
		"?queue=senior&assignee=bob":       "",
		"?connection=other":                "",
		"?merchant=other":                  "du_2",
		"?tag=vip":                         "du_2",
		"?tag=vi":                          "",
		"?due_before=2026-03-15T00:00:00Z": "du_1",
		"?due_before=2026-03-14T00:00:00Z": "",
		"?q=jenny":                         "du_1",
		"?limit=1":                         "du_1",
	} {
		var page CaseList
		w.get(t, desk.RoleViewer, "/v1/cases"+query, &page)
		if got := strings.Join(list(page.Items, func(c Case) string { return c.DisputeID }), " "); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	var first, second CaseList
	w.get(t, desk.RoleViewer, "/v1/cases?limit=1", &first)
	w.get(t, desk.RoleViewer, "/v1/cases?limit=1&cursor="+first.NextCursor, &second)
	if first.NextCursor == "" || second.NextCursor != "" || second.Items[0].DisputeID != "du_2" {
		t.Errorf("pages: %+v, then %+v", first, second)
	}
}

func TestCaseFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var f CaseFile
	w.get(t, desk.RoleViewer, "/v1/cases/"+ref.CaseID(), &f)

	c := f.Case
	c.CreatedAt, c.UpdatedAt = opened, opened
	wantCase := Case{
		ID: ref.CaseID(), Connection: "stripe-us", DisputeID: "du_1", Merchant: "acme", Part: 1,
		Status: dispute.StatusNeedsApproval, Stage: dispute.StageChargeback, Family: "product_not_received",
		Reason: "product_not_received", Network: "visa", NetworkCode: "13.1", ProviderStatus: "needs_response",
		Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Payment: "ch_1",
		OpenedAt: opened, DueAt: dueBy, CutOffAt: f.Case.CutOffAt, Queue: "senior", Assignee: "ana",
		Rule: "high-value", RuleSet: "abc", Needs: "approval", Next: "submits at the cut-off", Strength: 3,
		CreatedAt: opened, UpdatedAt: opened, Version: f.Case.Version,
	}
	if diff := cmp.Diff(wantCase, c); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	if f.Deadline.Origin != dispute.OriginProvider || len(f.Deadline.Considered) != 2 {
		t.Errorf("deadline %+v", f.Deadline)
	}
	if !strings.Contains(string(f.Route), `"why":"amount = 129"`) {
		t.Errorf("route %s", f.Route)
	}
	sources := list(f.Evidence, func(s SourceEvidence) string { return s.Source + " " + s.Outcome + " " + s.Detail })
	if diff := cmp.Diff([]string{"shop answered ", "carrier failed rate_limited", "person:ana  "}, sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if len(f.Evidence[0].Items) != 1 || len(f.Evidence[1].Items) != 0 || len(f.Evidence[2].Items) != 1 {
		t.Errorf("evidence %+v", f.Evidence)
	}
	if f.Payment.Email != canary || len(f.Journal) != 1 || len(f.Writes) != 2 {
		t.Errorf("payment %+v, journal %+v, writes %+v", f.Payment, f.Journal, f.Writes)
	}
	w.checkPacket(t, f)
	w.checkProof(t, f)
}

func (w *world) checkPacket(t *testing.T, f CaseFile) {
	t.Helper()
	if len(f.Packets) != 1 || f.Packet != w.packet {
		t.Fatalf("packets %+v", f.Packets)
	}
	p := f.Packets[0]
	if p.Hash != w.packet || !p.Frozen || p.Checklist.Strength != 3 || len(p.Lint) != 1 || p.Letter.Text != "We disagree." {
		t.Errorf("packet %+v", p)
	}
	want := []PacketFile{{
		Field: dispute.FieldUncategorizedFile, Name: "Brief für Visa.pdf", MediaType: "application/pdf",
		SHA256: w.file, Bytes: int64(len(w.content)), Pages: 1,
	}}
	if diff := cmp.Diff(want, p.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// checkProof looks at what proves the submission and the history.
func (w *world) checkProof(t *testing.T, f CaseFile) {
	t.Helper()
	got := f.Submission
	want := Submission{
		Key: ref.CaseID() + "/1/chargeback/respond/0", Response: dispute.ResponseContest, Outcome: dispute.AnswerSent, By: "ana",
		At: opened, Packet: w.packet, RequestID: "req_1", VendorID: "du_1", ProviderStatus: "under_review", ReadBack: "under_review",
		RequestSHA256: hash([]byte("a")), ResponseSHA256: hash([]byte("b")), Attempts: 1, BeganAt: got.BeganAt, DoneAt: got.DoneAt,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.BeganAt.IsZero() || got.DoneAt.IsZero() {
		t.Errorf("submission (-want +got):\n%s", diff)
	}
	if len(f.History) != 2 || !f.ChainOK || f.ChainError != "" {
		t.Errorf("history %+v, chain %v %q", f.History, f.ChainOK, f.ChainError)
	}
	// Whoever has the file can check the chain without us.
	if err := store.VerifyEvents(f.History); err != nil {
		t.Error(err)
	}
}

// TestEmptyCaseFile reads a case of which nothing is known yet.
func TestEmptyCaseFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var f CaseFile
	got := w.get(t, desk.RoleViewer, "/v1/cases/du_2", &f)
	if f.Case.DisputeID != "du_2" || len(f.Packets) != 0 || f.Submission.Key != "" || !f.ChainOK {
		t.Errorf("%s", got.body)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/v1/cases/du_1"
	var f CaseFile
	tag := w.get(t, desk.RoleViewer, path, &f).header.Get("ETag")
	for known, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"0", ` + tag: 304, "*": 304, `"0"`: 200, strings.Trim(tag, `"`): 200,
	} {
		got := w.as(t, desk.RoleViewer, ask{path: path, header: map[string]string{"If-None-Match": known}})
		if got.status != want || got.header.Get("ETag") != tag || (want == 304) != (len(got.body) == 0) {
			t.Errorf("If-None-Match %s: %d, ETag %s, %d bytes", known, got.status, got.header.Get("ETag"), len(got.body))
		}
	}
	ok(t, w.db.InCase(t.Context(), ref, func(tx *store.CaseTx) error { tx.Row().Assignee = "bob"; return nil }))
	got := w.as(t, desk.RoleViewer, ask{path: path, header: map[string]string{"If-None-Match": tag}})
	if got.status != http.StatusOK || got.header.Get("ETag") == tag {
		t.Errorf("after a change: %d, ETag %s", got.status, got.header.Get("ETag"))
	}
	now := got.header.Get("ETag")

	upload := form(t, "scan.png", picture(t))
	for _, in := range []ask{
		{path: path + "/decisions", body: []byte(`{"kind":"hold"}`)},
		{path: path + "/notes", body: []byte(`{"text":"x"}`)},
		{path: upload.path, media: upload.media, body: upload.body},
	} {
		in.method = http.MethodPost
		for ifMatch, want := range map[string]int{tag: 412, "W/" + now: 412, now: 200, tag + "," + now: 200, "*": 200, "": 200} {
			if in.header = nil; ifMatch != "" {
				in.header = map[string]string{"If-Match": ifMatch}
			}
			// A note or a file changes nothing of the row while the workflow is a fake.
			got, reached := w.as(t, desk.RoleAnalyst, in), len(w.temporal.taken())
			if got.status != want || (reached == 1) != (want == 200) {
				t.Errorf("%s with If-Match %q: %d %s and %d updates, want %d", in.path, ifMatch, got.status, got.body, reached, want)
			}
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := ask{
		method: http.MethodPost, path: "/v1/cases/" + ref.CaseID() + "/decisions",
		header: map[string]string{"Idempotency-Key": "click-1"},
		body:   []byte(`{"kind":"change_plan","stage":"chargeback","queue":"senior","response":"accept","elsewhere":true,"assignee":"bob"}`),
	}
	got := w.as(t, desk.RoleManager, in)
	var shown dispute.Face
	got.into(t, &shown)
	if diff := cmp.Diff(face, shown); diff != "" || got.status != http.StatusOK {
		t.Errorf("%d, face (-want +got):\n%s", got.status, diff)
	}
	sent := w.temporal.taken()
	if len(sent) != 1 || sent[0].UpdateID != "click-1" || sent[0].WorkflowID != ref.WorkflowID(1) {
		t.Fatalf("updates %+v", sent)
	}
	decision, _ := sent[0].Args[0].(dispute.Decision)
	want := dispute.Decision{
		ID: "click-1", Kind: dispute.DecideChangePlan, By: "manager@acme.example", At: decision.At, Stage: dispute.StageChargeback,
		Queue: "senior", Response: dispute.ResponseAccept, Elsewhere: true, Assignee: "bob",
	}
	if diff := cmp.Diff(want, decision); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}

	in.header = map[string]string{"Idempotency-Key": "rules/8/" + ref.CaseID()}
	if got := w.as(t, desk.RoleManager, in); got.status != http.StatusUnprocessableEntity || len(w.temporal.taken()) != 0 {
		t.Errorf("a key that stands for an apply to come: %d %s", got.status, got.body)
	}
	in.header = nil
	w.as(t, desk.RoleManager, in)
	w.as(t, desk.RoleManager, in)
	if sent = w.temporal.taken(); len(sent) != 2 || sent[0].UpdateID == "" || sent[0].UpdateID == sent[1].UpdateID {
		t.Errorf("without a key: %+v", sent)
	}
}

// TestNotTaken asks for what the case, its workflow or the store refuses.
func TestNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hold := ask{method: http.MethodPost, path: "/v1/cases/du_1/decisions", body: []byte(`{"kind":"hold"}`)}
	for _, c := range []struct {
		name   string
		err    error
		status int
		detail string
	}{
		{"refused", temporal.NewApplicationError("already answered: contest by ana", "x"), 409, "already answered: contest by ana"},
		{"ended", serviceerror.NewNotFound("workflow not found"), 409, "the case is closed"},
		{"away", errors.New("dial tcp 10.0.0.7: " + canary), 503, "the same request may be sent again"},
	} {
		w.temporal.err = c.err
		got := w.as(t, desk.RoleAnalyst, hold)
		if p := got.problem(t); got.status != c.status || p.Detail != c.detail {
			t.Errorf("%s: %+v", c.name, p)
		}
		if (c.status == 503) != (got.header.Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.name, got.header.Get("Retry-After"))
		}
	}
	ok(t, w.db.InCase(t.Context(), dispute.Ref{Connection: "other", ID: "du_1"}, func(*store.CaseTx) error { return nil }))
	for path, status := range map[string]int{
		"/v1/cases/du_1":                          409, // two connections have it now
		"/v1/cases/none":                          404,
		"/v1/cases/a%00b":                         422,
		"/v1/cases?cursor=x":                      422,
		"/v1/notices?cursor=x":                    422,
		"/v1/books/entries?cursor=x":              422,
		"/v1/notices/999":                         404,
		"/v1/cases/" + ref.CaseID() + "/packets/": 404,
	} {
		if strings.HasSuffix(path, "/packets/") {
			path += strings.Repeat("0", 64) + "/files/" + w.file
		}
		got := w.as(t, desk.RoleAdmin, ask{path: path})
		if got.status != status {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.body, status)
		}
	}
	for _, in := range []ask{
		{method: http.MethodDelete, path: "/v1/tokens/999"},
		{method: http.MethodPost, path: "/v1/notices/999/redeliver"},
		{method: http.MethodPost, path: "/v1/cases/none/notes", body: []byte(`{"text":"x"}`)},
	} {
		if got := w.as(t, desk.RoleAdmin, in); got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", in.path, got.status, got.body)
		}
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, err := json.Marshal(NoteRequest{Text: "paid with 4242 4242 4242 4242"})
	ok(t, err)
	note := ask{method: http.MethodPost, path: "/v1/cases/du_1/notes", body: body}
	if got := w.as(t, desk.RoleAnalyst, note); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var f CaseFile
	got := w.get(t, desk.RoleViewer, "/v1/cases/du_1", &f)
	if !strings.Contains(string(got.body), "paid with") || strings.Contains(string(got.body), "4242 4242") {
		t.Errorf("the note is absent, or its card number is not masked: %s", got.body)
	}
	note.body = []byte(`{"text":"  "}`)
	if got := w.as(t, desk.RoleAnalyst, note); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %d %s", got.status, got.body)
	}
}

// A key that was used is the same note or document again, never another.
func TestAKeyIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := map[string]string{"Idempotency-Key": "k"}
	note := func(text string) answer {
		return w.post(t, desk.RoleAnalyst, "/v1/cases/"+ref.CaseID()+"/notes", body(map[string]any{"text": text}), key)
	}
	upload := form(t, "scan.png", picture(t))
	upload.header = key
	for _, step := range []struct {
		what string
		got  func() answer
		want int
	}{
		{"a note", func() answer { return note("called the customer") }, http.StatusOK},
		{"the same again", func() answer { return note("called the customer") }, http.StatusOK},
		{"another text", func() answer { return note("never called") }, http.StatusConflict},
		{"a file", func() answer { return w.as(t, desk.RoleAnalyst, upload) }, http.StatusConflict},
	} {
		if got := step.got(); got.status != step.want {
			t.Errorf("%s: %d %s, want %d", step.what, got.status, got.body, step.want)
		}
	}
	var kept []string
	items, err := w.db.Items(t.Context(), ref.CaseID())
	ok(t, err)
	for _, one := range items {
		if one.ID == "k" {
			kept = append(kept, one.Facts[dispute.FactText])
		}
	}
	if diff := cmp.Diff([]string{"called the customer"}, kept); diff != "" {
		t.Error(diff)
	}
}
