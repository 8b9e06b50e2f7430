package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// What becomes of an open case under a rule set, which is the version in force
// but for WouldMove.
const (
	ApplyMoves     = "moves"     // it would go another way; only in a preview
	ApplyStays     = "stays"     // it would go the same way; only in a preview
	ApplyApplied   = "applied"   // it follows the version now
	ApplyDone      = "done"      // it followed the version already
	ApplyAnswered  = "answered"  // there is nothing left to decide
	ApplyUnplanned = "unplanned" // its first plan is under way, by the version in force
	ApplyRefused   = "refused"   // its workflow said no; Detail says why
	ApplyFailed    = "failed"    // it could not be asked; the same call tries again
)

// ApplyCase is one open case and what becomes of it.
type ApplyCase struct {
	Case     string        `json:"case"`
	Dispute  dispute.Ref   `json:"dispute"`
	Amount   dispute.Money `json:"amount"`
	Deadline time.Time     `json:"deadline,omitzero"`
	RuleSet  string        `json:"rule_set"` // the hash that it followed
	Outcome  string        `json:"outcome"`
	Detail   string        `json:"detail,omitempty"`
	Fields   []string      `json:"fields,omitempty"` // of the route that change
	From     *RouteLine    `json:"from,omitempty"`
	To       *RouteLine    `json:"to,omitempty"`
}

// RouteLine is a route in short.
type RouteLine struct {
	Rule     string           `json:"rule"`
	Queue    string           `json:"queue"`
	Approval bool             `json:"approval"`
	Respond  dispute.Response `json:"respond"`
	Ladder   string           `json:"ladder"`
	Hold     bool             `json:"hold,omitempty"`
}

// LineOf is a route in short.
func LineOf(r rules.Route) RouteLine {
	return RouteLine{Rule: r.Rule, Queue: r.Queue, Approval: r.Approval, Respond: r.Respond, Ladder: r.Ladder.Name, Hold: r.Hold}
}

// ApplyPage is one page of open cases, the nearest deadline first.
type ApplyPage struct {
	Version int64          `json:"version"` // the one in force; 0 where it is none
	Hash    string         `json:"hash"`
	Cases   []ApplyCase    `json:"cases"`
	Counts  map[string]int `json:"counts"` // cases of this page by outcome
	Next    string         `json:"next_cursor,omitempty"`
}

// applying is how many workflows are asked at once.
const applying = 8

// PreviewApply says, for one page of the open cases that a filter chooses, what
// would move under the version in force: the route that decided each beside
// the one it would get now. A queue that a person chose stays.
func (d *Desk) PreviewApply(ctx context.Context, by Actor, f store.CaseFilter) (ApplyPage, error) {
	if err := by.need(MayReadCases); err != nil {
		return ApplyPage{}, err
	}
	live, set, err := d.inForce(ctx)
	if err != nil {
		return ApplyPage{}, err
	}
	return d.wouldMove(ctx, live, set, f)
}

// WouldMove says the same as PreviewApply of any set, such as a draft: what
// would move if it were put in force and asked of the open cases. The page has
// no version.
func (d *Desk) WouldMove(ctx context.Context, by Actor, set *rules.Set, f store.CaseFilter) (ApplyPage, error) {
	if err := by.need(MayReadCases); err != nil {
		return ApplyPage{}, err
	}
	return d.wouldMove(ctx, store.RuleSet{Hash: set.Hash()}, set, f)
}

func (d *Desk) wouldMove(ctx context.Context, as store.RuleSet, set *rules.Set, f store.CaseFilter) (ApplyPage, error) {
	return d.openCases(ctx, as, f, func(ctx context.Context, row store.CaseRow) ApplyCase {
		return d.moved(ctx, set, row)
	})
}

// ApplyToOpen has one page of the open cases that a filter chooses follow a
// version, which has to be the one in force: each is planned anew by its own
// workflow. It may be called again with the same page: a case that follows the
// version is left alone.
func (d *Desk) ApplyToOpen(ctx context.Context, by Actor, version int64, f store.CaseFilter) (ApplyPage, error) {
	if err := by.need(MayChangePlans); err != nil {
		return ApplyPage{}, err
	}
	live, _, err := d.inForce(ctx)
	switch {
	case err != nil:
		return ApplyPage{}, err
	case live.Version != version:
		return ApplyPage{}, dispute.Errorf(dispute.Conflict, "apply rules", "version %d is in force now, not %d: look at the preview again", live.Version, version)
	}
	page, err := d.openCases(ctx, live, f, func(ctx context.Context, row store.CaseRow) ApplyCase {
		return d.applied(ctx, by, live, row)
	})
	if changed := page.Counts[ApplyApplied]; err == nil && changed > 0 {
		err = d.DB.NoteRuleEvent(context.WithoutCancel(ctx), store.RuleEvent{
			Actor: by.ID, Kind: "applied", Version: live.Version, Hash: live.Hash, Comment: fmt.Sprintf("to %d open cases", changed),
		})
	}
	return page, err
}

// inForce is the version in force; without any there is nothing to apply.
func (d *Desk) inForce(ctx context.Context) (store.RuleSet, *rules.Set, error) {
	live, err := d.DB.ActiveRules(ctx)
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return live, nil, dispute.Errorf(dispute.NotFound, "published rules: there are none yet", "publish a rule set first")
	}
	if err != nil {
		return live, nil, err
	}
	set, err := rules.Read(fmt.Sprintf("version %d", live.Version), []byte(live.Source))
	return live, set, err
}

func (d *Desk) openCases(ctx context.Context, as store.RuleSet, f store.CaseFilter, what func(context.Context, store.CaseRow) ApplyCase) (ApplyPage, error) {
	f.Open = true
	rows, next, err := d.DB.ListCases(ctx, f)
	if err != nil {
		return ApplyPage{}, err
	}
	page := ApplyPage{Version: as.Version, Hash: as.Hash, Cases: make([]ApplyCase, len(rows)), Counts: map[string]int{}, Next: next}
	var group errgroup.Group
	group.SetLimit(applying)
	for i, row := range rows {
		group.Go(func() error {
			page.Cases[i] = settled(row, as.Hash)
			if page.Cases[i].Outcome == "" {
				page.Cases[i] = what(ctx, row)
			}
			return nil
		})
	}
	_ = group.Wait() // every case has its own outcome
	for _, c := range page.Cases {
		page.Counts[c.Outcome]++
	}
	return page, nil
}

// settled is a case without outcome, or with one where no version matters.
func settled(row store.CaseRow, hash string) ApplyCase {
	c := ApplyCase{Case: row.ID, Dispute: row.Ref, Amount: row.Amount(), Deadline: row.Deadline.At, RuleSet: row.RuleSet}
	says := row.View.Snapshot.Status
	switch {
	case row.Status == dispute.StatusSubmitted, says.Answered(), says.Final():
		c.Outcome = ApplyAnswered
	case row.WorkflowID == "" || row.RuleSet == "":
		c.Outcome = ApplyUnplanned
	case row.RuleSet == hash:
		c.Outcome = ApplyDone
	}
	return c
}

// moved compares the route that decided a case with the one it would get.
func (d *Desk) moved(ctx context.Context, set *rules.Set, row store.CaseRow) ApplyCase {
	c := settled(row, "")
	fail := func(err error) ApplyCase {
		c.Outcome, c.Detail = ApplyFailed, err.Error()
		return c
	}
	var from rules.Route
	if err := json.Unmarshal(row.Route, &from); err != nil {
		return fail(fmt.Errorf("its route cannot be read: %w", err))
	}
	to, err := set.Evaluate(d.DB.RuleInput(ctx, row, d.Now()))
	if err != nil {
		return fail(err)
	}
	if row.Queue != from.Queue { // a person's choice
		from.Queue, to.Queue = row.Queue, row.Queue
	}
	if c.Fields, err = store.RouteChanges(from, to); err != nil {
		return fail(err)
	}
	c.From, c.To, c.Outcome = new(LineOf(from)), new(LineOf(to)), ApplyStays
	if len(c.Fields) > 0 {
		c.Outcome = ApplyMoves
	}
	return c
}

// applyPrefix begins the ids of decisions by which cases follow a version.
const applyPrefix = "rules/"

// applied has a case's workflow follow a version. The same version is asked of
// the same case under the same id, so it is taken once.
func (d *Desk) applied(ctx context.Context, by Actor, live store.RuleSet, row store.CaseRow) ApplyCase {
	c := settled(row, "")
	_, err := d.decide(ctx, by, row.ID, dispute.Decision{
		ID: fmt.Sprintf("%s%d/%s", applyPrefix, live.Version, row.ID), Kind: dispute.DecideChangePlan, RuleSet: live.Hash,
	})
	switch {
	case err == nil:
		c.Outcome = ApplyApplied
	case dispute.KindOf(err) == dispute.Conflict:
		c.Outcome, c.Detail = ApplyRefused, reasonOf(err)
	default:
		c.Outcome, c.Detail = ApplyFailed, reasonOf(err)
	}
	return c
}

// CountOpen counts the open cases, for whoever shows how far a run over them is.
func (d *Desk) CountOpen(ctx context.Context, by Actor) (int64, error) {
	if err := by.need(MayReadCases); err != nil {
		return 0, err
	}
	counts, err := d.DB.CountByStatus(ctx)
	var open int64
	for status, n := range counts {
		if !status.Ended() {
			open += n
		}
	}
	return open, err
}
