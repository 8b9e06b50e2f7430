package zendesk

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	stand "github.com/rebuttal-hq/rebuttal/simulator/zendesk"
)

var now = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func newWorld() *world.World {
	return world.New(7, func() time.Time { return now }, 24*time.Hour)
}

func caseOf(o world.Order) dispute.Case {
	return dispute.Case{Payment: &dispute.Payment{ID: o.ChargeID, Email: o.Customer.Email, OrderName: o.Name(), At: o.PaidAt}}
}

func TestGather(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := vendortest.Serve(t, http.StripPrefix("/zendesk", stand.New(w, email, token))) + "/zendesk"
	o := w.NewOrder(world.OrderOptions{})
	silent := w.NewOrder(world.OrderOptions{Silent: true})
	tests := map[string]dispute.Payment{
		"one_order":    {Email: strings.ToUpper(o.Customer.Email), OrderName: o.Name(), At: o.PaidAt},
		"all_orders":   {Email: o.Customer.Email, At: o.PaidAt},
		"silent_order": {Email: silent.Customer.Email, OrderName: silent.Name(), At: silent.PaidAt},
		"much_later":   {Email: o.Customer.Email, OrderName: o.Name(), At: o.PaidAt.AddDate(1, 0, 0)},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items, err := connect(t, url, &http.Client{}).Gather(t.Context(), dispute.Case{Payment: &p})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				if (i.Kind == dispute.ItemDocument) != (len(i.Content) > 0) {
					t.Errorf("%s, a %s, has %d bytes", i.ID, i.Kind, len(i.Content))
				}
			}
			vendortest.Golden(t, filepath.Join("testdata", name+".golden"), items)
		})
	}
}

func TestApplies(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"":                                false,
		"ada":                             false,
		"ada+1@shopper.example":           true,
		"ada@x.example requester:1":       false,
		`ada"@x.example`:                  false,
		"ada@x.example\tOR":               false,
		"o'hara@x.example":                false, // a quote may end a term
		"type:ticket@x.example":           false,
		"*@x.example":                     false,
		"very.common_name-1@x.co.example": true,
	} {
		if got := connect(t, "https://acme.zendesk.com", &http.Client{}).Applies(dispute.Case{Payment: &dispute.Payment{Email: address}}); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
	if connect(t, "https://acme.zendesk.com", &http.Client{}).Applies(dispute.Case{}) {
		t.Error("applies without a payment")
	}
}

// script answers each path with its status and body.
type script map[string]struct {
	status int
	body   string
}

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := s[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if a.status/100 == 3 {
		w.Header().Set("Location", a.body)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, strings.ReplaceAll(a.body, "HOST", "http://"+r.Host))
}

const (
	userPath     = "/api/v2/users/search"
	searchPath   = "/api/v2/search"
	commentsPath = "/api/v2/tickets/1/comments"
	otherPath    = "/api/v2/tickets/2/comments"
	filePath     = "/attachments/token/x/"
)

func picture(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// answers is an account with two tickets of the customer and one of our own.
func answers(t *testing.T) script {
	return script{
		userPath:   {200, `{"users":[{"id":9,"email":"other@shopper.example"},{"id":8,"email":"A@shopper.example"}]}`},
		searchPath: {200, `{"results":[{"id":1,"requester_id":8,"subject":"s"},{"id":2,"requester_id":8,"external_id":"shop-1"},{"id":3,"requester_id":8,"external_id":"cs_abcdefghij234567"},{"id":4,"requester_id":9}]}`},
		commentsPath: {200, `{"users":[{"id":8,"role":"end-user"},{"id":7,"role":"agent"},{"id":6,"role":"end-user"}],"comments":[
			{"id":11,"type":"Comment","author_id":8,"public":true,"plain_body":"one&nbsp;&amp; two","created_at":"2026-09-02T08:00:00Z","attachments":[
				{"id":21,"content_type":"image/png","content_url":"HOST/attachments/token/x/","file_name":"p.png","size":60}]},
			{"id":12,"type":"Comment","author_id":7,"public":true,"body":"b","created_at":"2026-09-02T09:00:00+02:00"},
			{"id":13,"type":"Comment","author_id":7,"public":false,"body":"internal","created_at":"2026-09-02T10:00:00Z"},
			{"id":14,"type":"Comment","author_id":6,"public":true,"body":"in copy","created_at":"2026-09-02T11:00:00Z"},
			{"id":15,"type":"VoiceComment","author_id":8,"public":true,"body":"call","created_at":"2026-09-02T12:00:00Z"},
			{"id":16,"type":"Comment","author_id":5,"public":true,"body":"by nobody","created_at":"2026-09-02T13:00:00Z"}]}`},
		otherPath: {200, `{"comments":[{"id":31,"type":"Comment","author_id":8,"public":true,"body":"c","created_at":"2026-09-03T08:00:00Z"}]}`},
		filePath:  {200, picture(t)},
	}
}

func TestWhatWasReadComesWithTheError(t *testing.T) {
	t.Parallel()
	all := []string{"comment:12 to customer", "attachment:21 from customer", "comment:11 from customer", "comment:14 ", "comment:15 ", "comment:16 ", "comment:31 from customer"}
	first, noFile := []string{all[0], all[2], all[3], all[4], all[5]}, []string{all[0], all[2], all[3], all[4], all[5], all[6]}
	tests := map[string]struct {
		path   string
		status int
		body   string
		want   []string
		kind   dispute.Kind // empty for no error
	}{
		"all is well":             {filePath, 200, picture(t), all, ""},
		"nobody has the address":  {userPath, 200, `{"users":[{"id":9,"email":"xa@shopper.example"}]}`, nil, ""},
		"search refused":          {searchPath, 422, `{"error":"invalid"}`, nil, dispute.Invalid},
		"second ticket limited":   {otherPath, 429, `{}`, first, dispute.RateLimited},
		"file gone":               {filePath, 404, `x`, noFile, ""},
		"file away":               {filePath, 503, `x`, noFile, dispute.Transient},
		"file refused":            {filePath, 403, `x`, noFile, dispute.Auth},
		"file of another kind":    {filePath, 200, `MZ this program`, noFile, ""},
		"file elsewhere":          {filePath, 302, `https://elsewhere.example/x`, noFile, dispute.Invalid},
		"file on the vendor's":    {filePath, 302, `http://p1.zdusercontent.com/x`, noFile, dispute.Invalid}, // in the clear
		"file moved on this host": {filePath, 302, `/attachments/token/gone/`, noFile, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answers(t)
			a := s[tt.path]
			a.status, a.body = tt.status, tt.body
			s[tt.path] = a
			items, err := connect(t, vendortest.Serve(t, s), &http.Client{}).Gather(t.Context(), dispute.Case{Payment: &dispute.Payment{Email: "a@shopper.example"}})
			if (tt.kind == "") != (err == nil) || err != nil && dispute.KindOf(err) != tt.kind {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
			var got []string
			for _, item := range items {
				got = append(got, item.ID+" "+item.Facts[dispute.FactDirection])
				if item.Source != "helpdesk" {
					t.Errorf("%s has source %q", item.ID, item.Source)
				}
				if item.ID == "comment:11" && item.Facts[dispute.FactText] != "one\u00a0& two" {
					t.Errorf("text %q", item.Facts[dispute.FactText])
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommentsArePaged(t *testing.T) {
	t.Parallel()
	for pages, want := range map[int]int{1: 1, 3: 3, 99: maxCommentPages} {
		asked := 0
		url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			if after := r.URL.Query().Get("page[after]"); (after == "") != (asked == 1) {
				t.Errorf("page %d is after %q", asked, after)
			}
			_, _ = fmt.Fprintf(w, `{"comments":[{"id":%d,"public":true}],"meta":{"has_more":%v,"after_cursor":"c%d"}}`, asked, asked < pages, asked)
		}))
		got, err := connect(t, url, &http.Client{}).comments(t.Context(), wireTicket{ID: 1}, 8)
		if err != nil || len(got) != want || asked != want {
			t.Errorf("%d pages: %d comments, %d requests, error %v; want %d", pages, len(got), asked, err, want)
		}
	}
}

func TestFilesWorthFetching(t *testing.T) {
	t.Parallel()
	good := wireAttachment{ID: 1, ContentType: "application/pdf", Size: 5, Malware: "not_scanned"}
	for name, tt := range map[string]struct {
		bend      func(*wireAttachment)
		direction string
		want      bool
	}{
		"good":              {func(*wireAttachment) {}, "to customer", true},
		"largest":           {func(a *wireAttachment) { a.Size = maxFile }, "to customer", true},
		"too large":         {func(a *wireAttachment) { a.Size = maxFile + 1 }, "to customer", false},
		"deleted":           {func(a *wireAttachment) { a.Deleted = true }, "to customer", false},
		"malware":           {func(a *wireAttachment) { a.Malware = "malware_found" }, "to customer", false},
		"another kind":      {func(a *wireAttachment) { a.ContentType = "text/html" }, "to customer", false},
		"not in the packet": {func(*wireAttachment) {}, "", false},
	} {
		w := good
		tt.bend(&w)
		got := wireComment{direction: tt.direction, Attachments: []wireAttachment{w}}.files(wireTicket{ID: 2})
		if (len(got) == 1) != tt.want {
			t.Errorf("%s: %d files, want it %v", name, len(got), tt.want)
		}
	}
}

func TestWhereFilesMayBe(t *testing.T) {
	t.Parallel()
	a := connect(t, "https://acme.zendesk.com", &http.Client{Transport: nobody{t}})
	for address, want := range map[string]dispute.Kind{
		"https://acme.zendesk.com/attachments/token/x/":     dispute.Transient, // tried
		"https://p15.zdusercontent.com/attachment/1":        dispute.Transient,
		"http://acme.zendesk.com/attachments/token/x/":      dispute.Invalid,
		"https://zendesk.com.evil.example/x":                dispute.Invalid,
		"https://evilzendesk.com/x":                         dispute.Invalid,
		"https://acme.zendesk.com@evil.example/x":           dispute.Invalid,
		"https://u:p@p15.zdusercontent.com/x":               dispute.Invalid,
		"file:///etc/passwd":                                dispute.Invalid,
		"/attachments/token/x/":                             dispute.Invalid,
		"http://169.254.169.254/latest/meta-data":           dispute.Invalid,
		"https://acme.zendesk.com:8443/attachments/token/x": dispute.Invalid,
		"%": dispute.Invalid,
	} {
		_, err := a.files.download(t.Context(), attachment{wireAttachment: wireAttachment{ID: 1, ContentURL: address}})
		if got := dispute.KindOf(err); err == nil || got != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}

// nobody answers nothing, and fails the test when credentials leave the account's
// host.
type nobody struct{ t *testing.T }

func (n nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, _, has := r.BasicAuth(); has != (r.URL.Host == "acme.zendesk.com") {
		n.t.Errorf("credentials for %s: %v", r.URL.Host, has)
	}
	return nil, io.ErrUnexpectedEOF
}
