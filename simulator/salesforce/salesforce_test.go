package salesforce

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const root = "/services/data/v62.0"

func newWorld() *world.World {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

// call sends a body, or gets where there is none, and reads the answer into out.
func call(t *testing.T, w *world.World, token, path, body string, out any) (status int) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if strings.Contains(path, "oauth2") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	New(w, "client", "secret").ServeHTTP(rec, r)
	if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return rec.Code
}

func TestToken(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]int{
		"grant_type=client_credentials&client_id=client&client_secret=secret": 200,
		"grant_type=client_credentials&client_id=client&client_secret=other":  400,
		"grant_type=client_credentials&client_id=other&client_secret=secret":  400,
		"grant_type=password&client_id=client&client_secret=secret":           400,
	} {
		var got map[string]any
		if status := call(t, newWorld(), "", "/services/oauth2/token", form, &got); status != want {
			t.Errorf("%s: status %d, want %d", form, status, want)
		}
	}
	var refused []map[string]string
	if status := call(t, newWorld(), "other", root+"/sobjects/Contact", "", &refused); status != 401 || refused[0]["errorCode"] != "INVALID_SESSION_ID" {
		t.Errorf("another token: %d %v", status, refused)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.Customers()[2]
	for soql, want := range map[string]int{
		"SELECT Id FROM Contact WHERE Email = '" + strings.ToUpper(c.Email) + "'": 1,
		"SELECT Id FROM Contact WHERE Email = 'o\\'hara@x.example'":               0,
		"SELECT Id FROM Contact": 12,
		"SELECT Id, Name FROM Contact ORDER BY CreatedDate, Id LIMIT 3":                                                   3,
		"SELECT Id FROM Contact WHERE Email = 'x' OR Email != 'x'":                                                        12,
		"SELECT Id FROM Contact WHERE (Email = 'x' OR Email != 'x') AND Id IN ('" + contactID(c) + "','003')":             1,
		"SELECT Id FROM Case WHERE CreatedDate >= 2030-01-01T00:00:00Z":                                                   0,
		"SELECT Id, CreatedBy.UserType FROM CaseComment WHERE IsPublished = true":                                         24,
		"SELECT Id FROM EmailMessage WHERE Status != '5'":                                                                 48,
		"SELECT Id FROM Contact WHERE Email = 'x' OR Email = 'y' AND Id = 'z' OR Id = '" + contactID(c) + "' LIMIT 2000 ": 1,
	} {
		var got struct {
			TotalSize int
			Records   []object
		}
		if status := call(t, w, Token, root+"/query?q="+url.QueryEscape(soql), "", &got); status != 200 || got.TotalSize != want || len(got.Records) != want {
			t.Errorf("%s: status %d, %d records, want %d", soql, status, got.TotalSize, want)
		}
	}
	for soql, want := range map[string]string{
		"":                    "MALFORMED_QUERY",
		"DELETE FROM Contact": "MALFORMED_QUERY",
		"SELECT Id Contact":   "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE Email = 'x":  "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE Email = ":    "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE (Email='x'":  "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE Email ~ 'x'": "MALFORMED_QUERY",
		"SELECT Id FROM Contact WHERE Id IN 'x'":   "MALFORMED_QUERY",
		"SELECT Id FROM Contact LIMIT ten":         "MALFORMED_QUERY",
		"SELECT Id FROM Contact LIMIT 1 )":         "MALFORMED_QUERY",
		"SELECT Id FROM Opportunity":               "INVALID_TYPE",
		"SELECT Id, Shoe__c FROM Contact":          "INVALID_FIELD",
	} {
		var got []map[string]string
		if status := call(t, w, Token, root+"/query?q="+url.QueryEscape(soql), "", &got); status != 400 || got[0]["errorCode"] != want {
			t.Errorf("%s: status %d %v, want %s", soql, status, got, want)
		}
	}
}

func TestComposite(t *testing.T) {
	t.Parallel()
	var got struct {
		Parts []struct {
			Status      int    `json:"httpStatusCode"`
			ReferenceID string `json:"referenceId"`
		} `json:"compositeResponse"`
	}
	call(t, newWorld(), Token, root+"/composite", `{"compositeRequest":[
		{"method":"GET","url":"/services/data/v62.0/query?q=SELECT+Id+FROM+Contact","referenceId":"a"},
		{"method":"GET","url":"/services/data/v61.0/query?q=SELECT+Id+FROM+Contact","referenceId":"b"},
		{"method":"POST","url":"/services/data/v62.0/query?q=SELECT+Id+FROM+Contact","referenceId":"c"},
		{"method":"GET","url":"/services/data/v62.0/query?q=SELECT+Id+FROM+Shoes","referenceId":"d"}]}`, &got)
	want := map[string]int{"a": 200, "b": 400, "c": 400, "d": 400}
	for _, p := range got.Parts {
		if p.Status != want[p.ReferenceID] {
			t.Errorf("%s: %d, want %d", p.ReferenceID, p.Status, want[p.ReferenceID])
		}
		delete(want, p.ReferenceID)
	}
	if diff := cmp.Diff(map[string]int{}, want); diff != "" {
		t.Errorf("not answered: %s", diff)
	}
	for _, body := range []string{`{`, `{"compositeRequest":[]}`, `{"compositeRequest":[{},{},{},{},{},{}]}`} {
		var refused []map[string]string
		if status := call(t, newWorld(), Token, root+"/composite", body, &refused); status != 400 {
			t.Errorf("%s: status %d, want 400", body, status)
		}
	}
	var refused []map[string]string
	if status := call(t, newWorld(), Token, root+"/sobjects/Shoe", "", &refused); status != 404 {
		t.Errorf("unknown object: %d", status)
	}
}

func TestSilentCustomersAskedNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := &Org{world: w}
	before := len(o.tables()["Case"])
	w.NewOrder(world.OrderOptions{Silent: true})
	if after := len(o.tables()["Case"]); after != before || before != 24 {
		t.Errorf("%d cases, then %d", before, after)
	}
}
