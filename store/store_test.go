package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// open gives a migrated database of the test's own.
func open(t testing.TB) *DB {
	t.Helper()
	return openURL(t, testenv.Postgres(t))
}

func openURL(t testing.TB, url string) *DB {
	t.Helper()
	d, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// noon is a moment with the database's precision.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 123456000, time.UTC)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, want dispute.Kind) {
	t.Helper()
	var ours *dispute.Error
	if !errors.As(err, &ours) || ours.Kind != want {
		t.Fatalf("error = %v, want one of kind %s", err, want)
	}
}

// sql runs a statement that no method of the store would.
func sql(t testing.TB, d *DB, statement string, args ...any) error {
	t.Helper()
	_, err := d.pool.Exec(t.Context(), statement, args...)
	return err
}

func TestMigrateBySeveralProcessesAtOnce(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), testenv.Postgres(t))
	ok(t, err)
	t.Cleanup(d.Close)
	wantKind(t, d.Ready(t.Context()), dispute.Transient)
	failed := make(chan error)
	for range 3 {
		go func() { failed <- d.Migrate(t.Context()) }()
	}
	for range 3 {
		ok(t, <-failed)
	}
	ok(t, d.Ready(t.Context()))
	ok(t, sql(t, d, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"))
	if err := d.Ready(t.Context()); err != nil {
		t.Errorf("a newer schema is not ready: %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "postgres://u:secret@127.0.0.1:1/none?connect_timeout=2")
	wantKind(t, err, dispute.Transient)
	_, err = Open(t.Context(), "postgres://u:secret@%%/")
	wantKind(t, err, dispute.Invalid)
}

func TestReadyNamesALostDatabase(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Close()
	wantKind(t, d.Ready(t.Context()), dispute.Transient)
}

func TestErrorsQuoteNoValues(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, err := d.pool.Exec(t.Context(), "SELECT $1::text::timestamptz", "jenny@example.com")
	err = wrap("store: test", err)
	wantKind(t, err, dispute.Invalid)
	if got, want := err.Error(), "store: test: invalid: SQLSTATE 22007"; got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	ours := dispute.Errorf(dispute.TooLate, "op", "x")
	for _, c := range []struct {
		err  error
		want dispute.Kind
	}{
		{ours, dispute.TooLate},
		{fmt.Errorf("around: %w", ours), dispute.TooLate},
		{pgx.ErrNoRows, dispute.NotFound},
		{context.Canceled, dispute.Transient},
		{errors.New("conn closed"), dispute.Transient},
	} {
		wantKind(t, wrap("op", c.err), c.want)
	}
	if err := wrap("op", nil); err != nil {
		t.Errorf("wrap(nil) = %v", err)
	}
}
