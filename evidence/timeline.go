package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// events are the facts that make a timeline, with their words.
var events = []struct {
	fact, words string
	kinds       []dispute.ItemKind
}{
	{dispute.FactTermsAcceptedAt, "Terms accepted", nil},
	{dispute.FactOrderedAt, "Order placed", nil},
	{dispute.FactPaidAt, "Payment made", []dispute.ItemKind{dispute.ItemPayment}},
	{dispute.FactPaidAt, "Earlier payment", []dispute.ItemKind{dispute.ItemPriorPayment}},
	{dispute.FactShippedAt, "Parcel shipped", nil},
	{dispute.FactDeliveredAt, "Parcel delivered", nil},
	{dispute.FactServiceDate, "Service given", nil},
	{dispute.FactSentAt, "Message", []dispute.ItemKind{dispute.ItemCommunication}},
	{dispute.FactRefundedAt, "Refund given", nil},
}

// event is one dot of the timeline.
type event struct {
	at       time.Time
	day      bool // only the day is known
	words    string
	exhibits []int
	log      int  // how many entries of an exhibit's log it stands for
	strong   bool // the dispute itself
}

// maxEventChars bounds the words of one event.
const maxEventChars = 120

// history lists what happened, oldest first. What two exhibits say of one
// minute in the same words is one event.
func (b *book) history() []event {
	var out []event
	for _, e := range b.exhibits {
		out = append(out, e.happenings()...)
	}
	if !b.opened.IsZero() {
		out = append(out, event{at: b.opened, words: "Dispute opened", strong: true})
	}
	slices.SortStableFunc(out, func(x, y event) int {
		return cmp.Or(x.at.Compare(y.at), strings.Compare(x.words, y.words))
	})
	return oncePerWords(out)
}

func (e *exhibit) dates() []event {
	var out []event
	for _, ev := range events {
		at, ok := e.date(ev.fact)
		if !ok || ev.kinds != nil && !e.is(ev.kinds...) {
			continue
		}
		words := ev.words
		if ev.fact == dispute.FactSentAt {
			words = e.messageWords()
		}
		out = append(out, event{at: at, day: len(e.fact(ev.fact)) == len(time.DateOnly), words: words, exhibits: []int{e.number}})
	}
	return out
}

func (e *exhibit) messageWords() string {
	words := "Message"
	if d := e.fact(dispute.FactDirection); d == "from customer" || d == "to customer" {
		words += " " + d
	}
	if s := e.fact(dispute.FactSubject); s != "" {
		words += ": " + s
	}
	return brief(words)
}

// happenings are the dates and the log of an exhibit. An entry that tells of one
// of the dates in its own words gives them to it.
func (e *exhibit) happenings() []event {
	out := e.dates()
	for _, entry := range e.item.Log {
		if entry.At.IsZero() {
			continue
		}
		told := slices.IndexFunc(out, func(ev event) bool { return ev.log == 0 && !ev.day && ev.at.Equal(entry.At) })
		if told >= 0 {
			out[told].words = brief(out[told].words + ": " + entry.What)
			continue
		}
		out = append(out, event{at: entry.At, words: brief(entry.What), exhibits: []int{e.number}, log: 1})
	}
	return out
}

func brief(s string) string {
	short, cut := cutAtSentence(oneLine(s), maxEventChars)
	if cut {
		short = strings.TrimRight(short, ",;: ") + " …"
	}
	return short
}

func oncePerWords(list []event) []event {
	var out []event
	for _, ev := range list {
		if n := len(out); n > 0 && out[n-1].at.Equal(ev.at) && out[n-1].words == ev.words {
			out[n-1].exhibits = append(out[n-1].exhibits, ev.exhibits...)
			continue
		}
		out = append(out, ev)
	}
	return out
}

// crowded is how many entries of a log make one dot when the timeline is too
// long.
const crowded = 3

// grouped makes one event of the entries that the log of an exhibit has in one
// period, where they are many.
func grouped(list []event, exhibit int, period func(time.Time) time.Time) []event {
	groups := make(map[time.Time][]event)
	for _, ev := range list {
		if ev.logOf(exhibit) {
			groups[period(ev.at)] = append(groups[period(ev.at)], ev)
		}
	}
	var out []event
	done := make(map[time.Time]bool)
	for _, ev := range list {
		from := period(ev.at)
		switch group := groups[from]; {
		case !ev.logOf(exhibit) || len(group) < crowded:
			out = append(out, ev)
		case !done[from]:
			out = append(out, together(group))
			done[from] = true
		}
	}
	return out
}

func (ev event) logOf(exhibit int) bool { return ev.log > 0 && ev.exhibits[0] == exhibit }

func together(group []event) event {
	out, last := group[0], group[len(group)-1]
	for _, ev := range group[1:] {
		out.log += ev.log
	}
	until := last.at.Format("15:04")
	if !sameDay(out.at, last.at) {
		until = last.at.Format("2 Jan 2006 15:04")
	}
	_, words, isGroup := strings.Cut(last.words, lastOfThem)
	if !isGroup {
		words = last.words
	}
	out.words = fmt.Sprintf("%d entries until %s%s%s", out.log, until, lastOfThem, words)
	return out
}

const lastOfThem = ", the last: "

// longestLogs are the exhibits with logs, those with the most entries first.
func longestLogs(list []event) []int {
	entries := make(map[int]int)
	for _, ev := range list {
		if ev.log > 0 {
			entries[ev.exhibits[0]] += ev.log
		}
	}
	return slices.SortedFunc(maps.Keys(entries), func(x, y int) int {
		return cmp.Or(cmp.Compare(entries[y], entries[x]), cmp.Compare(x, y))
	})
}

func sameDay(a, b time.Time) bool { return dayOf(a).Equal(dayOf(b)) }

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func anyTime(time.Time) time.Time { return time.Time{} }
