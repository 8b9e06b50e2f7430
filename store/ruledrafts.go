package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// DraftState is how far a draft of the rules has come.
type DraftState string

// The states, in their order; every edit goes back to the first.
const (
	DraftWritten   DraftState = "draft"
	DraftChecked   DraftState = "checked"   // it is right and may be published, or approved first
	DraftAsked     DraftState = "asked"     // somebody waits for an approval
	DraftApproved  DraftState = "approved"  // a second person has agreed to this text
	DraftPublished DraftState = "published" // it became a version
	DraftDropped   DraftState = "dropped"   // nobody wants it any more
)

// Ended reports whether nothing can become of the draft any more.
func (s DraftState) Ended() bool { return s == DraftPublished || s == DraftDropped }

// RuleDraft is a rule set that is being written.
type RuleDraft struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	Base       int64      `json:"base"`   // the version it began from; 0 for the built-in rules
	Source     string     `json:"source"` // as it was written, right or wrong
	Author     string     `json:"author"`
	Authors    []string   `json:"authors"` // everybody who wrote on it
	Comment    string     `json:"comment"`
	State      DraftState `json:"state"`
	Hash       string     `json:"hash,omitempty"` // of the set that was checked
	ApprovedBy string     `json:"approved_by,omitempty"`
	Version    int64      `json:"version,omitempty"` // what it was published as
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	Revision   int64      `json:"revision"` // grows with every change
}

func ruleDraft(r db.RuleDraft) RuleDraft {
	return RuleDraft{
		ID: r.ID, Name: r.Name, Base: r.Base, Source: r.Source, Author: r.Author, Authors: r.Authors, Comment: r.Comment,
		State: DraftState(r.State), Hash: r.Hash, ApprovedBy: r.ApprovedBy, Version: r.Version,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Revision: r.Revision,
	}
}

// AddRuleDraft keeps a new draft: its Name, Base, Source, Author and Comment.
func (d *DB) AddRuleDraft(ctx context.Context, in RuleDraft) (RuleDraft, error) {
	var out db.RuleDraft
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		q := db.New(tx)
		out, err = q.InsertRuleDraft(ctx, db.InsertRuleDraftParams{
			Name: cleanText(in.Name), Base: in.Base, Source: cleanText(in.Source), Author: in.Author, Comment: cleanText(in.Comment),
		})
		if err != nil {
			return err
		}
		return noteRules(ctx, q, RuleEvent{Actor: in.Author, Kind: "drafted", Draft: out.ID, Comment: out.Comment})
	})
	return ruleDraft(out), wrap("store: add rule draft", err)
}

// RuleDraft reads one draft.
func (d *DB) RuleDraft(ctx context.Context, id int64) (RuleDraft, error) {
	row, err := d.q.RuleDraft(ctx, id)
	return ruleDraft(row), wrap("store: rule draft", err)
}

// RuleDrafts reads the drafts that were neither published nor dropped, what was
// changed last first; at most 500.
func (d *DB) RuleDrafts(ctx context.Context) ([]RuleDraft, error) {
	rows, err := d.q.OpenRuleDrafts(ctx, maxPage)
	return convert(rows, ruleDraft), wrap("store: rule drafts", err)
}

// ChangeRuleDraft writes a draft back that was read before and changed by
// somebody, with what they did. It is a Conflict when it changed meanwhile.
func (d *DB) ChangeRuleDraft(ctx context.Context, in RuleDraft, actor, kind string) (RuleDraft, error) {
	var out RuleDraft
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		q := db.New(tx)
		if out, err = change(ctx, q, in); err != nil {
			return err
		}
		return noteRules(ctx, q, RuleEvent{Actor: actor, Kind: kind, Draft: in.ID, Hash: in.Hash, Comment: out.Comment})
	})
	return out, wrap("store: change rule draft", err)
}

var errDraftChanged = dispute.Errorf(dispute.Conflict, "store: change rule draft", "the draft has changed meanwhile: look at it again")

func change(ctx context.Context, q *db.Queries, in RuleDraft) (RuleDraft, error) {
	row, err := q.UpdateRuleDraft(ctx, db.UpdateRuleDraftParams{
		Name: cleanText(in.Name), Base: in.Base, Source: cleanText(in.Source), Authors: slices.Compact(slices.Sorted(slices.Values(in.Authors))),
		Comment: cleanText(in.Comment), State: string(in.State), Hash: in.Hash, ApprovedBy: in.ApprovedBy, Version: in.Version,
		ID: in.ID, Revision: in.Revision,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return RuleDraft{}, errDraftChanged
	}
	return ruleDraft(row), err
}

// PublishRuleDraft makes a draft that was read before the active rules; source
// is the canonical text of its set. It is a Conflict when the draft changed, or
// another version than its base was published, meanwhile.
func (d *DB) PublishRuleDraft(ctx context.Context, in RuleDraft, source, actor string) (RuleSet, error) {
	var out db.RuleSet
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		q := db.New(tx)
		now, err := q.RuleDraft(ctx, in.ID)
		if err != nil {
			return err
		}
		if now.Revision != in.Revision { // before a version number is spent
			return errDraftChanged
		}
		out, err = publish(ctx, q, newRules{
			source: source, author: actor, comment: in.Comment, base: in.Base, draft: in.ID, approvedBy: in.ApprovedBy,
		})
		if err != nil {
			return err
		}
		in.State, in.Hash, in.Version = DraftPublished, out.Hash, out.Version
		_, err = change(ctx, q, in)
		return err
	})
	return RuleSet(out), wrap("store: publish rule draft", err)
}
