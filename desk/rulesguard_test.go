package desk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// guarded has one rule with an approval and one without.
const guarded = `queues:
  all: { members: [a@acme.example] }
ladder:
  l: { cut_off: 6h, at_cut_off: submit }
  g: { cut_off: 6h, at_cut_off: accept }
defaults: { queue: all, ladder: l, respond: contest }
rules:
  - { id: high, when: dispute.amount_base >= money("500 USD"), then: { approval: required, min_strength: 2 } }
  - { id: rest, when: "true", then: { queue: all } }
`

func parsed(t *testing.T, source string) *rules.Set {
	t.Helper()
	set, err := rules.Parse("test", []byte(source))
	ok(t, err)
	return set
}

func TestLoosened(t *testing.T) {
	t.Parallel()
	const high, rest = `when: dispute.amount_base >= money("500 USD"), then: { approval: required, min_strength: 2 }`, `{ id: rest, when: "true", then: { queue: all } }`
	for name, tc := range map[string]struct {
		from, to string // replaced in the guarded set
		want     string // part of the only word; empty for none
	}{
		"nothing":                    {"", "", ""},
		"spaces in a condition":      {"when: dispute.amount_base >=", "when: dispute.amount_base  >=", ""},
		"more approval":              {`then: { queue: all } }`, `then: { queue: all, approval: required } }`, ""},
		"more strength":              {"min_strength: 2", "min_strength: 3", ""},
		"a contesting rule, guarded": {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { approval: required, min_strength: 2 } }\n", ""},
		"a rule that contributes":    {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all, continue: true } }\n", ""},
		"a rule behind":              {"  - " + rest, "  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all } }\n  - " + rest, ""},
		"accepts":                    {rest, `{ id: rest, when: "true", then: { respond: accept } }`, "rule rest says respond: accept instead of contest"},
		"leaves it to arithmetic":    {rest, `{ id: rest, when: "true", then: { respond: by_value } }`, "rule rest says respond: by_value instead of contest"},
		"a new rule accepts":         {"  - " + rest, "  - { id: eu, when: dispute.currency == \"EUR\", then: { respond: accept } }\n  - " + rest, "rule eu is new and says respond: accept"},
		"defaults accept":            {"respond: contest }", "respond: accept }", "rule high says respond: accept instead of contest"},
		"gives in at the cut-off":    {rest, `{ id: rest, when: "true", then: { ladder: g } }`, "rule rest gives in at the cut-off"},
		"the ladder gives in":        {"l: { cut_off: 6h, at_cut_off: submit }", "l: { cut_off: 6h, at_cut_off: accept }", "gives in at the cut-off"},
		"no approval":                {"approval: required, ", "", "rule high no longer asks for approval"},
		"less strength":              {"min_strength: 2", "min_strength: 1", "rule high asks for strength 1 instead of 2"},
		"another threshold":          {"500 USD", "900 USD", "the condition of rule high changed, which asks for approval and asks for strength 2"},
		"the rule is gone":           {"  - { id: high, " + high + " }\n", "", "rule high is gone, which asks for approval"},
		"a rule before it":           {"rules:\n", "rules:\n  - { id: eu, when: dispute.currency == \"EUR\", then: { queue: all } }\n", "rule eu takes cases before rule high"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(guarded, tc.from) {
				t.Fatalf("%q is not in the set", tc.from)
			}
			to := strings.Replace(guarded, tc.from, tc.to, 1)
			got := Loosened(parsed(t, guarded), parsed(t, to))
			if tc.want == "" && len(got) > 0 || tc.want != "" && !strings.Contains(strings.Join(got, "; "), tc.want) {
				t.Errorf("loosens %q, want %q", got, tc.want)
			}
			if back := Loosened(parsed(t, to), parsed(t, to)); len(back) > 0 {
				t.Errorf("beside itself it loosens %q", back)
			}
		})
	}
}

func TestDearerWorkLoosens(t *testing.T) {
	t.Parallel()
	weighing := "handling_cost: 5 USD\n" + strings.Replace(guarded, "then: { queue: all }", "then: { respond: by_value }", 1)
	dearer := strings.Replace(weighing, "5 USD", "9 USD", 1)
	got := Loosened(parsed(t, weighing), parsed(t, dearer))
	if diff := cmp.Diff([]string{"handling_cost is 9.00 USD instead of 5.00 USD, so respond: by_value accepts more"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Loosened(parsed(t, dearer), parsed(t, weighing)); len(got) > 0 {
		t.Errorf("cheaper work loosens %q", got)
	}
	if got := Loosened(parsed(t, "handling_cost: 5 USD\n"+guarded), parsed(t, "handling_cost: 9 USD\n"+guarded)); len(got) > 0 {
		t.Errorf("where nothing is weighed: %q", got)
	}
}

// policy has a rule of every kind: contributing, contesting, accepting, weighing,
// with and without approval, and conditions that read the metadata.
const policy = `fx: { EUR: "1.10", JPY: "0.0067" }
handling_cost: 900 JPY
countries_from: country
products_from: sku
queues:
  all: { members: [a@acme.example], escalate_to: b@acme.example }
  senior: { members: [b@acme.example] }
ladder:
  l: { remind: [24h], escalate: [12h], cut_off: 6h, at_cut_off: submit }
  g: { cut_off: 12h, at_cut_off: accept }
  p: { cut_off: 6h, at_cut_off: person }
defaults: { queue: all, ladder: l, respond: contest }
rules:
  - { id: mark, when: first_time, continue: true, then: { tags: [new] } }
  - { id: swiss, when: payment.country == "CH" && payment.product == "x", continue: true, then: { min_strength: 1 } }
  - { id: high, when: dispute.amount_base >= money("500 USD"), then: { approval: required, ladder: p } }
  - { id: refunded, when: payment.refunded, then: { respond: contest } }
  - { id: tiny, when: win_probability < 0.2, then: { respond: accept, approval: required } }
  - { id: poor, when: dispute.network == "amex", then: { respond: by_value } }
  - { id: fraud, when: dispute.family == "fraudulent", then: { queue: senior } }
  - { id: rest, when: "true", then: { queue: all } }
`

// edit is a change of the policy: texts replaced, or a rule moved or taken out.
type edit struct {
	replace []string // what by what, in turns
	remove  string
	move    string
	place   int
}

func (e edit) of(t *testing.T, source string) string {
	t.Helper()
	for i := 0; i+1 < len(e.replace); i += 2 {
		if !strings.Contains(source, e.replace[i]) {
			t.Fatalf("%q is not in the set", e.replace[i])
		}
		source = strings.Replace(source, e.replace[i], e.replace[i+1], 1)
	}
	raw, err := []byte(source), error(nil)
	if e.remove != "" {
		raw, err = rules.RemoveRule(raw, e.remove)
	}
	if e.move != "" {
		raw, err = rules.MoveRule(raw, e.move, e.place)
	}
	ok(t, err)
	return string(raw)
}

func inFront(rule string) edit {
	return edit{replace: []string{"rules:\n", "rules:\n  - " + rule + "\n"}}
}

func swap(texts ...string) edit { return edit{replace: texts} }

// Nobody gets around the second person by a change of another kind.
func TestLoosenedEveryWay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit edit
		want []string
	}{
		"approval waved through on top": {
			inFront(`{ id: quick, when: "true", continue: true, then: { approval: none } }`),
			[]string{"rule quick takes cases before rule high, which asks for approval and leaves it to a person at the cut-off"},
		},
		"strength waved through on top": {
			inFront(`{ id: quick, when: "true", continue: true, then: { min_strength: "0" } }`),
			[]string{"rule quick takes cases before rule swiss, which asks for strength 1"},
		},
		"a ladder waved through on top": {
			inFront(`{ id: quick, when: "true", continue: true, then: { ladder: l } }`),
			[]string{"rule quick takes cases before rule high, which asks for approval and leaves it to a person at the cut-off"},
		},
		"a contributing rule begins to wave through": {
			swap("then: { tags: [new] }", "then: { tags: [new], approval: none }"),
			[]string{"rule mark takes cases before rule high, which asks for approval and leaves it to a person at the cut-off"},
		},
		"a contributing rule decides": {
			swap("when: first_time, continue: true", "when: first_time"),
			[]string{"rule mark says continue: false instead of true"},
		},
		"a contributing guard is gone":      {edit{remove: "swiss"}, []string{"rule swiss is gone, which asks for strength 1"}},
		"a contributing guard falls behind": {edit{move: "swiss", place: 3}, []string{"rule high takes cases before rule swiss, which asks for strength 1", "rule refunded takes cases before rule swiss, which asks for strength 1"}},
		"another rate":                      {swap(`EUR: "1.10"`, `EUR: "0.001"`), []string{"fx of EUR is 0.001 instead of 1.10"}},
		"a new rate":                        {swap(`fx: { `, `fx: { CHF: "0.001", `), []string{"fx of CHF is 0.001 instead of not said"}},
		"no rate":                           {swap(`EUR: "1.10", `, ""), []string{"fx of EUR is not said instead of 1.10"}},
		"another base":                      {swap("fx: { ", "base_currency: CHF\nfx: { USD: \"1\", "), []string{"base_currency is CHF instead of USD", "fx of USD is 1 instead of not said"}},
		"a contesting rule is gone":         {edit{remove: "refunded"}, []string{"rule refunded is gone, which contests"}},
		"a contesting rule is a shadow":     {swap("when: payment.refunded,", "when: payment.refunded, shadow: true,"), []string{"rule refunded is gone, which contests"}},
		"a contesting rule holds for fewer": {swap("when: payment.refunded,", "when: payment.refunded && first_time,"), []string{"the condition of rule refunded changed, which contests"}},
		"an accepting rule moves up":        {edit{move: "tiny", place: 3}, []string{"rule tiny takes cases before rule refunded, which contests"}},
		"a weighing rule gives in":          {swap("then: { respond: by_value }", "then: { respond: by_value, ladder: g }"), []string{"rule poor gives in at the cut-off", "cut_off of rule poor is 12h instead of 6h"}},
		"an approved acceptance gives in":   {swap("approval: required }", "approval: required, ladder: g }"), []string{"rule tiny gives in at the cut-off", "cut_off of rule tiny is 12h instead of 6h"}},
		"the ladder gives in": {
			swap("cut_off: 6h, at_cut_off: submit", "cut_off: 6h, at_cut_off: accept"),
			[]string{"ladder l gives in at the cut-off"},
		},
		"dearer in another currency": {
			swap("handling_cost: 900 JPY", "handling_cost: 8 USD"),
			[]string{"handling_cost is 8.00 USD instead of 900 JPY, so respond: by_value accepts more"},
		},
		"countries from elsewhere":       {swap("countries_from: country", "countries_from: kountry"), []string{"countries_from is kountry instead of country"}},
		"products from elsewhere":        {swap("products_from: sku", "products_from: skew"), []string{"products_from is skew instead of sku"}},
		"sent without the person":        {swap("ladder: p }", "ladder: l }"), []string{"at_cut_off of rule high is submit instead of person"}},
		"the ladder sends":               {swap("at_cut_off: person", "at_cut_off: submit"), []string{"at_cut_off of ladder p is submit instead of person"}},
		"the cut-off comes sooner":       {swap("cut_off: 6h, at_cut_off: person", "cut_off: 90h, at_cut_off: person"), []string{"cut_off of ladder p is 90h instead of 6h"}},
		"a new rule sends before a wait": {inFront(`{ id: eu, when: dispute.currency == "EUR", then: { approval: required, min_strength: 1 } }`), []string{"rule eu takes cases before rule high, which asks for approval and leaves it to a person at the cut-off"}},
		"spaces in a quoted word":        {swap(`== "x"`, `== "x "`), []string{"the condition of rule swiss changed, which asks for strength 1"}},
		"a guard by another name":        {swap("id: high", "id: higher"), []string{"rule high is gone, which asks for approval and leaves it to a person at the cut-off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Loosened(parsed(t, policy), parsed(t, tc.edit.of(t, policy)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Small changes need nobody.
func TestHarmlessChanges(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]edit{
		"a comment":                         swap("rules:\n", "# what we do\nrules:\n"),
		"spaces in a condition":             swap("win_probability < 0.2", "win_probability  <  0.2"),
		"a rate written otherwise":          swap(`"1.10"`, `"1.1"`),
		"the date of the rates":             swap("handling_cost", "fx_date: 2026-11-01\nhandling_cost"),
		"cheaper work":                      swap("900 JPY", "800 JPY"),
		"cheaper work, in another currency": swap("900 JPY", "6 USD"),
		"tags":                              swap("tags: [new]", "tags: [new, mine]"),
		"a tagging rule holds for others":   swap("when: first_time", "when: \"!first_time\""),
		"a tagging rule moves":              {move: "mark", place: 4},
		"a tagging rule is gone":            {remove: "mark"},
		"a new tagging rule":                inFront(`{ id: eu, when: dispute.currency == "EUR", continue: true, then: { queue: senior, tags: [eu] } }`),
		"notices, tickets, reports":         swap("{ queue: senior }", "{ queue: senior, notify: [{ connection: a, channel: b, optional: true }], ticket: { connection: c, priority: low, optional: true }, report: [{ connection: d, on: [decided], optional: true }] }"),
		"members":                           swap("members: [a@acme.example]", "members: [a@acme.example, c@acme.example]"),
		"whom to escalate to":               swap("escalate_to: b@acme.example", "escalate_to: c@acme.example"),
		"reminders":                         swap("remind: [24h], escalate: [12h]", "remind: [48h, 24h], escalate: [6h]"),
		"another queue":                     swap("{ queue: senior }", "{ queue: all }"),
		"a ladder that nobody uses":         swap("cut_off: 12h, at_cut_off: accept", "cut_off: 24h, at_cut_off: accept"),
		"an approval":                       swap("{ respond: by_value }", "{ respond: by_value, approval: required }"),
		"a hold":                            swap("{ respond: by_value }", "{ respond: by_value, hold: true }"),
		"more strength":                     swap("min_strength: 1", "min_strength: 2"),
		"contested instead":                 swap("{ respond: by_value }", "{ respond: contest }"),
		"left to a person":                  swap("at_cut_off: submit", "at_cut_off: person"),
		"a new guard on top":                inFront(`{ id: eu, when: dispute.currency == "EUR", then: { approval: required, min_strength: 1, ladder: p } }`),
		"a new contributing guard":          inFront(`{ id: eu, when: dispute.currency == "EUR", continue: true, then: { approval: required, hold: true } }`),
		"a new contesting rule":             swap("  - { id: tiny", "  - { id: eu, when: dispute.currency == \"EUR\", then: { approval: required } }\n  - { id: tiny"),
		"a weighing rule is gone":           {remove: "poor"},
		"a rule like the next is gone":      {remove: "fraud"},
		"a weighing rule moves down":        {move: "poor", place: 6},
		"a shadow":                          inFront(`{ id: eu, when: dispute.currency == "EUR", shadow: true, then: { respond: accept } }`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := e.of(t, policy)
			if to == policy {
				t.Fatal("nothing changed")
			}
			if got := Loosened(parsed(t, policy), parsed(t, to)); len(got) > 0 {
				t.Errorf("loosens %q", got)
			}
		})
	}
}

func TestConditionsWeighTheWork(t *testing.T) {
	t.Parallel()
	weighing := "handling_cost: 5 USD\n" + strings.Replace(guarded, "  - { id: rest", "  - { id: poor, when: value.contest < money(\"0 USD\"), then: { respond: accept } }\n  - { id: rest", 1)
	for _, cost := range []string{"500 USD", "1 USD"} {
		got := Loosened(parsed(t, weighing), parsed(t, strings.Replace(weighing, "5 USD", cost, 1)))
		if len(got) != 1 || !strings.HasSuffix(got[0], "instead of 5.00 USD, and the condition of rule poor weighs it") {
			t.Errorf("%s: loosens %q", cost, got)
		}
	}
}

func TestSameCondition(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{`a  && b`, "a\n&& b", true},
		{`f == "x y" &&  b`, `f == "x y" && b`, true},
		{`f == "x y"`, `f == "x  y"`, false},
		{`f == 'x y'`, `f == 'x  y'`, false},
		{"a // and\n&& b", "a // and && b", false},
		{`f == "\" " && g == " x"`, `f == "\"  " && g == " x"`, false},
		{`f == """x" y"""`, `f == """x"  y"""`, false},
		{"a", "b", false},
	} {
		if got := same(tc.a, tc.b); got != tc.want {
			t.Errorf("%q and %q: %t", tc.a, tc.b, got)
		}
	}
}

// A cut-off in business days moves with the calendar.
func TestCalendarMovesCutOffs(t *testing.T) {
	t.Parallel()
	const hours, days = "cut_off: 6h, at_cut_off: submit", "cut_off: 1bd, at_cut_off: submit"
	inHours := "calendar:\n  zurich: { time_zone: Europe/Zurich, business_hours: [mon-fri 09:00-18:00], holidays: [2026-12-25] }\n" +
		strings.Replace(guarded, "members: [a@acme.example]", "members: [a@acme.example], team: zurich", 1)
	inDays := strings.Replace(inHours, hours, days, 1)
	moved := []string{"the calendar has other days for team zurich, by which a cut-off in business days counts"}
	for name, tc := range map[string]struct {
		source, from, to string
		want             []string
	}{
		"a holiday":                     {inDays, "[2026-12-25]", "[2026-12-24, 2026-12-25]", moved},
		"another week":                  {inDays, "mon-fri", "mon-thu", moved},
		"another zone":                  {inDays, "Europe/Zurich", "Asia/Tokyo", moved},
		"another team":                  {inDays, "calendar:\n", "calendar:\n  odd: { time_zone: UTC }\n", []string{strings.Replace(moved[0], "zurich", "odd", 1)}},
		"other hours":                   {inDays, "09:00-18:00", "08:00-17:00", []string{}},
		"where cut-offs count in hours": {inHours, "mon-fri", "mon-thu", []string{}},
		"to business days":              {inHours, hours, days, []string{"cut_off of ladder l is 1bd instead of 6h"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Loosened(parsed(t, tc.source), parsed(t, strings.Replace(tc.source, tc.from, tc.to, 1)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
