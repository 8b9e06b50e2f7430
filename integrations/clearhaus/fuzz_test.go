package clearhaus

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// FuzzDispute: whatever a dispute holds, its snapshot is one that the engine can
// use, and no address of it leads away from the API with the token.
func FuzzDispute(f *testing.F) {
	if example, err := os.ReadFile("testdata/dispute.json"); err == nil {
		f.Add(example)
	}
	for _, seed := range []string{`{}`, `{"id":"1","status":"paused","due_at":"2016-13-99"}`, `{"id":"1","_links":{"ch:transaction":{"href":"//x/{y"},"ch:stamps":{"href":"/s","name":"refuted"}}}`} {
		f.Add([]byte(seed))
	}
	a := newAdapter(f, defaultBaseURL)
	f.Fuzz(func(t *testing.T, body []byte) {
		var w wireDispute
		if json.Unmarshal(body, &w) != nil {
			return
		}
		s := w.snapshot()
		if s.Status == "" || s.Stage == "" || s.RawStatus == "" || s.DueBy.Location() != time.UTC || strings.Contains(s.Payment, "/") {
			t.Errorf("snapshot %+v", s)
		}
		if n := dispute.Polled(connection, s, today); n.EventID == "" || n.Kind == "" {
			t.Errorf("notice %+v", n)
		}
		for _, list := range w.Links {
			for _, l := range list {
				to, err := a.resolve(l, url.Values{"page": {"2"}})
				if u, bad := url.Parse(to); err == nil && (bad != nil || u.Host != "merchant.clearhaus.com" || u.Scheme != "https") {
					t.Errorf("%q leads to %q", l.Href, to)
				}
			}
		}
	})
}
