package aftership

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// tracking is what we read of AfterShip's Tracking.
type tracking struct {
	ID          string       `json:"id"`
	Number      string       `json:"tracking_number"`
	Slug        string       `json:"slug"` // the carrier
	Tag         string       `json:"tag"`  // the status
	Direction   string       `json:"shipment_direction"`
	Title       string       `json:"title"`
	OrderID     string       `json:"order_id"`
	OrderNumber string       `json:"order_number"`
	PickedUp    string       `json:"shipment_pickup_date"`
	Delivered   string       `json:"shipment_delivery_date"`
	SignedBy    string       `json:"signed_by"`
	Link        string       `json:"courier_tracking_link"`
	City        string       `json:"destination_city"`
	State       string       `json:"destination_state"`
	PostalCode  string       `json:"destination_postal_code"`
	Country     string       `json:"destination_country_region"` // ISO 3166-1 alpha-3
	Checkpoints []checkpoint `json:"checkpoints"`
	Proofs      []struct {
		URL string `json:"url"`
	} `json:"proof_of_delivery"`
}

// checkpoint is a carrier's scan, or a person's word in AfterShip.
type checkpoint struct {
	Time       string `json:"checkpoint_time"`
	Tag        string `json:"tag"`
	Message    string `json:"message"`
	Source     string `json:"source"`
	Location   string `json:"location"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country_region"`
}

func (t tracking) same(other tracking) bool { return t.ID == other.ID }

const delivered = "Delivered"

// words are the statuses as people read them. Source: the vendor's SDK, Tag.
var words = map[string]string{
	"Pending":            "pending",
	"InfoReceived":       "label made",
	"InTransit":          "in transit",
	"OutForDelivery":     "out for delivery",
	"AttemptFail":        "delivery attempt failed",
	delivered:            "delivered",
	"AvailableForPickup": "available for pickup",
	"Exception":          "exception",
	"Expired":            "expired",
}

// inWords is a status in words; one that we do not know stays as it came.
func inWords(tag string) string {
	if w, ok := words[tag]; ok {
		return w
	}
	return tag
}

// moved reports whether a status shows that the carrier has the parcel, or had
// it.
func moved(tag string) bool {
	switch tag {
	case "InTransit", "OutForDelivery", "AttemptFail", delivered, "AvailableForPickup":
		return true
	default:
		return false
	}
}

// carriers are the names of the most used, by AfterShip's slugs; others go by
// their slug.
var carriers = map[string]string{
	"ups": "UPS", "usps": "USPS", "fedex": "FedEx", "dhl": "DHL", "dhl-germany": "DHL", "royal-mail": "Royal Mail",
	"canada-post": "Canada Post", "australia-post": "Australia Post", "ontrac": "OnTrac", "dpd": "DPD", "gls": "GLS",
}

// event is a checkpoint with its time.
type event struct {
	checkpoint
	moment
}

// events are the carrier's checkpoints in order of their time; one without a time
// tells nothing, and one that a user of AfterShip made is not the carrier's.
func (t tracking) events() []event {
	var out []event
	for _, c := range t.Checkpoints {
		if at := when(c.Time); at.how != unknown && c.Source != byUser {
			out = append(out, event{c, at})
		}
	}
	slices.SortStableFunc(out, func(a, b event) int { return a.at.Compare(b.at) })
	return out
}

// byUser is the source of a checkpoint that somebody made by marking the tracking
// as completed. Source: the vendor's SDK, CheckpointSource.
const byUser = "user"

// shippedAt is when the carrier first had the parcel.
func (t tracking) shippedAt(events []event) moment {
	at := when(t.PickedUp)
	for _, e := range events {
		if moved(e.Tag) {
			return better(at, e.moment)
		}
	}
	return at
}

// deliveredAt is when the parcel arrived for good, by the checkpoints: one under
// way after a delivery takes it back.
func deliveredAt(events []event) moment {
	var at moment
	for _, e := range events {
		switch {
		case e.Tag == delivered && at.how == unknown:
			at = e.moment
		case e.Tag != delivered && moved(e.Tag):
			at = moment{}
		}
	}
	return at
}

// arrived reports whether the carrier says that the parcel was delivered.
func (t tracking) arrived(events []event) bool {
	marked := slices.ContainsFunc(t.Checkpoints, func(c checkpoint) bool { return c.Source == byUser })
	return t.Tag == delivered && (!marked || deliveredAt(events).how != unknown)
}

// items are what was handed to the carrier and, when it arrived, the delivery
// with the carrier's checkpoints. A label alone proves nothing.
func (t tracking) items(source string) []dispute.Item {
	events := t.events()
	shipped, arrived := t.shippedAt(events), t.arrived(events)
	underWay := moved(t.Tag) && t.Tag != delivered
	if shipped.how == unknown && !arrived && !underWay {
		return nil
	}
	sent := t.facts()
	sent.set(dispute.FactShippedAt, shipped.fact())
	shipment := dispute.Item{
		ID: "shipment:" + t.ID, Source: source, Kind: dispute.ItemFulfillment,
		Title: "Shipment " + t.Number, At: shipped.at, Facts: sent,
	}
	if !arrived {
		if t.Tag != delivered {
			sent.set(dispute.FactDeliveryStatus, inWords(t.Tag))
		}
		shipment.Log = entries(events)
		return []dispute.Item{shipment}
	}
	at, facts := better(deliveredAt(events), when(t.Delivered)), t.facts()
	facts.set(dispute.FactDeliveredAt, at.fact())
	facts.set(dispute.FactDeliveryStatus, inWords(t.Tag))
	facts.set(dispute.FactSignedBy, t.SignedBy)
	t.destination(facts)
	return []dispute.Item{shipment, {
		ID: "delivery:" + t.ID, Source: source, Kind: dispute.ItemDelivery,
		Title: "Delivery of " + t.Number, At: at.at, Facts: facts, Log: entries(events),
	}}
}

// proofs are the pictures that the carrier took at the door: a signature, the
// parcel where it was left.
func (t tracking) proofs(source string) []proof {
	var out []proof
	for i, p := range t.Proofs {
		f := t.facts()
		f.set(dispute.FactSlot, string(dispute.FieldShippingDocumentation))
		out = append(out, proof{url: p.URL, item: dispute.Item{
			ID: fmt.Sprintf("proof:%s:%d", t.ID, i+1), Source: source, Kind: dispute.ItemDocument,
			Title: "Proof of delivery of " + t.Number, At: better(deliveredAt(t.events()), when(t.Delivered)).at, Facts: f,
			FileName: fmt.Sprintf("proof-of-delivery-%d", i+1),
		}})
	}
	return out
}

func (t tracking) facts() facts {
	f := facts{}
	carrier, known := carriers[t.Slug]
	if !known {
		carrier = t.Slug
	}
	f.set(dispute.FactCarrier, carrier)
	f.set(dispute.FactTrackingNumber, t.Number)
	f.set(dispute.FactTrackingURL, t.Link)
	f.set(dispute.FactOrderID, t.OrderID)
	f.set(dispute.FactOrderName, t.OrderNumber)
	return f
}

// destination adds the parts of the delivery address that AfterShip has. Its
// street is told in free text only, which differs from the shop's for the same
// house, so it is left out.
func (t tracking) destination(f facts) {
	f.set(dispute.FactShippingCity, t.City)
	f.set(dispute.FactShippingState, t.State)
	f.set(dispute.FactShippingPostalCode, t.PostalCode)
	if region, err := language.ParseRegion(t.Country); err == nil {
		f.set(dispute.FactShippingCountry, region.String())
	}
}

// entries are the checkpoints as a log: "Out for delivery, Portland OR 97001".
func entries(events []event) []dispute.LogEntry {
	var out []dispute.LogEntry
	for _, e := range events {
		what := strings.TrimSpace(e.Message)
		if what == "" {
			what = inWords(e.Tag)
		}
		if where := e.where(); where != "" {
			what += ", " + where
		}
		out = append(out, dispute.LogEntry{At: e.at, What: what + e.caveat()})
	}
	return out
}

// where is the place in one line, by its parts or else in the carrier's words.
func (c checkpoint) where() string {
	if c.City == "" {
		return strings.TrimSpace(c.Location)
	}
	return strings.Join(strings.Fields(strings.Join([]string{c.City, c.State, c.PostalCode, c.Country}, " ")), " ")
}

// facts are an item's facts; what is not known is left out.
type facts map[string]string

func (f facts) set(fact, value string) {
	if value = strings.TrimSpace(value); value != "" {
		f[fact] = value
	}
}
