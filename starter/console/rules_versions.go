package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// ruleHistoryView are the versions, and who did what to the rules.
type ruleHistoryView struct {
	Versions []store.RuleSet
	Events   []ruleEvent
	Next     string
}

type ruleEvent struct {
	store.RuleEvent
	Says string
}

// eventsRead is how many lines of the history are on a page.
const eventsRead = 50

var historyTemplate = pageTemplate("rulehistory")

func (c *Console) ruleHistory(v *visit) error {
	ctx := v.Request.Context()
	var view ruleHistoryView
	var err error
	if view.Versions, err = c.desk.RuleHistory(ctx, v.who); err != nil {
		return err
	}
	events, err := c.desk.RuleEvents(ctx, v.who, number(v.Query("before")), eventsRead)
	if err != nil {
		return err
	}
	for _, e := range events {
		view.Events = append(view.Events, ruleEvent{e, ruleEventWords(e)})
	}
	if len(events) == eventsRead {
		view.Next = with(v.Request.URL, "before", strconv.FormatInt(events[len(events)-1].ID, 10))
	}
	c.render(v, http.StatusOK, page{Template: historyTemplate, Title: "History · Rules", Nav: "rules", Body: view})
	return nil
}

// ruleEventWords is a line of the rules' history in words.
func ruleEventWords(e store.RuleEvent) string {
	switch e.Kind {
	case "published":
		return fmt.Sprintf("published version %d", e.Version)
	case "rolled_back":
		return fmt.Sprintf("rolled back: version %d", e.Version)
	case "applied":
		return fmt.Sprintf("applied version %d %s", e.Version, e.Comment)
	case "asked":
		return "asked for approval"
	}
	return plain(e.Kind)
}

// versionView is one version as it was published.
type versionView struct {
	store.RuleSet
	Live int64 // the version in force
	Set  setView
	Diff desk.RuleDiff // to the version before
	Rows []diffLine
	Prev int64
	// Problems are why this release no longer takes it.
	Problems []rules.Problem
	MayRoll  bool
	MayDraft bool
}

var versionTemplate = pageTemplate("ruleversion")

func (c *Console) ruleVersion(v *visit) error {
	ctx := v.Request.Context()
	all, err := c.desk.RuleHistory(ctx, v.who)
	if err != nil {
		return err
	}
	view := versionView{MayRoll: v.who.May(desk.MayPublishRules), MayDraft: v.who.May(desk.MayDraftRules)}
	var before store.RuleSet
	for i, one := range all {
		if strconv.FormatInt(one.Version, 10) == v.Param("version") {
			view.RuleSet = one
			if i+1 < len(all) {
				before = all[i+1]
			}
		}
	}
	if view.Version == 0 {
		return &dispute.Error{Kind: dispute.NotFound, Op: "version"}
	}
	view.Live, view.Prev = all[0].Version, before.Version
	sketch := rules.ReadSketch(fmt.Sprintf("version %d", view.Version), []byte(view.Source))
	view.Problems, view.Set = sketch.Problems, c.setView(ctx, v, sketch)
	if view.Prev > 0 {
		view.Diff, err = c.desk.DiffRules(v.who, versionText(before), versionText(view.RuleSet))
		view.Rows = ruleDiffLines(view.Diff)
	}
	if err != nil {
		return err
	}
	c.render(v, http.StatusOK, page{Template: versionTemplate, Title: fmt.Sprintf("Version %d · Rules", view.Version), Nav: "rules", Body: view})
	return nil
}

func versionText(s store.RuleSet) desk.RuleText {
	return desk.RuleText{Name: fmt.Sprintf("version %d", s.Version), Version: s.Version, Source: s.Source}
}

func (c *Console) rollBackRules(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if _, err := c.desk.RollBackRules(v.Request.Context(), v.who, number(v.Param("version")), number(v.PostForm("live")), strings.TrimSpace(v.PostForm("comment"))); err != nil {
		return err
	}
	v.Redirect(http.StatusSeeOther, "/rules?done=rolled-back")
	return nil
}

// ruleDiffView compares any two rule sets.
type ruleDiffView struct {
	From, To string
	Names    []link // versions and drafts to choose from
	Diff     desk.RuleDiff
	Rows     []diffLine
}

var ruleDiffTemplate = pageTemplate("rulediff")

func (c *Console) ruleDiff(v *visit) error {
	ctx := v.Request.Context()
	view := ruleDiffView{From: orLive(v.Query("from")), To: orLive(v.Query("to"))}
	from, err := c.desk.RuleText(ctx, v.who, view.From)
	if err != nil {
		return err
	}
	to, err := c.desk.RuleText(ctx, v.who, view.To)
	if err != nil {
		return err
	}
	if view.Diff, err = c.desk.DiffRules(v.who, from, to); err != nil {
		return err
	}
	view.Rows = ruleDiffLines(view.Diff)
	if view.Names, err = c.ruleNames(v); err != nil {
		return err
	}
	c.render(v, http.StatusOK, page{Template: ruleDiffTemplate, Title: "Compare · Rules", Nav: "rules", Body: view})
	return nil
}

func orLive(name string) string {
	if name == "" {
		return desk.Live
	}
	return name
}

// ruleNames are the rule sets that may be compared.
func (c *Console) ruleNames(v *visit) ([]link, error) {
	ctx := v.Request.Context()
	names := []link{{Name: "in force", Value: desk.Live}}
	drafts, err := c.desk.RuleDrafts(ctx, v.who)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		names = append(names, link{Name: fmt.Sprintf("draft %d, %s", d.ID, d.Name), Value: fmt.Sprintf("draft:%d", d.ID)})
	}
	versions, err := c.desk.RuleHistory(ctx, v.who)
	for _, one := range versions {
		names = append(names, link{Name: fmt.Sprintf("version %d", one.Version), Value: strconv.FormatInt(one.Version, 10)})
	}
	return names, err
}

// ruleDiffLines are the lines of a comparison, without its head.
func ruleDiffLines(d desk.RuleDiff) []diffLine {
	_, lines, ok := strings.Cut(d.Diff, "\n@@")
	if !ok {
		return nil
	}
	return diffLines("@@" + lines)
}
