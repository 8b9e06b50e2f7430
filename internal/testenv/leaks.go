package testenv

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// NoLeaks fails when goroutines are left that running does not name. They have
// ten seconds to end: on a busy machine a closed connection takes its time.
func NoLeaks(t testing.TB, running ...goleak.Option) {
	t.Helper()
	if err := leaks(running...); err != nil {
		t.Error(err)
	}
}

func leaks(running ...goleak.Option) error {
	for give := time.Now().Add(10 * time.Second); ; {
		err := goleak.Find(running...)
		if err == nil || time.Now().After(give) {
			return err
		}
	}
}
