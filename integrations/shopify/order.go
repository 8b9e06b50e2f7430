package shopify

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// order is what orderQuery reads. Pointers are null where the store has none,
// or where the token may not see it.
type order struct {
	ID           string        `json:"id"`
	Number       json.Number   `json:"legacyResourceId"`
	Name         string        `json:"name"`
	CreatedAt    time.Time     `json:"createdAt"`
	CancelledAt  time.Time     `json:"cancelledAt"`
	CancelReason string        `json:"cancelReason"`
	ClientIP     string        `json:"clientIp"`
	Email        string        `json:"email"`
	Total        moneyBag      `json:"totalPriceSet"`
	Refunded     moneyBag      `json:"totalRefundedSet"`
	Billing      *address      `json:"billingAddress"`
	Shipping     *address      `json:"shippingAddress"`
	Customer     *customer     `json:"customer"`
	Lines        lineItems     `json:"lineItems"`
	Fulfillments []fulfillment `json:"fulfillments"`
	Refunds      []refund      `json:"refunds"`
}

type customer struct {
	ID        string      `json:"id"`
	FirstName string      `json:"firstName"`
	LastName  string      `json:"lastName"`
	CreatedAt time.Time   `json:"createdAt"`
	Orders    json.Number `json:"numberOfOrders"`
	Email     struct {
		Address string `json:"emailAddress"`
	} `json:"defaultEmailAddress"`
	Phone struct {
		Number string `json:"phoneNumber"`
	} `json:"defaultPhoneNumber"`
}

type address struct {
	Name     string `json:"name"`
	Address1 string `json:"address1"`
	Address2 string `json:"address2"`
	City     string `json:"city"`
	Province string `json:"provinceCode"`
	Zip      string `json:"zip"`
	Country  string `json:"countryCodeV2"`
}

type lineItems struct {
	Nodes []line `json:"nodes"`
	Page  struct {
		More bool   `json:"hasNextPage"`
		End  string `json:"endCursor"`
	} `json:"pageInfo"`
}

type line struct {
	Name     string   `json:"name"`
	SKU      string   `json:"sku"`
	Quantity int      `json:"quantity"`
	Price    moneyBag `json:"originalUnitPriceSet"`
}

type fulfillment struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	CreatedAt     time.Time  `json:"createdAt"`
	DeliveredAt   time.Time  `json:"deliveredAt"`
	Status        string     `json:"status"`
	DisplayStatus string     `json:"displayStatus"`
	Tracking      []tracking `json:"trackingInfo"`
	Events        struct {
		Nodes []event `json:"nodes"`
	} `json:"events"`
}

type tracking struct {
	Company string `json:"company"`
	Number  string `json:"number"`
	URL     string `json:"url"`
}

type event struct {
	HappenedAt time.Time `json:"happenedAt"`
	Status     string    `json:"status"`
	Message    string    `json:"message"`
	City       string    `json:"city"`
	Province   string    `json:"province"`
}

type refund struct {
	ID           string      `json:"id"`
	Number       json.Number `json:"legacyResourceId"`
	CreatedAt    time.Time   `json:"createdAt"`
	ProcessedAt  time.Time   `json:"processedAt"`
	Total        moneyBag    `json:"totalRefundedSet"`
	Transactions struct {
		Nodes []struct {
			Status string `json:"status"`
		} `json:"nodes"`
	} `json:"transactions"`
}

// orderNamed is the id of the order of exactly that name; empty when there is
// none. The leading "#" is the shop's decoration and may be missing.
func (a *adapter) orderNamed(ctx context.Context, orderName string) (string, error) {
	const op = "find order by name"
	var data struct {
		Orders struct {
			Nodes []struct{ ID, Name string } `json:"nodes"`
		} `json:"orders"`
	}
	err := a.query(ctx, op, namedQuery, map[string]any{"query": nameTerm(orderName), "first": maxNamed}, &data)
	if err != nil {
		return "", err
	}
	var found []string
	for _, o := range data.Orders.Nodes {
		if strings.TrimPrefix(o.Name, "#") == strings.TrimPrefix(orderName, "#") {
			found = append(found, o.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	default:
		return "", dispute.Errorf(dispute.Invalid, name+": "+op, "the name fits %d orders: %s", len(found), strings.Join(found, ", "))
	}
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// nameTerm is a search term for a name, quoted so that the name cannot add
// terms of its own.
func nameTerm(orderName string) string { return `name:"` + quoted.Replace(orderName) + `"` }

// order reads one order with all its lines; nil when the store does not have
// it. What was read before a failure is returned with the error.
func (a *adapter) order(ctx context.Context, id string) (*order, error) {
	var data struct {
		Order *order `json:"order"`
	}
	err := a.query(ctx, "read "+id, orderQuery, map[string]any{"id": id}, &data)
	if data.Order == nil || err != nil {
		return data.Order, err
	}
	lines := &data.Order.Lines
	for page := 1; lines.Page.More && page < maxLinePages; page++ {
		next, err := a.lines(ctx, id, lines.Page.End)
		if err != nil {
			return data.Order, err
		}
		lines.Nodes, lines.Page = append(lines.Nodes, next.Nodes...), next.Page
	}
	return data.Order, nil
}

func (a *adapter) lines(ctx context.Context, id, after string) (lineItems, error) {
	var data struct {
		Order struct {
			Lines lineItems `json:"lineItems"`
		} `json:"order"`
	}
	err := a.query(ctx, "read lines of "+id, linesQuery, map[string]any{"id": id, "after": after}, &data)
	return data.Order.Lines, err
}
