package activities

import (
	"context"
	"fmt"
	"sync"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// ruleSet is the set with a hash, or the one in force, or the built-in default
// when none was ever published.
func (s *Steps) ruleSet(ctx context.Context, hash string) (*rules.Set, error) {
	set, _, err := s.namedSet(ctx, hash)
	return set, err
}

// namedSet is the same with the hash it is stored under, which is known of a set
// that this build cannot read, too.
func (s *Steps) namedSet(ctx context.Context, hash string) (*rules.Set, string, error) {
	var stored store.RuleSet
	var err error
	if hash == "" {
		stored, err = s.DB.ActiveRules(ctx)
	} else if set, ok := s.sets.get(hash); ok {
		return set, hash, nil
	} else {
		stored, err = s.DB.RuleSet(ctx, hash)
	}
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		set := rules.Default()
		return set, set.Hash(), nil
	}
	if err != nil {
		return nil, hash, err
	}
	set, err := s.sets.parse(stored.Hash, func() (*rules.Set, error) {
		return rules.Read(fmt.Sprintf("version %d", stored.Version), []byte(stored.Source))
	})
	return set, stored.Hash, err
}

// parsed keeps what was read from a published text, by its hash: a published
// text never changes.
type parsed[T any] struct {
	mu   sync.Mutex
	kept map[string]T
}

func (p *parsed[T]) get(hash string) (T, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.kept[hash]
	return v, ok
}

func (p *parsed[T]) parse(hash string, read func() (T, error)) (T, error) {
	if v, ok := p.get(hash); ok {
		return v, nil
	}
	v, err := read()
	if err != nil {
		return v, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]T{}
	}
	p.kept[hash] = v
	return v, nil
}
