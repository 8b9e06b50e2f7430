package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// write is one change in the outside world that must happen at most once.
type write struct {
	key    string // case/part/stage/step/…: the same for every attempt
	caseID string
	kind   string // "submit", "accept", "post card", …
	target string // connection
	detail any    // frozen with the first attempt, given back to later ones
	// closes says that a refusal for good ends the intent, because a mended
	// attempt comes with a key of its own. Without it the same key may be tried
	// again once somebody has mended the cause.
	closes bool
	// find looks for what an earlier attempt may have written. It is asked only
	// when there was an earlier attempt.
	find func(ctx context.Context, in store.Intent) (receipt any, found bool, err error)
	// do writes. in.Detail is the frozen detail.
	do func(ctx context.Context, in store.Intent) (store.Receipt, error)
}

// key joins the parts of a domain key.
func key(parts ...any) string {
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += "/"
		}
		out += fmt.Sprint(p)
	}
	return out
}

// once is the only place that performs an outside write: intent, look for an
// earlier one, write, receipt. A second call with the same key gives the
// receipt of the first into out without touching the vendor.
func (s *Steps) once(ctx context.Context, w write, out any) error {
	in, fresh, err := s.DB.BeginIntent(ctx, store.Intent{
		Key: w.key, CaseID: w.caseID, Kind: w.kind, Target: w.target, Detail: toJSON(w.detail),
	})
	if err != nil {
		return err
	}
	switch in.State {
	case store.Done:
		return json.Unmarshal(in.Receipt, out)
	case store.Refused:
		return dispute.Errorf(dispute.Invalid, w.kind+" "+w.key, "refused before")
	case store.Intended:
	}
	if !fresh && w.find != nil {
		receipt, found, err := w.find(ctx, in)
		if err != nil {
			return err
		}
		if found {
			return s.receipt(ctx, w.key, store.Receipt{Detail: toJSON(receipt)}, out)
		}
	}
	r, err := w.do(ctx, in)
	if err != nil {
		return s.unwritten(ctx, w, err)
	}
	return s.receipt(ctx, w.key, r, out)
}

func (s *Steps) receipt(ctx context.Context, key string, r store.Receipt, out any) error {
	if err := s.DB.FinishIntent(ctx, key, r); err != nil {
		return err
	}
	return json.Unmarshal(r.Detail, out)
}

// unwritten closes the intent when the vendor refused for good and the write
// says so; otherwise it stays open for the retry.
func (s *Steps) unwritten(ctx context.Context, w write, err error) error {
	if w.closes && dispute.KindOf(err) == dispute.Invalid {
		if e := s.DB.RefuseIntent(ctx, w.key, err.Error()); e != nil {
			return e
		}
	}
	return err
}

func toJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("activities: %T does not marshal: %v", v, err)) // a type of ours, fixed at compile time
	}
	return b
}
