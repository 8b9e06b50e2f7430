package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// Click presses a button of a message as a person would: it posts the signed
// interaction to the app's request URL. A message without such a button, or an
// answer that is no success, is an error.
func (s *Slack) Click(ctx context.Context, targetURL, channel, ts, actionID, user string) error {
	payload, err := s.interaction(channel, ts, actionID, user)
	if err != nil {
		return err
	}
	body := url.Values{"payload": {string(payload)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, targetURL, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = Sign(s.secret, []byte(body), time.Now())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the app answered the click with HTTP %d", resp.StatusCode)
	}
	return nil
}

// Sign gives the headers with which Slack signs a request body: the v0 scheme
// of "Verifying requests from Slack".
func Sign(secret string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// interaction is the block_actions payload of one press.
func (s *Slack) interaction(channelID, ts, actionID, user string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(channelID, ts)
	if m == nil {
		return nil, fmt.Errorf("no message %s in %s", ts, channelID)
	}
	b, ok := buttonOf(*m, actionID)
	if !ok {
		return nil, fmt.Errorf("message %s has no button %q", ts, actionID)
	}
	c, code := s.channelByID(channelID)
	if code != "" {
		return nil, fmt.Errorf("%s: %s", channelID, code)
	}
	s.sequence++
	replyID := fmt.Sprintf("r%08d", s.sequence)
	s.replyTo[replyID] = Ephemeral{Channel: channelID, User: user}
	actionTS := fmt.Sprintf("%010d.%06d", time.Now().Unix(), s.sequence)
	return json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": appID, "trigger_id": actionTS + ".trigger",
		"team":      map[string]any{"id": teamID, "domain": "rebuttal"},
		"user":      map[string]any{"id": user, "username": strings.ToLower(user), "team_id": teamID},
		"channel":   map[string]any{"id": c.id, "name": c.name},
		"container": map[string]any{"type": "message", "message_ts": ts, "channel_id": c.id, "is_ephemeral": false},
		"message":   show(*m, true), "response_url": s.origin + "response/" + replyID,
		"actions": []any{map[string]any{
			"type": "button", "action_id": b.ActionID, "block_id": "actions", "value": b.Value,
			"text": b.Text, "action_ts": actionTS,
		}},
	})
}

func buttonOf(m Message, actionID string) (button, bool) {
	var blocks []block
	if len(m.Blocks) == 0 || json.Unmarshal(m.Blocks, &blocks) != nil {
		return button{}, false
	}
	for _, bl := range blocks {
		buttons, _ := bl.buttons()
		for _, b := range buttons {
			if b.ActionID == actionID {
				return b, true
			}
		}
	}
	return button{}, false
}

// takeReply keeps what the app posts to a response URL.
func (s *Slack) takeReply(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Text string `json:"text"`
	}
	if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&body) != nil || body.Text == "" {
		http.Error(w, "no_text", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply, ok := s.replyTo[path.Base(r.URL.Path)]
	if !ok {
		http.Error(w, "expired_url", http.StatusNotFound)
		return
	}
	reply.Text = body.Text
	s.ephemerals = append(s.ephemerals, reply)
	_, _ = w.Write([]byte("ok"))
}
