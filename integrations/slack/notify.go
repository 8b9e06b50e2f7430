package slack

import (
	"context"

	api "github.com/slack-go/slack"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Slack has no idempotency key. A message therefore carries its key as
// metadata, and whoever retries looks for it first. Cards and replies differ in
// their event type, because conversations.replies lists the parent too.
const (
	cardEvent  = "rebuttal_case"
	replyEvent = "rebuttal_reply"
)

// Look-ups read at most maxPages pages of pageSize messages: an earlier, lost
// attempt is minutes old. 200 is the page size Slack recommends.
const (
	pageSize = 200
	maxPages = 5
)

// Post posts a card and returns where it is. The target is a channel's id or
// its "#name".
func (a *adapter) Post(ctx context.Context, key, target string, card integrations.Card) (integrations.MessageRef, error) {
	const op = "slack: chat.postMessage"
	metadata := api.SlackMetadata{EventType: cardEvent, EventPayload: map[string]any{"key": key, "case_id": card.CaseID}}
	channel, ts, err := a.client.PostMessageContext(ctx, target, append(content(card), api.MsgOptionMetadata(metadata), noPreviews)...)
	if err != nil {
		return integrations.MessageRef{}, wrap(op, true, err)
	}
	if channel == "" || ts == "" {
		return integrations.MessageRef{}, dispute.Errorf(dispute.UnknownOutcome, op, "the answer names no message")
	}
	a.remember(target, channel)
	return integrations.MessageRef{Target: channel, ID: ts}, nil
}

// Find looks through the channel's latest messages for the card posted under
// key. A channel that the app does not see holds none.
func (a *adapter) Find(ctx context.Context, key, target string) (integrations.MessageRef, bool, error) {
	channel, seen, err := a.channelID(ctx, target)
	if err != nil || !seen {
		return integrations.MessageRef{}, false, err
	}
	cursor := ""
	for range maxPages {
		page, err := a.client.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{
			ChannelID: channel, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return integrations.MessageRef{}, false, wrap("slack: conversations.history", false, err)
		}
		if ts, ok := written(page.Messages, cardEvent, key); ok {
			return integrations.MessageRef{Target: channel, ID: ts}, true, nil
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	return integrations.MessageRef{}, false, nil
}

// Update replaces the card's content in place. Slack keeps the metadata of a
// message when chat.update does not name it.
func (a *adapter) Update(ctx context.Context, ref integrations.MessageRef, card integrations.Card) error {
	const op = "slack: chat.update"
	_, ts, _, err := a.client.UpdateMessageContext(ctx, ref.Target, ref.ID, content(card)...)
	if err != nil {
		return wrap(op, true, err)
	}
	if ts == "" {
		return dispute.Errorf(dispute.UnknownOutcome, op, "the answer names no message")
	}
	return nil
}

// Reply adds a line to the message's thread, unless an earlier attempt under
// the same key did.
func (a *adapter) Reply(ctx context.Context, key string, ref integrations.MessageRef, text string) error {
	const op = "slack: chat.postMessage"
	done, err := a.replied(ctx, key, ref)
	if err != nil || done {
		return err
	}
	metadata := api.SlackMetadata{EventType: replyEvent, EventPayload: map[string]any{"key": key}}
	_, ts, err := a.client.PostMessageContext(ctx, ref.Target,
		api.MsgOptionText(escape(text, maxTextChars), false),
		api.MsgOptionTS(ref.ID),
		api.MsgOptionMetadata(metadata), noPreviews)
	if err != nil {
		return wrap(op, true, err)
	}
	if ts == "" {
		return dispute.Errorf(dispute.UnknownOutcome, op, "the answer names no message")
	}
	return nil
}

func (a *adapter) replied(ctx context.Context, key string, ref integrations.MessageRef) (bool, error) {
	cursor := ""
	for range maxPages {
		page, _, next, err := a.client.GetConversationRepliesContext(ctx, &api.GetConversationRepliesParameters{
			ChannelID: ref.Target, Timestamp: ref.ID, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return false, wrap("slack: conversations.replies", false, err)
		}
		if _, ok := written(page, replyEvent, key); ok {
			return true, nil
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return false, nil
}

// written finds the message that was posted under key.
func written(page []api.Message, event, key string) (ts string, found bool) {
	for _, m := range page {
		if m.Metadata.EventType == event && m.Metadata.EventPayload["key"] == key {
			return m.Timestamp, true
		}
	}
	return "", false
}

// content is a card as blocks with a text for notifications.
func content(card integrations.Card) []api.MsgOption {
	return []api.MsgOption{
		api.MsgOptionText(fallback(card), false),
		api.MsgOptionBlocks(blocks(card)...),
	}
}

// noPreviews keeps Slack from fetching what a message links to.
var noPreviews = api.MsgOptionCompose(api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl())
