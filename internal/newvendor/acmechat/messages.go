package acmechat

import (
	"context"
	"net/http"
	"net/url"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// message is what we read and write of one. Key is ours: Acmechat writes a key
// once and finds the message by it. Where a vendor knows no keys, put the key
// into what it keeps with a message, and let Reply look for it first.
type message struct {
	ID      string   `json:"id,omitempty"`
	Key     string   `json:"key,omitempty"`
	Thread  string   `json:"thread,omitempty"` // the message that this one answers
	Text    string   `json:"text"`
	Lines   []string `json:"lines,omitempty"`
	Links   []link   `json:"links,omitempty"`
	Buttons []button `json:"buttons,omitempty"`
}

type link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// button comes back in a click with its action and its value.
type button struct {
	Label  string `json:"label"`
	Action string `json:"action"`
	Value  string `json:"value"`
}

// labels are the decisions that a card offers. Another one has no button.
var labels = map[dispute.DecisionKind]string{
	dispute.DecideApprove: "Approve",
	dispute.DecideAccept:  "Accept",
	dispute.DecideAssign:  "Take it",
}

// draw is a card as a message.
func draw(card integrations.Card) message {
	m := message{Text: card.Headline, Lines: []string{card.Next}}
	if card.Decided != "" {
		m.Lines = []string{card.Decided}
	}
	for _, f := range card.Fields {
		m.Lines = append(m.Lines, f[0]+": "+f[1])
	}
	for _, l := range card.Links {
		m.Links = append(m.Links, link(l))
	}
	for _, kind := range card.Actions {
		if label, ok := labels[kind]; ok {
			m.Buttons = append(m.Buttons, button{Label: label, Action: string(kind), Value: value(card.CaseID, card.Stage)})
		}
	}
	return m
}

// Post implements integrations.Notifier. The target is a channel's id.
func (a *adapter) Post(ctx context.Context, key, target string, card integrations.Card) (integrations.MessageRef, error) {
	m := draw(card)
	m.Key = key
	return a.write(ctx, "post a card", http.MethodPost, messages(target), m, target)
}

// Find implements integrations.Notifier.
func (a *adapter) Find(ctx context.Context, key, target string) (integrations.MessageRef, bool, error) {
	var answer struct {
		Data []message `json:"data"`
	}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "find a card", Method: http.MethodGet, Path: messages(target), Query: url.Values{"key": {key}},
	}, &answer)
	if err != nil || len(answer.Data) == 0 {
		return integrations.MessageRef{}, false, err
	}
	return integrations.MessageRef{Target: target, ID: answer.Data[0].ID}, true, nil
}

// Update implements integrations.Notifier.
func (a *adapter) Update(ctx context.Context, ref integrations.MessageRef, card integrations.Card) error {
	_, err := a.write(ctx, "update card "+ref.ID, http.MethodPut, messages(ref.Target)+"/"+url.PathEscape(ref.ID), draw(card), ref.Target)
	return err
}

// Reply implements integrations.Notifier.
func (a *adapter) Reply(ctx context.Context, key string, ref integrations.MessageRef, text string) error {
	_, err := a.write(ctx, "reply to "+ref.ID, http.MethodPost, messages(ref.Target), message{Key: key, Thread: ref.ID, Text: text}, ref.Target)
	return err
}

func (a *adapter) write(ctx context.Context, op, method, path string, m message, target string) (integrations.MessageRef, error) {
	var answer message
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: op, Method: method, Path: path, Write: true, JSON: m}, &answer)
	if err != nil {
		return integrations.MessageRef{}, err
	}
	if answer.ID == "" {
		return integrations.MessageRef{}, dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no message")
	}
	return integrations.MessageRef{Target: target, ID: answer.ID}, nil
}

func messages(channel string) string { return "/v1/channels/" + url.PathEscape(channel) + "/messages" }
