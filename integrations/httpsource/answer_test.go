package httpsource

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	service "github.com/rebuttal-hq/rebuttal/simulator/httpsource"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func published(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("..", "..", "docs", "httpsource.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sale is the case that the examples are about.
var sale = dispute.Case{
	View:    dispute.View{Snapshot: dispute.Snapshot{Payment: "ch_disputed"}},
	Payment: &dispute.Payment{ID: "ch_disputed", At: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)},
}

// TestAnswers reads examples of answers. What the published schema refuses has
// faults, and what it allows has none.
func TestAnswers(t *testing.T) {
	t.Parallel()
	schema := published(t)
	files, err := filepath.Glob(filepath.Join("testdata", "answers", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal(text, &value); err != nil {
				t.Fatal(err)
			}
			refusal := schema.Validate(value)
			r := &reader{c: sale, ids: map[string]bool{}}
			r.answer(text)
			if (refusal == nil) != (len(r.faults) == 0) {
				t.Errorf("the schema says %v, reading says %v", refusal, r.faults)
			}
			if err := r.err(); err != nil && dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("error %v, want kind invalid", err)
			}
			vendortest.Golden(t, strings.TrimSuffix(file, ".json")+".golden", map[string]any{"items": r.found.items, "faults": r.faults})
		})
	}
}

// TestThePageIsTrue holds the examples of the vendor's page.
func TestThePageIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "vendors", "httpsource.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) != 2 {
		t.Fatalf("%d examples, want a request and an answer", len(examples))
	}
	asked := json.NewDecoder(bytes.NewReader(examples[0][1]))
	asked.DisallowUnknownFields()
	if err := asked.Decode(&question{}); err != nil {
		t.Errorf("the request: %v", err)
	}
	var value any
	if err := json.Unmarshal(examples[1][1], &value); err != nil {
		t.Fatal(err)
	}
	if err := published(t).Validate(value); err != nil {
		t.Errorf("the answer: %v", err)
	}
	if got, err := parse(examples[1][1], sale); err != nil || len(got.items) != 8 {
		t.Errorf("the answer: %d items, %v", len(got.items), err)
	}
	if !bytes.Contains(page, []byte(knownMAC)) {
		t.Error("the example of a signature is another")
	}
}

// TestTheExampleServiceAnswersByTheSchema holds the service that others copy.
func TestTheExampleServiceAnswersByTheSchema(t *testing.T) {
	t.Parallel()
	w := newWorld()
	schema := published(t)
	a := connect(t, vendortest.Serve(t, service.New(w, secret))+"/evidence", secret)
	for _, o := range []world.Order{w.Orders()[0], w.NewOrder(world.OrderOptions{Undelivered: true, Silent: true})} {
		answer, err := a.ask(t.Context(), "ask", questionOf(caseOf(o)))
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(answer, &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("order %s: %v", o.Name(), err)
		}
	}
}

func TestWhatTheSchemaCannotSay(t *testing.T) {
	t.Parallel()
	const m = `{"id":"m1","at":"2026-09-05T08:00:00Z","direction":"internal","text":"x"}`
	large := base64.StdEncoding.EncodeToString(append([]byte("%PDF-"), make([]byte, maxFile)...))
	for name, tt := range map[string]struct {
		answer string
		want   string // in the error
		items  int
	}{
		"empty":                {"", "", 0},
		"blank":                {" \n", "", 0},
		"no JSON":              {"<html>", "$: want a JSON object", 0},
		"null":                 {"null", "version: want 1", 0},
		"an id twice":          {`{"version":1,"messages":[` + m + "," + m + `]}`, "messages[1]: its id was used before", 1},
		"the disputed payment": {`{"version":1,"earlier_sales":[{"payment":"ch_disputed","at":"2026-03-01T10:00:00Z"}]}`, "earlier_sales[0].payment: is the disputed payment", 0},
		"a later payment":      {`{"version":1,"earlier_sales":[{"payment":"ch_1","at":"2026-09-01T08:00:00Z"}]}`, "earlier_sales[0].at: is not before the disputed payment", 0},
		"no such day":          {`{"version":1,"services":[{"id":"s","date":"2026-02-30"}]}`, "services[0].date: want a day", 0},
		"no such hour":         {`{"version":1,"refunds":[{"id":"r","at":"2026-02-03T25:00:00Z","amount":"1.00 USD"}]}`, "refunds[0].at: want a time with its zone", 0},
		"too fine an amount":   {`{"version":1,"refunds":[{"id":"r","at":"2026-02-03T05:00:00Z","amount":"1.005 USD"}]}`, "refunds[0].amount: want an amount", 0},
		"a card as account":    {`{"version":1,"customer":{"name":"Ada","account_id":"4242 4242 4242 4242"}}`, "customer.account_id: is a card number by its form", 0},
		"no base64":            {`{"version":1,"documents":[{"id":"d","content":"*"}]}`, "documents[0].content: want base64", 0},
		"a program":            {`{"version":1,"documents":[{"id":"d","content":"TVqQAAMAAAAEAAAA"}]}`, "documents[0].content: want a PDF, JPEG or PNG", 0},
		"a large file":         {`{"version":1,"documents":[{"id":"d","content":"` + large + `"}]}`, "documents[0].content: is larger than 10 MiB", 0},
		"many files":           {`{"version":1,"documents":[` + strings.Repeat(`{"id":"d","url":"/x"},`, maxFiles) + `{"id":"e","url":"/x"}]}`, "documents: at most 20 are taken; documents[1]: its id was used before; documents[2]: its id was used before; documents[3]: its id was used before; documents[4]: its id was used before; and 15 more", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse([]byte(tt.answer), sale)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if len(got.items) != tt.items {
				t.Errorf("%d items, want %d", len(got.items), tt.items)
			}
		})
	}
}

// TestCardNumbersAreNotKept: they are hidden where texts are, and nowhere else is
// one taken.
func TestCardNumbersAreNotKept(t *testing.T) {
	t.Parallel()
	const card = "4242 4242 4242 4242"
	found, err := parse(fmt.Appendf(nil, `{"version":1,
		"customer":{"name":%[1]q,"billing_address":"paid with %[1]s"},
		"sale":{"products":%[1]q,"shipping":{"line1":%[1]q,"line2":"4242-4242-4242-4242","city":"378282246310005"}},
		"terms":{"text":%[1]q,"refund_policy":%[1]q,"cancellation_policy":"card 5555555555554444."},
		"usage":[{"at":"2026-09-02T09:00:00Z","action":"Paid with %[1]s"}],
		"messages":[{"id":"m","at":"2026-09-02T09:00:00Z","direction":"from_customer","subject":%[1]q,"text":"my card is 4242424242424242, thanks"}],
		"deliveries":[{"id":"d","carrier":"UPS","signed_by":%[1]q,"delivered_at":"2026-09-02T09:00:00Z","events":[{"at":"2026-09-02T09:00:00Z","what":%[1]q}]}],
		"services":[{"id":"s","date":"2026-09-02","description":%[1]q}],
		"documents":[{"id":"f","name":%[1]q,"title":%[1]q,"url":"/x"}]}`, card), sale)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.items) != 9 {
		t.Errorf("%d items, want 9", len(found.items))
	}
	kept, err := json.Marshal(found.items)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"4242 4242 4242 4", "4242-4242-4242-4", "424242424242", "37828224631", "555555555555"} {
		if strings.Contains(string(kept), number) {
			t.Errorf("%s is kept in %s", number, kept)
		}
	}
	if !strings.Contains(string(kept), "my card is ************4242, thanks") {
		t.Errorf("the words around a number are lost: %s", kept)
	}
}

func TestMaskCards(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                         "",
		"order 5400000001001":      "order 5400000001001", // 13 digits
		"4242424242424242":         "************4242",
		"4242-4242-4242-4242 end":  "****-****-****-4242 end",
		"378282246310005":          "***********0005",
		"6011111111111117":         "************1117",
		"30569309025904":           "**********5904",
		"4242424242424241":         "4242424242424241",     // another check digit
		"1242424242424242":         "1242424242424242",     // no network's
		"14242424242424242424":     "14242424242424242424", // longer than any
		"1Z999AA10123456784":       "1Z999AA10123456784",   // a tracking number
		"x4242424242424242":        "x4242424242424242",    // inside a word
		"+49 170 1234567, +1 5550": "+49 170 1234567, +1 5550",
	} {
		if got := maskCards(in); got != want {
			t.Errorf("maskCards(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "answers", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":1,"usage":[null,{"at":"0001-01-01T00:00:00Z","action":"\u0000"}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		got, err := parse(answer, sale)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Fatalf("error %v, want kind invalid", err)
		}
		ids := map[string]bool{}
		for _, item := range got.items {
			if item.ID == "" || item.Kind == "" || item.Title == "" || ids[item.ID] || item.At.Location() != time.UTC {
				t.Fatalf("unsound item %+v", item)
			}
			ids[item.ID] = true
			for fact, value := range item.Facts {
				if strings.TrimSpace(value) == "" || strings.ContainsRune(value, 0) {
					t.Fatalf("item %s: fact %s is %q", item.ID, fact, value)
				}
				if digits(value) == value && isCard(value) && fact != dispute.FactTrackingNumber {
					t.Fatalf("item %s keeps a card number in %s", item.ID, fact)
				}
			}
		}
	})
}
