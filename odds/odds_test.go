package odds

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

var opened = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func usd(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "USD"} }

func same(m dispute.Money) (dispute.Money, error) { return m, nil }

func group(strength int) Group {
	return Group{Family: dispute.FamilyFraudulent, Network: "visa", Provider: "stripe", Strength: strength}
}

func TestChanceWithoutHistory(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*History{
		"none": nil, "empty": NewHistory(nil),
		"of another family": NewHistory([]Count{{Group{Family: dispute.FamilyDuplicate, Network: "visa"}, 9, 1}}),
	} {
		c := h.Chance(group(2))
		if c.P != networks.Prior(dispute.FamilyFraudulent) || c.Learned() || len(c.Steps) != 1 || !(c.Low < c.P && c.P < c.High) {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// A narrow group with few outcomes stays near the wider one; with many it is
// believed.
func TestChanceIsShrunk(t *testing.T) {
	t.Parallel()
	wide := Count{Group{Family: dispute.FamilyFraudulent, Network: "visa", Provider: "adyen", Strength: 2}, 300, 700}
	few := NewHistory([]Count{wide, {group(2), 2, 0}}).Chance(group(2))
	many := NewHistory([]Count{wide, {group(2), 200, 0}}).Chance(group(2))
	if few.P < 0.3 || few.P > 0.6 {
		t.Errorf("two wins among a thousand outcomes: %.2f, want near 0.4", few.P)
	}
	if many.P < 0.9 {
		t.Errorf("two hundred wins: %.2f, want above 0.9", many.P)
	}
	if few.High-few.Low <= many.High-many.Low {
		t.Errorf("few outcomes are as sure as many: %+v %+v", few, many)
	}
	var of []string
	for _, s := range few.Steps {
		of = append(of, s.Of)
	}
	want := []string{
		"the catalogue's figure for fraudulent", "fraudulent", "fraudulent, visa",
		"fraudulent, visa, stripe", "fraudulent, visa, stripe, strength 2",
	}
	if diff := cmp.Diff(want, of); diff != "" {
		t.Error(diff)
	}
}

// A wider group's own outcomes are those that no narrower step counts; each step
// shows them all.
func TestEachOutcomeCountsOnce(t *testing.T) {
	t.Parallel()
	other := Group{Family: dispute.FamilyFraudulent, Network: "visa", Provider: "adyen", Strength: 2}
	prior := networks.Prior(dispute.FamilyFraudulent)
	visa := (pseudo*prior + 30) / (pseudo + 100)
	mine := (pseudo*visa + 3) / (pseudo + 3)
	want := []Step{
		{"the catalogue's figure for fraudulent", 0, 0, prior},
		{"fraudulent", 33, 70, prior},
		{"fraudulent, visa", 33, 70, visa},
		{"fraudulent, visa, stripe", 3, 0, visa},
		{"fraudulent, visa, stripe, strength 2", 3, 0, mine},
	}
	got := NewHistory([]Count{{other, 30, 70}, {group(2), 3, 0}}).Chance(group(2))
	if diff := cmp.Diff(want, got.Steps, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
}

// The outcomes of a single group are a plain beta-binomial, however many steps
// show them.
func TestOneGroupIsNotCountedAgain(t *testing.T) {
	t.Parallel()
	prior := networks.Prior(dispute.FamilyFraudulent)
	rapid.Check(t, func(t *rapid.T) {
		c := Count{group(2), rapid.IntRange(0, 100).Draw(t, "won"), rapid.IntRange(0, 100).Draw(t, "lost")}
		plain := (pseudo*prior + float64(c.Won)) / float64(pseudo+c.Won+c.Lost)
		if p := NewHistory([]Count{c}).Chance(group(2)).P; math.Abs(p-plain) > 1e-12 {
			t.Fatalf("%d of %d won: %.4f, want %.4f", c.Won, c.Won+c.Lost, p, plain)
		}
	})
}

func TestChanceIsAChance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "groups")
		var counts []Count
		for range n {
			counts = append(counts, Count{group(rapid.IntRange(0, 4).Draw(t, "strength")), rapid.IntRange(0, 1000).Draw(t, "won"), rapid.IntRange(0, 1000).Draw(t, "lost")})
		}
		g := group(rapid.IntRange(0, 4).Draw(t, "of"))
		c := NewHistory(counts).Chance(g)
		if !(0 <= c.Low && c.Low <= c.P && c.P <= c.High && c.High <= 1) {
			t.Fatalf("%+v", c)
		}
		better := NewHistory(append(counts, Count{g, 50, 0})).Chance(g)
		if better.P < c.P {
			t.Fatalf("fifty wins more made %.3f of %.3f", better.P, c.P)
		}
	})
}

// The mean of so small a chance lies above the middle 80 of its distribution.
func TestTinyChance(t *testing.T) {
	t.Parallel()
	g := group(0)
	if c := NewHistory([]Count{{g, 0, 38}}).Chance(g); c.P <= 0 || c.High < c.P {
		t.Errorf("%+v", c)
	}
}

func TestFeesGrow(t *testing.T) {
	t.Parallel()
	visa := known().Networks["visa"]
	for _, tt := range []struct {
		days            int
		contest, accept int64
		rises           int
	}{{0, 105, 0, 11}, {10, 105, 0, 11}, {11, 150, 50, 16}, {20, 200, 100, 21}, {25, 300, 200, 26}, {26, 400, 300, 0}, {60, 400, 300, 0}} {
		now := opened.Add(time.Duration(tt.days)*day + time.Hour)
		contest, rises := at(visa.Contest, opened, now)
		accept, _ := at(visa.Accept, opened, now)
		want := time.Time{}
		if tt.rises > 0 {
			want = opened.Add(time.Duration(tt.rises) * day)
		}
		if contest != usd(tt.contest) || accept != usd(tt.accept) || !rises.Equal(want) {
			t.Errorf("day %d: contest %s, accept %s, rises %s; want %d, %d, %s", tt.days, contest, accept, rises, tt.contest, tt.accept, want)
		}
	}
}

func TestAdvise(t *testing.T) {
	t.Parallel()
	chance := Chance{P: 0.4, Low: 0.3, High: 0.5, Steps: []Step{{Of: "the catalogue's figure for fraudulent", P: 0.4}}}
	c := Case{Amount: usd(10_000), Network: "Visa", Provider: "stripe", OpenedAt: opened, Now: opened.Add(12 * day), Handling: usd(800), Convert: same}
	got, err := Advise(c, chance)
	if err != nil {
		t.Fatal(err)
	}
	// 0.4 × 100 − 0.6 × 15 − 1.50 − 8 = 21.50
	if got.Contest.Total != usd(2150) || got.Accept.Total != usd(-50) || got.Respond != dispute.ResponseContest || !got.SendBy.Equal(opened.Add(16*day)) {
		t.Errorf("%+v", got)
	}
	for _, l := range append(got.Contest.Lines, got.Accept.Lines...) {
		if l.Origin == "" {
			t.Errorf("%q has no origin", l.What)
		}
	}
	c.Amount = usd(2_000)
	small, err := Advise(c, chance)
	if err != nil || small.Respond != dispute.ResponseAccept || !strings.HasPrefix(small.Why, "accepting is worth more") {
		t.Errorf("twenty dollars: %+v, %v", small, err)
	}
	c.Convert = func(dispute.Money) (dispute.Money, error) {
		return dispute.Money{}, dispute.Errorf(dispute.Invalid, "test", "no rate")
	}
	if _, err := Advise(c, chance); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("an amount without a rate: %v", err)
	}
}

// Without a rate for dollars the fees are left out, each in a line of its own; the
// amount counts.
func TestFeesWithoutARate(t *testing.T) {
	t.Parallel()
	eur := func(minor int64) dispute.Money { return dispute.Money{Minor: minor, Currency: "EUR"} }
	noDollars := func(m dispute.Money) (dispute.Money, error) {
		if m.Currency != "EUR" {
			return dispute.Money{}, errors.New("no rate")
		}
		return m, nil
	}
	c := Case{Amount: eur(10_000), Network: "visa", Provider: "stripe", OpenedAt: opened, Now: opened.Add(12 * day), Handling: eur(800), Convert: noDollars}
	got, err := Advise(c, Chance{P: 0.4, Steps: []Step{{Of: "a test"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Contest.Total != eur(3200) || got.Accept.Total != eur(0) || !got.Contest.LeavesOut() || !got.Accept.LeavesOut() {
		t.Errorf("%+v", got)
	}
	var told []string
	for _, l := range append(got.Contest.Lines, got.Accept.Lines...) {
		if l.LeftOut && l.Amount == eur(0) {
			fee, _, _ := strings.Cut(l.Origin, ";")
			told = append(told, fee)
		}
	}
	if diff := cmp.Diff([]string{"15.00 USD is left out: no rate", "1.50 USD is left out: no rate", "0.50 USD is left out: no rate"}, told); diff != "" {
		t.Error(diff)
	}
	if stake, err := c.Stake(); err != nil || stake != eur(10_000) {
		t.Errorf("at stake %s, %v", stake, err)
	}
	c.Convert = same
	if got, err := Advise(c, got.Chance); err != nil || got.Contest.LeavesOut() {
		t.Errorf("with rates %+v, %v", got, err)
	}
	if stake, err := c.Stake(); err != nil || stake.Minor != 11_500 {
		t.Errorf("at stake %s, %v", stake, err)
	}
	c.Convert, c.Amount = noDollars, usd(1)
	if _, err := c.Stake(); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("an amount without a rate: %v", err)
	}
}

func TestUnknownProviderAndNetwork(t *testing.T) {
	t.Parallel()
	got, err := Advise(Case{Amount: usd(1_000), Network: "nyce", Provider: "acme", Now: opened, Convert: same}, (*History)(nil).Chance(Group{Family: "odd"}))
	if err != nil || len(got.Contest.Lines) != 1 || len(got.Accept.Lines) != 0 || !got.SendBy.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBadFees(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"unknown key": "sources: {a: b}\nwhat: 1\n",
		"no source":   "providers: {stripe: {received: 1.00 USD}}\n",
		"no amount":   "sources: {a: b}\nproviders: {stripe: {source: a, received: lots}}\n",
		"days":        "sources: {a: b}\nnetworks: {visa: {source: a, contest: [{until_day: 10, fee: 1.00 USD}, {until_day: 5, fee: 2.00 USD}]}}\n",
	} {
		if _, err := loadFees([]byte(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, p := range known().Providers {
		if p.Confidence == "" {
			t.Errorf("provider %s has no confidence", name)
		}
	}
}
