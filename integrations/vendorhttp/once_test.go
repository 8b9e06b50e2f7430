package vendorhttp

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A write on a kept connection that breaks is sent once, also with an
// idempotency key and without a body: what becomes of it is read.
func TestWriteIsSentOnce(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]any{"with a body": map[string]int{"a": 1}, "without one": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					return
				}
				asked.Add(1)
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				if tcp, ok := conn.(*net.TCPConn); ok {
					_ = tcp.SetLinger(0)
				}
				_ = conn.Close()
			}))
			t.Cleanup(srv.Close)
			c := &Client{Vendor: "v", BaseURL: srv.URL, HTTP: srv.Client()}
			if _, err := c.Do(t.Context(), Request{Op: "warm up", Method: http.MethodGet, Path: "/"}, nil); err != nil {
				t.Fatal(err)
			}
			_, err := c.Do(t.Context(), Request{
				Op: "write", Method: http.MethodPost, Path: "/", JSON: body, Write: true, Header: http.Header{"Idempotency-Key": {"k"}},
			}, nil)
			if err == nil || asked.Load() != 1 {
				t.Errorf("sent %d times, error %v", asked.Load(), err)
			}
		})
	}
}
