// Package slack is a stand-in for Slack's Web API: it keeps messages with
// their blocks and metadata, answers as Slack answers, and lets a test or a
// demo press the buttons of a card.
package slack

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	teamID = "T00REBUTTAL"
	botID  = "B00REBUTTAL"
	userID = "U00REBUTTAL" // the app's own user
	appID  = "A00REBUTTAL"
)

// maxBody bounds what is read of one request.
const maxBody = 1 << 20

// Message is one posted message as it is now.
type Message struct {
	Channel  string // the channel's id
	TS       string // the message's id in the channel
	ThreadTS string // the parent's TS, for a reply
	Text     string
	Blocks   json.RawMessage // a JSON array; nil when there are none
	Metadata json.RawMessage // a JSON object; nil when there is none
}

// Ephemeral is an answer that only one person saw, posted to a response URL.
type Ephemeral struct {
	Channel string
	User    string
	Text    string
}

// Slack is one workspace with one installed app. It is an http.Handler for the
// Web API (the method is the last element of the path) and for the response
// URLs it hands out. It is safe for concurrent use.
type Slack struct {
	token  string
	secret string
	client *http.Client

	mu         sync.Mutex
	origin     string // where the app reaches us, learned from its calls
	channels   []channel
	byName     map[string]int // index in channels
	messages   []*Message
	sequence   int
	replyTo    map[string]Ephemeral // by the last element of a response URL
	ephemerals []Ephemeral
}

type channel struct{ id, name string }

// New makes a workspace whose app has this bot token and signing secret.
func New(token, signingSecret string) *Slack {
	return &Slack{
		token: token, secret: signingSecret, replyTo: make(map[string]Ephemeral), byName: make(map[string]int),
		client: &http.Client{Timeout: 10 * time.Second},
	}
}

// Messages lists every message and reply, oldest first.
func (s *Slack) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Message, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Ephemerals lists what was posted to response URLs, oldest first.
func (s *Slack) Ephemerals() []Ephemeral {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Ephemeral(nil), s.ephemerals...)
}

// AddChannel makes a public channel with the app in it and returns its id. A
// post to a "#name" that does not exist makes it too, so that a demo's rules
// need no set-up here.
func (s *Slack) AddChannel(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channelNamed(name).id
}

func (s *Slack) channelNamed(name string) channel {
	if i, ok := s.byName[name]; ok {
		return s.channels[i]
	}
	c := channel{id: fmt.Sprintf("C%08X", len(s.channels)+1), name: name}
	s.byName[name] = len(s.channels)
	s.channels = append(s.channels, c)
	return c
}

// ServeHTTP answers one API call or takes one answer to a response URL.
func (s *Slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if path.Base(path.Dir(r.URL.Path)) == "response" {
		s.takeReply(w, r)
		return
	}
	method := path.Base(r.URL.Path)
	call, known := calls[method]
	if !known {
		refuse(w, "unknown_method")
		return
	}
	args, code := arguments(r)
	if code == "" {
		code = s.authorised(r, args)
	}
	if code != "" {
		refuse(w, code)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	requested, _, _ := strings.Cut(r.RequestURI, "?")
	s.origin = "http://" + r.Host + strings.TrimSuffix(requested, method)
	answer, code := call(s, args)
	if code != "" {
		refuse(w, code)
		return
	}
	answer["ok"] = true
	writeJSON(w, answer)
}

// arguments reads a form or a JSON body into one map; values that are no
// strings in JSON keep their JSON text, as they have in a form.
func arguments(r *http.Request) (map[string]string, string) {
	args := make(map[string]string)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		if err := r.ParseForm(); err != nil {
			return nil, "invalid_form_data"
		}
		for k := range r.Form {
			args[k] = r.Form.Get(k)
		}
		return args, ""
	}
	var body map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, "invalid_json"
	}
	for k, raw := range body {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		args[k] = text
	}
	return args, ""
}

func (s *Slack) authorised(r *http.Request, args map[string]string) string {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = args["token"]
	}
	switch {
	case token == "":
		return "not_authed"
	case subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1:
		return "invalid_auth"
	default:
		return ""
	}
}

func refuse(w http.ResponseWriter, code string) {
	writeJSON(w, map[string]any{"ok": false, "error": code})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
