package store

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// RuleShadow is a rule set that runs, or ran, beside the one in force: it is
// asked about the same cases and decides none.
type RuleShadow struct {
	ID        int64     `json:"id"`
	Hash      string    `json:"hash"`
	Name      string    `json:"name"`
	Source    string    `json:"source"`
	Author    string    `json:"author"`
	Comment   string    `json:"comment"`
	StartedAt time.Time `json:"started_at"`
	StoppedAt time.Time `json:"stopped_at,omitzero"`
	StoppedBy string    `json:"stopped_by,omitempty"`
}

func ruleShadow(r db.RuleShadow) RuleShadow {
	return RuleShadow{
		ID: r.ID, Hash: r.Hash, Name: r.Name, Source: r.Source, Author: r.Author, Comment: r.Comment,
		StartedAt: r.StartedAt, StoppedAt: time.Time(r.StoppedAt), StoppedBy: r.StoppedBy,
	}
}

// StartShadow runs a set beside the one in force: its Hash, Name, Source, Author
// and Comment. The one that runs already is returned as it is; another is a
// Conflict, until it is stopped.
func (d *DB) StartShadow(ctx context.Context, in RuleShadow) (RuleShadow, error) {
	const op = "store: start shadow"
	var out db.RuleShadow
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.LockRules(ctx); err != nil {
			return err
		}
		running, err := q.RunningRuleShadow(ctx)
		switch {
		case err == nil && running.Hash == in.Hash:
			out = running
			return nil
		case err == nil:
			return dispute.Errorf(dispute.Conflict, op, "%s runs as shadow already: stop it first", running.Name)
		case dispute.KindOf(wrap(op, err)) != dispute.NotFound:
			return err
		}
		out, err = q.InsertRuleShadow(ctx, db.InsertRuleShadowParams{
			Hash: in.Hash, Name: cleanText(in.Name), Source: in.Source, Author: in.Author, Comment: cleanText(in.Comment),
		})
		if err != nil {
			return err
		}
		return noteRules(ctx, q, RuleEvent{Actor: in.Author, Kind: "shadow_started", Hash: in.Hash, Comment: in.Comment})
	})
	return ruleShadow(out), wrap(op, err)
}

// StopShadow ends the shadow that runs; it is nothing where none does.
func (d *DB) StopShadow(ctx context.Context, actor string) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		q := db.New(tx)
		stopped, err := q.StopRuleShadow(ctx, actor)
		if err != nil || stopped == 0 {
			return err
		}
		return noteRules(ctx, q, RuleEvent{Actor: actor, Kind: "shadow_stopped"})
	})
	return wrap("store: stop shadow", err)
}

// RunningShadow reads the shadow that runs; NotFound when none does.
func (d *DB) RunningShadow(ctx context.Context) (RuleShadow, error) {
	row, err := d.q.RunningRuleShadow(ctx)
	return ruleShadow(row), wrap("store: running shadow", err)
}

// ShadowResult is what a shadow would have done with a case, beside what was
// done.
type ShadowResult struct {
	Case   string        `json:"case"`
	At     time.Time     `json:"at"`
	Amount dispute.Money `json:"amount"`
	// Live and Shadow are the routes without their explanations.
	Live    json.RawMessage `json:"live"`
	Shadow  json.RawMessage `json:"shadow"`
	Differs bool            `json:"differs"`
	Fields  []string        `json:"fields"`            // of the route, where the two differ
	Failure string          `json:"failure,omitempty"` // why the shadow could not decide
}

// NewShadowResult compares two routes of one case.
func NewShadowResult(c dispute.Case, at time.Time, live, shadow rules.Route) (ShadowResult, error) {
	fields, err := RouteChanges(live, shadow)
	if err != nil {
		return ShadowResult{}, err
	}
	out := ShadowResult{Case: c.ID, At: at, Amount: c.Amount(), Differs: len(fields) > 0, Fields: fields}
	if out.Live, err = bare(live); err != nil {
		return ShadowResult{}, err
	}
	out.Shadow, err = bare(shadow)
	return out, err
}

func bare(r rules.Route) (json.RawMessage, error) {
	r.Explanation = []rules.Match{}
	return json.Marshal(r)
}

// unseen are the fields of a route that do not say where a case goes.
var unseen = []string{"rule", "set_hash", "advice", "explanation"}

// RouteChanges names the fields of a route, by their JSON names, that two routes
// of one case do not share. Which rule and which version decided, and why, do
// not count: a case that goes the same way has not moved.
func RouteChanges(a, b rules.Route) ([]string, error) {
	before, err := routeFields(a)
	if err != nil {
		return nil, err
	}
	after, err := routeFields(b)
	if err != nil {
		return nil, err
	}
	changed := []string{}
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		if !slices.Contains(unseen, name) && !bytes.Equal(before[name], after[name]) {
			changed = append(changed, name)
		}
	}
	return changed, nil
}

func routeFields(r rules.Route) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var out map[string]json.RawMessage
	return out, json.Unmarshal(raw, &out)
}

func merged(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// SaveShadowResult keeps a result; the newest of a case counts.
func (d *DB) SaveShadowResult(ctx context.Context, shadow int64, r ShadowResult) error {
	return wrap("store: shadow result", d.q.SaveShadowResult(ctx, db.SaveShadowResultParams{
		ShadowID: shadow, CaseID: r.Case, At: r.At, Live: r.Live, Shadow: r.Shadow, Differs: r.Differs,
		Fields: append([]string{}, r.Fields...), Amount: r.Amount.Minor, Currency: r.Amount.Currency, Failure: cleanText(r.Failure),
	}))
}

// ShadowReport is what a shadow would have done otherwise.
type ShadowReport struct {
	Shadow    RuleShadow     `json:"shadow"`
	Cases     int64          `json:"cases"` // that both were asked about
	Differing int64          `json:"differing"`
	Failed    int64          `json:"failed"`  // the shadow could not decide
	Fields    []ShadowField  `json:"fields"`  // the most frequent first
	Moves     []ShadowMove   `json:"moves"`   // the most frequent first; at most 100
	Money     []ShadowMoney  `json:"money"`   // at stake in the cases that differ
	Results   []ShadowResult `json:"results"` // that differ, the newest first; at most what was asked for
}

// ShadowField counts the cases that differ in one field of the route.
type ShadowField struct {
	Field string `json:"field"`
	Cases int64  `json:"cases"`
}

// ShadowMove counts the differing cases that one rule decided and another would
// have.
type ShadowMove struct {
	Live   string `json:"live"`
	Shadow string `json:"shadow"`
	Cases  int64  `json:"cases"`
}

// ShadowMoney is the money of the cases that differ, by currency.
type ShadowMoney struct {
	Currency string `json:"currency"`
	Cases    int64  `json:"cases"`
	Amount   int64  `json:"amount"` // minor units
}

// maxMoves bounds the pairs of rules in a report.
const maxMoves = 100

// ReportShadow tells of the shadow that was started last, running or stopped;
// NotFound when there never was one. It lists limit results, 50 when it is zero
// and at most 500.
func (d *DB) ReportShadow(ctx context.Context, limit int) (ShadowReport, error) {
	const op = "store: shadow report"
	latest, err := d.q.LatestRuleShadow(ctx)
	if err != nil {
		return ShadowReport{}, wrap(op, err)
	}
	out := ShadowReport{Shadow: ruleShadow(latest)}
	totals, err := d.q.ShadowTotals(ctx, latest.ID)
	if err != nil {
		return ShadowReport{}, wrap(op, err)
	}
	out.Cases, out.Differing, out.Failed = totals.Cases, totals.Differing, totals.Failed
	fields, err := d.q.ShadowFields(ctx, latest.ID)
	if err != nil {
		return ShadowReport{}, wrap(op, err)
	}
	out.Fields = convert(fields, func(r db.ShadowFieldsRow) ShadowField { return ShadowField(r) })
	moves, err := d.q.ShadowMoves(ctx, db.ShadowMovesParams{ShadowID: latest.ID, MaxRows: maxMoves})
	if err != nil {
		return ShadowReport{}, wrap(op, err)
	}
	out.Moves = convert(moves, func(r db.ShadowMovesRow) ShadowMove { return ShadowMove(r) })
	money, err := d.q.ShadowMoney(ctx, latest.ID)
	if err != nil {
		return ShadowReport{}, wrap(op, err)
	}
	out.Money = convert(money, func(r db.ShadowMoneyRow) ShadowMoney { return ShadowMoney(r) })
	results, err := d.q.ShadowDiffering(ctx, db.ShadowDifferingParams{ShadowID: latest.ID, MaxRows: int32(pageSize(limit))}) //nolint:gosec // at most 500
	out.Results = convert(results, shadowResult)
	return out, wrap(op, err)
}

func shadowResult(r db.ShadowResult) ShadowResult {
	return ShadowResult{
		Case: r.CaseID, At: r.At, Amount: dispute.Money{Minor: r.Amount, Currency: r.Currency},
		Live: r.Live, Shadow: r.Shadow, Differs: r.Differs, Fields: r.Fields, Failure: r.Failure,
	}
}
