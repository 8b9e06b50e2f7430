package shipbob

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func get(t *testing.T, path, token string) (status int, body any) {
	t.Helper()
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	h := New(world.New(7, func() time.Time { return now }, 24*time.Hour), "token")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/2026-01"+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
	}
	return w.Code, body
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/channel":                          200,
		"/order":                            200,
		"/order?Limit=0":                    400,
		"/order?Limit=251":                  400,
		"/order?Page=x":                     400,
		"/order/81001001":                   200,
		"/order/1":                          404,
		"/order/81001001/shipment/91001001": 200,
		"/order/81001001/shipment/91001002": 404, // another order's
		"/order/81001001/shipment/91001001/timeline":   200,
		"/shipment/91001001":                           200,
		"/shipment/91001001/timeline":                  200,
		"/shipment/5/timeline":                         404,
		"/order/5400000001001":                         404, // the shop's id
		"/order/81001001/shipment/91001001/everything": 404,
	} {
		if got, _ := get(t, path, "token"); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
		if got, _ := get(t, path, "other"); got != http.StatusUnauthorized {
			t.Errorf("%s with another token: status %d, want 401", path, got)
		}
	}
}

func TestOrderSearch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query string
		want  []string // order numbers
	}{
		"two references":         {"?ReferenceIds=5400000001003,5400000001001", []string{"#1001", "#1003"}},
		"unknown among known":    {"?ReferenceIds=5400000001003,9", []string{"#1003"}},
		"a name is no reference": {"?ReferenceIds=%231003", nil},
		"both filters":           {"?ReferenceIds=5400000001003&IDs=81001001", nil},
		"second page":            {"?Page=2&Limit=2", []string{"#1003", "#1004"}},
		"beyond the last page":   {"?Page=9&Limit=20", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, body := get(t, "/order"+tt.query, "token")
			list, ok := body.([]any)
			if !ok {
				t.Fatalf("answer %v is no list", body)
			}
			var got []string
			for _, o := range list {
				got = append(got, o.(map[string]any)["order_number"].(string))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
		})
	}
}
