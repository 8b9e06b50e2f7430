package outage

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// pending counts the notices that wait, of those received before a moment.
func (s *stage) pending(before time.Time) int64 {
	s.Helper()
	return s.count("SELECT count(*) FROM notices WHERE state = 'pending' AND received_at < $1", before)
}

// count asks the database over a connection of its own, apart from the code
// under test.
func (s *stage) count(sql string, args ...any) int64 {
	s.Helper()
	ctx := context.WithoutCancel(s.Context())
	conn, err := pgx.Connect(ctx, s.stack.Postgres.URL())
	s.must("database", err)
	defer func() { _ = conn.Close(ctx) }()
	var n int64
	s.must(sql, conn.QueryRow(ctx, sql, args...).Scan(&n))
	return n
}

// settle waits until nothing is pending and every dispute's withdrawal is in
// the journal.
func (s *stage) settle(p *sender, patience time.Duration) {
	s.Helper()
	s.until(patience, "notices to be forwarded", func() bool { return s.pending(time.Now()) == 0 })
	booked := int64(0)
	defer func() { s.Logf("%d of %d disputes are in the journal", booked, len(p.due)) }()
	s.until(patience, "cases to be recorded", func() bool {
		booked = s.count("SELECT count(DISTINCT dispute_id) FROM journal_entries")
		return booked >= int64(len(p.due))
	})
}

// audit compares what was acknowledged with what is there.
func (s *stage) audit(p *sender) {
	s.Helper()
	stored := s.groups("SELECT event_id, count(*) FROM notices WHERE state = 'forwarded' GROUP BY 1")
	for _, e := range p.sent {
		if stored[e.ID] != 1 {
			s.Errorf("event %s of %s was acknowledged and is stored and forwarded %d times", e.ID, e.Dispute, stored[e.ID])
		}
	}
	if len(stored) != len(p.sent) {
		s.Errorf("%d events are forwarded, %d were sent", len(stored), len(p.sent))
	}
	cases := s.groups("SELECT dispute_id, count(*) FROM cases GROUP BY 1")
	booked := s.groups("SELECT dispute_id, count(DISTINCT movement) FROM journal_entries GROUP BY 1")
	for _, d := range p.sim.Stripe.Disputes() {
		if cases[d.ID] != 1 {
			s.Errorf("dispute %s has %d cases", d.ID, cases[d.ID])
		}
		if booked[d.ID] != int64(len(d.Movements)) {
			s.Errorf("dispute %s has %d movements in the journal and %d at the provider", d.ID, booked[d.ID], len(d.Movements))
		}
	}
	if len(cases) != len(p.due) {
		s.Errorf("%d disputes have cases, %d were opened", len(cases), len(p.due))
	}
	if err := s.sys.Balanced(s.Context()); err != nil {
		s.Error(err)
	}
}

// groups reads counts by name.
func (s *stage) groups(sql string) map[string]int64 {
	s.Helper()
	conn, err := pgx.Connect(s.Context(), s.stack.Postgres.URL())
	s.must("database", err)
	defer func() { _ = conn.Close(context.WithoutCancel(s.Context())) }()
	rows, err := conn.Query(s.Context(), sql)
	s.must(sql, err)
	out, name, n := map[string]int64{}, "", int64(0)
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		out[name] = n
		return nil
	})
	s.must(sql, err)
	return out
}
