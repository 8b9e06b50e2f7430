package slack

import (
	"slices"
	"strings"
	"unicode/utf16"

	api "github.com/slack-go/slack"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// The limits of Block Kit, from Slack's reference of the section, context and
// actions blocks and of the button element.
const (
	maxTextChars  = 3000
	maxFieldChars = 2000
	maxFields     = 10 // of one section
	maxSections   = 4  // our own: more fields than that are no card
	maxContext    = 10
	maxValueChars = 2000
	maxURLChars   = 2000 // our own, so that a link stays whole
)

// tones tell how urgent a card is by a shape before its first line.
var tones = map[string]string{
	"soon":   ":hourglass_flowing_sand: ",
	"urgent": ":rotating_light: ",
	"over":   ":no_entry: ",
}

type button struct {
	kind    dispute.DecisionKind
	label   string
	style   api.Style
	confirm *api.ConfirmationBlockObject
}

// buttons are the decisions a card offers; others are made in the console.
var buttons = []button{
	{kind: dispute.DecideApprove, label: "Approve", style: api.StylePrimary},
	{kind: dispute.DecideAccept, label: "Accept", style: api.StyleDanger, confirm: api.NewConfirmationBlockObject(
		plain("Accept this dispute?"),
		plain("Accepting gives the money to the customer. It cannot be undone."),
		plain("Accept the dispute"), plain("Not now"),
	).WithStyle(api.StyleDanger)},
	{kind: dispute.DecideAssign, label: "Assign to me"},
}

// blocks lays a card out: headline and what happens next, the fields, the
// links, and the buttons or, once decided, the decision.
func blocks(card integrations.Card) []api.Block {
	out := []api.Block{api.NewSectionBlock(mrkdwn(head(card)), nil, nil)}
	fields := make([]*api.TextBlockObject, 0, len(card.Fields))
	for _, f := range card.Fields {
		fields = append(fields, mrkdwn("*"+escape(f[0], maxFieldChars/4)+"*\n"+escape(f[1], maxFieldChars/2)))
	}
	fields = fields[:min(len(fields), maxFields*maxSections)]
	for chunk := range slices.Chunk(fields, maxFields) {
		out = append(out, api.NewSectionBlock(nil, chunk, nil))
	}
	if links := linkElements(card.Links); len(links) > 0 {
		out = append(out, api.NewContextBlock("", links...))
	}
	if card.Decided != "" {
		return append(out, api.NewSectionBlock(mrkdwn("*"+escape(card.Decided, maxTextChars/2)+"*"), nil, nil))
	}
	if elements := buttonElements(card); len(elements) > 0 {
		out = append(out, api.NewActionBlock("", elements...))
	}
	return out
}

func head(card integrations.Card) string {
	first := tones[card.Tone] + "*" + escape(card.Headline, maxTextChars/3) + "*"
	if card.Next == "" {
		return first
	}
	return first + "\n" + escape(card.Next, maxTextChars/2)
}

// fallback is what a notification shows.
func fallback(card integrations.Card) string {
	second := card.Next
	if card.Decided != "" {
		second = card.Decided
	}
	if second == "" {
		return escape(card.Headline, maxTextChars)
	}
	return escape(card.Headline+" – "+second, maxTextChars)
}

func linkElements(links []integrations.Link) []api.MixedElement {
	var out []api.MixedElement
	for _, l := range links[:min(len(links), maxContext)] {
		address := strings.ReplaceAll(escape(l.URL, maxTextChars), "|", "%7C")
		if len(address) <= maxURLChars {
			out = append(out, mrkdwn("<"+address+"|"+escape(l.Label, maxTextChars/4)+">"))
		}
	}
	return out
}

// buttonValue is what a click brings back: the case, and the stage that the
// person was looking at.
func buttonValue(card integrations.Card) string {
	if card.Stage == "" {
		return card.CaseID
	}
	return card.CaseID + "|" + string(card.Stage)
}

func buttonElements(card integrations.Card) []api.BlockElement {
	var out []api.BlockElement
	for _, b := range buttons {
		if !slices.Contains(card.Actions, b.kind) || len(card.CaseID) > maxValueChars {
			continue
		}
		element := api.NewButtonBlockElement(string(b.kind), buttonValue(card), plain(b.label)).WithStyle(b.style)
		if b.confirm != nil {
			element.WithConfirm(b.confirm)
		}
		out = append(out, element)
	}
	return out
}

// mrkdwn is verbatim: Slack makes no links of its own out of names and ids.
func mrkdwn(text string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.MarkdownType, text, false, true)
}

func plain(text string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.PlainTextType, text, false, false)
}

// escape writes &, < and > as Slack wants them in mrkdwn and cuts the result to
// at most limit characters (UTF-16, the least favourable way to count), never
// inside an entity. An empty text becomes a dash, because Slack refuses empty
// ones.
func escape(text string, limit int) string {
	if text == "" {
		return "–"
	}
	var out strings.Builder
	length, cut := 0, 0
	for _, r := range text {
		piece, size := entity(r)
		if length += size; length > limit {
			return out.String()[:cut] + "…"
		}
		out.WriteString(piece)
		if length < limit {
			cut = out.Len()
		}
	}
	return out.String()
}

func entity(r rune) (piece string, size int) {
	switch r {
	case '&':
		return "&amp;", 5
	case '<':
		return "&lt;", 4
	case '>':
		return "&gt;", 4
	default:
		return string(r), utf16.RuneLen(r)
	}
}
