package aftership

import "time"

// moment is a time as a carrier tells it: with its zone, by the clock of a place
// that is not told, or as a day.
type moment struct {
	at  time.Time // UTC; a clock without a zone is read as UTC
	how precision
}

type precision int

const (
	unknown precision = iota
	day
	clock
	exact
)

// moments are the three forms of AfterShip's times. Source: the vendor's SDK,
// checkpoint_time.
var moments = []struct {
	layout string
	how    precision
}{{time.RFC3339, exact}, {"2006-01-02T15:04:05", clock}, {time.DateOnly, day}}

// when reads a time; what is none is unknown.
func when(text string) moment {
	for _, form := range moments {
		if at, err := time.Parse(form.layout, text); err == nil {
			return moment{at.UTC(), form.how}
		}
	}
	return moment{}
}

// better is the more precise of two moments, and the first of equals.
func better(a, b moment) moment {
	if b.how > a.how {
		return b
	}
	return a
}

// fact is the moment as a fact; empty when unknown.
func (m moment) fact() string {
	switch m.how {
	case day:
		return m.at.Format(time.DateOnly)
	case clock, exact:
		return m.at.Format(time.RFC3339)
	default:
		return ""
	}
}

// caveat says what a log's time does not tell.
func (m moment) caveat() string {
	switch m.how {
	case day:
		return " (the day alone is told)"
	case clock:
		return " (local time)"
	default:
		return ""
	}
}
