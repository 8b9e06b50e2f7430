package evidence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// excess is the first limit that a rendition breaks.
type excess struct {
	limit      string
	value, max int64
	field      dispute.EvidenceField // of the file that is too large; empty for all
	item       itemKey               // of the document that is too large by itself
	why        string                // why that document has to go
}

// over finds the first limit that is broken; its limit is empty when none is.
func (c *composer) over(r rendition) excess {
	var bytes, pages int64
	for _, f := range r.files {
		size := int64(len(f.Bytes))
		if size > c.limits.FileBytes {
			return excess{limit: LimitFileBytes, value: size, max: c.limits.FileBytes, field: f.Field}
		}
		bytes += size
		pages += int64(f.Pages)
	}
	switch {
	case pages > int64(c.limits.TotalPages):
		return excess{limit: LimitTotalPages, value: pages, max: int64(c.limits.TotalPages)}
	case bytes > c.limits.TotalBytes:
		return excess{limit: LimitTotalBytes, value: bytes, max: c.limits.TotalBytes}
	case len(r.files) > c.limits.Files:
		return excess{limit: LimitFiles, value: int64(len(r.files)), max: int64(c.limits.Files)}
	}
	for _, f := range r.files {
		if f.Pages > c.limits.FilePages {
			return excess{limit: LimitFilePages, value: int64(f.Pages), max: int64(c.limits.FilePages), field: f.Field}
		}
	}
	return excess{}
}

// repair makes the next rendition smaller: pictures first, then fewer files,
// then without the weakest exhibits. It reports false when nothing is left to
// do.
func (c *composer) repair(r rendition, over excess) bool {
	bytes := over.limit == LimitFileBytes || over.limit == LimitTotalBytes
	switch {
	case bytes && c.step < len(c.ladder)-1 && c.canShrink(r):
		c.step++
		clear(c.ready)
		c.found(over, "", fmt.Sprintf("pictures and scans made smaller: %v", c.ladder[c.step]))
		return true
	case over.item != itemKey{}:
		c.leaveOut(r, over.item, over, over.why)
		return true
	case over.limit == LimitFiles:
		c.slots = c.limits.Files - 1
		c.found(over, "", "the documents of the last slots put into the main file")
		return true
	case !bytes && over.limit != LimitFilePages && len(r.files) > 1 && c.limits.FilePages >= c.limits.TotalPages,
		over.limit == LimitTotalBytes && len(r.files) > 1:
		c.slots = 0
		c.found(over, "", "everything put into one file")
		return true
	}
	return c.drop(r, over)
}

func (c *composer) canShrink(r rendition) bool {
	return slices.ContainsFunc(r.book.exhibits, func(e *exhibit) bool {
		src, has := c.sources[e.key()]
		return has && src.canShrink()
	})
}

func (c *composer) found(over excess, subject, action string) {
	c.lint = append(c.lint, Finding{Limit: over.limit, Subject: subject, Value: over.value, Max: over.max, Action: action})
}

// drop leaves out the weakest exhibits until their estimated size is what is
// too much, and at least one.
func (c *composer) drop(r rendition, over excess) bool {
	excessive, dropped := float64(over.value-over.max), false
	for _, e := range c.weakest(r, over) {
		if dropped && excessive <= 0 {
			break
		}
		excessive -= c.size(r, over, e)
		dropped = true
		c.leaveOut(r, e.key(), over, "left out: the weakest of what did not fit")
	}
	return dropped
}

// weakest orders the exhibits that may go: those that the checklist needs least
// first, and of those the largest.
func (c *composer) weakest(r rendition, over excess) []*exhibit {
	worth := worths(r.checklist)
	out := slices.DeleteFunc(slices.Clone(r.book.exhibits), func(e *exhibit) bool { return c.size(r, over, e) == 0 })
	slices.SortStableFunc(out, func(x, y *exhibit) int {
		return cmp.Or(
			cmp.Compare(worth[x.item.ID], worth[y.item.ID]),
			-cmp.Compare(c.size(r, over, x), c.size(r, over, y)),
			-cmp.Compare(x.number, y.number),
		)
	})
	return out
}

// worths tells how much the checklist needs each item.
func worths(cl Checklist) map[string]int {
	rank := map[Need]int{NeedSupporting: 1, NeedOneOf: 2, NeedRequired: 3}
	out := make(map[string]int)
	for _, l := range cl.Lines {
		if l.Proof == proofDocument {
			continue // nobody asked for it in particular
		}
		for _, id := range l.Items {
			out[id] = max(out[id], rank[l.Need])
		}
	}
	return out
}

// bytesPerPage is about what a printed page of text takes, compressed.
const bytesPerPage = 3_000

// size is what an exhibit adds to the measure that is broken.
func (c *composer) size(r rendition, over excess, e *exhibit) float64 {
	slot := r.slots[e.key()]
	if over.field != "" && slot != over.field && (slot != "" || over.field != r.files[0].Field) {
		return 0
	}
	if over.limit == LimitTotalPages || over.limit == LimitFilePages {
		return r.cost[e.key()]
	}
	return float64(r.docs[e.key()].bytes) + r.cost[e.key()]*bytesPerPage
}

// leaveOut takes the file off an item that says something without it, and the
// item itself otherwise.
func (c *composer) leaveOut(r rendition, key itemKey, over excess, why string) {
	doc := r.docs[key]
	c.lint = append(c.lint, Finding{
		Limit: over.limit, Subject: key.id, Value: over.value, Max: over.max, Action: why,
		Bytes: doc.bytes, Pages: int(math.Ceil(r.cost[key])),
	})
	_, hasFile := c.sources[key]
	delete(c.sources, key)
	delete(c.ready, key)
	i := c.indexOf(key)
	if i < 0 {
		c.in.Case.Payment = nil // the exhibit was made of the case's own payment
		return
	}
	if it := &c.items[i]; hasFile && (it.Kind != dispute.ItemDocument || saysSomething(*it)) {
		it.Content = nil
		return
	}
	c.items = slices.DeleteFunc(c.items, func(it dispute.Item) bool { return keyOf(it) == key })
}

// indexOf finds an item; -1 when there is none.
func (c *composer) indexOf(key itemKey) int {
	return slices.IndexFunc(c.items, func(it dispute.Item) bool { return keyOf(it) == key })
}

// Unsent is the error that lists what a person has to choose from: the documents
// that were left out because they did not fit, each with its size as it would be
// sent at the least, and the limit that it broke. It is nil when nothing was.
// The packet without them is whole and may be sent as it is.
func Unsent(lint []Finding) error {
	var list []string
	for _, f := range lint {
		if f.Bytes > 0 || f.Pages > 0 {
			list = append(list, fmt.Sprintf("%s (pages: %d, bytes: %d; %s: %d, at most %d)", f.Subject, f.Pages, f.Bytes, f.Limit, f.Value, f.Max))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return dispute.Errorf(dispute.Invalid, "evidence: compose",
		"%d documents do not fit: shorten them, or keep out others that matter less: %s", len(list), strings.Join(list, "; "))
}
