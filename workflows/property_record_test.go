package workflows

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// TestRecordInAnyOrderAndBatch tells lives of six notices to the recording step
// on PostgreSQL, in any order, some again, as many at a time as come: the case,
// its history and its books end the same.
func TestRecordInAnyOrderAndBatch(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, db: db, steps: &activities.Steps{Set: integrations.SetOf(nil),
		DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Policy: activities.Policy{Scale: func(d time.Duration) time.Duration { return d }, FallbackWindow: 7 * day},
	}}
	for life := range 3 {
		want := r.record(life, [][]int{{0}, {1}, {2}, {3}, {4}, {5}})
		if len(want.Balances) == 0 {
			t.Fatal("nothing was posted, so nothing is compared")
		}
		for seed := range uint64(15) {
			batches := shuffled(seed)
			if diff := cmp.Diff(want, r.record(life, batches)); diff != "" {
				t.Fatalf("life %d, told %v (-in time +told):\n%s", life, batches, diff)
			}
		}
	}
}

// shuffled is an order of six notices, up to three of them again, in batches.
func shuffled(seed uint64) [][]int {
	chance := rand.New(rand.NewPCG(seed, 1))
	told := chance.Perm(6)
	for range chance.IntN(4) {
		told = append(told, chance.IntN(6))
	}
	chance.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	var batches [][]int
	for len(told) > 0 {
		n := 1 + chance.IntN(len(told))
		batches, told = append(batches, told[:n]), told[n:]
	}
	return batches
}

type recorder struct {
	t     *testing.T
	db    *store.DB
	steps *activities.Steps
	cases int
}

// recorded is what is kept of a case, without the order of its history.
type recorded struct {
	View      string
	Deadline  time.Time
	Outcome   string
	OutcomeAt time.Time
	Known     dispute.ProviderStatus
	Balances  map[ledger.Account]int64
	Notices   int
}

// record makes a case of its own and tells it a life.
func (r *recorder) record(life int, batches [][]int) recorded {
	r.t.Helper()
	r.cases++
	own := dispute.Ref{Connection: "stripe", ID: fmt.Sprintf("dp_%04d", r.cases)}
	notices := sixNotices(own.ID, life)
	var last activities.Recorded
	for _, batch := range batches {
		in := activities.RecordInput{Ref: own, Part: 1}
		for _, k := range batch {
			row, err := store.FromNotice(notices[k])
			if err != nil {
				r.t.Fatal(err)
			}
			if _, err := r.db.SaveNotices(r.t.Context(), []store.NewNotice{row}); err != nil {
				r.t.Fatal(err)
			}
			in.Events = append(in.Events, notices[k].EventID)
		}
		var err error
		if last, err = r.steps.Record(r.t.Context(), in); err != nil {
			r.t.Fatal(err)
		}
	}
	return r.kept(own, last)
}

func (r *recorder) kept(own dispute.Ref, last activities.Recorded) recorded {
	r.t.Helper()
	ctx := r.t.Context()
	row, err := r.db.GetCase(ctx, own.CaseID())
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.db.VerifyChain(ctx, row.ID); err != nil {
		r.t.Error(err)
	}
	view, err := json.Marshal(row.View)
	if err != nil {
		r.t.Fatal(err)
	}
	out := recorded{
		View: strings.ReplaceAll(string(view), own.ID, "dp"), Deadline: row.Deadline.At,
		Outcome: row.Outcome, OutcomeAt: row.OutcomeAt, Known: last.Known.Status, Balances: map[ledger.Account]int64{},
	}
	entries, err := r.db.CaseEntries(ctx, row.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, b := range ledger.TrialBalance(entries) {
		if b.Net() != 0 {
			out.Balances[b.Account] = b.Net()
		}
	}
	events, err := r.db.Events(ctx, row.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == "notice" {
			out.Notices++
		}
	}
	return out
}

// sixNotices are a dispute that is won, one that is lost after an inquiry, and
// one that is won and lost again.
func sixNotices(id string, life int) []dispute.Notice {
	const needs, review, won, lost = dispute.ProviderNeedsResponse, dispute.ProviderUnderReview, dispute.ProviderWon, dispute.ProviderLost
	move := func(name string, after time.Duration, amount, fee int64, category string) dispute.Movement {
		return dispute.Movement{ID: id + name, Category: category, Amount: amount, Fee: fee, Net: amount - fee, Currency: "usd", At: t0.Add(after)}
	}
	out := move("_out", 0, -12900, 1500, "dispute")
	back := move("_back", 9*day, 12900, 0, "dispute_reversal")
	again := move("_again", 20*day, -12900, 0, "dispute")
	number := 0
	tells := func(after time.Duration, kind dispute.NoticeKind, st dispute.Stage, status dispute.ProviderStatus, moves ...dispute.Movement) dispute.Notice {
		number++
		return dispute.Notice{
			Connection: "stripe", EventID: fmt.Sprintf("%s_evt_%d", id, number), Kind: kind, RawKind: string(kind), OccurredAt: t0.Add(after),
			Snapshot: &dispute.Snapshot{
				ID: id, Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Reason: "fraudulent", Network: "visa",
				Status: status, RawStatus: string(status), Stage: st, OpenedAt: t0, DueBy: t0.Add(30*day - after), Movements: moves,
			},
		}
	}
	const inquiry, chargeback, pre = dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration
	switch life {
	case 0:
		return []dispute.Notice{
			tells(0, dispute.NoticeOpened, chargeback, needs), tells(0, dispute.NoticeFundsWithdrawn, chargeback, needs, out),
			tells(day, dispute.NoticeUpdated, chargeback, review, out), tells(9*day, dispute.NoticeClosed, chargeback, won, out),
			tells(9*day, dispute.NoticeFundsReinstated, chargeback, won, out, back), tells(10*day, dispute.NoticeUpdated, chargeback, won, back),
		}
	case 1:
		return []dispute.Notice{
			tells(0, dispute.NoticeOpened, inquiry, needs), tells(day, dispute.NoticeUpdated, inquiry, review),
			tells(5*day, dispute.NoticeUpdated, chargeback, needs), tells(5*day, dispute.NoticeFundsWithdrawn, chargeback, needs, out),
			tells(6*day, dispute.NoticeUpdated, chargeback, review), tells(9*day, dispute.NoticeClosed, chargeback, lost, out),
		}
	default:
		return []dispute.Notice{
			tells(0, dispute.NoticeOpened, chargeback, needs, out), tells(day, dispute.NoticeUpdated, chargeback, dispute.ProviderUnknown),
			tells(9*day, dispute.NoticeClosed, chargeback, won, out, back), tells(20*day, dispute.NoticeUpdated, pre, needs, again),
			tells(21*day, dispute.NoticeUpdated, pre, review, out, back), tells(25*day, dispute.NoticeClosed, pre, lost),
		}
	}
}
