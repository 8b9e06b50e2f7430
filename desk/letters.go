package desk

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// PublishLetters puts a set of letters in force for its language. Packets that
// are composed from then on use it; frozen ones stay as they are. Base is the
// version the author started from; when another was published meanwhile it is a
// Conflict, and zero does not ask.
func (d *Desk) PublishLetters(ctx context.Context, by Actor, set *evidence.LetterSet, comment string, base int64) (store.LetterSet, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.LetterSet{}, err
	}
	return d.DB.PublishLetters(ctx, store.NewLetters{
		Name: set.Name(), Language: set.Language(), Source: set.Source(), Author: by.ID, Comment: comment, Base: base,
	})
}

// RollBackLetters publishes an older version again. One that this release no
// longer takes is refused with what is wrong with it.
func (d *Desk) RollBackLetters(ctx context.Context, by Actor, version int64, comment string) (store.LetterSet, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.LetterSet{}, err
	}
	old, err := d.DB.Letters(ctx, version)
	if err != nil {
		return store.LetterSet{}, err
	}
	set, err := evidence.ParseLetters(old.Source)
	if err != nil {
		return store.LetterSet{}, err
	}
	return d.PublishLetters(ctx, by, set, comment, 0)
}

// LettersInForce are the published words of a language, else the English ones,
// else the built-in ones, with their version; zero for the built-in ones.
func (d *Desk) LettersInForce(ctx context.Context, by Actor, language string) (*evidence.LetterSet, int64, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, 0, err
	}
	stored, err := d.DB.ActiveLetters(ctx, language, evidence.English)
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return evidence.BuiltInLetters(), 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	set, err := evidence.ParseLetters(stored.Source)
	return set, stored.Version, err
}

// LetterHistory lists the published sets, the newest first.
func (d *Desk) LetterHistory(ctx context.Context, by Actor) ([]store.LetterSet, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.LetterHistory(ctx)
}

// PreviewLetter writes the letter of a case in the words of a set, from the
// evidence there is now. Nothing is kept. Exhibits count from one here too; a
// packet that leaves a document out counts without it.
func (d *Desk) PreviewLetter(ctx context.Context, by Actor, set *evidence.LetterSet, caseID string) (evidence.Letter, error) {
	if err := by.need(MayReadCases); err != nil {
		return evidence.Letter{}, err
	}
	row, err := d.DB.GetCase(ctx, caseID)
	if err != nil {
		return evidence.Letter{}, err
	}
	stored, err := d.DB.Items(ctx, row.ID)
	if err != nil {
		return evidence.Letter{}, err
	}
	var items []dispute.Item
	for _, i := range stored {
		if !i.Excluded {
			items = append(items, i.Item)
		}
	}
	return evidence.Draft(row.Case, items, evidence.Check(row.Case, items), set)
}
