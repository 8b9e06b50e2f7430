package hubspot

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

// call sends a body, or gets where there is none.
func call(t *testing.T, w *world.World, token, path, body string) (status int, out map[string]any) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	New(w, "token").ServeHTTP(rec, r)
	if rec.Code != http.StatusNotFound {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			t.Fatalf("%v: %s", err, rec.Body)
		}
	}
	return rec.Code, out
}

// ids are those of an answer's results, by the field that holds them.
func ids(answer map[string]any, field string) []string {
	var out []string
	for _, r := range answer["results"].([]any) {
		out = append(out, r.(map[string]any)[field].(string))
	}
	return out
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	tests := map[string]struct {
		path, body string
		want       int
	}{
		"contacts":             {"/crm/v3/objects/contacts?limit=1", "", 200},
		"bad page":             {"/crm/v3/objects/contacts?limit=x", "", 400},
		"bad cursor":           {"/crm/v3/objects/contacts?limit=1&after=-1", "", 400},
		"search by name":       {"/crm/v3/objects/contacts/search", `{"filterGroups":[{"filters":[{"propertyName":"firstname","operator":"EQ","value":"Ada"}]}]}`, 400},
		"search without sense": {"/crm/v3/objects/contacts/search", `{`, 400},
		"unknown contact":      {"/crm/v4/objects/contacts/999/associations/notes", "", 404},
		"unknown type":         {"/crm/v4/objects/contacts/501/associations/deals", "", 400},
		"unknown batch type":   {"/crm/v3/objects/deals/batch/read", `{"inputs":[{"id":"1"}]}`, 400},
		"empty batch":          {"/crm/v3/objects/notes/batch/read", `{"inputs":[]}`, 400},
		"large batch":          {"/crm/v3/objects/notes/batch/read", `{"inputs":[{"id":"1"}` + strings.Repeat(`,{"id":"1"}`, 100) + `]}`, 400},
		"unknown note":         {"/crm/v3/objects/notes/batch/read", `{"inputs":[{"id":"1"}]}`, 207},
		"batch without sense":  {"/crm/v3/objects/notes/batch/read", `[]`, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := call(t, w, "token", tt.path, tt.body); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
			if got, _ := call(t, w, "other", tt.path, tt.body); got != http.StatusUnauthorized {
				t.Errorf("status %d with another token, want 401", got)
			}
		})
	}
}

func TestSearchByEmail(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.Customers()[3]
	search := func(email string) map[string]any {
		_, out := call(t, w, "token", "/crm/v3/objects/contacts/search",
			`{"filterGroups":[{"filters":[{"propertyName":"email","operator":"EQ","value":"`+email+`"}]}],"properties":["email","phone"]}`)
		return out
	}
	out := search(strings.ToUpper(c.Email))
	if diff := cmp.Diff([]string{c.HubSpotID}, ids(out, "id")); diff != "" {
		t.Fatalf("contacts (-want +got):\n%s", diff)
	}
	want := map[string]any{"email": c.Email, "phone": c.Phone, "hs_object_id": c.HubSpotID}
	if diff := cmp.Diff(want, out["results"].([]any)[0].(map[string]any)["properties"]); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	if out := search("nobody@shopper.example"); out["total"] != 0.0 || len(ids(out, "id")) != 0 {
		t.Errorf("found %v for nobody", out)
	}
}

func TestMessagesAreTicketsAndNotes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	want := map[string][]string{}
	for _, other := range w.Orders() {
		for _, m := range other.Messages {
			if other.Customer.HubSpotID != o.Customer.HubSpotID {
				continue
			}
			kind := "notes"
			if m.FromCustomer {
				kind = "tickets"
			}
			want[kind] = append(want[kind], m.ID)
		}
	}
	for kind, want := range want {
		path := "/crm/v4/objects/contacts/" + o.Customer.HubSpotID + "/associations/" + kind
		var got []string
		for after := "0"; after != ""; {
			_, out := call(t, w, "token", path+"?limit=2&after="+after, "")
			got, after = append(got, ids(out, "toObjectId")...), next(out)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		status, out := call(t, w, "token", "/crm/v3/objects/"+kind+"/batch/read", `{"inputs":[{"id":"`+want[0]+`"},{"id":"7"}]}`)
		if diff := cmp.Diff(want[:1], ids(out, "id")); diff != "" || status != http.StatusMultiStatus {
			t.Errorf("status %d, batch of %s (-want +got):\n%s", status, kind, diff)
		}
	}
}

func next(answer map[string]any) string {
	paging, _ := answer["paging"].(map[string]any)
	next, _ := paging["next"].(map[string]any)
	after, _ := next["after"].(string)
	return after
}
