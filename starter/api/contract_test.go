package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
)

func TestContractIsValid(t *testing.T) {
	t.Parallel()
	doc := must(openapi3.NewLoader().LoadFromData(document))(t)
	ok(t, doc.Validate(t.Context()))
	for _, e := range readContract().endpoints {
		body := e.Operation.RequestBody
		if body == nil {
			continue
		}
		for media, content := range body.Value.Content {
			if has := content.Schema.Value.AdditionalProperties.Has; has == nil || *has {
				t.Errorf("%s: %s takes unknown fields", e.Operation.OperationID, media)
			}
		}
	}
	enum := list(doc.Components.Schemas["Role"].Value.Enum, func(v any) desk.Role { return desk.Role(fmt.Sprint(v)) })
	if diff := cmp.Diff(roles, enum); diff != "" {
		t.Errorf("roles (-tested +contract):\n%s", diff)
	}
}

// TestRoutes compares the router with the contract, both ways.
func TestRoutes(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	Register(engine, &desk.Desk{Log: slog.New(slog.DiscardHandler)})
	left := readContract().endpoints
	for _, r := range engine.Routes() {
		key := r.Method + " " + r.Path
		if left[key] == nil {
			t.Errorf("%s is served and not in the contract", key)
		}
		delete(left, key)
	}
	for key := range left {
		t.Errorf("%s is in the contract and not served", key)
	}
}

func TestContractIsServed(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	Register(engine, &desk.Desk{Log: slog.New(slog.DiscardHandler)})
	for _, token := range []string{"", "rbt_unknown"} {
		got := send(t, engine, ask{path: "/v1/openapi.yaml", token: token})
		if got.status != http.StatusOK || !bytes.Equal(got.body, document) {
			t.Errorf("with token %q: %d, %d bytes", token, got.status, len(got.body))
		}
	}
}

// TestMalformed sends what the contract does not allow. The answer names the
// field and repeats no value.
func TestMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const decisions = "/v1/cases/du_1/decisions"
	post := func(path, body string) ask { return ask{method: http.MethodPost, path: path, body: []byte(body)} }
	key := func(values ...string) ask {
		in := post(decisions, `{"kind":"hold"}`)
		in.header = map[string]string{"Idempotency-Key": strings.Join(values, "")}
		return in
	}
	for _, c := range []struct {
		in     ask
		status int
		detail string
	}{
		{post(decisions, `{"kind":"hold","note":"`+canary+`"}`), 400, `property "note" is unsupported`},
		{post(decisions, `{"Kind":"hold"}`), 400, `property "Kind" is unsupported`},
		{post(decisions, `{}`), 400, `property "kind" is missing`},
		{post(decisions, `{"kind":"`+canary+`"}`), 400, `field "kind": value is not one of the allowed values`},
		{post(decisions, `{"kind":null}`), 400, `field "kind"`},
		{post(decisions, `{"kind":"hold","elsewhere":"yes"}`), 400, `field "elsewhere"`},
		{post(decisions, `{"kind":"hold","assignee":""}`), 400, `field "assignee"`},
		{post(decisions, `[]`), 400, "value must be an object"},
		{post(decisions, `{"kind":"hold"} `+canary), 400, "the body is not JSON"},
		{post(decisions, `{"kind":`), 400, "the body is not JSON"},
		{post(decisions, ``), 400, "the body is not JSON"},
		{post(decisions, `{"kind":"hold","queue":"`+strings.Repeat("x", 1<<20)+`"}`), 413, "1 MiB"},
		{ask{method: http.MethodPost, path: decisions, media: "text/plain", body: []byte(canary)}, 415, "send application/json"},
		{key("a b"), 400, `header parameter "Idempotency-Key"`},
		{key(strings.Repeat("x", 201)), 400, `header parameter "Idempotency-Key"`},
		{post("/v1/cases/du_1/notes", `{"text":"`+strings.Repeat("x", 20001)+`"}`), 400, `field "text"`},
		{post("/v1/tokens", `{"name":"a","actor":"b","role":"`+canary+`"}`), 400, `field "role"`},
		{ask{path: "/v1/cases?stauts=open"}, 400, `query parameter "stauts" is unknown`},
		{ask{path: "/v1/cases?open=true&open=false"}, 400, `"open" is given 2 times`},
		{ask{path: "/v1/cases?status=" + canary}, 400, `query parameter "status"`},
		{ask{path: "/v1/cases?open=" + canary}, 400, `query parameter "open"`},
		{ask{path: "/v1/cases?limit=0"}, 400, `query parameter "limit"`},
		{ask{path: "/v1/cases?limit=501"}, 400, `query parameter "limit"`},
		{ask{path: "/v1/cases?limit=" + canary}, 400, `query parameter "limit"`},
		{ask{path: "/v1/cases?queue="}, 400, `query parameter "queue"`},
		{ask{path: "/v1/cases?due_before=" + canary}, 400, `query parameter "due_before"`},
		{ask{path: "/v1/cases?due_before=2026-02-31T00:00:00Z"}, 400, "cannot be read"},
		{ask{path: "/v1/cases?q=%zz"}, 400, "the query cannot be read"},
		{ask{path: "/v1/books/entries?kind=" + canary}, 400, `query parameter "kind"`},
		{ask{path: "/v1/notices/" + canary}, 400, `path parameter "id"`},
		{ask{path: "/v1/notices/0"}, 400, `path parameter "id"`},
		{ask{path: "/v1/notices/99999999999999999999"}, 400, ""},
	} {
		got := w.as(t, desk.RoleAdmin, c.in)
		if p := got.problem(t); got.status != c.status || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s %.60s: %+v, want %d and %q", c.in.path, c.in.body, p, c.status, c.detail)
		}
		if bytes.Contains(got.body, []byte(canary)) {
			t.Errorf("%s: the answer repeats what was sent: %s", c.in.path, got.body)
		}
	}
	if sent := w.temporal.taken(); len(sent) != 0 {
		t.Errorf("decisions %+v", sent)
	}
	if strings.Contains(w.log.String(), canary) {
		t.Errorf("the log repeats what was sent: %s", w.log)
	}
}

// TestPanic reaches for a database that is not there.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	engine := gin.New()
	Register(engine, &desk.Desk{Log: slog.New(slog.NewTextHandler(&log, nil))})
	got := send(t, engine, ask{path: "/v1/cases/" + canary, token: "rbt_secret"})
	want := Problem{Type: "urn:rebuttal:problem:internal", Title: "A fault of this server", Status: 500}
	if diff := cmp.Diff(want, got.problem(t)); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	for _, secret := range []string{canary, "rbt_secret"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(log.String(), "GET /v1/cases/:id") || !strings.Contains(log.String(), "auth.go") {
		t.Errorf("the log does not say where: %s", log.String())
	}
}

// TestDatabaseAway answers that the request may be repeated, not that the
// token is wrong.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.db.Close()
	got := w.as(t, desk.RoleAdmin, ask{path: "/v1/cases"})
	if p := got.problem(t); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
}

func TestNoticesBooksAndTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkNotices(t)
	w.checkBooks(t)
	w.checkTokens(t)
}

func (w *world) checkNotices(t *testing.T) {
	t.Helper()
	var page NoticeList
	w.get(t, desk.RoleAnalyst, "/v1/notices?state=pending&dispute=du_1&connection=stripe-us&kind=opened", &page)
	if len(page.Items) != 1 || page.Items[0].ID != w.notice || page.Items[0].NextAttemptAt.IsZero() {
		t.Errorf("notices %+v", page)
	}
	var n NoticeFile
	w.get(t, desk.RoleAnalyst, fmt.Sprintf("/v1/notices/%d", w.broken), &n)
	if !bytes.Equal(n.Body, []byte{0xff, 0x00}) || n.Notice.State != "unreadable" || n.Notice.ContentType != "text/plain" {
		t.Errorf("notice %+v", n)
	}
	got := w.as(t, desk.RoleManager, ask{method: http.MethodPost, path: fmt.Sprintf("/v1/notices/%d/redeliver", w.broken)})
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("redeliver what nobody could read: %d %s", got.status, got.body)
	}
}

func (w *world) checkBooks(t *testing.T) {
	t.Helper()
	var balance BalanceList
	w.get(t, desk.RoleFinance, "/v1/books/balance", &balance)
	want := BalanceList{Items: []Balance{
		{Connection: "stripe-us", Account: "disputed_funds", Currency: "USD", Debit: 12900},
		{Connection: "stripe-us", Account: "psp_clearing", Currency: "USD", Credit: 12900},
	}}
	if diff := cmp.Diff(want, balance); diff != "" {
		t.Errorf("balance (-want +got):\n%s", diff)
	}
	for query, want := range map[string]int{
		"": 1, "?connection=stripe-us&kind=opened": 1, "?kind=lost": 0,
		"?since=2026-03-05T00:00:00Z": 0, "?until=2026-03-05T00:00:00Z": 1,
	} {
		var entries EntryList
		w.get(t, desk.RoleFinance, "/v1/books/entries"+query, &entries)
		if len(entries.Items) != want {
			t.Errorf("entries%s: %d, want %d", query, len(entries.Items), want)
		}
	}
}

func (w *world) checkTokens(t *testing.T) {
	t.Helper()
	body, err := json.Marshal(TokenRequest{Name: "agent", Actor: "bot", Role: desk.RoleFinance})
	ok(t, err)
	made := w.as(t, desk.RoleAdmin, ask{method: http.MethodPost, path: "/v1/tokens", body: body})
	var token NewToken
	made.into(t, &token)
	in := ask{path: "/v1/books/balance", token: token.Secret}
	if got := w.do(t, in); made.status != http.StatusCreated || got.status != http.StatusOK {
		t.Fatalf("made %d, used %d", made.status, got.status)
	}
	var all TokenList
	listed := w.get(t, desk.RoleAdmin, "/v1/tokens", &all)
	last := all.Items[len(all.Items)-1]
	if last.Actor != "bot" || last.Role != "finance" || bytes.Contains(listed.body, []byte(token.Secret)) {
		t.Errorf("tokens %s", listed.body)
	}
	w.as(t, desk.RoleAdmin, ask{method: http.MethodDelete, path: fmt.Sprintf("/v1/tokens/%d", last.ID)})
	if got := w.do(t, in); got.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", got.status)
	}
}
