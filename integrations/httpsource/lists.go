package httpsource

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// directions are what a message's direction may be, and the fact of each.
// Internal remarks have none, so that no packet takes them.
var directions = map[string]string{"from_customer": "from customer", "to_customer": "to customer", "internal": ""}

func (r *reader) message(path string, raw json.RawMessage) {
	v, ok := read[struct {
		ID        string `json:"id"`
		At        string `json:"at"`
		Direction string `json:"direction"`
		Subject   string `json:"subject"`
		Text      string `json:"text"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	id := p.needID(v.ID)
	at := p.at(dispute.FactSentAt, "at", v.At)
	p.need("at", v.At != "")
	p.need("direction", v.Direction != "")
	p.oneOf("direction", v.Direction, "from_customer", "to_customer", "internal")
	p.set(dispute.FactDirection, directions[v.Direction])
	p.text(dispute.FactSubject, "subject", v.Subject)
	p.text(dispute.FactText, "text", v.Text)
	title := "Message"
	if s := p.facts[dispute.FactSubject]; s != "" {
		title += ": " + s
	}
	p.keep(dispute.Item{ID: "message:" + id, Kind: dispute.ItemCommunication, Title: title, At: at})
}

func (p *part) needID(value string) string {
	id := p.id("id", value)
	p.need("id", id != "")
	return id
}

// delivery makes a shipment and, once something is known of its arrival, a
// delivery with the carrier's events.
func (r *reader) delivery(path string, raw json.RawMessage) {
	v, ok := read[struct {
		ID             string            `json:"id"`
		Carrier        string            `json:"carrier"`
		TrackingNumber string            `json:"tracking_number"`
		OrderID        string            `json:"order_id"`
		OrderName      string            `json:"order_name"`
		ShippedAt      string            `json:"shipped_at"`
		DeliveredAt    string            `json:"delivered_at"`
		SignedBy       string            `json:"signed_by"`
		Status         string            `json:"status"`
		Shipping       *shipping         `json:"shipping"`
		Events         []json.RawMessage `json:"events"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	id := p.needID(v.ID)
	p.text(dispute.FactCarrier, "carrier", v.Carrier)
	p.set(dispute.FactTrackingNumber, p.number("tracking_number", v.TrackingNumber))
	p.ident(dispute.FactOrderID, "order_id", v.OrderID)
	p.ident(dispute.FactOrderName, "order_name", v.OrderName)
	shipped := p.at(dispute.FactShippedAt, "shipped_at", v.ShippedAt)
	if v.Shipping != nil {
		p.shipping(*v.Shipping)
	}
	arrived := r.part(path)
	delivered := arrived.at(dispute.FactDeliveredAt, "delivered_at", v.DeliveredAt)
	arrived.text(dispute.FactSignedBy, "signed_by", v.SignedBy)
	arrived.text(dispute.FactDeliveryStatus, "status", v.Status)
	log := p.events(v.Events)
	if p.spoiled || arrived.spoiled {
		return
	}
	for fact, value := range p.facts {
		if fact != dispute.FactShippedAt {
			arrived.facts[fact] = value
		}
	}
	shipment := dispute.Item{ID: "shipment:" + id, Kind: dispute.ItemFulfillment, Title: "Shipment " + id, At: shipped}
	if delivered.IsZero() {
		shipment.Log = log
		p.set(dispute.FactDeliveryStatus, arrived.facts[dispute.FactDeliveryStatus])
		p.keep(shipment)
		return
	}
	if p.keep(shipment) {
		arrived.keep(dispute.Item{ID: "delivery:" + id, Kind: dispute.ItemDelivery, Title: "Delivery of shipment " + id, At: delivered, Log: log})
	}
}

// events are a carrier's scans, as the service has them.
func (p *part) events(list []json.RawMessage) []dispute.LogEntry {
	if len(list) > maxList {
		p.fault("events", fmt.Sprintf("at most %d are taken", maxList))
		return nil
	}
	var out []dispute.LogEntry
	for i, raw := range list {
		path := fmt.Sprintf("%s.events[%d]", p.path, i)
		v, ok := read[struct {
			At   string `json:"at"`
			What string `json:"what"`
		}](p.r, path, raw)
		e := p.r.part(path)
		if ok {
			e.need("at", v.At != "")
			e.need("what", v.What != "")
			out = append(out, dispute.LogEntry{At: e.time("at", v.At), What: e.words("what", v.What)})
		}
		p.spoiled = p.spoiled || e.spoiled || !ok
	}
	return out
}

func (r *reader) service(path string, raw json.RawMessage) {
	v, ok := read[struct {
		ID          string `json:"id"`
		Date        string `json:"date"`
		Description string `json:"description"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	id := p.needID(v.ID)
	at, err := time.Parse(time.DateOnly, v.Date)
	if err != nil {
		p.fault("date", "want a day, as in 2026-09-01")
	}
	p.set(dispute.FactServiceDate, v.Date)
	p.text(dispute.FactText, "description", v.Description)
	p.keep(dispute.Item{ID: "service:" + id, Kind: dispute.ItemAccess, Title: "Service given", At: at})
}

func (r *reader) refund(path string, raw json.RawMessage) {
	v, ok := read[struct {
		ID     string `json:"id"`
		At     string `json:"at"`
		Amount string `json:"amount"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	id := p.needID(v.ID)
	p.set(dispute.FactRefundID, id)
	at := p.at(dispute.FactRefundedAt, "at", v.At)
	p.need("at", v.At != "")
	p.need("amount", v.Amount != "")
	p.amount(dispute.FactRefundedAmount, "amount", v.Amount)
	p.keep(dispute.Item{ID: "refund:" + id, Kind: dispute.ItemRefund, Title: "Refund of " + p.facts[dispute.FactRefundedAmount], At: at})
}
