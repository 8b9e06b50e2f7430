package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// reportView is a backtest's report as people read it.
type reportView struct {
	Disputes string
	Span     string // "1 Jan 2026 to 30 Jun 2026"; empty without disputes
	None     bool   // there was nothing to compare
	Learned  int    // verdicts that the odds learned from
	Heads    []headline
	Changes  []changeRow
	Movers   []moverRow // the first of them
	More     []moverRow
	Listed   string // which of the moving ones are listed
	Rules    []hitRow
	Figures  []figure
	Risks    []riskRow
	Crowded  []backtest.Crowded
	Notes    []string
}

// headline is one of the three figures to read first.
type headline struct {
	Name   string
	Figure string
	Says   string
}

// changeRow counts disputes that go one way instead of another.
type changeRow struct {
	What, From, To string
	Disputes       string
}

// moverRow is one dispute that the draft routes otherwise.
type moverRow struct {
	Dispute string
	Case    string // the id of its page; empty where it has none
	What    string // the network and the claim
	Opened  time.Time
	Amount  dispute.Money
	Moves   []changeRow
	Why     string
	Money   string
	ByOdds  bool
}

// hitRow is how often a rule held and decided.
type hitRow struct {
	Rule    string
	Figures []string // held and decided under the rules in force, then under the draft
}

// riskRow is a count of deadlines under both sets.
type riskRow struct {
	What        string
	Live, Draft string
}

func viewReport(r backtest.Report, ours map[string]bool) reportView {
	view := reportView{
		Disputes: counted(int64(r.Disputes)), None: r.Disputes == 0, Learned: r.Learned, Listed: listedWords(len(r.Movers), r.Moved),
		Heads: []headline{movedHead(r), moneyHead(r), workHead(r)},
		Risks: []riskRow{
			{"Cut-offs at which nobody of the queue works", counted(int64(r.Live.Risk.OutsideHours)), counted(int64(r.Draft.Risk.OutsideHours))},
			{"Hours with more cut-offs than the queue’s people can decide", counted(int64(r.Live.Risk.CrowdedHours)), counted(int64(r.Draft.Risk.CrowdedHours))},
		},
		Crowded: r.Draft.Risk.Crowded, Notes: r.Notes,
	}
	if !view.None {
		view.Span = spanWords(r.From, r.To)
	}
	for _, c := range r.Changes {
		view.Changes = append(view.Changes, changeRow{changeWord(c.Field), wayWord(c.From), wayWord(c.To), counted(int64(c.Disputes))})
	}
	for _, h := range r.Rules {
		row := hitRow{Rule: h.Rule}
		for _, n := range []int{h.LiveMatched, h.LiveDecided, h.DraftMatched, h.DraftDecided} {
			row.Figures = append(row.Figures, counted(int64(n)))
		}
		view.Rules = append(view.Rules, row)
	}
	for i, m := range r.Movers {
		if i < firstMovers {
			view.Movers = append(view.Movers, viewMover(m, ours))
		} else {
			view.More = append(view.More, viewMover(m, ours))
		}
	}
	return view
}

// firstMovers are listed openly, the others on demand.
const firstMovers = 10

func listedWords(listed, moved int) string {
	if listed < moved {
		return fmt.Sprintf("The %d of %s with the most at stake.", listed, counted(int64(moved)))
	}
	return "The most at stake first."
}

func movedHead(r backtest.Report) headline {
	h := headline{Name: "Cases that move", Figure: counted(int64(r.Moved)), Says: "No dispute would go another way."}
	if r.Moved > 0 {
		h.Says = fmt.Sprintf("of %s past disputes would go another way: %s.", counted(int64(r.Disputes)), share(r.Moved, r.Disputes))
	}
	return h
}

// share is a part in words: "3 in 100".
func share(part, of int) string {
	switch in100 := (100*part + of/2) / of; {
	case part == of:
		return "all of them"
	case in100 == 0:
		return "fewer than 1 in 100"
	default:
		return fmt.Sprintf("%d in 100", in100)
	}
}

func moneyHead(r backtest.Report) headline {
	e := r.Money
	h := headline{Name: "Money", Figure: signed(e.Amount)}
	switch sure := e.Low == e.High; {
	case sure && e.Amount.Minor == 0:
		h.Says = "The money stays the same: no dispute with a known rate is answered otherwise."
	case sure:
		h.Says = "Every dispute behind it has its verdict: the figure is counted, not estimated."
	case e.Low.Minor < 0 && e.High.Minor > 0:
		h.Says = fmt.Sprintf("With 80 in 100 between %s and %s: it may be a loss or a gain.", signed(e.Low), signed(e.High))
	default:
		h.Says = fmt.Sprintf("With 80 in 100 between %s and %s.", signed(e.Low), signed(e.High))
	}
	return h
}

func workHead(r backtest.Report) headline {
	w := r.Work
	per := strings.Replace(fmt.Sprintf("%+.1f a week", w.PerWeek), "-", "−", 1)
	h := headline{Name: "Work for people", Figure: per, Says: fmt.Sprintf("People would decide %s disputes instead of %s.", counted(int64(w.Draft)), counted(int64(w.Live)))}
	if w.Draft == w.Live {
		h.Figure, h.Says = "no change", fmt.Sprintf("People decide %s disputes either way.", counted(int64(w.Live)))
	}
	return h
}

// signed is an amount with its sign: "+1,240.00 USD".
func signed(m dispute.Money) string {
	if m.Minor > 0 {
		return "+" + money(m)
	}
	return money(m)
}

// counted is a whole number with thousands separated.
func counted(n int64) string { return strings.Replace(humanize.Comma(n), "-", "−", 1) }

func viewMover(m backtest.Mover, ours map[string]bool) moverRow {
	row := moverRow{
		Dispute: m.Dispute, Opened: m.OpenedAt, Amount: m.Amount, Why: m.Why, Money: signed(m.Money), ByOdds: m.ByOdds,
		What: strings.TrimSpace(networks.NetworkName(m.Network) + " " + plain(string(m.Family))),
	}
	if ours[m.Case] {
		row.Case = m.Case
	}
	from, to := ways(m.Live), ways(m.Draft)
	for _, field := range m.Changed {
		move := changeRow{What: changeWord(field), From: wayWord(from[field]), To: wayWord(to[field])}
		if from[field] == to[field] {
			move.To += " with other steps"
		}
		row.Moves = append(row.Moves, move)
	}
	return row
}

// ways are a decision's fields by the names that changes have.
func ways(d backtest.Decision) map[string]string {
	approval := "none"
	if d.Approval {
		approval = "required"
	}
	return map[string]string{"queue": d.Queue, "approval": approval, "respond": string(d.Respond), "ladder": d.Ladder}
}

func changeWord(field string) string {
	if field == "respond" {
		return "answer"
	}
	return field
}

func wayWord(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// busiest bounds the queues that have a chart.
const busiest = 3

// figures are the charts of a report with their data.
func figures(r backtest.Report, draft int64, theme string) []figure {
	if r.Disputes == 0 {
		return nil
	}
	out := []figure{weeksFigure(r), sidesFigure(r)}
	out[0].Picture, out[1].Picture = chartPicture(draft, chartWeeks, "", theme), chartPicture(draft, chartSides, "", theme)
	for _, load := range busiestQueues(r) {
		f := loadFigure(load)
		f.Picture = chartPicture(draft, chartLoad, load.Queue, theme)
		out = append(out, f)
	}
	return out
}

func weeksFigure(r backtest.Report) figure {
	f := figure{
		Title: "Net of each week, in " + r.Currency,
		Says: fmt.Sprintf("Won less costs by the week of opening, %s: %s under the rules in force, %s under the draft.",
			plural(len(r.Weeks), "week", "weeks"), money(r.Live.Net.Amount), money(r.Draft.Net.Amount)),
		Table: figureTable{Head: []string{"Week from", "Disputes", "Moving", "Rules in force", "Draft"}},
	}
	in := func(minor int64) string { return grouped(dispute.Money{Minor: minor, Currency: r.Currency}) }
	for _, w := range r.Weeks {
		f.Table.Rows = append(f.Table.Rows, []string{bookDay(w.From), counted(int64(w.Disputes)), counted(int64(w.Moved)), in(w.Live), in(w.Draft)})
	}
	return f
}

func sidesFigure(r backtest.Report) figure {
	f := figure{
		Title: "What each side brings, in " + r.Currency,
		Says: fmt.Sprintf("The rules in force contest %s and accept %s, the draft contests %s and accepts %s: %s and %s won, %s and %s in costs.",
			counted(int64(r.Live.Contested)), counted(int64(r.Live.Accepted)), counted(int64(r.Draft.Contested)), counted(int64(r.Draft.Accepted)),
			money(r.Live.Won), money(r.Draft.Won), money(r.Live.Costs), money(r.Draft.Costs)),
		Table: figureTable{Head: []string{"", "Rules in force", "Draft"}},
	}
	row := func(name string, of func(backtest.Side) string) {
		f.Table.Rows = append(f.Table.Rows, []string{name, of(r.Live), of(r.Draft)})
	}
	number := func(of func(backtest.Side) int) func(backtest.Side) string {
		return func(s backtest.Side) string { return counted(int64(of(s))) }
	}
	row("Contested", number(func(s backtest.Side) int { return s.Contested }))
	row("Accepted", number(func(s backtest.Side) int { return s.Accepted }))
	row("Won", func(s backtest.Side) string { return grouped(s.Won) })
	row("Lost", func(s backtest.Side) string { return grouped(s.Lost) })
	row("Costs of answers", func(s backtest.Side) string { return grouped(s.Costs) })
	row("Net: won less costs", func(s backtest.Side) string { return grouped(s.Net.Amount) })
	row("Net with 80 in 100", func(s backtest.Side) string { return grouped(s.Net.Low) + " to " + grouped(s.Net.High) })
	row("Counted by verdicts", number(func(s backtest.Side) int { return s.Known }))
	row("Estimated by odds", number(func(s backtest.Side) int { return s.ByOdds }))
	return f
}

func loadFigure(l backtest.Load) figure {
	live, draft := sum(l.Live[:]), sum(l.Draft[:])
	f := figure{
		Title: "Queue " + wayWord(l.Queue) + " by the hour of the week, UTC",
		Says: fmt.Sprintf("Disputes that the queue is given, by the hour at which they were opened: %s under the rules in force, %s under the draft.",
			counted(int64(live)), counted(int64(draft))),
		Table: figureTable{Head: append([]string{"Hour"}, weekdays...)},
	}
	for hour := range 24 {
		row := []string{fmt.Sprintf("%02d:00", hour)}
		for day := range weekdays {
			at := 24*day + hour
			row = append(row, fmt.Sprintf("%d → %d", l.Live[at], l.Draft[at]))
		}
		f.Table.Rows = append(f.Table.Rows, row)
	}
	return f
}

// busiestQueues are those with the most disputes under either set, the busiest
// first.
func busiestQueues(r backtest.Report) []backtest.Load {
	all := slices.Clone(r.Load)
	slices.SortStableFunc(all, func(a, b backtest.Load) int {
		return max(sum(b.Live[:]), sum(b.Draft[:])) - max(sum(a.Live[:]), sum(a.Draft[:]))
	})
	return all[:min(len(all), busiest)]
}

func loadOf(r backtest.Report, queue string) (backtest.Load, bool) {
	at := slices.IndexFunc(r.Load, func(l backtest.Load) bool { return l.Queue == queue })
	if at < 0 {
		return backtest.Load{}, false
	}
	return r.Load[at], true
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
