package httpsource

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const secret = "the secret of this test"

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func sign(secret string, at time.Time, nonce, content string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s.%s", at.Unix(), nonce, content)
	return fmt.Sprintf("t=%d,n=%s,v1=%s", at.Unix(), nonce, hex.EncodeToString(mac.Sum(nil)))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good := sign(secret, noon, "1", "body")
	for name, tt := range map[string]struct {
		header, content string
		want            bool
	}{
		"good":                   {good, "body", true},
		"another signature, too": {good + ",v1=00", "body", true},
		"early":                  {sign(secret, noon.Add(tolerance), "1", "body"), "body", true},
		"too early":              {sign(secret, noon.Add(tolerance+time.Second), "1", "body"), "body", false},
		"stale":                  {sign(secret, noon.Add(-tolerance-time.Second), "1", "body"), "body", false},
		"another body":           {good, "bod", false},
		"another's":              {sign("x", noon, "1", "body"), "body", false},
		"another number":         {strings.Replace(good, "n=1", "n=2", 1), "body", false},
		"another time":           {strings.Replace(good, "t=", "t=1", 1), "body", false},
		"no number":              {sign(secret, noon, "", "body"), "body", false},
		"nothing":                {"", "body", false},
		"no signature":           {"t=1790856000,n=1", "body", false},
	} {
		v := &Verifier{Secrets: []string{"older", secret}, Now: func() time.Time { return noon }}
		if err := v.Verify(tt.header, []byte(tt.content)); (err == nil) != tt.want {
			t.Errorf("%s: %v, want it taken: %v", name, err, tt.want)
		}
	}
}

func TestARequestCountsOnce(t *testing.T) {
	t.Parallel()
	now := noon
	v := &Verifier{Secrets: []string{secret}, Now: func() time.Time { return now }}
	header := sign(secret, noon, "1", "body")
	if err := v.Verify(header, []byte("body")); err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(header, []byte("body")); err == nil {
		t.Error("a request that was repeated is taken")
	}
	now = noon.Add(3 * tolerance)
	if err := v.Verify(sign(secret, now, "2", "body"), []byte("body")); err != nil || len(v.seen) != 1 {
		t.Errorf("%v; %d numbers remembered, want the one that still counts", err, len(v.seen))
	}
}

func TestService(t *testing.T) {
	t.Parallel()
	w := world.New(7, func() time.Time { return noon }, 24*time.Hour)
	o := w.Orders()[20]
	h, n := New(w, secret), 0
	call := func(method, path, body string, signed bool) *httptest.ResponseRecorder {
		n++
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		content := body
		if method == http.MethodGet {
			content = path
		}
		if signed {
			r.Header.Set(Header, sign(secret, time.Now(), fmt.Sprint(n), content))
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for name, tt := range map[string]struct {
		question string
		knows    bool
	}{
		"by name":         {`{"order":{"name":"` + o.Name() + `"}}`, true},
		"by id":           {fmt.Sprintf(`{"order":{"id":"gid://shopify/Order/%d"}}`, o.ShopifyID), true},
		"by charge":       {`{"payment":{"id":"` + o.ChargeID + `"}}`, true},
		"by intent":       {`{"payment":{"intent":"` + o.PaymentIntent + `"}}`, true},
		"unknown":         {`{"payment":{"id":"ch_1"}}`, false},
		"nothing is said": {`{}`, false},
		"a check":         {`{"check":true,"order":{"name":"` + o.Name() + `"}}`, false},
	} {
		rec := call(http.MethodPost, "/evidence", tt.question, true)
		var answer struct {
			Version int
			Sale    struct {
				Order string `json:"order_name"`
			}
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || answer.Version != 1 || (answer.Sale.Order == o.Name()) != tt.knows {
			t.Errorf("%s: %v, answer %+v, want it known: %v", name, err, answer, tt.knows)
		}
	}
	page := fmt.Sprintf("/confirmations/%d", o.Number)
	for name, tt := range map[string]struct {
		method, path, body string
		signed             bool
		want               int
	}{
		"unsigned":           {http.MethodPost, "/evidence", `{}`, false, 401},
		"no JSON":            {http.MethodPost, "/evidence", `{`, true, 400},
		"page":               {http.MethodGet, page, "", true, 200},
		"unsigned page":      {http.MethodGet, page, "", false, 401},
		"page of no order":   {http.MethodGet, "/confirmations/1", "", true, 404},
		"not this service's": {http.MethodGet, "/", "", true, 404},
	} {
		if rec := call(tt.method, tt.path, tt.body, tt.signed); rec.Code != tt.want {
			t.Errorf("%s: HTTP %d, want %d", name, rec.Code, tt.want)
		}
	}
	if got := http.DetectContentType(call(http.MethodGet, page, "", true).Body.Bytes()); got != "application/pdf" {
		t.Errorf("the page is %s", got)
	}
}
