package vendortest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// key is what the standard calls write under, about as long as ours get.
const key = "cs_abcdefghij234567/12/pre_arbitration/respond/alerts-production/0123456789ab"

// What the standard calls write.
var (
	card = integrations.Card{
		CaseID: "cs_abcdefghij234567", Stage: dispute.StageChargeback, Headline: "129.00 USD, product not received, 3 d left",
		Next: "sends the packet as it is at the cut-off", Fields: [][2]string{{"Order", "#1001"}},
		Links:   []integrations.Link{{Label: "Console", URL: "https://rebuttal.example/cases/cs_abcdefghij234567"}},
		Actions: []dispute.DecisionKind{dispute.DecideApprove, dispute.DecideAccept}, Tone: "soon",
	}
	message = integrations.MessageRef{Target: "C1", ID: "1"}
	ticket  = integrations.Ticket{
		CaseID: "cs_abcdefghij234567", Subject: "129.00 USD, product not received", Body: "Due 2026-10-15 00:00 UTC.",
		Priority: "urgent", Status: "open", Tags: []string{"dispute"},
	}
	entry = ledger.Entry{
		Key: "stripe-us|dp_1|mv_1|opened", CaseID: "cs_abcdefghij234567", Connection: "stripe-us", DisputeID: "dp_1",
		Kind: ledger.KindOpened, Date: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC), Currency: "USD", Memo: "Dispute dp_1: funds withdrawn",
		Postings: []ledger.Posting{
			{Account: ledger.DisputedFunds, Side: ledger.Debit, Amount: 12900},
			{Account: ledger.PSPClearing, Side: ledger.Credit, Amount: 12900},
		},
	}
)

// submission is a packet within the provider's limits: a text and a file, where
// it takes them.
func submission(a integrations.Responder, c dispute.Case) integrations.Submission {
	limits := a.Limits(c)
	s := integrations.Submission{Key: key, Case: c, Texts: map[dispute.EvidenceField]string{}}
	if len(limits.TextFields) > 0 {
		s.Texts[limits.TextFields[0]] = "The parcel was signed for. Ünterschrift ✓ & = ?"
	}
	if len(limits.FileFields) > 0 && len(limits.MediaTypes) > 0 {
		body := []byte("%PDF-1.7 receipt")
		sum := sha256.Sum256(body)
		s.Files = []integrations.File{{
			Field: limits.FileFields[0], Name: "receipt.pdf", MediaType: limits.MediaTypes[0], SHA256: hex.EncodeToString(sum[:]), Bytes: body,
		}}
	}
	return s
}

// standard are the calls of every capability that the adapter has, to be tried
// against a vendor that refuses them.
func (s Spec) standard(a integrations.Adapter) []Call {
	var out calls
	c := s.Case
	add(&out, a, Call{Name: "check"}, func(ctx context.Context, a integrations.Checker) error {
		return a.Check(ctx)
	})
	add(&out, a, Call{Name: "poll"}, func(ctx context.Context, a integrations.Poller) error {
		_, _, err := a.Poll(ctx, "")
		return err
	})
	add(&out, a, Call{Name: "get"}, func(ctx context.Context, a integrations.Reader) error {
		_, err := a.Get(ctx, c.Ref)
		return err
	})
	add(&out, a, Call{Name: "payment"}, func(ctx context.Context, a integrations.PaymentReader) error {
		_, err := a.Payment(ctx, c.View.Snapshot)
		return err
	})
	add(&out, a, Call{Name: "gather"}, func(ctx context.Context, a integrations.EvidenceSource) error {
		_, err := a.Gather(ctx, c)
		return err
	})
	add(&out, a, Call{Name: "submit", Write: true}, func(ctx context.Context, a integrations.Responder) error {
		_, err := a.Submit(ctx, submission(a, c))
		return err
	})
	add(&out, a, Call{Name: "accept", Write: true}, func(ctx context.Context, a integrations.Accepter) error {
		_, err := a.Accept(ctx, key, c)
		return err
	})
	add(&out, a, Call{Name: "claim manual", Write: true}, func(ctx context.Context, a integrations.AutoAnswerer) error {
		_, _, err := a.ClaimManual(ctx, key, c.Ref)
		return err
	})
	return append(out, peoplesCalls(a)...)
}

// peoplesCalls are those of chats, help desks and books.
func peoplesCalls(a integrations.Adapter) []Call {
	var out calls
	add(&out, a, Call{Name: "find message"}, func(ctx context.Context, a integrations.Notifier) error {
		_, _, err := a.Find(ctx, key, message.Target)
		return err
	})
	add(&out, a, Call{Name: "post message", Write: true}, func(ctx context.Context, a integrations.Notifier) error {
		_, err := a.Post(ctx, key, message.Target, card)
		return err
	})
	add(&out, a, Call{Name: "update message", looks: true}, func(ctx context.Context, a integrations.Notifier) error {
		return a.Update(ctx, message, card)
	})
	add(&out, a, Call{Name: "reply", looks: true}, func(ctx context.Context, a integrations.Notifier) error {
		return a.Reply(ctx, key, message, "Evidence sent.")
	})
	add(&out, a, Call{Name: "find ticket"}, func(ctx context.Context, a integrations.Ticketing) error {
		_, _, err := a.Find(ctx, ticket.CaseID)
		return err
	})
	add(&out, a, Call{Name: "create ticket", Write: true}, func(ctx context.Context, a integrations.Ticketing) error {
		_, err := a.Create(ctx, key, ticket)
		return err
	})
	add(&out, a, Call{Name: "update ticket", looks: true}, func(ctx context.Context, a integrations.Ticketing) error {
		return a.Update(ctx, key, "1", ticket, "Evidence sent.")
	})
	add(&out, a, Call{Name: "post entry", looks: true}, func(ctx context.Context, a integrations.Accounting) error {
		_, err := a.PostEntry(ctx, entry.Key, entry)
		return err
	})
	return out
}

type calls []Call

// add appends a call when the adapter has the capability T.
func add[T integrations.Adapter](to *calls, a integrations.Adapter, c Call, do func(context.Context, T) error) {
	if _, ok := a.(T); !ok {
		return
	}
	c.Do = func(ctx context.Context, a integrations.Adapter) error { return do(ctx, a.(T)) }
	*to = append(*to, c)
}
