package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var testRef = dispute.Ref{Connection: "stripe-us", ID: "du_1"}

// inCase fails the test when the transaction does.
func inCase(t testing.TB, d *DB, ref dispute.Ref, fn func(c *CaseTx) error) {
	t.Helper()
	ok(t, d.InCase(t.Context(), ref, fn))
}

// edit changes a case's row.
func edit(t testing.TB, d *DB, ref dispute.Ref, fn func(r *CaseRow)) {
	t.Helper()
	inCase(t, d, ref, func(c *CaseTx) error {
		fn(c.Row())
		return nil
	})
}

func fullRow(r *CaseRow) {
	r.Merchant, r.Part, r.Family, r.Status, r.Response = "acme", 2, dispute.FamilyFraudulent, dispute.StatusSubmitted, dispute.ResponseContest
	r.View = dispute.View{
		Snapshot: dispute.Snapshot{
			ID: "du_1", Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"},
			Reason: "fraudulent", Network: "visa", NetworkCode: "10.4",
			RawStatus: "under_review", Status: dispute.ProviderUnderReview, Stage: dispute.StageChargeback,
			OpenedAt: noon, DueBy: noon.AddDate(0, 0, 7),
			Movements: []dispute.Movement{{ID: "txn_1", Amount: -12900, Fee: 1500, Net: -14400, Currency: "USD", At: noon}},
		},
		OccurredAt: noon, EventID: "evt_1", FirstSeen: noon,
	}
	r.Deadline = dispute.Deadline{At: noon.AddDate(0, 0, 7), Origin: dispute.OriginProvider}
	r.CutOffAt, r.ArmedUntil = noon.AddDate(0, 0, 6), noon.AddDate(0, 0, 5)
	r.Queue, r.Assignee, r.Rule, r.RuleSet, r.Route = "senior", "ana", "high", "abc", []byte(`{"a": 1}`)
	r.Needs, r.Next, r.Strength, r.Sources = "no carrier", "submits at noon", 3, []byte(`[]`)
	r.Payment = &dispute.Payment{ID: "ch_1", Email: "Jenny@example.com", Name: "Jenny Rosen", OrderName: "#1001", At: noon}
	r.PacketHash, r.SubmittedAt, r.Outcome, r.OutcomeAt = "p1", noon, "won", noon.Add(time.Hour)
	r.WorkflowID, r.State = testRef.WorkflowID(2), []byte(`{"part": 2}`)
}

func TestInCaseKeepsEverything(t *testing.T) {
	t.Parallel()
	d := open(t)
	var want CaseRow
	inCase(t, d, testRef, func(c *CaseTx) error {
		if !c.Created() {
			t.Error("not created")
		}
		fullRow(c.Row())
		want = *c.Row()
		return nil
	})
	got := must[CaseRow](t)(d.GetCase(t.Context(), testRef.CaseID()))
	ignore := cmpopts.IgnoreFields(CaseRow{}, "CreatedAt", "UpdatedAt", "Version")
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	if got.Version != 2 || time.Since(got.CreatedAt) > time.Minute || got.CreatedAt.Location() != time.UTC {
		t.Errorf("version %d, created %s", got.Version, got.CreatedAt)
	}
	var columns [6]string
	err := d.pool.QueryRow(t.Context(), `SELECT network, network_code, stage, provider_status, amount || currency,
		(opened_at = $1 AND deadline_at = $2)::text FROM cases`, noon, want.Deadline.At).
		Scan(&columns[0], &columns[1], &columns[2], &columns[3], &columns[4], &columns[5])
	ok(t, err)
	if want := [...]string{"visa", "10.4", "chargeback", "under_review", "12900USD", "true"}; columns != want {
		t.Errorf("columns = %v, want %v", columns, want)
	}
}

func TestInCaseVersions(t *testing.T) {
	t.Parallel()
	d := open(t)
	version := func() int64 { return must[CaseRow](t)(d.GetCase(t.Context(), "du_1")).Version }
	edit(t, d, testRef, func(*CaseRow) {})
	if got := version(); got != 1 {
		t.Errorf("a new case has version %d", got)
	}
	edit(t, d, testRef, fullRow)
	edit(t, d, testRef, fullRow)
	if got := version(); got != 2 {
		t.Errorf("an unchanged row gives version %d, want 2", got)
	}
	edit(t, d, testRef, func(r *CaseRow) { r.Payment.Email = "new@example.com" })
	edit(t, d, testRef, func(r *CaseRow) { r.View.Snapshot.Movements[0].Net++ })
	if got := version(); got != 4 {
		t.Errorf("changes in depth give version %d, want 4", got)
	}
	inCase(t, d, testRef, func(c *CaseTx) error {
		if c.Created() {
			t.Error("created again")
		}
		return c.Append(Event{Actor: "a", Kind: "k"})
	})
	if got := version(); got != 5 {
		t.Errorf("an event gives version %d, want 5", got)
	}
}

func TestInCaseTakesAnyText(t *testing.T) {
	t.Parallel()
	d := open(t)
	ref := dispute.Ref{Connection: "c", ID: "d"}
	edit(t, d, ref, func(r *CaseRow) {
		r.View.Snapshot.Reason = "a\x00b"
		r.Payment = &dispute.Payment{Name: "x\x00y", Metadata: map[string]string{"k\x00": "v"}}
		r.Route = []byte(`{"x":"\u0000"}`)
	})
	got := must[CaseRow](t)(d.GetCase(t.Context(), ref.CaseID()))
	if got.View.Snapshot.Reason != "a\uFFFDb" || got.Payment.Name != "x\uFFFDy" {
		t.Errorf("reason %q, name %q", got.View.Snapshot.Reason, got.Payment.Name)
	}
	if got.Route == nil || got.State != nil || !got.CutOffAt.IsZero() {
		t.Errorf("row = %+v", got)
	}
}

func TestInCaseUndoes(t *testing.T) {
	t.Parallel()
	d := open(t)
	sentinel := errors.New("the caller's own")
	err := d.InCase(t.Context(), testRef, func(c *CaseTx) error {
		c.Row().Queue = "senior"
		ok(t, c.Append(Event{Kind: "k"}))
		return sentinel
	})
	if err != sentinel { //nolint:errorlint // it must be the very error
		t.Errorf("error = %v", err)
	}
	_, err = d.GetCase(t.Context(), testRef.CaseID())
	wantKind(t, err, dispute.NotFound)
	wantKind(t, d.InCase(t.Context(), dispute.Ref{Connection: "c"}, nil), dispute.Invalid)
}

func TestInCaseRunsAgainAfterALostRace(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, c := range []struct {
		code  string
		tries int
	}{{codeDeadlock, maxTries}, {codeSerialization, maxTries}, {codeUniqueViolation, 1}} {
		tries := 0
		err := d.InCase(t.Context(), testRef, func(*CaseTx) error {
			tries++
			return wrap("test", &pgconn.PgError{Code: c.code})
		})
		if err == nil || tries != c.tries {
			t.Errorf("%s: %d tries, %v", c.code, tries, err)
		}
	}
	tries := 0
	inCase(t, d, testRef, func(c *CaseTx) error {
		c.Row().Strength++
		if tries++; tries < 3 {
			return &pgconn.PgError{Code: codeDeadlock}
		}
		return nil
	})
	if got := must[CaseRow](t)(d.GetCase(t.Context(), "du_1")); got.Strength != 1 {
		t.Errorf("strength = %d, want the work of one try", got.Strength)
	}
}

func TestFoldingFromEverywhere(t *testing.T) {
	t.Parallel()
	d := open(t)
	const callers = 200
	notices := make([]dispute.Notice, callers)
	var want dispute.View
	for i := range notices {
		at := noon.Add(time.Duration(i*7919%callers) * time.Second)
		notices[i] = dispute.Notice{
			Connection: "stripe-us", EventID: fmt.Sprint("evt_", i), OccurredAt: at,
			Snapshot: &dispute.Snapshot{ID: "du_1", OpenedAt: noon, Status: dispute.ProviderNeedsResponse, RawStatus: fmt.Sprint(i)},
		}
		want = dispute.Fold(want, notices[i])
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for _, n := range notices {
		group.Go(func() {
			err := d.InCase(t.Context(), testRef, func(c *CaseTx) error {
				if c.Created() {
					mu.Lock()
					defer mu.Unlock()
					created++
				}
				c.Row().View = dispute.Fold(c.Row().View, n)
				return c.Append(Event{Actor: "rebuttal", Kind: "notice", Key: n.EventID, At: n.OccurredAt})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got := must[CaseRow](t)(d.GetCase(t.Context(), "du_1"))
	if diff := cmp.Diff(want, got.View); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	if got.Events != callers || created != 1 {
		t.Errorf("%d events, created %d times", got.Events, created)
	}
	ok(t, d.VerifyChain(t.Context(), got.ID))
}
