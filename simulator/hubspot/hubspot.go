// Package hubspot stands in for HubSpot's CRM: it knows the world's customers
// as contacts, and what they said and were told about their orders as tickets
// and notes.
package hubspot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// New is an account that answers whoever has the access token. What a customer
// wrote is a ticket; what the shop answered is a note, as HTML.
func New(w *world.World, token string) http.Handler {
	s := &account{world: w}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /crm/v3/objects/contacts", s.contacts)
	mux.HandleFunc("POST /crm/v3/objects/contacts/search", s.search)
	mux.HandleFunc("GET /crm/v4/objects/contacts/{contact}/associations/{type}", s.associations)
	mux.HandleFunc("POST /crm/v3/objects/{type}/batch/read", s.batchRead)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, http.StatusUnauthorized, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

type account struct{ world *world.World }

// object is a JSON object.
type object = map[string]any

func (s *account) contacts(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, c := range s.world.Customers() {
		all = append(all, contact(c, nil))
	}
	if page, ok := page(w, all, r.URL.Query().Get("after"), r.URL.Query().Get("limit"), 10); ok {
		answer(w, http.StatusOK, page)
	}
}

// searchRequest is the part of a search that the account understands: groups
// of filters, of which one must fit in full.
type searchRequest struct {
	FilterGroups []struct {
		Filters []struct {
			Property string `json:"propertyName"`
			Operator string `json:"operator"`
			Value    string `json:"value"`
		} `json:"filters"`
	} `json:"filterGroups"`
	Properties []string `json:"properties"`
	Limit      int      `json:"limit"`
	After      string   `json:"after"`
}

func (s *account) search(w http.ResponseWriter, r *http.Request) {
	var req searchRequest
	if !read(w, r, &req) {
		return
	}
	var found []object
	for _, c := range s.world.Customers() {
		fits, err := req.fits(c)
		if err != "" {
			refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", err)
			return
		}
		if fits {
			found = append(found, contact(c, req.Properties))
		}
	}
	limit := ""
	if req.Limit > 0 {
		limit = strconv.Itoa(req.Limit)
	}
	if page, ok := page(w, found, req.After, limit, 10); ok {
		page["total"] = len(found)
		answer(w, http.StatusOK, page)
	}
}

func (q searchRequest) fits(c world.Customer) (fits bool, problem string) {
	for _, g := range q.FilterGroups {
		all := true
		for _, f := range g.Filters {
			if f.Property != "email" || f.Operator != "EQ" {
				return false, "this account searches by email EQ only"
			}
			all = all && strings.EqualFold(f.Value, c.Email)
		}
		if all {
			return true, ""
		}
	}
	return len(q.FilterGroups) == 0, ""
}

// associations lists the ids of a contact's notes or tickets.
func (s *account) associations(w http.ResponseWriter, r *http.Request) {
	kind, ok := kinds[r.PathValue("type")]
	if !ok {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", "Unable to infer object type from: "+r.PathValue("type"))
		return
	}
	known := func(c world.Customer) bool { return c.HubSpotID == r.PathValue("contact") }
	if !slices.ContainsFunc(s.world.Customers(), known) {
		refuse(w, http.StatusNotFound, "OBJECT_NOT_FOUND", "Object not found.")
		return
	}
	var all []object
	for _, o := range s.world.Orders() {
		if !known(o.Customer) {
			continue
		}
		for _, m := range o.Messages {
			if kind.holds(m) {
				all = append(all, object{
					"toObjectId":       m.ID,
					"associationTypes": []object{{"category": "HUBSPOT_DEFINED", "typeId": kind.association}},
				})
			}
		}
	}
	if page, ok := page(w, all, r.URL.Query().Get("after"), r.URL.Query().Get("limit"), 500); ok {
		answer(w, http.StatusOK, page)
	}
}

// maxBatch is how many objects one batch may ask for.
const maxBatch = 100

type batchRequest struct {
	Properties []string `json:"properties"`
	Inputs     []struct {
		ID string `json:"id"`
	} `json:"inputs"`
}

func (s *account) batchRead(w http.ResponseWriter, r *http.Request) {
	kind, ok := kinds[r.PathValue("type")]
	var req batchRequest
	if !ok {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", "Unable to infer object type from: "+r.PathValue("type"))
		return
	}
	if !read(w, r, &req) {
		return
	}
	if len(req.Inputs) == 0 || len(req.Inputs) > maxBatch {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", "Invalid batch size")
		return
	}
	found, missing, messages := []object{}, []string{}, s.messages(kind)
	for _, in := range req.Inputs {
		if m, ok := messages[in.ID]; ok {
			found = append(found, record(m.ID, m.At, kind.properties(m), req.Properties))
		} else {
			missing = append(missing, in.ID)
		}
	}
	at := stamp(s.world.Now())
	out := object{"status": "COMPLETE", "results": found, "startedAt": at, "completedAt": at}
	if len(missing) == 0 {
		answer(w, http.StatusOK, out)
		return
	}
	out["numErrors"] = 1
	out["errors"] = []object{{
		"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some " + r.PathValue("type"),
		"context": object{"ids": missing}, "errors": []object{}, "links": object{},
	}}
	answer(w, http.StatusMultiStatus, out)
}

// messages are all of a kind by their ids.
func (s *account) messages(k kind) map[string]world.Message {
	out := map[string]world.Message{}
	for _, o := range s.world.Orders() {
		for _, m := range o.Messages {
			if k.holds(m) {
				out[m.ID] = m
			}
		}
	}
	return out
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", "Invalid input JSON")
		return false
	}
	return true
}
