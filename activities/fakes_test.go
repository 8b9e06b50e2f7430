package activities

import (
	"cmp"
	"context"
	"fmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// bare is a connection that can do nothing.
type bare struct{}

func (bare) Vendor() string { return "bare" }

// provider is a payment provider that takes one answer per dispute, like
// Stripe: it counts submissions and honours idempotency keys until it forgets
// them. Hooks run where they say; their error is the answer.
type provider struct {
	snapshot dispute.Snapshot
	payment  dispute.Payment
	keys     map[string]integrations.Receipt

	ends dispute.ProviderStatus // of what is accepted; lost unless set

	reads, tries int
	sent         []integrations.Submission // that counted, each once
	accepted     int
	uploads      []string // SHA-256, as they came
	payments     int
	claims       int

	onRead    func(n int, s *dispute.Snapshot) error // n-th read, from 1
	onUpload  func(n int) error                      // after the n-th upload
	onArrival func() error                           // before the provider commits
	onCommit  func() error                           // after it did
	onPayment func(ctx context.Context) error
}

func (*provider) Vendor() string { return "stripe" }

func (*provider) Limits(dispute.Case) integrations.Limits {
	return integrations.Limits{
		TextFieldChars: 20_000, TextTotalChars: 150_000, FileBytes: 4_500_000, TotalBytes: 4_500_000, TotalPages: 50,
		MediaTypes: []string{"application/pdf", "image/png"},
		TextFields: []dispute.EvidenceField{dispute.FieldUncategorizedText, dispute.FieldProductDescription, dispute.FieldShippingTrackingNumber},
		FileFields: []dispute.EvidenceField{dispute.FieldUncategorizedFile, dispute.FieldShippingDocumentation},
	}
}

func (p *provider) Get(context.Context, dispute.Ref) (dispute.Snapshot, error) {
	p.reads++
	s := p.snapshot
	if p.onRead != nil {
		if err := p.onRead(p.reads, &s); err != nil {
			return dispute.Snapshot{}, err
		}
	}
	return s, nil
}

func (p *provider) Submit(_ context.Context, s integrations.Submission) (integrations.Receipt, error) {
	p.tries++
	for _, f := range s.Files {
		if s.Uploaded[f.SHA256] != "" {
			continue
		}
		p.uploads = append(p.uploads, f.SHA256)
		s.Progress(f.SHA256, fmt.Sprintf("file_%d", len(p.uploads)))
		if p.onUpload != nil {
			if err := p.onUpload(len(p.uploads)); err != nil {
				return integrations.Receipt{}, err
			}
		}
	}
	if err := s.Sending(); err != nil {
		return integrations.Receipt{}, err
	}
	return p.commit(s.Key, func() { p.sent = append(p.sent, s) }, "under_review", dispute.ProviderUnderReview)
}

func (p *provider) Accept(_ context.Context, key string, _ dispute.Case) (integrations.Receipt, error) {
	p.tries++
	ends := cmp.Or(p.ends, dispute.ProviderLost)
	return p.commit(key, func() { p.accepted++ }, string(ends), ends)
}

func (p *provider) commit(key string, count func(), raw string, status dispute.ProviderStatus) (integrations.Receipt, error) {
	if p.onArrival != nil {
		if err := p.onArrival(); err != nil {
			return integrations.Receipt{}, err
		}
	}
	r, known := p.keys[key]
	if !known {
		count()
		p.snapshot.RawStatus, p.snapshot.Status = raw, status
		if status == dispute.ProviderUnderReview {
			p.snapshot.SubmissionCount++
		}
		r = integrations.Receipt{
			VendorID: p.snapshot.ID, RequestID: fmt.Sprintf("req_%d", p.tries), At: noon, RawStatus: raw,
			Request: []byte("request of " + key), Response: []byte("response"),
		}
		p.keys[key] = r
	}
	if p.onCommit != nil {
		if err := p.onCommit(); err != nil {
			return integrations.Receipt{}, err
		}
	}
	return r, nil
}

func (p *provider) Payment(ctx context.Context, _ dispute.Snapshot) (dispute.Payment, error) {
	p.payments++
	if p.onPayment != nil {
		if err := p.onPayment(ctx); err != nil {
			return dispute.Payment{}, err
		}
	}
	return p.payment, nil
}

func (p *provider) ClaimManual(context.Context, string, dispute.Ref) (bool, string, error) {
	p.claims++
	return true, "auto_accept", nil
}

// source is a store with evidence.
type source struct {
	absent bool // the case has nothing it searches by
	items  []dispute.Item
	err    error
	asked  int
	got    dispute.Case
}

func (*source) Vendor() string                { return "shop" }
func (s *source) Applies(c dispute.Case) bool { s.got = c; return !s.absent }

func (s *source) Gather(context.Context, dispute.Case) ([]dispute.Item, error) {
	s.asked++
	return s.items, s.err
}

// chat is a room that keeps its messages.
type chat struct {
	cards   map[string]integrations.Card // by message id
	byKey   map[string]integrations.MessageRef
	replies map[string]string // by key
	posts   int
	updates int
	finds   int
	blind   bool // Find sees nothing
	onPost  func() error
	onReply func() error
}

func (*chat) Vendor() string { return "chat" }

func (c *chat) Find(_ context.Context, key, _ string) (integrations.MessageRef, bool, error) {
	c.finds++
	ref, found := c.byKey[key]
	return ref, found && !c.blind, nil
}

func (c *chat) Post(_ context.Context, key, target string, card integrations.Card) (integrations.MessageRef, error) {
	c.posts++
	ref := integrations.MessageRef{Target: target, ID: fmt.Sprintf("m%d", c.posts)}
	var err error
	if c.onPost != nil {
		err = c.onPost()
	}
	if err == nil || dispute.KindOf(err) == dispute.UnknownOutcome {
		c.keep(key, ref, card)
	}
	if err != nil {
		return integrations.MessageRef{}, err
	}
	return ref, nil
}

func (c *chat) keep(key string, ref integrations.MessageRef, card integrations.Card) {
	if c.cards == nil {
		c.cards, c.byKey = map[string]integrations.Card{}, map[string]integrations.MessageRef{}
	}
	c.cards[ref.ID], c.byKey[key] = card, ref
}

func (c *chat) Update(_ context.Context, ref integrations.MessageRef, card integrations.Card) error {
	c.updates++
	if _, there := c.cards[ref.ID]; !there {
		return dispute.Errorf(dispute.NotFound, "chat: update "+ref.ID, "no such message")
	}
	c.cards[ref.ID] = card
	return nil
}

func (c *chat) Reply(_ context.Context, key string, _ integrations.MessageRef, text string) error {
	if c.replies == nil {
		c.replies = map[string]string{}
	}
	if _, twice := c.replies[key]; twice {
		return dispute.Errorf(dispute.Conflict, "chat: reply", "twice under one key")
	}
	if c.onReply != nil {
		if err := c.onReply(); err != nil {
			return err
		}
	}
	c.replies[key] = text
	return nil
}

// helpdesk keeps tickets.
type helpdesk struct {
	written  map[string]bool // keys of comments
	onAsk    func() error    // before an update is taken
	tickets  []integrations.Ticket
	comments []string
	updates  int
	finds    int
	onCreate func() error
	onUpdate func() error
}

func (*helpdesk) Vendor() string { return "help" }

func (h *helpdesk) Find(_ context.Context, caseID string) (string, bool, error) {
	h.finds++
	for i, t := range h.tickets {
		if t.CaseID == caseID {
			return fmt.Sprintf("t%d", i), true, nil
		}
	}
	return "", false, nil
}

func (h *helpdesk) Create(_ context.Context, _ string, t integrations.Ticket) (string, error) {
	h.tickets = append(h.tickets, t)
	if h.onCreate != nil {
		if err := h.onCreate(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("t%d", len(h.tickets)-1), nil
}

func (h *helpdesk) Update(_ context.Context, key, id string, t integrations.Ticket, comment string) error {
	h.updates++
	if h.onAsk != nil {
		if err := h.onAsk(); err != nil {
			return err
		}
	}
	var n int
	if _, err := fmt.Sscanf(id, "t%d", &n); err != nil || n >= len(h.tickets) {
		return dispute.Errorf(dispute.NotFound, "help: update "+id, "no such ticket")
	}
	h.tickets[n] = t
	if comment != "" && !h.written[key] {
		if h.written == nil {
			h.written = map[string]bool{}
		}
		h.written[key] = true
		h.comments = append(h.comments, comment)
	}
	if h.onUpdate != nil {
		return h.onUpdate()
	}
	return nil
}

// books are a ledger elsewhere that honours keys.
type books struct {
	posted map[string]int // how often each key was asked for
	order  []string
	onPost func(e ledger.Entry) error
}

func (*books) Vendor() string { return "books" }

func (b *books) PostEntry(_ context.Context, key string, e ledger.Entry) (string, error) {
	b.posted[key]++
	if b.posted[key] == 1 {
		b.order = append(b.order, key)
	}
	if b.onPost != nil {
		if err := b.onPost(e); err != nil {
			return "", err
		}
	}
	return "je_" + key, nil
}
