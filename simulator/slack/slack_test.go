package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	token  = "xoxb-test"
	secret = "signing-test"
)

func serve(t *testing.T) (*Slack, string) {
	t.Helper()
	s := New(token, secret)
	srv := httptest.NewServer(http.StripPrefix("/slack", s))
	t.Cleanup(srv.Close)
	return s, srv.URL + "/slack/api/"
}

func post(t *testing.T, target, contentType, bearer, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return answer
}

func call(t *testing.T, base, method string, args map[string]string) map[string]any {
	t.Helper()
	form := url.Values{"token": {token}}
	for k, v := range args {
		form.Set(k, v)
	}
	return post(t, base+method, "application/x-www-form-urlencoded", "", form.Encode())
}

func TestAuthorisation(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	for name, tc := range map[string]struct{ bearer, body, want string }{
		"header":    {token, "", ""},
		"form":      {"", "token=" + token, ""},
		"none":      {"", "", "not_authed"},
		"wrong":     {"xoxb-other", "", "invalid_auth"},
		"bad form":  {token, "%zz", "invalid_form_data"},
		"cut short": {token[:4], "", "invalid_auth"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := post(t, base+"auth.test", "application/x-www-form-urlencoded", tc.bearer, tc.body)
			if got, _ := answer["error"].(string); got != tc.want || answer["ok"] != (tc.want == "") {
				t.Errorf("%v, want error %q", answer, tc.want)
			}
		})
	}
	if got := call(t, base, "chat.nothing", nil)["error"]; got != "unknown_method" {
		t.Errorf("error %v, want unknown_method", got)
	}
}

const goodMetadata = `{"event_type":"rebuttal_case","event_payload":{"key":"k1"}}`

func TestMessagesWithMetadata(t *testing.T) {
	t.Parallel()
	s, base := serve(t)
	body := `{"channel":"#disputes","text":"hello","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*hello*"}}],"metadata":` + goodMetadata + `}`
	first := post(t, base+"chat.postMessage", "application/json; charset=utf-8", token, body)
	channel, ts := first["channel"].(string), first["ts"].(string)
	call(t, base, "chat.postMessage", map[string]string{"channel": channel, "text": "second"})
	call(t, base, "chat.postMessage", map[string]string{"channel": channel, "text": "in the thread", "thread_ts": ts})
	call(t, base, "chat.update", map[string]string{"channel": channel, "ts": ts, "text": "changed", "blocks": "[]"})

	page := call(t, base, "conversations.history", map[string]string{"channel": channel, "limit": "1", "include_all_metadata": "1"})
	if diff := cmp.Diff([]string{"second"}, texts(page)); diff != "" || page["has_more"] != true {
		t.Errorf("first page, newest first: %v %s", page, diff)
	}
	cursor := page["response_metadata"].(map[string]any)["next_cursor"].(string)
	page = call(t, base, "conversations.history", map[string]string{"channel": channel, "cursor": cursor, "include_all_metadata": "true"})
	if diff := cmp.Diff([]string{"changed"}, texts(page)); diff != "" {
		t.Error(diff)
	}
	var want any
	_ = json.Unmarshal([]byte(goodMetadata), &want)
	if diff := cmp.Diff(want, page["messages"].([]any)[0].(map[string]any)["metadata"]); diff != "" {
		t.Errorf("the update lost the metadata: %s", diff)
	}
	page = call(t, base, "conversations.history", map[string]string{"channel": channel})
	if _, shown := page["messages"].([]any)[1].(map[string]any)["metadata"]; shown {
		t.Error("metadata shown without being asked for")
	}
	page = call(t, base, "conversations.replies", map[string]string{"channel": channel, "ts": ts})
	if diff := cmp.Diff([]string{"changed", "in the thread"}, texts(page)); diff != "" {
		t.Error(diff)
	}
	if got := s.Messages(); len(got) != 3 || got[0].Text != "changed" || string(got[0].Blocks) != "[]" {
		t.Errorf("messages %+v", got)
	}
	list := call(t, base, "conversations.list", nil)
	if got := list["channels"].([]any)[0].(map[string]any); got["id"] != channel || got["name"] != "disputes" {
		t.Errorf("channels %v", got)
	}
}

func texts(page map[string]any) []string {
	var out []string
	messages, _ := page["messages"].([]any)
	for _, m := range messages {
		out = append(out, m.(map[string]any)["text"].(string))
	}
	return out
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, base := serve(t)
	id := s.AddChannel("disputes")
	long := strings.Repeat("x", 3001)
	section := func(fields int) string {
		return `[{"type":"section","fields":[` + strings.TrimSuffix(strings.Repeat(`{"type":"mrkdwn","text":"x"},`, fields), ",") + `]}]`
	}
	action := func(label, value string) string {
		return fmt.Sprintf(`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":%q},"value":%q}]}]`, label, value)
	}
	for name, tc := range map[string]struct {
		method string
		args   map[string]string
		want   string
	}{
		"no channel":       {"chat.postMessage", map[string]string{"text": "x"}, "channel_not_found"},
		"unknown channel":  {"chat.postMessage", map[string]string{"channel": "C99999999", "text": "x"}, "channel_not_found"},
		"no text":          {"chat.postMessage", map[string]string{"channel": id}, "no_text"},
		"blocks no array":  {"chat.postMessage", map[string]string{"channel": id, "blocks": "{}"}, "invalid_blocks"},
		"text too long":    {"chat.postMessage", map[string]string{"channel": id, "blocks": `[{"type":"section","text":{"type":"mrkdwn","text":"` + long + `"}}]`}, "invalid_blocks"},
		"empty section":    {"chat.postMessage", map[string]string{"channel": id, "blocks": `[{"type":"section"}]`}, "invalid_blocks"},
		"too many fields":  {"chat.postMessage", map[string]string{"channel": id, "blocks": section(11)}, "invalid_blocks"},
		"enough fields":    {"chat.postMessage", map[string]string{"channel": id, "blocks": section(10)}, ""},
		"label too long":   {"chat.postMessage", map[string]string{"channel": id, "blocks": action(long[:76], "v")}, "invalid_blocks"},
		"value too long":   {"chat.postMessage", map[string]string{"channel": id, "blocks": action("ok", long[:2001])}, "invalid_blocks"},
		"too many blocks":  {"chat.postMessage", map[string]string{"channel": id, "blocks": "[" + strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 51), ",") + "]"}, "invalid_blocks"},
		"bad metadata":     {"chat.postMessage", map[string]string{"channel": id, "text": "x", "metadata": "{}"}, "invalid_metadata_format"},
		"no such thread":   {"chat.postMessage", map[string]string{"channel": id, "text": "x", "thread_ts": "1.1"}, "thread_not_found"},
		"update of none":   {"chat.update", map[string]string{"channel": id, "ts": "1.1", "text": "x"}, "message_not_found"},
		"replies of none":  {"conversations.replies", map[string]string{"channel": id, "ts": "1.1"}, "thread_not_found"},
		"history by name":  {"conversations.history", map[string]string{"channel": "#disputes"}, "channel_not_found"},
		"limit no number":  {"conversations.history", map[string]string{"channel": id, "limit": "x"}, "invalid_limit"},
		"limit too large":  {"conversations.list", map[string]string{"limit": "1001"}, "invalid_limit"},
		"cursor not ours":  {"conversations.list", map[string]string{"cursor": "x"}, "invalid_cursor"},
		"nobody":           {"users.info", map[string]string{"user": "x"}, "user_not_found"},
		"somebody":         {"users.info", map[string]string{"user": "U12345678"}, ""},
		"known by the app": {"users.info", map[string]string{"user": userID}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := call(t, base, tc.method, tc.args)["error"].(string); got != tc.want {
				t.Errorf("error %q, want %q", got, tc.want)
			}
		})
	}
}

func TestClick(t *testing.T) {
	t.Parallel()
	s, base := serve(t)
	posted := call(t, base, "chat.postMessage", map[string]string{"channel": "#disputes", "text": "x",
		"blocks": `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Accept"},"action_id":"accept","value":"cs_1"}]}]`})
	channel, ts := posted["channel"].(string), posted["ts"].(string)
	var payload map[string]any
	status := http.StatusOK
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		_ = json.Unmarshal([]byte(form.Get("payload")), &payload)
		if r.Header.Get("X-Slack-Signature") == "" || r.Header.Get("X-Slack-Request-Timestamp") == "" {
			t.Error("the click is not signed")
		}
		w.WriteHeader(status)
	}))
	defer app.Close()
	if err := s.Click(t.Context(), app.URL, channel, ts, "accept", "U1"); err != nil {
		t.Fatal(err)
	}
	action := payload["actions"].([]any)[0].(map[string]any)
	if payload["type"] != "block_actions" || action["action_id"] != "accept" || action["value"] != "cs_1" {
		t.Errorf("payload %v", payload)
	}
	replyURL := payload["response_url"].(string)
	if !strings.HasPrefix(replyURL, base) {
		t.Errorf("response_url %s is not where the app calls us (%s)", replyURL, base)
	}
	resp, err := http.Post(replyURL, "application/json", strings.NewReader(`{"text":"only you see this"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if diff := cmp.Diff([]Ephemeral{{Channel: channel, User: "U1", Text: "only you see this"}}, s.Ephemerals()); diff != "" {
		t.Error(diff)
	}
	resp, err = http.Post(replyURL+"0", "application/json", strings.NewReader(`{"text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a response URL nobody gave out answered %d", resp.StatusCode)
	}
	for _, wrong := range [][3]string{{channel, ts, "approve"}, {channel, "1.1", "accept"}, {"C9", ts, "accept"}} {
		if s.Click(t.Context(), app.URL, wrong[0], wrong[1], wrong[2], "U1") == nil {
			t.Errorf("pressed a button that is not there: %v", wrong)
		}
	}
	status = http.StatusUnauthorized
	if s.Click(t.Context(), app.URL, channel, ts, "accept", "U1") == nil {
		t.Error("a refused click is no error")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := New(token, secret)
	form := url.Values{"token": {token}, "channel": {"#disputes"}, "text": {"x"}}.Encode()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				r := httptest.NewRequest(http.MethodPost, "/api/chat.postMessage", strings.NewReader(form))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				s.ServeHTTP(httptest.NewRecorder(), r)
				s.Messages()
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for _, m := range s.Messages() {
		seen[m.TS] = true
	}
	if len(seen) != 80 {
		t.Errorf("%d different message ids, want 80", len(seen))
	}
}
