package telemetry

import (
	"net/http"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// outcomeOK is the outcome of what did not fail.
const outcomeOK = "ok"

// Vendors measures every call to a vendor and, when tracing is on, traces it. A
// vendor that refuses with status 200 counts as ok here; its step fails with the
// true kind.
func Vendors(m *Metrics, t *Tracing) func(vendor string, next http.RoundTripper) http.RoundTripper {
	return func(vendor string, next http.RoundTripper) http.RoundTripper {
		return measured{vendor: vendor, metrics: m, next: t.transport(vendor, next)}
	}
}

// measured counts one vendor's calls.
type measured struct {
	vendor  string
	metrics *Metrics
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c measured) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := c.next.RoundTrip(r)
	c.metrics.calls.WithLabelValues(c.vendor, outcomeOf(resp, err)).Observe(time.Since(began).Seconds())
	return resp, err
}

// outcomeOf is a call's outcome in the words of dispute.Kind. Whether a write
// without an answer may have happened is for its step to say.
func outcomeOf(resp *http.Response, err error) string {
	switch {
	case err != nil:
		return string(dispute.Transient)
	case resp.StatusCode < http.StatusBadRequest:
		return outcomeOK
	default:
		return string(vendorhttp.KindOfStatus(resp.StatusCode, false))
	}
}
