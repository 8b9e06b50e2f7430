// Package store keeps in PostgreSQL what people query and what must not be
// lost: the inbox of notices, the cases with their hash-chained histories and
// evidence, the record of writes to the outside, the journal, the rule sets and
// the access tokens. Bytes of evidence live in a blob store beside it.
//
// Every error is a *dispute.Error: NotFound, Conflict (a unique key or an
// append-only table says no), Invalid (the database refuses the value), and
// Transient for everything that may pass, lost connections first. Every time
// is UTC.
package store

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

//go:generate go -C ../tools/gen tool sqlc generate -f ../../store/sqlc.yaml

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the database, safe for concurrent use.
type DB struct {
	pool     *pgxpool.Pool
	q        *db.Queries
	outcomes outcomes
}

// Open connects to the database of a postgres:// URL and waits for its answer.
// The URL's pool_max_conns bounds the connections; tune may change what else
// the pool does. It does not migrate.
func Open(ctx context.Context, url string, tune ...func(*pgxpool.Config)) (*DB, error) {
	const op = "store: open"
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The cause may quote the URL, and with it the password.
		return nil, dispute.Errorf(dispute.Invalid, op, "the database URL is malformed")
	}
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "rebuttal"
	}
	cfg.AfterConnect = registerTypes
	for _, change := range tune {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, wrap(op, err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, wrap(op, err)
	}
	return &DB{pool: pool, q: db.New(pool)}, nil
}

// registerTypes makes times UTC and JSON acceptable to jsonb.
func registerTypes(_ context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	m.RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	m.RegisterType(&pgtype.Type{
		Name: "jsonb", OID: pgtype.JSONBOID,
		Codec: &pgtype.JSONBCodec{Marshal: marshal, Unmarshal: json.Unmarshal},
	})
	return nil
}

// Close waits for the connections in use and closes them all.
func (d *DB) Close() { d.pool.Close() }

// Migrate brings the schema up to this build's version. Several processes may
// call it at once; one does the work and the others wait.
func (d *DB) Migrate(ctx context.Context) error {
	const op = "store: migrate"
	p, err := d.migrator()
	if err != nil {
		return wrap(op, err)
	}
	defer func() { _ = p.Close() }()
	_, err = p.Up(ctx)
	return wrap(op, err)
}

// ErrOldSchema says that the database answers but was not migrated.
var ErrOldSchema = errors.New("the schema is older than this build: run rebuttal migrate")

// Ready says whether the database answers and has this build's schema, or a
// newer one. The error names what is missing.
func (d *DB) Ready(ctx context.Context) error {
	const op = "store: ready"
	p, err := d.migrator()
	if err != nil {
		return wrap(op, err)
	}
	defer func() { _ = p.Close() }()
	pending, err := p.HasPending(ctx)
	if err != nil {
		return wrap(op, err)
	}
	if pending {
		return dispute.Errorf(dispute.Transient, op, "%w", ErrOldSchema)
	}
	return nil
}

func (d *DB) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(d.pool), files, goose.WithSessionLocker(locker))
}
