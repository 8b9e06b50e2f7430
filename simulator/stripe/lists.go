package stripe

import (
	"slices"
	"strconv"
	"strings"
)

// page cuts a list, newest first, as the parameters ask.
func (c *call) page(all []object) (object, *apiError) {
	all, refused := c.created(all)
	if refused != nil {
		return nil, refused
	}
	limit := 10
	if text := c.params.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, refuse("limit", "parameter_invalid_integer", "limit must be between 1 and 100")
		}
		limit = n
	}
	if id := c.params.Get("starting_after"); id != "" {
		at := position(all, id)
		if at < 0 {
			return nil, refuse("starting_after", "resource_missing", "No such object: '"+id+"'")
		}
		all = all[at+1:]
	}
	if id := c.params.Get("ending_before"); id != "" {
		at := position(all, id)
		if at < 0 {
			return nil, refuse("ending_before", "resource_missing", "No such object: '"+id+"'")
		}
		all = all[max(0, at-limit):at]
	}
	more := len(all) > limit
	if more {
		all = all[:limit]
	}
	return object{"object": "list", "url": c.r.URL.Path, "has_more": more, "data": slices.Clip(append([]object{}, all...))}, nil
}

func position(all []object, id string) int {
	return slices.IndexFunc(all, func(o object) bool { return o["id"] == id })
}

// created keeps what fits created, created[gt], [gte], [lt] and [lte].
func (c *call) created(all []object) ([]object, *apiError) {
	bounds := c.hash("created")
	if exact := c.params.Get("created"); exact != "" {
		bounds["gte"], bounds["lte"] = exact, exact
	}
	for op, text := range bounds {
		at, err := strconv.ParseInt(text, 10, 64)
		fits, ok := comparisons[op]
		if err != nil || !ok {
			return nil, refuse("created", "", "Invalid created filter: "+op)
		}
		all = slices.DeleteFunc(all, func(o object) bool {
			created, _ := o["created"].(int64)
			return !fits(created, at)
		})
	}
	return all, nil
}

var comparisons = map[string]func(a, b int64) bool{
	"gt":  func(a, b int64) bool { return a > b },
	"gte": func(a, b int64) bool { return a >= b },
	"lt":  func(a, b int64) bool { return a < b },
	"lte": func(a, b int64) bool { return a <= b },
}

// newestFirst sorts by creation; of the same second, later added comes first.
func newestFirst(all []object) []object {
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b object) int {
		x, _ := a["created"].(int64)
		y, _ := b["created"].(int64)
		return int(y - x)
	})
	return all
}

// expanded replaces the ids that expand[] names by their objects.
func (s *Stripe) expanded(c *call, o object, refused *apiError) (object, *apiError) {
	if refused != nil {
		return nil, refused
	}
	for param, values := range c.params {
		if param != "expand" && !strings.HasPrefix(param, "expand[") {
			continue
		}
		for _, path := range values {
			if !s.expand(c, o, strings.Split(path, ".")) {
				return nil, refuse("expand", "", "This property cannot be expanded ("+path+").")
			}
		}
	}
	return o, nil
}

func (s *Stripe) expand(c *call, o object, path []string) bool {
	if list, ok := o["data"].([]object); ok && path[0] == "data" && len(path) > 1 {
		for _, item := range list {
			if !s.expand(c, item, path[1:]) {
				return false
			}
		}
		return true
	}
	value, ok := o[path[0]]
	if !ok || value == nil {
		return ok
	}
	inner, isObject := value.(object)
	if id, isID := value.(string); isID {
		if inner, isObject = s.find(c, id); isObject {
			o[path[0]] = inner
		}
	}
	return isObject && (len(path) == 1 || s.expand(c, inner, path[1:]))
}

// get answers with the object of a kind that has the path's id.
func (s *Stripe) get(kind string) endpoint {
	return func(c *call) (object, *apiError) {
		if refused := c.allow(); refused != nil {
			return nil, refused
		}
		o, ok := s.find(c, c.id)
		if !ok || o["object"] != kind {
			return nil, missing(kind, c.id)
		}
		return s.expanded(c, o, nil)
	}
}

func (s *Stripe) getDispute(c *call) (object, *apiError) { return s.get("dispute")(c) }

func (s *Stripe) getFile(c *call) (object, *apiError) { return s.get("file")(c) }

func (s *Stripe) listDisputes(c *call) (object, *apiError) {
	if refused := c.allow("charge", "payment_intent", "created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	charge, intent := c.params.Get("charge"), c.params.Get("payment_intent")
	var all []object
	for _, id := range s.opened {
		d := s.disputes[id]
		if (charge == "" || charge == d.order.ChargeID) && (intent == "" || intent == d.order.PaymentIntent) {
			all = append(all, s.render(d, c.version))
		}
	}
	list, refused := c.page(newestFirst(all))
	return s.expanded(c, list, refused)
}

func (s *Stripe) listCharges(c *call) (object, *apiError) {
	if refused := c.allow("customer", "payment_intent", "created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	customer, intent := c.params.Get("customer"), c.params.Get("payment_intent")
	var all []object
	for _, o := range s.sales() {
		if (customer == "" || customer == o.Customer.StripeID) && (intent == "" || intent == o.PaymentIntent) {
			all = append(all, s.charge(o))
		}
	}
	list, refused := c.page(newestFirst(all))
	return s.expanded(c, list, refused)
}

func (s *Stripe) listRefunds(c *call) (object, *apiError) {
	if refused := c.allow("charge", "payment_intent", "created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	charge, intent := c.params.Get("charge"), c.params.Get("payment_intent")
	var all []object
	for _, o := range s.world.Orders() {
		if o.Refund != nil && (charge == "" || charge == o.ChargeID) && (intent == "" || intent == o.PaymentIntent) {
			all = append(all, refund(o))
		}
	}
	list, refused := c.page(newestFirst(all))
	return s.expanded(c, list, refused)
}

func (s *Stripe) listFiles(c *call) (object, *apiError) {
	if refused := c.allow("purpose", "created", "limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	var all []object
	for _, id := range s.uploaded {
		if p := c.params.Get("purpose"); p == "" || p == s.files[id].Purpose {
			all = append(all, s.files[id].render())
		}
	}
	list, refused := c.page(newestFirst(all))
	return s.expanded(c, list, refused)
}

func (s *Stripe) getAccount(c *call) (object, *apiError) {
	if refused := c.allow(); refused != nil {
		return nil, refused
	}
	return object{
		"id": "acct_1RehearsalAccount", "object": "account", "type": "standard", "country": "US",
		"default_currency": "usd", "charges_enabled": true, "payouts_enabled": true, "details_submitted": true,
		"email": "owner@rehearsal.example", "metadata": object{},
	}, nil
}

// find is any object by its id.
func (s *Stripe) find(c *call, id string) (object, bool) {
	switch kind, _, _ := strings.Cut(id, "_"); kind {
	case "du":
		if d, ok := s.disputes[id]; ok {
			return s.render(d, c.version), true
		}
	case "file":
		if f, ok := s.files[id]; ok {
			return f.render(), true
		}
	case "ch":
		if o, ok := s.order(id); ok {
			return s.charge(o), true
		}
	default:
		return s.findInWorld(kind, id)
	}
	return nil, false
}
