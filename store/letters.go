package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// LetterSet is one published version of the words of letters.
type LetterSet struct {
	Version     int64     `json:"version"`
	Hash        string    `json:"hash"` // SHA-256 of Source, hex
	Name        string    `json:"name"`
	Language    string    `json:"language"` // ISO 639: "en"
	Source      string    `json:"source"`
	Author      string    `json:"author"`
	Comment     string    `json:"comment"`
	PublishedAt time.Time `json:"published_at"`
}

// NewLetters is a set to be published.
type NewLetters struct {
	Name     string
	Language string
	Source   string // canonical: equal sets have equal sources
	Author   string
	Comment  string
	// Base is the version of the language that the author started from; zero does
	// not ask.
	Base int64
}

// PublishLetters makes a set the active one of its language and returns its
// version. The same source as the active one is not published again; an older
// one is a new version with the old hash: that is a rollback. When another was
// published since Base it is a Conflict.
func (d *DB) PublishLetters(ctx context.Context, in NewLetters) (LetterSet, error) {
	const op = "store: publish letters"
	hash := digest([]byte(in.Source))
	var out db.LetterSet
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.LockLetters(ctx); err != nil {
			return err
		}
		active, err := q.ActiveLetters(ctx, in.Language)
		switch {
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case in.Base != 0 && active.Version != in.Base:
			return dispute.Errorf(dispute.Conflict, op, "version %d was published meanwhile", active.Version)
		case active.Hash == hash:
			out = active
			return nil
		}
		out, err = q.InsertLetters(ctx, db.InsertLettersParams{
			Hash: hash, Name: in.Name, Language: in.Language, Source: in.Source, Author: in.Author, Comment: in.Comment,
		})
		return err
	})
	return LetterSet(out), wrap(op, err)
}

// ActiveLetters reads the set of the first of the languages that has one;
// NotFound when none has, and the built-in words are in force.
func (d *DB) ActiveLetters(ctx context.Context, languages ...string) (LetterSet, error) {
	const op = "store: active letters"
	for _, language := range languages {
		row, err := d.q.ActiveLetters(ctx, language)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		return LetterSet(row), wrap(op, err)
	}
	return LetterSet{}, wrap(op, pgx.ErrNoRows)
}

// Letters reads one version.
func (d *DB) Letters(ctx context.Context, version int64) (LetterSet, error) {
	row, err := d.q.LettersByVersion(ctx, version)
	return LetterSet(row), wrap("store: letters", err)
}

// LetterHistory reads all versions, the newest first.
func (d *DB) LetterHistory(ctx context.Context) ([]LetterSet, error) {
	rows, err := d.q.LetterHistory(ctx)
	return convert(rows, func(r db.LetterSet) LetterSet { return LetterSet(r) }), wrap("store: letter history", err)
}
