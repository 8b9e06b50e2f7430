package rules_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// head is a sound beginning of seven lines; the tests go on from line 8.
const head = `base_currency: USD
fx: { EUR: "1.10" }
queues:
  front: { members: [a@example.com] }
ladder:
  std: { remind: [24h], cut_off: 6h, at_cut_off: submit }
defaults: { queue: front, ladder: std, respond: contest }
`

// rest is a sound end.
const rest = `
  - { id: rest, when: "true", then: { approval: none } }
`

// one is a whole set with one rule, on line 9, before the rest.
func one(rule string) string { return head + "rules:\n  - " + rule + rest }

func problems(t *testing.T, err error) rules.Problems {
	t.Helper()
	if err == nil {
		return nil
	}
	var found rules.Problems
	if !errors.As(err, &found) {
		t.Fatalf("error %v holds no problems", err)
	}
	if kind := dispute.KindOf(err); kind != dispute.Invalid {
		t.Errorf("kind is %s, want invalid", kind)
	}
	return found
}

func TestParseFindsEveryProblem(t *testing.T) {
	t.Parallel()
	rule := func(line int, message, mend string) []rules.Problem {
		return []rules.Problem{{Line: line, Rule: "r", Message: message, Mend: mend}}
	}
	set := func(line int, message, mend string) []rules.Problem {
		return []rules.Problem{{Line: line, Message: message, Mend: mend}}
	}
	when := func(condition string) string {
		return one("id: r\n    when: " + condition + "\n    then: { queue: front }")
	}
	const ok = `rules: [{ id: rest, when: "true", then: { approval: none } }]`
	tests := map[string]struct {
		src  string
		want []rules.Problem
	}{
		// YAML itself
		"empty":            {"# nothing\n", set(1, "the rule set is empty", "start from the default rules")},
		"no yaml":          {head + "rules: [\n", set(8, "this is no YAML: did not find expected node content", "look at the indentation, the quotes and the brackets")},
		"two documents":    {head + ok + "\n---\na: 1\n", set(9, "there is a second document", "remove the line ---")},
		"no mapping":       {"- a\n", set(1, "the rule set is no mapping", "write it as name: value")},
		"too large":        {head + ok + "\n#" + strings.Repeat("x", 1<<20), set(1, "the rule set is larger than 1 MiB", "split it by merchant")},
		"unknown key":      {head + "ruls: 1\n" + ok, set(8, `the rule set has no setting "ruls"`, "did you mean rules?")},
		"key twice":        {head + "defaults: {}\n" + ok, set(8, `the rule set has "defaults" twice`, "remove it here or on line 7")},
		"odd key":          {head + "? [a]\n: b\n" + ok, set(8, "the rule set has a key that is no word", "write it as name: value")},
		"no rules":         {"queues: {}\n", set(1, "there are no rules", `add a rule with when: "true"`)},
		"empty rules":      {head + "rules: []\n", set(8, "there are no rules", `add a rule with when: "true"`)},
		"rules no list":    {head + "rules: {a: b}\n", append(set(8, "rules is no list", "write it as [a, b]"), set(8, "there are no rules", `add a rule with when: "true"`)...)},
		"empty value":      {strings.Replace(head, "base_currency: USD", "base_currency:", 1) + ok, set(1, "base_currency is empty or no single value", "write one value")},
		"merge key":        {head + ok + "\n<<: {a: b}\n", set(9, `the rule set has no setting "<<"`, "use one of base_currency, calendar, countries_from, defaults, fx, fx_date, handling_cost, ladder, ladders, products_from, queues, rules")},
		"rule no mapping":  {one("word"), set(9, "a rule is no mapping", "write it as name: value")},
		"rule unknown key": {one(`{ id: r, wen: x, when: first_time, then: { queue: front } }`), set(9, `a rule has no setting "wen"`, "did you mean when?")},

		// currencies
		"base no currency": {strings.Replace(head, "USD", "Dollar", 1) + ok, set(1, `"Dollar" is no currency`, "write three capital letters, as in USD")},
		"fx no currency":   {strings.Replace(head, "EUR", "euro", 1) + ok, set(2, `"euro" is no currency`, "write three capital letters, as in USD")},
		"fx no number":     {strings.Replace(head, "1.10", "1,10", 1) + ok, set(2, `the rate of EUR: "1,10" is not a plain decimal number`, `write one unit in the base currency, as in EUR: "1.08"`)},
		"fx exponent":      {strings.Replace(head, "1.10", "1e3", 1) + ok, set(2, `the rate of EUR: "1e3" is not a plain decimal number`, `write one unit in the base currency, as in EUR: "1.08"`)},
		"fx zero":          {strings.Replace(head, "1.10", "0.0", 1) + ok, set(2, `the rate of EUR: "0.0" is not above zero`, `write one unit in the base currency, as in EUR: "1.08"`)},
		"fx of the base":   {strings.Replace(head, "EUR", "USD", 1) + ok, set(2, "USD is the base currency", "remove its rate")},

		// queues and ladders
		"queue unknown key":     {strings.Replace(head, "members:", "member:", 1) + ok, append(set(4, `queue front has no setting "member"`, "did you mean members?"), set(4, "queue front has no members", "name somebody: members: [person@example.com]")...)},
		"queue empty":           {strings.Replace(head, "a@example.com", "", 1) + ok, set(4, "queue front has no members", "name somebody: members: [person@example.com]")},
		"ladder unknown key":    {strings.Replace(head, "remind:", "remaind:", 1) + ok, set(6, `ladder std has no setting "remaind"`, "did you mean remind?")},
		"ladder no cut-off":     {strings.Replace(head, "cut_off: 6h, ", "", 1) + ok, set(6, "ladder std has no cut-off", "add cut_off: 6h")},
		"ladder no end":         {strings.Replace(head, ", at_cut_off: submit", "", 1) + ok, set(6, "ladder std does not say what happens at the cut-off", "add at_cut_off: submit, accept or person")},
		"ladder odd end":        {strings.Replace(head, "submit", "pray", 1) + ok, set(6, `at_cut_off cannot be "pray"`, "use one of submit, accept, person")},
		"ladder twice":          {head + "ladders:\n  std: { cut_off: 1h, at_cut_off: person }\n" + ok, set(9, "ladder std is written twice", "remove one")},
		"cut-off zero":          {strings.Replace(head, "6h", "0h", 1) + ok, set(6, "cut_off leaves no time to send before the deadline", "make it an hour or more, as in cut_off: 6h")},
		"cut-off of a second":   {strings.Replace(head, "6h", "1s", 1) + ok, set(6, "cut_off 1s leaves too little time to send before the deadline", "make it an hour or more, as in cut_off: 6h")},
		"cut-off below an hour": {strings.Replace(head, "6h", "59m", 1) + ok, set(6, "cut_off 59m leaves too little time to send before the deadline", "make it an hour or more, as in cut_off: 6h")},
		"cut-off negative":      {strings.Replace(head, "6h", "-6h", 1) + ok, set(6, "cut_off is negative: -6h", "write how long before, without a sign")},
		"step negative":         {strings.Replace(head, "24h", "-5d", 1) + ok, set(6, "remind is negative: -5d", "write how long before, without a sign")},
		"step at cut-off":       {strings.Replace(head, "[24h]", "[24h, 0m]", 1) + ok, set(6, "a step of remind is not before the cut-off", "write how long before, as in 24h")},
		"step twice":            {strings.Replace(head, "[24h]", "[24h, 1d]", 1) + ok, set(6, "remind has 1d twice", "remove one")},
		"step no duration":      {strings.Replace(head, "24h", "soon", 1) + ok, set(6, `remind: "soon" is no duration`, "write it as 5d, 72h or 30m")},
		"step half a day":       {strings.Replace(head, "24h", "1.5d", 1) + ok, set(6, `remind: "1.5d" is no duration`, "write it as 5d, 72h or 30m")},
		"step too long":         {strings.Replace(head, "24h", "4000d", 1) + ok, set(6, "remind is longer than a year: 4000d", "make it shorter")},
		"steps no list":         {strings.Replace(head, "[24h]", "24h", 1) + ok, set(6, "remind is no list", "write it as [a, b]")},

		// a rule
		"no id":            {one(`{ when: first_time, then: { queue: front } }`), set(9, "the rule has no id of letters, digits and dashes", "write id: what-it-is-for")},
		"odd id":           {one(`{ id: a b, when: first_time, then: { queue: front } }`), []rules.Problem{{Line: 9, Rule: "a b", Message: "the rule has no id of letters, digits and dashes", Mend: "write id: what-it-is-for"}}},
		"same id":          {one("{ id: rest, when: first_time, then: { queue: front } }"), set(10, "two rules are called rest", "rename this one or the one on line 9")},
		"no condition":     {one(`{ id: r, then: { queue: front } }`), rule(9, "the rule has no condition", `add when: "true" if it always holds`)},
		"no effects":       {one(`{ id: r, when: first_time }`), rule(9, "the rule says nothing", "add then: { queue: … }")},
		"effect unknown":   {one("id: r\n    when: first_time\n    then: { que: front }"), rule(11, `then has no setting "que"`, "did you mean queue?")},
		"queue unknown":    {one("id: r\n    when: first_time\n    then: { queue: frunt }"), rule(11, `there is no queue "frunt"`, "did you mean front? Otherwise declare it at the top")},
		"ladder unknown":   {one("id: r\n    when: first_time\n    then:\n      ladder: steep"), rule(12, `there is no ladder "steep"`, "declare it at the top (there is std)")},
		"default unknown":  {strings.Replace(head, "queue: front", "queue: nobody", 1) + ok, set(7, `there is no queue "nobody"`, "declare it at the top (there is front)")},
		"approval odd":     {one("id: r\n    when: first_time\n    then: { approval: maybe }"), rule(11, `approval cannot be "maybe"`, "use one of none, required")},
		"respond odd":      {one("id: r\n    when: first_time\n    then: { respond: ignore }"), rule(11, `respond cannot be "ignore"`, "use one of contest, accept, by_value")},
		"continue odd":     {one("id: r\n    when: first_time\n    continue: maybe\n    then: { queue: front }"), rule(11, `continue cannot be "maybe"`, "use one of true, false")},
		"no channel":       {one("id: r\n    when: first_time\n    then: { notify: [{ connection: a }] }"), rule(11, "the notice has no channel", `add channel: "#disputes"`)},
		"no connection":    {one("id: r\n    when: first_time\n    then: { ticket: { priority: low } }"), rule(11, "no connection is named", "add connection: and its name in the configuration")},
		"priority odd":     {one("id: r\n    when: first_time\n    then: { ticket: { connection: a, priority: top } }"), rule(11, `priority cannot be "top"`, "use one of low, normal, high, urgent")},
		"never reached":    {head + "rules:\n  - { id: all, when: 1 < 2, then: { queue: front } }\n  - { id: r, when: first_time, then: { queue: front } }\n  - { id: r2, when: \"true\", then: { queue: front } }\n", append(rule(10, "the rule is never reached: all on line 9 always holds", "move it up, or remove it"), rules.Problem{Line: 11, Rule: "r2", Message: "the rule is never reached: all on line 9 always holds", Mend: "move it up, or remove it"})},
		"no last rule":     {head + "rules:\n  - { id: r, when: first_time, then: { queue: front } }\n", rule(9, "a case may match no rule and have no owner", `end with a rule with when: "true" that does not continue`)},
		"last continues":   {head + "rules:\n  - { id: r, when: \"true\", continue: true, then: { queue: front } }\n", rule(9, "a case may match no rule and have no owner", `end with a rule with when: "true" that does not continue`)},
		"nothing provided": {strings.Replace(head, "defaults: { queue: front, ladder: std, respond: contest }", "", 1) + "rules:\n  - { id: r, when: \"true\", then: { approval: none } }\n", rule(9, "a case that this rule decides has no queue, no ladder, no response", "name it in then, or under defaults")},
		"a way without":    {strings.Replace(head, "ladder: std, ", "", 1) + "rules:\n  - { id: r, when: first_time, then: { respond: accept } }\n  - { id: rest, when: \"true\", then: { ladder: std } }\n", rule(9, "a case that this rule decides has no ladder", "name it in then, or under defaults")},
		"uncertain way":    {strings.Replace(head, "ladder: std, ", "", 1) + "rules:\n  - { id: maybe, when: first_time, continue: true, then: { ladder: std } }\n  - { id: r, when: \"true\", then: { respond: accept } }\n", rule(10, "a case that this rule decides has no ladder", "name it in then, or under defaults")},

		// people and sources
		"assigned outside":      {one("id: r\n    when: first_time\n    then: { assign: b@example.com }"), rule(11, "b@example.com is not a member of any queue", "did you mean a@example.com? Otherwise add them to its members")},
		"assigned elsewhere":    {strings.Replace(one("id: r\n    when: first_time\n    then: { queue: front, assign: b@example.com }"), "queues:\n", "queues: # two\n  back: { members: [b@example.com] }\n", 1), rule(12, "b@example.com is not a member of queue front", "did you mean a@example.com? Otherwise add them to its members")},
		"default assigned":      {strings.Replace(head, "queue: front,", "queue: front, assign: ben,", 1) + ok, set(7, "ben is not a member of queue front", "add them to its members (there is a@example.com)")},
		"skill of nobody":       {one("id: r\n    when: first_time\n    then: { assign: { by: skill, skill: fraud } }"), rule(11, `nobody of any queue has the skill "fraud"`, "write { id: person, skills: [fraud] } among the members")},
		"skill not said":        {one("id: r\n    when: first_time\n    then: { assign: { by: skill } }"), rule(11, "assign does not say how", "write { by: load }, { by: round_robin } or { by: skill, skill: fraud }")},
		"skill for nothing":     {one("id: r\n    when: first_time\n    then: { assign: { by: load, skill: fraud } }"), rule(11, "assign by load asks for no skill", "write by: skill, or leave the skill out")},
		"member without id":     {strings.Replace(head, "[a@example.com]", "[a@example.com, { skills: [fraud] }]", 1) + ok, set(4, "a member has no id", "write { id: person@example.com, skills: [fraud] }")},
		"no such team":          {strings.Replace(head, "members:", "team: moon, members:", 1) + ok, set(4, `there is no team "moon"`, "declare it at the top")},
		"nobody on call":        {strings.Replace(head, "members:", "escalate_to: on_call, members:", 1) + ok, set(4, "queue front escalates to whoever is on call, and nobody is", "give its team an on_call list under calendar")},
		"sources name nothing":  {one("id: r\n    when: first_time\n    then: { sources: [] }"), rule(11, "sources names nothing", "name something, or leave it out")},
		"handling cost":         {head + "handling_cost: much\n" + ok, set(8, `handling_cost: money "much": want an amount and a three-letter currency, as in "129.00 USD"`, "write what the work on one answer costs, as in 8 USD")},
		"handling cost no rate": {head + "handling_cost: 5 BRL\n" + ok, set(8, `handling_cost: no rate from "BRL" to USD`, "write what the work on one answer costs, as in 8 USD")},
		"rates of no day":       {head + "fx_date: today\n" + ok, set(8, `fx_date: "today" is no date`, "write it as in 2026-12-25")},

		// cut-offs that can come too late, or before there is anything to answer
		"cut-off too early":      {strings.Replace(head, "6h", "6d", 1) + ok, set(6, "cut_off 6d can be 6d before the deadline, and Discover gives only 5d at the stage inquiry", "make it shorter, as in cut_off: 6h")},
		"business days, no team": {strings.Replace(head, "24h", "2bd", 1) + ok, set(6, "ladder std counts business days, and queue front has no team", "add a team under calendar, and team: to the queue")},
		"business days stretch":  {strings.Replace(head, "6h", "4bd", 1) + "calendar: { a: { time_zone: UTC, holidays: [2026-12-25, 2026-12-24] } }\n" + ok, set(6, "cut_off 4bd can be 10d before the deadline (team a, before 2026-12-28), and Discover gives only 5d at the stage inquiry", "make it shorter, as in cut_off: 6h")},
		"business days negative": {strings.Replace(head, "6h", "-1bd", 1) + ok, set(6, "cut_off is negative: -1bd", "write how long before, without a sign")},
		"no business days":       {strings.Replace(head, "6h", "0bd", 1) + ok, set(6, "cut_off leaves no time to send before the deadline", "make it an hour or more, as in cut_off: 6h")},
		"a day twice":            {head + "calendar: { a: { time_zone: UTC, business_hours: [mon-fri 13:00-18:00, fri 08:00-12:00] } }\n" + ok, set(8, "business_hours name fri twice", "write one span for a day, from its first hour to its last")},
		"business days odd":      {strings.Replace(head, "6h", "xbd", 1) + ok, set(6, `cut_off: "xbd" is no duration`, "write business days as 2bd")},
		"too many business days": {strings.Replace(head, "24h", "300bd", 1) + ok, set(6, "remind is longer than a year: 300bd", "make it shorter")},
		"business days twice":    {strings.Replace(head, "24h", "2bd, 2bd", 1) + "calendar: { a: { time_zone: UTC } }\n" + ok, set(6, "remind has 2bd twice", "remove one")},

		// rules that never match or are never reached
		"never":                  {when(`"false"`), rule(9, "the condition never holds", "take one side of the contradiction out, or remove the rule")},
		"two families":           {when(`dispute.family == "fraudulent" && dispute.family == "general"`), rule(9, "the condition never holds: dispute.family cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"more and less":          {when("days_left > 5 && days_left < 3"), rule(9, "the condition never holds: days_left cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"money bounds":           {when(`dispute.amount_base >= money("500 USD") && dispute.amount_base < money("100 USD")`), rule(9, "the condition never holds: dispute.amount_base cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"beyond what it can be":  {when("evidence_strength > 4"), rule(9, "the condition never holds: evidence_strength cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"yes and no":             {when("first_time && !first_time"), rule(9, "the condition never holds: first_time cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"no value is left":       {when(`payment.refund != "none" && !(payment.refund in ["partial", "full"])`), rule(9, "the condition never holds: payment.refund cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"each way fails":         {when(`days_left > 5 && (days_left < 3 || 4 >= days_left)`), rule(9, "the condition never holds: days_left cannot be all of that at once", "take one side of the contradiction out, or remove the rule")},
		"a text and its reverse": {when(`dispute.reason.startsWith("a") && !dispute.reason.startsWith("a")`), rule(9, `the condition never holds: dispute.reason.startsWith("a") cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"same rule twice":        {one("{ id: a, when: first_time, then: { queue: front } }\n  - { id: r, when: first_time, then: { respond: accept } }"), rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"wider above":            {one("{ id: a, when: 'days_left < 5 || first_time', then: { queue: front } }\n  - { id: r, when: 'days_left < 3 && payment.known', then: { respond: accept } }"), rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"wider money above": {one("{ id: a, when: 'dispute.amount_base >= money(\"100 USD\")', then: { queue: front } }\n  - { id: r, when: 'dispute.amount_base > money(\"500 USD\") && dispute.family in [\"fraudulent\"]', then: { respond: accept } }"),
			rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"between two whole numbers":  {when(`customer.disputes > 1 && customer.disputes < 2`), rule(9, `the condition never holds: customer.disputes cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"no whole number":            {when(`alerts >= 1.2 && alerts <= 1.8`), rule(9, `the condition never holds: alerts cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"first, and disputed before": {when(`first_time && customer.disputes > 3`), rule(9, `the condition never holds: first_time cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"refunded, and not":          {when(`payment.refunded && payment.refund == "none"`), rule(9, `the condition never holds: payment.refunded cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"every strength out":         {when(`evidence_strength > 3 && evidence_strength != 4`), rule(9, `the condition never holds: evidence_strength cannot be all of that at once`, "take one side of the contradiction out, or remove the rule")},
		"more than nothing above":    {one("{ id: a, when: 'customer.disputes >= 0', then: { queue: front } }\n  - { id: r, when: 'payment.known', then: { respond: accept } }"), rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"both sides above":           {one("{ id: a, when: 'days_left < 5 || days_left >= 5', then: { queue: front } }\n  - { id: r, when: 'payment.known', then: { respond: accept } }"), rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"the same in other words":    {one("{ id: a, when: 'first_time', then: { queue: front } }\n  - { id: r, when: 'customer.disputes < 1 && payment.known', then: { respond: accept } }"), rule(10, "the rule is never reached: a on line 9 takes every case that it matches", "move it up, or remove it")},
		"two above, together": {one("{ id: a, when: first_time, then: { queue: front } }\n  - { id: b, when: '!first_time', then: { queue: front } }\n  - { id: r, when: 'dispute.amount_base > money(\"5 USD\")', then: { respond: accept } }"),
			rule(11, "the rule is never reached: the rules above it together take every case that it matches", "move it up, or remove it")},
		"money above, together": {one("{ id: a, when: 'dispute.amount_base < money(\"50 USD\")', then: { queue: front } }\n  - { id: b, when: 'dispute.amount_base >= money(\"50 USD\") && days_left < 3', then: { queue: front } }\n  - { id: r, when: 'dispute.amount_base > money(\"5 USD\") && days_left < 2', then: { respond: accept } }"),
			rule(11, "the rule is never reached: the rules above it together take every case that it matches", "move it up, or remove it")},

		// conditions
		"syntax":               {when("days_left <"), rule(10, "Syntax error: mismatched input '<EOF>'", `write it as in dispute.family == "fraudulent" && days_left < 3`)},
		"yaml tag":             {when("!payment.refunded"), rule(10, "YAML reads the leading ! as something else", "put the condition in quotes")},
		"unknown field":        {when("dispute.amout > 1"), rule(10, "dispute.amout is not a field", "did you mean dispute.amount?")},
		"far field":            {when("payment.colour == 1"), rule(10, "payment.colour is not a field", "use one of payment.country, payment.known, payment.metadata, payment.product, payment.refund, payment.refunded")},
		"part of a field":      {when("payment == 1"), rule(10, "payment is not a field", "use one of payment.country, payment.known, payment.metadata, payment.product, payment.refund, payment.refunded")},
		"presence":             {when("has(dispute.merchant)"), rule(10, "dispute.merchant cannot be used like this", "leave has() out: it always has a value")},
		"unknown function":     {when(`monye("5 USD") > dispute.amount`), rule(10, "monye is not a function", "use money, in, startsWith, endsWith, contains, matches or size")},
		"unknown method":       {when(`dispute.merchant.lower() == "us"`), rule(10, "lower is not a function", "use money, in, startsWith, endsWith, contains, matches or size")},
		"money and number":     {when("dispute.amount_base >= 500"), rule(10, "found no matching overload for '_>=_' applied to '(money, int)'", `compare money with money, as in dispute.amount_base >= money("500 USD")`)},
		"text and number":      {when("dispute.family == 3"), rule(10, "found no matching overload for '_==_' applied to '(string, int)'", "compare values of one type: text in quotes, double as 1.0, int as 1")},
		"no yes or no":         {when("days_left"), rule(10, "the condition yields double, not yes or no", "compare it with something")},
		"money without":        {when(`dispute.amount > money("500")`), rule(10, `money "500": want an amount and a three-letter currency, as in "129.00 USD"`, `write it as in money("500 USD")`)},
		"money no rate":        {when(`dispute.amount > money("500 BRL")`), rule(10, `no rate from "BRL" to USD`, "add BRL under fx, or name the amount in USD")},
		"money computed":       {when(`dispute.amount > money(dispute.reason)`), rule(10, "money takes a literal amount", `write it out, as in money("500 USD")`)},
		"value misspelt":       {when(`dispute.family == "fraudulant"`), rule(10, `dispute.family is never "fraudulant"`, "did you mean fraudulent?")},
		"value in list":        {when(`dispute.stage in ["inquiry", "pre-arbitration"]`), rule(10, `dispute.stage is never "pre-arbitration"`, "did you mean pre_arbitration?")},
		"no products":          {when(`payment.product == "x"`), rule(10, "payment.product is always empty: the rule set has no products_from", "name the key of the payment's metadata at the top, as in products_from: product")},
		"no countries":         {when(`first_time || !(payment.country in ["CH"])`), rule(10, "payment.country is always empty: the rule set has no countries_from", "name the key of the payment's metadata at the top, as in countries_from: country")},
		"currency in lower":    {when(`dispute.currency == "eur"`), rule(10, `dispute.currency is never "eur"`, `write "EUR"`)},
		"currency in words":    {when(`dispute.currency in ["USD", "dollars"]`), rule(10, `dispute.currency is never "dollars"`, `write three capital letters, as in "EUR"`)},
		"network in capitals":  {when(`(dispute.network != "Visa")`), rule(10, `dispute.network is never "Visa"`, `write "visa"`)},
		"network by its other": {when(`dispute.network in ["MC", "visa"]`), rule(10, `dispute.network is never "MC"`, `write "mastercard"`)},
		"never judged":         {when("1 / 0 == 1"), rule(10, "the condition can never be judged: division by zero", "write it differently")},
		"bad expression":       {when(`dispute.reason.matches("(")`), rule(10, "invalid matches argument", "write it differently")},
		"too costly": {when("'[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, a+b+c+d > customer.disputes))))'"),
			rule(10, "the condition may cost too much to judge", "make it shorter, or split the rule")},
		"block line":  {when("|\n      days_left < 3.0 &&\n      dispute.amout > 1"), rule(12, "dispute.amout is not a field", "did you mean dispute.amount?")},
		"folded line": {when(">\n      days_left < 3.0 && dispute.amout > 1"), rule(11, "dispute.amout is not a field", "did you mean dispute.amount?")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Parse("test", []byte(tt.src))
			if diff := cmp.Diff(rules.Problems(tt.want), problems(t, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What may hold, or may be reached, is let through.
func TestParseLetsThrough(t *testing.T) {
	t.Parallel()
	two := func(first, second string) string {
		return one("{ id: a, when: '" + first + "', then: { queue: front } }\n  - { id: b, when: '" + second + "', then: { respond: accept } }")
	}
	for name, src := range map[string]string{
		"one value":            one("{ id: r, when: 'days_left >= 5 && days_left <= 5', then: { respond: accept } }"),
		"currencies apart":     one(`{ id: r, when: 'dispute.amount > money("500 USD") && dispute.amount < money("100 EUR")', then: { respond: accept } }`),
		"narrower above":       two("days_left < 3", "days_left < 5"),
		"another field":        two("first_time && days_left < 3", "days_left < 3"),
		"a part of the values": two(`dispute.family in ["fraudulent", "general"]`, `dispute.family in ["general", "duplicate"]`),
		"it goes on":           strings.Replace(two("first_time", "first_time"), "then: { queue: front } }", "continue: true, then: { queue: front } }", 1),
		"it is a shadow":       strings.Replace(two("first_time", "first_time"), "then: { queue: front } }", "shadow: true, then: { queue: front } }", 1),
		"too much to look at":  one("{ id: r, when: '" + strings.Repeat("(first_time || days_left < 1) && ", 7) + "first_time', then: { respond: accept } }"),
		"an hour":              strings.Replace(one("{ id: r, when: first_time, then: { respond: accept } }"), "6h", "60m", 1),
		"a part of the sides":  two("days_left < 5 || days_left > 5", "payment.known"),
		"a money without rate": two(`dispute.amount_base < money("5 USD") || dispute.amount_base >= money("5 USD")`, "payment.known"),
		"the stage left open":  two(`dispute.stage in ["inquiry", "chargeback", "pre_arbitration", "arbitration"]`, "payment.known"),
		"fractions":            one("{ id: r, when: 'days_left > 1 && days_left < 2', then: { respond: accept } }"),
		"one whole number":     one("{ id: r, when: 'customer.disputes > 1 && customer.disputes < 3', then: { respond: accept } }"),
		"cents":                one(`{ id: r, when: 'dispute.amount > money("1 USD") && dispute.amount < money("2 USD")', then: { respond: accept } }`),
		"all of it above":      one("{ id: a, when: first_time, then: { queue: front } }\n  - { id: b, when: '!first_time', then: { respond: accept } }"),
		"always above":         one("{ id: a, when: 'customer.disputes >= 0', then: { queue: front } }"),
		"not first, and few":   one("{ id: r, when: '!first_time && customer.disputes < 3', then: { respond: accept } }"),
		"refunded in part":     one(`{ id: r, when: 'payment.refunded && payment.refund != "full"', then: { respond: accept } }`),
		"keys that are named":  "products_from: a\ncountries_from: b\n" + two(`payment.product == "x"`, `payment.country == ""`),
		"currencies":           two(`dispute.currency in ["EUR", "CHF"]`, `dispute.currency.startsWith("e")`),
		"networks":             two(`dispute.network in ["visa", "mastercard", "cartes_bancaires", "some_other"]`, `dispute.network == ""`),
		"a metadata key":       two(`"plan" in payment.metadata`, `!("plan" in payment.metadata)`),
		"hours of two sorts":   "calendar: { a: { time_zone: UTC, business_hours: [mon-thu 09:00-18:00, fri 09:00-16:00] } }\n" + one("{ id: r, when: first_time, then: { respond: accept } }"),
		"a day twice, alike":   "calendar: { a: { time_zone: UTC, business_hours: [mon-fri 09:00-18:00, fri 09:00-18:00] } }\n" + one("{ id: r, when: first_time, then: { respond: accept } }"),
		"five days":            strings.Replace(one("{ id: r, when: first_time, then: { respond: accept } }"), "6h", "5d", 1),
	} {
		if _, err := rules.Parse("test", []byte(src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A case keeps rules that an earlier release let through.
func TestReadIsMilder(t *testing.T) {
	t.Parallel()
	src := []byte(strings.Replace(one("{ id: r, when: 'false', then: { respond: accept } }"), "6h", "9d", 1))
	if _, err := rules.Parse("new", src); len(problems(t, err)) != 2 {
		t.Errorf("published: %v", err)
	}
	slips := []byte("calendar: { a: { time_zone: UTC, business_hours: [mon 9:00-12:00, mon 13:00-18:00] } }\n" +
		strings.Replace(one("{ id: r, when: 'payment.product == \"x\" && dispute.currency == \"eur\"', then: { respond: accept } }"), "6h", "1s", 1))
	if _, err := rules.Parse("new", slips); len(problems(t, err)) != 4 {
		t.Errorf("published: %v", err)
	}
	if _, err := rules.Read("old", slips); err != nil {
		t.Errorf("kept: %v", err)
	}
	set, err := rules.Read("old", src)
	if err != nil || set.Ladders["std"].CutOff != 9*24*time.Hour {
		t.Errorf("kept: %v", err)
	}
	if _, err := rules.Read("broken", []byte("rules: [")); len(problems(t, err)) == 0 {
		t.Error("a broken text was read")
	}
}

func TestProblemsAreSortedAndReadable(t *testing.T) {
	t.Parallel()
	src := strings.Replace(head, "std: {", "std: { colour: red,", 1) + "rules:\n" +
		"  - { id: a, when: dispute.amout > 1, then: { queue: front } }\n" +
		"  - { id: a, when: \"true\", then: { queue: nobody } }\n"
	_, err := rules.Parse("acme", []byte(src))
	want := `rules: parse acme: invalid: line 6: ladder std has no setting "colour"; use one of at_cut_off, cut_off, escalate, remind
line 9: rule a: dispute.amout is not a field; did you mean dispute.amount?
line 10: rule a: there is no queue "nobody"; declare it at the top (there is front)
line 10: two rules are called a; rename this one or the one on line 9`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckConnections(t *testing.T) {
	t.Parallel()
	src := one(`id: r
    when: first_time
    then:
      notify:
        - { connection: alerts, channel: "#a" }
        - { connection: elsewhere, channel: "#b", optional: true }
      ticket: { connection: helpdesk }
      sources: [shop]`)
	set, err := rules.Parse("test", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		connections []string
		want        rules.Problems
	}{
		"all there": {[]string{"alerts", "helpdesk", "shop"}, nil},
		"one spelt otherwise": {[]string{"alert", "helpdesk", "shop"}, rules.Problems{
			{Line: 13, Rule: "r", Message: `there is no connection "alerts"`, Mend: "did you mean alert? Otherwise configure it, or write optional: true beside it"},
		}},
		"not known": {nil, nil},
		"none": {[]string{}, rules.Problems{
			{Line: 13, Rule: "r", Message: `there is no connection "alerts"`, Mend: "configure it, or write optional: true beside it"},
			{Line: 15, Rule: "r", Message: `there is no connection "helpdesk"`, Mend: "configure it, or write optional: true beside it"},
			{Line: 16, Rule: "r", Message: `there is no connection "shop"`, Mend: "configure it, or leave it out"},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, problems(t, set.Check(tt.connections))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
