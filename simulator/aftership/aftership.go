// Package aftership stands in for AfterShip's Tracking API of 2026-07: it tracks
// every parcel of the world's orders and keeps a picture of each delivery.
package aftership

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const prefix = "/tracking/2026-07"

// New is an organization that answers whoever has its API key. The addresses of
// proofs of delivery open by themselves.
func New(w *world.World, key string) http.Handler {
	s := &organization{world: w}
	api := http.NewServeMux()
	api.HandleFunc("GET "+prefix+"/trackings", s.list)
	api.HandleFunc("GET "+prefix+"/trackings/{id}", s.one)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /proofs/{number}", s.proof)
	mux.HandleFunc(prefix+"/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("as-api-key") != key {
			refuse(w, http.StatusUnauthorized, "Unauthorized", "The API key is invalid.")
			return
		}
		api.ServeHTTP(w, r)
	})
	return mux
}

type organization struct{ world *world.World }

// object is a JSON object.
type object = map[string]any

// list answers with the newest trackings first; the cursor counts those shown.
func (s *organization) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := 100, error(nil)
	if v := q.Get("limit"); v != "" {
		limit, err = strconv.Atoi(v)
	}
	shown, ok := position(q.Get("cursor"))
	if err != nil || limit < 1 || limit > 200 || !ok {
		refuse(w, http.StatusBadRequest, "BadRequest", "The request was invalid or cannot be otherwise served.")
		return
	}
	orders := s.world.Orders()
	slices.Reverse(orders)
	orders = slices.DeleteFunc(orders, func(o world.Order) bool {
		return !listed(q.Get("tracking_numbers"), o.Shipment.Tracking) || !listed(q.Get("order_id"), orderID(o)) || !contains(o, q.Get("keyword"))
	})
	total := len(orders)
	orders = orders[min(shown, total):]
	orders = orders[:min(limit, len(orders))]
	page := object{"total": total, "has_next_page": shown+len(orders) < total}
	if shown += len(orders); shown < total {
		page["next_cursor"] = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(shown)))
	}
	out := make([]any, 0, len(orders))
	for _, o := range orders {
		out = append(out, tracking(o, root(r)))
	}
	answer(w, http.StatusOK, object{"meta": object{"code": 200}, "data": object{"pagination": page, "trackings": out}})
}

// position reads a cursor.
func position(cursor string) (int, bool) {
	if cursor == "" {
		return 0, true
	}
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil && n >= 0
}

func listed(wanted, value string) bool {
	return wanted == "" || slices.Contains(strings.Split(wanted, ","), value)
}

// contains is the keyword search: a part of a field is enough.
func contains(o world.Order, keyword string) bool {
	fields := []string{o.Shipment.Tracking, orderID(o), o.Name(), o.Customer.Name, o.Customer.Email, o.Customer.Phone}
	return slices.ContainsFunc(fields, func(field string) bool { return strings.Contains(strings.ToLower(field), strings.ToLower(keyword)) })
}

func (s *organization) one(w http.ResponseWriter, r *http.Request) {
	o, ok := s.world.Find(func(o world.Order) bool { return id(o) == r.PathValue("id") })
	if !ok {
		refuse(w, http.StatusNotFound, "NotFound", "Tracking does not exist.")
		return
	}
	answer(w, http.StatusOK, object{"meta": object{"code": 200}, "data": tracking(o, root(r))})
}

func (s *organization) proof(w http.ResponseWriter, r *http.Request) {
	o, ok := s.world.Find(func(o world.Order) bool { return strconv.Itoa(o.Number) == r.PathValue("number") })
	if !ok || o.Shipment.DeliveredAt.IsZero() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(signature(o.Number))
}

func id(o world.Order) string { return fmt.Sprintf("%032x", o.Shipment.ID) }

func orderID(o world.Order) string { return strconv.FormatInt(o.ShopifyID, 10) }

// root is the address under which the caller reaches this handler.
func root(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, prefix)
	return "http://" + r.Host + path
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	answer(w, status, object{"meta": object{"code": status, "type": kind, "message": message}, "data": object{}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
