package quickbooks

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	stand "github.com/rebuttal-hq/rebuttal/simulator/quickbooks"
)

// xsdType is what a schema says of one named type.
type xsdType struct {
	base     string
	elements map[string]xsdElement
	values   []string // of an enumeration
}

type xsdElement struct {
	kind string
	many bool
}

// readXSD reads the named types of schema files; XML and JSON of QuickBooks use
// the same names.
func readXSD(t *testing.T, dir string) map[string]*xsdType {
	t.Helper()
	types := make(map[string]*xsdType)
	for _, name := range []string{"Finance.xsd", "IntuitBaseTypes.xsd"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var current *xsdType
		for d := xml.NewDecoder(bytes.NewReader(raw)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if start, ok := token.(xml.StartElement); ok {
				current = readNode(types, current, start)
			}
		}
	}
	return types
}

func readNode(types map[string]*xsdType, current *xsdType, node xml.StartElement) *xsdType {
	attr := make(map[string]string)
	for _, a := range node.Attr {
		attr[a.Name.Local] = a.Value
	}
	name := attr["name"]
	switch node.Name.Local {
	case "complexType", "simpleType":
		if name != "" {
			current = &xsdType{elements: make(map[string]xsdElement)}
			types[name] = current
		}
	case "extension", "restriction":
		current.base = attr["base"]
	case "enumeration":
		current.values = append(current.values, attr["value"])
	case "element", "attribute":
		if current != nil && name != "" {
			current.elements[name] = xsdElement{attr["type"], attr["maxOccurs"] == "unbounded"}
		}
	}
	return current
}

// judge compares a JSON value with a type of the schema.
func judge(types map[string]*xsdType, kind, at string, v any) []error {
	typ, named := types[kind]
	if !named {
		return builtin(kind, at, v)
	}
	if len(typ.values) > 0 && !slices.Contains(typ.values, fmt.Sprint(v)) {
		return []error{fmt.Errorf("%s: %v is not one of %v", at, v, typ.values)}
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return judge(types, typ.base, at, v)
	}
	var errs []error
	for name, value := range fields {
		element, known := find(types, kind, name)
		switch list, isList := value.([]any); {
		case !known:
			errs = append(errs, fmt.Errorf("%s has no %s", at, name))
		case element.many != isList:
			errs = append(errs, fmt.Errorf("%s.%s: a list is wanted = %v", at, name, element.many))
		case isList:
			for _, item := range list {
				errs = append(errs, judge(types, element.kind, at+"."+name, item)...)
			}
		default:
			errs = append(errs, judge(types, element.kind, at+"."+name, value)...)
		}
	}
	return errs
}

// find looks in the type and in those it extends. The text of an element that
// has attributes is "value" in JSON.
func find(types map[string]*xsdType, kind, name string) (xsdElement, bool) {
	typ, ok := types[kind]
	if !ok {
		return xsdElement{}, false
	}
	if e, ok := typ.elements[name]; ok {
		return e, true
	}
	if name == "value" && typ.base == "id" {
		return xsdElement{kind: "id"}, true
	}
	return find(types, typ.base, name)
}

func builtin(kind, at string, v any) []error {
	var ok bool
	switch kind {
	case "xs:decimal":
		_, ok = v.(json.Number)
	case "xs:string":
		_, ok = v.(string)
	case "xs:boolean":
		_, ok = v.(bool)
	case "xs:date", "xs:dateTime":
		layout := map[string]string{"xs:date": "2006-01-02", "xs:dateTime": time.RFC3339}[kind]
		_, err := time.Parse(layout, fmt.Sprint(v))
		ok = err == nil
	}
	if !ok {
		return []error{fmt.Errorf("%s: %v (%T) is no %s", at, v, v, kind)}
	}
	return nil
}

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

// tape keeps the last request's and answer's body.
type tape struct{ sent, answered []byte }

func (tp *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	if tp.sent, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(tp.sent))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	tp.answered, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(tp.answered))
	return resp, err
}

func TestContract(t *testing.T) {
	t.Parallel()
	specs, ok := testenv.Specs(t)
	if !ok {
		return
	}
	dir := filepath.Join(specs, "quickbooks")
	types := readXSD(t, dir)
	srv := httptest.NewServer(stand.New(realm, clientID, clientSecret, refreshToken))
	defer srv.Close()
	tp := &tape{}
	a := connect(t, srv.URL, srv.URL, &http.Client{Transport: tp})
	for _, currency := range []string{"USD", "JPY", "KWD"} {
		e := entry()
		e.Key, e.Currency = e.Key+currency, currency
		if _, err := a.PostEntry(t.Context(), "key "+currency, e); err != nil {
			t.Fatal(err)
		}
		for _, err := range judge(types, "JournalEntry", "request", decode(t, tp.sent)) {
			t.Error(err)
		}
		answer, ok := decode(t, tp.answered)["JournalEntry"].(map[string]any)
		if !ok {
			t.Fatalf("answer %s", tp.answered)
		}
		for _, err := range judge(types, "JournalEntry", "answer", answer) {
			t.Error(err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "journalentry.create.request.sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	sample, ours := paths("", decode(t, raw)), paths("", decode(t, tp.sent))
	for _, p := range ours {
		if strings.HasPrefix(p, ".Line") && !slices.Contains(sample, p) {
			t.Errorf("%s is not in the vendor's sample", p)
		}
	}
}

// TestJudgeCanSayNo keeps the checks above honest.
func TestJudgeCanSayNo(t *testing.T) {
	t.Parallel()
	specs, ok := testenv.Specs(t)
	if !ok {
		return
	}
	types := readXSD(t, filepath.Join(specs, "quickbooks"))
	for _, bad := range []string{
		`{"Nonsense":"x"}`, `{"TxnDate":"02.03.2026"}`, `{"Line":{}}`, `{"Line":[{"Amount":"1.00"}]}`,
		`{"Line":[{"DetailType":"Journal"}]}`, `{"Line":[{"JournalEntryLineDetail":{"PostingType":"debit"}}]}`,
		`{"CurrencyRef":{"code":"USD"}}`, `{"DocNumber":5}`,
	} {
		if len(judge(types, "JournalEntry", "", decode(t, []byte(bad)))) == 0 {
			t.Errorf("%s was accepted", bad)
		}
	}
}

// paths lists where an object has values, list indices left out.
func paths(at string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, paths(at+"."+k, v[k])...)
		}
		return out
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, paths(at, item)...)
		}
		return out
	default:
		return []string{at}
	}
}
