package stripe_test

import (
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var submitted atomic.Int32
	s.OnSubmitted(func(string) { submitted.Add(1) })
	id := s.open(stripe.DisputeOptions{})
	path := "/v1/disputes/" + id

	first := s.post(t, path, "key-1", letter)
	again := s.post(t, path, "key-1", letter)
	if first.status != http.StatusOK || again.status != http.StatusOK || again.string("status") != "under_review" {
		t.Errorf("HTTP %d then %d", first.status, again.status)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Original-Request") != first.header.Get("Request-Id") {
		t.Errorf("headers of the repeated answer: %v", again.header)
	}
	other := s.post(t, path, "key-1", url.Values{"evidence[uncategorized_text]": {"something else"}})
	if other.status != http.StatusBadRequest || other.code() != "idempotency_error" {
		t.Errorf("other parameters: HTTP %d %s", other.status, other.code())
	}
	if got := s.dispute(t, id).Submissions; got != 1 || submitted.Load() != 1 {
		t.Errorf("%d submissions, %d callbacks, want 1", got, submitted.Load())
	}

	s.ForgetKeys()
	late := s.post(t, path, "key-1", letter)
	if late.status != http.StatusBadRequest || s.dispute(t, id).Submissions != 1 {
		t.Errorf("a forgotten key: HTTP %d; the dispute is under review and takes nothing", late.status)
	}
	if n := len(s.Requests()); n != 4 {
		t.Errorf("%d requests remembered, want 4", n)
	}
	if r := s.Requests()[1]; !r.Replayed || r.Key != "key-1" || r.Params.Get("submit") != "true" {
		t.Errorf("second request: %+v", r)
	}
}

// A refused request is not remembered: the same key may be used again.
func TestRefusalKeepsNoKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(stripe.DisputeOptions{})
	form := url.Values{"evidence[receipt]": {"file_none"}}
	if got := s.post(t, "/v1/disputes/"+id, "k", form); got.status != http.StatusBadRequest {
		t.Fatalf("HTTP %d", got.status)
	}
	if got := s.post(t, "/v1/disputes/"+id, "k", letter); got.status != http.StatusOK {
		t.Errorf("HTTP %d", got.status)
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, tt := range map[string]struct {
		set  func(*http.Request)
		want int
	}{
		"bearer":       {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secretKey) }, 200},
		"basic":        {func(r *http.Request) { r.SetBasicAuth(secretKey, "") }, 200},
		"wrong bearer": {func(r *http.Request) { r.Header.Set("Authorization", "Bearer sk_test_other") }, 401},
		"wrong basic":  {func(r *http.Request) { r.SetBasicAuth("sk_test_other", "") }, 401},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/account", nil)
		if err != nil {
			t.Fatal(err)
		}
		tt.set(req)
		got := s.do(t, req)
		if got.status != tt.want || got.header.Get("Request-Id") == "" {
			t.Errorf("%s: HTTP %d, want %d", name, got.status, tt.want)
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var ids []string
	for range 5 {
		ids = append(ids, s.open(stripe.DisputeOptions{}))
		s.now = s.now.Add(time.Minute)
	}
	slices.Reverse(ids)
	for path, want := range map[string][]string{
		"/v1/disputes":         ids,
		"/v1/disputes?limit=2": ids[:2],
		"/v1/disputes?limit=2&starting_after=" + ids[1]:                    ids[2:4],
		"/v1/disputes?limit=2&ending_before=" + ids[3]:                     ids[1:3],
		"/v1/disputes?created[gte]=1793707320&created[lt]=1793707440":      ids[1:3],
		"/v1/disputes?charge=" + s.dispute(t, ids[2]).Charge:               ids[2:3],
		"/v1/disputes?created[gt]=1793707440&created[lte]=1793707440":      nil,
		"/v1/disputes?limit=1&starting_after=" + ids[4] + "&created[gt]=1": nil,
	} {
		if got := s.get(t, path); !slices.Equal(got.ids(), want) {
			t.Errorf("%s: %v, want %v (HTTP %d)", path, got.ids(), want, got.status)
		}
	}
	if got := s.get(t, "/v1/disputes?limit=2"); got.body["has_more"] != true {
		t.Error("has_more is not true with three more")
	}
	for _, path := range []string{"/v1/disputes?limit=0", "/v1/disputes?status=open", "/v1/disputes?starting_after=du_none", "/v1/disputes?created[x]=1"} {
		if got := s.get(t, path); got.status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d, want 400", path, got.status)
		}
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.dispute(t, s.open(stripe.DisputeOptions{NetworkCode: "10.4"}))
	charge := s.get(t, "/v1/charges/"+d.Charge+"?expand[]=customer&expand[]=payment_intent.latest_charge&expand[]=invoice")
	if charge.body["disputed"] != true || charge.hash("customer")["object"] != "customer" {
		t.Errorf("charge: %v", charge.body)
	}
	intent := charge.hash("payment_intent")
	if latest, _ := intent["latest_charge"].(map[string]any); latest["id"] != d.Charge {
		t.Errorf("expanded payment intent: %v", intent)
	}
	customer, _ := charge.hash("customer")["id"].(string)
	if got := s.get(t, "/v1/charges?limit=100&customer="+customer+"&expand[]=data.customer"); !slices.Contains(got.ids(), d.Charge) {
		t.Errorf("charges of the customer: %v", got.ids())
	}
	for path, want := range map[string]int{
		"/v1/disputes/" + d.ID + "?expand[]=charge":         200,
		"/v1/customers/" + customer:                         200,
		"/v1/balance_transactions/" + d.Movements[0].ID:     200,
		"/v1/refunds?charge=" + d.Charge:                    200,
		"/v1/charges/" + d.Charge + "?expand[]=nonsense":    400,
		"/v1/charges/" + d.Charge + "?expand[]=currency":    400,
		"/v1/disputes/du_none":                              404,
		"/v1/charges/" + d.ID:                               404,
		"/v1/payouts":                                       404,
		"/v1/payment_intents/" + s.world.NewID("pi_"):       404,
		"/v1/balance_transactions/" + s.world.NewID("txn_"): 404,
	} {
		if got := s.get(t, path); got.status != want {
			t.Errorf("%s: HTTP %d, want %d", path, got.status, want)
		}
	}
}

func TestCloseDispute(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	closed := make(chan string, 1)
	s.OnClosed(func(id string) { closed <- id })
	id := s.open(stripe.DisputeOptions{})
	if got := s.post(t, "/v1/disputes/"+id+"/close", "k", nil); got.string("status") != "lost" {
		t.Errorf("status %q", got.string("status"))
	}
	select {
	case got := <-closed:
		if got != id {
			t.Errorf("closed %s, want %s", got, id)
		}
	case <-time.After(5 * time.Second):
		t.Error("no callback")
	}
	if !s.dispute(t, id).Accepted {
		t.Error("not marked as given up")
	}
	if got := s.post(t, "/v1/disputes/"+id+"/close", "other", nil); got.status != http.StatusBadRequest {
		t.Errorf("closed twice: HTTP %d", got.status)
	}
}
