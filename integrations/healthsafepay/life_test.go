package healthsafepay

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/healthsafepay"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// inbox is a door with the adapter behind it: it refuses the first post of all.
type inbox struct {
	*adapter
	mu      sync.Mutex
	posts   int
	notices []dispute.Notice
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.posts++; i.posts == 1 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if i.Verify(r.Header, body, clock) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	notices, err := i.Parse(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	i.notices = append(i.notices, notices...)
}

func TestLife(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verdicts []bool
		want     dispute.ProviderStatus
		moves    int
	}{
		"opened":           {nil, dispute.ProviderNeedsResponse, 1},
		"won":              {[]bool{true}, dispute.ProviderWon, 2},
		"lost":             {[]bool{false}, dispute.ProviderLost, 1},
		"won after a loss": {[]bool{false, true}, dispute.ProviderWon, 2},
		"lost after a win": {[]bool{true, false}, dispute.ProviderLost, 2},
	} {
		for _, wrapped := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				now := clock
				w := world.New(1, func() time.Time { return now }, 24*time.Hour)
				shop := standin.New(w, standin.Options{Secret: secret, Wrapped: wrapped, Backoff: time.Millisecond})
				in := &inbox{adapter: newAdapter(t)}
				srv := httptest.NewServer(in)
				defer srv.Close()
				order := w.NewOrder(world.OrderOptions{Total: 6450})
				id := shop.Open(order, "FRAUDULENT")
				for _, won := range tt.verdicts {
					now = now.Add(24 * time.Hour)
					if err := shop.Decide(id, won); err != nil {
						t.Fatal(err)
					}
				}
				if err := shop.Deliver(t.Context(), srv.URL); err != nil {
					t.Fatal(err)
				}
				if first := shop.Webhooks()[0]; first.Attempts != 2 || first.Delivered != 1 {
					t.Errorf("the refused webhook was posted %d times and taken %d times", first.Attempts, first.Delivered)
				}
				v := foldBothWays(t, in.notices)
				s := v.Snapshot
				if s.ID != id || s.Status != tt.want || len(s.Movements) != tt.moves || s.Amount != (dispute.Money{Minor: 6450, Currency: "USD"}) || !s.DueBy.IsZero() {
					t.Errorf("dispute %s: %s with %d movements, %v, due %v", s.ID, s.Status, len(s.Movements), s.Amount, s.DueBy)
				}
				if d := dispute.Earliest(v, dispute.Windows{Policy: 7 * 24 * time.Hour}); d.Origin != dispute.OriginPolicy || !d.At.Equal(clock.Add(7*24*time.Hour)) {
					t.Errorf("deadline %v by %s, want the policy's", d.At, d.Origin)
				}
			})
		}
	}
}

// A webhook that is not taken does not keep the others back.
func TestDeliverGoesOn(t *testing.T) {
	t.Parallel()
	w := world.New(1, func() time.Time { return clock }, 24*time.Hour)
	shop := standin.New(w, standin.Options{Secret: secret, Backoff: time.Millisecond, Attempts: 2})
	stuck := shop.Open(w.NewOrder(world.OrderOptions{}), "FRAUDULENT")
	other := shop.Open(w.NewOrder(world.OrderOptions{}), "FRAUDULENT")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), stuck) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	err := shop.Deliver(t.Context(), srv.URL)
	if err == nil || !strings.Contains(err.Error(), stuck) || strings.Contains(err.Error(), other) {
		t.Errorf("error %v, want one that names %s only", err, stuck)
	}
	if all := shop.Webhooks(); all[0].Delivered != 0 || all[0].Attempts != 2 || all[1].Delivered != 1 {
		t.Errorf("webhooks %+v", all)
	}
}

// foldBothWays folds the notices as they came and, each twice, the other way
// round.
func foldBothWays(t *testing.T, notices []dispute.Notice) dispute.View {
	t.Helper()
	var there, back dispute.View
	for _, n := range notices {
		there = dispute.Fold(there, n)
	}
	for _, n := range slices.Backward(notices) {
		back = dispute.Fold(dispute.Fold(back, n), n)
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the order of delivery shows:\n%s", diff)
	}
	return there
}

// There is no contract to hold the stand-in to but HealthSafePay's sample: it
// says nothing that the sample does not.
func TestStandInSpeaksAsTheSample(t *testing.T) {
	t.Parallel()
	w := world.New(1, func() time.Time { return clock }, 24*time.Hour)
	shop := standin.New(w, standin.Options{Secret: secret})
	if err := shop.Decide(shop.Open(w.NewOrder(world.OrderOptions{}), "FRAUDULENT"), true); err != nil {
		t.Fatal(err)
	}
	known := keys(t, read(t, "testdata/sample.json"))
	for _, hook := range shop.Webhooks() {
		for at := range keys(t, hook.Body) {
			if !known[at] {
				t.Errorf("%s: %s is not in the sample", hook.Name, at)
			}
		}
	}
	if err := shop.Decide("dp_none", true); err == nil {
		t.Error("decided a dispute that is not there")
	}
	rec := httptest.NewRecorder()
	shop.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/disputes", nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("HTTP %d for a call that nobody documents", rec.Code)
	}
}

// keys are the paths of all values of a JSON body.
func keys(t *testing.T, body []byte) map[string]bool {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	walk(v, "", out)
	return out
}

func walk(v any, at string, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			walk(inner, at+"."+name, out)
		}
	case []any:
		for _, e := range v {
			walk(e, at+"[]", out)
		}
	}
	out[at] = true
}
