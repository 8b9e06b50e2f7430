package console

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// The steps of the time that is left.
const (
	stepCalm    = "calm"
	stepSoon    = "soon"   // less than three days
	stepUrgent  = "urgent" // less than a day
	stepOver    = "over"
	stepUnknown = "unknown" // no deadline is known
	stepDone    = "done"    // nothing more is expected of us
)

const (
	soonBelow   = 72 * time.Hour
	urgentBelow = 24 * time.Hour
)

// left is the time left for an answer, in words and as one of the steps.
type left struct {
	Step  string
	Count string
	At    time.Time // the deadline; zero when none is known
}

func leftOf(c store.CaseRow, now time.Time) left {
	d := c.Deadline.At.Sub(now)
	l := left{At: c.Deadline.At, Count: dispute.Span(d)}
	switch {
	case !answerable(c):
		l.Step, l.Count = stepDone, c.Status.Word()
	case l.At.IsZero():
		l.Step, l.Count = stepUnknown, "no deadline known"
	case d <= 0:
		l.Step, l.Count = stepOver, dispute.Span(-d)+" ago"
	case d < urgentBelow:
		l.Step = stepUrgent
	case d < soonBelow:
		l.Step = stepSoon
	default:
		l.Step = stepCalm
	}
	return l
}

// answerable reports whether a case still waits for our answer.
func answerable(c store.CaseRow) bool {
	return !c.Status.Ended() && c.Status != dispute.StatusSubmitted && !c.View.Snapshot.Status.Final()
}

// moment is a time in full, in a zone and with the zone's name.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "not known"
	}
	t = t.In(zone)
	return t.Format("Mon 2 Jan 2006 15:04 ") + zoneWord(t)
}

// brief is a moment near enough to need no year.
func brief(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	return t.Format("Mon 2 Jan 15:04 ") + zoneWord(t)
}

// day is the date that it was then in a zone.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2 Jan 2006") }

// bookDay is the date that the books have, which is that of UTC.
func bookDay(t time.Time) string { return day(t, time.UTC) }

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stageWord(s dispute.Stage) string {
	if s == "" {
		return "not known"
	}
	return strings.ReplaceAll(string(s), "_", "-")
}

func originWord(o dispute.Origin) string {
	switch o {
	case dispute.OriginProvider:
		return "the provider's own date"
	case dispute.OriginNetwork:
		return "the network's window"
	case dispute.OriginPolicy:
		return "our own rule"
	}
	return string(o)
}

// sourceWord is what came of asking a source, as people say it.
func sourceWord(s dispute.SourceResult) string {
	switch s.Outcome {
	case dispute.SourceAnswered:
		return plural(s.Items, "item", "items")
	case dispute.SourceEmpty:
		return "knows nothing of this sale"
	case dispute.SourceSkipped:
		return "not asked: the case lacks the ids it searches by"
	case dispute.SourceFailed:
		return "gave no answer"
	case dispute.SourcePending:
		return "still being asked"
	}
	return s.Outcome
}

// actorWord names who did something.
func actorWord(id string) string {
	rule, isRule := strings.CutPrefix(id, "rule:")
	switch {
	case isRule:
		return "rule " + rule
	case id == "machine", id == "rebuttal":
		return "Rebuttal"
	case id == "cut-off":
		return "the cut-off"
	case id == "provider":
		return "the provider"
	}
	return id
}

// plain is a key as words: "dispute_fees" is "dispute fees".
func plain(key string) string { return strings.ReplaceAll(key, "_", " ") }

// capital is words that begin with a capital letter.
func capital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + s[n:]
}

// money is an amount with thousands separated: "1,240.00 USD".
func money(m dispute.Money) string {
	number := grouped(m)
	if m.Currency == "" {
		return number
	}
	return number + " " + m.Currency
}

func grouped(m dispute.Money) string {
	number := m.Decimal()
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "−", number[1:]
	}
	whole, fraction, hasFraction := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if hasFraction {
		whole += "." + fraction
	}
	return sign + whole
}

// size is a number of bytes as people read it.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1_000_000:
		return fmt.Sprintf("%d KB", (bytes+500)/1000)
	default:
		return fmt.Sprintf("%d.%d MB", bytes/1_000_000, bytes%1_000_000/100_000)
	}
}

// short is the beginning of a hash, enough to compare by eye.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// bars are the four parts of a strength, true where filled.
func bars(strength int) []bool {
	out := make([]bool, 4)
	for i := range out {
		out[i] = i < strength
	}
	return out
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
