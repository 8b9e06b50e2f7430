package stripe

import (
	"slices"
	"strings"
)

// valueList is one of Radar's lists.
type valueList struct {
	id, alias, kind string
	created         int64
	items           []listItem
}

type listItem struct {
	id, value string
	created   int64
}

func (l *valueList) render() object {
	items := object{"object": "list", "url": "/v1/radar/value_list_items?value_list=" + l.id, "has_more": false, "data": []object{}}
	return object{
		"id": l.id, "object": "radar.value_list", "alias": l.alias, "name": l.alias, "item_type": l.kind, "created": l.created,
		"created_by": "owner@acme.example", "livemode": false, "metadata": object{}, "list_items": items,
	}
}

func (l *valueList) renderItem(i listItem) object {
	return object{
		"id": i.id, "object": "radar.value_list_item", "value": i.value, "value_list": l.id,
		"created": i.created, "created_by": "owner@acme.example", "livemode": false,
	}
}

// AddValueList makes one of Radar's lists. Its kind is email, card_fingerprint,
// ip_address or another of Stripe's item types.
func (s *Stripe) AddValueList(alias, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = append(s.lists, &valueList{id: "rsl_" + alias, alias: alias, kind: kind, created: s.now().Unix()})
}

// ValueList is what one of Radar's lists holds, oldest first.
func (s *Stripe) ValueList(alias string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.lists {
		if l.alias == alias {
			for _, i := range l.items {
				out = append(out, i.value)
			}
		}
	}
	return out
}

func (s *Stripe) listValueLists(c *call) (object, *apiError) {
	if refused := c.allow("alias", "contains", "limit", "starting_after", "ending_before", "created"); refused != nil {
		return nil, refused
	}
	var all []object
	for _, l := range s.lists {
		if alias := c.params.Get("alias"); alias == "" || alias == l.alias {
			all = append(all, l.render())
		}
	}
	return c.page(newestFirst(all))
}

// named is the list that the parameters name.
func (s *Stripe) named(c *call) (*valueList, *apiError) {
	id := c.params.Get("value_list")
	at := slices.IndexFunc(s.lists, func(l *valueList) bool { return l.id == id })
	if at < 0 {
		return nil, missing("value list", id)
	}
	return s.lists[at], nil
}

// listValueListItems finds values that are like the one that is looked for.
func (s *Stripe) listValueListItems(c *call) (object, *apiError) {
	if refused := c.allow("value_list", "value", "limit", "starting_after", "ending_before", "created"); refused != nil {
		return nil, refused
	}
	l, refused := s.named(c)
	if refused != nil {
		return nil, refused
	}
	var all []object
	for _, i := range l.items {
		if strings.Contains(i.value, c.params.Get("value")) {
			all = append(all, l.renderItem(i))
		}
	}
	return c.page(newestFirst(all))
}

func (s *Stripe) createValueListItem(c *call) (object, *apiError) {
	if refused := c.allow("value_list", "value"); refused != nil {
		return nil, refused
	}
	l, refused := s.named(c)
	if refused != nil {
		return nil, refused
	}
	value := c.params.Get("value")
	if value == "" || slices.ContainsFunc(l.items, func(i listItem) bool { return i.value == value }) {
		return nil, refuse("value", "", "The value is empty or in the list already.")
	}
	i := listItem{id: s.world.NewID("rsli_"), value: value, created: s.now().Unix()}
	l.items = append(l.items, i)
	return l.renderItem(i), nil
}
