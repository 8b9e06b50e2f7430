// Package shipbob stands in for ShipBob's API of 2026-01: the warehouse that
// ships the world's orders.
package shipbob

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// New is a warehouse account that answers whoever has the access token. It
// knows an order by the shop's id of it, as the shop's own connection to
// ShipBob sends it.
func New(w *world.World, token string) http.Handler {
	s := &warehouse{world: w}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2026-01/channel", channels)
	mux.HandleFunc("GET /2026-01/order", s.orders)
	mux.HandleFunc("GET /2026-01/order/{order}", s.one(order))
	mux.HandleFunc("GET /2026-01/order/{order}/shipment/{shipment}", s.one(shipment))
	mux.HandleFunc("GET /2026-01/order/{order}/shipment/{shipment}/timeline", s.one(timeline))
	mux.HandleFunc("GET /2026-01/shipment/{shipment}", s.one(shipment))
	mux.HandleFunc("GET /2026-01/shipment/{shipment}/timeline", s.one(timeline))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type warehouse struct{ world *world.World }

// object is a JSON object.
type object = map[string]any

func channels(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, object{
		"items": []object{{"id": channelID, "name": channelName, "application_name": "Rehearsal", "scopes": []string{"orders_read", "channels_read"}}},
		"next":  nil, "prev": nil,
	})
}

// orders searches by reference and by id; the two filters must both fit.
func (s *warehouse) orders(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page, limit, ok := paging(q)
	if !ok {
		answer(w, http.StatusBadRequest, object{"Limit": []string{"The field Limit must be between 1 and 250."}})
		return
	}
	references, ids := commas(q.Get("ReferenceIds")), commas(q.Get("IDs"))
	out, skip := []any{}, (page-1)*limit
	for _, o := range s.world.Orders() {
		if !fits(references, reference(o)) || !fits(ids, strconv.FormatInt(o.Shipment.ShipBobID, 10)) {
			continue
		}
		if skip--; skip < 0 && len(out) < limit {
			out = append(out, order(o))
		}
	}
	answer(w, http.StatusOK, out)
}

func paging(q url.Values) (page, limit int, ok bool) {
	page, limit = 1, 50
	for name, n := range map[string]*int{"Page": &page, "Limit": &limit} {
		if v := q.Get(name); v != "" {
			var err error
			if *n, err = strconv.Atoi(v); err != nil {
				return 0, 0, false
			}
		}
	}
	return page, limit, page >= 1 && limit >= 1 && limit <= 250
}

func commas(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func fits(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// one answers about the order or shipment that the path names.
func (s *warehouse) one(show func(world.Order) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wantOrder, wantShipment := r.PathValue("order"), r.PathValue("shipment")
		o, ok := s.world.Find(func(o world.Order) bool {
			return (wantOrder == "" || wantOrder == strconv.FormatInt(o.Shipment.ShipBobID, 10)) &&
				(wantShipment == "" || wantShipment == strconv.FormatInt(o.Shipment.ID, 10))
		})
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answer(w, http.StatusOK, show(o))
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
