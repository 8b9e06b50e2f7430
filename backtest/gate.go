package backtest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Gate is a condition under which a draft is not to go on, such as
// "money < -100 USD" or "moved > 10%".
type Gate struct {
	text  string
	name  string
	op    string
	limit float64 // minor units, a count or, with share, a part of 100
	money string  // the currency
	share bool
}

var gateForm = regexp.MustCompile(`^\s*([a-z_]+)\s*(<=|>=|<|>)\s*(\S.*?)\s*$`)

// gates are what can be asked of a report. Figures of money are in minor units.
var gates = map[string]struct {
	money bool
	of    func(Report) int64
}{
	"money":         {true, func(r Report) int64 { return r.Money.Amount.Minor }},
	"money_low":     {true, func(r Report) int64 { return r.Money.Low.Minor }},
	"moved":         {false, func(r Report) int64 { return int64(r.Moved) }},
	"accepted":      {false, func(r Report) int64 { return int64(r.Draft.Accepted - r.Live.Accepted) }},
	"work":          {false, func(r Report) int64 { return int64(r.Work.Draft - r.Work.Live) }},
	"outside_hours": {false, func(r Report) int64 { return int64(r.Draft.Risk.OutsideHours) }},
	"crowded_hours": {false, func(r Report) int64 { return int64(r.Draft.Risk.CrowdedHours) }},
}

// ParseGate reads a condition: a name, one of < <= > >=, and an amount of money
// for money and money_low, or else a count, or with % a share of all disputes.
// Its error is of kind Invalid.
func ParseGate(text string) (Gate, error) {
	refuse := func(format string, args ...any) (Gate, error) {
		return Gate{}, dispute.Errorf(dispute.Invalid, "backtest: condition "+strconv.Quote(text), format, args...)
	}
	parts := gateForm.FindStringSubmatch(text)
	if parts == nil {
		return refuse(`write it as "money < -100 USD" or "moved > 10%%"`)
	}
	g := Gate{text: strings.TrimSpace(text), name: parts[1], op: parts[2]}
	what, ok := gates[g.name]
	if !ok {
		return refuse("there is no %q; there are %s", g.name, strings.Join(gateNames(), ", "))
	}
	if what.money {
		m, err := dispute.ParseMoney(parts[3])
		if err != nil {
			return refuse("%q is no amount such as -100 USD", parts[3])
		}
		g.limit, g.money = float64(m.Minor), m.Currency
		return g, nil
	}
	number, share := strings.CutSuffix(parts[3], "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return refuse("%q is neither a count nor a share such as 10%%", parts[3])
	}
	g.limit, g.share = n, share
	return g, nil
}

func gateNames() []string {
	names := make([]string, 0, len(gates))
	for name := range gates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// String is the condition as it was written.
func (g Gate) String() string { return g.text }

// Holds reports whether the condition holds, and the figure it looked at. A
// currency other than the report's is an error of kind Invalid, and a report
// without a dispute that the figure could come from one of kind NotFound.
func (g Gate) Holds(r Report) (holds bool, figure string, err error) {
	n := gates[g.name].of(r)
	value := float64(n)
	figure = strconv.FormatInt(n, 10)
	switch {
	case g.money != "" && g.money != r.Currency:
		return false, "", dispute.Errorf(dispute.Invalid, "backtest: condition "+strconv.Quote(g.text), "the report is in %s", r.Currency)
	case r.Disputes == 0:
		return false, "", dispute.Errorf(dispute.NotFound, "backtest: condition "+strconv.Quote(g.text), "there is no past dispute to judge by")
	case g.money != "" && r.Unpriced == r.Disputes:
		return false, "", dispute.Errorf(dispute.NotFound, "backtest: condition "+strconv.Quote(g.text), "no past dispute has a currency with a rate to %s to judge by", r.Currency)
	case g.money != "":
		figure = dispute.Money{Minor: n, Currency: r.Currency}.String()
	case g.share:
		value = 100 * value / float64(r.Disputes)
		figure = fmt.Sprintf("%.1f%%", value)
	}
	switch g.op {
	case "<":
		holds = value < g.limit
	case "<=":
		holds = value <= g.limit
	case ">":
		holds = value > g.limit
	default:
		holds = value >= g.limit
	}
	return holds, figure, nil
}
