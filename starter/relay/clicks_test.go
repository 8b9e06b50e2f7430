package relay

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// chat is a chat that shows answers to clicks.
type chat struct {
	mu   sync.Mutex
	said []string
	err  error
}

func (c *chat) Vendor() string { return "chat" }

func (c *chat) AnswerClick(_ context.Context, click integrations.Click, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, click.ReplyURL+" "+text)
	return c.err
}

// silent is a chat without a way to answer.
type silent struct{}

func (silent) Vendor() string { return "silent" }

func TestClicks(t *testing.T) {
	t.Parallel()
	refused := func(k dispute.Kind) error { return dispute.Errorf(k, "decide: approve cs_1", "the case is closed") }
	const told = "https://chat.example/r/1 Not done: the case is closed"
	for name, tc := range map[string]struct {
		connection string // alerts when empty
		noReply    bool
		err        error // of Decide
		unread     error // of AnswerClick
		again      bool  // it is tried again
		said       []string
	}{
		"taken":                   {},
		"not allowed":             {err: refused(dispute.Auth), said: []string{told}},
		"too late":                {err: refused(dispute.Conflict), said: []string{told}},
		"no such decision":        {err: refused(dispute.Invalid), said: []string{told}},
		"no such case":            {err: &dispute.Error{Kind: dispute.NotFound, Op: "store: case cs_1"}, said: []string{"https://chat.example/r/1 Not done: store: case cs_1: not_found"}},
		"refused, cannot be told": {err: refused(dispute.Conflict), unread: errors.New("expired"), said: []string{told}},
		"refused, nowhere to say": {err: refused(dispute.Conflict), noReply: true},
		"refused in a mute chat":  {connection: "mute", err: refused(dispute.Conflict)},
		"refused, chat removed":   {connection: "gone", err: refused(dispute.Conflict)},
		"no answer":               {err: refused(dispute.Transient), again: true},
		"rate limited":            {err: refused(dispute.RateLimited), again: true},
		"cut off":                 {err: context.DeadlineExceeded, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, c := open(t), &chat{err: tc.unread}
			h.Set = integrations.SetOf(map[string]integrations.Adapter{"alerts": c, "mute": silent{}})
			if tc.connection == "" {
				tc.connection = "alerts"
			}
			click := integrations.Click{ID: "slack-1", CaseID: "cs_1", Kind: dispute.DecideApprove, UserID: "U1", ReplyURL: "https://chat.example/r/1"}
			if tc.noReply {
				click.ReplyURL = ""
			}
			var got []integrations.Click
			h.Decide = func(ctx context.Context, connection string, c integrations.Click) error {
				if _, bounded := ctx.Deadline(); !bounded || connection != tc.connection {
					t.Errorf("decided for %s, bounded %v", connection, bounded)
				}
				got = append(got, c)
				return tc.err
			}
			parsed, err := json.Marshal(click)
			if err != nil {
				t.Fatal(err)
			}
			id := h.save(t, store.NewNotice{Connection: tc.connection, EventID: click.ID, Kind: store.KindClick, Parsed: parsed})[0]
			h.forward(t.Context())
			if diff := cmp.Diff([]integrations.Click{click}, got); diff != "" {
				t.Errorf("decided (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.said, c.said); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
			if state := h.row(t, id).State; (state == store.NoticePending) != tc.again {
				t.Errorf("the click is %s", state)
			}
			if tc.err != nil && !strings.Contains(h.log.String(), "error=") {
				t.Error("the log does not say why")
			}
		})
	}
}
