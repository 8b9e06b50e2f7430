package aftership

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// tracking is an order's parcel as AfterShip shows it.
func tracking(o world.Order, root string) object {
	s, a := o.Shipment, o.Customer.Address
	out := object{
		"id": id(o), "tracking_number": s.Tracking, "slug": strings.ToLower(s.Carrier), "title": o.Name(), "active": true,
		"tag": "InTransit", "subtag": "InTransit_002", "subtag_message": "Acceptance scan", "source": "api", "language": nil,
		"order_id": orderID(o), "order_number": o.Name(), "order_date": stamp(o.PaidAt), "order_tags": []any{}, "shipment_tags": []any{},
		"created_at": stamp(labelled(o)), "updated_at": stamp(s.ShippedAt), "tracked_count": 1, "custom_fields": nil, "note": nil,
		"customers":        []any{object{"name": o.Customer.Name, "email": o.Customer.Email, "phone_number": o.Customer.Phone}},
		"destination_city": a.City, "destination_state": a.Region, "destination_postal_code": a.Postal,
		"destination_country_region": "USA", "destination_raw_location": a.String(), "origin_country_region": "USA",
		"courier_tracking_link": "https://www.ups.com/track?tracknum=" + s.Tracking, "shipment_direction": "forward",
		"shipment_pickup_date": stamp(s.ShippedAt), "shipment_delivery_date": nil, "signed_by": nil, "return_to_sender": false,
		"checkpoints": checkpoints(o), "proof_of_delivery": nil, "delivery_location_type": nil, "shipment_package_count": 1,
	}
	if s.DeliveredAt.IsZero() {
		return out
	}
	for key, value := range (object{
		"active": false, "tag": "Delivered", "subtag": "Delivered_003", "subtag_message": "Delivered: signed for", "updated_at": stamp(s.DeliveredAt),
		"shipment_delivery_date": stamp(s.DeliveredAt), "signed_by": o.Customer.Name,
		"proof_of_delivery": []any{object{"type": "image", "url": fmt.Sprintf("%s/proofs/%d", root, o.Number)}},
	}) {
		out[key] = value
	}
	return out
}

// labelled is when the label of an order's parcel was made.
func labelled(o world.Order) time.Time {
	return o.Shipment.ShippedAt.Add(-o.Shipment.ShippedAt.Sub(o.PaidAt) / 4)
}

// checkpoints are what the carrier has seen of the parcel so far.
func checkpoints(o world.Order) []object {
	s, a := o.Shipment, o.Customer.Address
	n := 0
	seen := func(at time.Time, tag, message string, city, state, postal any) object {
		n++
		return object{
			"checkpoint_time": stamp(at), "created_at": stamp(at), "tag": tag, "subtag": tag + "_001", "subtag_message": message, "message": message,
			"city": city, "state": state, "postal_code": postal, "country_region": "USA", "country_region_name": "United States", "location": nil,
			"slug": strings.ToLower(s.Carrier), "source": "carrier", "raw_tag": nil, "coordinate": nil, "events": []any{}, "hash": fmt.Sprintf("%s-%d", id(o), n),
		}
	}
	out := []object{
		seen(labelled(o), "InfoReceived", "Shipper created a label", nil, nil, nil),
		seen(s.ShippedAt, "InTransit", "Picked up", "Cicero", "IL", "60804"),
	}
	if s.DeliveredAt.IsZero() {
		return out
	}
	way := s.DeliveredAt.Sub(s.ShippedAt)
	return append(out,
		seen(s.ShippedAt.Add(way*2/3), "InTransit", "Arrived at facility", a.City, a.Region, nil),
		seen(s.DeliveredAt.Add(-way/8), "OutForDelivery", "Out for delivery", a.City, a.Region, a.Postal),
		seen(s.DeliveredAt, "Delivered", "Delivered, signed for by the recipient", a.City, a.Region, a.Postal),
	)
}

// signature is a little picture of a line in ink, another for each order.
func signature(number int) []byte {
	img := image.NewGray(image.Rect(0, 0, 160, 60))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for x := 10; x < 150; x++ {
		y := 30 + 14*math.Sin(float64(x)/float64(6+number%9)) + 6*math.Cos(float64(x)/3)
		img.SetGray(x, int(y), color.Gray{})
		img.SetGray(x, int(y)+1, color.Gray{})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything
	return b.Bytes()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
