package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// RuleSet is one published version of the rules.
type RuleSet struct {
	Version     int64     `json:"version"`
	Hash        string    `json:"hash"` // SHA-256 of Source, hex
	Source      string    `json:"source"`
	Author      string    `json:"author"`
	Comment     string    `json:"comment"`
	PublishedAt time.Time `json:"published_at"`
}

// PublishRules makes a source, the canonical text of rules.Set.Source, the
// active rules and returns its version. The same source as the active one is not published again. An older source
// published again is a new version with the old hash: that is a rollback. Base
// is the version that the author started from; when another was published
// meanwhile it is a Conflict. Zero does not ask.
func (d *DB) PublishRules(ctx context.Context, source, author, comment string, base int64) (RuleSet, error) {
	const op = "store: publish rules"
	hash := digest([]byte(source))
	var out db.RuleSet
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.LockRules(ctx); err != nil {
			return err
		}
		active, err := q.ActiveRules(ctx)
		switch {
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case base != 0 && active.Version != base:
			return dispute.Errorf(dispute.Conflict, op, "version %d was published meanwhile", active.Version)
		case active.Hash == hash:
			out = active
			return nil
		}
		out, err = q.InsertRules(ctx, db.InsertRulesParams{Hash: hash, Source: source, Author: author, Comment: comment})
		return err
	})
	return RuleSet(out), wrap(op, err)
}

// ActiveRules reads the version that was published last; NotFound before the
// first.
func (d *DB) ActiveRules(ctx context.Context) (RuleSet, error) {
	row, err := d.q.ActiveRules(ctx)
	return RuleSet(row), wrap("store: active rules", err)
}

// RuleSet reads the first version with a hash, as a case keeps it.
func (d *DB) RuleSet(ctx context.Context, hash string) (RuleSet, error) {
	row, err := d.q.RuleSetByHash(ctx, hash)
	return RuleSet(row), wrap("store: rule set "+hash, err)
}

// RuleHistory reads all versions, the newest first.
func (d *DB) RuleHistory(ctx context.Context) ([]RuleSet, error) {
	rows, err := d.q.RuleHistory(ctx)
	return convert(rows, func(r db.RuleSet) RuleSet { return RuleSet(r) }), wrap("store: rule history", err)
}
