package activities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// lives are what a provider tells of one dispute; the order is that of time.
var lives = map[string]func(w *world) []dispute.Notice{
	"lost, won, reopened": func(w *world) []dispute.Notice {
		out := dispute.Movement{ID: w.ref.ID + "/txn_1", Category: "dispute", Description: "Chargeback withdrawal", Amount: -12900, Fee: 1500, Net: -14400, Currency: "usd", At: noon}
		back := dispute.Movement{ID: w.ref.ID + "/txn_2", Category: "dispute_reversal", Description: "Chargeback reversal", Amount: 12900, Net: 12900, Currency: "usd", At: noon.Add(day)}
		again := dispute.Movement{ID: w.ref.ID + "/txn_3", Category: "dispute", Description: "Chargeback withdrawal", Amount: -12900, Net: -12900, Currency: "usd", At: noon.Add(2 * day)}
		return []dispute.Notice{
			w.notice("evt_1", 0, dispute.NoticeOpened, func(s *dispute.Snapshot) { s.Movements = []dispute.Movement{out} }),
			w.notice("evt_2", 60, dispute.NoticeClosed, told(dispute.ProviderLost, out)),
			w.notice("evt_3", 1440, dispute.NoticeClosed, told(dispute.ProviderWon, back)),
			w.notice("evt_4", 1440, dispute.NoticeFundsReinstated, told(dispute.ProviderWon, out, back)),
			w.notice("evt_5", 2880, dispute.NoticeUpdated, told(dispute.ProviderUnderReview, again)),
		}
	},
	"won, then lost": func(w *world) []dispute.Notice {
		out := dispute.Movement{ID: w.ref.ID + "/txn_1", Category: "dispute", Amount: -12900, Fee: 1500, Net: -14400, Currency: "usd", At: noon}
		back := dispute.Movement{ID: w.ref.ID + "/txn_2", Category: "dispute_reversal", Amount: 12900, Net: 12900, Currency: "usd", At: noon.Add(day)}
		again := dispute.Movement{ID: w.ref.ID + "/txn_3", Category: "dispute", Description: "Chargeback withdrawal", Amount: -12900, Net: -12900, Currency: "usd", At: noon.Add(2 * day)}
		return []dispute.Notice{
			w.notice("evt_1", 0, dispute.NoticeOpened, nil),
			w.notice("evt_2", 0, dispute.NoticeFundsWithdrawn, told(dispute.ProviderNeedsResponse, out)),
			w.notice("evt_3", 1440, dispute.NoticeClosed, told(dispute.ProviderWon, out, back)),
			w.notice("evt_4", 2880, dispute.NoticeClosed, told(dispute.ProviderLost, again)),
		}
	},
}

func told(status dispute.ProviderStatus, moves ...dispute.Movement) func(*dispute.Snapshot) {
	return func(s *dispute.Snapshot) {
		s.Status, s.RawStatus, s.Movements = status, string(status), moves
	}
}

func TestRecordInAnyOrder(t *testing.T) {
	t.Parallel()
	db := database(t)
	for name, life := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := len(life(newWorld(t, db)))
			want := recorded{}
			permute(n, func(order []int) {
				w := newWorld(t, db)
				notices := life(w)
				for _, i := range order {
					w.record(notices[i])
				}
				got := w.recorded()
				if again := w.record(append(notices, notices[order[0]])...); again.Entries != got.Entries {
					t.Errorf("order %v: told again, there are %d entries instead of %d", order, again.Entries, got.Entries)
				}
				if diff := cmp.Diff(got, w.recorded()); diff != "" {
					t.Errorf("order %v: told again, the case changes: %s", order, diff)
				}
				if want.Balances == nil { // the first order is that of time
					want = got
				}
				ignore := cmpopts.IgnoreFields(recorded{}, "Entries")
				if diff := cmp.Diff(want, got, ignore); diff != "" {
					t.Fatalf("order %v: %s", order, diff)
				}
				if told := w.events("notice"); told != n {
					t.Fatalf("order %v: %d events of %d notices", order, told, n)
				}
			})
			if len(want.Balances) == 0 {
				t.Error("nothing was posted, so nothing was compared")
			}
		})
	}
}

// recorded is what is kept of a case's notices, without its ids.
type recorded struct {
	View      dispute.View
	Family    dispute.Family
	Deadline  dispute.Deadline
	Outcome   string
	OutcomeAt string
	Balances  map[ledger.Account]int64
	Entries   int
}

func (w *world) recorded() recorded {
	w.t.Helper()
	row := w.row()
	row.View.Snapshot.ID = ""
	_, row.View.EventID, _ = strings.Cut(row.View.EventID, "/")
	for i, m := range row.View.Snapshot.Movements {
		_, row.View.Snapshot.Movements[i].ID, _ = strings.Cut(m.ID, "/")
	}
	out := recorded{
		View: row.View, Family: row.Family, Deadline: row.Deadline,
		Outcome: row.Outcome, OutcomeAt: row.OutcomeAt.String(), Balances: map[ledger.Account]int64{},
	}
	entries := must[[]ledger.Entry](w.t)(w.DB.CaseEntries(w.t.Context(), w.ref.CaseID()))
	out.Entries = len(entries)
	for _, e := range entries {
		sum := int64(0)
		for _, p := range e.Postings {
			amount := p.Amount
			if p.Side == ledger.Credit {
				amount = -amount
			}
			sum += amount
			out.Balances[p.Account] += amount
			if out.Balances[p.Account] == 0 {
				delete(out.Balances, p.Account)
			}
		}
		if sum != 0 {
			w.t.Errorf("entry %s is off by %d", e.Key, sum)
		}
	}
	return out
}

// permute calls visit with every order of n things, the given one first.
func permute(n int, visit func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var place func(int)
	place = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			place(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	place(0)
}

func TestRecordTellsWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	got := w.record(w.notice("evt_1", 0, dispute.NoticeOpened, func(s *dispute.Snapshot) { s.SubmissionCount, s.AutoAnswer = 2, "accept" }))
	want := Known{
		Title: got.Known.Title, Merchant: "acme", Family: dispute.FamilyProductNotReceived,
		Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Network: "visa", NetworkCode: "13.1", Reason: "product_not_received",
		RawStatus: "needs_response", Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback,
		Deadline: got.Known.Deadline, Submissions: 2, AutoAnswer: "accept",
	}
	if diff := cmp.Diff(want, got.Known); diff != "" {
		t.Error(diff)
	}
	if id := w.row().WorkflowID; id != w.ref.WorkflowID(1) {
		t.Errorf("the case is reached at %s, want %s", id, w.ref.WorkflowID(1))
	}
	if d := got.Known.Deadline; d.At.After(noon.Add(10*day)) || !d.Last().Equal(noon.Add(10*day)) {
		t.Errorf("deadline %+v", d)
	}
	row := w.row()
	if row.Status != dispute.StatusOpen || row.Part != 1 || row.WorkflowID != w.ref.WorkflowID(1) || got.Known.Title == "" {
		t.Errorf("%+v", row)
	}
	got = w.record(w.notice("evt_2", 1, dispute.NoticeClosed, told(dispute.ProviderPrevented)))
	if row := w.row(); row.Outcome != string(dispute.StatusClosed) || !got.Known.Status.Final() || got.Known.Status.Answered() {
		t.Errorf("%+v, outcome %q", got.Known, row.Outcome)
	}
	if got := w.record(w.notice("evt_3", 2, dispute.NoticeUpdated, told(dispute.ProviderUnderReview))); !got.Known.Status.Answered() || w.row().Outcome != "" {
		t.Errorf("a dispute that was reopened has the outcome %q", w.row().Outcome)
	}
}

func TestRecordGoesOnWithoutWhatCannotBeBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	undated := dispute.Movement{ID: w.ref.ID + "/txn_1", Amount: -100, Net: -100, Currency: "usd"}
	for range 2 {
		got := w.record(w.notice("evt_1", 0, dispute.NoticeFundsWithdrawn, told(dispute.ProviderNeedsResponse, undated)))
		if got.Entries != 0 || got.Known.Deadline.At.IsZero() {
			t.Errorf("%+v", got)
		}
	}
	if n := w.events("not_posted"); n != 1 {
		t.Errorf("%d events for the person who looks after the books", n)
	}
	dated := undated
	dated.At = noon
	if got := w.record(w.notice("evt_2", 1, dispute.NoticeUpdated, told(dispute.ProviderNeedsResponse, dated))); got.Entries == 0 {
		t.Error("what can be booked now is not")
	}
}

func TestAcceptedIsNotLost(t *testing.T) {
	t.Parallel()
	for response, want := range map[dispute.Response]dispute.Status{
		dispute.ResponseAccept: dispute.StatusAccepted, dispute.ResponseContest: dispute.StatusLost, dispute.ResponseUndecided: dispute.StatusLost,
	} {
		row := &store.CaseRow{}
		row.Response, row.View.Snapshot.Status = response, dispute.ProviderLost
		if got := outcomeOf(row); got != want {
			t.Errorf("%q: %s", response, got)
		}
	}
}
