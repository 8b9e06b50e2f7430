package workflows

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestStartAttributes(t *testing.T) {
	t.Parallel()
	bare := dispute.Notice{Connection: "stripe"}
	full := bare
	full.Snapshot = &dispute.Snapshot{Stage: dispute.StageInquiry, Network: "visa", Amount: dispute.Money{Minor: 500, Currency: "JPY"}}
	type attrs struct {
		Provider, Status, Stage, Network string
		Amount                           int64
	}
	for name, tc := range map[string]struct {
		notice dispute.Notice
		want   attrs
	}{
		"without a snapshot": {bare, attrs{Provider: "stripe", Status: "open"}},
		"with one":           {full, attrs{"stripe", "open", "inquiry", "visa", 500}},
	} {
		sa := StartAttributes(tc.notice)
		var got attrs
		got.Provider, _ = sa.GetKeyword(AttrProvider)
		got.Status, _ = sa.GetKeyword(AttrStatus)
		got.Stage, _ = sa.GetKeyword(AttrStage)
		got.Network, _ = sa.GetKeyword(AttrNetwork)
		got.Amount, _ = sa.GetInt64(AttrAmount)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestDetails holds the page that the Temporal UI shows of a case.
func TestDetails(t *testing.T) {
	t.Parallel()
	s := ready(thin, approval)
	s.Known.Title, s.Known.Amount = "Visa 10.4 · Fraud", dispute.Money{Minor: 12900, Currency: "USD"}
	s.Plan.Queue, s.Plan.Why, s.Assignee = "disputes", "the amount is above 100 USD", "ana"
	s.Auto = &activities.Claimed{Method: "evidence_by_provider"}
	s.Sources = []dispute.SourceResult{
		{Connection: "shop", Outcome: dispute.SourceAnswered, Items: 2},
		{Connection: "ship", Outcome: dispute.SourceFailed, Detail: "ship: get shipment 42: transient"},
	}
	s.Packet = activities.PacketRef{Hash: "0123456789abcdef", Strength: 2, Files: 3, Bytes: 4096, Missing: []string{"delivery"}, Contradicting: []string{"refund"}}
	d := run{State: *s}
	s.Face = d.face(next(s, t0))
	waiting := details(s)

	s.Answer = &activities.Responded{Response: dispute.ResponseContest, Outcome: dispute.AnswerSent, By: "ana", At: t0.Add(time.Hour), PacketHash: s.Packet.Hash, Detail: "request req_1"}
	s.Queue = "fraud"
	d.State = *s
	s.Face = d.face(next(s, t0))
	golden(t, "details", waiting+"\n---\n\n"+details(s))
}
