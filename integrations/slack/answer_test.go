package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

func TestAnswerClick(t *testing.T) {
	t.Parallel()
	var got map[string]any
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &got); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, body, err)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "ok")
	}))
	defer srv.Close()
	a := connect(t, srv.URL+"/api/", srv.Client())
	c := integrations.Click{ID: "slack-1", ReplyURL: srv.URL + "/response/1"}
	if err := a.AnswerClick(t.Context(), c, "Not done: the case is closed"); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"response_type": "ephemeral", "replace_original": false, "text": "Not done: the case is closed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for code, kind := range map[int]dispute.Kind{404: dispute.NotFound, 307: dispute.UnknownOutcome, 500: dispute.UnknownOutcome} {
		status = code
		if err := a.AnswerClick(t.Context(), c, "x"); dispute.KindOf(err) != kind {
			t.Errorf("HTTP %d gives %v, want kind %s", code, err, kind)
		}
	}
}

func TestMayReply(t *testing.T) {
	t.Parallel()
	cloud := connect(t, "https://slack.com/api/", &http.Client{})
	local := connect(t, "http://127.0.0.1:8090/slack/api/", &http.Client{})
	for address, want := range map[string][2]bool{ // by the real Slack's settings, by the stand-in's
		"https://hooks.slack.com/actions/T/1/x":    {true, true},
		"https://slack.com/x":                      {true, false},
		"http://127.0.0.1:8090/slack/response/1":   {false, true},
		"":                                         {},
		"http://hooks.slack.com/actions/T/1/x":     {},
		"https://hooks.slack.com.evil.example/x":   {},
		"https://hooks.slack.com@evil.example/x":   {},
		"https://hooks.slack.com:8443/x":           {},
		"https://127.0.0.1:8090/slack/response/1":  {},
		"http://127.0.0.1:8091/slack/response/1":   {},
		"http://169.254.169.254/latest/meta-data/": {},
		"file:///etc/passwd":                       {},
		"%zz":                                      {},
	} {
		if got := [2]bool{cloud.mayReply(address), local.mayReply(address)}; got != want {
			t.Errorf("%s: allowed %v, want %v", address, got, want)
		}
	}
	err := cloud.AnswerClick(t.Context(), integrations.Click{ID: "slack-1", ReplyURL: "https://evil.example/secret"}, "x")
	if dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("%v, want kind invalid", err)
	}
}
