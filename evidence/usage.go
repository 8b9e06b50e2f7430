package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// yes is the value of a fact that is so.
const yes = "yes"

// logTimes are the ways in which lines of an access log begin.
var logTimes = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04"}

// uses are the moments at which an exhibit shows the product in use, oldest
// first: its log, and the lines of FactAccessLog that begin with a time.
func uses(e *exhibit) []time.Time {
	var out []time.Time
	if e.is(dispute.ItemAccess) {
		for _, entry := range e.item.Log {
			out = append(out, entry.At.UTC())
		}
	}
	for line := range strings.Lines(e.fact(dispute.FactAccessLog)) {
		if at, ok := logTime(line); ok {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.Compact(out)
}

func logTime(line string) (time.Time, bool) {
	words := strings.Fields(line)
	for n := min(2, len(words)); n > 0; n-- {
		start := strings.Trim(strings.Join(words[:n], " "), "[],;")
		for _, layout := range logTimes {
			if at, err := time.Parse(layout, start); err == nil {
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

// usesAfter are the uses after a moment and before the dispute was opened.
func (b *book) usesAfter(e *exhibit, after time.Time) []time.Time {
	return slices.DeleteFunc(uses(e), func(at time.Time) bool { return !at.After(after) || b.late(at) })
}

// paidAt is when the disputed payment was made.
func (b *book) paidAt() (time.Time, bool) {
	return parseDate(b.first(dispute.FactPaidAt, dispute.ItemPayment))
}

// canceledAt is when the customer cancelled, by our own records.
func (b *book) canceledAt() (time.Time, bool) {
	for _, e := range b.exhibits {
		if at, ok := e.date(dispute.FactCanceledAt); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

func isAccess(_ *book, e *exhibit) bool {
	return e.fact(dispute.FactAccessLog) != "" || e.is(dispute.ItemAccess) && len(e.item.Log) > 0
}

// isUse matches what shows the product in use after it was paid.
func isUse(b *book, e *exhibit) bool {
	paid, ok := b.paidAt()
	return ok && len(b.usesAfter(e, paid)) > 0
}

// isUseAfterCancel matches what shows use after the cancellation, and the
// record of the cancellation itself.
func isUseAfterCancel(b *book, e *exhibit) bool {
	canceled, ok := b.canceledAt()
	if !ok || !b.usedAfter(canceled) {
		return false
	}
	_, dated := e.date(dispute.FactCanceledAt)
	return dated || len(b.usesAfter(e, canceled)) > 0
}

func (b *book) usedAfter(at time.Time) bool {
	return slices.ContainsFunc(b.exhibits, func(e *exhibit) bool { return len(b.usesAfter(e, at)) > 0 })
}

// canceledBefore is what shows that the payment was taken after the customer
// had cancelled, and had stopped to use it.
func canceledBefore(b *book) []*exhibit {
	canceled, known := b.canceledAt()
	paid, ok := b.paidAt()
	if !known || !ok || !canceled.Before(paid) || b.usedAfter(canceled) {
		return nil
	}
	return b.matching(func(e *exhibit) bool {
		_, dated := e.date(dispute.FactCanceledAt)
		return dated
	})
}
