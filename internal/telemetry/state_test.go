package telemetry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// database answers as told and counts the looks.
type database struct {
	lag    store.Lag
	counts map[dispute.Status]int64
	owed   store.Owed
	books  []store.BooksCheck
	after  []int64
	err    error
	looks  int
}

func (d *database) InboxLag(context.Context) (store.Lag, error) {
	d.looks++
	return d.lag, d.err
}

func (d *database) CountByStatus(context.Context) (map[dispute.Status]int64, error) {
	return d.counts, d.err
}

func (d *database) OwedAnswers(context.Context, time.Time, time.Duration) (store.Owed, error) {
	return d.owed, d.err
}

func (d *database) CheckBooks(_ context.Context, after int64, _ int) (store.BooksCheck, error) {
	d.after = append(d.after, after)
	if len(d.books) == 0 {
		return store.BooksCheck{}, d.err
	}
	one := d.books[0]
	d.books = d.books[1:]
	return one, d.err
}

// clock is a State with its time in hand.
func clock(db Database, log io.Writer) (*State, func(time.Duration)) {
	now := noon
	s := NewState(db, func() time.Time { return now }, slog.New(slog.NewTextHandler(log, nil)))
	return s, func(d time.Duration) { now = now.Add(d) }
}

func want(t *testing.T, c prometheus.Collector, lines ...string) {
	t.Helper()
	text, err := testutil.CollectAndFormat(c, expfmt.TypeTextPlain, names(lines)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, absent := strings.CutSuffix(line, " absent")
		if absent == strings.Contains(string(text), "\n"+name) {
			t.Errorf("want %s in:\n%s", line, text)
		}
	}
}

func names(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, strings.FieldsFunc(l, func(r rune) bool { return r == ' ' || r == '{' })[0])
	}
	return out
}

func TestState(t *testing.T) {
	t.Parallel()
	db := &database{
		lag: store.Lag{Pending: 3, Oldest: noon.Add(-90 * time.Second)}, counts: map[dispute.Status]int64{dispute.StatusOpen: 2},
		owed: store.Owed{Past: 1, Within6h: 2, Within24h: 3, Within72h: 4, Late: 5, Unwatched: 6, Nearest: noon.Add(time.Hour), NearestUnwatched: noon.Add(2 * time.Hour)},
	}
	s, _ := clock(db, io.Discard)
	want(t, s, "rebuttal_database_up 1", "rebuttal_relay_pending 3", "rebuttal_relay_oldest_seconds 90",
		`rebuttal_cases{status="open"} 2`, `rebuttal_cases{status="needs_person"} 0`,
		`rebuttal_owed_answers{left="past"} 1`, `rebuttal_owed_answers{left="6h"} 2`, `rebuttal_owed_answers{left="24h"} 3`,
		`rebuttal_owed_answers{left="72h"} 4`, "rebuttal_owed_answers_late 5", "rebuttal_unwatched_cases 6",
		"rebuttal_owed_answers_nearest_seconds 3600", "rebuttal_unwatched_cases_nearest_seconds 7200", "rebuttal_ledger_imbalance 0")
}

func TestNothingOwedIsAbsent(t *testing.T) {
	t.Parallel()
	s, _ := clock(&database{}, io.Discard)
	want(t, s, "rebuttal_relay_oldest_seconds 0", "rebuttal_owed_answers_nearest_seconds absent", "rebuttal_unwatched_cases_nearest_seconds absent")
}

func TestStateIsKeptForAWhile(t *testing.T) {
	t.Parallel()
	db := &database{}
	s, wait := clock(db, io.Discard)
	for _, pause := range []time.Duration{0, freshFor - 1, 1, freshFor} {
		wait(pause)
		testutil.CollectAndCount(s)
	}
	if db.looks != 3 {
		t.Errorf("the database was asked %d times, want 3", db.looks)
	}
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db := &database{err: errors.New("no route")}
	s, wait := clock(db, &log)
	want(t, s, "rebuttal_database_up 0", "rebuttal_relay_pending absent", "rebuttal_ledger_imbalance absent")
	if !strings.Contains(log.String(), "no route") {
		t.Errorf("log: %s", log.String())
	}
	db.err = nil
	wait(freshFor)
	want(t, s, "rebuttal_database_up 1", "rebuttal_relay_pending 0")
}

// What a walk through the journal finds stays until another walk found nothing.
func TestBooksAreWalkedAgainAndAgain(t *testing.T) {
	t.Parallel()
	db := &database{books: []store.BooksCheck{
		{Checked: booksStretch, Last: 7000},
		{Checked: booksStretch, Last: 14000, Wrong: 2},
		{Checked: 10, Last: 14010, Wrong: 1}, // the end
		{Checked: booksStretch, Last: 7000},  // the second walk: mended
		{Checked: booksStretch, Last: 14000},
		{Checked: 10, Last: 14010},
		{Checked: booksStretch, Last: 7000},
	}}
	s, wait := clock(db, io.Discard)
	for i, wrong := range []string{"0", "2", "3", "3", "3", "0", "0"} {
		want(t, s, "rebuttal_ledger_imbalance "+wrong)
		if t.Failed() {
			t.Fatalf("after look %d", i+1)
		}
		wait(freshFor)
	}
	for i, after := range []int64{0, 7000, 14000, 0, 7000, 14000, 0} {
		if db.after[i] != after {
			t.Errorf("look %d began behind %d, want %d", i+1, db.after[i], after)
		}
	}
}
