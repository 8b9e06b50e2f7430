package console

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// templatesView are the templates that a draft may switch on.
type templatesView struct {
	Bar         draftBar
	Templates   []templateRow
	Connections []string
}

type templateRow struct {
	rules.Template
	On bool // the draft has it already
}

var templatesTemplate = pageTemplate("templates")

func (c *Console) ruleTemplates(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	bar, err := c.draftBar(v.Request.Context(), v, f, "templates")
	if err != nil {
		return err
	}
	view := templatesView{Bar: bar, Connections: c.desk.Connections}
	have := rules.ReadSketch("draft", []byte(f.Source)).Set.Rules
	for _, t := range rules.Templates() {
		view.Templates = append(view.Templates, templateRow{t, slices.ContainsFunc(have, func(r rules.Rule) bool { return r.ID == t.Name })})
	}
	c.render(v, http.StatusOK, page{Template: templatesTemplate, Title: "Templates · Rules", Nav: "rules", Body: view})
	return nil
}

// movesView is one page of the open cases that a draft would move.
type movesView struct {
	Bar   draftBar
	Page  desk.ApplyPage
	Moves []movingCase
	Next  string
}

// movesRead is how many open cases are looked at for one page.
const movesRead = 100

var movesTemplate = pageTemplate("moves")

func (c *Console) draftMoves(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	ctx := v.Request.Context()
	bar, err := c.draftBar(ctx, v, f, "moves")
	if err != nil {
		return err
	}
	view := movesView{Bar: bar}
	if len(f.Problems) == 0 {
		set, _, err := c.desk.CheckRules(ctx, v.who, fmt.Sprintf("draft %d", f.ID), []byte(f.Source))
		if err != nil {
			return err
		}
		if view.Page, err = c.desk.WouldMove(ctx, v.who, set, store.CaseFilter{Limit: movesRead, Cursor: v.Query("cursor")}); err != nil {
			return err
		}
	}
	view.Moves = moving(view.Page.Cases)
	if view.Page.Next != "" {
		view.Next = with(v.Request.URL, "cursor", view.Page.Next)
	}
	c.render(v, http.StatusOK, page{Template: movesTemplate, Title: "What would move · Rules", Nav: "rules", Body: view})
	return nil
}

// movingCase is a case with what changes of its route.
type movingCase struct {
	desk.ApplyCase
	Shifts []shift
}

// shift is one thing of a route that changes; From and To are empty where it is
// told by its name alone.
type shift struct{ Name, From, To string }

func moving(cases []desk.ApplyCase) []movingCase {
	var out []movingCase
	for _, one := range cases {
		if one.Outcome == desk.ApplyMoves {
			out = append(out, movingCaseOf(one))
		}
	}
	return out
}

func movingCaseOf(one desk.ApplyCase) movingCase {
	out := movingCase{ApplyCase: one}
	if one.From != nil && one.To != nil {
		out.Shifts = shifts(*one.From, *one.To, one.Fields)
	}
	return out
}

// shifts words the fields of a route that change.
func shifts(from, to desk.RouteLine, fields []string) []shift {
	known := map[string]shift{
		"queue": {"queue", from.Queue, to.Queue}, "respond": {"response", string(from.Respond), string(to.Respond)},
		"approval": {"approval", either(from.Approval, "required", "none"), either(to.Approval, "required", "none")},
		"hold":     {"held", either(from.Hold, "yes", "no"), either(to.Hold, "yes", "no")},
	}
	if from.Ladder != to.Ladder {
		known["ladder"] = shift{"ladder", from.Ladder, to.Ladder}
	}
	var out []shift
	for _, field := range fields {
		s, ok := known[field]
		if !ok {
			s = shift{Name: plain(field)}
		}
		out = append(out, s)
	}
	return out
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
