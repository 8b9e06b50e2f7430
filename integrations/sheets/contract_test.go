package sheets

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/sheets"
)

// discovery is what we read of Google's description of the API.
type discovery struct {
	Parameters map[string]parameter `json:"parameters"` // of every method
	Resources  map[string]resource  `json:"resources"`
	Schemas    map[string]struct {
		Properties map[string]any `json:"properties"`
	} `json:"schemas"`
}

type resource struct {
	Methods   map[string]method   `json:"methods"`
	Resources map[string]resource `json:"resources"`
}

type method struct {
	HTTPMethod string               `json:"httpMethod"`
	FlatPath   string               `json:"flatPath"`
	Path       string               `json:"path"`
	Parameters map[string]parameter `json:"parameters"`
	Request    struct {
		Ref string `json:"$ref"`
	} `json:"request"`
	Response struct {
		Ref string `json:"$ref"`
	} `json:"response"`
}

type parameter struct {
	Enum []string `json:"enum"`
}

var hole = regexp.MustCompile(`\\\{\w+\\\}`)

func (m method) fits(r *http.Request) bool {
	path := m.FlatPath
	if path == "" {
		path = m.Path
	}
	form := "^/" + hole.ReplaceAllString(regexp.QuoteMeta(path), `[^/:]+`) + "$"
	// A range has colons of its own; the one before the verb is the last.
	actual := strings.ReplaceAll(r.URL.EscapedPath(), "A1:", "A1-")
	actual = strings.ReplaceAll(actual, "A:A", "A-A")
	return m.HTTPMethod == r.Method && regexp.MustCompile(form).MatchString(actual)
}

// TestContract holds every request of a report, and every answer of the stand-in,
// to Google's description.
func TestContract(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "google", "sheets-v4.discovery.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc discovery
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	s := standin.New(time.Now)
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			s.ServeHTTP(w, r)
			return
		}
		doc.judge(t, seen, w, r, s)
	}))
	a := connect(t, settings(url))
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := a.Report(t.Context(), key, report()); err != nil {
		t.Error(err)
	}
	if _, found, err := a.FindReport(t.Context(), key, report()); !found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	for _, want := range []string{"get", "values/get", "values/update", "values/append"} {
		if !seen[want] {
			t.Errorf("%s was not held to the contract", want)
		}
	}
}

func (d discovery) judge(t *testing.T, seen map[string]bool, w http.ResponseWriter, r *http.Request, next http.Handler) {
	t.Helper()
	spreadsheets := d.Resources["spreadsheets"]
	found := map[string]method{}
	for name, m := range spreadsheets.Methods {
		found[name] = m
	}
	for name, m := range spreadsheets.Resources["values"].Methods {
		found["values/"+name] = m
	}
	for name, m := range found {
		if !m.fits(r) {
			continue
		}
		seen[name] = true
		for p, v := range r.URL.Query() {
			known, ok := m.Parameters[p]
			if _, everywhere := d.Parameters[p]; !ok && !everywhere {
				t.Errorf("%s has no parameter %s", name, p)
			}
			if len(known.Enum) > 0 && !slices.Contains(known.Enum, v[0]) {
				t.Errorf("%s: %s cannot be %s", name, p, v[0])
			}
		}
		sent, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
		d.holds(t, name+" request", m.Request.Ref, sent)
		answer := &recorder{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		d.holds(t, name+" answer", m.Response.Ref, answer.body.Bytes())
		return
	}
	t.Errorf("%s %s is no method of the contract", r.Method, r.URL.EscapedPath())
}

// holds checks that an object has only the properties of its schema.
func (d discovery) holds(t *testing.T, what, schema string, body []byte) {
	t.Helper()
	if len(body) == 0 {
		return
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for p := range got {
		if _, ok := d.Schemas[schema].Properties[p]; !ok {
			t.Errorf("%s: %s has no property %s", what, schema, p)
		}
	}
}

type recorder struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}
