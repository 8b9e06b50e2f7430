package checkout

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/checkout"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount, currency string
		want             dispute.Money
	}{
		{"8150", "GBP", dispute.Money{Minor: 8150, Currency: "GBP"}},
		{"8150.0", "gbp", dispute.Money{Minor: 8150, Currency: "GBP"}},
		{"-500", "USD", dispute.Money{Minor: -500, Currency: "USD"}},
		{"500", "JPY", dispute.Money{Minor: 500, Currency: "JPY"}},
		{"1310", "BHD", dispute.Money{Minor: 1310, Currency: "BHD"}},
		{"100000", "CLP", dispute.Money{Minor: 1000, Currency: "CLP"}},
		{"9007199254740993", "EUR", dispute.Money{Minor: 9007199254740993, Currency: "EUR"}},
		{"8150.5", "GBP", dispute.Money{}},
		{"100050", "CLP", dispute.Money{}},
		{"1e3", "GBP", dispute.Money{}},
		{"99999999999999999999", "GBP", dispute.Money{}},
		{"", "GBP", dispute.Money{}},
		{"100", "", dispute.Money{}},
		{"100", "EURO", dispute.Money{}},
	} {
		if got := money(json.Number(tt.amount), tt.currency); got != tt.want {
			t.Errorf("%s %s: %+v, want %+v", tt.amount, tt.currency, got, tt.want)
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2023-10-31T18:00:00+00:00"`:         "2023-10-31T18:00:00Z",
		`"2022-12-15T15:20:31.5042702+00:00"`: "2022-12-15T15:20:31.5042702Z",
		`"2018-08-21T02:00:00+02:00"`:         "2018-08-21T00:00:00Z",
		`"2018-08-21T00:00:00"`:               "2018-08-21T00:00:00Z",
		`"2018-08-21"`:                        "2018-08-20T10:00:00Z",
		`"soon"`:                              "0001-01-01T00:00:00Z",
		`null`:                                "0001-01-01T00:00:00Z",
		`12`:                                  "0001-01-01T00:00:00Z",
		`"9999-12-31T23:59:59-01:00"`:         "0001-01-01T00:00:00Z",
	} {
		var m moment
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %s, %v; want %s", text, m.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"VISA": "visa", "Visa": "visa", "Mastercard": "mastercard", "American Express": "amex", "AMEX": "amex",
		"Diners Club International": "diners", "Cartes Bancaires": "cartes_bancaires", "Mada": "mada", "": "",
	} {
		w := wireDispute{ID: "dsp_1", PaymentMethod: method}
		if got := w.snapshot().Network; got != want {
			t.Errorf("%q is %q, want %q", method, got, want)
		}
	}
	for status, want := range map[string]dispute.Stage{"on_hold": dispute.StageChargeback, "arbitration_withdrawn": dispute.StageArbitration} {
		s := (&wireDispute{ID: "dsp_1", Status: status}).snapshot()
		if s.Status != dispute.ProviderUnknown || s.RawStatus != status || s.Stage != want {
			t.Errorf("status %s: %s %s %s", status, s.Status, s.RawStatus, s.Stage)
		}
	}
	for raw, want := range map[string][]string{
		`["a","b"]`: {"a", "b"}, `[["a"],["b"]]`: {"a", "b"}, `null`: nil, `{}`: nil, ``: nil,
	} {
		w := wireDispute{RelevantEvidence: json.RawMessage(raw)}
		if got := w.relevant(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", raw, got, want)
		}
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	c := s.open(t, standin.DisputeOptions{})
	order := s.world.Orders()[0]
	got, err := s.Payment(t.Context(), c.View.Snapshot)
	want := dispute.Payment{
		ID: standin.PaymentID(order), Amount: dispute.Money{Minor: order.Total, Currency: "USD"}, At: order.PaidAt.Truncate(time.Millisecond),
		CustomerID: strings.ToLower(order.Customer.StripeID) + "ko", Email: order.Customer.Email, Name: order.Customer.Name,
		OrderID: strconv.FormatInt(order.ShopifyID, 10), OrderName: strconv.Itoa(order.Number), Refunded: dispute.Money{Currency: "USD"},
		Metadata: map[string]string{"order_id": strconv.FormatInt(order.ShopifyID, 10), "order_number": strconv.Itoa(order.Number)},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := s.Payment(t.Context(), dispute.Snapshot{ID: "dsp_1"}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("no payment named: %v", err)
	}
}

// The first poll lists what is open, later ones what was updated since.
func TestPoll(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	now := noon
	s.account = standin.New(s.world, func() standin.Options { o := options(); o.Now = func() time.Time { return now }; return o }())
	srv := httptest.NewServer(s.account)
	t.Cleanup(srv.Close)
	s.adapter = newAdapter(t, srv.URL)
	s.now = func() time.Time { return now }

	open := s.account.Open(s.world.Orders()[0], standin.DisputeOptions{})
	ended := s.account.Open(s.world.Orders()[1], standin.DisputeOptions{})
	if err := s.account.Decide(ended, false); err != nil {
		t.Fatal(err)
	}
	cursor := poll(t, s.adapter, "", map[string]string{open: "evidence_required"})
	again := poll(t, s.adapter, cursor, map[string]string{open: "evidence_required", ended: "lost"})
	if cursor != noon.Format(time.RFC3339) || again != cursor {
		t.Errorf("cursors %s and %s", cursor, again)
	}
	now = noon.Add(3 * time.Hour)
	if err := s.account.Decide(ended, true); err != nil {
		t.Fatal(err)
	}
	if got := poll(t, s.adapter, again, map[string]string{ended: "won", open: "evidence_required"}); got != now.Format(time.RFC3339) {
		t.Errorf("cursor %s", got)
	}
	poll(t, s.adapter, now.Format(time.RFC3339), map[string]string{ended: "won"})
	if _, next, err := s.Poll(t.Context(), "yesterday"); dispute.KindOf(err) != dispute.Invalid || next != "yesterday" {
		t.Errorf("a broken cursor: %q, %v", next, err)
	}
}

func poll(t *testing.T, a *adapter, cursor string, want map[string]string) (next string) {
	t.Helper()
	notices, next, err := a.Poll(t.Context(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, n := range notices {
		got[n.Snapshot.ID] = n.Snapshot.RawStatus
		if n.Connection != connection {
			t.Errorf("%s names connection %q", n.EventID, n.Connection)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %q (-want +got):\n%s", cursor, diff)
	}
	return next
}

// Disputes that leave the list while it is read do not make others pass unseen.
func TestPollPages(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 600 {
		ids = append(ids, fmt.Sprintf("dsp_%03d", i))
	}
	var requests atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		have := ids[min(10*(int(requests.Add(1))-1), len(ids)):] // ten leave between two pages
		skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		data := []map[string]any{}
		for _, id := range have[min(skip, len(have)):min(skip+limit, len(have))] {
			data = append(data, map[string]any{"id": id, "status": "evidence_required", "amount": 1, "currency": "EUR"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data}) // without total_count
	}))
	t.Cleanup(srv.Close)
	notices, _, err := newAdapter(t, srv.URL).Poll(t.Context(), "")
	if err != nil || len(notices) != len(ids) || requests.Load() != 5 {
		t.Errorf("%d disputes in %d requests, %v; want %d in 5", len(notices), requests.Load(), err, len(ids))
	}
}

// A last update that is to come must not hide what is updated before it.
func TestPollFromTheFuture(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("skip") != "0" {
			_, _ = w.Write([]byte(`{"total_count":1,"data":[]}`))
			return
		}
		_, _ = w.Write([]byte(`{"total_count":1,"data":[{"id":"dsp_1","status":"evidence_required","last_update":"2999-01-01T00:00:00Z"}]}`))
	}))
	t.Cleanup(srv.Close)
	want := noon.Add(-overlap).Format(time.RFC3339)
	if got := poll(t, newAdapter(t, srv.URL), want, map[string]string{"dsp_1": "evidence_required"}); got != want {
		t.Errorf("cursor %s, want %s", got, want)
	}
}

// A list that shows the same page for ever ends with an error, and the cursor
// stays.
func TestPollThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte(`{"data":[{"id":"dsp_1","status":"evidence_required"}]}`))
	}))
	t.Cleanup(srv.Close)
	notices, next, err := newAdapter(t, srv.URL).Poll(t.Context(), "")
	if dispute.KindOf(err) != dispute.Invalid || len(notices) != 0 || next != "" || requests.Load() != maxPages {
		t.Errorf("%d notices, cursor %q, %v after %d requests; want an error after %d", len(notices), next, err, requests.Load(), maxPages)
	}
}

func TestGetWhatIsNoDispute(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }))
	t.Cleanup(srv.Close)
	a := newAdapter(t, srv.URL)
	_, err := a.Get(t.Context(), dispute.Ref{ID: "dsp_1"})
	_, err2 := a.Payment(t.Context(), dispute.Snapshot{Payment: "pay_1"})
	if dispute.KindOf(err) != dispute.Transient || dispute.KindOf(err2) != dispute.Transient {
		t.Error(errors.Join(err, err2))
	}
}
