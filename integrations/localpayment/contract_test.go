package localpayment

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/localpayment"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Localpayment publishes no contract that a program can read. The stand-in is
// held to the documentation's examples instead: it posts nothing that they do
// not show, and answers 101 to documentation with the same fields.
func TestStandInSpeaksAsTheExamples(t *testing.T) {
	t.Parallel()
	h := newHouse(t, standin.Options{Secret: secret})
	id := h.bank.Open(h.world.NewOrder(world.OrderOptions{}))
	check(t, h.bank.Escalate(id))
	check(t, h.bank.Complete(id))
	check(t, h.bank.Decide(id, true))
	payIn, moved := keys(t, read(t, "testdata/payin_906_chargeback.json")), keys(t, read(t, "testdata/chargeback_102_indispute.json"))
	for i, c := range h.bank.Callbacks() {
		known := moved
		if i == 0 {
			known = payIn
		}
		for at := range keys(t, c.Body) {
			if !known[at] {
				t.Errorf("callback %s: %s is not in the example", c.Code, at)
			}
		}
	}
	receipt, err := h.Submit(t.Context(), h.submission(id))
	check(t, err)
	want, got := keys(t, []byte(docReceived)), keys(t, receipt.Response)
	if !maps.Equal(want, got) {
		t.Errorf("answers %v, the example has %v", got, want)
	}
}

// What the adapter sends is what the documentation's calls show: paths, bearer
// token, and the form field files.
func TestRequests(t *testing.T) {
	t.Parallel()
	var seen []string
	h := newHouse(t, standin.Options{Secret: secret})
	a := newAdapter(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.URL.Path
		switch {
		case r.URL.Path == "/api/token/":
			var in map[string]string
			body, _ := io.ReadAll(r.Body)
			if json.Unmarshal(body, &in) != nil || len(in) != 2 || in["username"] != username || in["password"] != password {
				t.Errorf("asks for a token with %d fields", len(in))
			}
			seen = append(seen, line)
			_, _ = io.WriteString(w, `{"refresh":"example refresh token","access":"example.access.token"}`)
			return
		case r.Header.Get("Authorization") != "Bearer example.access.token":
			t.Errorf("%s without the token", line)
		}
		if r.Method == http.MethodPost {
			if err := r.ParseMultipartForm(1 << 20); err != nil || len(r.MultipartForm.Value) > 0 || len(r.MultipartForm.File["files"]) != 1 {
				t.Errorf("%s: %v, %+v", line, err, r.MultipartForm)
			}
			_, _ = io.WriteString(w, docReceived)
		}
		seen = append(seen, line)
	})))
	a.now, a.tokens.now = h.clock, h.clock
	_, err := a.Submit(t.Context(), packet())
	check(t, err)
	_, _ = a.Payment(t.Context(), dispute.Snapshot{ID: "a/b"})
	want := []string{"POST /api/token/", "POST /api/chargeback/documentation/1669150987", "GET /api/transactions/a/b"}
	if !slices.Equal(want, seen) {
		t.Errorf("requests %q, want %q", seen, want)
	}
}

// keys are the paths of all values of a JSON body.
func keys(t *testing.T, body []byte) map[string]bool {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	walk(v, "", out)
	return out
}

func walk(v any, at string, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			walk(inner, at+"."+name, out)
		}
	case []any:
		for _, e := range v {
			walk(e, at+"[]", out)
		}
	}
	out[at] = true
}
