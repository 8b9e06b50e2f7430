package dispute_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests need the zones, whatever the machine has

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// zones are those that code for other zones gets wrong: quarters of an hour,
// half an hour of summer time, a day that was left out, midnights that do not
// exist, the first and the last on Earth.
var zones = []string{
	"UTC", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Beirut",
	"Africa/Cairo", "America/Santiago", "Africa/Casablanca", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12",
}

func zone(t rapid.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// edges are moments around which calendars and clocks do something odd.
var edges = []time.Time{
	time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),     // Europe springs forward
	time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),    // and back
	time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC),     // New York goes back
	time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC),     // Lord Howe goes back by half an hour
	time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC),   // Apia leaves out a day
	time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), // a year ends
	time.Date(2028, 2, 28, 23, 59, 59, 0, time.UTC),  // a leap day begins
	time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC),
}

// oddMoment is within two days of an edge, told in any zone.
func oddMoment(t *rapid.T, label string) time.Time {
	at := rapid.SampledFrom(edges).Draw(t, label+" near")
	off := time.Duration(rapid.IntRange(-48*3600, 48*3600).Draw(t, label+" off")) * time.Second
	return at.Add(off).In(zone(t, rapid.SampledFrom(zones).Draw(t, label+" zone")))
}

// The zone in which a date is told changes nothing, and no date makes a
// deadline later than any of the others allows.
func TestEarliestInAnyZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := func(label string) time.Duration { return time.Duration(rapid.IntRange(0, 60).Draw(t, label)) * day }
		w := dispute.Windows{Network: days("network"), Policy: days("policy")}
		s := dispute.Snapshot{Stage: dispute.StageChargeback, OpenedAt: oddMoment(t, "opened")}
		told := oddMoment(t, "told")
		if rapid.Bool().Draw(t, "due is known") {
			s.DueBy = oddMoment(t, "due")
		}
		if rapid.IntRange(0, 3).Draw(t, "no opening") == 0 {
			s.OpenedAt = time.Time{}
		}
		v := fold(dispute.Notice{EventID: "a", OccurredAt: told, Snapshot: &s})
		d := dispute.Earliest(v, w)

		began := s.OpenedAt
		if began.IsZero() {
			began = told
		}
		switch {
		case !s.DueBy.IsZero() && d.At.After(s.DueBy), w.Network > 0 && d.At.After(began.Add(w.Network)):
			t.Errorf("due %s, window to %s, yet %s", s.DueBy, began.Add(w.Network), d.At)
		case s.DueBy.IsZero() && w.Network == 0 && w.Policy > 0 && d.At.After(began.Add(w.Policy)):
			t.Errorf("policy to %s, yet %s", began.Add(w.Policy), d.At)
		case d.Last().Before(d.At):
			t.Errorf("the provider stops at %s, before the deadline of %s", d.Last(), d.At)
		}

		s.OpenedAt, s.DueBy = inUTC(s.OpenedAt), inUTC(s.DueBy)
		again := dispute.Earliest(fold(dispute.Notice{EventID: "a", OccurredAt: told.UTC(), Snapshot: &s}), w)
		if diff := cmp.Diff(again, d); diff != "" { // cmp compares moments, not zones
			t.Errorf("told in UTC it is another deadline (-UTC +zones):\n%s", diff)
		}
	})
}

func inUTC(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC()
}

// A further notice about the same stage may bring a deadline forward. It puts
// it off only when the provider itself names a later date.
func TestEarliestWithAnotherNotice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := dispute.Windows{Network: time.Duration(rapid.IntRange(0, 60).Draw(t, "network")) * day, Policy: 7 * day}
		notice := func(id string) dispute.Notice {
			s := dispute.Snapshot{Stage: dispute.StageChargeback, OpenedAt: oddMoment(t, id+" opened")}
			if rapid.Bool().Draw(t, id+" due is known") {
				s.DueBy = oddMoment(t, id+" due")
			}
			return dispute.Notice{EventID: id, OccurredAt: oddMoment(t, id+" told"), Snapshot: &s}
		}
		first, second := notice("a"), notice("b")
		v, both := fold(first), fold(first, second)
		before, after := dispute.Earliest(v, w), dispute.Earliest(both, w)
		if v.Snapshot.DueBy.Equal(both.Snapshot.DueBy) && after.At.After(before.At) {
			t.Errorf("from %s to %s, though the due date is the same", before.At, after.At)
		}
		if w.Network > 0 && after.At.After(v.StageBegan().Add(w.Network)) {
			t.Errorf("%s is after the network's window of the first notice", after.At)
		}
	})
}

// A date without time is read as early as it begins anywhere: in no zone has
// the day begun before, summer time, leap days and left-out days included.
func TestStartOfDayAnywhereInEveryZone(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		loc := zone(t, name)
		for _, year := range []int{2011, 2024, 2026, 2027, 2028} {
			for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
				y, m, d := at.Date()
				got := dispute.StartOfDayAnywhere(y, m, d)
				if before := got.Add(-time.Nanosecond).In(loc); onDay(before, y, m, d) {
					t.Fatalf("%s: %04d-%02d-%02d has begun before %s", name, y, m, d, got)
				}
				if noon := time.Date(y, m, d, 12, 0, 0, 0, time.UTC); noon.Sub(got) != 26*time.Hour {
					t.Fatalf("%04d-%02d-%02d begins at %s", y, m, d, got)
				}
			}
		}
	}
}

// onDay reports whether a moment is on a date, or past it, in its own zone.
func onDay(at time.Time, year int, month time.Month, day int) bool {
	y, m, d := at.Date()
	have, want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC), time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return !have.Before(want)
}
