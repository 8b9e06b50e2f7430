package store

import (
	"context"
	"errors"
	"math"
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
	Draft       int64     `json:"draft,omitempty"`       // the draft it was; 0 for what was published as a file
	ApprovedBy  string    `json:"approved_by,omitempty"` // the second person; empty where none was needed
	Restores    int64     `json:"restores,omitempty"`    // the older version that it brings back
}

// RuleEvent is one line of the rules' own history.
type RuleEvent struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Kind    string    `json:"kind"` // drafted, edited, checked, asked, approved, published, rolled_back, dropped, shadow_started, shadow_stopped, applied
	Draft   int64     `json:"draft,omitempty"`
	Version int64     `json:"version,omitempty"`
	Hash    string    `json:"hash,omitempty"`
	Comment string    `json:"comment,omitempty"`
}

// newRules is a set to be published.
type newRules struct {
	source, author, comment string
	base                    int64 // the version it began from; anyBase does not ask
	draft, restores         int64
	approvedBy              string
}

const anyBase = -1

// PublishRules makes a source, the canonical text of rules.Set.Source, the
// active rules and returns its version. The same source as the active one is
// not published again. Base is the version that the author started from; when
// another was published meanwhile it is a Conflict. Zero does not ask.
func (d *DB) PublishRules(ctx context.Context, source, author, comment string, base int64) (RuleSet, error) {
	if base == 0 {
		base = anyBase
	}
	var out db.RuleSet
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		out, err = publish(ctx, db.New(tx), newRules{source: source, author: author, comment: comment, base: base})
		return err
	})
	return RuleSet(out), wrap("store: publish rules", err)
}

// RestoreRules publishes an older version again: a new version with the old
// hash. Restoring the active one changes nothing. Base is PublishRules's.
func (d *DB) RestoreRules(ctx context.Context, version int64, author, comment string, base int64) (RuleSet, error) {
	if base == 0 {
		base = anyBase
	}
	var out db.RuleSet
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		old, err := q.RuleSetByVersion(ctx, version)
		if err != nil {
			return err
		}
		out, err = publish(ctx, q, newRules{source: old.Source, author: author, comment: comment, base: base, restores: version})
		return err
	})
	return RuleSet(out), wrap("store: restore rules", err)
}

// publish adds a version and its line in the history, unless the source is the
// active one already.
func publish(ctx context.Context, q *db.Queries, in newRules) (db.RuleSet, error) {
	if err := q.LockRules(ctx); err != nil {
		return db.RuleSet{}, err
	}
	hash := digest([]byte(in.source))
	active, err := q.ActiveRules(ctx)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return db.RuleSet{}, err
	case in.base != anyBase && active.Version != in.base:
		return db.RuleSet{}, dispute.Errorf(dispute.Conflict, "store: publish rules", "version %d was published meanwhile", active.Version)
	case active.Hash == hash:
		return active, nil
	}
	out, err := q.InsertRules(ctx, db.InsertRulesParams{
		Hash: hash, Source: in.source, Author: in.author, Comment: in.comment,
		Draft: in.draft, ApprovedBy: in.approvedBy, Restores: in.restores,
	})
	if err != nil {
		return db.RuleSet{}, err
	}
	kind := "published"
	if in.restores != 0 {
		kind = "rolled_back"
	}
	return out, q.InsertRuleEvent(ctx, db.InsertRuleEventParams{
		Actor: in.author, Kind: kind, Draft: in.draft, Version: out.Version, Hash: hash, Comment: in.comment,
	})
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

// RuleVersion reads one version.
func (d *DB) RuleVersion(ctx context.Context, version int64) (RuleSet, error) {
	row, err := d.q.RuleSetByVersion(ctx, version)
	return RuleSet(row), wrap("store: rule version", err)
}

// RuleHistory reads all versions, the newest first.
func (d *DB) RuleHistory(ctx context.Context) ([]RuleSet, error) {
	rows, err := d.q.RuleHistory(ctx)
	return convert(rows, func(r db.RuleSet) RuleSet { return RuleSet(r) }), wrap("store: rule history", err)
}

// RuleEvents reads who did what to the rules, the newest first: those before an
// event, or the newest of all when before is zero; 50 when limit is zero, at
// most 500.
func (d *DB) RuleEvents(ctx context.Context, before int64, limit int) ([]RuleEvent, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := d.q.RuleEvents(ctx, db.RuleEventsParams{Before: before, MaxRows: int32(pageSize(limit))}) //nolint:gosec // at most 500
	return convert(rows, func(r db.RuleEvent) RuleEvent { return RuleEvent(r) }), wrap("store: rule events", err)
}

// NoteRuleEvent adds a line to the rules' history.
func (d *DB) NoteRuleEvent(ctx context.Context, e RuleEvent) error {
	return wrap("store: rule event", noteRules(ctx, d.q, e))
}

func noteRules(ctx context.Context, q *db.Queries, e RuleEvent) error {
	return q.InsertRuleEvent(ctx, db.InsertRuleEventParams{
		Actor: e.Actor, Kind: e.Kind, Draft: e.Draft, Version: e.Version, Hash: e.Hash, Comment: e.Comment,
	})
}
