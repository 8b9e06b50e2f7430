package easypost

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func get(t *testing.T, w *world.World, path, key string) (status int, body struct {
	Trackers []struct {
		ID string `json:"id"`
	} `json:"trackers"`
	HasMore bool `json:"has_more"`
}) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/trackers"+path, nil)
	r.SetBasicAuth(key, "")
	rec := httptest.NewRecorder()
	New(w, "key").ServeHTTP(rec, r)
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	return rec.Code, body
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for path, want := range map[string]int{
		"": 200, "?page_size=100": 200, "?page_size=101": 422, "?page_size=x": 422, "?start_datetime=yesterday": 422,
		"/" + id(w.Orders()[0]): 200, "/trk_1": 404,
	} {
		if got, _ := get(t, w, path, "key"); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
		if got, _ := get(t, w, path, "other"); got != http.StatusUnauthorized {
			t.Errorf("%s with another key: status %d, want 401", path, got)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld()
	orders := w.Orders()
	n := len(orders)
	for name, tt := range map[string]struct {
		query string
		want  []string
		more  bool
	}{
		"newest first":   {"?page_size=2", []string{id(orders[n-1]), id(orders[n-2])}, true},
		"the page after": {"?page_size=2&before_id=" + id(orders[2]), []string{id(orders[1]), id(orders[0])}, false},
		"by number":      {"?tracking_code=" + orders[3].Shipment.Tracking, []string{id(orders[3])}, false},
		"other carrier":  {"?carrier=USPS&tracking_code=" + orders[3].Shipment.Tracking, nil, false},
		"too late":       {"?start_datetime=2027-01-01T00:00:00Z", nil, false},
		"too early":      {"?end_datetime=2026-01-01T00:00:00Z", nil, false},
	} {
		_, body := get(t, w, tt.query, "key")
		var got []string
		for _, tr := range body.Trackers {
			got = append(got, tr.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || body.HasMore != tt.more {
			t.Errorf("%s: has_more %v; trackers (-want +got):\n%s", name, body.HasMore, diff)
		}
	}
}
