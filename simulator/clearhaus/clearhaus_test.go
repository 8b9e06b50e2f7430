package clearhaus

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const token = "token"

type client struct {
	t    *testing.T
	base string
}

func serve(t *testing.T, opts Options) (*Clearhaus, client, *world.World) {
	t.Helper()
	w := world.New(1, func() time.Time { return time.Date(2026, 10, 15, 9, 0, 0, 0, time.UTC) }, 24*time.Hour)
	c := New(w, opts)
	c.Grant(token)
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, client{t, srv.URL}, w
}

func (c client) do(method, path, auth, body string) (int, map[string]any) {
	c.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = c.base + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if auth != "" {
		req.Header.Set("Authorization", "Bearer "+auth)
	}
	if strings.Contains(address, storageRoot) {
		req.Header.Set("Content-Type", "application/pdf")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	raw, _ := io.ReadAll(resp.Body)
	_ = json.Unmarshal(raw, &out)
	return resp.StatusCode, out
}

func TestTokens(t *testing.T) {
	t.Parallel()
	_, c, _ := serve(t, Options{ClientID: "id", ClientSecret: "secret"})
	for name, tt := range map[string]struct {
		id, secret, grant, audience string
		want                        int
	}{
		"good":          {"id", "secret", "client_credentials", "https://merchant.clearhaus.com", 200},
		"wrong secret":  {"id", "other", "client_credentials", "https://merchant.clearhaus.com", 401},
		"another grant": {"id", "secret", "password", "https://merchant.clearhaus.com", 400},
		"no audience":   {"id", "secret", "client_credentials", "", 400},
	} {
		form := url.Values{"grant_type": {tt.grant}, "audience": {tt.audience}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(tt.id, tt.secret)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: HTTP %d, want %d", name, resp.StatusCode, tt.want)
		}
	}
	if got, _ := c.do(http.MethodGet, "/", "another", ""); got != 401 {
		t.Errorf("an unknown token: HTTP %d", got)
	}
}

func TestStamps(t *testing.T) {
	t.Parallel()
	s, c, w := serve(t, Options{})
	id := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{})
	stamp := "/disputes/" + id + "/stamps/"
	for _, step := range []struct {
		stamp        string
		want, stamps int
	}{{"unheard_of", 404, 0}, {"refuted", 200, 1}, {"refuted", 200, 1}, {"accepted", 409, 1}} {
		got, _ := c.do(http.MethodPut, stamp+step.stamp, token, "")
		d, _ := s.Dispute(id)
		if got != step.want || len(d.Stamps) != step.stamps {
			t.Errorf("%s: HTTP %d, stamps %v; want %d and %d", step.stamp, got, d.Stamps, step.want, step.stamps)
		}
	}
	if _, shown := c.do(http.MethodGet, "/disputes/"+id, token, ""); shown["_links"].(map[string]any)["ch:stamps"] != nil {
		t.Error("stamps are shown although none can be set")
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	s, c, w := serve(t, Options{PerPage: 1})
	for n := range 3 {
		s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{Opened: w.Now().AddDate(0, 0, -n)})
	}
	s.Set(s.order[0], "won")
	for query, want := range map[string]float64{
		"": 3, "status:open": 2, "status:won": 1, "opened:>=2026-10-14": 2, "opened:today status:open": 0, "reason:fraud,general": 3, "due:today": 0,
	} {
		code, page := c.do(http.MethodGet, "/disputes?query="+url.QueryEscape(query), token, "")
		next := page["_links"].(map[string]any)["next"]
		if code != 200 || page["count"] != want || (next != nil) != (want > 1) {
			t.Errorf("%q: HTTP %d, %v, next %v; want %v", query, code, page["count"], next, want)
		}
	}
	for _, query := range []string{"status:paused", "id:1", "opened:soon"} {
		if code, _ := c.do(http.MethodGet, "/disputes?query="+url.QueryEscape(query), token, ""); code != 400 {
			t.Errorf("%q: HTTP %d, want 400", query, code)
		}
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	s, c, w := serve(t, Options{})
	id := s.Open(w.NewOrder(world.OrderOptions{}), DisputeOptions{})
	if code, _ := c.do(http.MethodPost, "/disputes/"+id+"/files", token, `{"name":"x.pdf"}`); code != 422 {
		t.Errorf("a file without a label: HTTP %d", code)
	}
	code, file := c.do(http.MethodPost, "/disputes/"+id+"/files", token, `{"label":"evidence","content_type":"application/pdf"}`)
	if code != 201 || file["name"] != "evidence" {
		t.Fatalf("HTTP %d, %v", code, file)
	}
	data := file["_links"].(map[string]any)["ch:data"].([]any)
	upload := data[0].(map[string]any)["href"].(string)
	download := data[1].(map[string]any)["href"].(string)
	for _, step := range []struct {
		what, method, address, auth string
		want                        int
	}{
		{"nothing there yet", "GET", download, token, 404},
		{"a second permission", "PUT", upload, token, 400},
		{"another signature", "PUT", upload + "0", "", 403},
		{"the link alone", "PUT", upload, "", 200},
		{"the content", "GET", download, token, 200},
		{"the content without a token", "GET", download, "", 401},
	} {
		if got, _ := c.do(step.method, step.address, step.auth, "%PDF"); got != step.want {
			t.Errorf("%s: HTTP %d, want %d", step.what, got, step.want)
		}
	}
	d, _ := s.Dispute(id)
	if f, ok := s.File(d.Files[0]); !ok || string(f.Content) != "%PDF" || f.Uploads != 1 {
		t.Errorf("%+v", f)
	}
	if code, _ := c.do(http.MethodPost, "/disputes/"+id+"/comments", token, `{"body":"See the file."}`); code != 201 {
		t.Errorf("a comment: HTTP %d", code)
	}
}
