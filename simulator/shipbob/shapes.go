package shipbob

import (
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	channelID   = 128944
	channelName = "Rehearsal-Shopify-Store"
)

// reference is the name under which the shop sent the order.
func reference(o world.Order) string { return strconv.FormatInt(o.ShopifyID, 10) }

func order(o world.Order) any {
	products := make([]object, 0, len(o.Lines))
	for _, l := range o.Lines {
		products = append(products, object{"reference_id": l.SKU, "sku": l.SKU, "quantity": l.Quantity})
	}
	return object{
		"id":            o.Shipment.ShipBobID,
		"reference_id":  reference(o),
		"order_number":  o.Name(),
		"created_date":  stamp(o.PaidAt),
		"purchase_date": stamp(o.PaidAt),
		"status":        "Fulfilled",
		"type":          "DTC",
		"channel":       object{"id": channelID, "name": channelName},
		"products":      products,
		"recipient": object{
			"name": o.Customer.Name, "email": o.Customer.Email, "phone_number": o.Customer.Phone, "address": address(o),
		},
		"shipments":       []any{shipment(o)},
		"shipping_method": "Standard",
		"gift_message":    nil,
		"tags":            []object{},
	}
}

// The details of a shipment's status. Source: developer.shipbob.com, status
// reference.
var (
	inTransit = object{"id": 201, "name": "InTransit", "description": "Shipment In Transit"}
	delivered = object{"id": 203, "name": "Delivered", "description": "Shipment Delivered"}
)

func shipment(o world.Order) any {
	s := o.Shipment
	detail, arrived := inTransit, any(nil)
	if !s.DeliveredAt.IsZero() {
		detail, arrived = delivered, stamp(s.DeliveredAt)
	}
	products := make([]object, 0, len(o.Lines))
	for i, l := range o.Lines {
		products = append(products, object{
			"id": i + 1, "name": l.Title, "sku": l.SKU, "reference_id": l.SKU,
			"inventory_items": []object{{"id": i + 1, "name": l.Title, "quantity": l.Quantity, "quantity_committed": l.Quantity, "is_dangerous_goods": false}},
		})
	}
	return object{
		"id":                                s.ID,
		"order_id":                          s.ShipBobID,
		"reference_id":                      reference(o),
		"status":                            "Completed",
		"status_details":                    []object{detail},
		"created_date":                      stamp(o.PaidAt),
		"actual_fulfillment_date":           stamp(s.ShippedAt),
		"estimated_fulfillment_date":        stamp(s.ShippedAt),
		"estimated_fulfillment_date_status": "FulfilledOnTime",
		"delivery_date":                     arrived,
		"is_tracking_uploaded":              true,
		"require_signature":                 false,
		"ship_option":                       "Standard",
		"package_material_type":             "Box",
		"location":                          object{"id": 1, "name": "Cicero (IL)"},
		"measurements":                      object{"length_in": 24, "width_in": 18, "depth_in": 12, "total_weight_oz": 320},
		"products":                          products,
		"recipient": object{
			"name": o.Customer.Name, "full_name": o.Customer.Name, "email": o.Customer.Email,
			"phone_number": o.Customer.Phone, "address": address(o),
		},
		"tracking": object{
			"carrier": s.Carrier, "carrier_service": "Ground", "tracking_number": s.Tracking,
			"tracking_url": "https://track.example/" + s.Tracking, "shipping_date": stamp(s.ShippedAt),
		},
	}
}

// timeline is the warehouse's log of a shipment. The contract names no log
// types, so their numbers follow the status reference.
func timeline(o world.Order) any {
	s := o.Shipment
	event := func(id int, name, text string, at time.Time) object {
		return object{"log_type_id": id, "log_type_name": name, "log_type_text": text, "timestamp": stamp(at), "metadata": object{}}
	}
	packed := s.ShippedAt.Add(-s.ShippedAt.Sub(o.PaidAt) / 4)
	out := []object{
		event(101, "Packed", "Packing Completed", packed),
		event(102, "Labeled", "Label Generated", packed),
		event(201, "InTransit", "Shipment In Transit", s.ShippedAt),
	}
	if !s.DeliveredAt.IsZero() {
		out = append(out, event(203, "Delivered", "Shipment Delivered", s.DeliveredAt))
	}
	return out
}

func address(o world.Order) object {
	a := o.Customer.Address
	return object{"address1": a.Line1, "city": a.City, "state": a.Region, "zip_code": a.Postal, "country": a.Country}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
