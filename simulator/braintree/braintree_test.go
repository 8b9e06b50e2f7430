package braintree

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func account() (*Braintree, world.Order) {
	w := world.New(3, func() time.Time { return time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC) }, 24*time.Hour)
	return New(w, Options{PublicKey: "public", PrivateKey: "private", RetryEvery: time.Millisecond, Retries: 3}), w.NewOrder(world.OrderOptions{})
}

func TestObjections(t *testing.T) {
	t.Parallel()
	text := func(category, content string) Evidence { return Evidence{Category: category, Content: content} }
	file := func(category, kind string, size int) Evidence {
		return Evidence{Category: category, MediaType: kind, Size: size}
	}
	for name, tt := range map[string]struct {
		code, want string
		e          Evidence
	}{
		"a text":                     {"1040", "", text("GENERAL", "words")},
		"a file":                     {"1040", "", file("PROOF_OF_DELIVERY", "application/pdf", 10)},
		"no category where required": {"1040", "95706", text("", "words")},
		"no category elsewhere":      {"12.6", "", text("", "words")},
		"a category again":           {"1040", "95714", text("REFUND_ID", "words")},
		"a file's category":          {"1040", "95712", text("TICKET_PROOF", "words")},
		"a text's category":          {"1040", "95711", file("TRACKING_NUMBER", "application/pdf", 10)},
		"a long text":                {"1040", "95708", text("GENERAL", strings.Repeat("x", maxText+1))},
		"a large file":               {"1040", "84902", file("GENERAL", "application/pdf", maxFile+1)},
		"an empty file":              {"1040", "84906", file("GENERAL", "application/pdf", 0)},
		"a GIF":                      {"1040", "84903", file("GENERAL", "image/gif", 10)},
	} {
		b, o := account()
		id := b.Open(o, DisputeOptions{Code: tt.code})
		b.AddByHand(id, "REFUND_ID", "r1")
		if got := b.disputes[id].objection(&tt.e); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if err := b.Lapse(id, true); err != nil {
			t.Fatal(err)
		}
		if got := b.disputes[id].objection(&tt.e); got != "95701" {
			t.Errorf("%s, no longer open: %q", name, got)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ private, version, want string }{
		"good":          {"private", "2021-06-01", ""},
		"another key":   {"other", "2021-06-01", "AUTHENTICATION"},
		"no version":    {"private", "", "UNSUPPORTED_CLIENT"},
		"no key at all": {"", "2021-06-01", "AUTHENTICATION"},
	} {
		b, _ := account()
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"query P { ping }"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Braintree-Version", tt.version)
		r.SetBasicAuth("public", tt.private)
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, r)
		var got struct {
			Data   struct{ Ping string }
			Errors []struct {
				Extensions struct{ ErrorClass string }
			}
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		class := ""
		if len(got.Errors) > 0 {
			class = got.Errors[0].Extensions.ErrorClass
		}
		if class != tt.want || (tt.want == "") != (got.Data.Ping == "pong") {
			t.Errorf("%s: %s", name, rec.Body)
		}
	}
}

// A notification that nobody takes is posted as often as the options say.
func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		posts.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(srv.Close)
	b, o := account()
	b.Open(o, DisputeOptions{})
	n := b.Notifications()[0]
	b.deliver(t.Context(), srv.URL, &n)
	if got := posts.Load(); got != 3 {
		t.Errorf("%d posts, want 3", got)
	}
}
