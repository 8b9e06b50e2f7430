package dispute

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what an error means for the case, and so what happens next. One
// function in activities maps kinds to retries; nothing else decides.
type Kind string

// The kinds of error.
const (
	Transient      Kind = "transient"       // try again soon
	RateLimited    Kind = "rate_limited"    // try again after RetryAfter
	Auth           Kind = "auth"            // credentials are refused: a person must mend them
	Invalid        Kind = "invalid"         // the vendor refuses what was sent; the same again is refused again
	NotFound       Kind = "not_found"       // the thing is not there
	Conflict       Kind = "conflict"        // somebody or something changed it first
	TooLate        Kind = "too_late"        // the window is closed
	UnknownOutcome Kind = "unknown_outcome" // a write may or may not have happened: read before writing again
	Unsupported    Kind = "unsupported"     // this connection cannot do it; a person can
)

// ErrUnsupported is the normal answer of a connection that lacks a capability.
var ErrUnsupported = errors.New("unsupported")

// Error is the one error type that crosses a room's border. Its message names
// ids and operations, never personal data and never a secret.
type Error struct {
	Kind       Kind
	Op         string        // what was tried: "stripe: update dispute du_1"
	RetryAfter time.Duration // only for RateLimited, as the vendor asked; zero when it did not say
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Op, e.Kind)
	}
	return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a kind with a formatted cause (%w is honoured).
func Errorf(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// KindOf is the kind of the first Error in err's chain. An error that is none
// of ours is Transient, because giving up on a dispute needs a reason.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, ErrUnsupported):
		return Unsupported
	default:
		return Transient
	}
}
