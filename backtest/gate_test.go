package backtest

import (
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestGates(t *testing.T) {
	t.Parallel()
	r := Report{Disputes: 200, Moved: 30, Currency: "USD", Money: estimate(-10050, 2000, "USD"), Work: Work{Live: 10, Draft: 25}}
	r.Live.Accepted, r.Draft.Accepted, r.Draft.Risk.OutsideHours = 3, 1, 7
	for text, want := range map[string]struct {
		holds  bool
		figure string
	}{
		"money < -100 USD":     {true, "-100.50 USD"},
		"money<-100.50 USD":    {false, "-100.50 USD"},
		"money <= -100.50 USD": {true, "-100.50 USD"},
		"money_low < -120 USD": {true, "-120.50 USD"},
		"moved > 10%":          {true, "15.0%"},
		"moved >= 31":          {false, "30"},
		"accepted > 0":         {false, "-2"},
		"work > 10":            {true, "15"},
		"outside_hours > 5":    {true, "7"},
		" crowded_hours > 0 ":  {false, "0"},
	} {
		g, err := ParseGate(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		holds, figure, err := g.Holds(r)
		if err != nil || holds != want.holds || figure != want.figure {
			t.Errorf("%s: %v at %s, %v; want %+v", g, holds, figure, err, want)
		}
	}
	other, err := ParseGate("money < -1 EUR")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Holds(r); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("another currency: %v", err)
	}
}

func TestGatesWithNothingToJudgeBy(t *testing.T) {
	t.Parallel()
	none, unpriced := Report{Currency: "USD"}, Report{Currency: "USD", Disputes: 3, Unpriced: 3}
	for _, tt := range []struct {
		text string
		r    Report
		says string
	}{
		{"money < -100 USD", none, "there is no past dispute to judge by"},
		{"moved > 10%", none, "there is no past dispute to judge by"},
		{"work > 1", none, "there is no past dispute to judge by"},
		{"money_low < -100 USD", unpriced, "no past dispute has a currency with a rate to USD"},
		{"work > 1", unpriced, ""},
	} {
		g, err := ParseGate(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		holds, _, err := g.Holds(tt.r)
		switch {
		case holds:
			t.Errorf("%s holds", g)
		case tt.says == "" && err != nil:
			t.Errorf("%s: %v", g, err)
		case tt.says != "" && (dispute.KindOf(err) != dispute.NotFound || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v, want %q", g, err, tt.says)
		}
	}
}

func TestParseGateRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":              "write it as",
		"money":         "write it as",
		"money = 1 USD": "write it as",
		"profit > 1":    `there is no "profit"; there are accepted, crowded_hours, money`,
		"money > 1":     "is no amount such as",
		"moved > x":     "is neither a count nor a share",
		"moved > NaN":   "is neither a count nor a share",
	} {
		if _, err := ParseGate(text); err == nil || dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseGate(f *testing.F) {
	f.Add("money < -100 USD")
	f.Add("moved > 10%")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGate(text)
		if err != nil {
			return
		}
		again, err := ParseGate(g.String())
		if err != nil || again != g {
			t.Errorf("%q is read as %+v, and again as %+v, %v", text, g, again, err)
		}
	})
}
