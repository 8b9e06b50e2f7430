package activities

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Claim tells a provider that answers by itself that the answer is ours.
func (s *Steps) Claim(ctx context.Context, in ClaimInput) (out Claimed, err error) {
	defer toTemporal(&err)
	auto, err := integrations.As[integrations.AutoAnswerer](s.Set, in.Ref.Connection)
	if err != nil && dispute.KindOf(err) == dispute.Unsupported {
		return Claimed{}, nil // nothing to claim: the provider's silence rule stays
	}
	if err != nil {
		return Claimed{}, err
	}
	defer beat(ctx)()
	w := write{
		key: key(in.Ref.CaseID(), "claim"), caseID: in.Ref.CaseID(), kind: "claim", target: in.Ref.Connection,
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			claimed, method, err := auto.ClaimManual(ctx, intent.Key, in.Ref)
			return store.Receipt{Detail: toJSON(Claimed{Claimed: claimed, Method: method})}, err
		},
	}
	err = s.once(ctx, w, &out)
	return out, err
}
