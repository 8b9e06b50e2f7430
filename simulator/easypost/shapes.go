package easypost

import (
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// labelled is when the label of an order's parcel was made.
func labelled(o world.Order) time.Time {
	return o.Shipment.ShippedAt.Add(-o.Shipment.ShippedAt.Sub(o.PaidAt) / 4)
}

// tracker is an order's parcel as EasyPost shows it.
func tracker(o world.Order) object {
	s := o.Shipment
	status, signed, seen := "in_transit", any(nil), s.ShippedAt
	if !s.DeliveredAt.IsZero() {
		status, signed, seen = "delivered", o.Customer.Name, s.DeliveredAt
	}
	return object{
		"id": id(o), "object": "Tracker", "mode": "test", "tracking_code": s.Tracking,
		"status": status, "status_detail": "status_update",
		"created_at": stamp(labelled(o)), "updated_at": stamp(seen), "est_delivery_date": nil,
		"signed_by": signed, "weight": nil, "shipment_id": nil, "carrier": s.Carrier,
		"tracking_details": scans(o), "fees": []any{}, "carrier_detail": detail(o),
		"public_url": "https://track.easypost.com/" + s.Tracking,
	}
}

func detail(o world.Order) object {
	a := o.Customer.Address
	return object{
		"object": "CarrierDetail", "service": "Ground", "container_type": nil,
		"est_delivery_date_local": nil, "est_delivery_time_local": nil,
		"origin_location": "CICERO IL, 60804", "origin_tracking_location": depot,
		"destination_location":          a.City + " " + a.Region + ", " + a.Postal,
		"destination_tracking_location": location(a.City, a.Region, a.Country, a.Postal),
		"guaranteed_delivery_date":      nil, "alternate_identifier": nil, "initial_delivery_attempt": nil,
	}
}

// depot is where parcels come from.
var depot = location("CICERO", "IL", "US", "60804")

func location(city, state, country, zip any) object {
	return object{"object": "TrackingLocation", "city": city, "state": state, "country": country, "zip": zip}
}

// scans are what the carrier has seen of the parcel so far.
func scans(o world.Order) []object {
	s, a := o.Shipment, o.Customer.Address
	scan := func(at time.Time, status, message string, where object) object {
		return object{
			"object": "TrackingDetail", "message": message, "description": "", "status": status, "status_detail": "status_update",
			"datetime": stamp(at), "source": s.Carrier, "carrier_code": "", "tracking_location": where, "est_delivery_date": nil,
		}
	}
	out := []object{
		scan(labelled(o), "pre_transit", "Shipper created a label", location(nil, nil, nil, nil)),
		scan(s.ShippedAt, "in_transit", "Picked up", depot),
	}
	if s.DeliveredAt.IsZero() {
		return out
	}
	home, way := location(a.City, a.Region, a.Country, a.Postal), s.DeliveredAt.Sub(s.ShippedAt)
	return append(out,
		scan(s.ShippedAt.Add(way*2/3), "in_transit", "Arrived at facility", location(a.City, a.Region, a.Country, nil)),
		scan(s.DeliveredAt.Add(-way/8), "out_for_delivery", "Out for delivery", home),
		scan(s.DeliveredAt, "delivered", "Delivered, left with the recipient", home),
	)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
