package activities

import (
	"context"
	"fmt"
	"sync"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// ruleSets keeps parsed rule sets by hash; a published set never changes.
type ruleSets struct {
	mu   sync.Mutex
	sets map[string]*rules.Set
}

// ruleSet is the set with a hash, or the one in force, or the built-in default
// when none was ever published.
func (s *Steps) ruleSet(ctx context.Context, hash string) (*rules.Set, error) {
	var stored store.RuleSet
	var err error
	if hash == "" {
		stored, err = s.DB.ActiveRules(ctx)
	} else if set := s.sets.get(hash); set != nil {
		return set, nil
	} else {
		stored, err = s.DB.RuleSet(ctx, hash)
	}
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return rules.Default(), nil
	}
	if err != nil {
		return nil, err
	}
	return s.sets.parse(stored)
}

func (c *ruleSets) get(hash string) *rules.Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sets[hash]
}

func (c *ruleSets) parse(stored store.RuleSet) (*rules.Set, error) {
	if set := c.get(stored.Hash); set != nil {
		return set, nil
	}
	set, err := rules.Parse(fmt.Sprintf("version %d", stored.Version), []byte(stored.Source))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sets == nil {
		c.sets = map[string]*rules.Set{}
	}
	c.sets[stored.Hash] = set
	return set, nil
}
