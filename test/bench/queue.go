package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/starter/console"
	"github.com/rebuttal-hq/rebuttal/store"
	"github.com/rebuttal-hq/rebuttal/test/packets"
)

const (
	// warmUps are asked of a page before anything is measured, asked by each
	// number of clients after that.
	warmUps = 40
	asked   = 500
	// opened is how many cases have a history, evidence and a packet: those whose
	// pages are measured.
	opened = 500
	// loggedIn is how many people look at their queues.
	loggedIn = 20
)

// queueResult is one page as a number of clients saw it.
type queueResult struct {
	Bench    string  `json:"bench"`
	Page     string  `json:"page"`
	Cases    int     `json:"cases"` // in the database
	Clients  int     `json:"clients"`
	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Bytes    int     `json:"bytes"` // of the largest page
}

// queuePages fills a database of its own with cases and measures the console's
// pages on it: its real handler, behind a server on a loopback port, asked by
// people who are logged in.
func queuePages(args []string) (err error) {
	flags := flag.NewFlagSet("queue", flag.ContinueOnError)
	n := flags.Int("cases", 1_000_000, "how many cases the database holds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *n < 200_000 {
		return errors.New("fewer than 200000 cases leave somebody's queue empty")
	}
	ctx := context.Background()
	pg, err := devstack.StartPostgres(ctx, devstack.Options{Unsafe: true, Progress: func(s string) { say("%s", s) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(ctx)) }()
	const name = "rebuttal_bench_queue"
	at, err := pg.NewDatabase(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.DropDatabase(ctx, name)) }()
	crowd, err := newCrowd(*n, time.Now())
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, at)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	if err := crowd.fill(ctx, at); err != nil {
		return err
	}
	return crowd.measure(ctx, at, db)
}

func (c *crowd) measure(ctx context.Context, at string, db *store.DB) error {
	cases, err := openCases(ctx, db)
	if err != nil {
		return err
	}
	if err := settle(ctx, at); err != nil {
		return err
	}
	site, err := newBrowser(ctx, db)
	if err != nil {
		return err
	}
	defer site.server.Close()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "page\tcases\tclients\trequests\tp50 ms\tp99 ms\tKB\t")
	var results []queueResult
	for _, p := range c.pages(cases) {
		for _, clients := range []int{1, 4} {
			r, err := site.ask(p, clients)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			r.Cases = c.n
			results = append(results, r)
			_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.1f\t%.1f\t%.0f\t\n", r.Page, r.Cases, r.Clients, r.Requests, r.P50, r.P99, float64(r.Bytes)/1e3)
		}
		say("%s is measured", p.name)
	}
	if err := errors.Join(table.Flush(), indexSizes(ctx, at)); err != nil {
		return err
	}
	for _, r := range results {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// page is one kind of page; path is one of them.
type page struct {
	name string
	path func(r *rand.Rand) string
}

func (c *crowd) pages(cases []string) []page {
	same := func(path string) func(*rand.Rand) string { return func(*rand.Rand) string { return path } }
	from := func(path string, at time.Time, hours int) func(*rand.Rand) string {
		return func(r *rand.Rand) string {
			return fmt.Sprintf("%scursor=%d_cs", path, at.Add(time.Duration(r.IntN(hours))*time.Hour).UnixMicro())
		}
	}
	find := func(what func(i int) string) func(*rand.Rand) string {
		return func(r *rand.Rand) string { return "/cases?q=" + url.QueryEscape(what(r.IntN(c.n))) }
	}
	return []page{
		{"all open", same("/")},
		{"all open, deep", from("/?", c.now, 10*24)},
		{"mine", same("/?tab=mine")},
		{"unassigned", same("/?tab=unassigned")},
		{"needs a person", same("/?tab=person")},
		{"due in 24 h", same("/?tab=due")},
		{"awaiting verdict", same("/?tab=verdict")},
		{"ended", same("/?tab=ended")},
		{"ended, deep", from("/?tab=ended&", c.now.AddDate(-2, 0, 0), 600*24)},
		{"open, of a queue", func(r *rand.Rand) string { return fmt.Sprintf("/?queue=queue%02d", r.IntN(queues)) }},
		{"open, of a provider", same("/?provider=adyen-eu")},
		{"open, with a tag", same("/?tag=vip")},
		{"all cases", same("/cases")},
		{"all of an owner", func(r *rand.Rand) string { return "/cases?owner=" + assignee(r.IntN(assignees)) }},
		{"all of a queue", func(r *rand.Rand) string { return fmt.Sprintf("/cases?queue=queue%02d", r.IntN(queues)) }},
		{"all of a provider", same("/cases?provider=adyen-eu")},
		{"all with a rare tag", same("/cases?tag=watch")},
		{"find an order", find(func(i int) string { return "#" + orderNumber(i) })},
		{"find an id", find(func(i int) string { return disputeRef(i).ID })},
		{"a case", func(r *rand.Rand) string { return "/cases/" + cases[r.IntN(len(cases))] }},
	}
}

// openCases gives cases a history, evidence and a packet by the store's own
// methods, and returns their ids.
func openCases(ctx context.Context, db *store.DB) ([]string, error) {
	rows, _, err := db.ListCases(ctx, store.CaseFilter{Answerable: true, Limit: opened})
	if err != nil {
		return nil, err
	}
	packet, err := evidence.Compose(evidence.Input{Case: rows[0].Case, Items: packets.Rich(), Limits: limits()})
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(evidence.DossierOf(packet))
	if err != nil {
		return nil, err
	}
	kept := store.Packet{Hash: packet.Hash, Texts: packet.Texts, Manifest: manifest, CreatedAt: time.Now()}
	items, ids := packets.Rich(), []string{}
	for i := range items {
		items[i].Content = nil // no page shows it
	}
	for _, row := range rows {
		ids = append(ids, row.ID)
		err := db.InCase(ctx, row.Ref, func(tx *store.CaseTx) error {
			for step := range 15 {
				at := row.CreatedAt.Add(time.Duration(step) * time.Minute)
				if err := tx.Append(store.Event{At: at, Actor: "machine", Kind: "source", Data: json.RawMessage(`{"outcome":"answered","items":"4","source":"shipbob"}`)}); err != nil {
					return err
				}
			}
			tx.Row().PacketHash = kept.Hash
			return errors.Join(tx.SaveItems(items), tx.SavePacket(kept))
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// settle does what autovacuum does after so much was written.
func settle(ctx context.Context, at string) error {
	say("vacuum and analyze")
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	return err
}

func indexSizes(ctx context.Context, at string) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `SELECT relname, pg_relation_size(oid) FROM pg_class
		WHERE oid = 'cases'::regclass OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'cases'::regclass) ORDER BY 2 DESC, 1`)
	if err != nil {
		return err
	}
	var name string
	var bytes int64
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "table or index\tMB\t")
	_, err = pgx.ForEachRow(rows, []any{&name, &bytes}, func() error {
		_, err := fmt.Fprintf(table, "%s\t%.1f\t\n", name, mega(bytes))
		return err
	})
	return errors.Join(err, table.Flush())
}

// browser asks a console as people who are logged in.
type browser struct {
	server  *httptest.Server
	client  *http.Client
	cookies []*http.Cookie
}

func newBrowser(ctx context.Context, db *store.DB) (*browser, error) {
	gin.SetMode(gin.ReleaseMode)
	d := &desk.Desk{DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	engine := gin.New()
	console.New(d, console.Options{}).Register(engine)
	b := &browser{server: httptest.NewServer(engine)}
	b.client = b.server.Client()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for i := range loggedIn {
		token, err := d.CreateToken(ctx, desk.System, assignee(i), assignee(i), desk.RoleAnalyst)
		if err != nil {
			return nil, err
		}
		res, err := b.client.PostForm(b.server.URL+"/login", url.Values{"token": {token}})
		if err != nil {
			return nil, err
		}
		_ = res.Body.Close()
		b.cookies = append(b.cookies, res.Cookies()...)
	}
	if len(b.cookies) != loggedIn {
		return nil, fmt.Errorf("%d of %d people are logged in", len(b.cookies), loggedIn)
	}
	return b, nil
}

// ask measures a page, asked by some clients at once.
func (b *browser) ask(p page, clients int) (queueResult, error) {
	out := queueResult{Bench: "queue", Page: p.name, Clients: clients, Requests: asked}
	took := make([][]time.Duration, clients)
	largest := make([]int, clients)
	var group errgroup.Group
	for k := range clients {
		group.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(k), 8)) //nolint:gosec // seeded on purpose
			for i := range (warmUps + asked) / clients {
				began := time.Now()
				bytes, err := b.get(p.path(r), b.cookies[r.IntN(loggedIn)])
				if err != nil {
					return err
				}
				if i >= warmUps/clients {
					took[k] = append(took[k], time.Since(began))
				}
				largest[k] = max(largest[k], bytes)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return out, err
	}
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	millis := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	out.P50, out.P99, out.Bytes = millis(all[len(all)/2]), millis(all[len(all)*99/100]), slices.Max(largest)
	return out, nil
}

// get reads one page. One without a case on it would measure nothing.
func (b *browser) get(path string, cookie *http.Cookie) (bytes int, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.server.URL+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.AddCookie(cookie)
	res, err := b.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return 0, err
	case res.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("%s: %s", path, res.Status)
	case !strings.Contains(string(body), `href="/cases/cs_`) && !strings.Contains(string(body), "case-head"):
		return 0, fmt.Errorf("%s: there is no case on it", path)
	}
	return len(body), nil
}
