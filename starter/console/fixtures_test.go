package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// noon is the time in every test.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// story is a case as a test wants it; what is left out is filled in.
type story struct {
	id, connection      string
	amount              int64
	currency            string
	network, code, word string
	stage               dispute.Stage
	status              dispute.Status
	provider            dispute.ProviderStatus
	due                 time.Duration // from noon; zero: no deadline
	queue, owner        string
	needs, next         string
	items               []dispute.Item
	excluded            string // an item of shipbob's that a person keeps out
	note                string
	events              []store.Event
	sources             []dispute.SourceResult
	movements           []dispute.Movement
	payment             *dispute.Payment
	sent, composed      bool
}

func (s story) ref() dispute.Ref { return dispute.Ref{Connection: s.connection, ID: s.id} }

func (s story) caseID() string { return s.ref().CaseID() }

func (s story) notice() dispute.Notice {
	snap := dispute.Snapshot{
		ID: s.id, Payment: "ch_" + s.id, Amount: dispute.Money{Minor: s.amount, Currency: s.currency},
		Reason: s.word, Network: s.network, NetworkCode: s.code, RawStatus: string(s.provider), Status: s.provider,
		Stage: s.stage, OpenedAt: noon.AddDate(0, 0, -8), Movements: s.movements,
	}
	if s.due != 0 {
		snap.DueBy = noon.Add(s.due)
	}
	return dispute.Notice{
		Connection: s.connection, EventID: "evt_" + s.id, Kind: dispute.NoticeOpened, RawKind: "charge.dispute.created",
		OccurredAt: noon.AddDate(0, 0, -8), Snapshot: &snap,
	}
}

func (s story) defaults() story {
	if s.connection == "" {
		s.connection = "stripe-us"
	}
	if s.currency == "" {
		s.amount, s.currency = 12_900, "USD"
	}
	if s.word == "" {
		s.network, s.code, s.word = "visa", "13.1", "product_not_received"
	}
	if s.stage == "" {
		s.stage = dispute.StageChargeback
	}
	if s.status == "" {
		s.status = dispute.StatusOpen
	}
	if s.provider == "" {
		s.provider = dispute.ProviderNeedsResponse
	}
	return s
}

// tell writes a story as the case's workflow would have.
func (w *site) tell(stories ...story) {
	w.t.Helper()
	for _, s := range stories {
		s = s.defaults()
		err := w.db.InCase(w.t.Context(), s.ref(), func(tx *store.CaseTx) error {
			s.fill(w.t, tx.Row())
			if err := w.evidence(tx, s); err != nil {
				return err
			}
			if err := journal(tx); err != nil {
				return err
			}
			for _, e := range s.history() {
				if err := tx.Append(e); err != nil {
					return err
				}
			}
			return nil
		})
		check(w.t, err)
		if s.sent {
			w.receipt(s)
		}
	}
}

func (s story) fill(t testing.TB, r *store.CaseRow) {
	r.View = dispute.Fold(r.View, s.notice())
	snap := r.View.Snapshot
	window, note := networks.Window(snap)
	r.Merchant, r.Part, r.Family, r.Status = "acme", 1, networks.Family(snap), s.status
	r.Deadline = dispute.Earliest(r.View, dispute.Windows{Network: window, NetworkNote: note})
	if s.due == 0 {
		r.Deadline = dispute.Deadline{}
	}
	r.Queue, r.Assignee, r.Needs, r.Next = s.queue, s.owner, s.needs, s.next
	if s.due > 0 {
		r.CutOffAt = r.Deadline.At.Add(-6 * time.Hour)
	}
	if answerable(*r) {
		r.ArmedUntil = r.CutOffAt
	}
	r.WorkflowID, r.Payment = s.ref().WorkflowID(1), s.payment
	r.Sources = asJSON(t, s.sources)
	route, err := rules.Default().Evaluate(rules.Input{Case: r.Case, Now: noon})
	check(t, err)
	r.Rule, r.RuleSet, r.Route = route.Rule, route.SetHash, asJSON(t, route)
	if s.sent {
		r.Response, r.SubmittedAt = dispute.ResponseContest, noon.Add(-time.Hour)
	}
}

// evidence stores the items and, where the story has a packet, composes it as
// the activity does.
func (w *site) evidence(tx *store.CaseTx, s story) error {
	row := tx.Row()
	items := slices.Clone(s.items)
	for i, item := range items {
		if len(item.Content) == 0 {
			continue
		}
		blob, err := w.desk.Blobs.Put(w.t.Context(), item.Content, item.MediaType)
		if err != nil {
			return err
		}
		items[i].Blob = blob
	}
	stored := slices.Clone(items)
	if s.note != "" {
		stored = append(stored, dispute.Item{
			ID: "note", Source: "person:mia", Kind: dispute.ItemNote, Title: "Note by mia", At: noon.Add(-2 * time.Hour),
			Facts: map[string]string{dispute.FactText: s.note},
		})
	}
	if err := tx.SaveItems(stored); err != nil {
		return err
	}
	if s.excluded != "" {
		if err := tx.ExcludeItem("shipbob", s.excluded, true); err != nil {
			return err
		}
	}
	if !s.composed {
		return nil
	}
	items = slices.DeleteFunc(items, func(i dispute.Item) bool { return s.excluded != "" && i.ID == s.excluded })
	p, err := evidence.Compose(evidence.Input{Case: row.Case, Items: items, Limits: limits()})
	if err != nil {
		return err
	}
	kept := store.Packet{Hash: p.Hash, Texts: p.Texts, Frozen: s.sent, CreatedAt: noon.Add(-3 * time.Hour), Manifest: asJSON(w.t, evidence.Dossier{
		Parts: evidence.Manifest(p), Checklist: p.Checklist, Letter: p.Letter, Lint: p.Lint,
	})}
	for _, f := range p.Files {
		blob, err := w.desk.Blobs.Put(w.t.Context(), f.Bytes, f.MediaType)
		if err != nil {
			return err
		}
		kept.Files = append(kept.Files, blob)
	}
	row.PacketHash, row.Strength = p.Hash, p.Checklist.Strength
	return tx.SavePacket(kept)
}

func limits() evidence.Limits {
	return evidence.Limits{
		TextFieldChars: 400, FileBytes: 4_500_000, TotalBytes: 4_500_000, TotalPages: 49,
		MediaTypes: []string{evidence.MediaPDF, evidence.MediaJPEG, evidence.MediaPNG},
		FileFields: []dispute.EvidenceField{
			dispute.FieldShippingDocumentation, dispute.FieldCustomerCommunication, dispute.FieldUncategorizedFile,
		},
		TextFields: []dispute.EvidenceField{
			dispute.FieldCustomerName, dispute.FieldProductDescription, dispute.FieldShippingTrackingNumber, dispute.FieldUncategorizedText,
		},
	}
}

func journal(tx *store.CaseTx) error {
	r := tx.Row()
	entries, err := ledger.Expected(ledger.Facts{
		CaseID: r.ID, Connection: r.Ref.Connection, DisputeID: r.Ref.ID, Family: r.Family, View: r.View, Amount: r.Amount(),
	})
	if err != nil {
		return err
	}
	return tx.Post(entries)
}

// receipt is the proof of a submission.
func (w *site) receipt(s story) {
	key := s.caseID() + "/chargeback/respond/0"
	_, _, err := w.db.BeginIntent(w.t.Context(), store.Intent{
		Key: key, CaseID: s.caseID(), Kind: string(dispute.ResponseContest), Target: s.connection, Detail: asJSON(w.t, map[string]string{"by": "mia"}),
	})
	check(w.t, err)
	check(w.t, w.db.FinishIntent(w.t.Context(), key, store.Receipt{
		Detail: asJSON(w.t, map[string]any{
			"vendor_id": s.id, "request_id": "req_8Tq", "at": noon.Add(-time.Hour), "raw_status": "under_review",
			"outcome": dispute.AnswerSent, "by": "mia", "read_back": "under_review",
		}),
		Request: []byte("evidence[uncategorized_text]=…&submit=true"), Response: []byte(`{"id":"` + s.id + `"}`),
	}))
}

func (s story) history() []store.Event {
	opened := noon.AddDate(0, 0, -8)
	out := []store.Event{
		happened(opened, "provider", "notice", "kind", "opened", "event", "charge.dispute.created", "status", "needs_response"),
		happened(opened.Add(time.Second), "machine", "planned", "rule", "high-value-not-received", "queue", s.queue, "cut_off", "2026-12-01 11:12:00Z"),
	}
	for _, src := range s.sources {
		out = append(out, happened(opened.Add(3*time.Second), "machine", "source", "source", src.Connection, "outcome", src.Outcome, "items", fmt.Sprint(src.Items)))
	}
	return append(out, s.events...)
}

func happened(at time.Time, actor, kind string, data ...string) store.Event {
	words := map[string]string{}
	for i := 0; i+1 < len(data); i += 2 {
		words[data[i]] = data[i+1]
	}
	raw, err := json.Marshal(words)
	if err != nil {
		panic(err)
	}
	return store.Event{At: at, Actor: actor, Kind: kind, Data: raw}
}

func asJSON(t testing.TB, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	check(t, err)
	return raw
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func item(source string, kind dispute.ItemKind, id, title string, at time.Time, facts ...string) dispute.Item {
	i := dispute.Item{ID: id, Source: source, Kind: kind, Title: title, At: at, Facts: map[string]string{}}
	for n := 0; n+1 < len(facts); n += 2 {
		i.Facts[facts[n]] = facts[n+1]
	}
	return i
}

// parcel is what the sources bring for a parcel that arrived.
func parcel() []dispute.Item {
	paid := noon.AddDate(0, -1, -10)
	stamp := func(days int) string { return paid.AddDate(0, 0, days).Format(time.RFC3339) }
	photo := item("shipbob", dispute.ItemDocument, "pod:77", "Photograph at the door", paid.AddDate(0, 0, 4))
	photo.Content, photo.MediaType, photo.FileName = picture(), evidence.MediaPNG, "door.png"
	return []dispute.Item{
		item("stripe-us", dispute.ItemPayment, "charge:ch_1", "Charge ch_1", paid,
			dispute.FactAmount, "1240.00 USD", dispute.FactPaidAt, stamp(0), dispute.FactDescriptor, "ACME OUTDOOR",
			dispute.FactCardBrand, "visa", dispute.FactCardLast4, "4242", dispute.FactCVC, "pass", dispute.FactAVSPostal, "pass",
			dispute.FactBillingAddress, "12 Elm Street, Portland OR 97205, US"),
		item("shopify", dispute.ItemOrder, "order:1001", "Order #1001", paid,
			dispute.FactOrderID, "1001", dispute.FactOrderName, "#1001", dispute.FactOrderedAt, stamp(0),
			dispute.FactProducts, "1 × Tent for two, green", dispute.FactCustomerName, "Jenny Rosen", dispute.FactCustomerEmail, "jenny@example.com"),
		item("shipbob", dispute.ItemFulfillment, "shipment:77", "Shipment 77", paid.AddDate(0, 0, 1),
			dispute.FactCarrier, "UPS", dispute.FactTrackingNumber, "1Z999AA10123456784", dispute.FactShippedAt, stamp(1),
			dispute.FactShippingAddress, "12 Elm Street, Portland OR 97205, US"),
		item("shipbob", dispute.ItemDelivery, "track:77", "Delivered by UPS", paid.AddDate(0, 0, 4),
			dispute.FactCarrier, "UPS", dispute.FactTrackingNumber, "1Z999AA10123456784", dispute.FactDeliveredAt, stamp(4)),
		item("hubspot", dispute.ItemCommunication, "ticket:55", "“Your tent is on its way”", paid.AddDate(0, 0, 1),
			dispute.FactSubject, "Your tent is on its way", dispute.FactText, "Thank you! "+strings.Repeat("Looking forward to it. ", 30),
			dispute.FactSentAt, stamp(1), dispute.FactDirection, "from customer"),
		photo,
	}
}

func picture() []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 320, 240))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// The cases of a busy day. The first is the one that tests open.
func busyDay() []story {
	asked := []dispute.SourceResult{
		{Connection: "stripe-us", Outcome: dispute.SourceAnswered, Items: 1}, {Connection: "shopify", Outcome: dispute.SourceAnswered, Items: 1},
		{Connection: "shipbob", Outcome: dispute.SourceAnswered, Items: 2}, {Connection: "hubspot", Outcome: dispute.SourceAnswered, Items: 1},
		{Connection: "zendesk", Outcome: dispute.SourcePending},
	}
	moved := []dispute.Movement{
		{ID: "txn_1", Category: "dispute", Amount: -124_000, Fee: 1500, Net: -125_500, Currency: "USD", At: noon.AddDate(0, 0, -8), Description: "Chargeback withdrawal for ch_1"},
	}
	buyer := &dispute.Payment{
		ID: "ch_1", Amount: dispute.Money{Minor: 124_000, Currency: "USD"}, At: noon.AddDate(0, -1, -10),
		Name: "Jenny Rosen", Email: "jenny@example.com", OrderID: "1001", OrderName: "#1001",
	}
	return []story{
		{
			id: "du_tent", amount: 124_000, currency: "USD", due: 11*time.Hour + 12*time.Minute, queue: "senior", owner: "mia",
			status: dispute.StatusNeedsApproval, needs: "waits for approval", next: "sends the packet as it is at the cut-off",
			items: slices.Delete(parcel(), 3, 4), excluded: "pod:77", composed: true, sources: asked, movements: moved, payment: buyer,
			note: "Customer called on Friday: a neighbour took the parcel in. Ask UPS for the signature before approving.",
			events: []store.Event{
				happened(noon.AddDate(0, 0, -8).Add(5*time.Second), "machine", "composed", "packet", strings.Repeat("3f9a2c1b", 8), "strength", "1", "complete", "false"),
				happened(noon.AddDate(0, 0, -5), "machine", "remind", "rung", "5 days before the cut-off"),
				happened(noon.Add(-26*time.Hour), "mia", "decided:assign", "assignee", "mia"),
				happened(noon.Add(-2*time.Hour), "mia", "decided:note", "item", "note"),
			},
		},
		{
			id: "du_fraud", connection: "adyen-eu", amount: 31_050, currency: "EUR", network: "visa", code: "10.4", word: "fraudulent",
			due: 33 * time.Hour, queue: "senior", next: "sends by itself once all sources have answered, at the cut-off at the latest",
			items: parcel()[:3], composed: true,
		},
		{
			id: "du_broken", connection: "stripe-eu", amount: 8_990, currency: "EUR", network: "mastercard", code: "4853", word: "product_unacceptable",
			due: 58 * time.Hour, queue: "frontline", owner: "tom", status: dispute.StatusNeedsPerson,
			needs: "submit the packet failed: stripe: update dispute du_broken: auth", next: "tries again",
			items: parcel()[:2], composed: true,
		},
		{
			id: "du_club", amount: 1_200, currency: "USD", network: "mastercard", code: "4853", word: "subscription_canceled",
			due: 4 * 24 * time.Hour, queue: "frontline", owner: "mia", status: dispute.StatusOnHold, needs: "held by mia", next: "accepts by itself at the cut-off",
		},
		{
			id: "du_twice", connection: "stripe-jp", amount: 48_000, currency: "JPY", network: "amex", code: "P08", word: "duplicate",
			due: 6 * 24 * time.Hour, queue: "frontline", needs: "evidence is incomplete", next: "sends the packet as it is at the cut-off",
			items: parcel()[:1], composed: true,
		},
		{
			id: "du_inquiry", connection: "paypal-us", amount: 7_450, currency: "GBP", network: "", code: "", word: "credit_not_processed", stage: dispute.StageInquiry,
			due: 9 * 24 * time.Hour, queue: "frontline", next: "sends the packet as it is at the cut-off",
		},
		{
			id: "du_past", connection: "stripe-eu", amount: 21_500, currency: "EUR", network: "visa", code: "10.4", word: "fraudulent",
			due: -3 * time.Hour, queue: "senior", status: dispute.StatusNeedsPerson, needs: "the deadline has passed without an answer", next: "waits for the verdict",
		},
		{
			id: "du_vague", connection: "adyen-eu", amount: 15_000, currency: "EUR", network: "", code: "", word: "general", queue: "frontline",
			status: dispute.StatusNeedsPerson, needs: "no deadline is known", next: "waits for a person; no deadline is known",
		},
		{
			id: "du_sent", amount: 64_900, currency: "USD", due: 3 * 24 * time.Hour, queue: "senior", owner: "mia",
			status: dispute.StatusSubmitted, provider: dispute.ProviderUnderReview, next: "evidence was sent; waits for the verdict",
			items: parcel(), composed: true, sent: true, movements: []dispute.Movement{
				{ID: "txn_9", Category: "dispute", Amount: -64_900, Fee: 1500, Net: -66_400, Currency: "USD", At: noon.AddDate(0, 0, -8), Description: "Chargeback withdrawal for ch_du_sent"},
			},
		},
		{
			id: "du_won", amount: 9_900, currency: "USD", due: -20 * 24 * time.Hour, queue: "frontline", owner: "tom",
			status: dispute.StatusWon, provider: dispute.ProviderWon, next: "stays open for late money movements, then closes",
		},
	}
}
