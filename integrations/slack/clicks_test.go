package slack

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	stand "github.com/rebuttal-hq/rebuttal/simulator/slack"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_772_000_000, 0).UTC()
	body := []byte("payload=%7B%7D")
	good := stand.Sign(secret, body, now)
	with := func(k, v string) http.Header {
		h := good.Clone()
		h.Set(k, v)
		return h
	}
	for name, tc := range map[string]struct {
		header http.Header
		body   []byte
		now    time.Time
		ok     bool
	}{
		"good":                {good, body, now, true},
		"rotated secret":      {stand.Sign("second-secret", body, now), body, now, true},
		"unknown secret":      {stand.Sign("third-secret", body, now), body, now, false},
		"tampered body":       {good, []byte("payload=%7B%20%7D"), now, false},
		"no headers":          {http.Header{}, body, now, false},
		"just in time":        {good, body, now.Add(5 * time.Minute), true},
		"stale":               {good, body, now.Add(5*time.Minute + time.Second), false},
		"from the future":     {good, body, now.Add(-5*time.Minute - time.Second), false},
		"timestamp changed":   {with("X-Slack-Request-Timestamp", "1772000001"), body, now, false},
		"timestamp no number": {with("X-Slack-Request-Timestamp", "now"), body, now, false},
		"timestamp huge":      {with("X-Slack-Request-Timestamp", "9223372036854775807"), body, now, false},
		"not v0":              {with("X-Slack-Signature", strings.Replace(good.Get("X-Slack-Signature"), "v0=", "v1=", 1)), body, now, false},
		"not hex":             {with("X-Slack-Signature", "v0=zz"), body, now, false},
		"empty signature":     {with("X-Slack-Signature", "v0="), body, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := (&Settings{
				BaseURL: "http://127.0.0.1:1", BotToken: token, SigningSecret: secret, SigningSecrets: []string{"second-secret"},
			}).Connect(integrations.Deps{HTTP: &http.Client{}}, "alerts")
			if err != nil {
				t.Fatal(err)
			}
			err = a.(integrations.Interactive).Verify(tc.header, tc.body, tc.now)
			if tc.ok != (err == nil) || (err != nil && dispute.KindOf(err) != dispute.Auth) {
				t.Errorf("%v, want accepted = %v, or kind auth", err, tc.ok)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error text holds a secret: %v", err)
			}
		})
	}
}

const press = `{"type":"block_actions","trigger_id":"T.1","response_url":"https://hooks.example/r/1","user":{"id":"U1","username":"ana"},
"actions":[{"type":"button","action_id":"accept","value":"cs_1","action_ts":"1.2"},{"type":"button","action_id":"unknown","value":"cs_1","action_ts":"1.2"}]}`

func form(payload string) []byte { return []byte(url.Values{"payload": {payload}}.Encode()) }

func TestClicks(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	one := []integrations.Click{{CaseID: "cs_1", Kind: dispute.DecideAccept, UserID: "U1", ReplyURL: "https://hooks.example/r/1"}}
	for name, tc := range map[string]struct {
		body []byte
		want []integrations.Click
		bad  bool
	}{
		"a press":          {body: form(press), want: one},
		"another type":     {body: form(`{"type":"view_submission"}`)},
		"only unknown ids": {body: form(strings.Replace(press, `"accept"`, `"note"`, 1))},
		"no case":          {body: form(strings.ReplaceAll(press, `"cs_1"`, `""`))},
		"nobody":           {body: form(strings.Replace(press, `"U1"`, `""`, 1))},
		"no payload":       {body: []byte("a=b"), bad: true},
		"not a form":       {body: []byte("%zz"), bad: true},
		"not JSON":         {body: form("{"), bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := a.Clicks(tc.body)
			if (err != nil) != tc.bad || (err != nil && dispute.KindOf(err) != dispute.Invalid) {
				t.Fatalf("error %v, want one = %v, kind invalid", err, tc.bad)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(integrations.Click{}, "ID")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClickIDs(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	id := func(payload string) string {
		clicks, err := a.Clicks(form(payload))
		if err != nil || len(clicks) != 1 {
			t.Fatalf("%v, %v", clicks, err)
		}
		return clicks[0].ID
	}
	first := id(press)
	if id(press) != first {
		t.Error("the same press has two ids")
	}
	for _, change := range [][2]string{{"T.1", "T.2"}, {`"1.2"`, `"1.3"`}, {`"U1"`, `"U2"`}, {`"accept"`, `"approve"`}, {`"cs_1"`, `"cs_2"`}} {
		if id(strings.ReplaceAll(press, change[0], change[1])) == first {
			t.Errorf("another %s has the same id", change[0])
		}
	}
}

// TestPressedInTheStandIn goes the whole way: card, press, signed request,
// click, answer to the one who pressed.
func TestPressedInTheStandIn(t *testing.T) {
	t.Parallel()
	s, _, a := workspace(t)
	ref, err := a.Post(t.Context(), key, "#disputes", card())
	if err != nil {
		t.Fatal(err)
	}
	var clicks []integrations.Click
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		err := a.Verify(r.Header, body, time.Now())
		if err == nil {
			clicks, err = a.Clicks(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	}))
	defer app.Close()
	if err := s.Click(t.Context(), app.URL, ref.Target, ref.ID, "approve", "U12345678"); err != nil {
		t.Fatal(err)
	}
	want := []integrations.Click{{CaseID: caseID, Kind: dispute.DecideApprove, UserID: "U12345678"}}
	if diff := cmp.Diff(want, clicks, cmpopts.IgnoreFields(integrations.Click{}, "ID", "ReplyURL")); diff != "" {
		t.Fatal(diff)
	}
	answer(t, clicks[0].ReplyURL)
	if diff := cmp.Diff([]stand.Ephemeral{{Channel: ref.Target, User: "U12345678", Text: "Approved."}}, s.Ephemerals()); diff != "" {
		t.Error(diff)
	}
}

func answer(t *testing.T, replyURL string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, replyURL,
		strings.NewReader(`{"response_type":"ephemeral","text":"Approved."}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("response URL answered %d", resp.StatusCode)
	}
}

func FuzzVerify(f *testing.F) {
	now := time.Unix(1_772_000_000, 0)
	body := form(press)
	h := stand.Sign(secret, body, now)
	f.Add(body, h.Get("X-Slack-Request-Timestamp"), h.Get("X-Slack-Signature"))
	f.Add(body, "0", "v0=00")
	f.Add([]byte(nil), "", "")
	a := connect(f, "http://127.0.0.1:1", &http.Client{})
	f.Fuzz(func(t *testing.T, body []byte, stamp, signature string) {
		in := http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {signature}}
		err := a.Verify(in, body, now)
		if err != nil && dispute.KindOf(err) != dispute.Auth {
			t.Errorf("kind %s, want auth", dispute.KindOf(err))
		}
		if err == nil && !strings.EqualFold(stand.Sign(secret, body, now).Get("X-Slack-Signature"), signature) && stamp == h.Get("X-Slack-Request-Timestamp") {
			t.Error("a signature that is not Slack's was accepted")
		}
	})
}

func FuzzClicks(f *testing.F) {
	f.Add(form(press))
	f.Add(form(`{"type":"block_actions","actions":[{}]}`))
	f.Add([]byte("payload=%7B"))
	f.Add([]byte("%zz"))
	a := connect(f, "http://127.0.0.1:1", &http.Client{})
	f.Fuzz(func(t *testing.T, body []byte) {
		clicks, err := a.Clicks(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("kind %s, want invalid", dispute.KindOf(err))
		}
		for _, c := range clicks {
			if c.ID == "" || c.CaseID == "" || c.UserID == "" || !offered(c.Kind) {
				t.Errorf("half a click: %+v", c)
			}
		}
	})
}
