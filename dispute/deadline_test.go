package dispute_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const day = 24 * time.Hour

func TestEarliest(t *testing.T) {
	t.Parallel()
	opened := noon
	known := dispute.Windows{Network: 20 * day, NetworkNote: "Visa", Policy: 7 * day}
	tests := []struct {
		name    string
		due     time.Time
		windows dispute.Windows
		unborn  bool // neither opening nor stage is known
		late    bool // the stage began ten days after the opening
		at      time.Time
		origin  dispute.Origin
		last    time.Time
		dates   int
	}{
		{name: "provider before network", due: opened.Add(10 * day), windows: known, at: opened.Add(10 * day), origin: dispute.OriginProvider, last: opened.Add(10 * day), dates: 2},
		{name: "provider after network", due: opened.Add(30 * day), windows: known, at: opened.Add(20 * day), origin: dispute.OriginNetwork, last: opened.Add(30 * day), dates: 2},
		{name: "same date", due: opened.Add(20 * day), windows: known, at: opened.Add(20 * day), origin: dispute.OriginProvider, last: opened.Add(20 * day), dates: 2},
		{name: "no provider date", windows: known, at: opened.Add(20 * day), origin: dispute.OriginNetwork, last: opened.Add(20 * day), dates: 1},
		{name: "late stage", windows: known, late: true, at: opened.Add(30 * day), origin: dispute.OriginNetwork, last: opened.Add(30 * day), dates: 1},
		{name: "neither", windows: dispute.Windows{Policy: 7 * day}, at: opened.Add(7 * day), origin: dispute.OriginPolicy, last: opened.Add(7 * day), dates: 1},
		{name: "policy does not shorten", due: opened.Add(30 * day), windows: dispute.Windows{Policy: 7 * day}, at: opened.Add(30 * day), origin: dispute.OriginProvider, last: opened.Add(30 * day), dates: 1},
		{name: "only a provider date", due: opened.Add(day), windows: known, unborn: true, at: opened.Add(day), origin: dispute.OriginProvider, last: opened.Add(day), dates: 1},
		{name: "nothing known", windows: known, unborn: true},
		{name: "no windows"},
	}
	for _, tt := range tests {
		v := dispute.View{Snapshot: dispute.Snapshot{Stage: dispute.StageChargeback, OpenedAt: opened, DueBy: tt.due}}
		v.Stages = map[dispute.Stage]time.Time{dispute.StageChargeback: opened.Add(time.Minute)}
		if tt.unborn {
			v.Snapshot.OpenedAt, v.Stages = time.Time{}, nil
		}
		if tt.late {
			v.Snapshot.Stage = dispute.StagePreArbitration
			v.Stages[dispute.StagePreArbitration] = opened.Add(10 * day)
		}
		d := dispute.Earliest(v, tt.windows)
		if !d.At.Equal(tt.at) || d.Origin != tt.origin || !d.Last().Equal(tt.last) || len(d.Considered) != tt.dates || d.NoResponse {
			t.Errorf("%s: %s by %q, last %s, of %v", tt.name, d.At, d.Origin, d.Last(), d.Considered)
		}
		v.Snapshot.NoResponse = true
		if d := dispute.Earliest(v, tt.windows); !d.NoResponse || !d.At.Equal(tt.at) {
			t.Errorf("%s without a response: %+v", tt.name, d)
		}
	}
}

func TestEarliestIsNeverLaterThanAnyInput(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := func(label string) time.Duration {
			return time.Duration(rapid.IntRange(0, 100*24).Draw(t, label)) * time.Hour
		}
		w := dispute.Windows{Network: hours("network"), Policy: hours("policy")}
		s := dispute.Snapshot{Stage: dispute.StageChargeback, OpenedAt: noon}
		if due := hours("due"); due > 0 {
			s.DueBy = noon.Add(due - 50*day)
		}
		d := dispute.Earliest(fold(dispute.Notice{EventID: "a", OccurredAt: noon.Add(hours("told")), Snapshot: &s}), w)
		switch {
		case !s.DueBy.IsZero() && d.At.After(s.DueBy),
			w.Network > 0 && d.At.After(noon.Add(w.Network)),
			s.DueBy.IsZero() && w.Network == 0 && w.Policy > 0 && !d.At.Equal(noon.Add(w.Policy)):
			t.Fatalf("%+v", d)
		case d.At.IsZero() != (s.DueBy.IsZero() && w.Network == 0 && w.Policy == 0):
			t.Fatalf("there is a date or there is none: %+v", d)
		case d.Last().Before(d.At), !s.DueBy.IsZero() && !d.Last().Equal(s.DueBy):
			t.Fatalf("the last moment is %s: %+v", d.Last(), d)
		}
	})
}

func TestStartOfDayAnywhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		year  int
		month time.Month
		day   int
		want  string
	}{
		{2026, time.March, 4, "2026-03-03T10:00:00Z"},
		{2027, time.January, 1, "2026-12-31T10:00:00Z"},
		{2028, time.March, 1, "2028-02-29T10:00:00Z"},
		{2026, time.March, 29, "2026-03-28T10:00:00Z"},    // DST begins in Europe
		{2026, time.November, 1, "2026-10-31T10:00:00Z"},  // DST ends in America
		{2026, time.December, 32, "2026-12-31T10:00:00Z"}, // as time.Date reads it
	}
	for _, tt := range tests {
		got := dispute.StartOfDayAnywhere(tt.year, tt.month, tt.day)
		if got.Format(time.RFC3339) != tt.want || got.Location() != time.UTC {
			t.Errorf("%d-%d-%d: %s, want %s", tt.year, tt.month, tt.day, got, tt.want)
		}
		for offset := -12; offset <= 14; offset++ {
			local := time.Date(tt.year, tt.month, tt.day, 0, 0, 0, 0, time.FixedZone("", offset*3600))
			if got.After(local) {
				t.Errorf("%d-%d-%d begins earlier at UTC%+d", tt.year, tt.month, tt.day, offset)
			}
		}
	}
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	want := dispute.StartOfDayAnywhere(2026, time.November, 22)
	for text, want := range map[string]time.Time{
		"2026-11-22": want, " 2026-11-22\n": want, "": {}, "2026-11-31": {}, "2026-11-22T10:00:00Z": {}, "22.11.2026": {}, "0000-01-01": {}, "0000-12-31": {},
	} {
		if got := dispute.ParseDay(text); !got.Equal(want) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
