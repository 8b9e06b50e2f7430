package desk

import (
	"context"
	"iter"

	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/store"
)

// PastImport is a file, or a provider's list, of past disputes.
type PastImport struct {
	Name string // for people
	// Key is the same for the same rows read in the same way: by it an import that
	// was cut short goes on.
	Key  string
	Rows iter.Seq2[history.Row, error]
	// Resume skips the rows that an import of the same key has dealt with.
	Resume bool
	// DryRun reads and judges every row and keeps nothing; Added then counts the
	// rows that are right.
	DryRun bool
	// Dateless says that the rows tell no dates of verdicts: a verdict that is known
	// keeps its date.
	Dateless bool
	// Vendor names the vendor of a connection, for rows that do not say theirs. It
	// may be nil.
	Vendor func(connection string) string
	// Reject is told what is wrong with rows, Progress how far the import is; both
	// may be nil.
	Reject   func(history.RowError) error
	Progress func(store.Import)
}

// pastBatch is how many rows one commit carries.
const pastBatch = 5000

// ImportPast takes in past disputes. Rows with errors are left out and told;
// the rest goes on. It keeps its position with each commit, so one that was cut
// short is resumed, and the same file twice changes nothing.
func (d *Desk) ImportPast(ctx context.Context, by Actor, in PastImport) (store.Import, error) {
	if err := by.need(MayPublishRules); err != nil {
		return store.Import{}, err
	}
	run := pastRun{PastImport: in, db: d.DB, state: store.Import{Key: in.Key, Name: in.Name, Author: by.ID}}
	if !in.DryRun {
		var err error
		if run.state, err = d.DB.StartImport(ctx, in.Key, in.Name, by.ID, in.Resume); err != nil {
			return store.Import{}, err
		}
	}
	run.next.Position, run.next.Dateless = run.state.Position, in.Dateless
	for row, err := range in.Rows {
		if err != nil {
			return run.stop(ctx, err)
		}
		if err := run.take(ctx, row); err != nil {
			return run.state, err
		}
	}
	run.next.Finished = true
	return run.state, run.flush(ctx)
}

// Imports lists the newest imports.
func (d *Desk) Imports(ctx context.Context, by Actor) ([]store.Import, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	return d.DB.Imports(ctx)
}

// pastRun is one import under way.
type pastRun struct {
	PastImport
	db    *store.DB
	state store.Import
	next  store.PastBatch
	rows  int // since the last commit
}

func (r *pastRun) take(ctx context.Context, row history.Row) error {
	if int64(row.Number) <= r.state.Position {
		return nil // dealt with by the run before
	}
	r.next.Position = int64(row.Number)
	if len(row.Errors) > 0 {
		r.next.Rejected++
		if err := r.reject(row.Errors); err != nil {
			return err
		}
	} else {
		if row.Past.Provider == "" && r.Vendor != nil {
			row.Past.Provider = r.Vendor(row.Past.Ref.Connection)
		}
		r.next.Disputes = append(r.next.Disputes, row.Past)
	}
	if r.rows++; r.rows < pastBatch {
		return nil
	}
	return r.flush(ctx)
}

func (r *pastRun) reject(errors []history.RowError) error {
	for _, e := range errors {
		if r.Reject == nil {
			break
		}
		if err := r.Reject(e); err != nil {
			return err
		}
	}
	return nil
}

// stop keeps what was read before the rows ended with an error.
func (r *pastRun) stop(ctx context.Context, cause error) (store.Import, error) {
	if err := r.flush(ctx); err != nil {
		return r.state, err
	}
	return r.state, cause
}

func (r *pastRun) flush(ctx context.Context) error {
	if r.DryRun {
		r.state.Position, r.state.Rejected = r.next.Position, r.state.Rejected+int64(r.next.Rejected)
		r.state.Added += int64(len(r.next.Disputes))
	} else {
		state, err := r.db.SavePast(ctx, r.Key, r.next)
		if err != nil {
			return err
		}
		r.state = state
	}
	r.rows, r.next = 0, store.PastBatch{Position: r.next.Position, Disputes: r.next.Disputes[:0], Dateless: r.Dateless}
	if r.Progress != nil {
		r.Progress(r.state)
	}
	return ctx.Err()
}
