package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// toTemporal is deferred by every step, so that its body speaks of errors of
// ours only: defer toTemporal(&err).
func toTemporal(err *error) { *err = temporalError(*err) }

// temporalError is the only place where an error of ours becomes one of
// Temporal's: its type is the kind, and the kind decides whether and when the
// step is tried again.
func temporalError(err error) error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) || errors.Is(err, context.Canceled) {
		return err
	}
	kind := dispute.KindOf(err)
	opts := temporal.ApplicationErrorOptions{NonRetryable: !retryable(kind), Cause: nil}
	var e *dispute.Error
	if errors.As(err, &e) && kind == dispute.RateLimited {
		opts.NextRetryDelay = e.RetryAfter
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(kind), opts)
}

// patient is how long an accounting system is left alone before it is asked
// again after a refusal.
const patient = 15 * time.Minute

// neverGivingUp is toTemporal for money: a refusal that a person must mend
// (credentials, an account that is not mapped) is tried again, because books
// that lack an entry stay wrong.
func neverGivingUp(err *error) {
	kind := dispute.KindOf(*err)
	if *err == nil || retryable(kind) {
		toTemporal(err)
		return
	}
	*err = temporal.NewApplicationErrorWithOptions((*err).Error(), string(kind), temporal.ApplicationErrorOptions{NextRetryDelay: patient})
}

// retryable reports whether the same step can succeed later without a person.
func retryable(kind dispute.Kind) bool {
	switch kind {
	case dispute.Transient, dispute.RateLimited, dispute.UnknownOutcome:
		return true
	case dispute.Auth, dispute.Invalid, dispute.NotFound, dispute.Conflict, dispute.TooLate, dispute.Unsupported:
		return false
	}
	return true
}
