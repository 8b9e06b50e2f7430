package slack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	stand "github.com/rebuttal-hq/rebuttal/simulator/slack"
)

// exchange is one call and its answer, as they went over the wire.
type exchange struct {
	method string
	form   url.Values
	answer []byte
}

// tape is a transport that keeps every exchange.
type tape struct {
	mu   sync.Mutex
	kept []exchange
}

func (tp *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	form, _ := url.ParseQuery(string(sent))
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.kept = append(tp.kept, exchange{path.Base(r.URL.Path), form, answer})
	return resp, err
}

// record runs every call of the adapter against the stand-in.
func record(t *testing.T) []exchange {
	t.Helper()
	srv := httptest.NewServer(stand.New(token, secret))
	t.Cleanup(srv.Close)
	tp := &tape{}
	a := connect(t, srv.URL+"/api/", &http.Client{Transport: tp})
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(a.Check(ctx))
	for name, c := range cards() {
		ref, err := a.Post(ctx, name, "#disputes", c)
		check(err)
		check(a.Update(ctx, ref, c))
		check(a.Reply(ctx, name, ref, "Evidence sent."))
		_, _, err = a.Find(ctx, name, "#disputes")
		check(err)
	}
	fresh := connect(t, srv.URL+"/api/", &http.Client{Transport: tp})
	_, _, err := fresh.Find(ctx, "k", "#disputes")
	check(err)
	_, _, err = a.Find(ctx, "k", "C99999999")
	if err == nil {
		t.Fatal("a channel that is not there was found")
	}
	return tp.kept
}

func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t *testing.T, raw []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

// TestMessagesKeepTheContract checks what is sent as blocks and to
// chat.postMessage, and its answer, against the vendor's own newest types.
func TestMessagesKeepTheContract(t *testing.T) {
	t.Parallel()
	specs, ok := testenv.Specs(t)
	if !ok {
		return
	}
	dir := filepath.Join(specs, "slack")
	arguments := compile(t, filepath.Join(dir, "chat.postMessage.arguments.derived.schema.json"))
	kit := compile(t, filepath.Join(dir, "block-kit.blocks.derived.schema.json"))
	answers := compile(t, filepath.Join(dir, "chat.postMessage.response.derived.schema.json"))
	seen := 0
	for _, x := range record(t) {
		if blocks := x.form.Get("blocks"); blocks != "" {
			if err := kit.Validate(decode(t, []byte(blocks))); err != nil {
				t.Errorf("%s: blocks: %v", x.method, err)
			}
		}
		if x.method != "chat.postMessage" {
			continue
		}
		seen++
		if err := arguments.Validate(decode(t, asJSON(t, x.form))); err != nil {
			t.Errorf("arguments: %v", err)
		}
		// The blocks come back as they were sent; the answer's schema is older and
		// knows no text in context blocks.
		answer := decode(t, x.answer).(map[string]any)
		delete(answer["message"].(map[string]any), "blocks")
		if err := answers.Validate(answer); err != nil {
			t.Errorf("answer: %v", err)
		}
	}
	if want := 2 * len(cards()); seen != want {
		t.Errorf("%d messages checked, want %d", seen, want)
	}
}

// asJSON is a form as the JSON arguments it stands for.
func asJSON(t *testing.T, form url.Values) []byte {
	t.Helper()
	args := make(map[string]any)
	for k := range form {
		args[k] = form.Get(k)
		switch k {
		case "blocks", "metadata", "unfurl_links", "unfurl_media":
			args[k] = json.RawMessage(form.Get(k))
		}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// newer are the parts of the API that Slack added after its archived Swagger
// file of 2021.
var newer = struct{ methods, arguments, answers []string }{
	methods:   []string{"conversations.replies"},
	arguments: []string{"token", "metadata", "include_all_metadata"},
	answers:   []string{"response_metadata"},
}

// TestCallsKeepTheContract checks every call's arguments and answer against
// the Swagger file.
func TestCallsKeepTheContract(t *testing.T) {
	t.Parallel()
	specs, ok := testenv.Specs(t)
	if !ok {
		return
	}
	doc := swagger(t, filepath.Join(specs, "slack", "slack_web_openapi_v2.trimmed.json"))
	for _, x := range record(t) {
		if slices.Contains(newer.methods, x.method) {
			continue
		}
		item := doc.Paths.Value("/" + x.method)
		if item == nil {
			t.Errorf("%s is no method of Slack's", x.method)
			continue
		}
		op := item.Post
		if op == nil {
			op = item.Get // Slack takes reads by POST too
		}
		for k := range x.form {
			if !known(op, k) && !slices.Contains(newer.arguments, k) {
				t.Errorf("%s has no argument %q", x.method, k)
			}
		}
		if err := answerOf(t, op, x.answer); err != nil {
			t.Errorf("%s answered %s: %v", x.method, x.answer, err)
		}
	}
}

func swagger(t *testing.T, file string) *openapi3.T {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v2 openapi2.T
	if err := json.Unmarshal(raw, &v2); err != nil {
		t.Fatal(err)
	}
	doc, err := openapi2conv.ToV3(&v2)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// known reports whether an argument is a query parameter, a header or a form
// field of the operation.
func known(op *openapi3.Operation, name string) bool {
	for _, p := range op.Parameters {
		if p.Value.Name == name {
			return true
		}
	}
	if op.RequestBody == nil {
		return false
	}
	for _, media := range op.RequestBody.Value.Content {
		if _, ok := media.Schema.Value.Properties[name]; ok {
			return true
		}
	}
	return false
}

func answerOf(t *testing.T, op *openapi3.Operation, raw []byte) error {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	for _, field := range newer.answers {
		delete(answer, field)
	}
	if at, ok := answer["channel_actions_ts"]; ok && at == nil { // null is in x-anyOf only
		answer["channel_actions_ts"] = 0.0
	}
	if _, ok := answer["text"]; ok { // chat.update's file calls the blocks one object
		delete(answer["message"].(map[string]any), "blocks")
	}
	messages, _ := answer["messages"].([]any)
	for _, m := range append(messages, answer["message"]) {
		if m, ok := m.(map[string]any); ok {
			delete(m, "metadata")
		}
	}
	status := "200"
	if answer["ok"] == false {
		status = "default"
	}
	return op.Responses.Value(status).Value.Content["application/json"].Schema.Value.VisitJSON(answer)
}
