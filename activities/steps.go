// Package activities holds the steps of a dispute: one file a step. A step
// reads and writes the outside world so that the workflow does not have to.
//
// Three files are the only places of their kind: errors.go turns errors into
// Temporal's, once.go performs outside writes, io.go holds what crosses
// workflow history.
package activities

import (
	"context"
	"log/slog"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Steps has every activity as a method and what they need as fields. All its
// exported methods are activities, and nothing else.
type Steps struct {
	DB        *store.DB
	Blobs     *store.Blobs
	Set       *integrations.Set
	Merchants []Merchant
	Policy    Policy
	Links     Links
	Now       func() time.Time
	Log       *slog.Logger

	sets  parsed[*rules.Set]
	words parsed[*evidence.LetterSet]
}

// Merchant says which connections belong to one business.
type Merchant struct {
	ID         string
	Providers  []string
	Sources    []string
	Accounting []string
}

// Policy holds the durations that no rule sets, already scaled, and the scale
// for those that rules set.
type Policy struct {
	Scale          func(time.Duration) time.Duration
	FallbackWindow time.Duration
	SourcePatience time.Duration
	Linger         time.Duration
	RetryEvery     time.Duration
}

// Links are the addresses that people are sent to.
type Links struct {
	Console    string // base address of the console
	TemporalUI string // base address of the Temporal UI
	Namespace  string
}

// answeredAt is where a dispute is read and answered: where it came from, or at
// the connection that its provider delegates to.
func (s *Steps) answeredAt(ref dispute.Ref) dispute.Ref {
	d, err := integrations.As[integrations.Delegator](s.Set, ref.Connection)
	if err != nil {
		return ref
	}
	if to, ok := d.Delegate(ref); ok {
		return to
	}
	return ref
}

// twin is the case that the other connection has of a delegated dispute, when it
// tells of it itself: that one answers and is booked. Empty when there is none.
func (s *Steps) twin(ctx context.Context, ref dispute.Ref) (string, error) {
	at := s.answeredAt(ref)
	if at == ref {
		return "", nil
	}
	row, err := s.DB.GetCase(ctx, at.CaseID())
	switch {
	case err == nil:
		return row.ID, nil
	case dispute.KindOf(err) == dispute.NotFound:
		return "", nil
	default:
		return "", err
	}
}

// merchant is the owner of a provider connection; one without an owner stands
// for itself and asks no sources.
func (s *Steps) merchant(connection string) Merchant {
	for _, m := range s.Merchants {
		for _, p := range m.Providers {
			if p == connection {
				return m
			}
		}
	}
	return Merchant{ID: connection}
}
