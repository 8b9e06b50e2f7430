package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	// freshFor is how long an answer of the database serves further scrapes. With
	// a million cases and as many entries it takes half a second to get.
	freshFor = 25 * time.Second
	// scrapeLimit bounds the queries of one scrape; Prometheus itself gives up
	// after ten seconds.
	scrapeLimit = 5 * time.Second
	// watchGrace is how long a case may be without a timer before it counts as
	// unwatched: a restart of the workers takes less.
	watchGrace = 5 * time.Minute
	// booksStretch is how many journal entries one look checks. The next look
	// goes on there, and at the end begins anew: a few thousand entries are all
	// checked each time, a million within two hours.
	booksStretch = 5000
)

// Database is what the state is read from.
type Database interface {
	InboxLag(ctx context.Context) (store.Lag, error)
	CountByStatus(ctx context.Context) (map[dispute.Status]int64, error)
	OwedAnswers(ctx context.Context, now time.Time, grace time.Duration) (store.Owed, error)
	CheckBooks(ctx context.Context, after int64, limit int) (store.BooksCheck, error)
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rebuttal_"+name, help, labels, nil)
}

var (
	databaseUp    = describe("database_up", "1 when the database answered the last look, else 0; the other numbers from it are absent then.")
	relayPending  = describe("relay_pending", "Stored notices that no workflow has yet.")
	relayOldest   = describe("relay_oldest_seconds", "Age of the oldest notice that no workflow has yet; 0 when there is none.")
	casesByStatus = describe("cases", "Cases by status.", "status")
	owedByLeft    = describe("owed_answers", "Cases that owe an answer by the time left: past, 6h (at most), 24h, 72h.", "left")
	owedLate      = describe("owed_answers_late", "Cases that owe an answer and whose cut-off passed more than 5 minutes ago.")
	owedNearest   = describe("owed_answers_nearest_seconds", "Time left of the nearest deadline that owes an answer; absent without one.")
	unwatched     = describe("unwatched_cases", "Cases that owe an answer and have had no armed timer for 5 minutes.")
	unwatchedNext = describe("unwatched_cases_nearest_seconds", "Time left of the nearest deadline without an armed timer; absent without one.")
	imbalance     = describe("ledger_imbalance", "Journal entries found out of balance in the latest pass through the journal; must be 0.")
)

// State reads from the database, when it is scraped, how the cases, the relay
// and the books stand. Every process reports the same: take the maximum.
type State struct {
	db  Database
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	at    time.Time
	last  []prometheus.Metric
	books books
}

// NewState makes a collector of the database's state.
func NewState(db Database, now func() time.Time, log *slog.Logger) *State {
	return &State{db: db, now: now, log: log}
}

// Describe implements prometheus.Collector.
func (s *State) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		databaseUp, relayPending, relayOldest, casesByStatus, owedByLeft, owedLate, owedNearest, unwatched, unwatchedNext, imbalance,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *State) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.last == nil || now.Sub(s.at) >= freshFor {
		s.at, s.last = now, s.look(now)
	}
	for _, m := range s.last {
		out <- m
	}
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// look asks the database everything, or says that it does not answer.
func (s *State) look(now time.Time) []prometheus.Metric {
	ctx, stop := context.WithTimeout(context.Background(), scrapeLimit)
	defer stop()
	out := []prometheus.Metric{gauge(databaseUp, 1)}
	for _, part := range []func(context.Context, time.Time) ([]prometheus.Metric, error){s.relay, s.cases, s.owed, s.balance} {
		found, err := part(ctx, now)
		if err != nil {
			s.log.Error("the state cannot be read for the metrics", KeyError, err)
			return []prometheus.Metric{gauge(databaseUp, 0)}
		}
		out = append(out, found...)
	}
	return out
}

func (s *State) relay(ctx context.Context, now time.Time) ([]prometheus.Metric, error) {
	lag, err := s.db.InboxLag(ctx)
	if err != nil {
		return nil, err
	}
	age := 0.0
	if lag.Pending > 0 {
		age = max(now.Sub(lag.Oldest).Seconds(), 0)
	}
	return []prometheus.Metric{gauge(relayPending, float64(lag.Pending)), gauge(relayOldest, age)}, nil
}

func (s *State) cases(ctx context.Context, _ time.Time) ([]prometheus.Metric, error) {
	counts, err := s.db.CountByStatus(ctx)
	if err != nil {
		return nil, err
	}
	var out []prometheus.Metric
	for _, status := range dispute.Statuses {
		out = append(out, gauge(casesByStatus, float64(counts[status]), string(status)))
	}
	return out, nil
}

func (s *State) owed(ctx context.Context, now time.Time) ([]prometheus.Metric, error) {
	o, err := s.db.OwedAnswers(ctx, now, watchGrace)
	if err != nil {
		return nil, err
	}
	out := []prometheus.Metric{
		gauge(owedByLeft, float64(o.Past), "past"), gauge(owedByLeft, float64(o.Within6h), "6h"),
		gauge(owedByLeft, float64(o.Within24h), "24h"), gauge(owedByLeft, float64(o.Within72h), "72h"),
		gauge(owedLate, float64(o.Late)), gauge(unwatched, float64(o.Unwatched)),
	}
	if !o.Nearest.IsZero() {
		out = append(out, gauge(owedNearest, o.Nearest.Sub(now).Seconds()))
	}
	if !o.NearestUnwatched.IsZero() {
		out = append(out, gauge(unwatchedNext, o.NearestUnwatched.Sub(now).Seconds()))
	}
	return out, nil
}

func (s *State) balance(ctx context.Context, _ time.Time) ([]prometheus.Metric, error) {
	found, err := s.db.CheckBooks(ctx, s.books.next, booksStretch)
	if err != nil {
		return nil, err
	}
	return []prometheus.Metric{gauge(imbalance, float64(s.books.add(found)))}, nil
}

// books is a walk through the journal, again and again.
type books struct {
	next   int64 // where the next stretch begins
	wrong  int64 // found since the walk's beginning
	before int64 // found in the walk before
}

// add goes on by one stretch and says how many entries are out of balance: what
// the walk before found counts until this one has ended.
func (b *books) add(c store.BooksCheck) int64 {
	b.wrong += c.Wrong
	b.next = c.Last
	worst := max(b.wrong, b.before)
	if c.Checked < booksStretch {
		b.before, b.wrong, b.next = b.wrong, 0, 0
		worst = b.before
	}
	return worst
}
