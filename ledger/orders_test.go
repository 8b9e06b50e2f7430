package ledger

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// life is what a provider tells of one dispute, and what it comes to.
type life struct {
	name    string
	notices []dispute.Notice
	status  dispute.ProviderStatus
	want    map[Account]int64
}

// tells is a notice of a kind, at a stage.
func tells(event string, day int, kind dispute.NoticeKind, stage dispute.Stage, status dispute.ProviderStatus, moves ...dispute.Movement) dispute.Notice {
	n := notice(event, day, status, moves...)
	n.Kind, n.Snapshot.Stage, n.Snapshot.RawStatus = kind, stage, string(status)
	return n
}

func lives() []life {
	const (
		opened, updated, closed = dispute.NoticeOpened, dispute.NoticeUpdated, dispute.NoticeClosed
		withdrawn, returned     = dispute.NoticeFundsWithdrawn, dispute.NoticeFundsReinstated
		inquiry, chargeback     = dispute.StageInquiry, dispute.StageChargeback
		needs, review, unknown  = dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderUnknown
		won, lost               = dispute.ProviderWon, dispute.ProviderLost
	)
	out, back, fee, feeBack := withdrawal(), reinstated(10000), counteredFee(), counteredFeeBack()
	again := move("txn_w2", 70, "dispute", -10000, 0, "Chargeback withdrawal for ch_1")
	return []life{
		{"won", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, needs), tells("evt_2", 0, withdrawn, chargeback, needs, out),
			tells("evt_3", 5, updated, chargeback, review, out, fee), tells("evt_4", 60, closed, chargeback, won, out, fee),
			tells("evt_5", 60, returned, chargeback, won, out, fee, back, feeBack), tells("evt_6", 61, updated, chargeback, won, out, fee, back, feeBack),
		}, won, map[Account]int64{PSPClearing: -1500, DisputeFees: 1500}},
		{"lost", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, needs), tells("evt_2", 0, withdrawn, chargeback, needs, out),
			tells("evt_3", 4, updated, chargeback, needs, out), tells("evt_4", 5, updated, chargeback, review, fee),
			tells("evt_5", 60, closed, chargeback, lost, out), tells("evt_6", 61, updated, chargeback, lost, out, fee),
		}, lost, map[Account]int64{PSPClearing: -13000, DisputeFees: 3000, ChargebackLoss: 10000}},
		{"an inquiry closed", []dispute.Notice{
			tells("evt_1", 0, opened, inquiry, needs), tells("evt_2", 2, updated, inquiry, needs),
			tells("evt_3", 3, updated, inquiry, review), tells("evt_4", 3, updated, inquiry, review),
			tells("evt_5", 40, closed, inquiry, dispute.ProviderClosed), tells("evt_6", 40, updated, inquiry, dispute.ProviderClosed),
		}, dispute.ProviderClosed, map[Account]int64{}},
		{"an inquiry escalated", []dispute.Notice{
			tells("evt_1", 0, opened, inquiry, needs), tells("evt_2", 3, updated, inquiry, review),
			tells("evt_3", 20, updated, chargeback, needs), tells("evt_4", 20, withdrawn, chargeback, needs, out),
			tells("evt_5", 25, updated, chargeback, review, out, fee), tells("evt_6", 60, closed, chargeback, lost, out, fee),
		}, lost, map[Account]int64{PSPClearing: -13000, DisputeFees: 3000, ChargebackLoss: 10000}},
		{"lost, then won", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, needs), tells("evt_2", 0, withdrawn, chargeback, needs, out),
			tells("evt_3", 5, updated, chargeback, review, out), tells("evt_4", 30, closed, chargeback, lost, out),
			tells("evt_5", 60, closed, chargeback, won, out), tells("evt_6", 60, returned, chargeback, won, out, back),
		}, won, map[Account]int64{PSPClearing: -1500, DisputeFees: 1500, ChargebackLoss: 10000, ChargebackRecovery: -10000}},
		{"won, then lost in pre-arbitration", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, needs, out), tells("evt_2", 5, updated, chargeback, review, out),
			tells("evt_3", 60, closed, chargeback, won, out, back), tells("evt_4", 70, updated, dispute.StagePreArbitration, needs, out, back, again),
			tells("evt_5", 75, updated, dispute.StagePreArbitration, review, out, back, again), tells("evt_6", 90, closed, dispute.StagePreArbitration, lost, again),
		}, lost, map[Account]int64{PSPClearing: -11500, DisputeFees: 1500, ChargebackLoss: 10000}},
		{"statuses nobody knows", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, unknown), tells("evt_2", 0, dispute.NoticeUnknown, chargeback, unknown, out),
			tells("evt_3", 5, updated, chargeback, unknown), tells("evt_4", 5, updated, chargeback, needs),
			tells("evt_5", 60, closed, chargeback, unknown, out), tells("evt_6", 60, returned, chargeback, unknown, back),
		}, unknown, map[Account]int64{PSPClearing: -1500, DisputeFees: 1500}},
		{"all within one second", []dispute.Notice{
			tells("evt_1", 0, opened, chargeback, needs), tells("evt_2", 0, withdrawn, chargeback, needs, out),
			tells("evt_3", 0, updated, chargeback, review), tells("evt_4", 0, closed, chargeback, won),
			tells("evt_5", 0, returned, chargeback, won, back), tells("evt_6", 0, updated, chargeback, unknown),
		}, won, map[Account]int64{PSPClearing: -1500, DisputeFees: 1500}},
	}
}

// TestEveryOrderOfALife tells each life in every order, with each notice told
// twice, and posts after each notice: whatever came first, what is known and
// what the books hold after the same notices are the same.
func TestEveryOrderOfALife(t *testing.T) {
	t.Parallel()
	for _, l := range lives() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			var final outcome
			for twice := range l.notices {
				told := append(slices.Clone(l.notices), l.notices[twice])
				final = newOrders(told, twice).walk(t)
			}
			if final.view.Snapshot.Status != l.status {
				t.Errorf("it ends %s, want %s", final.view.Snapshot.Status, l.status)
			}
			wantNets(t, final.want, l.want)
			checkAll(t, booked(final.view), final.want)
		})
	}
}

// outcome is what a set of notices comes to.
type outcome struct {
	view    dispute.View
	want    []Entry
	effects []string
}

// orders walks all orders of notices of which the last is one of the others
// again. What it knows of a set of them holds for every order of the set.
type orders struct {
	notices []dispute.Notice
	twice   int
	known   []*outcome // by set, a bit for each notice
	leaves  int
}

func newOrders(notices []dispute.Notice, twice int) *orders {
	return &orders{notices: notices, twice: twice, known: make([]*outcome, 1<<len(notices))}
}

func (o *orders) walk(t *testing.T) outcome {
	t.Helper()
	o.tell(t, 0, dispute.View{}, nil)
	if want := factorial(len(o.notices)) / 2; o.leaves != want {
		t.Fatalf("%d orders were tried, want %d", o.leaves, want)
	}
	return *o.known[len(o.known)-1]
}

// tell goes on with each notice that is not in the set yet.
func (o *orders) tell(t *testing.T, set int, view dispute.View, posted []Entry) {
	t.Helper()
	again := len(o.notices) - 1
	if set == len(o.known)-1 {
		o.leaves++
		return
	}
	for i, n := range o.notices {
		if set&(1<<i) != 0 || i == again && set&(1<<o.twice) == 0 {
			continue
		}
		next := set | 1<<i
		v := dispute.Fold(view, n)
		now := o.outcome(t, next, v)
		books := append(slices.Clone(posted), Diff(posted, now.want)...)
		if got := effects(books); !slices.Equal(got, now.effects) {
			t.Fatalf("after %s the books hold %q, want %q", n.EventID, got, now.effects)
		}
		o.tell(t, next, v, books)
	}
}

// outcome is the set's, as its first order made it; the view of any other order
// must be the same.
func (o *orders) outcome(t *testing.T, set int, v dispute.View) *outcome {
	t.Helper()
	have := o.known[set]
	if have == nil {
		have = &outcome{view: v, want: expected(t, booked(v))}
		have.effects, o.known[set] = effects(have.want), have
		checkAll(t, booked(v), have.want)
	}
	if !reflect.DeepEqual(have.view, v) {
		t.Fatalf("the same notices in another order (-first +now):\n%s", cmp.Diff(have.view, v))
	}
	return have
}

// booked is what the recording step books of a view.
func booked(v dispute.View) Facts {
	in := viewFacts(v, PolicyReceivable)
	if v.Snapshot.Status == dispute.ProviderWon {
		in.LostAt = v.LostAt
	}
	return in
}

// effects are the entries that hold, without their dates, versions and memos.
func effects(entries []Entry) []string {
	reversed := map[string]bool{}
	for _, e := range entries {
		reversed[e.Reverses] = true
	}
	var out []string
	for _, e := range entries {
		if e.Reverses != "" || reversed[e.Key] {
			continue
		}
		base, _ := splitVersion(e.Key)
		var b strings.Builder
		b.WriteString(base + " " + string(e.Kind))
		for _, p := range e.Postings {
			b.WriteString(" " + string(p.Account) + " " + string(p.Side))
			b.WriteByte(' ')
			b.WriteString(dispute.Money{Minor: p.Amount, Currency: e.Currency}.String())
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

func factorial(n int) int {
	if n < 2 {
		return 1
	}
	return n * factorial(n-1)
}
