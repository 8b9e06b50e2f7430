package dispute

import (
	"slices"
	"strings"
	"time"
)

// Origin says where a deadline comes from.
type Origin string

// The origins of a deadline.
const (
	OriginProvider Origin = "provider" // the date on the dispute object
	OriginNetwork  Origin = "network"  // the network's response window
	OriginPolicy   Origin = "policy"   // our own rule, because nobody named a date
)

// Deadline is when the provider stops listening, told pessimistically.
type Deadline struct {
	At     time.Time `json:"at,omitzero"`
	Origin Origin    `json:"origin,omitempty"`
	// Considered holds every date that was looked at, for the person who asks why.
	Considered []Candidate `json:"considered,omitempty"`
	// NoResponse says that no answer is possible, whatever the date.
	NoResponse bool `json:"no_response,omitempty"`
}

// Last is the moment after which an answer is not worth sending: the provider's
// own date where it named one, else At. Between the two there is no time to
// lose, but the provider still listens.
func (d Deadline) Last() time.Time {
	for _, c := range d.Considered {
		if c.Origin == OriginProvider {
			return c.At
		}
	}
	return d.At
}

// WithoutNotes is the deadline with its dates and without the sources of them,
// which are long.
func (d Deadline) WithoutNotes() Deadline {
	d.Considered = slices.Clone(d.Considered)
	for i := range d.Considered {
		d.Considered[i].Note = ""
	}
	return d
}

// Candidate is one date that was looked at for a deadline.
type Candidate struct {
	Origin Origin    `json:"origin"`
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitempty"`
}

// Windows are the durations from which missing dates are computed. They are
// already scaled for rehearsals.
type Windows struct {
	Network     time.Duration // the network's response window; zero when unknown
	NetworkNote string        // its source, for the person who asks why
	Policy      time.Duration // our own fall-back window
}

// Earliest is the deadline of a dispute: the earliest of the provider's date
// and the network's window, and the policy's window when neither is known. A
// provider's date later than the network's window loses, because a date
// outside a signature may shorten a deadline and never extend it.
//
// Windows run from the beginning of the present stage.
func Earliest(v View, w Windows) Deadline {
	s, began := v.Snapshot, v.StageBegan()
	d := Deadline{NoResponse: s.NoResponse}
	if !s.DueBy.IsZero() {
		d.Considered = append(d.Considered, Candidate{OriginProvider, s.DueBy, "the provider's own date"})
	}
	if w.Network > 0 && !began.IsZero() {
		d.Considered = append(d.Considered, Candidate{OriginNetwork, began.Add(w.Network), w.NetworkNote})
	}
	if len(d.Considered) == 0 && w.Policy > 0 && !began.IsZero() {
		d.Considered = append(d.Considered, Candidate{OriginPolicy, began.Add(w.Policy), "no date was named"})
	}
	for _, c := range d.Considered {
		if d.At.IsZero() || c.At.Before(d.At) {
			d.At, d.Origin = c.At, c.Origin
		}
	}
	return d
}

// StartOfDayAnywhere reads a date without time as the first instant at which
// that day begins anywhere on Earth (UTC+14), the least favourable reading of
// a due date.
func StartOfDayAnywhere(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.FixedZone("UTC+14", 14*60*60)).UTC()
}

// ParseDay reads a date without time, as 2026-11-22, by StartOfDayAnywhere; what
// is none gives the zero time, and so does the year 0000, whose first day begins
// in a year that no date is written in.
func ParseDay(text string) time.Time {
	at, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil || at.Year() < 1 {
		return time.Time{}
	}
	return StartOfDayAnywhere(at.Date())
}
