// Package faults makes a stand-in misbehave on demand: late, refusing, failing
// after it has done the work, or hanging up.
package faults

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mode is what a fault does to a request.
type Mode string

// The modes.
const (
	Latency        Mode = "latency"           // waits Delay, then answers as usual
	RateLimit      Mode = "429"               // answers 429 with Retry-After
	Error          Mode = "500"               // answers 500 and does nothing
	ErrorCommitted Mode = "500-after-commit"  // does the work, then answers 500
	Drop           Mode = "drop"              // hangs up and does nothing
	DropCommitted  Mode = "drop-after-commit" // does the work, then hangs up
	Down           Mode = "down"              // answers 503 to everything until cleared
)

var modes = []Mode{Latency, RateLimit, Error, ErrorCommitted, Drop, DropCommitted, Down, Duplicate, Reorder}

// Modes of a provider's webhooks: it is the provider that sends these, so they
// apply to no request.
const (
	Duplicate Mode = "duplicate" // every webhook comes Times more times
	Reorder   Mode = "reorder"   // webhooks come up to Delay late, out of order
)

// Known reports whether there is such a mode.
func (m Mode) Known() bool { return slices.Contains(modes, m) }

// ModeNames lists the modes for people.
func ModeNames() string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = string(m)
	}
	return strings.Join(names, ", ")
}

// Fault is one misbehaviour, for requests that fit it.
type Fault struct {
	Vendor string        `json:"vendor"` // "" fits all
	Method string        `json:"method"` // "" fits all
	Path   string        `json:"path"`   // a part of the path; "" fits all
	Mode   Mode          `json:"mode"`
	Times  int           `json:"times"` // how many requests it hits; 0 means until cleared
	Delay  time.Duration `json:"delay"` // for latency, and Retry-After of 429
}

// Set is the list of faults in force. The zero value has none.
type Set struct {
	mu     sync.Mutex
	active []*Fault
}

// Add puts a fault in force.
func (s *Set) Add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = append(s.active, &f)
}

// Clear ends all faults of a vendor; "" ends all.
func (s *Set) Clear(vendor string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.active[:0]
	for _, f := range s.active {
		if vendor != "" && f.Vendor != vendor {
			kept = append(kept, f)
		}
	}
	s.active = kept
}

// take finds the fault for a request and uses up one of its times.
func (s *Set) take(vendor string, r *http.Request) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.active {
		if !f.fits(vendor, r) {
			continue
		}
		hit := *f
		if f.Times == 1 {
			s.active = append(s.active[:i], s.active[i+1:]...)
		} else if f.Times > 1 {
			f.Times--
		}
		return hit, true
	}
	return Fault{}, false
}

func (f *Fault) fits(vendor string, r *http.Request) bool {
	return (f.Vendor == "" || f.Vendor == vendor) &&
		(f.Method == "" || f.Method == r.Method) &&
		(f.Path == "" || strings.Contains(r.URL.Path, f.Path))
}

// Wrap applies the faults of one vendor to its handler.
func (s *Set) Wrap(vendor string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := s.take(vendor, r)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		apply(f, next, w, r)
	})
}

func apply(f Fault, next http.Handler, w http.ResponseWriter, r *http.Request) {
	switch f.Mode {
	case Latency:
		select {
		case <-time.After(f.Delay):
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	case RateLimit:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.Delay/time.Second))))
		http.Error(w, `{"error":"rate limited"}`, http.StatusTooManyRequests)
	case Error:
		http.Error(w, `{"error":"internal"}`, http.StatusInternalServerError)
	case ErrorCommitted:
		next.ServeHTTP(&discard{header: http.Header{}}, r)
		http.Error(w, `{"error":"internal"}`, http.StatusInternalServerError)
	case Drop:
		panic(http.ErrAbortHandler)
	case DropCommitted:
		next.ServeHTTP(&discard{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case Down:
		http.Error(w, `{"error":"unavailable"}`, http.StatusServiceUnavailable)
	case Duplicate, Reorder:
		next.ServeHTTP(w, r)
	}
}

// discard swallows the answer of work whose answer gets lost.
type discard struct {
	header http.Header
	body   bytes.Buffer
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return d.body.Write(b) }
func (d *discard) WriteHeader(int)             {}
