package slack

import (
	"context"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// A channel's name is looked for among at most maxChannelPages pages; 1000 is
// the largest page conversations.list gives.
const (
	channelPageSize = 1000
	maxChannelPages = 10
)

// channelID turns a target into the id that Slack's history wants. A name is
// looked up once and remembered; seen is false when no channel the app sees
// has it.
func (a *adapter) channelID(ctx context.Context, target string) (id string, seen bool, err error) {
	name, isName := strings.CutPrefix(target, "#")
	if !isName {
		return target, true, nil
	}
	a.mu.Lock()
	id, seen = a.channels[name]
	a.mu.Unlock()
	if seen {
		return id, true, nil
	}
	id, seen, err = a.scan(ctx, name)
	if seen {
		a.remember(target, id)
	}
	return id, seen, err
}

func (a *adapter) scan(ctx context.Context, name string) (id string, seen bool, err error) {
	const op = "slack: conversations.list"
	cursor := ""
	for range maxChannelPages {
		page, next, err := a.client.GetConversationsContext(ctx, &api.GetConversationsParameters{
			Cursor: cursor, Limit: channelPageSize, ExcludeArchived: true,
			Types: []string{"public_channel", "private_channel"},
		})
		if err != nil {
			return "", false, wrap(op, false, err)
		}
		for _, c := range page {
			if c.Name == name {
				return c.ID, true, nil
			}
		}
		if cursor = next; cursor == "" {
			return "", false, nil
		}
	}
	return "", false, dispute.Errorf(dispute.Invalid, op,
		"#%s is not among the first %d channels: configure the channel's id instead of its name", name, channelPageSize*maxChannelPages)
}

// remember keeps what a "#name" turned out to be. Only configured names are
// asked for, so there are few.
func (a *adapter) remember(target, id string) {
	if name, ok := strings.CutPrefix(target, "#"); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.channels[name] = id
	}
}
