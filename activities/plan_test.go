package activities

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestPlanByTheDefaultRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	got := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	due := w.row().Deadline.At
	want := Plan{
		Rule: "rest", RuleSet: rules.Default().Hash(), Why: got.Why, Queue: "frontline", Respond: dispute.ResponseContest,
		CutOff: due.Add(-6 * time.Hour), AtCutOff: "submit", Sources: []string{"shop"}, Accounting: []string{"books"},
		SourcesUntil: noon.Add(10 * time.Minute), Linger: time.Hour, RetryEvery: time.Hour, Rungs: got.Rungs,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, r := range got.Rungs {
		if !r.At.After(noon) || !r.At.Before(got.CutOff) || (i > 0 && r.At.Before(got.Rungs[i-1].At)) {
			t.Errorf("rung %+v", r)
		}
	}
	row := w.row()
	if len(got.Rungs) == 0 || row.Rule != "rest" || row.RuleSet != want.RuleSet || row.Queue != "frontline" || !row.CutOffAt.Equal(want.CutOff) || row.Route == nil {
		t.Errorf("%+v", row)
	}
	again := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref, RuleSet: got.RuleSet}))
	if diff := cmp.Diff(got, again); diff != "" {
		t.Error("pinned:", diff)
	}
}

func TestPlanKeepsItsRuleSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	first := must[store.RuleSet](t)(w.DB.PublishRules(t.Context(), ruleText("alpha"), "ana", "", 0))
	plan := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	must[store.RuleSet](t)(w.DB.PublishRules(t.Context(), ruleText("beta"), "ana", "", first.Version))
	pinned := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref, RuleSet: plan.RuleSet}))
	fresh := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	if plan.Queue != "alpha" || pinned.Queue != "alpha" || fresh.Queue != "beta" {
		t.Errorf("%s, pinned %s, fresh %s", plan.Queue, pinned.Queue, fresh.Queue)
	}
	w.sets = parsed[*rules.Set]{} // another worker
	if pinned := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref, RuleSet: plan.RuleSet})); pinned.Queue != "alpha" {
		t.Errorf("pinned elsewhere: %s", pinned.Queue)
	}
}

func ruleText(queue string) string {
	return `base_currency: USD
queues:
  ` + queue + `: { members: [a@example.com], escalate_to: b@example.com }
ladder:
  only: { remind: [24h], cut_off: 6h, at_cut_off: submit }
defaults: { queue: ` + queue + `, approval: none, ladder: only, respond: contest }
rules:
  - id: all
    when: "true"
    then: { respond: contest }
`
}

func TestPlanFallsBackToAPerson(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *world){
		"rules that this build cannot read": func(w *world) {
			must[store.RuleSet](w.t)(w.DB.PublishRules(w.t.Context(), "rules: [", "ana", "", 0))
		},
		"rules that cannot decide": func(w *world) {
			w.Now = func() time.Time { return time.Time{} }
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, database(t))
			w.open()
			arrange(w)
			live, err := w.DB.ActiveRules(t.Context())
			if dispute.KindOf(err) == dispute.NotFound {
				live.Hash = rules.Default().Hash()
			}
			got := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
			if got.Rule != "fallback" || got.Queue != "unrouted" || !got.Approval || got.AtCutOff != "submit" || got.Respond != dispute.ResponseContest || got.Why == "" {
				t.Errorf("%+v", got)
			}
			if want := w.row().Deadline.At.Add(-6 * time.Hour); !got.CutOff.Equal(want) {
				t.Errorf("the deadline is not armed: %s, want %s", got.CutOff, want)
			}
			if got.RuleSet == "" || got.RuleSet != live.Hash || w.row().RuleSet != live.Hash {
				t.Errorf("follows %q, the case %q, want %q", got.RuleSet, w.row().RuleSet, live.Hash)
			}
			w.Now = func() time.Time { return noon }
			must[store.RuleSet](t)(w.DB.PublishRules(t.Context(), ruleText("alpha"), "ana", "", live.Version))
			if again := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref})); again.Rule != "all" {
				t.Errorf("a version that can be read: %+v", again)
			}
		})
	}
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	provider := func(at, last time.Duration) dispute.Deadline {
		return dispute.Deadline{At: noon.Add(at), Considered: []dispute.Candidate{{Origin: dispute.OriginProvider, At: noon.Add(last)}}}
	}
	tests := []struct {
		name string
		in   dispute.Deadline
		want time.Duration // from now
	}{
		{"far", provider(10*day, 10*day), 10*day - 6*time.Hour},
		{"just outside the margin", provider(6*time.Hour+time.Second, 6*time.Hour+time.Second), time.Second},
		{"at the margin", provider(6*time.Hour, 6*time.Hour), 3 * time.Hour},
		{"within the margin", provider(time.Hour, time.Hour), 30 * time.Minute},
		{"a little", provider(15*time.Minute, 15*time.Minute), 15 * time.Minute / 2},
		{"too little", provider(15*time.Minute-time.Second, 15*time.Minute-time.Second), 0},
		{"too little of what the provider gives", provider(-day, time.Minute), 0},
		{"the network's date has passed, the provider listens", provider(-day, 4*time.Hour), 2 * time.Hour},
		{"all has passed", provider(-day, -time.Hour), -day - 6*time.Hour},
		{"now", provider(0, 0), -6 * time.Hour},
	}
	for _, tt := range tests {
		got := cutOff(tt.in, 6*time.Hour, 15*time.Minute, noon)
		if !got.Equal(noon.Add(tt.want)) {
			t.Errorf("%s: %s, want %s", tt.name, got.Sub(noon), tt.want)
		}
		if last := tt.in.Last(); last.After(noon) && !got.Before(last) {
			t.Errorf("%s: %s is not before the last moment", tt.name, got)
		}
	}
	if got := cutOff(dispute.Deadline{}, time.Hour, time.Minute, noon); !got.IsZero() {
		t.Errorf("without a deadline: %s", got)
	}
	// A rule that wants to go on until shortly before the deadline may.
	if got := cutOff(provider(10*time.Minute, 10*time.Minute), 5*time.Minute, 15*time.Minute, noon); !got.Equal(noon.Add(5 * time.Minute)) {
		t.Errorf("a small margin: %s", got)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	row := w.row()
	row.Deadline = dispute.Deadline{At: noon.Add(4 * day)}
	route := rules.Route{
		Rule: "r", Queue: "q", Respond: dispute.ResponseContest,
		Ladder: rules.Ladder{Remind: []time.Duration{5 * day, 3 * day, day}, Escalate: []time.Duration{12 * time.Hour}, CutOff: 12 * time.Hour, AtCutOff: "person"},
		Notify: []rules.Notify{
			{Connection: "chat", Channel: "C1", Optional: true}, {Connection: "none", Channel: "C2", Optional: true}, {Connection: "later", Channel: "C3"},
		},
		Ticket:      &rules.Ticket{Connection: "none", Priority: "high", Optional: true},
		Explanation: []rules.Match{{Rule: "other", Why: "no"}, {Rule: "r", Why: "amount = 129"}},
	}
	cut := noon.Add(4*day - 12*time.Hour)
	want := Plan{
		Rule: "r", Why: "amount = 129", Queue: "q", Respond: dispute.ResponseContest, CutOff: cut, AtCutOff: "person",
		Sources: []string{"shop"}, Accounting: []string{"books"}, SourcesUntil: noon.Add(10 * time.Minute), Linger: time.Hour, RetryEvery: time.Hour,
		Notify: []NotifyTarget{{Connection: "chat", Channel: "C1"}, {Connection: "later", Channel: "C3"}},
		Rungs: []Rung{
			{Kind: "remind", Name: "3 days before the cut-off", At: cut.Add(-3 * day)},
			{Kind: "remind", Name: "24 h before the cut-off", At: cut.Add(-day)},
			{Kind: "escalate", Name: "12 h before the cut-off", At: cut.Add(-12 * time.Hour)},
		},
	}
	if diff := cmp.Diff(want, w.schedule(row, route, nil)); diff != "" {
		t.Error(diff)
	}
	route.Ticket.Connection = "help"
	row.Deadline.At = noon.Add(16 * time.Minute)
	got := w.schedule(row, route, nil)
	if diff := cmp.Diff([]TicketTarget{{Connection: "help", Priority: "high"}}, got.Tickets); diff != "" {
		t.Error(diff)
	}
	if !got.SourcesUntil.Equal(noon.Add(8*time.Minute)) || len(got.Rungs) != 0 {
		t.Errorf("near the deadline: sources until %s, rungs %v", got.SourcesUntil, got.Rungs)
	}
	row.Deadline, row.Ref.Connection = dispute.Deadline{}, "orphan"
	got = w.schedule(row, route, nil)
	if !got.CutOff.IsZero() || got.Rungs != nil || got.Sources != nil || got.Accounting != nil || !got.SourcesUntil.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("without deadline and owner: %+v", got)
	}
}

// A reason that nobody here knows is decided by a person, whatever the rule.
func TestUnknownReasonNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	w.update(func(row *store.CaseRow) {
		row.View.Snapshot.Reason, row.View.Snapshot.Network, row.View.Snapshot.NetworkCode = "moonlight", "", ""
	})
	got := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	if !got.Approval || !strings.Contains(got.Why, `"moonlight" is not known`) || got.CutOff.IsZero() {
		t.Errorf("%+v", got)
	}
}

// Whom the rules give a case to keeps it when the plan is asked again.
func TestPlanAssigns(t *testing.T) {
	t.Parallel()
	db := database(t)
	text := func(assign string) string {
		return strings.Replace(strings.Replace(ruleText("alpha"), "[a@example.com]", "[ana, { id: ben, skills: [fraud] }]", 1),
			"then: {", "then: { tags: [vip], hold: true, sources: [none], assign: "+assign+",", 1)
	}
	version := int64(0)
	for _, tt := range []struct{ assign, want string }{
		{"{ by: round_robin }", "ana"}, {"{ by: round_robin }", "ben"}, {"{ by: load }", "ana"},
		{"{ by: skill, skill: fraud }", "ben"}, {"ben", "ben"},
	} {
		w := newWorld(t, db)
		w.open()
		version = must[store.RuleSet](t)(db.PublishRules(t.Context(), text(tt.assign), "ana", "", version)).Version
		got := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
		row := w.row()
		if got.Assignee != tt.want || row.Assignee != tt.want || !got.Hold || len(got.Sources) != 0 {
			t.Errorf("%s: %s, kept %s, plan %+v", tt.assign, got.Assignee, row.Assignee, got)
		}
		if diff := cmp.Diff([]string{"vip"}, row.Tags); diff != "" || row.Vendor != "stripe" {
			t.Errorf("vendor %q, tags %s", row.Vendor, diff)
		}
		if again := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref})); again.Assignee != tt.want {
			t.Errorf("%s: again it is %s", tt.assign, again.Assignee)
		}
	}
}

func TestPlanByValueAndOnCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	text := strings.NewReplacer("respond: contest", "respond: by_value", "escalate_to: b@example.com", "escalate_to: on_call",
		"remind: [24h]", "remind: [2bd], escalate: [24h]").Replace(ruleText("alpha")) + `calendar:
  ops: { time_zone: UTC, on_call: { people: [ana, ben], hand_over: mon 09:00, from: 2026-03-02 } }
`
	must[store.RuleSet](t)(w.DB.PublishRules(t.Context(), text, "ana", "", 0))
	got := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref}))
	cut := w.row().Deadline.At.Add(-6 * time.Hour) // Saturday, 14 March, 6:00
	want := []Rung{
		{Kind: RungRemind, Name: "2 business days before the cut-off", At: cut.Add(-2 * day)},
		{Kind: RungEscalate, Name: "24 h before the cut-off", At: cut.Add(-day), To: "ben"},
	}
	if diff := cmp.Diff(want, got.Rungs); diff != "" {
		t.Error(diff)
	}
	if opened := w.row().View.Snapshot.OpenedAt; got.Respond != dispute.ResponseContest || !got.SendBy.Equal(opened.Add(11*day)) {
		t.Errorf("%s, send by %s", got.Respond, got.SendBy)
	}
	if !strings.HasPrefix(got.Why, "contesting is worth more: contesting ") {
		t.Errorf("why: %q", got.Why)
	}
}
