package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// editorView is one rule as a form and as text, side by side, and what it does.
type editorView struct {
	Bar draftBar
	// Revision of the draft is the one that the person looked at: what others do
	// meanwhile is told before anything is kept.
	Revision int64
	Rule     string // its id in the draft; empty for a new one
	Form     rules.Form
	Lines    []conditionLine
	Text     string
	Base     string // the text that the form was made from
	Case     string
	// Problem is what is wrong with the form; the page then keeps what was typed.
	Problem string
	Check   liveCheck
	Effect  *ruleEffect // nil until the draft is right

	Fields                                                       []wordGroup
	Queues, Approvals, Responses, Ladders, Strengths, Priorities []link
	Tags                                                         string
	Assignees, Connections                                       []string
}

// liveCheck is what is wrong with the draft if the rule is kept as it stands.
type liveCheck struct {
	Own       []rules.Problem // in the rule; lines count from its first
	Elsewhere []rules.Problem // lines of the whole draft
}

// Right reports whether nothing is wrong.
func (l liveCheck) Right() bool { return len(l.Own)+len(l.Elsewhere) == 0 }

// ruleEffect is what the draft would do with open cases.
type ruleEffect struct {
	Looked  int // at the open cases with the nearest deadlines
	Moves   []movingCase
	Taken   int // of those looked at that this rule decides
	Explain *explanation
	Unknown string // why the chosen case cannot be shown
}

// explanation is how the draft decides one case, beside the rules in force.
type explanation struct {
	Case    string
	Holds   bool
	Why     string
	Error   string
	Reached bool // the rules above leave the case to this one
	Draft   desk.RouteLine
	Live    desk.RouteLine
	Text    string // rule by rule
}

// effectLooked is how many open cases the editor looks at.
const effectLooked = 25

var editorTemplate = pageTemplate("editor")

func (c *Console) ruleForm(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	e := editorView{Revision: f.Revision, Rule: v.Query("rule"), Text: rules.NewRule, Case: v.Query("case")}
	if e.Rule != "" {
		if e.Text, _, err = rules.RuleText([]byte(f.Source), e.Rule); err != nil {
			return err
		}
	}
	e.Base = e.Text
	e.Form, _ = rules.FormOf(e.Text)
	return c.showEditor(v, http.StatusOK, f, e)
}

// writeRule brings form and text in step, or keeps the rule in the draft. What
// cannot be taken is shown again as it was typed.
func (c *Console) writeRule(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	e := editorView{
		Revision: number(v.PostForm("revision")), Rule: v.PostForm("rule"), Form: postedForm(v), Text: unix(v.PostForm("text")), Base: unix(v.PostForm("base")), Case: strings.TrimSpace(v.PostForm("case")),
	}
	do, at, _ := strings.Cut(v.PostForm("do"), ".")
	switch do {
	case "text":
		e.Form, _ = rules.FormOf(e.Text)
		e.Base = e.Text
	case "add":
		e.Form.Builder.Conditions = append(e.Form.Builder.Conditions, rules.Condition{Field: "dispute.amount_base", Op: rules.AtLeast})
		return c.showEditor(v, http.StatusOK, f, e)
	case "form":
		err = e.fromForm()
	case "drop":
		if n := int(number(at)); n >= 0 && n < len(e.Form.Builder.Conditions) {
			e.Form.Builder.Conditions = slices.Delete(e.Form.Builder.Conditions, n, n+1)
		}
		err = e.inStep()
	case "try":
		err = e.inStep()
	case "keep":
		return c.keepRule(v, f, e)
	default:
		return dispute.Errorf(dispute.Invalid, "rule", "there is no such button")
	}
	if err != nil {
		e.Problem = reason(err)
	}
	return c.showEditor(v, http.StatusOK, f, e)
}

// fromForm writes the form into the text.
func (e *editorView) fromForm() error {
	text, err := e.Form.Write(e.Text)
	if err == nil {
		e.Text, e.Base = text, text
		e.Form, _ = rules.FormOf(text)
	}
	return err
}

// inStep has both sides say what the one says that was changed.
func (e *editorView) inStep() error {
	err := e.settle()
	if err == nil {
		e.Form, _ = rules.FormOf(e.Text)
		e.Base = e.Text
	}
	return err
}

// settle decides which of the two sides counts: the one that was changed since
// both were in step.
func (e *editorView) settle() error {
	byForm, err := e.Form.Write(e.Base)
	if e.Text == e.Base {
		if err == nil {
			e.Text = byForm
		}
		return err
	}
	if err != nil || byForm != e.Base && byForm != e.Text {
		return dispute.Errorf(dispute.Conflict, "rule", "the form and the text were both changed: take one of them over first")
	}
	return nil
}

// keepRule writes the rule into the draft.
func (c *Console) keepRule(v *visit, f desk.DraftFile, e editorView) error {
	source, err := []byte(nil), e.settle()
	if err == nil && e.Revision != f.Revision {
		err = e.overtaken(f)
	}
	if err == nil {
		source, err = rules.PutRule([]byte(f.Source), e.Rule, e.Text)
	}
	if err == nil {
		_, err = c.desk.EditDraft(v.Request.Context(), v.who, f.ID, f.Revision, desk.DraftText{Source: string(source)})
	}
	switch kind := dispute.KindOf(err); {
	case err == nil:
		v.Redirect(http.StatusSeeOther, draftPath(f.ID, "?done=kept"))
		return nil
	case kind == dispute.Conflict || kind == dispute.Invalid:
		e.Problem = reason(err)
		return c.showEditor(v, http.StatusConflict, f, e)
	}
	return err
}

// overtaken says that others have changed the draft, which the person now knows.
// A rule that they took away would be a new one.
func (e *editorView) overtaken(f desk.DraftFile) error {
	e.Revision = f.Revision
	const kept = "the draft has changed meanwhile: what you wrote is kept here, look at the draft, then keep it again"
	if _, _, err := rules.RuleText([]byte(f.Source), e.Rule); e.Rule != "" && dispute.KindOf(err) == dispute.NotFound {
		gone := e.Rule
		e.Rule = ""
		return dispute.Errorf(dispute.Conflict, "rule", "%s, which adds a rule, for it has no rule %s any more", kept, gone)
	}
	return dispute.Errorf(dispute.Conflict, "rule", kept)
}

func (c *Console) showEditor(v *visit, status int, f desk.DraftFile, e editorView) error {
	if !v.who.May(desk.MayDraftRules) {
		return dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", v.who.ID, v.who.Role, desk.MayDraftRules)
	}
	ctx := v.Request.Context()
	var err error
	here := hereNew
	if e.Rule != "" {
		here = hereEdit
	}
	if e.Bar, err = c.draftBar(ctx, v, f, here); err != nil {
		return err
	}
	if err := c.tryRule(ctx, v, f, &e); err != nil {
		return err
	}
	e.choices(f, c.desk.Connections)
	title := "New rule · Rules"
	if e.Rule != "" {
		title = e.Rule + " · Rules"
	}
	c.render(v, status, page{Template: editorTemplate, Title: title, Nav: "rules", Body: e})
	return nil
}

// tryRule checks the draft with the rule in it and looks at what it would do.
func (c *Console) tryRule(ctx context.Context, v *visit, f desk.DraftFile, e *editorView) error {
	text, err := e.Form.Write(e.Text)
	if err != nil {
		if _, e.Check.Own = rules.FormOf(e.Text); len(e.Check.Own) == 0 {
			e.Check.Own = []rules.Problem{{Line: 1, Message: reason(err)}}
		}
		return nil
	}
	source, err := rules.PutRule([]byte(f.Source), e.Rule, text)
	if err != nil {
		_, e.Check.Own = rules.FormOf(text)
		if len(e.Check.Own) == 0 {
			e.Check.Elsewhere = []rules.Problem{{Line: 1, Message: "the draft cannot be taken apart", Mend: reason(err)}}
		}
		return nil
	}
	set, _, err := c.desk.CheckRules(ctx, v.who, "the draft", source)
	var found rules.Problems
	switch {
	case errors.As(err, &found):
		e.Check = sortProblems(found, source, e.Form.ID)
		return nil
	case dispute.KindOf(err) == dispute.Invalid:
		e.Check.Elsewhere = []rules.Problem{{Line: 1, Message: reason(err)}}
		return nil
	case err != nil:
		return err
	}
	return c.effect(ctx, v, set, e)
}

// sortProblems tells the problems of one rule from those of the others.
func sortProblems(found rules.Problems, source []byte, rule string) liveCheck {
	var out liveCheck
	_, lines, err := rules.RuleText(source, rule)
	for _, p := range found {
		if own := err == nil && p.Line >= lines.First && p.Line <= lines.Last; own {
			p.Line -= lines.First - 1
			out.Own = append(out.Own, p)
		} else {
			out.Elsewhere = append(out.Elsewhere, p)
		}
	}
	return out
}

// effect looks at the open cases with the nearest deadlines, and at the chosen
// one more closely.
func (c *Console) effect(ctx context.Context, v *visit, set *rules.Set, e *editorView) error {
	page, err := c.desk.WouldMove(ctx, v.who, set, store.CaseFilter{Limit: effectLooked})
	if err != nil {
		return err
	}
	out := &ruleEffect{Looked: len(page.Cases), Moves: moving(page.Cases)}
	for _, one := range page.Cases {
		if one.To != nil && one.To.Rule == e.Form.ID {
			out.Taken++
		}
	}
	e.Effect = out
	if e.Case == "" {
		return nil
	}
	out.Explain, err = c.explain(ctx, v.who, set, e.Form.ID, e.Case)
	if kind := dispute.KindOf(err); kind == dispute.NotFound || kind == dispute.Conflict || kind == dispute.Invalid {
		out.Unknown, err = "No single case is called "+e.Case+".", nil
	}
	return err
}

func (c *Console) explain(ctx context.Context, who desk.Actor, set *rules.Set, rule, caseID string) (*explanation, error) {
	text, route, err := c.desk.ExplainRules(ctx, who, set, caseID)
	if err != nil {
		return nil, err
	}
	live, err := c.desk.RulesInForce(ctx, who)
	if err != nil {
		return nil, err
	}
	_, before, err := c.desk.ExplainRules(ctx, who, live, caseID)
	if err != nil {
		return nil, err
	}
	out := &explanation{Case: caseID, Text: text, Draft: desk.LineOf(route), Live: desk.LineOf(before)}
	for _, m := range route.Explanation {
		if m.Rule == rule {
			out.Reached, out.Holds, out.Why, out.Error = true, m.Matched, m.Why, m.Error
		}
	}
	return out, nil
}

// unix is text as a browser sends it, with the line ends it was shown with.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
