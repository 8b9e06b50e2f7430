package easypost

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestItems(t *testing.T) {
	t.Parallel()
	const scans = `"tracking_details":[
		{"status":"delivered","message":"Delivered","datetime":"2026-09-04T15:30:00-07:00"},
		{"status":"in_transit","message":"","datetime":"2026-09-02T08:00:00Z","tracking_location":{"city":"RENO","country":"US"}},
		{"status":"in_transit","message":"Lost in time","datetime":"yesterday"},
		{"status":"pre_transit","message":"Label made","datetime":"2026-09-01T08:00:00Z"}]`
	tests := map[string]struct {
		tracker string
		want    []string // kind, time, status, entries of the log
	}{
		"scans in order":          {`"status":"delivered",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z  0", "delivery 2026-09-04T22:30:00Z delivered 3"}},
		"under way":               {`"status":"out_for_delivery",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z out for delivery 3"}},
		"a status of tomorrow":    {`"status":"on_the_moon",` + scans, []string{"fulfillment 2026-09-02T08:00:00Z on_the_moon 3"}},
		"label alone":             {`"status":"pre_transit","tracking_details":[{"status":"pre_transit","datetime":"2026-09-01T08:00:00Z"}]`, nil},
		"cancelled":               {`"status":"cancelled"`, nil},
		"nothing":                 {`"status":null,"tracking_details":null,"carrier_detail":null`, nil},
		"delivered without scans": {`"status":"delivered"`, []string{"fulfillment   0", "delivery  delivered 0"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tr tracker
			if err := json.Unmarshal([]byte(`{"id":"trk_1","tracking_code":"1Z1",`+tt.tracker+`}`), &tr); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range tr.items("parcels") {
				at := i.Facts[dispute.FactDeliveredAt]
				if i.Kind == dispute.ItemFulfillment {
					at = i.Facts[dispute.FactShippedAt]
				}
				got = append(got, strings.Join([]string{string(i.Kind), at, i.Facts[dispute.FactDeliveryStatus], string('0' + rune(len(i.Log)))}, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	tr := tracker{Scans: []scan{
		{Status: "in_transit", Time: "2026-09-02T08:00:00.5+02:00", Where: place{City: "RENO", Country: "US"}},
		{Message: " Left at door ", Status: "delivered", Time: "2026-09-03T08:00:00Z", Where: place{"PORTLAND", "OR", "97001", "US"}},
		{Status: "on_the_moon", Time: "2026-09-04T08:00:00Z"},
	}}
	want := []dispute.LogEntry{
		{At: time.Date(2026, 9, 2, 6, 0, 0, 5e8, time.UTC), What: "in transit, RENO US"},
		{At: time.Date(2026, 9, 3, 8, 0, 0, 0, time.UTC), What: "Left at door, PORTLAND OR 97001 US"},
		{At: time.Date(2026, 9, 4, 8, 0, 0, 0, time.UTC), What: "on_the_moon"},
	}
	if diff := cmp.Diff(want, entries(tr.events())); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestDeliveredForGood(t *testing.T) {
	t.Parallel()
	at := func(day int, status string) event {
		return event{scan{Status: status}, time.Date(2026, 9, day, 8, 0, 0, 0, time.UTC)}
	}
	for name, tt := range map[string]struct {
		events []event
		want   int // the day; 0 for none
	}{
		"once":                      {[]event{at(1, "in_transit"), at(2, "delivered")}, 2},
		"told again":                {[]event{at(2, "delivered"), at(5, "delivered"), at(6, "unknown")}, 2},
		"to the neighbour at first": {[]event{at(2, "delivered"), at(3, "in_transit"), at(4, "delivered")}, 4},
		"taken back":                {[]event{at(2, "delivered"), at(3, "return_to_sender")}, 0},
		"never":                     {[]event{at(1, "in_transit")}, 0},
	} {
		got := deliveredAt(tt.events)
		if got.IsZero() != (tt.want == 0) || !got.IsZero() && got.Day() != tt.want {
			t.Errorf("%s: %v, want day %d", name, got, tt.want)
		}
	}
}

func TestNotThisParcel(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]string{
		"another number": `{"id":"trk_1","tracking_code":"1Z12","status":"in_transit"}`,
		"a return":       `{"id":"trk_1","tracking_code":"1Z1","status":"in_transit","is_return":true}`,
		"no id":          `{"tracking_code":"1Z1","status":"in_transit"}`,
	} {
		a := connectThrough(t, "http://easypost.test", answering(`{"trackers":[`+tr+`]}`))
		if items, err := a.Gather(t.Context(), sale("1Z1")); err != nil || len(items) > 0 {
			t.Errorf("%s: %d items, error %v; want none", name, len(items), err)
		}
	}
}

// FuzzGather: whatever EasyPost answers becomes sound items or an error of ours.
func FuzzGather(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"trackers":[null]}`, `{"trackers":[{"id":1}]}`,
		`{"trackers":[{"id":"trk_1","tracking_code":"1Z1","status":"delivered","signed_by":"A","tracking_details":[{"status":"delivered","datetime":"2026-09-02T08:00:00Z"}]}],"has_more":true}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		items, err := connectThrough(t, "http://easypost.test", answering(answer)).Gather(t.Context(), sale("1Z1"))
		if err != nil && dispute.KindOf(err) != dispute.Transient {
			t.Errorf("error %v, want kind transient", err)
		}
		seen := map[string]bool{}
		for _, item := range items {
			if seen[item.ID] || !strings.EqualFold(item.Facts[dispute.FactTrackingNumber], "1Z1") {
				t.Errorf("item %q comes twice or is of another parcel", item.ID)
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
