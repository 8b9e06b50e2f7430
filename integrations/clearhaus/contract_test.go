package clearhaus

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
)

// contract is what Clearhaus's pages say, transcribed; nothing is checked where
// its folder is absent, but everything still runs.
type contract struct {
	present bool
	dispute *jsonschema.Schema
	DQL     struct {
		Modifiers map[string]any `json:"modifiers"`
	} `json:"dql"`
	Relations map[string]struct {
		Methods []string       `json:"methods"`
		Query   map[string]any `json:"query"`
		Schema  any            `json:"schema"`
		Links   map[string]any `json:"links"`
	} `json:"relations"`
	Examples struct {
		Disputes json.RawMessage `json:"disputes"`
		File     json.RawMessage `json:"file"`
	} `json:"examples"`

	mu   sync.Mutex
	seen map[string]bool
}

func loadContract(t *testing.T) *contract {
	t.Helper()
	c := &contract{seen: map[string]bool{}}
	dir, ok := testenv.Specs(t)
	if !ok {
		return c
	}
	body, err := os.ReadFile(filepath.Join(dir, "clearhaus", "merchant-api.disputes.transcribed.json")) // #nosec G304 -- a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, c); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("dispute.json", c.Relations["ch:dispute"].Schema); err != nil {
		t.Fatal(err)
	}
	if c.dispute, err = compiler.Compile("dispute.json"); err != nil {
		t.Fatal(err)
	}
	c.present = true
	return c
}

// Everything the adapter asks and everything the stand-in answers is checked
// against what Clearhaus's pages say.
func TestContract(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	r := rehearseBehind(t, standin.Options{PerPage: 1}, func(h http.Handler) http.Handler { return c.around(t, h) })
	id, given := r.open(standin.DisputeOptions{}), r.open(standin.DisputeOptions{Type: "2nd_chargeback", ReasonCode: "13.1", Reason: "product_not_provided"})
	r.clearhaus.BankFile(id, "cardholder letter", "application/pdf", []byte("%PDF-1.7 letter"))
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("check", r.Check(ctx))
	dc := r.caseOf(t, id)
	_, err := r.Payment(ctx, dc.View.Snapshot)
	check("payment", err)
	_, err = r.Gather(ctx, dc)
	check("gather", err)
	_, err = r.Submit(ctx, packet("key", dc))
	check("submit", err)
	_, err = r.Accept(ctx, "key", r.caseOf(t, given))
	check("accept", err)
	r.read(t, id)
	r.read(t, given)
	_, _, err = r.Poll(ctx, "")
	check("poll", err)
	if !c.present {
		return
	}
	for _, rel := range []string{"ch:disputes", "ch:dispute", "ch:files", "file"} {
		if !c.seen[rel] {
			t.Errorf("nothing of %s was checked", rel)
		}
	}
}

// The documented examples are read as they stand.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	c := loadContract(t)
	if !c.present {
		return
	}
	var p page
	if err := json.Unmarshal(c.Examples.Disputes, &p); err != nil || len(p.Embedded.Disputes) != 1 {
		t.Fatalf("the list: %v, %d disputes", err, len(p.Embedded.Disputes))
	}
	if s := p.Embedded.Disputes[0].snapshot(); s.ID != knownID || s.Amount.Minor != 58704 || s.NoResponse || s.DueBy.IsZero() {
		t.Errorf("%+v", s)
	}
	var f wireFile
	if err := json.Unmarshal(c.Examples.File, &f); err != nil || f.id() != "93cc1a9a-70f7-48d3-afad-d5de920414bc" || f.ours() {
		t.Errorf("%+v, %v", f, err)
	}
}

func (c *contract) around(t *testing.T, next http.Handler) http.Handler {
	if !c.present {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		c.mu.Lock()
		c.asked(t, r, body)
		if strings.HasSuffix(rec.Header().Get("Content-Type"), "json") && rec.Code < 300 {
			c.answered(t, rec.Body.Bytes())
		}
		c.mu.Unlock()
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

// asked checks a request: the relation's methods, its query and the query
// language.
func (c *contract) asked(t *testing.T, r *http.Request, body []byte) {
	t.Helper()
	rel := relationOf(r.URL.Path)
	known, ok := c.Relations[rel]
	if rel == "ch:files" { // its page has these fields; the transcription does not
		c.seen[rel] = true
		checkNewFile(t, r, body)
		return
	}
	if !ok {
		return
	}
	c.seen[rel] = true
	if len(known.Methods) > 0 && !slices.Contains(known.Methods, r.Method) {
		t.Errorf("%s on %s, which takes %v", r.Method, rel, known.Methods)
	}
	for key := range r.URL.Query() {
		if _, ok := known.Query[key]; rel == "ch:disputes" && !ok {
			t.Errorf("%s knows no parameter %q", rel, key)
		}
	}
	for _, modifier := range strings.Fields(r.URL.Query().Get("query")) {
		c.checkModifier(t, modifier)
	}
}

func (c *contract) checkModifier(t *testing.T, modifier string) {
	t.Helper()
	key, value, _ := strings.Cut(modifier, ":")
	for names, values := range c.DQL.Modifiers {
		if !slices.Contains(strings.Split(names, " | "), key) {
			continue
		}
		list, _ := values.([]any)
		if strings.HasPrefix(value, ">=") {
			value = ">=YYYY-MM-DD"
		}
		if len(list) > 0 && !slices.Contains(list, any(value)) {
			t.Errorf("%s takes no %q", key, value)
		}
		return
	}
	t.Errorf("the query language has no modifier %q", key)
}

func checkNewFile(t *testing.T, r *http.Request, body []byte) {
	t.Helper()
	if r.Method == http.MethodGet {
		return
	}
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil || r.Method != http.MethodPost || in["label"] == nil || in["content_type"] == nil {
		t.Errorf("%s of a file with %v, want POST with label and content_type", r.Method, in)
	}
	for key := range in {
		if !slices.Contains([]string{"label", "content_type", "name", "size"}, key) {
			t.Errorf("a file takes no %q", key)
		}
	}
}

// answered checks every dispute and file in an answer of the stand-in.
func (c *contract) answered(t *testing.T, body []byte) {
	t.Helper()
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("an answer is no JSON: %v", err)
		return
	}
	top, _ := answer.(map[string]any)
	all := []any{top}
	embedded, _ := top["_embedded"].(map[string]any)
	for _, list := range embedded {
		if list, ok := list.([]any); ok {
			all = append(all, list...)
		}
	}
	for _, one := range all {
		one, _ := one.(map[string]any)
		ls, _ := one["_links"].(map[string]any)
		switch {
		case one["reason_code"] != nil:
			if err := c.dispute.Validate(one); err != nil {
				t.Errorf("a dispute: %v", err)
			}
			c.seen["ch:dispute"] = true
		case ls["ch:data"] != nil:
			c.seen["file"] = true
			for rel, when := range c.Relations["file"].Links {
				if when, _ := when.(string); strings.HasPrefix(when, "always") && ls[rel] == nil {
					t.Errorf("a file without the link %s", rel)
				}
			}
		}
	}
}

// relationOf tells by the stand-in's own addresses what a request is about.
func relationOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "disputes" && len(parts) == 1:
		return "ch:disputes"
	case parts[0] == "disputes" && len(parts) == 2:
		return "ch:dispute"
	case parts[0] == "disputes" && parts[2] == "files":
		return "ch:files"
	case parts[0] == "files" && len(parts) == 2:
		return "file"
	default:
		return ""
	}
}
