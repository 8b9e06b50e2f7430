package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// draftView is a draft with what stands between it and force.
type draftView struct {
	Bar  draftBar
	File desk.DraftFile
	Set  setView
	// Loose are problems that belong to no rule.
	Loose []rules.Problem
	// Gone are rules in force that the draft does not have.
	Gone []string
	Done string
	Diff []diffLine
}

var draftTemplate = pageTemplate("draft")

// draftOf opens the draft of the address.
func (c *Console) draftOf(v *visit) (desk.DraftFile, error) {
	id, err := strconv.ParseInt(v.Param("id"), 10, 64)
	if err != nil {
		return desk.DraftFile{}, &dispute.Error{Kind: dispute.NotFound, Op: "draft"}
	}
	return c.desk.RuleDraft(v.Request.Context(), v.who, id)
}

func (c *Console) draft(v *visit) error {
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	return c.showDraft(v, http.StatusOK, f)
}

func (c *Console) showDraft(v *visit, status int, f desk.DraftFile) error {
	ctx := v.Request.Context()
	bar, err := c.draftBar(ctx, v, f, "rules")
	if err != nil {
		return err
	}
	sketch := rules.ReadSketch("draft", []byte(f.Source))
	sketch.Problems = f.Problems
	view := draftView{Bar: bar, File: f, Set: c.setView(ctx, v, sketch), Done: ruleDone[v.Query("done")], Diff: ruleDiffLines(f.Change)}
	view.Set.Draft, view.Set.Revision, view.Set.Writable = f.ID, f.Revision, bar.Writable
	for _, p := range f.Problems {
		if !slices.ContainsFunc(view.Set.Rows, func(r ruleRow) bool { return r.ID == p.Rule && p.Rule != "" }) {
			view.Loose = append(view.Loose, p)
		}
	}
	live, err := c.desk.RuleText(ctx, v.who, desk.Live)
	if err != nil {
		return err
	}
	view.Gone = compareRules(view.Set.Rows, live.Source, f.Source)
	c.render(v, status, page{Template: draftTemplate, Title: f.Name + " · Rules", Nav: "rules", Body: view})
	return nil
}

// compareRules marks the rows that are written otherwise in the draft than in
// force, and names the rules that are gone. A text that cannot be taken apart
// marks none.
func compareRules(rows []ruleRow, live, draft string) (gone []string) {
	for i, row := range rows {
		now, _, err := rules.RuleText([]byte(draft), row.ID)
		if err != nil {
			continue
		}
		was, _, err := rules.RuleText([]byte(live), row.ID)
		switch {
		case dispute.KindOf(err) == dispute.NotFound:
			rows[i].Change = "new"
		case err == nil && was != now:
			rows[i].Change = "changed"
		}
	}
	for _, r := range rules.ReadSketch("live", []byte(live)).Set.Rules {
		if !slices.ContainsFunc(rows, func(row ruleRow) bool { return row.ID == r.ID }) {
			gone = append(gone, r.ID)
		}
	}
	return gone
}

// beginDraft makes a draft of the rules in force, or of an older version, and
// does the first thing with it.
func (c *Console) beginDraft(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	ctx := v.Request.Context()
	text, err := c.desk.RuleText(ctx, v.who, v.PostForm("from"))
	if err != nil {
		return err
	}
	in := desk.DraftText{Name: v.PostForm("name"), Comment: v.PostForm("comment"), Source: text.Source}
	if v.PostForm("from") == desk.Live {
		in.Base = &text.Version // and not the one that is published right now
	}
	f, err := c.desk.DraftRules(ctx, v.who, in)
	if err != nil {
		return err
	}
	to := draftPath(f.ID)
	switch do := v.PostForm("do"); do {
	case "":
	case "rule":
		to = rulePath(f.ID, v.PostForm("rule"))
	default:
		return c.doDraft(v, f, do)
	}
	v.Redirect(http.StatusSeeOther, to)
	return nil
}

// changeDraft takes one step with a draft.
func (c *Console) changeDraft(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f, err := c.draftOf(v)
	if err != nil {
		return err
	}
	if revision := number(v.PostForm("revision")); revision != f.Revision {
		return dispute.Errorf(dispute.Conflict, "draft", "the draft has changed meanwhile: look at it again")
	}
	return c.doDraft(v, f, v.PostForm("do"))
}

func (c *Console) doDraft(v *visit, f desk.DraftFile, do string) error {
	ctx := v.Request.Context()
	var err error
	done := ""
	switch do {
	case "check":
		_, err = c.desk.CheckDraft(ctx, v.who, f.ID, f.Revision)
		done = "checked"
	case "ask":
		_, err = c.desk.AskApproval(ctx, v.who, f.ID, f.Revision)
		done = "asked"
	case "approve":
		_, err = c.desk.ApproveDraft(ctx, v.who, f.ID, f.Revision)
		done = "approved"
	case "drop":
		err = c.desk.DropDraft(ctx, v.who, f.ID, f.Revision)
		done = "dropped"
	case "up", "down", "move", "remove", "template", "rebase":
		done, err = c.rewrite(v, f, do)
	default:
		err = dispute.Errorf(dispute.Invalid, "draft", "there is no such button")
	}
	if err != nil {
		return err
	}
	v.Redirect(http.StatusSeeOther, draftPath(f.ID, "?done=", done, ruleAnchor(v.PostForm("rule"), done)))
	return nil
}

// ruleAnchor keeps a rule that was moved in sight.
func ruleAnchor(rule, done string) string {
	if rule == "" || done != "moved" {
		return ""
	}
	return "#rule-" + rule
}

// rewrite changes the text of a draft as a whole.
func (c *Console) rewrite(v *visit, f desk.DraftFile, do string) (done string, err error) {
	source, id := []byte(f.Source), v.PostForm("rule")
	edit := desk.DraftText{}
	switch do {
	case "remove":
		done = "removed"
		source, err = rules.RemoveRule(source, id)
	case "template":
		done = "template"
		source, err = addTemplate(v, source)
	case "rebase":
		done, edit.Base = "rebased", &f.Live
		if number(v.PostForm("live")) != f.Live {
			err = dispute.Errorf(dispute.Conflict, "draft", "version %d was published meanwhile: look at what the draft changes in it", f.Live)
		}
	default:
		done = "moved"
		source, err = rules.MoveRule(source, id, placeOf(v, f, id, do))
	}
	if err != nil {
		return "", err
	}
	edit.Source = string(source)
	_, err = c.desk.EditDraft(v.Request.Context(), v.who, f.ID, f.Revision, edit)
	return done, err
}

// placeOf is where a rule goes, from 0.
func placeOf(v *visit, f desk.DraftFile, id, do string) int {
	all := rules.ReadSketch("draft", []byte(f.Source)).Set.Rules
	at := slices.IndexFunc(all, func(r rules.Rule) bool { return r.ID == id })
	switch do {
	case "up":
		return at - 1
	case "down":
		return at + 1
	}
	return int(number(v.PostForm("place"))) - 1
}

func addTemplate(v *visit, source []byte) ([]byte, error) {
	t, err := rules.TemplateNamed(v.PostForm("template"))
	if err != nil {
		return nil, err
	}
	connections := map[string]string{}
	for _, n := range t.Needs {
		if chosen := strings.TrimSpace(v.PostForm("role." + n.Role)); chosen != "" {
			connections[n.Role] = chosen
		}
	}
	return t.Merge("the draft", source, connections)
}

// number is a whole number of a form; 0 when it is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0
	}
	return n
}
