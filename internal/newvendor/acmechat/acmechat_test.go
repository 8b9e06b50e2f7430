package acmechat

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

const (
	token  = "bot_canary_0123456789"
	secret = "whs_canary_0123456789"
)

// standIn answers as Acmechat does.
type standIn struct {
	mu       sync.Mutex
	messages []message
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in message
	_ = json.NewDecoder(r.Body).Decode(&in)
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case r.URL.Path == "/v1/me":
		answer(map[string]string{"id": "bot_1"})
	case r.Method == http.MethodGet:
		answer(map[string]any{"data": s.of(r.URL.Query().Get("key"))})
	case r.Method == http.MethodPut:
		for i := range s.messages {
			if m := &s.messages[i]; strings.HasSuffix(r.URL.Path, "/"+m.ID) {
				in.ID, in.Key = m.ID, m.Key
				*m = in
				answer(in)
				return
			}
		}
		http.NotFound(w, r)
	default:
		if known := s.of(in.Key); len(known) > 0 {
			answer(known[0])
			return
		}
		in.ID = fmt.Sprintf("m%d", len(s.messages)+1)
		s.messages = append(s.messages, in)
		answer(in)
	}
}

func (s *standIn) of(key string) []message {
	out := []message{}
	for _, m := range s.messages {
		if m.Key == key {
			out = append(out, m)
		}
	}
	return out
}

func settings(baseURL string) *Settings {
	return &Settings{Token: token, SigningSecrets: []string{secret}, BaseURL: baseURL}
}

func newAdapter(t testing.TB, baseURL string) integrations.Adapter {
	t.Helper()
	a, err := settings(baseURL).Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "alerts")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func signed(body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{"Acmechat-Timestamp": {stamp}, "Acmechat-Signature": {hex.EncodeToString(sign(secret, stamp, body))}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Spec{
		New:     func(t *testing.T, baseURL string) integrations.Adapter { return newAdapter(t, baseURL) },
		Secret:  token,
		StandIn: func() http.Handler { return &standIn{} },
		Intake:  &vendortest.Intake{Sign: signed, Secret: secret, Golden: "testdata", Stale: tolerance + time.Second},
	})
}

// TestKnownSignature holds Verify to a signature that our code did not make: put
// one from Acmechat's documentation or a test bot here.
func TestKnownSignature(t *testing.T) {
	t.Parallel()
	// printf '1790000000.{"id":"act_1"}' | openssl dgst -sha256 -hmac whs_canary_0123456789
	h := http.Header{"Acmechat-Timestamp": {"1790000000"}, "Acmechat-Signature": {"6f77db7cc26bd768b8f3873868b279f0676ed478b30a2987d5c779f51e186754"}}
	a := newAdapter(t, "http://127.0.0.1:1").(integrations.Interactive)
	if err := a.Verify(h, []byte(`{"id":"act_1"}`), time.Unix(1_790_000_000, 0)); err != nil {
		t.Errorf("a signature by openssl is refused: %v", err)
	}
}

// TestCardLife: a card is posted once, changes in place, and loses its buttons
// when the case is decided.
func TestCardLife(t *testing.T) {
	t.Parallel()
	s := &standIn{}
	a := newAdapter(t, vendortest.Serve(t, s)).(integrations.Notifier)
	card := integrations.Card{
		CaseID: "cs_1", Stage: dispute.StageChargeback, Headline: "129.00 USD", Next: "sends at the cut-off",
		Fields: [][2]string{{"Order", "#1001"}}, Actions: []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideHold},
	}
	var ref integrations.MessageRef
	for range 2 {
		var err error
		if ref, err = a.Post(t.Context(), "cs_1/card", "C1", card); err != nil {
			t.Fatal(err)
		}
	}
	want := message{ID: "m1", Key: "cs_1/card", Text: "129.00 USD", Lines: []string{"sends at the cut-off", "Order: #1001"},
		Buttons: []button{{Label: "Approve", Action: "approve", Value: "cs_1|chargeback"}}}
	if diff := cmp.Diff([]message{want}, s.messages); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	card.Actions, card.Decided = nil, "Approved by ana"
	if err := a.Update(t.Context(), ref, card); err != nil {
		t.Fatal(err)
	}
	want.Lines, want.Buttons = []string{"Approved by ana", "Order: #1001"}, nil
	if diff := cmp.Diff([]message{want}, s.messages); diff != "" {
		t.Errorf("decided (-want +got):\n%s", diff)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(*Settings)
		want string // part of the error; empty for none
	}{
		"good":           {func(*Settings) {}, ""},
		"no token":       {func(s *Settings) { s.Token = "" }, "token"},
		"no secret":      {func(s *Settings) { s.SigningSecrets = nil }, "signing_secrets"},
		"no base":        {func(s *Settings) { s.BaseURL = "" }, "base_url"},
		"base of a path": {func(s *Settings) { s.BaseURL = "/v1" }, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(Vendor.Settings().(*Settings).BaseURL)
			tt.bend(s)
			_, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now}, "alerts")
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one that names %q", err, tt.want)
			}
		})
	}
}

// FuzzClicks: whatever comes, signed or not, is read or refused with a reason.
func FuzzClicks(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `{"id":"act_1","type":"button","user_id":"U1","action":"approve","value":"cs_1|chargeback"}`} {
		f.Add([]byte(seed), "1790000000", "00ff")
	}
	a := newAdapter(f, "http://127.0.0.1:1").(integrations.Interactive)
	f.Fuzz(func(t *testing.T, body []byte, stamp, signature string) {
		h := http.Header{"Acmechat-Timestamp": {stamp}, "Acmechat-Signature": {signature}}
		if err := a.Verify(h, body, time.Unix(1_790_000_000, 0)); err == nil || dispute.KindOf(err) != dispute.Auth {
			t.Errorf("an unsigned body: error %v, want kind auth", err)
		}
		clicks, err := a.Clicks(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, c := range clicks {
			if c.ID == "" || c.CaseID == "" || c.UserID == "" {
				t.Errorf("a click without ids: %+v", c)
			}
		}
	})
}
