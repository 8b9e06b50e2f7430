package console

import (
	"sync"
	"time"
)

// recent keeps what was read a moment ago, for the pages that ask next.
type recent[T any] struct {
	mu   sync.Mutex
	at   time.Time // zero when nothing is kept
	kept T
}

// get is what was read less than age ago; else it reads. An error is not kept.
// Whoever asks meanwhile waits for the one who reads.
func (r *recent[T]) get(now time.Time, age time.Duration, read func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && now.Sub(r.at) < age {
		return r.kept, nil
	}
	found, err := read()
	if err == nil {
		r.at, r.kept = now, found
	}
	return found, err
}

// forget has the next one read.
func (r *recent[T]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = time.Time{}
}
