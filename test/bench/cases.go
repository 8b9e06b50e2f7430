package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	assignees = 200
	queues    = 40
)

// crowd is a number of invented cases of the three years before a moment, each
// made from its own number: about 97 % have ended, 2 % wait for their verdict
// and 1 % for an answer.
type crowd struct {
	n      int
	now    time.Time
	routes map[dispute.Family]json.RawMessage
}

func newCrowd(n int, now time.Time) (*crowd, error) {
	c := &crowd{n: n, now: now, routes: map[dispute.Family]json.RawMessage{}}
	for _, family := range networks.Families() {
		in := rules.Input{Now: now, Case: dispute.Case{Family: family, Deadline: dispute.Deadline{At: now.AddDate(0, 0, 9)}}}
		in.Case.View.Snapshot.Amount = dispute.Money{Minor: 12_900, Currency: "USD"}
		route, err := rules.Default().Evaluate(in)
		if err != nil {
			return nil, err
		}
		if c.routes[family], err = json.Marshal(route); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func assignee(i int) string { return fmt.Sprintf("person%03d@example.com", i%assignees) }

func orderNumber(i int) string { return fmt.Sprint(1_000_000 + i) }

func disputeRef(i int) dispute.Ref {
	connections := []string{"stripe-us", "stripe-us", "stripe-eu", "adyen-eu", "paypal-us"}
	return dispute.Ref{Connection: connections[i%len(connections)], ID: fmt.Sprintf("du_1P%012d", i)}
}

// standing is how a case of some age stands: the newest hundredth mostly waits
// for an answer, half of the next four for a verdict.
func (c *crowd) standing(i int, r *rand.Rand) dispute.Status {
	share := float64(i) / float64(c.n)
	switch chance := r.Float64(); {
	case share >= 0.99 && chance < 0.85:
		waiting := []dispute.Status{dispute.StatusNeedsApproval, dispute.StatusNeedsPerson, dispute.StatusOnHold}
		if k := r.IntN(10); k < len(waiting) {
			return waiting[k]
		}
		return dispute.StatusOpen
	case share >= 0.95 && chance < 0.5:
		return dispute.StatusSubmitted
	}
	ended := []dispute.Status{dispute.StatusWon, dispute.StatusLost, dispute.StatusLost, dispute.StatusAccepted, dispute.StatusWon, dispute.StatusClosed}
	return ended[r.IntN(len(ended))]
}

func (c *crowd) row(i int) store.CaseRow {
	r := rand.New(rand.NewPCG(uint64(i), 7)) //nolint:gosec // invented, the same in every run
	families := networks.Families()
	row := store.CaseRow{Queue: fmt.Sprintf("queue%02d", r.IntN(queues)), Strength: r.IntN(5), Rule: "the-rest", RuleSet: strings.Repeat("5e", 32)}
	row.Ref = disputeRef(i)
	row.ID, row.Merchant, row.Part, row.WorkflowID = row.Ref.CaseID(), fmt.Sprintf("merchant%02d", r.IntN(20)), 1, row.Ref.WorkflowID(1)
	row.Status, row.Family = c.standing(i, r), families[r.IntN(len(families))]
	row.Vendor, _, _ = strings.Cut(row.Ref.Connection, "-")
	if r.IntN(10) < 7 {
		row.Assignee = assignee(r.IntN(assignees))
	}
	switch chance := r.IntN(2000); {
	case chance == 0:
		row.Tags = []string{"watch"}
	case chance < 400:
		row.Tags = []string{"vip", "web"}
	}
	age := time.Duration(float64(c.n-i) / float64(c.n) * 3 * 365 * float64(24*time.Hour))
	c.tell(&row, i, c.now.Add(-age).UTC().Truncate(time.Second), r)
	return row
}

// tell folds what a provider would have told of a case, and adds what follows
// from it.
func (c *crowd) tell(row *store.CaseRow, i int, opened time.Time, r *rand.Rand) {
	networkOf := []string{"visa", "visa", "mastercard", "amex"}
	says := map[dispute.Status]dispute.ProviderStatus{
		dispute.StatusSubmitted: dispute.ProviderUnderReview, dispute.StatusWon: dispute.ProviderWon, dispute.StatusLost: dispute.ProviderLost,
		dispute.StatusAccepted: dispute.ProviderLost, dispute.StatusClosed: dispute.ProviderClosed,
	}
	snap := dispute.Snapshot{
		ID: row.Ref.ID, Payment: fmt.Sprintf("ch_3P%012d", i), PaymentIntent: fmt.Sprintf("pi_3P%012d", i),
		Amount: dispute.Money{Minor: 500 + int64(r.ExpFloat64()*9000), Currency: "USD"}, Reason: string(row.Family), Network: networkOf[r.IntN(len(networkOf))],
		RawStatus: "needs_response", Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback, OpenedAt: opened,
		DueBy: opened.Add(time.Duration(7*24+r.IntN(14*24)) * time.Hour),
	}
	snap.Movements = []dispute.Movement{{
		ID: fmt.Sprintf("txn_1P%012d", i), Category: "dispute", Amount: -snap.Amount.Minor, Fee: 1500, Net: -snap.Amount.Minor - 1500, Currency: "USD",
		At: opened, Description: "Chargeback withdrawal for " + snap.Payment,
	}}
	notice := dispute.Notice{Connection: row.Ref.Connection, EventID: fmt.Sprintf("evt_1P%012d", i), Kind: dispute.NoticeOpened, RawKind: "charge.dispute.created", OccurredAt: opened, Snapshot: &snap}
	row.View = dispute.Fold(row.View, notice)
	if status, told := says[row.Status]; told {
		snap.Status, snap.RawStatus = status, string(status)
		notice.EventID, notice.Kind, notice.OccurredAt = notice.EventID+"b", dispute.NoticeUpdated, opened.AddDate(0, 0, 6)
		row.View = dispute.Fold(row.View, notice)
		row.Response, row.SubmittedAt = dispute.ResponseContest, notice.OccurredAt
	}
	window, note := networks.Window(row.View.Snapshot)
	row.Deadline = dispute.Earliest(row.View, dispute.Windows{Network: window, NetworkNote: note})
	row.Payment = &dispute.Payment{
		ID: snap.Payment, Intent: snap.PaymentIntent, Amount: snap.Amount, At: opened.AddDate(0, -1, 0), CustomerID: fmt.Sprintf("cus_P%09d", r.IntN(c.n)),
		Email: fmt.Sprintf("customer%d@example.com", r.IntN(c.n)), Name: "Jenny Rosen", OrderID: fmt.Sprintf("gid%012d", i), OrderName: "#" + orderNumber(i),
	}
	row.Next = "sends the packet as it is at the cut-off"
	row.CutOffAt = row.Deadline.At.Add(-6 * time.Hour)
	if row.Status.Ended() {
		row.Next, row.Outcome, row.OutcomeAt = "nothing more is expected", string(row.Status), opened.AddDate(0, 0, 40)
	}
	if row.CutOffAt.After(c.now) {
		row.ArmedUntil = row.CutOffAt
	}
	row.Route = c.routes[row.Family]
}

// columns are what a case has, in the order of values.
var columns = []string{
	"id", "connection", "dispute_id", "merchant", "status", "stage", "family", "network", "reason", "raw_status", "provider_status",
	"amount", "currency", "opened_at", "deadline_at", "deadline", "cut_off_at", "armed_until", "response", "queue", "assignee", "rule", "rule_set",
	"route", "payment", "view", "state", "submitted_at", "outcome", "outcome_at", "workflow_id", "next_step", "strength", "words", "vendor", "tags",
	"created_at", "updated_at",
}

func values(row store.CaseRow) []any {
	s, p := row.View.Snapshot, row.Payment
	var state any
	if row.Status.Ended() {
		state = map[string]any{"case": row.Case, "route": row.Route}
	}
	words := strings.Fields(strings.ToLower(strings.Join([]string{
		row.ID, row.Ref.ID, s.Payment, s.PaymentIntent, p.CustomerID, p.Email, p.Name, p.OrderID, p.OrderName, strings.TrimPrefix(p.OrderName, "#"),
	}, " ")))
	return []any{
		row.ID, row.Ref.Connection, row.Ref.ID, row.Merchant, string(row.Status), string(s.Stage), string(row.Family), s.Network, s.Reason, s.RawStatus, string(s.Status),
		s.Amount.Minor, s.Amount.Currency, s.OpenedAt, orNull(row.Deadline.At), row.Deadline, orNull(row.CutOffAt), orNull(row.ArmedUntil), string(row.Response),
		row.Queue, row.Assignee, row.Rule, row.RuleSet, row.Route, p, row.View, state, orNull(row.SubmittedAt), row.Outcome, orNull(row.OutcomeAt),
		row.WorkflowID, row.Next, row.Strength, words, row.Vendor, append([]string{}, row.Tags...), s.OpenedAt, s.OpenedAt,
	}
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// fill writes the crowd to an empty database. The indexes are made after the
// rows, which takes a tenth of the time.
func (c *crowd) fill(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	indexes, err := dropIndexes(ctx, conn)
	if err != nil {
		return err
	}
	began, i := time.Now(), 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"cases"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == c.n {
			return nil, nil
		}
		if i++; i%100_000 == 0 {
			say("%d of %d cases after %s", i, c.n, time.Since(began).Round(time.Second))
		}
		return values(c.row(i - 1)), nil
	}))
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if _, err := conn.Exec(ctx, index); err != nil {
			return err
		}
	}
	say("indexes are made after %s", time.Since(began).Round(time.Second))
	return nil
}

// dropIndexes drops what no constraint needs, and returns how to make it anew.
func dropIndexes(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	type index struct{ Name, Definition string }
	rows, err := conn.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = 'public' AND tablename = 'cases'
		AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conname = i.indexname)`)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return nil, err
	}
	remake := []string{"SET maintenance_work_mem = '512MB'"}
	for _, x := range found {
		if _, err := conn.Exec(ctx, "DROP INDEX "+pgx.Identifier{x.Name}.Sanitize()); err != nil {
			return nil, err
		}
		remake = append(remake, x.Definition)
	}
	return remake, nil
}

func say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, "==> "+format+"\n", args...) }
