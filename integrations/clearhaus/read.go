package clearhaus

import (
	"context"
	"net/url"
	"sync"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// maxKnown bounds what is remembered; then it begins anew.
const maxKnown = 20_000

// known remembers disputes as they were last read, because their links are the
// only way to them: Clearhaus has no search by id, and addresses are not built.
type known struct {
	mu   sync.Mutex
	byID map[string]wireDispute
}

func (k *known) put(w wireDispute) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID == nil || len(k.byID) >= maxKnown {
		k.byID = map[string]wireDispute{}
	}
	k.byID[w.ID] = w
}

func (k *known) get(id string) (wireDispute, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w, ok := k.byID[id]
	return w, ok
}

func (k *known) forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.byID, id)
}

// searched are the lists in which a dispute that is not remembered is looked
// for: the likely ones, then all.
var searched = []string{"status:open", "status:under_review", "status:refuted", ""}

// Get implements integrations.Reader.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	w, ok := a.known.get(ref.ID)
	var err error
	if ok {
		w, err = a.readAgain(ctx, w)
	} else {
		w, err = a.search(ctx, ref.ID)
	}
	if err != nil {
		return dispute.Snapshot{}, err
	}
	return a.whole(ctx, w).snapshot(), nil
}

// whole is a dispute with its stamps, read by itself where a list shows none. One
// that cannot be read now is as the list has it.
func (a *adapter) whole(ctx context.Context, listed wireDispute) wireDispute {
	if _, ok := listed.Links.one("self", ""); !ok || listed.alone || !listed.stampless() {
		return listed
	}
	w, err := a.readAgain(ctx, listed)
	if err != nil {
		return listed
	}
	return w
}

// dispute is the dispute as it was last read: its links are what is wanted.
func (a *adapter) dispute(ctx context.Context, id string) (wireDispute, error) {
	if w, ok := a.known.get(id); ok {
		return w, nil
	}
	return a.search(ctx, id)
}

func (a *adapter) readAgain(ctx context.Context, was wireDispute) (wireDispute, error) {
	op := "read dispute " + was.ID
	self, ok := was.Links.one("self", "")
	if !ok {
		return a.search(ctx, was.ID)
	}
	var w wireDispute
	if _, err := a.get(ctx, op, self, nil, &w); err != nil {
		if dispute.KindOf(err) == dispute.NotFound {
			a.known.forget(was.ID)
		}
		return wireDispute{}, err
	}
	if w.ID != was.ID {
		return wireDispute{}, dispute.Errorf(dispute.Transient, "clearhaus: "+op, "the answer is not the dispute")
	}
	w.alone = true
	a.known.put(w)
	return w, nil
}

// search looks for a dispute in the lists and remembers what it passes.
func (a *adapter) search(ctx context.Context, id string) (wireDispute, error) {
	op := "find dispute " + id
	list, err := a.disputes(ctx)
	if err != nil {
		return wireDispute{}, err
	}
	for _, query := range searched {
		err := a.list(ctx, op, list, query, func(w wireDispute) (more bool) { return w.ID != id })
		if err != nil {
			return wireDispute{}, err
		}
		if w, ok := a.known.get(id); ok {
			return w, nil
		}
	}
	return wireDispute{}, dispute.Errorf(dispute.NotFound, "clearhaus: "+op, "no list has it")
}

// list walks the disputes that a query of the Dispute Query Language finds; the
// empty one finds all. It remembers each, and ends with the page on which take
// returns false.
func (a *adapter) list(ctx context.Context, op string, from link, query string, take func(wireDispute) (more bool)) error {
	r := vendorhttp.Request{Op: op, Query: url.Values{}}
	if query != "" {
		r.Query.Set("query", query)
	}
	return a.pages(ctx, r, from, func(p page) bool {
		more := len(p.Embedded.Disputes) > 0
		for _, w := range p.Embedded.Disputes {
			if w.ID != "" {
				a.known.put(w)
				more = take(w) && more
			}
		}
		return more
	})
}
