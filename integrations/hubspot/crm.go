package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// The bounds of one gathering: at most 500 messages of a kind.
const (
	pageSize = 100 // also the most that one batch may read
	maxPages = 5
)

// object is any record of the CRM. A property without a value is empty.
type object struct {
	ID         string            `json:"id"`
	CreatedAt  time.Time         `json:"createdAt"`
	Properties map[string]string `json:"properties"`
}

// at is a property that holds a time, or else when the record was made.
func (o object) at(property string) time.Time {
	if t, err := time.Parse(time.RFC3339, o.Properties[property]); err == nil {
		return t.UTC()
	}
	return o.CreatedAt.UTC()
}

var contactProperties = []string{"email", "firstname", "lastname", "phone", "createdate"}

// contact is the contact with that e-mail address; nil when there is none. The
// address travels in the body, because addresses of pages end up in logs.
func (a *adapter) contact(ctx context.Context, email string) (*object, error) {
	var found struct {
		Results []object `json:"results"`
	}
	filter := map[string]string{"propertyName": "email", "operator": "EQ", "value": strings.ToLower(email)}
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "find contact", Method: http.MethodPost, Path: "/crm/v3/objects/contacts/search",
		JSON: map[string]any{
			"filterGroups": []any{map[string]any{"filters": []any{filter}}},
			"properties":   contactProperties,
			"limit":        1,
		},
	}, &found)
	if err != nil {
		return nil, err
	}
	for _, o := range found.Results {
		if strings.EqualFold(o.Properties["email"], email) {
			return &o, nil
		}
	}
	return nil, nil
}

// kind is a sort of record that holds messages.
type kind struct {
	name       string // as in the API's paths
	properties []string
	item       func(object) dispute.Item
}

var (
	notes   = kind{"notes", []string{"hs_note_body", "hs_timestamp"}, noteItem}
	tickets = kind{"tickets", []string{"subject", "content", "createdate", "source_type"}, ticketItem}
)

// messages are the contact's records of a kind as items.
func (a *adapter) messages(ctx context.Context, contact string, k kind) ([]dispute.Item, error) {
	ids, err := a.associated(ctx, contact, k)
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	for batch := range slices.Chunk(ids, pageSize) {
		records, readErr := a.read(ctx, k, batch)
		for _, o := range records {
			out = append(out, k.item(o))
		}
		if err = readErr; err != nil {
			break
		}
	}
	return out, err
}

// associated lists the ids of the contact's records of a kind.
func (a *adapter) associated(ctx context.Context, contact string, k kind) ([]string, error) {
	var ids []string
	query := url.Values{"limit": {fmt.Sprint(pageSize)}}
	for range maxPages {
		var page struct {
			Results []struct {
				ID json.Number `json:"toObjectId"` // a number or a string, by the API's whim
			} `json:"results"`
			Paging struct {
				Next struct {
					After string `json:"after"`
				} `json:"next"`
			} `json:"paging"`
		}
		_, err := a.http.Do(ctx, vendorhttp.Request{
			Op: "list " + k.name + " of contact " + contact, Method: http.MethodGet, Query: query,
			Path: "/crm/v4/objects/contacts/" + url.PathEscape(contact) + "/associations/" + k.name,
		}, &page)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Results {
			ids = append(ids, r.ID.String())
		}
		if page.Paging.Next.After == "" {
			break
		}
		query.Set("after", page.Paging.Next.After)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// read reads one batch of records. One that was deleted in the meantime is left
// out; any other record that cannot be read is an error of kind Transient, with
// the records that can.
func (a *adapter) read(ctx context.Context, k kind, ids []string) ([]object, error) {
	inputs := make([]map[string]string, 0, len(ids))
	for _, id := range ids {
		inputs = append(inputs, map[string]string{"id": id})
	}
	var batch struct {
		Results []object `json:"results"`
		Errors  []struct {
			Category string `json:"category"`
		} `json:"errors"`
	}
	op := "read " + k.name
	_, err := a.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: "/crm/v3/objects/" + k.name + "/batch/read",
		JSON: map[string]any{"inputs": inputs, "properties": k.properties, "propertiesWithHistory": []string{}},
	}, &batch)
	if err != nil {
		return nil, err
	}
	for _, e := range batch.Errors {
		if e.Category != "OBJECT_NOT_FOUND" {
			missing := len(ids) - len(batch.Results)
			return batch.Results, dispute.Errorf(dispute.Transient, name+": "+op, "%d of %d could not be read", missing, len(ids))
		}
	}
	return batch.Results, nil
}
