package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	stand "github.com/rebuttal-hq/rebuttal/simulator/slack"
)

const (
	token  = "xoxb-canary-token"
	secret = "canary-signing-secret"
	caseID = "cs_abcdefghij234567"
	key    = "cs_abcdefghij234567/chargeback/announce/5f2c"
)

func connect(t testing.TB, baseURL string, client *http.Client) *adapter {
	t.Helper()
	a, err := (&Settings{BaseURL: baseURL, BotToken: token, SigningSecret: secret}).Connect(integrations.Deps{HTTP: client, Now: time.Now}, "alerts")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// workspace is a stand-in behind HTTP with the faults it may be given.
func workspace(t testing.TB) (*stand.Slack, *faults.Set, *adapter) {
	t.Helper()
	s, f := stand.New(token, secret), &faults.Set{}
	srv := httptest.NewServer(f.Wrap("slack", s))
	t.Cleanup(srv.Close)
	return s, f, connect(t, srv.URL+"/slack/api/", srv.Client())
}

func card() integrations.Card {
	return integrations.Card{
		CaseID:   caseID,
		Headline: "1,240.00 USD · Product not received 13.1 · 5 h 12 m left",
		Next:     "Rule high-value-not-received. Cut-off submits as is at 21:00 UTC.",
		Fields:   [][2]string{{"Order", "#1001"}, {"Customer", "cus_1"}, {"Strength", "3 of 4"}},
		Links:    []integrations.Link{{Label: "Open", URL: "https://rebuttal.example/cases/" + caseID}},
		Actions:  []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideAccept, dispute.DecideAssign},
		Tone:     "urgent",
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const key = "case-step-5f2c" // as it looks in a form, too
	ref := integrations.MessageRef{Target: "C00000001", ID: "1700000000.000001"}
	ok := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }
	}
	posted := ok(`{"ok":true,"channel":"C00000001","ts":"1700000000.000002","messages":[]}`)
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, baseURL string) integrations.Adapter {
			return connect(t, baseURL, &http.Client{})
		},
		Secret: token,
		Calls: []vendortest.Call{
			{Name: "check", Do: func(ctx context.Context, a integrations.Adapter) error { return a.(*adapter).Check(ctx) }},
			{Name: "post", Write: true, Key: key, Serve: posted, Do: func(ctx context.Context, a integrations.Adapter) error {
				_, err := a.(*adapter).Post(ctx, key, "C00000001", card())
				return err
			}},
			{Name: "find", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, _, err := a.(*adapter).Find(ctx, key, "C00000001")
				return err
			}},
			{Name: "find by name", Do: func(ctx context.Context, a integrations.Adapter) error {
				_, _, err := a.(*adapter).Find(ctx, key, "#disputes")
				return err
			}},
			{Name: "update", Write: true, Do: func(ctx context.Context, a integrations.Adapter) error {
				return a.(*adapter).Update(ctx, ref, card())
			}},
			// The first request of a reply is the look-up: when it fails, nothing was written.
			{Name: "reply", Key: key, Serve: posted, Do: func(ctx context.Context, a integrations.Adapter) error {
				return a.(*adapter).Reply(ctx, key, ref, "Evidence sent.")
			}},
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings *Settings
		want     string
	}{
		"no token":     {&Settings{BaseURL: "x", SigningSecret: secret}, "bot_token"},
		"no secret":    {&Settings{BaseURL: "x", BotToken: token}, "signing_secret"},
		"no base":      {&Settings{BotToken: token, SigningSecret: secret}, "base_url"},
		"only rotated": {&Settings{BaseURL: "x", BotToken: token, SigningSecrets: []string{secret}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.settings.Connect(integrations.Deps{HTTP: &http.Client{}}, "alerts")
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error %v, want one that names %q", err, tc.want)
			}
		})
	}
	if got := Vendor.Settings().(*Settings).BaseURL; got != "https://slack.com/api/" {
		t.Errorf("default base_url %q", got)
	}
}

func TestCardLife(t *testing.T) {
	t.Parallel()
	s, _, a := workspace(t)
	ctx := t.Context()
	if err := a.Check(ctx); err != nil {
		t.Fatal(err)
	}
	ref, err := a.Post(ctx, key, "#disputes", card())
	if err != nil {
		t.Fatal(err)
	}
	decided := card()
	decided.Decided = "Accepted by ana at 2026-03-02 14:00 UTC"
	if err := a.Update(ctx, ref, decided); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same reply told twice is one reply
		if err := a.Reply(ctx, key, ref, "Accepted & closed"); err != nil {
			t.Fatal(err)
		}
	}
	messages := s.Messages()
	if len(messages) != 2 {
		t.Fatalf("%d messages, want the card and one reply", len(messages))
	}
	if strings.Contains(string(messages[0].Blocks), `"actions"`) || !strings.Contains(messages[0].Text, "Accepted by ana") {
		t.Errorf("the decided card still has buttons or lacks the decision: %s", messages[0].Blocks)
	}
	if !strings.Contains(string(messages[0].Metadata), key) {
		t.Error("the update lost the key")
	}
	if got := messages[1]; got.ThreadTS != ref.ID || got.Text != "Accepted &amp; closed" {
		t.Errorf("reply %+v, want it in the thread of %s", got, ref.ID)
	}
	if err := a.Update(ctx, integrations.MessageRef{Target: ref.Target, ID: "1700000000.999999"}, card()); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("update of no message: %v, want not_found", err)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, mode := range []faults.Mode{faults.DropCommitted, faults.ErrorCommitted} {
		t.Run("post "+string(mode), func(t *testing.T) {
			t.Parallel()
			s, f, a := workspace(t)
			f.Add(faults.Fault{Path: "chat.postMessage", Mode: mode, Times: 1})
			if _, err := a.Post(t.Context(), key, "#disputes", card()); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("lost answer: %v, want unknown_outcome", err)
			}
			ref, found, err := a.Find(t.Context(), key, "#disputes")
			if err != nil || !found {
				t.Fatalf("find = %v, %v; want the committed message", found, err)
			}
			want := integrations.MessageRef{Target: s.Messages()[0].Channel, ID: s.Messages()[0].TS}
			if diff := cmp.Diff(want, ref); diff != "" {
				t.Error(diff)
			}
			if _, found, err := a.Find(t.Context(), "another key", "#disputes"); found || err != nil {
				t.Errorf("another key: found %v, %v", found, err)
			}
		})
		t.Run("reply "+string(mode), func(t *testing.T) {
			t.Parallel()
			s, f, a := workspace(t)
			ref, err := a.Post(t.Context(), key, "#disputes", card())
			if err != nil {
				t.Fatal(err)
			}
			f.Add(faults.Fault{Path: "chat.postMessage", Mode: mode, Times: 1})
			if err := a.Reply(t.Context(), key, ref, "sent"); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Fatalf("lost answer: %v, want unknown_outcome", err)
			}
			if err := a.Reply(t.Context(), key, ref, "sent"); err != nil {
				t.Fatal(err)
			}
			if n := len(s.Messages()); n != 2 {
				t.Errorf("%d messages, want the card and one reply", n)
			}
		})
	}
}

func TestFindReadsSeveralPagesAndStops(t *testing.T) {
	t.Parallel()
	s, _, a := workspace(t)
	first, err := a.Post(t.Context(), key, "#disputes", card())
	if err != nil {
		t.Fatal(err)
	}
	fill := func(n int) {
		for i := range n {
			if _, err := a.Post(t.Context(), fmt.Sprint("other-", i), "#disputes", integrations.Card{CaseID: caseID, Headline: "x"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(pageSize + 1)
	if ref, found, err := a.Find(t.Context(), key, "#disputes"); err != nil || !found || ref != first {
		t.Fatalf("on the second page: %v, %v, %v", ref, found, err)
	}
	fill(pageSize * (maxPages - 1))
	if _, found, err := a.Find(t.Context(), key, "#disputes"); err != nil || found {
		t.Errorf("beyond the last page: %v, %v; want not found", found, err)
	}
	if got := len(s.Messages()); got != pageSize*maxPages+2 {
		t.Fatalf("%d messages in the test's channel", got)
	}
}

func TestChannelNames(t *testing.T) {
	t.Parallel()
	s, f, a := workspace(t)
	if _, found, err := a.Find(t.Context(), key, "#nowhere"); err != nil || found {
		t.Fatalf("a channel nobody sees: %v, %v; want not found", found, err)
	}
	for i := range channelPageSize + 1 {
		s.AddChannel(fmt.Sprint("c", i))
	}
	last := fmt.Sprint("#c", channelPageSize)
	if _, _, err := a.Find(t.Context(), key, last); err != nil {
		t.Fatal(err)
	}
	f.Add(faults.Fault{Path: "conversations.list", Mode: faults.Error})
	if _, _, err := a.Find(t.Context(), key, last); err != nil {
		t.Errorf("the name was not remembered: %v", err)
	}
	for i := range channelPageSize * maxChannelPages {
		s.AddChannel(fmt.Sprint("d", i))
	}
	f.Clear("")
	if _, _, err := a.Find(t.Context(), key, "#not-there"); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("more channels than we look at: %v, want invalid", err)
	}
}

func TestSlackErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]dispute.Kind{
		"invalid_auth": dispute.Auth, "not_authed": dispute.Auth, "account_inactive": dispute.Auth,
		"token_revoked": dispute.Auth, "missing_scope": dispute.Auth,
		"channel_not_found": dispute.NotFound, "not_in_channel": dispute.Invalid, "is_archived": dispute.Invalid,
		"ratelimited": dispute.RateLimited, "fatal_error": dispute.UnknownOutcome, "msg_too_long": dispute.Invalid,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": code, "needed": "chat:write"})
			}))
			defer srv.Close()
			_, err := connect(t, srv.URL, srv.Client()).Post(t.Context(), key, "C00000001", card())
			if dispute.KindOf(err) != want || !strings.Contains(err.Error(), code) {
				t.Errorf("%v, want kind %s and the code", err, want)
			}
			if code == "missing_scope" && !strings.Contains(err.Error(), "chat:write") {
				t.Errorf("%v does not say which scope is missing", err)
			}
		})
	}
}

func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"not JSON": "<html>", "empty object": "{}", "no message": `{"ok":true}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }))
			defer srv.Close()
			a := connect(t, srv.URL, srv.Client())
			if _, err := a.Post(t.Context(), key, "C00000001", card()); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Errorf("post: %v, want unknown_outcome", err)
			}
			if err := a.Update(t.Context(), integrations.MessageRef{Target: "C00000001", ID: "1.1"}, card()); dispute.KindOf(err) != dispute.UnknownOutcome {
				t.Errorf("update: %v, want unknown_outcome", err)
			}
			if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Transient || err == nil {
				t.Errorf("check: %v, want transient", err)
			}
		})
	}
}
