package activities

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// platform only tells of disputes in an account that is connected, too.
type platform struct{ to string }

func (platform) Vendor() string { return "platform" }

func (p platform) Delegate(ref dispute.Ref) (dispute.Ref, bool) {
	return dispute.Ref{Connection: p.to, ID: "dp_behind_" + ref.ID}, p.to != ""
}

// A dispute that a platform tells of is read and answered in the account behind
// it, and stays the platform's case.
func TestDelegatedDispute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": platform{"behind"}, "behind": w.provider})
	w.provider.payment = dispute.Payment{ID: "ch_behind"}
	w.open()
	if p := must[Plan](t)(run[Plan](w, w.Plan, PlanInput{Ref: w.ref})); p.Rule == "" {
		t.Errorf("plan %+v", p)
	}
	if p := w.row().Payment; p == nil || p.ID != "ch_behind" {
		t.Errorf("the payment behind it is %+v", p)
	}
	out := must[Responded](t)(run[Responded](w, w.Submit, w.request()))
	if out.Outcome != dispute.AnswerSent || len(w.provider.sent) != 1 {
		t.Fatalf("%+v", out)
	}
	if got := w.provider.sent[0].Case.Ref; got != (dispute.Ref{Connection: "behind", ID: "dp_behind_" + w.ref.ID}) {
		t.Errorf("sent for %s", got)
	}
	if row := w.row(); row.Ref != w.ref || row.Response != dispute.ResponseContest {
		t.Errorf("case %s answered by %q", row.Ref, row.Response)
	}
}

// The account behind tells of the dispute itself: its case answers and is booked,
// the platform's does neither.
func TestDelegatedDisputeThatIsKnownBehind(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWorld(t, db)
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": platform{"behind"}, "behind": w.provider})
	behind := dispute.Ref{Connection: "behind", ID: "dp_behind_" + w.ref.ID}
	ok(t, db.InCase(t.Context(), behind, func(*store.CaseTx) error { return nil }))
	moved := dispute.Movement{ID: w.ref.ID + "/txn_1", Category: "dispute", Amount: -12900, Net: -12900, Currency: "USD", At: noon}
	got := w.record(w.notice("evt_1", 0, dispute.NoticeFundsWithdrawn, told(dispute.ProviderNeedsResponse, moved)))
	if got.Entries != 0 || got.Known.Deadline.At.IsZero() {
		t.Errorf("%+v", got)
	}
	w.pack("h1")
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.Unsupported)
	if len(w.provider.sent) != 0 {
		t.Error("both cases answer")
	}
}

// Nothing is connected behind the platform: a person answers.
func TestDelegatedToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": platform{}})
	w.open()
	_, err := run[Responded](w, w.Submit, w.request())
	wantKind(t, err, dispute.Unsupported)
}
