package store

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
)

func TestScratchPages(t *testing.T) {
	if os.Getenv("SCRATCH") == "" {
		t.Skip()
	}
	d := open(t)
	begin := time.Now()
	ok(t, sql(t, d, `INSERT INTO cases (id, connection, dispute_id, merchant, status, queue, assignee, deadline_at, armed_until, amount, currency, words, view)
		SELECT 'cs_' || md5(i::text), 'stripe-' || i % 5, 'du_' || i, 'm' || i % 1000,
		 (array['open','needs_person','submitted','won','lost','accepted','won','lost','won','lost'])[1 + i % 10],
		 'q' || i % 7, CASE WHEN i % 3 = 0 THEN 'a' || i % 50 ELSE '' END, now() + (i % 5000000) * interval '1 second', now() + interval '1 day', i, 'USD',
		 array['cs_' || md5(i::text), 'du_' || i, 'user' || i || '@example.com', 'jenny', 'rosen' || i % 1000],
		 jsonb_build_object('snapshot', jsonb_build_object('id', 'du_' || i))
		FROM generate_series(1, 200000) i`))
	ok(t, sql(t, d, "ANALYZE cases"))
	t.Log("seeded in", time.Since(begin))
	for name, f := range map[string]CaseFilter{
		"open": {Open: true}, "queue": {Queue: "q3", Open: true}, "assignee": {Assignee: "a3", Open: true},
		"status": {Status: dispute.StatusNeedsPerson}, "merchant": {Merchant: "m7", Open: true}, "merchant all": {Merchant: "m7"},
		"connection": {Connection: "stripe-2", Open: true}, "text id": {Text: "du_77777"}, "text common": {Text: "jenny"},
		"text name": {Text: "jenny rosen7"}, "queue+merchant": {Queue: "q3", Merchant: "m7", Open: true}, "all": {},
		"assignee+status": {Assignee: "a3", Status: dispute.StatusOpen, Open: true},
		"due": {DueBefore: time.Now().Add(24 * time.Hour), Open: true},
	} {
		var took []time.Duration
		for range 100 {
			b := time.Now()
			rows, next, err := d.ListCases(t.Context(), f)
			ok(t, err)
			took = append(took, time.Since(b))
			if len(rows) > 0 && next != "" {
				f.Cursor = next
			} else {
				f.Cursor = ""
			}
		}
		slices.Sort(took)
		t.Logf("%-16s p50 %s p99 %s", name, took[50], took[98])
	}
	b := time.Now()
	must[map[dispute.Status]int64](t)(d.CountByStatus(t.Context()))
	t.Log("count", time.Since(b))
	b = time.Now()
	must[[]CaseRow](t)(d.Unwatched(t.Context(), time.Now().Add(time.Hour), time.Minute))
	t.Log("unwatched", time.Since(b)); for _, q := range []string{"SELECT * FROM cases WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND coalesce(armed_until, '-infinity') < $1::timestamptz AND created_at < $1::timestamptz ORDER BY coalesce(deadline_at, 'infinity'), id LIMIT 500", "SELECT status, count(*) FROM cases WHERE $1::timestamptz is not null GROUP BY 1"} { rows, _ := d.pool.Query(t.Context(), "EXPLAIN (ANALYZE, BUFFERS) "+q, time.Now().Add(time.Hour)); for rows.Next() { var s string; _ = rows.Scan(&s); t.Log(s) } }
}

func TestScratchInserter(t *testing.T) {
	if os.Getenv("SCRATCH") == "" {
		t.Skip()
	}
	pg, err := devstack.StartPostgres(t.Context(), devstack.Options{Own: true})
	ok(t, err)
	defer pg.Stop(t.Context())
	fmt.Println(pg.URL())
	d := openURL(t, pg.URL())
	body := make([]byte, 1024)
	for i := range body {
		body[i] = 'x'
	}
	run := func(workers, callers, total int) {
		in := NewInserter(d, workers)
		begin := time.Now()
		var group sync.WaitGroup
		for c := range callers {
			group.Go(func() {
				for i := range total / callers {
					n := newNotice(fmt.Sprintf("evt_%d_%d_%d_%d", begin.UnixNano(), workers, c, i))
					n.Body = body
					if _, err := in.Save(t.Context(), n); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		in.Close()
		t.Logf("workers %d callers %d: %.0f/s", workers, callers, float64(total)/time.Since(begin).Seconds())
	}
	direct := func(callers, total int) {
		begin := time.Now()
		var group sync.WaitGroup
		for c := range callers {
			group.Go(func() {
				for i := range total / callers {
					_, err := d.pool.Exec(t.Context(), "INSERT INTO tokens (name, actor, role, hash) VALUES ('','','',$1)", []byte(fmt.Sprint(begin.UnixNano(), c, i)))
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		t.Logf("small single commits, callers %d (pool %d): %.0f/s", callers, d.pool.Config().MaxConns, float64(total)/time.Since(begin).Seconds())
	}
	for range 3 {
		run(1, 128, 20000)
		run(2, 128, 20000)
		run(4, 128, 20000)
		run(2, 1, 500)
		direct(32, 5000)
	}
}
