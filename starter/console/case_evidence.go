package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// evidenceView is the evidence of a case in its order.
type evidenceView struct {
	Items  []exhibit
	CaseID string
	May    bool   // change it
	Frozen string // why nobody may any more
}

// exhibit is one evidence item, with its number when the packet holds it.
type exhibit struct {
	Number   int
	Title    string
	Kind     string
	Source   string
	ID       string
	Anchor   string // names it on the page
	At       time.Time
	Facts    []named
	File     string // its address; empty when the item has none
	FileSize int64
	Excluded bool
	Slot     dispute.EvidenceField

	// What a person may do with it, and the ids that make a button pressed twice
	// one change.
	Up, Down, Exclude, Describe bool
	CaseID                      string
	Click, OtherClick           string
}

// slot is a place of a response that a document may be meant for.
type slot struct {
	Key  dispute.EvidenceField
	Word string
}

// slotChoice is a field of a form that chooses a slot.
type slotChoice struct {
	ID     string // of the field
	Chosen dispute.EvidenceField
	Slots  []slot
}

func choose(id string, chosen dispute.EvidenceField) slotChoice {
	out := slotChoice{ID: id, Chosen: chosen}
	for _, s := range desk.Slots {
		out.Slots = append(out.Slots, slot{s, capital(plain(string(s)))})
	}
	return out
}

// evidence lists the case's items as desk.Evidence does, and among them what
// the packet took from the case itself.
func (f *file) evidence(who desk.Actor) evidenceView {
	var numbered []desk.PacketExhibit
	if p := f.packet(); p != nil {
		numbered = p.exhibits
	}
	view := evidenceView{CaseID: f.ID, Frozen: desk.Frozen(f.CaseRow)}
	view.May = view.Frozen == "" && who.May(desk.MayWorkCases)
	stored := map[desk.ItemRef]bool{}
	for _, i := range f.Items {
		stored[desk.ItemRef{Source: i.Source, ID: i.ID}] = true
	}
	items := slices.Clone(f.Items)
	for _, e := range numbered {
		if !stored[e.ItemRef] {
			items = append(items, store.Item{Item: dispute.Item{ID: e.ID, Source: e.Source}})
		}
	}
	for _, e := range desk.Arrange(items, numbered) {
		out := newExhibit(f.ID, e)
		out.Exclude = view.May && stored[e.Ref()]
		out.Describe = view.May && desk.Describable(e.Item.Item)
		view.Items = append(view.Items, out)
	}
	view.letMove()
	return view
}

// letMove offers to move what is not excluded past its neighbours.
func (v *evidenceView) letMove() {
	last := -1
	for i := range v.Items {
		if e := &v.Items[i]; !e.Exclude || e.Excluded {
			continue
		}
		if last >= 0 {
			v.Items[i].Up, v.Items[last].Down = true, true
		}
		last = i
	}
}

func newExhibit(caseID string, i desk.Exhibit) exhibit {
	out := exhibit{
		Number: i.Number, Title: i.Title, Kind: plain(string(i.Kind)), Source: i.Source, ID: i.ID, At: i.At, Excluded: i.Excluded,
		Slot: dispute.EvidenceField(i.Facts[dispute.FactSlot]), Anchor: anchor(i.Ref()), CaseID: caseID,
		Click: uuid.NewString(), OtherClick: uuid.NewString(),
	}
	if out.Title == "" {
		out.Title = i.ID
	}
	for _, name := range slices.Sorted(maps.Keys(i.Facts)) {
		out.Facts = append(out.Facts, named{plain(name), i.Facts[name]})
	}
	if i.Blob.Key != "" {
		q := url.Values{"source": {i.Source}, "id": {i.ID}}
		out.File, out.FileSize = casePath(caseID)+"/item?"+q.Encode(), i.Blob.Size
	}
	return out
}

// anchor names an item on its page, whatever its source calls it.
func anchor(item desk.ItemRef) string {
	sum := sha256.Sum256([]byte(item.String()))
	return "item-" + hex.EncodeToString(sum[:6])
}

// revise does what a button beside an item says, and comes back to the item.
func (c *Console) revise(v *visit) error {
	if err := v.form(); err != nil {
		return err
	}
	click, item := v.PostForm("click"), desk.ItemRef{Source: v.PostForm("source"), ID: v.PostForm("item")}
	if _, err := uuid.Parse(click); err != nil {
		return dispute.Errorf(dispute.Invalid, "revise", "the form has no click id: open the case again")
	}
	ctx, stop := context.WithTimeout(v.Request.Context(), patience)
	defer stop()
	var err error
	switch do := v.PostForm("do"); do {
	case "up", "down":
		err = c.move(ctx, v, click, item, do == "up")
	case "exclude", "include":
		_, err = c.desk.Exclude(ctx, v.who, v.Param("id"), click, item, do == "exclude")
	case "describe":
		is := desk.Description{Title: v.PostForm("title"), Slot: dispute.EvidenceField(v.PostForm("slot"))}
		_, err = c.desk.Describe(ctx, v.who, v.Param("id"), click, item, is)
	default:
		return dispute.Errorf(dispute.Invalid, "revise", "there is no such button")
	}
	return c.back(v, string(dispute.DecideRevise)+"#"+anchor(item), err)
}

// move puts an item before or behind its neighbour in the order that the page
// shows.
func (c *Console) move(ctx context.Context, v *visit, click string, item desk.ItemRef, up bool) error {
	list, err := c.desk.Evidence(ctx, v.who, v.Param("id"))
	if err != nil {
		return err
	}
	var order []desk.ItemRef
	for _, e := range list {
		if !e.Excluded {
			order = append(order, e.Ref())
		}
	}
	at := slices.Index(order, item)
	to := at + 1
	if up {
		to = at - 1
	}
	switch {
	case at < 0:
		return notFound("item")
	case to >= 0 && to < len(order):
		order[at], order[to] = order[to], order[at]
	}
	_, err = c.desk.Reorder(ctx, v.who, v.Param("id"), click, order)
	return err
}
