// Package easypost stands in for EasyPost's API: it tracks every parcel of the
// world's orders.
package easypost

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// New is an account that answers whoever has its API key.
func New(w *world.World, key string) http.Handler {
	s := &account{world: w}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/trackers", s.list)
	mux.HandleFunc("GET /v2/trackers/{id}", s.one)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, password, ok := r.BasicAuth(); !ok || got != key || password != "" {
			refuse(w, http.StatusUnauthorized, "APIKEY.INACTIVE", "This api key is no longer active. Please use a different api key or reactivate this key.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type account struct{ world *world.World }

// object is a JSON object.
type object = map[string]any

// list answers with the newest trackers first; before_id names the last of the
// page before.
func (s *account) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, ok := pageSize(q)
	from, to, good := period(q)
	if !ok || !good {
		refuse(w, http.StatusUnprocessableEntity, "PARAMETER.INVALID", "One of the parameters is not valid.")
		return
	}
	orders := s.world.Orders()
	slices.Reverse(orders)
	if last := q.Get("before_id"); last != "" {
		at := slices.IndexFunc(orders, func(o world.Order) bool { return id(o) == last })
		orders = orders[at+1:]
	}
	code, carrier := q.Get("tracking_code"), q.Get("carrier")
	orders = slices.DeleteFunc(orders, func(o world.Order) bool {
		made := labelled(o)
		return code != "" && code != o.Shipment.Tracking || carrier != "" && carrier != o.Shipment.Carrier ||
			!from.IsZero() && made.Before(from) || !to.IsZero() && made.After(to)
	})
	shown := make([]any, 0, size)
	for _, o := range orders[:min(size, len(orders))] {
		shown = append(shown, tracker(o))
	}
	answer(w, http.StatusOK, object{"trackers": shown, "has_more": len(orders) > size})
}

func pageSize(q url.Values) (int, bool) {
	v := q.Get("page_size")
	if v == "" {
		return 20, true
	}
	n, err := strconv.Atoi(v)
	return n, err == nil && n >= 1 && n <= 100
}

func period(q url.Values) (from, to time.Time, ok bool) {
	for name, t := range map[string]*time.Time{"start_datetime": &from, "end_datetime": &to} {
		if v := q.Get(name); v != "" {
			var err error
			if *t, err = time.Parse(time.RFC3339, v); err != nil {
				return from, to, false
			}
		}
	}
	return from, to, true
}

func (s *account) one(w http.ResponseWriter, r *http.Request) {
	o, ok := s.world.Find(func(o world.Order) bool { return id(o) == r.PathValue("id") })
	if !ok {
		refuse(w, http.StatusNotFound, "NOT_FOUND", "The requested resource could not be found.")
		return
	}
	answer(w, http.StatusOK, tracker(o))
}

func id(o world.Order) string { return fmt.Sprintf("trk_%032x", o.Shipment.ID) }

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, object{"error": object{"code": code, "message": message, "errors": []any{}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
