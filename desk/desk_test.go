package desk

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var (
	ref  = dispute.Ref{Connection: "stripe-us", ID: "du_1"}
	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	ana  = Actor{ID: "ana@acme.example", Role: RoleAnalyst}
)

// workflow takes every update and answers as it is told.
type workflow struct {
	client.Client // nil: whatever else is asked of it panics
	mu            sync.Mutex
	updates       []client.UpdateWorkflowOptions
	sendErr       error    // of sending
	endErr        error    // of the outcome
	triggered     []string // schedules
}

var face = dispute.Face{Status: dispute.StatusOnHold, Stage: dispute.StageChargeback, Next: "submits at the cut-off"}

func (w *workflow) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.updates = append(w.updates, o)
	return outcome{err: w.endErr}, w.sendErr
}

type outcome struct {
	client.WorkflowUpdateHandle
	err error
}

func (o outcome) Get(_ context.Context, out any) error {
	if f, ok := out.(*dispute.Face); ok && o.err == nil {
		*f = face
	}
	return o.err
}

// office is a desk with one case, one packet-less, and one stored notice.
type office struct {
	*Desk
	workflow *workflow
	notice   int64
}

func open(t *testing.T) office {
	t.Helper()
	db, err := store.Open(t.Context(), testenv.Postgres(t))
	ok(t, err)
	t.Cleanup(db.Close)
	ok(t, db.Migrate(t.Context()))
	blobs, err := store.OpenBlobs(t.Context(), "mem://")
	ok(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	ok(t, db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.Status, row.WorkflowID, row.Family = dispute.StatusOpen, ref.WorkflowID(1), dispute.FamilyFraudulent
		row.View.Snapshot = dispute.Snapshot{ID: "du_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, OpenedAt: noon}
		return tx.Append(store.Event{Key: "1", Kind: "opened"})
	}))
	saved, err := db.SaveNotices(t.Context(), []store.NewNotice{{Connection: "stripe-us", EventID: "evt_1", Parsed: []byte(`{}`), State: store.NoticeStored}})
	ok(t, err)
	w := &workflow{}
	return office{
		Desk: &Desk{
			DB: db, Blobs: blobs, Temporal: w, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
			People: []Person{
				{ID: ana.ID, Role: ana.Role, Chats: map[string]string{"alerts": "U1", "other": "U9"}},
				{ID: "vic@acme.example", Role: RoleViewer, Chats: map[string]string{"alerts": "U2"}},
				{ID: "mo@acme.example", Role: RoleManager},
			},
		},
		workflow: w, notice: saved[0].ID,
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	ok(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
	return b.Bytes()
}

const ruleText = "rules:\n  - { id: rest, when: \"true\", then: { queue: all, approval: none, ladder: l, respond: contest } }\n" +
	"queues:\n  all: { members: [a@acme.example], escalate_to: b@acme.example }\n" +
	"ladder:\n  l: { remind: [24h], escalate: [12h], cut_off: 6h, at_cut_off: submit }\n"

func TestDecide(t *testing.T) {
	t.Parallel()
	o := open(t)
	in := dispute.Decision{ID: "click-1", Kind: dispute.DecideHold, By: "mallory", At: noon.AddDate(9, 0, 0)}
	got, err := o.Decide(t.Context(), ana, "stripe-us/du_1", in)
	if err != nil || !cmp.Equal(got, face) {
		t.Fatalf("%+v, %v", got, err)
	}
	in.By, in.At = ana.ID, noon
	want := client.UpdateWorkflowOptions{
		UpdateID: "click-1", WorkflowID: ref.WorkflowID(1), UpdateName: "hold", Args: []any{in},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	if diff := cmp.Diff(want, o.workflow.updates[0], cmpopts.IgnoreUnexported(client.UpdateWorkflowOptions{})); diff != "" {
		t.Errorf("update (-want +got):\n%s", diff)
	}
	ids := map[string]bool{}
	for range 2 {
		_, err = o.Decide(t.Context(), ana, "du_1", dispute.Decision{Kind: dispute.DecideRelease})
		ok(t, err)
		last := o.workflow.updates[len(o.workflow.updates)-1]
		ids[last.UpdateID] = true
	}
	if len(ids) != 2 || ids[""] {
		t.Errorf("ids of decisions without one: %v", ids)
	}
	for _, bad := range []struct {
		caseID string
		kind   dispute.DecisionKind
		want   dispute.Kind
	}{{"du_1", "sell", dispute.Invalid}, {"du_1", "", dispute.Invalid}, {"du_none", dispute.DecideHold, dispute.NotFound}} {
		if _, err := o.Decide(t.Context(), ana, bad.caseID, dispute.Decision{Kind: bad.kind}); dispute.KindOf(err) != bad.want {
			t.Errorf("%s of %s: %v, want kind %s", bad.kind, bad.caseID, err, bad.want)
		}
	}
	if len(o.workflow.updates) != 3 {
		t.Errorf("%d updates, want 3", len(o.workflow.updates))
	}
}

func TestWhatTheWorkflowSays(t *testing.T) {
	t.Parallel()
	o := open(t)
	refusal := temporal.NewApplicationError("the cut-off has passed", "refused")
	for name, tc := range map[string]struct {
		send, end error
		want      dispute.Kind
		text      string
	}{
		"refused at once":  {send: refusal, want: dispute.Conflict, text: "the cut-off has passed"},
		"refused":          {end: refusal, want: dispute.Conflict, text: "the cut-off has passed"},
		"ended":            {send: serviceerror.NewNotFound("workflow execution already completed"), want: dispute.Conflict, text: "the case is closed"},
		"ended meanwhile":  {end: serviceerror.NewNotFound("workflow execution already completed"), want: dispute.Conflict, text: "the case is closed"},
		"Temporal is away": {send: serviceerror.NewUnavailable("connection refused"), want: dispute.Transient, text: "did not answer"},
		"nobody answers":   {end: context.DeadlineExceeded, want: dispute.Transient, text: "did not answer"},
	} {
		o.workflow.sendErr, o.workflow.endErr = tc.send, tc.end
		_, err := o.Decide(t.Context(), ana, "du_1", dispute.Decision{Kind: dispute.DecideSubmit})
		if err == nil || dispute.KindOf(err) != tc.want || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v, want kind %s with %q", name, err, tc.want, tc.text)
		}
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	o := open(t)
	got, err := o.Note(t.Context(), ana, "du_1", "", "She paid with 4242 4242 4242 4242, order 1001.")
	if err != nil || !cmp.Equal(got, face) {
		t.Fatalf("%+v, %v", got, err)
	}
	f, err := o.Case(t.Context(), ana, "du_1")
	ok(t, err)
	item := f.Items[0]
	text := item.Facts[dispute.FactText]
	if strings.Contains(text, "4242 4242 4242") || !strings.Contains(text, "order 1001") {
		t.Errorf("the note is %q", text)
	}
	if item.Kind != dispute.ItemNote || item.Source != "person:"+ana.ID || !item.At.Equal(noon) {
		t.Errorf("item %+v", item)
	}
	decided, _ := o.workflow.updates[0].Args[0].(dispute.Decision)
	if decided.Kind != dispute.DecideNote || decided.Item != item.ID {
		t.Errorf("decision %+v", decided)
	}
	for _, empty := range []string{"", " \n\t"} {
		if _, err := o.Note(t.Context(), ana, "du_1", "", empty); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("a note of %q: %v", empty, err)
		}
	}
	if _, err := o.Note(t.Context(), ana, "du_none", "", "words"); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a note without a case: %v", err)
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	o := open(t)
	content := picture(t)
	_, err := o.Attach(t.Context(), ana, "du_1", "", Upload{Name: "proof.pdf", Title: "Card 4242424242424242", Content: content}) // the name lies
	ok(t, err)
	f, err := o.Case(t.Context(), ana, "du_1")
	ok(t, err)
	item := f.Items[0]
	if item.Kind != dispute.ItemDocument || item.MediaType != "image/png" || item.FileName != "proof.pdf" || strings.Contains(item.Title, "42424242424242") {
		t.Errorf("item %+v", item)
	}
	kept, err := o.Blobs.Get(t.Context(), item.Blob)
	if err != nil || !bytes.Equal(kept, content) {
		t.Errorf("%d bytes kept, %v", len(kept), err)
	}
	for name, bad := range map[string][]byte{
		"a.pdf": []byte("hello"), "b.png": []byte("\x89PNG\r\n\x1a\n and then nothing"), "c.docx": []byte("PK\x03\x04"), "d.pdf": nil,
	} {
		if _, err := o.Attach(t.Context(), ana, "du_1", "", Upload{Name: name, Content: bad}); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v, want kind invalid", name, err)
		}
	}
	_, err = o.Attach(t.Context(), ana, "du_1", "", Upload{Name: "untitled.png", Content: content})
	ok(t, err)
	f, err = o.Case(t.Context(), ana, "du_1")
	ok(t, err)
	if len(f.Items) != 2 || (f.Items[0].Title != "untitled.png" && f.Items[1].Title != "untitled.png") {
		t.Errorf("items %+v", f.Items)
	}
}

func TestClick(t *testing.T) {
	t.Parallel()
	o := open(t)
	click := integrations.Click{ID: "slack-1", CaseID: ref.CaseID(), Kind: dispute.DecideApprove, UserID: "U1"}
	ok(t, o.Click(t.Context(), "alerts", click))
	click.ID, click.Kind = "slack-2", dispute.DecideAssign
	ok(t, o.Click(t.Context(), "alerts", click))
	var got []dispute.Decision
	for _, u := range o.workflow.updates {
		d, _ := u.Args[0].(dispute.Decision)
		got = append(got, d)
	}
	want := []dispute.Decision{
		{ID: "slack-1", Kind: dispute.DecideApprove, By: ana.ID, At: noon},
		{ID: "slack-2", Kind: dispute.DecideAssign, By: ana.ID, At: noon, Assignee: ana.ID},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	for name, tc := range map[string]struct{ connection, user string }{
		"a stranger": {"alerts", "U7"}, "the id of another chat": {"alerts", "U9"}, "another chat": {"elsewhere", "U1"},
		"nobody": {"alerts", ""}, "nobody elsewhere": {"elsewhere", ""}, "a viewer": {"alerts", "U2"},
	} {
		click.UserID = tc.user
		if err := o.Click(t.Context(), tc.connection, click); dispute.KindOf(err) != dispute.Auth {
			t.Errorf("%s: %v, want kind auth", name, err)
		}
	}
	click.UserID, click.CaseID = "U1", "cs_none"
	if err := o.Click(t.Context(), "alerts", click); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no such case: %v", err)
	}
	if len(o.workflow.updates) != 2 {
		t.Errorf("%d updates, want 2", len(o.workflow.updates))
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	o := open(t)
	secret, err := o.CreateToken(t.Context(), System, "ci", "robot", RoleFinance)
	ok(t, err)
	by, err := o.Authenticate(t.Context(), secret)
	if err != nil || by != (Actor{ID: "robot", Role: RoleFinance}) {
		t.Errorf("actor %+v, %v", by, err)
	}
	if _, err := o.CreateToken(t.Context(), System, "ci", "robot", "owner"); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("an unknown role: %v", err)
	}
	list, err := o.Tokens(t.Context(), System)
	if err != nil || len(list) != 1 {
		t.Fatalf("tokens %v, %v", list, err)
	}
	ok(t, o.RevokeToken(t.Context(), System, list[0].ID))
	if _, err := o.Authenticate(t.Context(), secret); dispute.KindOf(err) != dispute.Auth || Forbidden(err) {
		t.Errorf("a revoked token: %v", err)
	}
}

func TestLoginToken(t *testing.T) {
	t.Parallel()
	o := open(t)
	secret, err := o.LoginToken(t.Context(), ana.ID, RoleAnalyst, noon.Add(time.Hour))
	ok(t, err)
	if by, err := o.Authenticate(t.Context(), secret); err != nil || by != (Actor{ID: ana.ID, Role: RoleAnalyst}) {
		t.Errorf("actor %+v, %v", by, err)
	}
	for name, wrong := range map[string]struct {
		actor string
		role  Role
		until time.Time
	}{
		"nobody": {"", RoleViewer, noon.Add(time.Hour)}, "an unknown role": {"a", "owner", noon.Add(time.Hour)},
		"no role": {"a", "", noon.Add(time.Hour)}, "an end that has passed": {"a", RoleViewer, noon}, "no end": {actor: "a", role: RoleViewer},
	} {
		if _, err := o.LoginToken(t.Context(), wrong.actor, wrong.role, wrong.until); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.Now = func() time.Time { return noon.Add(time.Hour) }
	if _, err := o.Authenticate(t.Context(), secret); dispute.KindOf(err) != dispute.Auth || Forbidden(err) {
		t.Errorf("an expired login: %v", err)
	}
	// It is listed for 30 days more, then the next login deletes it.
	for i, want := range []int{2, 2} {
		o.Now = func() time.Time { return noon.Add(time.Hour + loginKept + time.Duration(i)*time.Second) }
		_, err := o.LoginToken(t.Context(), "b", RoleViewer, noon.AddDate(9, 0, 0))
		ok(t, err)
		if list, err := o.Tokens(t.Context(), System); err != nil || len(list) != want {
			t.Errorf("%d tokens, %v", len(list), err)
		}
	}
	ok(t, o.EndLogin(t.Context(), secret))
}

func TestRules(t *testing.T) {
	t.Parallel()
	o := open(t)
	set, err := o.RulesInForce(t.Context(), ana)
	if err != nil || set.Hash() != rules.Default().Hash() {
		t.Fatalf("without published rules: %v", err)
	}
	published, err := o.PublishRules(t.Context(), System, "r.yaml", []byte(ruleText), "first")
	ok(t, err)
	set, err = o.RulesInForce(t.Context(), ana)
	if err != nil || set.Hash() != published.Hash() {
		t.Errorf("in force %v, %v", set, err)
	}
	text, route, err := o.ExplainRules(t.Context(), ana, set, "du_1")
	if err != nil || route.Rule != "rest" || !strings.Contains(text, "rest") {
		t.Errorf("%q, %+v, %v", text, route, err)
	}
	if _, err := o.PublishRules(t.Context(), System, "r.yaml", []byte("rules: ["), ""); err == nil {
		t.Error("broken rules were published")
	}
	history, err := o.RuleHistory(t.Context(), ana)
	if err != nil || len(history) != 1 || history[0].Author != System.ID || history[0].Comment != "first" {
		t.Errorf("history %+v, %v", history, err)
	}
}

// A history that somebody changed behind our back is shown, and said.
func TestCaseFileSaysWhetherTheChainHolds(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, _, err := o.DB.BeginIntent(t.Context(), store.Intent{Key: "k", CaseID: ref.CaseID(), Kind: string(dispute.ResponseContest), Target: "stripe-us"})
	ok(t, err)
	f, err := o.Case(t.Context(), ana, ref.CaseID())
	if err != nil || !f.ChainOK || f.ChainError != "" || len(f.History) != 1 || f.Submission != nil || len(f.Writes) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	ok(t, o.DB.FinishIntent(t.Context(), "k", store.Receipt{Request: []byte("a")}))
	f, err = o.Case(t.Context(), ana, ref.CaseID())
	if err != nil || f.Submission == nil || f.Submission.Key != "k" {
		t.Errorf("submission %+v, %v", f.Submission, err)
	}
	if _, err := o.Case(t.Context(), ana, "cs_none"); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("no such case: %v", err)
	}
}
