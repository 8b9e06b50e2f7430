package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// revision is one change that a person makes to the evidence of a case.
type revision struct {
	id   string // makes repeats harmless; a fresh one when empty
	what string
	item ItemRef // zero for what concerns no single item
	do   func(tx *store.CaseTx) error
}

// revise changes the evidence and writes the change into the history, both or
// neither, and then has the case composed anew. A repeat changes nothing and
// asks once more.
func (d *Desk) revise(ctx context.Context, by Actor, caseID string, rev revision) (dispute.Face, error) {
	if err := by.need(MayWorkCases); err != nil {
		return dispute.Face{}, err
	}
	row, err := d.DB.GetCase(ctx, caseID)
	if err != nil {
		return dispute.Face{}, err
	}
	if rev.id == "" {
		rev.id = uuid.NewString()
	}
	err = d.DB.InCase(ctx, row.Ref, func(tx *store.CaseTx) error {
		before := tx.Row().Events
		if err := rev.record(tx, by, d.Now()); err != nil {
			return err
		}
		if repeated := tx.Row().Events == before; repeated {
			return nil
		}
		if err := mayRevise(*tx.Row()); err != nil {
			return err
		}
		return rev.do(tx)
	})
	if err != nil {
		return dispute.Face{}, err
	}
	return d.Decide(ctx, by, caseID, dispute.Decision{ID: rev.id, Kind: dispute.DecideRevise, Item: rev.item.ID})
}

func (rev revision) record(tx *store.CaseTx, by Actor, at time.Time) error {
	words := map[string]string{"what": rev.what}
	if rev.item != (ItemRef{}) {
		words["source"], words["item"] = rev.item.Source, rev.item.ID
	}
	data, err := json.Marshal(words)
	if err != nil {
		return err
	}
	return tx.Append(store.Event{Key: "revised/" + rev.id, Kind: "revised", Actor: by.ID, At: at, Data: data})
}

// Frozen says why a case's evidence can no longer be changed; it is empty while
// it can.
func Frozen(row store.CaseRow) string {
	switch {
	case row.Status.Ended():
		return "the case is closed: nothing more will be sent"
	case row.Status == dispute.StatusSubmitted && row.SubmittedAt.IsZero():
		return "the answer was given at the provider: its packet is frozen"
	case row.Status == dispute.StatusSubmitted:
		return "the answer was sent at " + row.SubmittedAt.UTC().Format("2006-01-02 15:04 UTC") + ": its packet is frozen"
	}
	return ""
}

func mayRevise(row store.CaseRow) error {
	if why := Frozen(row); why != "" {
		return dispute.Errorf(dispute.Conflict, "revise "+row.ID, "%s", why)
	}
	return nil
}
