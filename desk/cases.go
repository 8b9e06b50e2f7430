package desk

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// CaseFile is everything known of one case, for the person who opens it.
type CaseFile struct {
	store.CaseRow
	Items      []store.Item   `json:"items"`
	Packets    []store.Packet `json:"packets"`
	Writes     []store.Intent `json:"writes"` // what was written to the outside, with receipts
	Submission *store.Intent  `json:"submission,omitempty"`
	Journal    []ledger.Entry `json:"journal"`
	History    []store.Event  `json:"history"`
	// ChainOK says that the history's hashes hold; ChainError says where not.
	ChainOK    bool   `json:"chain_ok"`
	ChainError string `json:"chain_error,omitempty"`
}

// Cases lists cases, the nearest deadline first, and the cursor of the next
// page.
func (d *Desk) Cases(ctx context.Context, by Actor, f store.CaseFilter) ([]store.CaseRow, string, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, "", err
	}
	return d.DB.ListCases(ctx, f)
}

// CaseLines lists the same cases as Cases, with what a line of a list shows of
// each.
func (d *Desk) CaseLines(ctx context.Context, by Actor, f store.CaseFilter) ([]store.CaseLine, string, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, "", err
	}
	return d.DB.ListCaseLines(ctx, f)
}

// CountCases counts what each filter chooses, up to most of each.
func (d *Desk) CountCases(ctx context.Context, by Actor, most int, filters ...store.CaseFilter) ([]int, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.CountCases(ctx, most, filters...)
}

// Case opens one case by its id, the provider's dispute id, connection/id or
// its workflow id.
func (d *Desk) Case(ctx context.Context, by Actor, id string) (CaseFile, error) {
	if err := by.need(MayReadCases); err != nil {
		return CaseFile{}, err
	}
	row, err := d.DB.GetCase(ctx, id)
	if err != nil {
		return CaseFile{}, err
	}
	f := CaseFile{CaseRow: row}
	if err := d.fill(ctx, &f); err != nil {
		return CaseFile{}, err
	}
	if err := d.DB.VerifyChain(ctx, row.ID); err != nil {
		f.ChainError = err.Error()
	}
	f.ChainOK = f.ChainError == ""
	return f, nil
}

func (d *Desk) fill(ctx context.Context, f *CaseFile) error {
	var err error
	if f.Items, err = d.DB.Items(ctx, f.ID); err != nil {
		return err
	}
	if f.Packets, err = d.DB.Packets(ctx, f.ID); err != nil {
		return err
	}
	if f.Writes, err = d.DB.Intents(ctx, f.ID); err != nil {
		return err
	}
	for i, w := range f.Writes {
		if w.State == store.Done && (w.Kind == string(dispute.ResponseContest) || w.Kind == string(dispute.ResponseAccept)) {
			f.Submission = &f.Writes[i]
		}
	}
	if f.Journal, err = d.DB.CaseEntries(ctx, f.ID); err != nil {
		return err
	}
	f.History, err = d.DB.Events(ctx, f.ID)
	return err
}

// Notices lists stored webhooks and their fate.
func (d *Desk) Notices(ctx context.Context, by Actor, f store.NoticeFilter) ([]store.InboxNotice, string, error) {
	if err := by.need(MayReadNotices); err != nil {
		return nil, "", err
	}
	return d.DB.ListNotices(ctx, f)
}

// Redeliver sends a stored notice to its workflow once more.
func (d *Desk) Redeliver(ctx context.Context, by Actor, id int64) error {
	if err := by.need(MayRedeliver); err != nil {
		return err
	}
	return d.DB.RedeliverNotice(ctx, id)
}

// Balances is the trial balance of all disputes.
func (d *Desk) Balances(ctx context.Context, by Actor) ([]store.Balance, error) {
	if err := by.need(MayReadBooks); err != nil {
		return nil, err
	}
	return d.DB.Balances(ctx)
}

// Entries lists journal entries, oldest first.
func (d *Desk) Entries(ctx context.Context, by Actor, f store.EntryFilter) ([]ledger.Entry, string, error) {
	if err := by.need(MayReadBooks); err != nil {
		return nil, "", err
	}
	return d.DB.Entries(ctx, f)
}
