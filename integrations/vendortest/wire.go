package vendortest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rebuttal-hq/rebuttal/integrations"
)

// wire is an adapter before a stand-in, and the requests between them.
type wire struct {
	integrations.Adapter

	mu       sync.Mutex
	requests []string
}

func (s Spec) wire(t *testing.T) *wire {
	t.Helper()
	w := &wire{}
	inner := s.StandIn()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		text, err := dump(r)
		if err != nil {
			t.Errorf("a request cannot be read: %v", err)
		}
		w.mu.Lock()
		w.requests = append(w.requests, text)
		w.mu.Unlock()
		inner.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	w.Adapter = s.New(t, srv.URL)
	return w
}

// since are the requests after the first n, as one text, and their number.
func (w *wire) since(n int) (text string, count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.requests[n:], "\n"), len(w.requests) - n
}

// count is how many requests there were.
func (w *wire) count() int {
	_, n := w.since(0)
	return n
}

// carried fails when none of the requests after the first n had the key.
func (w *wire) carried(t *testing.T, s Spec, n int, key string) {
	t.Helper()
	if s.Key != nil {
		key = s.Key(key)
	}
	if text, _ := w.since(n); !strings.Contains(text, key) {
		t.Errorf("no request carried the key %q: send it as the idempotency key or, where the vendor has none, with the thing written, so that it is found again; if the vendor takes another form of it, say which in Spec.Key", key)
	}
}

// dump is a request's address, headers and body as one text; the body can be
// read again afterwards.
func dump(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var b strings.Builder
	b.WriteString(r.URL.String() + "\n")
	_ = r.Header.Write(&b)
	b.Write(body)
	return b.String(), nil
}
