package rules_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// genInput draws any valid input, the strange ones too.
func genInput(t *rapid.T) rules.Input {
	code := rapid.StringMatching(`[A-Z0-9.]{0,5}`)
	in := rules.Input{
		Now:              time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0).UTC(),
		EvidenceStrength: rapid.IntRange(0, 4).Draw(t, "strength"),
		CustomerDisputes: rapid.IntRange(0, 50).Draw(t, "disputes"),
	}
	in.Case.ID, in.Case.Merchant = "cs_any", rapid.String().Draw(t, "merchant")
	in.Case.Family = dispute.Family(rapid.SampledFrom([]string{"", "fraudulent", "product_not_received", "sorcery"}).Draw(t, "family"))
	in.Case.View.Snapshot = dispute.Snapshot{
		Amount: dispute.Money{
			Minor:    rapid.Int64().Draw(t, "amount"),
			Currency: rapid.SampledFrom([]string{"USD", "EUR", "JPY", "BRL", ""}).Draw(t, "currency"),
		},
		Reason:      rapid.String().Draw(t, "reason"),
		Network:     rapid.SampledFrom([]string{"", "visa", "mc", "amex", "discover", "other"}).Draw(t, "network"),
		NetworkCode: code.Draw(t, "code"),
		Stage:       dispute.Stage(rapid.SampledFrom([]string{"", "inquiry", "chargeback", "pre_arbitration"}).Draw(t, "stage")),
	}
	if rapid.Bool().Draw(t, "deadline") {
		in.Case.Deadline.At = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0).UTC()
	}
	if rapid.Bool().Draw(t, "payment") {
		in.Case.Payment = &dispute.Payment{Refunded: dispute.Money{Minor: rapid.Int64Range(0, 9).Draw(t, "refunded"), Currency: "USD"}}
	}
	return in
}

var sampleConditions = []string{
	"true", "false", "1 < 2", "first_time", "payment.refunded && payment.known", "days_left < 2.5",
	`dispute.amount_base >= money("500 USD")`, `dispute.amount < money("20 EUR")`,
	`dispute.family in ["fraudulent", "general"]`, `dispute.network == "visa" || win_probability > 0.5`,
	"evidence_strength / customer.disputes > 2", `dispute.reason.matches("^a+$")`, "evidence_strength > 3",
}

// genSet draws a rule set that often does not pass.
func genSet(t *rapid.T) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(head, "defaults: { queue: front, ladder: std, respond: contest }\n"))
	effect := func(name string, values ...string) string {
		v := rapid.SampledFrom(append(values, "", "")).Draw(t, name)
		if v == "" {
			return ""
		}
		return name + ": " + v + ", "
	}
	effects := func() string {
		return effect("queue", "front") + effect("ladder", "std") + effect("respond", "contest", "accept") + effect("approval", "none", "required")
	}
	fmt.Fprintf(&b, "defaults: { %s }\nrules:\n", effects())
	for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
		condition := rapid.SampledFrom(sampleConditions).Draw(t, "when")
		goes := rapid.Bool().Draw(t, "continue")
		fmt.Fprintf(&b, "  - { id: r%d, when: %s, continue: %v, then: { %s } }\n", i, strconv.Quote(condition), goes, effects())
	}
	fmt.Fprintf(&b, "  - { id: rest, when: \"true\", then: { %s } }\n", effects())
	return b.String()
}

// checkRoute holds for every route of every set.
func checkRoute(t interface {
	Helper()
	Fatalf(string, ...any)
}, set *rules.Set, in rules.Input) {
	t.Helper()
	route, err := set.Evaluate(in)
	if err != nil {
		t.Fatalf("%v\n%s", err, set.Source())
	}
	if _, ok := set.Queues[route.Queue]; !ok {
		t.Fatalf("queue %q\n%s", route.Queue, set.Source())
	}
	if _, ok := set.Ladders[route.Ladder.Name]; !ok || route.Ladder.CutOff <= 0 || route.Ladder.AtCutOff == "" {
		t.Fatalf("ladder %+v\n%s", route.Ladder, set.Source())
	}
	if route.Respond != dispute.ResponseContest && route.Respond != dispute.ResponseAccept {
		t.Fatalf("response %q\n%s", route.Respond, set.Source())
	}
	last := route.Explanation[len(route.Explanation)-1]
	if last.Rule != route.Rule || !last.Matched || route.SetHash != set.Hash() {
		t.Fatalf("%q decided, the explanation ends with %+v", route.Rule, last)
	}
	for i, m := range route.Explanation {
		if m.Rule != set.Rules[i].ID || m.Line != set.Rules[i].Line {
			t.Fatalf("explanation %d is of %s", i, m.Rule)
		}
		if m.Error != "" && !route.Approval {
			t.Fatalf("%s could not be judged, yet nobody approves", m.Rule)
		}
	}
	again, err := set.Evaluate(in)
	if err != nil || !cmp.Equal(route, again) {
		t.Fatalf("the second answer differs: %v %s", err, cmp.Diff(route, again))
	}
}

func TestEveryCaseIsRouted(t *testing.T) {
	t.Parallel()
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		checkRoute(t, rules.Default(), genInput(t))
		src := genSet(t)
		set, err := rules.Parse("drawn", []byte(src))
		if err != nil {
			if dispute.KindOf(err) != dispute.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		passed++
		checkRoute(t, set, genInput(t))
	})
	if passed == 0 {
		t.Error("no drawn set ever passed: the property was not tried")
	}
}

func seedSources(f *testing.F) {
	f.Add(rules.Default().Source())
	f.Add([]byte(policy))
	f.Add([]byte(people))
	f.Add([]byte(office + one("{ id: r, when: first_time, then: { respond: by_value } }")))
	f.Add([]byte("calendar: { a: { time_zone: UTC, business_hours: [sat-sun 00:00-24:00], holidays: [0001-01-01, 9999-12-31], on_call: { people: [x], from: 9999-12-31 } } }\nladder: { l: { cut_off: 250bd } }"))
	f.Add([]byte(one("{ id: r, when: first_time, then: { respond: accept } }")))
	f.Add([]byte("&a [*a]"))
	f.Add([]byte("rules: &r [*r]\nqueues: &q {q: *q}"))
	f.Add([]byte("ladder: { l: { remind: [99999999d, -1ns, 1d2h], cut_off: 9999999h } }"))
	f.Add([]byte("rules:\n- when: |1\n\n   tru\n  then:\n  - 1"))
	f.Add([]byte("? {a: b}\n: !!binary zz\n--- 1"))
	f.Add([]byte("fx: { EUR: 1e999999999, USD: 0x1, GBP: " + strings.Repeat("9", 400) + " }"))
}

func FuzzParse(f *testing.F) {
	seedSources(f)
	in := input()
	f.Fuzz(func(t *testing.T, src []byte) {
		set, err := rules.Parse("fuzz", src)
		if err != nil {
			lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + 2
			for _, p := range problems(t, err) {
				if p.Line < 1 || p.Line > lines || p.Message == "" || p.Mend == "" {
					t.Errorf("problem without a place, a message or a mend: %+v", p)
				}
			}
			return
		}
		checkRoute(t, set, in)
		again, err := rules.Parse("fuzz", set.Source())
		if err != nil || again.Hash() != set.Hash() {
			t.Errorf("the canonical source is another set: %v", err)
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, c := range sampleConditions {
		f.Add(c, int64(12900))
	}
	f.Add(`has(dispute.merchant)`, int64(1))
	f.Add(`dispute.`, int64(math.MaxInt64))
	f.Add(`money(money("1 USD")) > 1`, int64(math.MinInt64))
	f.Add("é && 'a", int64(0))
	f.Add(`[[1]].all(x, x.exists(y, y > customer.disputes))`, int64(0))
	f.Add(`dispute.amount in [money("1 EUR")] ? {1: first_time}[1] : dyn(dispute.amount) == null`, int64(0))
	f.Fuzz(func(t *testing.T, condition string, minor int64) {
		set, err := rules.Parse("fuzz", []byte(one("id: r\n    when: "+strconv.QuoteToASCII(condition)+"\n    then: { respond: accept }")))
		if err != nil {
			_ = problems(t, err)
			return
		}
		for _, currency := range []string{"USD", "EUR", "BRL"} {
			checkRoute(t, set, input(amount(minor, currency)))
		}
	})
}
