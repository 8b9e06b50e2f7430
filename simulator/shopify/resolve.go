package shopify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func (s *store) root() object {
	return object{
		"__typename": "QueryRoot",
		"shop": object{
			"__typename": "Shop", "id": "gid://shopify/Shop/1",
			"name": "Rehearsal", "myshopifyDomain": "rehearsal.myshopify.com",
		},
		"order": func(a args) (any, *queryError) {
			o, ok := s.world.Find(func(o world.Order) bool { return gid("Order", o.ShopifyID) == a.string("id") })
			if !ok {
				return nil, nil
			}
			return s.order(o), nil
		},
		"orders": func(a args) (any, *queryError) {
			var found []object
			for _, o := range s.world.Orders() {
				if matches(o, a.string("query")) {
					found = append(found, s.order(o))
				}
			}
			return connection("OrderConnection", found)(a)
		},
	}
}

// matches is the store's search, of which it knows id and name. Like the real
// one it finds a name by its beginning: name:#100 fits #1001.
func matches(o world.Order, query string) bool {
	field, term, found := strings.Cut(strings.TrimSpace(query), ":")
	if !found {
		return query == ""
	}
	term = strings.Trim(term, `"'`)
	switch field {
	case "id":
		return term == strconv.FormatInt(o.ShopifyID, 10)
	case "name":
		return strings.HasPrefix(strings.TrimPrefix(o.Name(), "#"), strings.TrimPrefix(term, "#"))
	}
	return false
}

func (s *store) order(o world.Order) object {
	var refunds, fulfillments []object
	refunded := int64(0)
	if o.Refund != nil {
		refunds = append(refunds, refund(o))
		refunded = o.Refund.Amount
	}
	if !o.Shipment.ShippedAt.IsZero() {
		fulfillments = append(fulfillments, fulfillment(o))
	}
	return object{
		"__typename":       "Order",
		"id":               gid("Order", o.ShopifyID),
		"legacyResourceId": strconv.FormatInt(o.ShopifyID, 10),
		"name":             o.Name(),
		"createdAt":        stamp(o.PaidAt),
		"processedAt":      stamp(o.PaidAt),
		"cancelledAt":      nil,
		"cancelReason":     nil,
		"clientIp":         o.IP,
		"email":            o.Customer.Email,
		"phone":            o.Customer.Phone,
		"totalPriceSet":    bag(o.Total, o.Currency),
		"totalRefundedSet": bag(refunded, o.Currency),
		"billingAddress":   address(o, "billing"),
		"shippingAddress":  address(o, "shipping"),
		"customer":         func(args) (any, *queryError) { return s.customer(o.Customer), nil },
		"lineItems":        connection("LineItemConnection", lines(o)),
		"fulfillments":     list(fulfillments),
		"refunds":          list(refunds),
	}
}

func (s *store) customer(c world.Customer) object {
	orders := 0
	for _, o := range s.world.Orders() {
		if o.Customer.ShopifyID == c.ShopifyID {
			orders++
		}
	}
	first, last, _ := strings.Cut(c.Name, " ")
	return object{
		"__typename":          "Customer",
		"id":                  gid("Customer", c.ShopifyID),
		"displayName":         c.Name,
		"firstName":           first,
		"lastName":            last,
		"createdAt":           stamp(c.Since),
		"numberOfOrders":      strconv.Itoa(orders),
		"defaultEmailAddress": object{"__typename": "CustomerEmailAddress", "emailAddress": c.Email},
		"defaultPhoneNumber":  object{"__typename": "CustomerPhoneNumber", "phoneNumber": c.Phone},
	}
}

func lines(o world.Order) []object {
	out := make([]object, 0, len(o.Lines))
	for i, l := range o.Lines {
		out = append(out, object{
			"__typename":           "LineItem",
			"id":                   gid("LineItem", o.ShopifyID*100+int64(i)),
			"name":                 l.Title,
			"title":                l.Title,
			"sku":                  l.SKU,
			"quantity":             l.Quantity,
			"originalUnitPriceSet": bag(l.Price, o.Currency),
		})
	}
	return out
}

func fulfillment(o world.Order) object {
	s := o.Shipment
	status, delivered := "IN_TRANSIT", any(nil)
	if !s.DeliveredAt.IsZero() {
		status, delivered = "DELIVERED", stamp(s.DeliveredAt)
	}
	return object{
		"__typename":    "Fulfillment",
		"id":            gid("Fulfillment", s.ID),
		"name":          o.Name() + "-F1",
		"createdAt":     stamp(s.ShippedAt),
		"inTransitAt":   stamp(s.ShippedAt),
		"deliveredAt":   delivered,
		"status":        "SUCCESS",
		"displayStatus": status,
		"trackingInfo": list([]object{{
			"__typename": "FulfillmentTrackingInfo",
			"company":    s.Carrier, "number": s.Tracking,
			"url": "https://track.example/" + s.Tracking,
		}}),
		"events": connection("FulfillmentEventConnection", events(o)),
	}
}

func events(o world.Order) []object {
	s, a := o.Shipment, o.Customer.Address
	event := func(i int64, status string, at time.Time, message string) object {
		return object{
			"__typename": "FulfillmentEvent", "id": gid("FulfillmentEvent", s.ID*10+i),
			"status": status, "happenedAt": stamp(at), "message": message,
			"city": a.City, "province": a.Region, "country": a.Country, "zip": a.Postal,
		}
	}
	out := []object{event(1, "CARRIER_PICKED_UP", s.ShippedAt, "Picked up by "+s.Carrier)}
	if !s.DeliveredAt.IsZero() {
		out = append(out, event(2, "DELIVERED", s.DeliveredAt, "Left at front door"))
	}
	return out
}

func refund(o world.Order) object {
	return object{
		"__typename":       "Refund",
		"id":               gid("Refund", o.Refund.ShopifyID),
		"legacyResourceId": strconv.FormatInt(o.Refund.ShopifyID, 10),
		"createdAt":        stamp(o.Refund.At),
		"processedAt":      stamp(o.Refund.At),
		"totalRefundedSet": bag(o.Refund.Amount, o.Currency),
		"transactions": connection("OrderTransactionConnection", []object{{
			"__typename": "OrderTransaction", "id": gid("OrderTransaction", o.Refund.ShopifyID+1),
			"kind": "REFUND", "status": "SUCCESS",
		}}),
	}
}

func address(o world.Order, use string) object {
	a := o.Customer.Address
	return object{
		"__typename": "MailingAddress", "id": gid("MailingAddress", o.ShopifyID) + "?model_name=" + use,
		"name": o.Customer.Name, "address1": a.Line1, "address2": nil, "city": a.City,
		"provinceCode": a.Region, "zip": a.Postal, "countryCodeV2": a.Country,
	}
}

func bag(minor int64, currency string) object {
	money := func() object {
		return object{"__typename": "MoneyV2", "amount": decimal(minor, currency), "currencyCode": currency}
	}
	return object{"__typename": "MoneyBag", "presentmentMoney": money(), "shopMoney": money()}
}

// places are the currencies without cents that a scenario may ask for.
var places = map[string]int{"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3}

// decimal writes an amount as the store does: without trailing zeros, but
// always with one decimal place, "129.0" and "500.0".
func decimal(minor int64, currency string) string {
	exp, ok := places[currency]
	if !ok {
		exp = 2
	}
	digits := fmt.Sprintf("%0*d", exp+1, minor)
	cut := len(digits) - exp
	fraction := strings.TrimRight(digits[cut:], "0")
	if fraction == "" {
		fraction = "0"
	}
	return digits[:cut] + "." + fraction
}

func gid(kind string, id int64) string { return fmt.Sprintf("gid://shopify/%s/%d", kind, id) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
