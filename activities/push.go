package activities

import (
	"context"
	"errors"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Push posts the case's journal entries that one accounting system does not
// have yet. Each carries its natural key, so a repeated push writes nothing
// twice.
func (s *Steps) Push(ctx context.Context, in PushInput) (err error) {
	defer neverGivingUp(&err)
	defer beat(ctx)()
	books, err := integrations.As[integrations.Accounting](s.Set, in.Connection)
	if err != nil {
		return err
	}
	entries, err := s.DB.Unexported(ctx, in.Connection, in.Ref.CaseID())
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries { // one that is refused does not hold up the others
		if err := s.pushEntry(ctx, books, in, e); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func (s *Steps) pushEntry(ctx context.Context, books integrations.Accounting, in PushInput, e ledger.Entry) error {
	w := write{
		key: key(e.CaseID, "post", in.Connection, e.Key), caseID: e.CaseID, kind: "post entry", target: in.Connection,
		do: func(ctx context.Context, _ store.Intent) (store.Receipt, error) {
			id, err := books.PostEntry(ctx, e.Key, e)
			return store.Receipt{Detail: toJSON(id)}, err
		},
	}
	var id string
	if err := s.once(ctx, w, &id); err != nil {
		return err
	}
	if err := s.DB.MarkExported(ctx, in.Connection, e.Key, id); err != nil {
		return err
	}
	return s.DB.InCase(ctx, in.Ref, func(tx *store.CaseTx) error {
		return tx.Append(store.Event{
			Key: "pushed/" + in.Connection + "/" + e.Key, Kind: "pushed", Actor: "machine", At: s.Now(),
			Data: toJSON(map[string]string{"connection": in.Connection, "entry": e.Key}),
		})
	})
}
