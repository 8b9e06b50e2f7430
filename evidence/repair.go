package evidence

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// excess is the first limit that a rendition breaks.
type excess struct {
	limit      string
	value, max int64
	field      dispute.EvidenceField // of the file that is too large; empty for all
}

// over finds the first limit that is broken; ok is false when none is.
func (c *composer) over(r rendition) (over excess, ok bool) {
	var bytes, pages int64
	for _, f := range r.files {
		size := int64(len(f.Bytes))
		if size > c.limits.FileBytes {
			return excess{LimitFileBytes, size, c.limits.FileBytes, f.Field}, true
		}
		bytes += size
		pages += int64(f.Pages)
	}
	switch {
	case bytes > c.limits.TotalBytes:
		return excess{LimitTotalBytes, bytes, c.limits.TotalBytes, ""}, true
	case pages > int64(c.limits.TotalPages):
		return excess{LimitTotalPages, pages, int64(c.limits.TotalPages), ""}, true
	}
	return excess{}, false
}

// repair makes the next rendition smaller: pictures first, then one file
// instead of many, then without the weakest exhibits. It reports false when
// nothing is left to do.
func (c *composer) repair(r rendition, over excess) bool {
	switch {
	case over.limit != LimitTotalPages && c.step < len(qualities)-1 && r.docs.hasPictures():
		c.step++
		c.found(over, "", fmt.Sprintf("pictures printed at %d dots per inch", qualities[c.step].dpi))
		return true
	case over.limit != LimitFileBytes && !c.folded && len(r.files) > 1:
		c.folded = true
		c.found(over, "", "everything put into one file")
		return true
	}
	return c.drop(r, over)
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
		c.leaveOut(e, over)
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
	if over.limit == LimitTotalPages {
		return r.cost[e.key()]
	}
	if slot := r.slots[e.key()]; over.field != "" && slot != over.field && (slot != "" || over.field != r.files[0].Field) {
		return 0
	}
	doc := r.docs[e.key()]
	return float64(len(doc.pdf)+len(doc.picture.jpeg)) + r.cost[e.key()]*bytesPerPage
}

// leaveOut takes the file off an item that says something without it, and the
// item itself otherwise.
func (c *composer) leaveOut(e *exhibit, over excess) {
	c.found(over, e.item.ID, "left out: the weakest of what did not fit")
	i := slices.IndexFunc(c.items, func(it dispute.Item) bool { return keyOf(it) == e.key() })
	if i < 0 {
		c.in.Case.Payment = nil // the exhibit was made of the case's own payment
		return
	}
	if len(c.items[i].Content) > 0 && c.items[i].Kind != dispute.ItemDocument {
		c.items[i].Content = nil
		return
	}
	c.items = slices.DeleteFunc(c.items, func(it dispute.Item) bool { return keyOf(it) == e.key() })
}
