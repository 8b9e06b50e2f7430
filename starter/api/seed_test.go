package api

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// canary is personal data that no error text and no log may repeat.
const canary = "jenny.rosen@example.com"

var (
	opened = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	dueBy  = time.Date(2026, 3, 14, 23, 59, 59, 0, time.UTC)
	ref    = dispute.Ref{Connection: "stripe-us", ID: "du_1"}
)

// seeded are the ids of what a world begins with.
type seeded struct {
	packet  string
	file    string // its hash
	content []byte
	notice  int64
	broken  int64 // a notice that nobody could read
	victim  int64 // a revoked token
}

func seed(t *testing.T, db *store.DB, blobs *store.Blobs) seeded {
	t.Helper()
	out := seeded{content: []byte("%PDF-1.7 the letter")}
	blob := must(blobs.Put(t.Context(), out.content, evidence.MediaPDF))(t)
	out.file = blob.SHA256
	kept := packet(t, blob, out.content)
	out.packet = kept.Hash
	ok(t, db.InCase(t.Context(), ref, func(tx *store.CaseTx) error { return fill(tx, kept) }))
	ok(t, db.InCase(t.Context(), dispute.Ref{Connection: "stripe-us", ID: "du_2"}, func(tx *store.CaseTx) error {
		tx.Row().Merchant, tx.Row().Status, tx.Row().Tags = "other", dispute.StatusWon, []string{"vip"}
		return nil
	}))
	writes(t, db, kept.Hash)
	saved := must(db.SaveNotices(t.Context(), []store.NewNotice{
		{
			Connection: "stripe-us", EventID: "evt_1", Kind: "opened", RawKind: "charge.dispute.created", DisputeID: "du_1",
			OccurredAt: opened, DueBy: dueBy, Body: []byte(`{"id":"evt_1"}`), ContentType: "application/json",
			Parsed: json.RawMessage(`{"event_id":"evt_1"}`), APIVersion: "2025-01-27",
		},
		{
			Connection: "shop", EventID: "evt_2", Kind: "unknown", RawKind: "unreadable", OccurredAt: opened,
			Body: []byte{0xff, 0x00}, ContentType: "text/plain", State: store.NoticeUnreadable,
		},
	}))(t)
	out.notice, out.broken = saved[0].ID, saved[1].ID
	return out
}

func packet(t *testing.T, blob dispute.Blob, content []byte) store.Packet {
	t.Helper()
	p := evidence.Packet{
		Version: "1", Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "We disagree."},
		Files: []evidence.File{{
			Field: dispute.FieldUncategorizedFile, Name: "Brief für Visa.pdf", MediaType: evidence.MediaPDF,
			SHA256: blob.SHA256, Bytes: content, Pages: 1,
		}},
	}
	manifest := evidence.Manifest(p)
	dossier, err := json.Marshal(evidence.Dossier{
		Parts: manifest,
		Checklist: evidence.Checklist{
			Family: dispute.FamilyProductNotReceived, Strength: 3, StrengthWhy: "delivery is shown", Present: 1, Required: 2,
			Lines:          []evidence.Line{{Proof: "delivery", Name: "Proof of delivery", Need: evidence.NeedRequired, State: evidence.Present, Items: []string{"shipment:1"}}},
			Contradictions: []evidence.Contradiction{{Code: evidence.CodeSameOrder, Why: "one order", Items: []string{"order:1"}}},
		},
		Letter: evidence.Letter{Version: "1", Family: dispute.FamilyProductNotReceived, Text: "We disagree.", Claims: []evidence.Claim{{Proof: "delivery", Text: "It arrived.", Exhibits: []int{1}}}},
		Lint:   []evidence.Finding{{Limit: evidence.LimitFileBytes, Value: 3, Max: 2, Action: "made smaller"}},
	})
	ok(t, err)
	return store.Packet{Hash: hash(manifest), Manifest: dossier, Files: []dispute.Blob{blob}, Texts: p.Texts, Frozen: true}
}

func fill(tx *store.CaseTx, kept store.Packet) error {
	row := tx.Row()
	row.View.Snapshot = dispute.Snapshot{
		ID: "du_1", Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"},
		Reason: "product_not_received", Network: "visa", NetworkCode: "13.1", RawStatus: "needs_response",
		Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback, OpenedAt: opened, DueBy: dueBy,
	}
	row.Merchant, row.Family, row.Status = "acme", dispute.FamilyProductNotReceived, dispute.StatusNeedsApproval
	row.Deadline = dispute.Earliest(row.View, dispute.Windows{Network: 20 * 24 * time.Hour, NetworkNote: "Visa, 20 days"})
	row.CutOffAt = dueBy.Add(-6 * time.Hour)
	row.Queue, row.Assignee, row.Rule, row.RuleSet = "senior", "ana", "high-value", "abc"
	row.Needs, row.Next, row.Strength = "approval", "submits at the cut-off", 3
	row.WorkflowID, row.PacketHash = ref.WorkflowID(1), kept.Hash
	row.Payment = &dispute.Payment{ID: "ch_1", Amount: row.Amount(), At: opened, Email: canary}
	row.Route, _ = json.Marshal(rules.Route{
		Rule: "high-value", SetHash: "abc", Queue: "senior", Approval: true, Respond: dispute.ResponseContest,
		Ladder:      rules.Ladder{Name: "standard", Remind: []time.Duration{24 * time.Hour}, CutOff: 6 * time.Hour, AtCutOff: "submit"},
		Notify:      []rules.Notify{{Connection: "alerts", Channel: "#disputes"}},
		Ticket:      &rules.Ticket{Connection: "helpdesk", Priority: "urgent"},
		Explanation: []rules.Match{{Rule: "high-value", Line: 4, Matched: true, Condition: "true", Why: "amount = 129"}},
	})
	row.Sources, _ = json.Marshal([]dispute.SourceResult{
		{Connection: "shop", Outcome: dispute.SourceAnswered, Items: 1},
		{Connection: "carrier", Outcome: dispute.SourceFailed, Detail: "rate_limited"},
	})
	for _, e := range []store.Event{{Key: "1", Kind: "opened", Actor: "machine"}, {Key: "2", Kind: "routed", Actor: "machine", Data: json.RawMessage(`{"rule":"high-value"}`)}} {
		if err := tx.Append(e); err != nil {
			return err
		}
	}
	err := tx.SaveItems([]dispute.Item{
		{ID: "order:1", Source: "shop", Kind: dispute.ItemOrder, Title: "Order 1001", At: opened, Facts: map[string]string{dispute.FactCustomerEmail: canary}},
		{ID: "note:1", Source: "person:ana", Kind: dispute.ItemNote, Title: "Note by ana"},
	})
	if err != nil {
		return err
	}
	if err := tx.SavePacket(kept); err != nil {
		return err
	}
	return tx.Post([]ledger.Entry{{
		Key: "stripe-us|du_1|txn_1|opened", CaseID: row.ID, Connection: "stripe-us", DisputeID: "du_1", Kind: ledger.KindOpened,
		Date: opened, Currency: "USD", Memo: "du_1: funds withdrawn", Movement: "txn_1",
		Postings: []ledger.Posting{
			{Account: ledger.DisputedFunds, Side: ledger.Debit, Amount: 12900},
			{Account: ledger.PSPClearing, Side: ledger.Credit, Amount: 12900},
		},
	}})
}

// writes records the response with its receipt and a ticket that is under way.
func writes(t *testing.T, db *store.DB, packet string) {
	t.Helper()
	key := ref.CaseID() + "/1/chargeback/respond/0"
	for _, i := range []store.Intent{
		{Key: key, CaseID: ref.CaseID(), Kind: "contest", Target: "stripe-us"},
		{Key: ref.CaseID() + "/1/ticket", CaseID: ref.CaseID(), Kind: "ticket", Target: "helpdesk"},
	} {
		_, _, err := db.BeginIntent(t.Context(), i)
		ok(t, err)
	}
	detail, err := json.Marshal(map[string]any{
		"vendor_id": "du_1", "request_id": "req_1", "at": opened, "raw_status": "under_review",
		"outcome": dispute.AnswerSent, "packet": packet, "by": "ana", "read_back": "under_review",
	})
	ok(t, err)
	ok(t, db.FinishIntent(t.Context(), key, store.Receipt{Detail: detail, Request: []byte("a"), Response: []byte("b")}))
}

// picture is a small PNG.
func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	ok(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 2, 2))))
	return out.Bytes()
}

func readCloser(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
