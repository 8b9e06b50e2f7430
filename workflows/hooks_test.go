package workflows

import (
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// failure is an error of a kind as activities.errors.go makes it.
func failure(kind dispute.Kind) error {
	return failureUntil(kind, 0)
}

func failureUntil(kind dispute.Kind, again time.Duration) error {
	passes := kind == dispute.Transient || kind == dispute.RateLimited || kind == dispute.UnknownOutcome
	return temporal.NewApplicationErrorWithOptions("vendor: "+string(kind), string(kind), temporal.ApplicationErrorOptions{
		NonRetryable: !passes, NextRetryDelay: again,
	})
}

func always(kind dispute.Kind) func(call) error {
	return func(call) error { return failure(kind) }
}

// down fails from one time until another, and says when to come back: the test
// environment tries ten times and no more.
func down(from, until time.Duration) func(call) error {
	return func(c call) error {
		if c.at >= from && c.at < until {
			return failureUntil(dispute.RateLimited, until-c.at)
		}
		return nil
	}
}

// busy always fails, and wants to be asked again later.
func busy(kind dispute.Kind, again time.Duration) func(call) error {
	return func(call) error { return failureUntil(kind, again) }
}

// hangs never answers.
func hangs(c call) error {
	if c.quick {
		return failure(dispute.Transient)
	}
	return activity.ErrResultPending
}

// first fails the first n attempts.
func first(n int, kind dispute.Kind) func(call) error {
	return func(c call) error {
		if c.n <= n {
			return failure(kind)
		}
		return nil
	}
}
