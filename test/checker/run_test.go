package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// migrated is an empty database with the product's tables.
func migrated(t *testing.T) (url string, db *store.DB) {
	t.Helper()
	url = testenv.Postgres(t)
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return url, db
}

// fill writes facts into the tables, whose triggers are off.
func fill(t *testing.T, url string, d database) {
	t.Helper()
	var b pgx.Batch
	b.Queue("SET session_replication_role = replica")
	for _, n := range d.notices {
		b.Queue(`INSERT INTO notices (connection, event_id, kind, raw_kind, dispute_id, occurred_at, received_at, body, content_type, api_version, state)
			VALUES ($1, $2, 'created', $3, $4, now(), now(), '', '', '', $5)`, n.Connection, n.Event, n.Kind, n.Dispute, n.State)
	}
	for _, c := range d.cases {
		b.Queue(`INSERT INTO cases (id, connection, dispute_id, status, response, currency, amount, part, events, head)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, c.ID, c.Connection, c.Dispute, c.Status, c.Response, c.Currency, c.Amount, c.Part, c.Events, c.Head)
	}
	for _, e := range d.events {
		b.Queue(`INSERT INTO case_events (case_id, seq, at, actor, kind, key, data, prev_hash, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7::text::json, coalesce($8, ''::bytea), $9)`, e.Case, e.Seq, e.At, e.Actor, e.Kind, e.Key, e.Data, e.Prev, e.Hash)
	}
	for _, i := range d.intents {
		b.Queue(`INSERT INTO intents (key, case_id, kind, target, state, receipt, request, request_sha256)
			VALUES ($1, $2, $3, '', $4, $5, $6, $7)`, i.Key, i.Case, i.Kind, i.State, string(i.Receipt), i.Request, i.RequestSHA256)
	}
	for _, e := range d.entries {
		b.Queue(`INSERT INTO journal_entries (key, case_id, connection, dispute_id, kind, date, currency, memo, movement, lines)
			VALUES ($1, $2, $3, '', $4, now(), $5, '', nullif($6, ''), 2)`, e.Key, e.Case, e.Connection, e.Kind, e.Currency, e.Movement)
	}
	for i, p := range d.postings {
		b.Queue(`INSERT INTO journal_postings (entry_key, line, account, side, amount) VALUES ($1, $2, $3, $4, $5)`, p.Entry, i, p.Account, p.Side, p.Amount)
	}
	for _, e := range d.exports {
		b.Queue(`INSERT INTO entry_exports (entry_key, connection, vendor_id) VALUES ($1, $2, $3)`, e.Entry, e.Connection, e.VendorID)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
}

// arguments serves the facts and names them on a command line.
func arguments(t *testing.T, f facts) []string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/state.json" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(f.vendors)
	}))
	t.Cleanup(srv.Close)
	var sent bytes.Buffer
	for _, n := range f.sent {
		if err := json.NewEncoder(&sent).Encode(n); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "sent.jsonl")
	if err := os.WriteFile(file, sent.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-sent", file, "-simulator", srv.URL}
}

// Through the real tables, the faults are found as well.
func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, tamper string
		want         int
		says         string
	}{
		{"sound", "", 0, `"ok":true`},
		{"notice lost", "DELETE FROM notices WHERE event_id = 'evt_2'", 1, "evt_2 was acknowledged and is stored 0 times"},
		{"event changed", "UPDATE case_events SET actor = 'nobody' WHERE case_id = 'cs_1' AND seq = 1", 1, "event 1 of case cs_1 does not have its hash"},
		{"posting changed", "UPDATE journal_postings SET amount = amount + 1 WHERE account = 'chargeback_loss'", 1, "is off by 1"},
		{"receipt changed", "UPDATE intents SET request = 'x' WHERE kind = 'contest'", 1, "the receipt holds 1 others"},
		{"write left open", "UPDATE intents SET state = 'intended' WHERE kind = 'open ticket'", 1, "was begun and has no end"},
		{"no tables", "DROP TABLE entry_exports", 2, "entry_exports"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url, _ := migrated(t)
			f := sound()
			fill(t, url, f.database)
			tamper(t, url, tt.tamper)
			var out, errs bytes.Buffer
			code := run(append(arguments(t, f), "-database", url), &out, &errs)
			if code != tt.want || !strings.Contains(out.String()+errs.String(), tt.says) {
				t.Errorf("exit code %d, want %d; want %q in\n%s%s", code, tt.want, tt.says, out.String(), errs.String())
			}
		})
	}
}

func tamper(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "SET session_replication_role = replica"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestCannotLook(t *testing.T) {
	t.Parallel()
	good := arguments(t, sound())
	broken := filepath.Join(t.TempDir(), "broken.jsonl")
	if err := os.WriteFile(broken, []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"no file":       {"-sent", "nowhere", "-simulator", good[3]},
		"broken file":   {"-sent", broken, "-simulator", good[3]},
		"no vendors":    {"-sent", good[1], "-simulator", "http://127.0.0.1:1"},
		"other vendors": {"-sent", good[1], "-simulator", good[3] + "/other"},
		"no database":   append(good, "-database", "postgres://127.0.0.1:1/none"),
		"unknown flag":  {"-nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			if code := run(args, &out, &errs); code != 2 || errs.Len() == 0 {
				t.Errorf("exit code %d, %q", code, errs.String())
			}
		})
	}
}

// The formula of the hashes is worked out here again from its description: what
// the product writes must have them.
func TestHashesOfTheProduct(t *testing.T) {
	t.Parallel()
	url, db := migrated(t)
	ref := dispute.Ref{Connection: "psp", ID: "du_1"}
	for _, data := range []string{"", `{"b": 1.50, "a": "<ä> & \u2028"}`, `[1e3, null, true]`} {
		err := db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
			return tx.Append(store.Event{Kind: "note", Actor: `ana "the" <first>`, At: noon, Data: []byte(data)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := readDatabase(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var r result
	unbroken(facts{database: got}, &r)
	if r.Looked != 1 || len(got.events) != 3 || len(r.Differences) > 0 {
		t.Errorf("looked at %d case(s) with %d events: %v", r.Looked, len(got.events), r.Differences)
	}
}
