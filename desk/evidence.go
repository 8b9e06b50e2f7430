package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// The most that people may add at once.
const (
	// MaxFile bounds one file of the evidence, in bytes.
	MaxFile = evidence.MaxDocumentBytes
	// MaxLetter bounds a letter by hand, in characters.
	MaxLetter = 20_000
)

// Slots are the places of a response that a document may be meant for, in the
// order people see them. A provider that lacks one gets the document elsewhere.
var Slots = []dispute.EvidenceField{
	dispute.FieldShippingDocumentation, dispute.FieldReceipt, dispute.FieldCustomerCommunication, dispute.FieldCustomerSignature,
	dispute.FieldServiceDocumentation, dispute.FieldRefundPolicy, dispute.FieldCancellationPolicy,
	dispute.FieldDuplicateChargeDocumentation, dispute.FieldUncategorizedFile,
}

// ItemRef names one item of a case's evidence: ids are a source's own.
type ItemRef struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// String is the reference as people write it: source/id.
func (r ItemRef) String() string { return r.Source + "/" + r.ID }

// ParseItemRef reads what String writes. Anything else is Invalid.
func ParseItemRef(s string) (ItemRef, error) {
	source, id, ok := strings.Cut(s, "/")
	if !ok || source == "" || id == "" {
		return ItemRef{}, dispute.Errorf(dispute.Invalid, "evidence item", "write it as source/id")
	}
	return ItemRef{Source: source, ID: id}, nil
}

func refOf(i dispute.Item) ItemRef { return ItemRef{Source: i.Source, ID: i.ID} }

// Exhibit is an item of a case's evidence and its place in the newest packet.
type Exhibit struct {
	store.Item `json:"item"`
	Number     int `json:"number"` // zero when the packet does not hold it
}

// Ref is the item's reference.
func (e Exhibit) Ref() ItemRef { return refOf(e.Item.Item) }

// Evidence lists what may be sent with a case, in the order in which it is or
// will be: a person's order first, then as the newest packet has it, then what
// that packet leaves out, then what a person excluded. Notes and letters are
// not among it.
func (d *Desk) Evidence(ctx context.Context, by Actor, caseID string) ([]Exhibit, error) {
	row, err := d.Row(ctx, by, caseID)
	if err != nil {
		return nil, err
	}
	items, err := d.DB.Items(ctx, row.ID)
	if err != nil || row.PacketHash == "" {
		return Arrange(items, nil), err
	}
	kept, err := d.DB.GetPacket(ctx, row.ID, row.PacketHash)
	if err != nil {
		return nil, err
	}
	p, err := OpenPacket(kept)
	return Arrange(items, p.Exhibits), err
}

// Arrange puts a case's items in the order of Evidence; exhibits are those of
// the newest packet.
func Arrange(items []store.Item, exhibits []PacketExhibit) []Exhibit {
	numbers := map[ItemRef]int{}
	for _, e := range exhibits {
		numbers[e.ItemRef] = e.Number
	}
	out := make([]Exhibit, 0, len(items))
	for _, i := range items {
		if i.Kind != dispute.ItemNote && i.Kind != dispute.ItemLetter {
			out = append(out, Exhibit{Item: i, Number: numbers[refOf(i.Item)]})
		}
	}
	slices.SortStableFunc(out, func(a, b Exhibit) int {
		return cmp.Or(trueLast(a.Excluded, b.Excluded), zeroLast(a.Rank, b.Rank), zeroLast(a.Number, b.Number))
	})
	return out
}

func trueLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func zeroLast(a, b int) int {
	if a == 0 || b == 0 {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// Upload is a file that a person adds to the evidence.
type Upload struct {
	Name    string
	Title   string                // one line for the list of exhibits; the name when empty
	Slot    dispute.EvidenceField // one of Slots; empty leaves the choice to the packet
	Content []byte
}

// Attach adds a file to the case's evidence. Its kind is read from its
// bytes; one that no provider takes is refused with the kinds that are right.
// Texts and HTML count as messages unless their slot says otherwise, and card
// numbers in them are masked. The same id told again is the same document.
func (d *Desk) Attach(ctx context.Context, by Actor, caseID, id string, up Upload) (dispute.Face, error) {
	if err := by.need(MayWorkCases); err != nil {
		return dispute.Face{}, err
	}
	if len(up.Content) > MaxFile {
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "attach", "a file has at most %d MiB: make it smaller or split it", MaxFile>>20)
	}
	if err := knownSlot(up.Slot); err != nil {
		return dispute.Face{}, err
	}
	mediaType := messageType(up.Name, up.Content)
	isMessage := mediaType != ""
	if !isMessage {
		var err error
		if mediaType, err = evidence.Sniff(up.Name, up.Content); err != nil {
			return dispute.Face{}, err
		}
	}
	item := dispute.Item{ID: id, Kind: dispute.ItemDocument, Title: masked(cmp.Or(up.Title, up.Name)), FileName: up.Name, MediaType: mediaType}
	if isMessage {
		up.Content = []byte(masked(string(up.Content)))
		if up.Slot == "" || up.Slot == dispute.FieldCustomerCommunication {
			item.Kind = dispute.ItemCommunication
		}
	}
	if up.Slot != "" {
		item.Facts = map[string]string{dispute.FactSlot: string(up.Slot)}
	}
	var err error
	if item.Blob, err = d.Blobs.Put(ctx, up.Content, mediaType); err != nil {
		return dispute.Face{}, err
	}
	return d.add(ctx, by, caseID, dispute.DecideAttach, item)
}

func knownSlot(s dispute.EvidenceField) error {
	if s != "" && !slices.Contains(Slots, s) {
		return dispute.Errorf(dispute.Invalid, "slot", "there is no such slot; there are %v", Slots)
	}
	return nil
}

// Exclude keeps an item out of the packet, or lets it in again. The packet is
// composed anew, as after every change of the evidence here. Once the answer
// was sent each of them is a Conflict. The same id told again is one change.
func (d *Desk) Exclude(ctx context.Context, by Actor, caseID, id string, item ItemRef, excluded bool) (dispute.Face, error) {
	what := "included"
	if excluded {
		what = "excluded"
	}
	return d.revise(ctx, by, caseID, revision{id: id, what: what, item: item, do: func(tx *store.CaseTx) error {
		return tx.ExcludeItem(item.Source, item.ID, excluded)
	}})
}

// Reorder puts the named items before all others, in this order; the others
// follow by their kind and age. No items at all give the order back to the
// packet. An item named twice is Invalid.
func (d *Desk) Reorder(ctx context.Context, by Actor, caseID, id string, order []ItemRef) (dispute.Face, error) {
	ranks := make(map[ItemRef]int, len(order))
	for i, item := range order {
		if ranks[item] > 0 {
			return dispute.Face{}, dispute.Errorf(dispute.Invalid, "reorder", "item %s is named twice", item.ID)
		}
		ranks[item] = i + 1
	}
	return d.revise(ctx, by, caseID, revision{id: id, what: "reordered", do: func(tx *store.CaseTx) error {
		items, err := tx.Items()
		if err != nil {
			return err
		}
		for _, i := range items {
			if _, named := ranks[refOf(i.Item)]; !named && i.Rank > 0 {
				ranks[refOf(i.Item)] = 0
			}
		}
		for item, rank := range ranks {
			if err := tx.RankItem(item.Source, item.ID, rank); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Description is what a person says of a document of theirs. What is empty
// stays as it is.
type Description struct {
	Title string
	Slot  dispute.EvidenceField // one of Slots
}

// Describe changes the title and the slot of a document that a person added.
// What a source tells stays as it told it: naming it is Invalid.
func (d *Desk) Describe(ctx context.Context, by Actor, caseID, id string, item ItemRef, is Description) (dispute.Face, error) {
	if err := knownSlot(is.Slot); err != nil {
		return dispute.Face{}, err
	}
	return d.revise(ctx, by, caseID, revision{id: id, what: "described", item: item, do: func(tx *store.CaseTx) error {
		items, err := tx.Items()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(items, func(i store.Item) bool { return refOf(i.Item) == item })
		if at < 0 {
			return &dispute.Error{Kind: dispute.NotFound, Op: "item " + item.ID}
		}
		doc := items[at].Item
		if !Describable(doc) {
			return dispute.Errorf(dispute.Invalid, "describe "+item.ID, "only a document that a person added has a title and a slot to change")
		}
		doc.Title = cmp.Or(masked(is.Title), doc.Title)
		if is.Slot != "" {
			doc.Facts = with(doc.Facts, dispute.FactSlot, string(is.Slot))
		}
		return tx.SaveItems([]dispute.Item{doc})
	}})
}

// Describable reports whether Describe takes an item.
func Describable(i dispute.Item) bool {
	return strings.HasPrefix(i.Source, "person:") && i.Blob.Key != ""
}

func with(facts map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, v := range facts {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// ReplaceLetter has a person's own words sent instead of the composed letter.
// Card numbers in them are masked.
func (d *Desk) ReplaceLetter(ctx context.Context, by Actor, caseID, id, text string) (dispute.Face, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "letter", "it is empty")
	case utf8.RuneCountInString(text) > MaxLetter:
		return dispute.Face{}, dispute.Errorf(dispute.Invalid, "letter", "it is longer than %d characters", MaxLetter)
	}
	letter := dispute.Item{
		ID: cmp.Or(id, uuid.NewString()), Source: "person:" + by.ID, Kind: dispute.ItemLetter, Title: "Letter by " + by.ID,
		At: d.Now().UTC(), Facts: map[string]string{dispute.FactText: masked(text)},
	}
	rev := revision{id: letter.ID, what: "letter_replaced", item: refOf(letter), do: func(tx *store.CaseTx) error {
		return tx.SaveItems([]dispute.Item{letter})
	}}
	return d.revise(ctx, by, caseID, rev)
}

// DropLetter goes back to the composed letter.
func (d *Desk) DropLetter(ctx context.Context, by Actor, caseID, id string) (dispute.Face, error) {
	return d.revise(ctx, by, caseID, revision{id: id, what: "letter_dropped", do: func(tx *store.CaseTx) error {
		items, err := tx.Items()
		if err != nil {
			return err
		}
		for _, i := range items {
			if i.Kind != dispute.ItemLetter || i.Excluded {
				continue
			}
			if err := tx.ExcludeItem(i.Source, i.ID, true); err != nil {
				return err
			}
		}
		return nil
	}})
}
