package aftership

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// The bounds of one gathering.
const (
	pageSize   = "200" // the most that AfterShip gives
	maxPages   = 3
	maxNumbers = 10
	maxParcels = 10
)

// search is one question, and which of the trackings found are an answer to it:
// evidence of another sale is worse than none.
type search struct {
	by, value string
	fits      func(tracking) bool
}

// searches are the ways in which the sale's parcels may be found, the surest
// first. An e-mail address is none: a customer's other parcels have it, too.
func searches(p dispute.Payment) []search {
	var out []search
	if numbers := numbers(p); len(numbers) > 0 {
		out = append(out, search{"tracking_numbers", strings.Join(numbers, ","), func(t tracking) bool {
			return slices.ContainsFunc(numbers, func(n string) bool { return strings.EqualFold(n, t.Number) })
		}})
	}
	if id := orderID(p); id != "" && !strings.Contains(id, ",") {
		out = append(out, search{"order_id", id, func(t tracking) bool { return t.OrderID == id }})
	}
	if number := strings.TrimPrefix(p.OrderName, "#"); number != "" {
		out = append(out, search{"keyword", number, func(t tracking) bool {
			return slices.ContainsFunc([]string{t.OrderNumber, t.OrderID, t.Title}, func(s string) bool { return strings.TrimPrefix(s, "#") == number })
		}})
	}
	return out
}

// orderID is the store's id of the order; of a global one the end of it.
func orderID(p dispute.Payment) string {
	if strings.HasPrefix(p.OrderID, "gid://") {
		return p.OrderID[strings.LastIndex(p.OrderID, "/")+1:]
	}
	return p.OrderID
}

// numberKeys are the metadata keys under which shops and their plug-ins keep
// tracking numbers; several numbers are separated by commas or blanks.
var numberKeys = []string{"tracking_number", "tracking_code", "tracking_numbers", "tracking_codes"}

// numbers are the tracking numbers that the payment's metadata has.
func numbers(p dispute.Payment) []string {
	var out []string
	for _, key := range numberKeys {
		for _, n := range strings.FieldsFunc(p.Metadata[key], func(r rune) bool { return strings.ContainsRune(",; \t\n", r) }) {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out[:min(len(out), maxNumbers)]
}

// find lists the trackings of the first search that finds any. What leads back to
// the merchant is not the sale's parcel.
func (a *adapter) find(ctx context.Context, p dispute.Payment) ([]tracking, error) {
	for _, s := range searches(p) {
		all, err := a.list(ctx, s)
		if err != nil {
			return nil, err
		}
		var found []tracking
		for _, t := range all {
			if t.ID != "" && t.Direction != "return" && s.fits(t) && !slices.ContainsFunc(found, t.same) {
				found = append(found, t)
			}
		}
		if len(found) > 0 {
			return found[:min(len(found), maxParcels)], nil
		}
	}
	return nil, nil
}

// list reads the pages of a search. Source: aftership.com/docs/tracking, get
// trackings.
func (a *adapter) list(ctx context.Context, s search) ([]tracking, error) {
	var all []tracking
	query := url.Values{s.by: {s.value}, "limit": {pageSize}}
	for range maxPages {
		var page struct {
			Data struct {
				Trackings  []tracking `json:"trackings"`
				Pagination struct {
					Next string `json:"next_cursor"`
					More bool   `json:"has_next_page"`
				} `json:"pagination"`
			} `json:"data"`
		}
		_, err := a.http.Do(ctx, vendorhttp.Request{Op: "find trackings by " + s.by, Method: http.MethodGet, Path: trackings, Query: query}, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Data.Trackings...)
		if !page.Data.Pagination.More || page.Data.Pagination.Next == "" {
			break
		}
		query.Set("cursor", page.Data.Pagination.Next)
	}
	return all, nil
}
