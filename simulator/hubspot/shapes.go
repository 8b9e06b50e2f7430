package hubspot

import (
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// kind is a sort of object that holds messages.
type kind struct {
	association int // HubSpot's id of the association from a contact
	holds       func(world.Message) bool
	properties  func(world.Message) map[string]string
}

var kinds = map[string]kind{
	"tickets": {
		association: 15,
		holds:       func(m world.Message) bool { return m.FromCustomer },
		properties: func(m world.Message) map[string]string {
			return map[string]string{
				"subject": m.Subject, "content": m.Text, "source_type": "EMAIL",
				"createdate": stamp(m.At), "hs_pipeline": "0", "hs_pipeline_stage": "1",
			}
		},
	},
	"notes": {
		association: 201,
		holds:       func(m world.Message) bool { return !m.FromCustomer },
		properties: func(m world.Message) map[string]string {
			return map[string]string{
				"hs_note_body": "<div><p><strong>" + html.EscapeString(m.Subject) + "</strong></p><p>" + html.EscapeString(m.Text) + "</p></div>",
				"hs_timestamp": stamp(m.At),
			}
		},
	},
}

func contact(c world.Customer, asked []string) object {
	first, last, _ := strings.Cut(c.Name, " ")
	return record(c.HubSpotID, c.Since, map[string]string{
		"email": c.Email, "firstname": first, "lastname": last, "phone": c.Phone, "createdate": stamp(c.Since),
	}, asked)
}

// record is one object of the CRM with those of its properties that were asked
// for.
func record(id string, at time.Time, properties map[string]string, asked []string) object {
	shown := map[string]string{"hs_object_id": id}
	for _, name := range asked {
		if v, ok := properties[name]; ok {
			shown[name] = v
		}
	}
	return object{"id": id, "properties": shown, "createdAt": stamp(at), "updatedAt": stamp(at), "archived": false}
}

// page answers one page of a list; a cursor is the number of objects before it.
// It refuses the request when ok is false.
func page(w http.ResponseWriter, all []object, after, limit string, size int) (out object, ok bool) {
	from, okAfter := number(after, 0)
	size, okLimit := number(limit, size)
	if !okAfter || !okLimit {
		refuse(w, http.StatusBadRequest, "VALIDATION_ERROR", "Invalid paging")
		return nil, false
	}
	from = min(from, len(all))
	to := min(from+size, len(all))
	out = object{"results": append([]object{}, all[from:to]...)}
	if to < len(all) {
		out["paging"] = object{"next": object{"after": strconv.Itoa(to)}}
	}
	return out, true
}

func number(text string, fallback int) (n int, ok bool) {
	if text == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

func refuse(w http.ResponseWriter, status int, category, message string) {
	answer(w, status, object{
		"status": "error", "category": category, "message": message,
		"correlationId": "3e9f2f6e-5b1c-4c3e-9b57-6a2f2f1d0c11",
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// stamp writes a time as HubSpot does, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
