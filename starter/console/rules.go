package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// registerRules adds the pages of the policy.
func (c *Console) registerRules(g gin.IRouter) {
	g.GET("/rules", c.as(c.rules))
	g.GET("/rules/words", c.as(c.ruleWords))
	g.GET("/rules/history", c.as(c.ruleHistory))
	g.GET("/rules/diff", c.as(c.ruleDiff))
	g.GET("/rules/versions/:version", c.as(c.ruleVersion))
	g.POST("/rules/versions/:version", c.as(c.rollBackRules))
	g.GET("/rules/apply", c.as(c.previewApply))
	g.POST("/rules/apply", c.as(c.applyRules))
	g.GET("/rules/shadow", c.as(c.shadow))
	g.POST("/rules/shadow", c.as(c.changeShadow))
	g.POST("/rules/drafts", c.as(c.beginDraft))
	g.GET("/rules/drafts/:id", c.as(c.draft))
	g.POST("/rules/drafts/:id", c.as(c.changeDraft))
	g.GET("/rules/drafts/:id/rule", c.as(c.ruleForm))
	g.POST("/rules/drafts/:id/rule", c.as(c.writeRule))
	g.GET("/rules/drafts/:id/text", c.as(c.draftText))
	g.POST("/rules/drafts/:id/text", c.as(c.writeText))
	g.GET("/rules/drafts/:id/templates", c.as(c.ruleTemplates))
	g.GET("/rules/drafts/:id/moves", c.as(c.draftMoves))
	g.GET("/rules/drafts/:id/publish", c.as(c.askPublish))
	g.POST("/rules/drafts/:id/publish", c.as(c.publishDraft))
}

// hitsSince is the time that the rules' hits are counted over.
const hitsSince = 30 * 24 * time.Hour

// rulesView is a rule set in plain language: the one in force, or a draft.
type rulesView struct {
	Name     string
	Version  int64 // 0 for the built-in rules and for drafts
	Set      setView
	Drafts   []store.RuleDraft
	Shadow   *store.RuleShadow // the one that runs
	Done     string
	MayDraft bool // offers to change the rules
}

// setView is what a rule set says.
type setView struct {
	Rows    []ruleRow
	Queues  []named
	Ladders []named
	About   []named // what amounts are compared in, what an answer costs
	// Draft is the id of the draft that the rows belong to; 0 when they are in force.
	Draft    int64
	Revision int64
	Writable bool // by whoever looks at it
}

// ruleRow is one rule.
type ruleRow struct {
	Place    int // from 1
	ID       string
	When     string
	Then     []string
	Shadow   bool
	Continue bool
	Change   string // from the rules in force: new, changed; empty when it is the same
	Hits     string // how many cases it decided lately
	HitNotes []string
	Problems []rules.Problem
	First    bool
	Last     bool
}

var rulesTemplate = pageTemplate("rules")

func (c *Console) rules(v *visit) error {
	ctx := v.Request.Context()
	text, err := c.desk.RuleText(ctx, v.who, desk.Live)
	if err != nil {
		return err
	}
	set, err := rules.Read(text.Name, []byte(text.Source))
	if err != nil {
		return fmt.Errorf("read the rules in force: %w", err)
	}
	view := rulesView{
		Name: text.Name, Version: text.Version, Set: c.setView(ctx, v, rules.Sketch{Set: set}),
		Done:     ruleDone[v.Query("done")],
		MayDraft: v.who.May(desk.MayDraftRules),
	}
	view.Set.Writable = view.MayDraft
	if view.Drafts, err = c.desk.RuleDrafts(ctx, v.who); err != nil {
		return err
	}
	report, err := c.desk.ShadowReport(ctx, v.who, 1)
	if err == nil && report.Shadow.StoppedAt.IsZero() {
		view.Shadow = &report.Shadow
	}
	c.render(v, http.StatusOK, page{Template: rulesTemplate, Title: "Rules", Nav: "rules", Body: view})
	return nil
}

// setView puts a set into words. Hits that cannot be counted are left out.
func (c *Console) setView(ctx context.Context, v *visit, s rules.Sketch) setView {
	hits, err := c.desk.RuleHits(ctx, v.who, hitsSince)
	if err != nil {
		c.desk.Log.Warn("console: the rules' hits are not counted", "error", err)
	}
	out := setView{About: aboutSet(s.Set)}
	for i, r := range s.Set.Rules {
		row := ruleRow{
			Place: i + 1, ID: r.ID, When: rules.DescribeWhen(r), Then: rules.DescribeThen(r), Shadow: r.Shadow, Continue: r.Continue,
			First: i == 0, Last: i == len(s.Set.Rules)-1,
		}
		row.Hits, row.HitNotes = hitWords(hits[r.ID])
		for _, p := range s.Problems {
			if p.Rule == r.ID && r.ID != "" {
				row.Problems = append(row.Problems, p)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Set.Queues)) {
		out.Queues = append(out.Queues, named{name, queueWords(s.Set.Queues[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Set.Ladders)) {
		_, words, _ := strings.Cut(s.Set.Ladders[name].String(), ": ")
		out.Ladders = append(out.Ladders, named{name, words})
	}
	return out
}

// hitWords says how a rule fared.
func hitWords(h desk.RuleHit) (decided string, notes []string) {
	if h.Matched == 0 {
		return "none", nil
	}
	decided = plural(int(h.Decided), "case", "cases")
	if h.Decided > 0 {
		notes = append(notes, money(h.Amount))
	}
	if h.Unpriced > 0 {
		notes = append(notes, fmt.Sprintf("%d without a rate", h.Unpriced))
	}
	if h.Matched > h.Decided {
		notes = append(notes, fmt.Sprintf("held for %d", h.Matched))
	}
	return decided, notes
}

func aboutSet(s *rules.Set) []named {
	out := []named{{"Amounts are compared in", s.BaseCurrency}}
	if s.HandlingCost.Minor > 0 {
		out = append(out, named{"One answer costs", money(s.HandlingCost)})
	}
	return append(out, named{"Where no rule says otherwise", strings.Join(rules.DescribeThen(rules.Rule{Then: s.Defaults}), ", ")})
}

func queueWords(q rules.Queue) string {
	words := strings.Join(q.Members, ", ")
	switch q.EscalateTo {
	case "":
	case rules.OnCall:
		words += "; escalates to whoever is on call"
	default:
		words += "; escalates to " + q.EscalateTo
	}
	if q.Team != "" {
		words += "; team " + q.Team
	}
	return words
}

// wordsView lists what conditions may ask for.
type wordsView struct {
	Groups []wordGroup
}

type wordGroup struct {
	Name   string
	Fields []rules.Field
}

var wordsTemplate = pageTemplate("words")

func (c *Console) ruleWords(v *visit) error {
	if !v.who.May(desk.MayReadCases) {
		return dispute.Errorf(dispute.Auth, "permission", "%s (%s) may not %s", v.who.ID, v.who.Role, desk.MayReadCases)
	}
	c.render(v, http.StatusOK, page{Template: wordsTemplate, Title: "Words of the rules", Nav: "rules", Body: wordsView{wordGroups()}})
	return nil
}

// wordGroups are the fields by what is before their dot.
func wordGroups() []wordGroup {
	var out []wordGroup
	for _, f := range rules.Vocabulary() {
		name, _, dotted := strings.Cut(f.Name, ".")
		if !dotted {
			name = "case"
		}
		at := slices.IndexFunc(out, func(g wordGroup) bool { return g.Name == name })
		if at < 0 {
			at, out = len(out), append(out, wordGroup{Name: name})
		}
		out[at].Fields = append(out[at].Fields, f)
	}
	return out
}

// ruleDone says what was done, by the word in the address.
var ruleDone = map[string]string{
	"kept":        "Kept in the draft. It has to be checked, and approved where that is needed, anew.",
	"checked":     "The draft is right.",
	"asked":       "The draft waits for another person’s approval.",
	"approved":    "Approved. The draft may be published.",
	"dropped":     "The draft is dropped.",
	"moved":       "Moved.",
	"removed":     "The rule is taken out of the draft.",
	"published":   "Published. New cases follow these rules; open cases keep the ones that decided them.",
	"rolled-back": "Rolled back. New cases follow these rules; open cases keep the ones that decided them.",
	"started":     "The shadow runs. It is asked about every case that is planned from now on.",
	"stopped":     "The shadow is stopped. Its report stays.",
	"template":    "The template’s rule is at the top of the draft.",
	"rebased":     "The draft builds on the version in force now. Look at what it changes.",
}

func draftPath(id int64, more ...string) string {
	return fmt.Sprintf("/rules/drafts/%d%s", id, strings.Join(more, ""))
}

func rulePath(draft int64, rule string) string {
	return draftPath(draft, "/rule?rule=", url.QueryEscape(rule))
}
