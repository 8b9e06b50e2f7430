package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// DraftFile is a draft of the rules with what stands between it and force.
type DraftFile struct {
	store.RuleDraft
	Change RuleDiff `json:"change"` // from the version in force
	// Outdated says that another version than the draft's base is in force: the
	// draft is edited with the new base before it is published.
	Outdated bool           `json:"outdated"`
	Live     int64          `json:"live"` // the version in force; 0 for the built-in rules
	Approval Approval       `json:"approval"`
	Problems rules.Problems `json:"problems"` // what is wrong with it; empty when it is right
}

// MayPublish reports whether the draft could be published as it stands, and what
// stands in the way when it could not.
func (f DraftFile) MayPublish() (ready bool, missing string) {
	switch {
	case f.State.Ended():
		return false, fmt.Sprintf("the draft is %s", f.State)
	case len(f.Problems) > 0:
		return false, "it has problems to mend"
	case f.Outdated:
		return false, fmt.Sprintf("version %d was published meanwhile", f.Live)
	case f.Approval.Needed && f.State != store.DraftApproved:
		return false, "another person has to approve it first"
	}
	return true, ""
}

// DraftText is what a person writes into a draft.
type DraftText struct {
	Name    string // what people call it; kept when empty
	Source  string // right or wrong
	Comment string // why; kept when empty
	// Base is the version it builds on; when nil the one in force for a new draft,
	// and the one it had for an edit.
	Base *int64
}

// MaxRules bounds the text of a draft, in bytes.
const MaxRules = 512 << 10

// DraftRules keeps a new draft. Its text may still be wrong.
func (d *Desk) DraftRules(ctx context.Context, by Actor, in DraftText) (DraftFile, error) {
	if err := by.need(MayDraftRules); err != nil {
		return DraftFile{}, err
	}
	if len(in.Source) > MaxRules {
		return DraftFile{}, dispute.Errorf(dispute.Invalid, "draft", "the text is longer than %d KiB", MaxRules>>10)
	}
	live, err := d.live(ctx)
	if err != nil {
		return DraftFile{}, err
	}
	base := live.Version
	if in.Base != nil {
		base = *in.Base
	}
	if base < 0 {
		return DraftFile{}, noVersion(base)
	}
	draft, err := d.DB.AddRuleDraft(ctx, store.RuleDraft{
		Name: orElse(in.Name, "draft"), Base: base, Source: in.Source, Author: by.ID, Comment: in.Comment,
	})
	if err != nil {
		return DraftFile{}, err
	}
	return d.draftFile(ctx, draft)
}

func noVersion(base int64) error {
	return dispute.Errorf(dispute.Invalid, "draft", "a draft builds on a version, or on 0 for the built-in rules, not on %d", base)
}

func orElse(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	return text
}

// RuleDrafts lists the drafts that were neither published nor dropped, what was
// changed last first.
func (d *Desk) RuleDrafts(ctx context.Context, by Actor) ([]store.RuleDraft, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.RuleDrafts(ctx)
}

// RuleDraft opens a draft.
func (d *Desk) RuleDraft(ctx context.Context, by Actor, id int64) (DraftFile, error) {
	if err := by.need(MayReadCases); err != nil {
		return DraftFile{}, err
	}
	draft, err := d.DB.RuleDraft(ctx, id)
	if err != nil {
		return DraftFile{}, err
	}
	return d.draftFile(ctx, draft)
}

func (d *Desk) draftFile(ctx context.Context, draft store.RuleDraft) (DraftFile, error) {
	live, err := d.live(ctx)
	if err != nil {
		return DraftFile{}, err
	}
	text := RuleText{Name: fmt.Sprintf("draft %d", draft.ID), Draft: draft.ID, Source: draft.Source}
	f := DraftFile{
		RuleDraft: draft, Change: diffRules(live, text), Live: live.Version,
		Outdated: draft.Base != live.Version && !draft.State.Ended(),
		Approval: Approval{Why: []string{}, Loosens: []string{}}, Problems: rules.Problems{},
	}
	set, err := d.parse(text.Name, []byte(draft.Source))
	if err != nil {
		f.Problems = problemsOf(err)
		return f, nil
	}
	f.Approval, err = d.weigh(ctx, set)
	return f, err
}

// problemsOf are the problems of a rule set's error; what has no line of its own
// stands at the first.
func problemsOf(err error) rules.Problems {
	var found rules.Problems
	if errors.As(err, &found) {
		return found
	}
	message := err.Error()
	var ours *dispute.Error
	if errors.As(err, &ours) && ours.Err != nil {
		message = ours.Err.Error()
	}
	what, mend, _ := strings.Cut(message, ": ")
	return rules.Problems{{Line: 1, Message: what, Mend: mend}}
}

// step changes a draft: f does it, and says what it did, or nothing when nothing
// changes. Revision is the one the actor looked at; zero does not ask.
func (d *Desk) step(ctx context.Context, by Actor, right Right, id, revision int64, f func(*store.RuleDraft) (string, error)) (DraftFile, error) {
	if err := by.need(right); err != nil {
		return DraftFile{}, err
	}
	draft, err := d.open(ctx, id, revision)
	if err != nil {
		return DraftFile{}, err
	}
	what, err := f(&draft)
	if err != nil {
		return DraftFile{}, err
	}
	if what != "" {
		if draft, err = d.DB.ChangeRuleDraft(ctx, draft, by.ID, what); err != nil {
			return DraftFile{}, err
		}
	}
	return d.draftFile(ctx, draft)
}

// open reads a draft and compares its revision.
func (d *Desk) open(ctx context.Context, id, revision int64) (store.RuleDraft, error) {
	draft, err := d.DB.RuleDraft(ctx, id)
	if err == nil && revision != 0 && draft.Revision != revision {
		err = dispute.Errorf(dispute.Conflict, fmt.Sprintf("draft %d", id), "the draft has changed meanwhile: look at it again")
	}
	return draft, err
}

func alive(draft *store.RuleDraft) error {
	if draft.State.Ended() {
		return dispute.Errorf(dispute.Conflict, fmt.Sprintf("draft %d", draft.ID), "the draft is %s: begin another", draft.State)
	}
	return nil
}

// EditDraft writes on a draft, which is then to be checked and approved anew.
func (d *Desk) EditDraft(ctx context.Context, by Actor, id, revision int64, in DraftText) (DraftFile, error) {
	return d.step(ctx, by, MayDraftRules, id, revision, func(draft *store.RuleDraft) (string, error) {
		if err := alive(draft); err != nil {
			return "", err
		}
		if len(in.Source) > MaxRules {
			return "", dispute.Errorf(dispute.Invalid, "draft", "the text is longer than %d KiB", MaxRules>>10)
		}
		draft.Name, draft.Comment = orElse(in.Name, draft.Name), orElse(in.Comment, draft.Comment)
		draft.Source, draft.Authors = in.Source, append(draft.Authors, by.ID)
		if in.Base != nil && *in.Base < 0 {
			return "", noVersion(*in.Base)
		}
		if in.Base != nil {
			draft.Base = *in.Base
		}
		draft.State, draft.Hash, draft.ApprovedBy = store.DraftWritten, "", ""
		return "edited", nil
	})
}

// CheckDraft checks a draft and keeps that it is right. What is wrong is an
// error that holds rules.Problems.
func (d *Desk) CheckDraft(ctx context.Context, by Actor, id, revision int64) (DraftFile, error) {
	return d.step(ctx, by, MayDraftRules, id, revision, func(draft *store.RuleDraft) (string, error) {
		return d.check(draft)
	})
}

func (d *Desk) check(draft *store.RuleDraft) (string, error) {
	if err := alive(draft); err != nil {
		return "", err
	}
	set, err := d.parse(fmt.Sprintf("draft %d", draft.ID), []byte(draft.Source))
	if err != nil {
		return "", err
	}
	if draft.State != store.DraftWritten {
		return "", nil
	}
	draft.State, draft.Hash = store.DraftChecked, set.Hash()
	return "checked", nil
}

// AskApproval checks a draft and shows it to those who may approve.
func (d *Desk) AskApproval(ctx context.Context, by Actor, id, revision int64) (DraftFile, error) {
	return d.step(ctx, by, MayDraftRules, id, revision, func(draft *store.RuleDraft) (string, error) {
		if _, err := d.check(draft); err != nil || draft.State != store.DraftChecked {
			return "", err
		}
		draft.State = store.DraftAsked
		return "asked", nil
	})
}

// ApproveDraft is a second person's word that the text as it stands may be
// published. Who wrote on it may not give it. Without a revision it has to be the
// text that was asked about: an edit since is a Conflict.
func (d *Desk) ApproveDraft(ctx context.Context, by Actor, id, revision int64) (DraftFile, error) {
	return d.step(ctx, by, MayPublishRules, id, revision, func(draft *store.RuleDraft) (string, error) {
		written := draft.State == store.DraftWritten
		if _, err := d.check(draft); err != nil || draft.State == store.DraftApproved {
			return "", err
		}
		if by.Wrote(draft) {
			return "", dispute.Errorf(dispute.Conflict, fmt.Sprintf("approve draft %d", id), "%s wrote on this draft: another person approves it", by.ID)
		}
		if written && revision == 0 {
			return "", dispute.Errorf(dispute.Conflict, fmt.Sprintf("approve draft %d", id), "it was edited since anybody asked: look at it, then approve revision %d", draft.Revision)
		}
		draft.State, draft.ApprovedBy = store.DraftApproved, by.ID
		return "approved", nil
	})
}

// Wrote reports whether an actor is among the authors of a draft. Addresses in
// other letters are the same person.
func (a Actor) Wrote(draft *store.RuleDraft) bool {
	return slices.ContainsFunc(draft.Authors, func(author string) bool { return strings.EqualFold(author, a.ID) })
}

// DropDraft gives a draft up.
func (d *Desk) DropDraft(ctx context.Context, by Actor, id, revision int64) error {
	_, err := d.step(ctx, by, MayDraftRules, id, revision, func(draft *store.RuleDraft) (string, error) {
		if draft.State == store.DraftDropped {
			return "", nil
		}
		if err := alive(draft); err != nil {
			return "", err
		}
		draft.State = store.DraftDropped
		return "dropped", nil
	})
	return err
}

// PublishDraft puts a draft in force for new cases and returns its version.
// Missing approval, and another version published meanwhile, are a Conflict. A
// draft that was published already is answered with its version.
func (d *Desk) PublishDraft(ctx context.Context, by Actor, id, revision int64) (store.RuleSet, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.RuleSet{}, err
	}
	draft, err := d.DB.RuleDraft(ctx, id)
	if err != nil {
		return store.RuleSet{}, err
	}
	if draft.State == store.DraftPublished {
		return d.DB.RuleVersion(ctx, draft.Version)
	}
	if draft, err = d.open(ctx, id, revision); err != nil {
		return store.RuleSet{}, err
	}
	if err := alive(&draft); err != nil {
		return store.RuleSet{}, err
	}
	set, err := d.parse(fmt.Sprintf("draft %d", id), []byte(draft.Source))
	if err != nil {
		return store.RuleSet{}, err
	}
	a, err := d.weigh(ctx, set)
	if err != nil {
		return store.RuleSet{}, err
	}
	if a.Needed && draft.State != store.DraftApproved {
		return store.RuleSet{}, dispute.Errorf(dispute.Conflict, fmt.Sprintf("publish draft %d", id), "another person approves it first: %s", strings.Join(a.Why, "; "))
	}
	return d.DB.PublishRuleDraft(ctx, draft, string(set.Source()), by.ID)
}
