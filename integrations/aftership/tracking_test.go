package aftership

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func read(t *testing.T, fields string) tracking {
	t.Helper()
	var out tracking
	if err := json.Unmarshal([]byte(`{"id":"t1","tracking_number":"1Z1","order_id":"7",`+fields+`}`), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestItems(t *testing.T) {
	t.Parallel()
	const scans = `"checkpoints":[
		{"tag":"Delivered","checkpoint_time":"2026-09-04T15:30:00-07:00"},
		{"tag":"InTransit","checkpoint_time":"2026-09-02T08:00:00+00:00"},
		{"tag":"InTransit","checkpoint_time":"yesterday"},
		{"tag":"InfoReceived","checkpoint_time":"2026-09-01"}]`
	const byHand = `"tag":"Delivered","shipment_delivery_date":"2026-09-03","checkpoints":[{"tag":"Delivered","source":"user","checkpoint_time":"2026-09-03T08:00:00Z"}`
	tests := map[string]struct {
		tracking string
		want     []string // kind, time, status, entries of the log
	}{
		"scans in order":           {`"tag":"Delivered",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z  0", "delivery 2026-09-04T22:30:00Z delivered 3"}},
		"scans are more precise":   {`"tag":"Delivered","shipment_delivery_date":"2026-09-04",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z  0", "delivery 2026-09-04T22:30:00Z delivered 3"}},
		"under way":                {`"tag":"AttemptFail",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z delivery attempt failed 3"}},
		"a status of tomorrow":     {`"tag":"OnTheMoon",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z OnTheMoon 3"}},
		"days alone":               {`"tag":"Delivered","shipment_pickup_date":"2026-09-02","shipment_delivery_date":"2026-09-04"`, []string{"fulfillment 2026-09-02  0", "delivery 2026-09-04 delivered 0"}},
		"no zone":                  {`"tag":"Delivered","shipment_delivery_date":"2026-09-04T15:30:00"`, []string{"fulfillment   0", "delivery 2026-09-04T15:30:00Z delivered 0"}},
		"label alone":              {`"tag":"InfoReceived","checkpoints":[{"tag":"InfoReceived","checkpoint_time":"2026-09-01T08:00:00Z"}]`, nil},
		"nothing":                  {`"tag":null,"checkpoints":null,"proof_of_delivery":null`, nil},
		"marked by a user":         {byHand + `]`, nil},
		"marked, picked up before": {byHand + `],"shipment_pickup_date":"2026-09-02"`, []string{"fulfillment 2026-09-02  0"}},
		"marked and delivered":     {byHand + `,{"tag":"Delivered","checkpoint_time":"2026-09-02T08:00:00Z"}]`, []string{"fulfillment 2026-09-02T08:00:00Z  0", "delivery 2026-09-02T08:00:00Z delivered 1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, i := range read(t, tt.tracking).items("parcels") {
				at := i.Facts[dispute.FactDeliveredAt]
				if i.Kind == dispute.ItemFulfillment {
					at = i.Facts[dispute.FactShippedAt]
				}
				got = append(got, strings.Join([]string{string(i.Kind), at, i.Facts[dispute.FactDeliveryStatus], strconv.Itoa(len(i.Log))}, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	tr := read(t, `"tag":"Delivered","checkpoints":[
		{"tag":"InTransit","checkpoint_time":"2026-09-02T08:00:00+02:00","city":"Reno","state":null,"country_region":"USA"},
		{"tag":"OutForDelivery","message":" On the van ","checkpoint_time":"2026-09-03T08:00:00","location":"Portland depot"},
		{"tag":"Delivered","message":"Left at door","checkpoint_time":"2026-09-04","city":"Portland","state":"OR","postal_code":"97001"}]`)
	want := []dispute.LogEntry{
		{At: time.Date(2026, 9, 2, 6, 0, 0, 0, time.UTC), What: "in transit, Reno USA"},
		{At: time.Date(2026, 9, 3, 8, 0, 0, 0, time.UTC), What: "On the van, Portland depot (local time)"},
		{At: time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC), What: "Left at door, Portland OR 97001 (the day alone is told)"},
	}
	if diff := cmp.Diff(want, entries(tr.events())); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestDeliveredForGood(t *testing.T) {
	t.Parallel()
	at := func(day int, tag string) event {
		return event{checkpoint{Tag: tag}, moment{time.Date(2026, 9, day, 8, 0, 0, 0, time.UTC), exact}}
	}
	for name, tt := range map[string]struct {
		events []event
		want   int // the day; 0 for none
	}{
		"once":                      {[]event{at(1, "InTransit"), at(2, "Delivered")}, 2},
		"told again":                {[]event{at(2, "Delivered"), at(5, "Delivered"), at(6, "Expired")}, 2},
		"to the neighbour at first": {[]event{at(2, "Delivered"), at(3, "InTransit"), at(4, "Delivered")}, 4},
		"never":                     {[]event{at(1, "InTransit")}, 0},
	} {
		got := deliveredAt(tt.events)
		if (got.how == unknown) != (tt.want == 0) || got.how != unknown && got.at.Day() != tt.want {
			t.Errorf("%s: %v, want day %d", name, got, tt.want)
		}
	}
}

func TestDestination(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"USA": "US", "DEU": "DE", "": "", "nowhere": ""} {
		f := facts{}
		tracking{Country: code}.destination(f)
		if got := f[dispute.FactShippingCountry]; got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}

func TestNotThisParcel(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]string{
		"another order":   `{"id":"t1","order_id":"70","tag":"InTransit"}`,
		"a return":        `{"id":"t1","order_id":"7","tag":"InTransit","shipment_direction":"return"}`,
		"no id":           `{"order_id":"7","tag":"InTransit"}`,
		"told not at all": `null`,
	} {
		a := connectThrough(t, "http://aftership.test", answering(`{"data":{"trackings":[`+tr+`]}}`))
		if items, err := a.Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}}); err != nil || len(items) > 0 {
			t.Errorf("%s: %d items, error %v; want none", name, len(items), err)
		}
	}
}

// FuzzGather: whatever AfterShip answers becomes sound items or an error of ours.
func FuzzGather(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"data":{"trackings":[null]}}`, `{"data":{"trackings":[{"id":1}]}}`, `{"data":null,"meta":{"code":200}}`,
		`{"data":{"trackings":[{"id":"t1","order_id":"7","tag":"Delivered","checkpoints":[{"tag":"Delivered","checkpoint_time":"2026-09-02"}],"proof_of_delivery":[{"type":"image","url":"https://x.aftership.com/1"},{"url":"http://127.0.0.1/"}]}]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		items, err := connectThrough(t, "http://aftership.test", answering(answer)).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{OrderID: "7"}})
		if kind := dispute.KindOf(err); err != nil && kind != dispute.Transient && kind != dispute.Invalid {
			t.Errorf("error %v, want kind transient, or invalid for an address", err)
		}
		seen := map[string]bool{}
		for _, item := range items {
			if seen[item.ID] || item.Facts[dispute.FactOrderID] != "7" {
				t.Errorf("item %q comes twice or is of another order", item.ID)
			}
			seen[item.ID] = true
		}
	})
}

// answering is a transport that gives one answer to everything.
type answering string

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
