package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// TestMigrateFromEveryVersion brings a database of each version, with rows as
// that version wrote them, up to this build's: the schema is that of an empty
// database brought up, every row is there, and the store reads and writes.
//
// The rows are in testdata/migrations, in a file named like its migration. A
// file adds rows to every table that its migration makes or changes.
func TestMigrateFromEveryVersion(t *testing.T) {
	t.Parallel()
	for n := range len(sources(t)) + 1 {
		t.Run(fmt.Sprintf("from %d", n), func(t *testing.T) {
			t.Parallel()
			d := openAt(t, n)
			before := tables(t, d)
			ok(t, d.Migrate(t.Context()))
			ok(t, d.Ready(t.Context()))
			wantSchema(t, d)
			wantRows(t, before, tables(t, d))
			wantReads(t, d, before)
			wantWrites(t, d)
		})
	}
}

// TestMigrationsHaveRows fails for a migration without a file of rows, and for
// a file that leaves out a table which its migration makes or changes.
func TestMigrationsHaveRows(t *testing.T) {
	t.Parallel()
	d := empty(t)
	var shape map[string]string
	for i, s := range sources(t) {
		up(t, d, s)
		now, before := shapes(t, d), tables(t, d)
		load(t, d, s)
		after := tables(t, d)
		for table, columns := range now {
			if shape[table] != columns && len(after[table]) == len(before[table]) {
				t.Errorf("migration %d changes %s: %s must add a row to it", i+1, table, rowsFile(s))
			}
		}
		shape = now
	}
}

func empty(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), testenv.Postgres(t))
	ok(t, err)
	t.Cleanup(d.Close)
	return d
}

// openAt gives a database after the first n migrations, with their rows.
func openAt(t *testing.T, n int) *DB {
	t.Helper()
	d := empty(t)
	for _, s := range sources(t)[:n] {
		up(t, d, s)
		load(t, d, s)
	}
	return d
}

// sources are this build's migrations in their order.
func sources(t testing.TB) []*goose.Source {
	t.Helper()
	d := &DB{}
	p, err := d.migrator()
	ok(t, err)
	return p.ListSources()
}

func up(t *testing.T, d *DB, s *goose.Source) {
	t.Helper()
	p, err := d.migrator()
	ok(t, err)
	defer func() { _ = p.Close() }()
	_, err = p.UpTo(t.Context(), s.Version)
	ok(t, err)
}

func rowsFile(s *goose.Source) string {
	return filepath.Join("testdata", "migrations", filepath.Base(s.Path))
}

func load(t *testing.T, d *DB, s *goose.Source) {
	t.Helper()
	rows, err := os.ReadFile(rowsFile(s))
	if err != nil {
		t.Fatalf("every migration has rows to try the next ones on: %v", err)
	}
	// The simple protocol takes several statements, which are one transaction.
	_, err = d.pool.Exec(t.Context(), string(rows), pgx.QueryExecModeSimpleProtocol)
	ok(t, err)
}

// shapes are the columns of each table.
func shapes(t *testing.T, d *DB) map[string]string {
	t.Helper()
	rows, err := d.pool.Query(t.Context(), `SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version' GROUP BY table_name`)
	ok(t, err)
	out := map[string]string{}
	var table, columns string
	_, err = pgx.ForEachRow(rows, []any{&table, &columns}, func() error {
		out[table] = columns
		return nil
	})
	ok(t, err)
	return out
}

type row map[string]json.RawMessage

// tables are the rows of each table.
func tables(t *testing.T, d *DB) map[string][]row {
	t.Helper()
	out := map[string][]row{}
	for table := range shapes(t, d) {
		rows, err := d.pool.Query(t.Context(), "SELECT to_jsonb(x) FROM "+pgx.Identifier{table}.Sanitize()+" x")
		ok(t, err)
		out[table] = must[[]row](t)(pgx.CollectRows(rows, pgx.RowTo[row]))
	}
	return out
}

// wantRows finds every row of before again, with the same values in its
// columns. A migration that means to change values says so here.
func wantRows(t *testing.T, before, after map[string][]row) {
	t.Helper()
	for table, rows := range before {
		var had, has []string
		for _, r := range rows {
			had = append(had, text(t, r, r))
		}
		for _, r := range after[table] {
			has = append(has, text(t, r, rows[0]))
		}
		slices.Sort(had)
		slices.Sort(has)
		if diff := cmp.Diff(had, has); diff != "" {
			t.Errorf("%s (-before +after):\n%s", table, diff)
		}
	}
}

// text is a row as JSON, with the columns of another.
func text(t *testing.T, r, like row) string {
	t.Helper()
	out := row{}
	for column := range like {
		out[column] = r[column]
	}
	return string(must[[]byte](t)(json.Marshal(out)))
}

// wantReads reads everything through the store: as many things as there were
// rows.
func wantReads(t *testing.T, d *DB, before map[string][]row) {
	t.Helper()
	ctx, got := t.Context(), map[string]int{}
	notices, _, err := d.ListNotices(ctx, NoticeFilter{})
	ok(t, err)
	for _, n := range notices {
		if _, err := n.Notice(); err != nil && n.Kind != KindClick && n.State != NoticeUnreadable {
			t.Errorf("notice %d: %v", n.ID, err)
		}
	}
	got["notices"] = len(notices)
	cases, _, err := d.ListCases(ctx, CaseFilter{})
	ok(t, err)
	for _, c := range cases {
		got["cases"]++
		for table, n := range readCase(t, d, c) {
			got[table] += n
		}
	}
	got["rule_sets"] = len(must[[]RuleSet](t)(d.RuleHistory(ctx)))
	got["rule_events"] = len(must[[]RuleEvent](t)(d.RuleEvents(ctx, 0, 0)))
	if len(before["rule_drafts"]) > 0 {
		readDrafts(t, d, got)
	}
	if len(before["backtests"]) > 0 {
		readBacktests(t, d, got)
	}
	if len(before["imports"]) > 0 {
		readPast(t, d, got)
	}
	if len(before["queue_turns"]) > 0 {
		got["queue_turns"]++
		if next := must[string](t)(d.NextOf(ctx, "senior", []string{"a", "b", "c", "d", "e"})); next != "e" {
			t.Errorf("after the turn of d comes %s", next)
		}
	}
	got["letter_sets"] = len(must[[]LetterSet](t)(d.LetterHistory(ctx)))
	got["tokens"] = len(must[[]Token](t)(d.ListTokens(ctx)))
	for _, r := range must[[]Reconciliation](t)(d.Reconciliations(ctx)) {
		got["reconciliations"]++
		if r.Connection == "" || r.At.IsZero() {
			t.Errorf("reconciliation %+v", r)
		}
	}
	for _, connection := range []string{"stripe-us", "stripe-eu"} {
		cursor, since, err := d.SweepCursor(ctx, connection)
		if err != nil {
			t.Error(err)
		}
		if len(before["sweep_cursors"]) > 0 {
			got["sweep_cursors"]++
			if connection == "stripe-us" && (cursor != "1772625600" || since.IsZero()) {
				t.Errorf("the cursor of %s is %q, since %s", connection, cursor, since)
			}
		}
	}
	maps.DeleteFunc(got, func(_ string, n int) bool { return n == 0 })
	want := map[string]int{}
	for table, rows := range before {
		want[table] = len(rows)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read through the store (-rows +read):\n%s", diff)
	}
	for _, balance := range must[[]Balance](t)(d.Balances(ctx)) {
		if strings.HasPrefix(string(balance.Account), "psp") && balance.Credit-balance.Debit != 14400 {
			t.Errorf("balance %+v, want 144.00 credited", balance)
		}
	}
}

// readPast reads past disputes: the imported ones and the case that was decided.
func readPast(t *testing.T, d *DB, got map[string]int) {
	t.Helper()
	for _, p := range pastOf(t, d) {
		got["known_disputes"]++
		if p.Ref.ID != "du_2" {
			got["past_disputes"]++
		}
	}
	got["imports"] = len(must[[]Import](t)(d.Imports(t.Context())))
}

// readDrafts reads the drafts one by one, also those that have ended, and the
// shadow that runs with the one before it.
func readDrafts(t *testing.T, d *DB, got map[string]int) {
	t.Helper()
	for id := range int64(2) {
		if one := must[RuleDraft](t)(d.RuleDraft(t.Context(), id+1)); one.Name != "" && len(one.Authors) > 0 {
			got["rule_drafts"]++
		}
	}
	if open := must[[]RuleDraft](t)(d.RuleDrafts(t.Context())); len(open) != 1 || open[0].State != DraftWritten {
		t.Errorf("drafts that wait: %+v", open)
	}
	r := must[ShadowReport](t)(d.ReportShadow(t.Context(), 0))
	got["rule_shadows"], got["shadow_results"] = int(r.Shadow.ID), len(r.Results)
	if r.Cases != 1 || len(r.Money) != 1 || r.Results[0].Fields[0] != "queue" {
		t.Errorf("shadow report %+v", r)
	}
}

// readBacktests reads one of each draft, and the rules that held for a case.
func readBacktests(t *testing.T, d *DB, got map[string]int) {
	t.Helper()
	done, died := must[Backtest](t)(d.DraftBacktest(t.Context(), 1)), must[Backtest](t)(d.DraftBacktest(t.Context(), 2))
	got["backtests"] = 2
	if done.State != BacktestDone || done.Report.Moved != 3 || died.State != BacktestFailed {
		t.Errorf("backtests %+v and %+v", done, died)
	}
	hits := must[[]RuleHits](t)(d.RuleHits(t.Context(), time.Time{}))
	if !slices.ContainsFunc(hits, func(h RuleHits) bool { return slices.Equal(h.Matched, []string{"tag", "rest"}) }) {
		t.Errorf("hits %+v", hits)
	}
}

// readCase reads all of a case and counts it by table.
func readCase(t *testing.T, d *DB, c CaseRow) map[string]int {
	t.Helper()
	ctx := t.Context()
	again := must[CaseRow](t)(d.GetCase(ctx, c.Ref.String()))
	if diff := cmp.Diff(c, again); diff != "" || c.ID != c.Ref.CaseID() {
		t.Errorf("case %s, listed and alone:\n%s", c.ID, diff)
	}
	if shown := c.View.Snapshot.ID; c.Events > 0 && shown != c.Ref.ID {
		t.Errorf("the view of %s shows %q", c.Ref, shown)
	}
	ok(t, d.VerifyChain(ctx, c.ID))
	entries := must[[]ledger.Entry](t)(d.CaseEntries(ctx, c.ID))
	postings := 0
	for _, e := range entries {
		postings += len(e.Postings)
	}
	unexported := must[[]ledger.Entry](t)(d.Unexported(ctx, "books", c.ID))
	return map[string]int{
		"case_events": len(must[[]Event](t)(d.Events(ctx, c.ID))), "evidence_items": len(must[[]Item](t)(d.Items(ctx, c.ID))),
		"packets": len(must[[]Packet](t)(d.Packets(ctx, c.ID))), "intents": len(must[[]Intent](t)(d.Intents(ctx, c.ID))),
		"journal_entries": len(entries), "journal_postings": postings, "entry_exports": len(entries) - len(unexported),
	}
}

// wantWrites goes on with what an older version began.
func wantWrites(t *testing.T, d *DB) {
	t.Helper()
	inCase(t, d, testRef, func(c *CaseTx) error {
		c.Row().Needs = "a look after the update"
		if err := c.Append(Event{Actor: "ana", Kind: "note"}); err != nil {
			return err
		}
		return c.Post([]ledger.Entry{entry("after the update", nil)})
	})
	ok(t, d.VerifyChain(t.Context(), testRef.CaseID()))
	n := must[NewNotice](t)(FromNotice(dispute.Notice{Connection: "stripe-us", EventID: "evt_new", OccurredAt: noon}))
	if saved := must[[]Saved](t)(d.SaveNotices(t.Context(), []NewNotice{n, n})); !saved[0].Fresh || saved[1].Fresh {
		t.Errorf("saved %+v", saved)
	}
	claimed := must[[]InboxNotice](t)(d.ClaimNotices(t.Context(), 10, time.Hour))
	if !slices.ContainsFunc(claimed, func(n InboxNotice) bool { return n.EventID == "evt_new" }) {
		t.Errorf("claimed %+v", claimed)
	}
	_, err := d.PublishRules(t.Context(), "version: 2\n", "ana", "", 0)
	ok(t, err)
	_, err = d.PublishLetters(t.Context(), NewLetters{Name: "new", Language: "en", Source: "{}\n", Author: "ana"})
	ok(t, err)
	secret := must[string](t)(d.CreateToken(t.Context(), "new", "ana", "reader"))
	_, err = d.Authenticate(t.Context(), secret, time.Now())
	ok(t, err)
	_, fresh, err := d.BeginIntent(t.Context(), Intent{Key: "new", CaseID: testRef.CaseID(), Kind: "submit", Target: "stripe-us"})
	if err != nil || !fresh {
		t.Errorf("intent: %v, fresh %v", err, fresh)
	}
}
