package stripe_test

import (
	"fmt"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// disputeEvent is a webhook about a dispute that stands so.
func disputeEvent(n int, status string) []byte {
	return fmt.Appendf(nil, `{"id":"evt_%d","object":"event","type":"charge.dispute.updated","created":%d,"data":{"object":
		{"id":"du_1","object":"dispute","amount":100,"currency":"usd","charge":"ch_1","created":1793707200,"status":%q,
		 "evidence_details":{"due_by":1793807200,"submission_count":%d}}}}`, n, 1793707200+n, status, n)
}

// Every status that Stripe has is known, and kept in its own words.
func TestEveryStatus(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for status, want := range map[string]struct {
		status dispute.ProviderStatus
		stage  dispute.Stage
	}{
		"warning_needs_response": {dispute.ProviderNeedsResponse, dispute.StageInquiry},
		"warning_under_review":   {dispute.ProviderUnderReview, dispute.StageInquiry},
		"warning_closed":         {dispute.ProviderClosed, dispute.StageInquiry},
		"needs_response":         {dispute.ProviderNeedsResponse, dispute.StageChargeback},
		"under_review":           {dispute.ProviderUnderReview, dispute.StageChargeback},
		"appeal_needs_response":  {dispute.ProviderNeedsResponse, dispute.StagePreArbitration},
		"appeal_under_review":    {dispute.ProviderUnderReview, dispute.StagePreArbitration},
		"won":                    {dispute.ProviderWon, dispute.StageChargeback},
		"lost":                   {dispute.ProviderLost, dispute.StageChargeback},
		"prevented":              {dispute.ProviderPrevented, dispute.StageChargeback},
		"charge_refunded":        {dispute.ProviderClosed, dispute.StageChargeback},
		"appeal_sent_to_moon":    {dispute.ProviderUnknown, dispute.StageChargeback},
	} {
		notices, err := a.Parse(disputeEvent(1, status))
		if err != nil {
			t.Fatal(err)
		}
		if s := notices[0].Snapshot; s.Status != want.status || s.Stage != want.stage || s.RawStatus != status {
			t.Errorf("%s: %s at %s, want %s at %s", s.RawStatus, s.Status, s.Stage, want.status, want.stage)
		}
	}
}

// An appeal is another stage of the same dispute, in whatever order its webhooks
// come, and its verdict stands.
func TestStatusesSurviveFolding(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1")
	for name, lives := range map[string][]string{
		"appeal open":         {"needs_response", "under_review", "appeal_needs_response"},
		"appeal under review": {"needs_response", "under_review", "appeal_needs_response", "appeal_under_review"},
		"appeal decided":      {"needs_response", "under_review", "appeal_needs_response", "appeal_under_review", "lost"},
		"prevented":           {"needs_response", "prevented"},
	} {
		var forth, back dispute.View
		for i := range lives {
			n, err := a.Parse(disputeEvent(i, lives[i]))
			m, other := a.Parse(disputeEvent(len(lives)-1-i, lives[len(lives)-1-i]))
			if err != nil || other != nil {
				t.Fatal(err, other)
			}
			forth, back = dispute.Fold(forth, n[0]), dispute.Fold(back, m[0])
		}
		want := lives[len(lives)-1]
		if forth.Snapshot.RawStatus != want || back.Snapshot.RawStatus != want {
			t.Errorf("%s: folded to %s, the other way round to %s", name, forth.Snapshot.RawStatus, back.Snapshot.RawStatus)
		}
		if forth.Snapshot.Status != back.Snapshot.Status || forth.Snapshot.Stage != back.Snapshot.Stage {
			t.Errorf("%s: %s at %s, the other way round %s at %s", name, forth.Snapshot.Status, forth.Snapshot.Stage, back.Snapshot.Status, back.Snapshot.Stage)
		}
	}
}
