package activities

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// paymentPatience is how long a plan waits for the provider to tell the
// payment: rules that look at it then see it, and deadlines never wait for it.
const paymentPatience = 1200 * time.Millisecond

// knowPayment reads the payment if nobody did yet, and goes on without it when
// the provider is slow.
func (s *Steps) knowPayment(ctx context.Context, row *store.CaseRow) {
	ctx, stop := context.WithTimeout(ctx, paymentPatience)
	defer stop()
	if _, err := s.payment(ctx, row); err != nil {
		s.Log.WarnContext(ctx, "plan without the payment", "case", row.ID, "kind", dispute.KindOf(err))
	}
}

// payment is the disputed payment, read from the provider once and kept with
// the case.
func (s *Steps) payment(ctx context.Context, row *store.CaseRow) (*dispute.Payment, error) {
	if row.Payment != nil {
		return row.Payment, nil
	}
	at := s.answeredAt(row.Ref)
	reader, err := integrations.As[integrations.PaymentReader](s.Set, at.Connection)
	if err != nil {
		return nil, err
	}
	disputed, err := s.disputed(ctx, *row, at)
	if err != nil {
		return nil, err
	}
	p, err := reader.Payment(ctx, disputed)
	if err != nil {
		return nil, err
	}
	row.Payment = &p
	return &p, s.DB.InCase(ctx, row.Ref, func(tx *store.CaseTx) error {
		tx.Row().Payment = &p
		return nil
	})
}

// disputed is the dispute as the connection that knows the payment shows it.
func (s *Steps) disputed(ctx context.Context, row store.CaseRow, at dispute.Ref) (dispute.Snapshot, error) {
	if at == row.Ref {
		return row.View.Snapshot, nil
	}
	reader, err := integrations.As[integrations.Reader](s.Set, at.Connection)
	if err != nil {
		return dispute.Snapshot{}, err
	}
	return reader.Get(ctx, at)
}
