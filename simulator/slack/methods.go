package slack

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calls are the Web API's methods. Each runs with the lock held and answers
// with the fields of a success or the code of an error.
var calls = map[string]func(*Slack, map[string]string) (map[string]any, string){
	"auth.test":             (*Slack).authTest,
	"chat.postMessage":      (*Slack).postMessage,
	"chat.update":           (*Slack).update,
	"conversations.history": (*Slack).history,
	"conversations.replies": (*Slack).replies,
	"conversations.list":    (*Slack).list,
	"users.info":            (*Slack).userInfo,
}

func (s *Slack) authTest(map[string]string) (map[string]any, string) {
	return map[string]any{
		"url": "https://rebuttal.slack.example/", "team": "Rebuttal", "user": "rebuttal",
		"team_id": teamID, "user_id": userID, "bot_id": botID, "is_enterprise_install": false,
	}, ""
}

func (s *Slack) postMessage(args map[string]string) (map[string]any, string) {
	c, code := s.postTarget(args["channel"])
	if code != "" {
		return nil, code
	}
	m := &Message{Channel: c.id, Text: args["text"], ThreadTS: args["thread_ts"]}
	if code := s.fill(m, args); code != "" {
		return nil, code
	}
	if m.ThreadTS != "" && s.find(c.id, m.ThreadTS) == nil {
		return nil, "thread_not_found"
	}
	s.sequence++
	m.TS = fmt.Sprintf("%010d.%06d", time.Now().Unix(), s.sequence)
	s.messages = append(s.messages, m)
	return map[string]any{"channel": c.id, "ts": m.TS, "message": show(*m, true)}, ""
}

// postTarget accepts an id or a name, as chat.postMessage does.
func (s *Slack) postTarget(target string) (channel, string) {
	if name, ok := strings.CutPrefix(target, "#"); ok && name != "" {
		return s.channelNamed(name), ""
	}
	return s.channelByID(target)
}

func (s *Slack) channelByID(id string) (channel, string) {
	for _, c := range s.channels {
		if c.id == id {
			return c, ""
		}
	}
	return channel{}, "channel_not_found"
}

// fill sets what args says of a message and leaves the rest as it was.
func (s *Slack) fill(m *Message, args map[string]string) string {
	if text, ok := args["text"]; ok {
		m.Text = text
	}
	if blocks, ok := args["blocks"]; ok {
		if !validBlocks([]byte(blocks)) {
			return "invalid_blocks"
		}
		m.Blocks = json.RawMessage(blocks)
	}
	if metadata, ok := args["metadata"]; ok {
		if !validMetadata([]byte(metadata)) {
			return "invalid_metadata_format"
		}
		m.Metadata = json.RawMessage(metadata)
	}
	if m.Text == "" && len(m.Blocks) == 0 {
		return "no_text"
	}
	return ""
}

func (s *Slack) update(args map[string]string) (map[string]any, string) {
	c, code := s.channelByID(args["channel"])
	if code != "" {
		return nil, code
	}
	m := s.find(c.id, args["ts"])
	if m == nil {
		return nil, "message_not_found"
	}
	changed := *m
	if code := s.fill(&changed, args); code != "" {
		return nil, code
	}
	*m = changed
	return map[string]any{"channel": c.id, "ts": m.TS, "text": m.Text, "message": show(*m, false)}, ""
}

func (s *Slack) find(channelID, ts string) *Message {
	for _, m := range s.messages {
		if m.Channel == channelID && m.TS == ts {
			return m
		}
	}
	return nil
}

// history lists a channel's messages, newest first; replies stay in threads.
func (s *Slack) history(args map[string]string) (map[string]any, string) {
	c, code := s.channelByID(args["channel"])
	if code != "" {
		return nil, code
	}
	var found []Message
	for i := len(s.messages) - 1; i >= 0; i-- {
		if m := s.messages[i]; m.Channel == c.id && m.ThreadTS == "" {
			found = append(found, *m)
		}
	}
	answer, code := messagePage(found, args)
	if code == "" {
		answer["pin_count"], answer["channel_actions_ts"], answer["channel_actions_count"] = 0, nil, 0
	}
	return answer, code
}

// replies lists a thread, its parent first.
func (s *Slack) replies(args map[string]string) (map[string]any, string) {
	c, code := s.channelByID(args["channel"])
	if code != "" {
		return nil, code
	}
	ts := args["ts"]
	if s.find(c.id, ts) == nil {
		return nil, "thread_not_found"
	}
	var found []Message
	for _, m := range s.messages {
		if m.Channel == c.id && (m.TS == ts || m.ThreadTS == ts) {
			found = append(found, *m)
		}
	}
	return messagePage(found, args)
}

func messagePage(found []Message, args map[string]string) (map[string]any, string) {
	from, to, next, code := window(len(found), args, 100)
	if code != "" {
		return nil, code
	}
	withMetadata, _ := strconv.ParseBool(args["include_all_metadata"])
	shown := make([]map[string]any, 0, to-from)
	for _, m := range found[from:to] {
		shown = append(shown, show(m, withMetadata))
	}
	return map[string]any{
		"messages": shown, "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next},
	}, ""
}

func (s *Slack) list(args map[string]string) (map[string]any, string) {
	from, to, next, code := window(len(s.channels), args, 100)
	if code != "" {
		return nil, code
	}
	shown := make([]map[string]any, 0, to-from)
	for _, c := range s.channels[from:to] {
		topic := map[string]any{"value": "", "creator": "", "last_set": 0}
		shown = append(shown, map[string]any{
			"id": c.id, "name": c.name, "name_normalized": c.name, "created": 1700000000, "creator": userID,
			"is_channel": true, "is_member": true, "is_archived": false, "is_general": false, "is_group": false,
			"is_im": false, "is_mpim": false, "is_org_shared": false, "is_private": false, "is_shared": false,
			"topic": topic, "purpose": topic,
		})
	}
	return map[string]any{"channels": shown, "response_metadata": map[string]any{"next_cursor": next}}, ""
}

// window cuts one page out of n things; the cursor is the place to go on from.
func window(n int, args map[string]string, limit int) (from, to int, next, code string) {
	if v := args["limit"]; v != "" {
		asked, err := strconv.Atoi(v)
		if err != nil || asked < 1 || asked > 1000 {
			return 0, 0, "", "invalid_limit"
		}
		limit = asked
	}
	if v := args["cursor"]; v != "" {
		at, err := strconv.Atoi(v)
		if err != nil || at < 0 || at > n {
			return 0, 0, "", "invalid_cursor"
		}
		from = at
	}
	to = min(from+limit, n)
	if to < n {
		next = strconv.Itoa(to)
	}
	return from, to, next, ""
}

// userInfo knows everybody whose id looks like one.
func (s *Slack) userInfo(args map[string]string) (map[string]any, string) {
	id := args["user"]
	if len(id) < 3 || (id[0] != 'U' && id[0] != 'W') {
		return nil, "user_not_found"
	}
	name := strings.ToLower(id)
	return map[string]any{"user": map[string]any{
		"id": id, "team_id": teamID, "name": name, "real_name": name, "deleted": false,
		"is_bot": id == userID, "is_app_user": false, "updated": 1700000000, "tz": "Etc/UTC", "tz_offset": 0,
		"profile": map[string]any{"real_name": name, "display_name": name, "team": teamID},
	}}, ""
}

// show is a message as the API shows it.
func show(m Message, withMetadata bool) map[string]any {
	out := map[string]any{
		"type": "message", "ts": m.TS, "text": m.Text, "user": userID, "bot_id": botID, "team": teamID,
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if withMetadata && len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	return out
}
