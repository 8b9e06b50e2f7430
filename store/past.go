package store

import (
	"context"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Import is how far the taking in of past disputes has come.
type Import struct {
	Key        string    `json:"key"` // of the source and of how it is read
	Name       string    `json:"name"`
	Author     string    `json:"author"`
	Position   int64     `json:"position"` // the last row that was dealt with
	Added      int64     `json:"added"`
	Changed    int64     `json:"changed"`
	Unchanged  int64     `json:"unchanged"`
	Rejected   int64     `json:"rejected"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

func importOf(row db.Import) Import {
	return Import{
		Key: row.Key, Name: row.Name, Author: row.Author, Position: row.Position, Added: row.Added, Changed: row.Changed,
		Unchanged: row.Unchanged, Rejected: row.Rejected, StartedAt: row.StartedAt, FinishedAt: time.Time(row.FinishedAt),
	}
}

// StartImport begins an import, or one of the same key anew. With resume it goes
// on from its position.
func (d *DB) StartImport(ctx context.Context, key, name, author string, resume bool) (Import, error) {
	row, err := d.q.StartImport(ctx, db.StartImportParams{Key: key, Name: name, Author: author, Resume: resume})
	return importOf(row), wrap("store: start import", err)
}

// Imports lists the newest imports, a hundred at most.
func (d *DB) Imports(ctx context.Context) ([]Import, error) {
	rows, err := d.q.ListImports(ctx)
	return convert(rows, importOf), wrap("store: imports", err)
}

// PastBatch is what one commit of an import carries.
type PastBatch struct {
	Disputes []history.Past
	Position int64 // the last row that is dealt with
	Rejected int   // rows since the batch before
	Finished bool
	// Dateless says that the source tells no dates of verdicts: a verdict that is
	// known keeps its date.
	Dateless bool
}

// SavePast takes in a batch and moves the import on, in one transaction. A
// dispute that is there already is replaced, except that one without a verdict
// never takes a verdict away; the same again changes nothing.
func (d *DB) SavePast(ctx context.Context, key string, batch PastBatch) (Import, error) {
	const op = "store: save past disputes"
	var out db.Import
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		added, changed, err := mergePast(ctx, tx, lastOfEach(batch.Disputes), batch.Dateless)
		if err != nil {
			return err
		}
		out, err = db.New(tx).AdvanceImport(ctx, db.AdvanceImportParams{
			Key: key, Position: batch.Position, Added: added, Changed: changed, Rejected: int64(batch.Rejected),
			Unchanged: int64(len(batch.Disputes)) - added - changed, Finished: batch.Finished,
		})
		return err
	})
	return importOf(out), wrap(op, err)
}

// lastOfEach leaves one row of each dispute, as if they had come one by one.
func lastOfEach(disputes []history.Past) []history.Past {
	at := make(map[dispute.Ref]int, len(disputes))
	out := make([]history.Past, 0, len(disputes))
	for _, p := range disputes {
		i, twice := at[p.Ref]
		switch {
		case !twice:
			at[p.Ref] = len(out)
			out = append(out, p)
		case p.Outcome != "" || out[i].Outcome == "":
			out[i] = p
		}
	}
	return out
}

var pastColumns = []string{
	"connection", "dispute_id", "provider", "merchant", "amount", "currency", "reason", "network", "network_code", "family", "stage",
	"opened_at", "due_at", "decided_at", "response", "outcome", "strength", "customer", "product", "country", "refunded", "fees",
}

const mergePastSQL = `
WITH merged AS (
    INSERT INTO past_disputes AS p SELECT * FROM batch
    ON CONFLICT (connection, dispute_id) DO UPDATE SET
        provider = excluded.provider, merchant = excluded.merchant, amount = excluded.amount, currency = excluded.currency,
        reason = excluded.reason, network = excluded.network, network_code = excluded.network_code, family = excluded.family,
        stage = excluded.stage, opened_at = excluded.opened_at, due_at = excluded.due_at,
        decided_at = CASE WHEN $1 AND p.outcome = excluded.outcome THEN coalesce(p.decided_at, excluded.decided_at) ELSE excluded.decided_at END,
        response = excluded.response, outcome = excluded.outcome, strength = excluded.strength, customer = excluded.customer,
        product = excluded.product, country = excluded.country, refunded = excluded.refunded, fees = excluded.fees,
        imported_at = excluded.imported_at
    WHERE (excluded.outcome <> '' OR p.outcome = '')
      AND to_jsonb(p) - 'imported_at' - CASE WHEN $1::boolean THEN 'decided_at' ELSE '' END
          IS DISTINCT FROM to_jsonb(excluded) - 'imported_at' - CASE WHEN $1::boolean THEN 'decided_at' ELSE '' END
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM merged`

// keepPastSQL lets what a file told stand where a provider's list says nothing.
const keepPastSQL = `
UPDATE batch b SET
    merchant = coalesce(nullif(b.merchant, ''), p.merchant), customer = coalesce(nullif(b.customer, ''), p.customer),
    product = coalesce(nullif(b.product, ''), p.product), country = coalesce(nullif(b.country, ''), p.country),
    strength = coalesce(nullif(b.strength, 0), p.strength), response = coalesce(nullif(b.response, ''), p.response),
    refunded = coalesce(nullif(b.refunded, 0), p.refunded), fees = coalesce(nullif(b.fees, 0), p.fees)
FROM past_disputes p WHERE p.connection = b.connection AND p.dispute_id = b.dispute_id`

func mergePast(ctx context.Context, tx pgx.Tx, disputes []history.Past, dateless bool) (added, changed int64, err error) {
	if len(disputes) == 0 {
		return 0, 0, nil
	}
	if _, err := tx.Exec(ctx, "CREATE TEMPORARY TABLE batch (LIKE past_disputes INCLUDING DEFAULTS) ON COMMIT DROP"); err != nil {
		return 0, 0, err
	}
	rows := pgx.CopyFromSlice(len(disputes), func(i int) ([]any, error) {
		p := disputes[i]
		return []any{
			p.Ref.Connection, p.Ref.ID, p.Provider, p.Merchant, p.Amount.Minor, p.Amount.Currency, p.Reason, p.Network, p.NetworkCode,
			string(p.Family), string(p.Stage), p.OpenedAt, nullTime(p.DueAt), nullTime(p.DecidedAt), string(p.Response), string(p.Outcome),
			p.Strength, p.Customer, p.Product, p.Country, p.Refunded.Minor, p.Fees.Minor,
		}, nil
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"batch"}, pastColumns, rows); err != nil {
		return 0, 0, err
	}
	if dateless {
		if _, err := tx.Exec(ctx, keepPastSQL); err != nil {
			return 0, 0, err
		}
	}
	err = tx.QueryRow(ctx, mergePastSQL, dateless).Scan(&added, &changed)
	return added, changed, err
}

// A customer's earlier disputes are counted over all of them, whatever is left
// out later; another connection's ids name other people.
const knownSQL = `
SELECT connection, dispute_id, provider, merchant, amount, currency, reason, network, network_code, family, stage,
       opened_at, due_at, decided_at, response, outcome, strength, customer, metadata, product, country, refunded, fees,
       CASE WHEN customer = '' THEN 0
            ELSE row_number() OVER (PARTITION BY connection, customer ORDER BY opened_at, connection, dispute_id) - 1 END
FROM known_disputes`

// KnownDisputes reads all past disputes in no order, the imported ones and our
// own decided cases, without keeping them in memory. One connection is busy until
// the reading ends.
func (d *DB) KnownDisputes(ctx context.Context) iter.Seq2[history.Past, error] {
	const op = "store: known disputes"
	return func(yield func(history.Past, error) bool) {
		rows, err := d.pool.Query(ctx, knownSQL)
		if err != nil {
			yield(history.Past{}, wrap(op, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scanPast(rows)
			if !yield(p, wrap(op, err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(history.Past{}, wrap(op, err))
		}
	}
}

func scanPast(row pgx.Row) (history.Past, error) {
	var p history.Past
	var due, decided zeronull.Timestamptz
	err := row.Scan(
		&p.Ref.Connection, &p.Ref.ID, &p.Provider, &p.Merchant, &p.Amount.Minor, &p.Amount.Currency, &p.Reason, &p.Network, &p.NetworkCode,
		&p.Family, &p.Stage, &p.OpenedAt, &due, &decided, &p.Response, &p.Outcome, &p.Strength, &p.Customer, &p.Metadata,
		&p.Product, &p.Country, &p.Refunded.Minor, &p.Fees.Minor, &p.CustomerDisputes,
	)
	p.Network = networks.Network(p.Network)
	if p.Family == "" {
		p.Family = networks.Family(dispute.Snapshot{Reason: p.Reason, Network: p.Network, NetworkCode: p.NetworkCode})
	}
	p.DueAt, p.DecidedAt = time.Time(due), time.Time(decided)
	p.Refunded.Currency, p.Fees.Currency = p.Amount.Currency, p.Amount.Currency
	return p, err
}
