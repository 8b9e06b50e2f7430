package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const fullRule = `# Why.
- id: high
  when: dispute.amount_base >= money("500 USD") && dispute.family == "fraudulent" # both
  then:
    queue: senior
    approval: required # four eyes
    assign: { by: skill, skill: fraud }
    tags: [big]
    hold: true
    notify: [{ connection: alerts, channel: "#d", optional: true }]
    ticket: { connection: helpdesk, priority: urgent }
    report: [{ connection: sheet, on: [opened] }]
    sources: [shop]
  continue: true
`

func fullForm() Form {
	return Form{
		ID: "high", Builder: Builder{[]Condition{{"dispute.amount_base", AtLeast, "500.00 USD"}, {"dispute.family", Is, "fraudulent"}}},
		Queue: "senior", Approval: "required", Assign: "by skill fraud", Tags: []string{"big"}, Hold: true, Continue: true,
		Notify: []Notify{{"alerts", "#d", true}}, Ticket: &Ticket{Connection: "helpdesk", Priority: "urgent"},
		Others: []string{"ask only shop", "report opened to sheet"},
	}
}

func TestFormOf(t *testing.T) {
	t.Parallel()
	got, problems := FormOf(fullRule)
	if diff := cmp.Diff(fullForm(), got); diff != "" || len(problems) > 0 {
		t.Errorf("%v (-want +got)\n%s", problems, diff)
	}
	got, problems = FormOf("- id: a\n  when: 'dispute.amount_base > money(\"5 USD\") || payment.refunded'\n  then: { queue: q, respnd: accept }\n")
	if got.When == "" || got.Builder.Conditions != nil || got.Queue != "q" {
		t.Errorf("%+v", got)
	}
	if len(problems) != 1 || problems[0].Line != 3 || !strings.Contains(problems[0].Mend, "respond") {
		t.Errorf("%v", problems)
	}
	for name, text := range map[string]string{"no yaml": "- id: [", "two": "- id: a\n- id: b\n", "a word": "x", "nothing": ""} {
		if _, problems := FormOf(text); len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
		if _, err := fullForm().Write(text); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the form does not change stays as it was written.
func TestWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Form)
		was    string
		want   string
	}{
		"nothing":   {func(*Form) {}, "", ""},
		"name":      {func(f *Form) { f.ID = "higher" }, "id: high", "id: higher"},
		"condition": {func(f *Form) { f.Builder.Conditions[0].Value = "900 USD" }, `money("500 USD")`, `money("900.00 USD")`},
		"no condition": {
			func(f *Form) { f.Builder.Conditions = nil }, `dispute.amount_base >= money("500 USD") && dispute.family == "fraudulent"`, `"true"`,
		},
		"own words":   {func(f *Form) { f.When = "!payment.refunded" }, `dispute.amount_base >= money("500 USD") && dispute.family == "fraudulent"`, `"!payment.refunded"`},
		"queue":       {func(f *Form) { f.Queue = "front" }, "queue: senior", "queue: front"},
		"no queue":    {func(f *Form) { f.Queue = "" }, "    queue: senior\n", ""},
		"approval":    {func(f *Form) { f.Approval = "none" }, "approval: required", "approval: none"},
		"by load":     {func(f *Form) { f.Assign = "by load" }, "{by: skill, skill: fraud}", "{by: load}"},
		"person":      {func(f *Form) { f.Assign = "a@b.example" }, "{by: skill, skill: fraud}", "a@b.example"},
		"tags":        {func(f *Form) { f.Tags = []string{"a", "b"} }, "[big]", "[a, b]"},
		"no hold":     {func(f *Form) { f.Hold = false }, "    hold: true\n", ""},
		"no notify":   {func(f *Form) { f.Notify = nil }, "    notify: [{connection: alerts, channel: \"#d\", optional: true}]\n", ""},
		"ticket":      {func(f *Form) { f.Ticket.Priority = "low" }, "priority: urgent", "priority: low"},
		"no ticket":   {func(f *Form) { f.Ticket = nil }, "    ticket: {connection: helpdesk, priority: urgent}\n", ""},
		"no continue": {func(f *Form) { f.Continue = false }, "  continue: true\n", ""},
		"shadow":      {func(f *Form) { f.Shadow = true }, "  continue: true\n", "  continue: true\n  shadow: true\n"},
	} {
		f := fullForm()
		c.change(&f)
		got, err := f.Write(fullRule)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tight := strings.NewReplacer("{ ", "{", " }", "}").Replace(fullRule)
		if name == "nothing" {
			tight = fullRule
		}
		if diff := cmp.Diff(strings.Replace(tight, c.was, c.want, 1), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestNewRule(t *testing.T) {
	t.Parallel()
	f, _ := FormOf(NewRule)
	f.ID, f.Queue, f.Respond = "mine", "all", "accept"
	f.Builder.Conditions = []Condition{{"dispute.amount_base", LessThan, "5 USD"}, {"payment.refunded", Is, "false"}}
	f.Ticket, f.Notify = &Ticket{Connection: "helpdesk", Priority: "low"}, []Notify{{Connection: "alerts", Channel: "#d"}}
	text, err := f.Write(NewRule)
	want := "- id: mine\n  when: dispute.amount_base < money(\"5.00 USD\") && !payment.refunded\n" +
		"  then: {queue: all, respond: accept, notify: [{connection: alerts, channel: '#d'}], ticket: {connection: helpdesk, priority: low}}\n"
	if diff := cmp.Diff(want, text); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	f.Builder.Conditions[0].Value = "five"
	if _, err := f.Write(text); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("five: %v", err)
	}
}

// Whatever a form says, its text says the same.
func TestFormAndTextAgree(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z][a-z0-9-]{0,8}`)
	maybe := func(t *rapid.T, what string) string {
		if rapid.Bool().Draw(t, "has "+what) {
			return word.Draw(t, what)
		}
		return ""
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Form{
			ID: word.Draw(t, "id"), Queue: maybe(t, "queue"), Ladder: maybe(t, "ladder"), Tags: rapid.SliceOfDistinct(word, rapid.ID[string]).Draw(t, "tags"),
			Approval: rapid.SampledFrom([]string{"", "none", "required"}).Draw(t, "approval"),
			Respond:  rapid.SampledFrom([]string{"", "contest", "accept", "by_value"}).Draw(t, "respond"),
			Assign:   rapid.SampledFrom([]string{"", "by load", "by round_robin", "by skill x", "a@b.example"}).Draw(t, "assign"),
			Hold:     rapid.Bool().Draw(t, "hold"), Continue: rapid.Bool().Draw(t, "continue"), Shadow: rapid.Bool().Draw(t, "shadow"),
		}
		if rapid.Bool().Draw(t, "refunded") {
			f.Builder.Conditions = []Condition{{"payment.refunded", Is, "true"}, {"dispute.connection", Is, word.Draw(t, "connection")}}
		}
		text, err := f.Write(rapid.SampledFrom([]string{NewRule, fullRule}).Draw(t, "text"))
		if err != nil {
			t.Fatal(err)
		}
		got, problems := FormOf(text)
		got.Others = nil
		if diff := cmp.Diff(f, got, cmpopts.EquateEmpty()); diff != "" || len(problems) > 0 {
			t.Fatalf("%v (-want +got)\n%s\n%s", problems, diff, text)
		}
	})
}
