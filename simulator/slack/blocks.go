package slack

import (
	"encoding/json"
	"unicode/utf16"
)

// The limits of Block Kit, from Slack's reference of blocks, of the button
// element and of the text and confirmation composition objects.
const (
	maxBlocks        = 50
	maxFields        = 10
	maxContext       = 10
	maxActions       = 25
	maxTextChars     = 3000
	maxFieldChars    = 2000
	maxButtonChars   = 75
	maxValueChars    = 2000
	maxActionIDChars = 255
	maxConfirmTitle  = 100
	maxConfirmText   = 300
	maxConfirmButton = 30
)

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (t *text) fits(limit int) bool {
	if t == nil {
		return true
	}
	n := len(utf16.Encode([]rune(t.Text)))
	return (t.Type == "mrkdwn" || t.Type == "plain_text") && n > 0 && n <= limit
}

type button struct {
	Type     string `json:"type"`
	Text     *text  `json:"text"`
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	Style    string `json:"style"`
	Confirm  *struct {
		Title, Text, Confirm, Deny *text
	} `json:"confirm"`
}

func (b button) valid() bool {
	if b.Type != "button" || b.Text == nil || b.Text.Type != "plain_text" || !b.Text.fits(maxButtonChars) {
		return false
	}
	if c := b.Confirm; c != nil {
		if c.Text == nil || !c.Title.fits(maxConfirmTitle) || !c.Text.fits(maxConfirmText) ||
			!c.Confirm.fits(maxConfirmButton) || !c.Deny.fits(maxConfirmButton) {
			return false
		}
	}
	return len(b.Value) <= maxValueChars && len(b.ActionID) <= maxActionIDChars
}

type block struct {
	Type     string          `json:"type"`
	BlockID  string          `json:"block_id"`
	Text     *text           `json:"text"`
	Fields   []*text         `json:"fields"`
	Elements json.RawMessage `json:"elements"`
}

// validBlocks checks the blocks that cards use as Slack would; of other kinds
// it wants only that they name themselves.
func validBlocks(raw []byte) bool {
	var blocks []block
	if json.Unmarshal(raw, &blocks) != nil || len(blocks) > maxBlocks {
		return false
	}
	for _, b := range blocks {
		if !b.valid() {
			return false
		}
	}
	return true
}

func (b block) valid() bool {
	switch b.Type {
	case "section":
		return b.validSection()
	case "context":
		var elements []*text
		if json.Unmarshal(b.Elements, &elements) != nil || len(elements) == 0 || len(elements) > maxContext {
			return false
		}
		return allFit(elements, maxTextChars)
	case "actions":
		buttons, ok := b.buttons()
		if !ok || len(buttons) == 0 || len(buttons) > maxActions {
			return false
		}
		for _, e := range buttons {
			if !e.valid() {
				return false
			}
		}
		return true
	default:
		return b.Type != ""
	}
}

func (b block) validSection() bool {
	if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > maxFields {
		return false
	}
	return b.Text.fits(maxTextChars) && allFit(b.Fields, maxFieldChars)
}

func allFit(texts []*text, limit int) bool {
	for _, t := range texts {
		if t == nil || !t.fits(limit) {
			return false
		}
	}
	return true
}

func (b block) buttons() ([]button, bool) {
	if b.Type != "actions" {
		return nil, true
	}
	var buttons []button
	err := json.Unmarshal(b.Elements, &buttons)
	return buttons, err == nil
}

func validMetadata(raw []byte) bool {
	var m struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	return json.Unmarshal(raw, &m) == nil && m.EventType != "" && m.EventPayload != nil
}
