package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Exhibit is one item of evidence as the letter cites it.
type Exhibit struct {
	Number int    `json:"number"` // from 1
	Item   string `json:"item"`   // the item's id
	Source string `json:"source"`
	Title  string `json:"title"`
}

// exhibit is an item made ready for print: texts cleaned, numbers nobody may see hidden.
type exhibit struct {
	number int
	item   dispute.Item
	hidden Hidden // in its texts
}

// itemKey names an item across sources.
type itemKey struct {
	source, id string
	kind       dispute.ItemKind
}

func keyOf(it dispute.Item) itemKey { return itemKey{it.Source, it.ID, it.Kind} }

func (e *exhibit) key() itemKey { return keyOf(e.item) }

func (e *exhibit) fact(name string) string { return e.item.Facts[name] }

// date is a fact that is a date; ok is false when it is missing or no date.
func (e *exhibit) date(name string) (t time.Time, ok bool) { return parseDate(e.fact(name)) }

func (e *exhibit) slot() dispute.EvidenceField {
	return dispute.EvidenceField(e.fact(dispute.FactSlot))
}

func (e *exhibit) is(kinds ...dispute.ItemKind) bool { return slices.Contains(kinds, e.item.Kind) }

// isFile reports whether the exhibit is a document for one of the slots.
func (e *exhibit) isFile(slots ...dispute.EvidenceField) bool {
	return e.is(dispute.ItemDocument) && slices.Contains(slots, e.slot())
}

// book is the case with its exhibits in their order.
type book struct {
	c        dispute.Case
	opened   time.Time
	exhibits []*exhibit

	eligibility Eligibility
	compelling  *dispute.CompellingEvidence
	agreed      []string   // what this sale and the earlier ones have in common
	earlier     []*exhibit // the sales that agree
}

// newBook orders and cleans the items. The same items in any order give the
// same book. Notes are a person's own words and never become exhibits; nor do
// messages without a direction, because a CRM keeps the staff's remarks among
// its messages.
func newBook(c dispute.Case, items []dispute.Item) *book {
	b := &book{c: cleanCase(c), opened: c.View.Snapshot.OpenedAt.UTC()}
	for _, it := range withPayment(c, items) {
		if !internal(it) {
			b.exhibits = append(b.exhibits, newExhibit(it))
		}
	}
	slices.SortFunc(b.exhibits, compareExhibits)
	b.exhibits = slices.CompactFunc(b.exhibits, func(x, y *exhibit) bool {
		return x.key() == y.key()
	})
	for i, e := range b.exhibits {
		e.number = i + 1
	}
	b.eligibility, b.compelling = CompellingEvidence(c, items)
	b.agreed, b.earlier = b.sameBuyer()
	return b
}

func internal(it dispute.Item) bool {
	return it.Kind == dispute.ItemNote || it.Kind == dispute.ItemLetter || it.Kind == dispute.ItemCommunication && it.Facts[dispute.FactDirection] == ""
}

func newExhibit(it dispute.Item) *exhibit {
	e := &exhibit{item: it}
	e.item.Title = e.clean("title", it.Title)
	if e.item.Title == "" {
		e.item.Title = kindTitles[it.Kind]
	}
	e.item.FileName = e.clean("file_name", it.FileName)
	e.item.Facts = make(map[string]string, len(it.Facts))
	for name, value := range it.Facts {
		if name == dispute.FactText && (isHTML(value) || strings.HasPrefix(it.MediaType, "text/html")) {
			value = readable(value)
		}
		if v := e.clean(name, value); v != "" {
			e.item.Facts[name] = v
		}
	}
	e.item.Log = e.cleanLog(it.Log)
	return e
}

// cleanLog gives the entries that say something, oldest first.
func (e *exhibit) cleanLog(log []dispute.LogEntry) []dispute.LogEntry {
	var out []dispute.LogEntry
	for _, entry := range log {
		if what := oneLine(e.clean("log", entry.What)); what != "" {
			out = append(out, dispute.LogEntry{At: entry.At.UTC(), What: what})
		}
	}
	slices.SortStableFunc(out, func(x, y dispute.LogEntry) int { return compareTimes(x.At, y.At) })
	return out
}

func (e *exhibit) clean(name, value string) string {
	masked, n := maskFact(name, cleanText(value))
	e.hidden.add(n)
	return masked
}

// cleanCase hides card numbers in the words of the case that are printed.
func cleanCase(c dispute.Case) dispute.Case {
	for _, s := range []*string{
		&c.Merchant, &c.View.Snapshot.Reason, &c.View.Snapshot.Network, &c.View.Snapshot.NetworkCode,
	} {
		*s, _ = MaskCards(oneLine(cleanText(*s)))
	}
	return c
}

// withPayment adds the payment that the provider told with the case, and its
// refund, where no source brought them as items.
func withPayment(c dispute.Case, items []dispute.Item) []dispute.Item {
	p := c.Payment
	if p == nil {
		return items
	}
	out := slices.Clone(items)
	if !hasKind(items, dispute.ItemPayment) {
		out = append(out, paymentItem(c.Ref.Connection, p))
	}
	if !p.Refunded.IsZero() && !hasKind(items, dispute.ItemRefund) && !hasFact(items, dispute.FactRefundedAmount) {
		out = append(out, dispute.Item{
			ID: "refunds:" + p.ID, Source: c.Ref.Connection, Kind: dispute.ItemRefund, Title: kindTitles[dispute.ItemRefund],
			Facts: map[string]string{dispute.FactRefundedAmount: p.Refunded.String()},
		})
	}
	return out
}

func paymentItem(source string, p *dispute.Payment) dispute.Item {
	facts := map[string]string{
		dispute.FactCustomerName: p.Name, dispute.FactCustomerEmail: p.Email,
		dispute.FactOrderID: p.OrderID, dispute.FactOrderName: p.OrderName,
		dispute.FactInvoiceID: p.Invoice, dispute.FactSubscriptionID: p.Subscription,
	}
	if !p.Amount.IsZero() {
		facts[dispute.FactAmount] = p.Amount.String()
	}
	if !p.At.IsZero() {
		facts[dispute.FactPaidAt] = p.At.UTC().Format(time.RFC3339)
	}
	return dispute.Item{
		ID: "payment:" + p.ID, Source: source, Kind: dispute.ItemPayment,
		Title: kindTitles[dispute.ItemPayment], At: p.At, Facts: facts,
	}
}

func hasKind(items []dispute.Item, kind dispute.ItemKind) bool {
	return slices.ContainsFunc(items, func(it dispute.Item) bool { return it.Kind == kind })
}

func hasFact(items []dispute.Item, name string) bool {
	return slices.ContainsFunc(items, func(it dispute.Item) bool { return it.Facts[name] != "" })
}

// kindOrder is the order of exhibits: the sale, its fulfilment, the talk
// about it, history, papers.
var kindOrder = []dispute.ItemKind{
	dispute.ItemPayment, dispute.ItemRefund, dispute.ItemCustomer, dispute.ItemOrder, dispute.ItemFulfillment,
	dispute.ItemDelivery, dispute.ItemAccess, dispute.ItemCommunication, dispute.ItemPriorPayment, dispute.ItemDocument,
}

var kindTitles = map[dispute.ItemKind]string{
	dispute.ItemPayment: "Payment record", dispute.ItemRefund: "Refund record", dispute.ItemCustomer: "Customer record",
	dispute.ItemAccess: "Log-ins and use", dispute.ItemOrder: "Order", dispute.ItemFulfillment: "Shipment", dispute.ItemDelivery: "Carrier's delivery record",
	dispute.ItemCommunication: "Message", dispute.ItemPriorPayment: "Earlier payment", dispute.ItemDocument: "Document",
}

// compareExhibits orders exhibits totally: by the place that a person gave
// them, by kind, oldest first, then by source and id, then by all they say.
func compareExhibits(x, y *exhibit) int {
	a, b := x.item, y.item
	return cmp.Or(
		compareRanks(a.Rank, b.Rank),
		cmp.Compare(kindRank(a.Kind), kindRank(b.Kind)),
		strings.Compare(string(a.Kind), string(b.Kind)),
		compareTimes(a.At, b.At),
		strings.Compare(a.Source, b.Source),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Title, b.Title),
		strings.Compare(factLines(a.Facts), factLines(b.Facts)),
		slices.CompareFunc(a.Log, b.Log, compareEntries),
		strings.Compare(a.FileName+a.MediaType, b.FileName+b.MediaType),
		slices.Compare(a.Content, b.Content),
	)
}

// compareRanks puts what nobody gave a place last.
func compareRanks(a, b int) int {
	if (a > 0) != (b > 0) {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

func compareEntries(a, b dispute.LogEntry) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.What, b.What))
}

func kindRank(k dispute.ItemKind) int {
	if i := slices.Index(kindOrder, k); i >= 0 {
		return i
	}
	return len(kindOrder)
}

// compareTimes puts what has no time last.
func compareTimes(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

func factLines(facts map[string]string) string {
	var sb strings.Builder
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		sb.WriteString(name + "=" + facts[name] + "\n")
	}
	return sb.String()
}

// matching gives the exhibits for which match holds, in order.
func (b *book) matching(match func(*exhibit) bool) []*exhibit {
	var out []*exhibit
	for _, e := range b.exhibits {
		if match(e) {
			out = append(out, e)
		}
	}
	return out
}

// first gives the value of a fact in the first exhibit of the first of the
// kinds that has it.
func (b *book) first(name string, kinds ...dispute.ItemKind) string {
	for _, kind := range kinds {
		for _, e := range b.exhibits {
			if e.is(kind) && e.fact(name) != "" {
				return e.fact(name)
			}
		}
	}
	return ""
}

// all gives the different values of a fact in exhibits of the kinds, in order.
func (b *book) all(name string, kinds ...dispute.ItemKind) []string {
	var out []string
	for _, e := range b.exhibits {
		if v := e.fact(name); v != "" && e.is(kinds...) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// public lists the exhibits as others may see them.
func (b *book) public() []Exhibit {
	out := make([]Exhibit, 0, len(b.exhibits))
	for _, e := range b.exhibits {
		out = append(out, Exhibit{Number: e.number, Item: e.item.ID, Source: e.item.Source, Title: e.item.Title})
	}
	return out
}

func ids(exhibits []*exhibit) []string {
	var out []string
	for _, e := range exhibits {
		out = append(out, e.item.ID)
	}
	return out
}
