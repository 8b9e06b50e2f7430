package aftership

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

func get(t *testing.T, w *world.World, path, key string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("as-api-key", key)
	rec := httptest.NewRecorder()
	New(w, "key").ServeHTTP(rec, r)
	return rec
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for path, want := range map[string]int{
		"": 200, "?limit=200": 200, "?limit=201": 400, "?limit=x": 400, "?cursor=x": 400, "?cursor=LTE=": 400,
		"/" + id(w.Orders()[0]): 200, "/1": 404,
	} {
		if got := get(t, w, prefix+"/trackings"+path, "key").Code; got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
		if got := get(t, w, prefix+"/trackings"+path, "other").Code; got != http.StatusUnauthorized {
			t.Errorf("%s with another key: status %d, want 401", path, got)
		}
	}
}

func TestProof(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.NewOrder(world.OrderOptions{Undelivered: true})
	if rec := get(t, w, "/proofs/1001", ""); rec.Code != http.StatusOK || http.DetectContentType(rec.Body.Bytes()) != "image/png" {
		t.Errorf("status %d with %d bytes, want a picture", rec.Code, rec.Body.Len())
	}
	for _, path := range []string{"/proofs/1025", "/proofs/1"} {
		if rec := get(t, w, path, "key"); rec.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, rec.Code)
		}
	}
}

// A proof's address opens as it is told, also behind the simulator's prefix.
func TestProofBehindPrefix(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.StripPrefix("/aftership", New(newWorld(), "key")))
	t.Cleanup(srv.Close)
	var body struct {
		Data struct {
			Trackings []struct {
				Proofs []struct{ URL string } `json:"proof_of_delivery"`
			} `json:"trackings"`
		} `json:"data"`
	}
	ask := func(url string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("as-api-key", "key")
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	if err := json.NewDecoder(ask(srv.URL + "/aftership" + prefix + "/trackings?keyword=1003").Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	if len(body.Data.Trackings) != 1 || len(body.Data.Trackings[0].Proofs) != 1 {
		t.Fatalf("answer %+v, want one parcel with a proof", body)
	}
	if resp := ask(body.Data.Trackings[0].Proofs[0].URL); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/png" {
		t.Errorf("status %d and type %q, want a picture", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.Orders()[2]
	for name, tt := range map[string]struct {
		query string
		want  []string // order numbers
		next  string
	}{
		"newest first":    {"?limit=2", []string{"#1024", "#1023"}, "Mg=="},
		"the page after":  {"?limit=2&cursor=MjI=", []string{"#1002", "#1001"}, ""},
		"by id":           {"?order_id=99," + orderID(o), []string{"#1003"}, ""},
		"by number":       {"?tracking_numbers=" + o.Shipment.Tracking, []string{"#1003"}, ""},
		"a part is found": {"?keyword=102&limit=3", []string{"#1024", "#1023", "#1022"}, "Mw=="},
		"both must fit":   {"?order_id=99&keyword=1003", nil, ""},
	} {
		var body struct {
			Data struct {
				Trackings  []struct{ Title string } `json:"trackings"`
				Pagination struct {
					Next string `json:"next_cursor"`
				} `json:"pagination"`
			} `json:"data"`
		}
		if err := json.Unmarshal(get(t, w, prefix+"/trackings"+tt.query, "key").Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tr := range body.Data.Trackings {
			got = append(got, tr.Title)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || body.Data.Pagination.Next != tt.next {
			t.Errorf("%s: next %q; trackings (-want +got):\n%s", name, body.Data.Pagination.Next, diff)
		}
	}
}
