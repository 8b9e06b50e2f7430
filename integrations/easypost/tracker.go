package easypost

import (
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// tracker is what we read of EasyPost's Tracker.
type tracker struct {
	ID        string `json:"id"`
	Code      string `json:"tracking_code"`
	Status    string `json:"status"`
	Carrier   string `json:"carrier"`
	SignedBy  string `json:"signed_by"`
	PublicURL string `json:"public_url"`
	IsReturn  bool   `json:"is_return"`
	Scans     []scan `json:"tracking_details"`
	Detail    struct {
		Destination place `json:"destination_tracking_location"`
	} `json:"carrier_detail"`
}

// scan is a carrier's TrackingDetail. EasyPost gives its time with the zone of
// the place, or as UTC.
type scan struct {
	Message string `json:"message"`
	Status  string `json:"status"`
	Time    string `json:"datetime"`
	Where   place  `json:"tracking_location"`
}

// place is a TrackingLocation; most carriers tell a part of it.
type place struct {
	City    string `json:"city"`
	State   string `json:"state"`
	Zip     string `json:"zip"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
}

func (t tracker) same(other tracker) bool { return t.ID == other.ID }

const delivered = "delivered"

// words are a tracker's statuses as people read them. Source: docs.easypost.com,
// trackers.
var words = map[string]string{
	"pre_transit":          "label made",
	"in_transit":           "in transit",
	"out_for_delivery":     "out for delivery",
	delivered:              "delivered",
	"available_for_pickup": "available for pickup",
	"return_to_sender":     "returned to sender",
}

// inWords is a status in words; one that we do not know stays as it came.
func inWords(status string) string {
	if w, ok := words[status]; ok {
		return w
	}
	return status
}

// moved reports whether a status shows that the carrier has the parcel, or had
// it.
func moved(status string) bool {
	switch status {
	case "in_transit", "out_for_delivery", delivered, "available_for_pickup", "return_to_sender":
		return true
	default:
		return false
	}
}

// event is a scan with its time in UTC.
type event struct {
	scan
	at time.Time
}

// events are the scans in order of their time; one without a time tells nothing.
func (t tracker) events() []event {
	var out []event
	for _, s := range t.Scans {
		if at, err := time.Parse(time.RFC3339, s.Time); err == nil {
			out = append(out, event{s, at.UTC()})
		}
	}
	slices.SortStableFunc(out, func(a, b event) int { return a.at.Compare(b.at) })
	return out
}

// shippedAt is when the carrier first had the parcel; zero when no scan tells.
func shippedAt(events []event) time.Time {
	for _, e := range events {
		if moved(e.Status) {
			return e.at
		}
	}
	return time.Time{}
}

// deliveredAt is when the parcel arrived for good: a scan under way after a
// delivery takes it back. It is zero when no scan tells.
func deliveredAt(events []event) time.Time {
	var at time.Time
	for _, e := range events {
		switch {
		case e.Status == delivered && at.IsZero():
			at = e.at
		case e.Status != delivered && moved(e.Status):
			at = time.Time{}
		}
	}
	return at
}

// items are what was handed to the carrier and, when it arrived, the delivery
// with the carrier's scans. A label alone proves nothing.
func (t tracker) items(source string) []dispute.Item {
	events := t.events()
	shipped := shippedAt(events)
	if shipped.IsZero() && !moved(t.Status) {
		return nil
	}
	sent := t.facts()
	sent.at(dispute.FactShippedAt, shipped)
	shipment := dispute.Item{
		ID: "shipment:" + t.ID, Source: source, Kind: dispute.ItemFulfillment,
		Title: "Shipment " + t.Code, At: shipped, Facts: sent,
	}
	if t.Status != delivered {
		sent.set(dispute.FactDeliveryStatus, inWords(t.Status))
		shipment.Log = entries(events)
		return []dispute.Item{shipment}
	}
	at, arrived := deliveredAt(events), t.facts()
	arrived.at(dispute.FactDeliveredAt, at)
	arrived.set(dispute.FactDeliveryStatus, inWords(t.Status))
	arrived.set(dispute.FactSignedBy, t.SignedBy)
	t.Detail.Destination.tell(arrived)
	return []dispute.Item{shipment, {
		ID: "delivery:" + t.ID, Source: source, Kind: dispute.ItemDelivery,
		Title: "Delivery of " + t.Code, At: at, Facts: arrived, Log: entries(events),
	}}
}

func (t tracker) facts() facts {
	f := facts{}
	f.set(dispute.FactCarrier, t.Carrier)
	f.set(dispute.FactTrackingNumber, t.Code)
	f.set(dispute.FactTrackingURL, t.PublicURL)
	return f
}

// entries are the scans as a log: "Out for delivery, Portland OR 97001".
func entries(events []event) []dispute.LogEntry {
	var out []dispute.LogEntry
	for _, e := range events {
		what := strings.TrimSpace(e.Message)
		if what == "" {
			what = inWords(e.Status)
		}
		if where := e.Where.line(); where != "" {
			what += ", " + where
		}
		out = append(out, dispute.LogEntry{At: e.at, What: what})
	}
	return out
}

// line is the place in one line.
func (p place) line() string {
	var parts []string
	for _, part := range []string{p.City, p.State, p.Zip, p.Country} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// tell adds the place as the parts of a delivery address.
func (p place) tell(f facts) {
	f.set(dispute.FactShippingCity, p.City)
	f.set(dispute.FactShippingState, p.State)
	f.set(dispute.FactShippingPostalCode, p.Zip)
	f.set(dispute.FactShippingCountry, p.Country)
}

// facts are an item's facts; what is not known is left out.
type facts map[string]string

func (f facts) set(fact, value string) {
	if value = strings.TrimSpace(value); value != "" {
		f[fact] = value
	}
}

func (f facts) at(fact string, t time.Time) {
	if !t.IsZero() {
		f[fact] = t.Format(time.RFC3339)
	}
}
