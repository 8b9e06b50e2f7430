package desk

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// RuleHit is how a rule of the cases' own routes fared.
type RuleHit struct {
	Matched int64 // cases that it held for
	Decided int64 // cases that it decided
	// Amount is at stake in the decided ones, in the base currency of the rules in
	// force. It leaves out Unpriced cases, whose currency has no rate.
	Amount   dispute.Money
	Unpriced int64
}

// RuleHits counts, by the ids of the rules, the cases that were opened within a
// time. Each counts with the rules that planned it last. What took long to count
// is told again for a minute.
func (d *Desk) RuleHits(ctx context.Context, by Actor, since time.Duration) (map[string]RuleHit, error) {
	if err := by.need(MayReadCases); err != nil {
		return nil, err
	}
	if known, ok := d.hits.get(since); ok {
		return known, nil
	}
	set, err := d.RulesInForce(ctx, by)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	rows, err := d.DB.RuleHits(ctx, d.Now().Add(-since))
	if err != nil {
		return nil, err
	}
	slow := time.Since(began) > hitsSlow
	found := hitsOf(rows, set)
	if slow {
		d.hits.put(since, found)
	}
	return found, nil
}

func hitsOf(rows []store.RuleHits, set *rules.Set) map[string]RuleHit {
	out := map[string]RuleHit{}
	for _, row := range rows {
		for _, rule := range row.Matched {
			hit := out[rule]
			hit.Matched += row.Cases
			out[rule] = hit
		}
		hit := out[row.Rule]
		hit.Decided += row.Cases
		if amount, err := set.Convert(row.Amount); err != nil {
			hit.Unpriced += row.Cases
		} else {
			hit.Amount.Minor += amount.Minor
		}
		out[row.Rule] = hit
	}
	for rule, hit := range out {
		hit.Amount.Currency = set.BaseCurrency
		out[rule] = hit
	}
	return out
}

const (
	hitsSlow  = 100 * time.Millisecond
	hitsFresh = time.Minute
)

// hitCache keeps counts that took long, by the time that they look back.
type hitCache struct {
	mu   sync.Mutex
	kept map[time.Duration]keptHits
}

type keptHits struct {
	hits map[string]RuleHit
	at   time.Time
}

func (c *hitCache) get(since time.Duration) (map[string]RuleHit, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[since]
	return maps.Clone(k.hits), ok && time.Since(k.at) < hitsFresh
}

func (c *hitCache) put(since time.Duration, hits map[string]RuleHit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.kept, func(_ time.Duration, k keptHits) bool { return time.Since(k.at) >= hitsFresh })
	if c.kept == nil {
		c.kept = map[time.Duration]keptHits{}
	}
	c.kept[since] = keptHits{hits: maps.Clone(hits), at: time.Now()}
}
