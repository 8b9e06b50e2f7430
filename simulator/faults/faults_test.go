package faults

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// vendor counts the work it does.
type vendor struct{ work atomic.Int32 }

func (v *vendor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	v.work.Add(1)
	w.Header().Set("Vendor", "yes")
	_, _ = io.WriteString(w, "done")
}

func serve(t *testing.T, s *Set) (*vendor, string) {
	t.Helper()
	v := &vendor{}
	srv := httptest.NewServer(s.Wrap("stripe", v))
	t.Cleanup(srv.Close)
	return v, srv.URL
}

// call is the status of an answer, 0 when there is none.
func call(t *testing.T, method, url string) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, nil, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b)
}

func TestModes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode   Mode
		status int
		work   int32
	}{
		{Latency, 200, 1}, {RateLimit, 429, 0}, {Error, 500, 0}, {ErrorCommitted, 500, 1},
		{Drop, 0, 0}, {DropCommitted, 0, 1}, {Down, 503, 0},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			t.Parallel()
			var s Set
			v, url := serve(t, &s)
			s.Add(Fault{Mode: tc.mode, Times: 1})
			status, _, body := call(t, http.MethodPost, url)
			if status != tc.status || v.work.Load() != tc.work {
				t.Errorf("HTTP %d after %d units of work, want %d after %d", status, v.work.Load(), tc.status, tc.work)
			}
			if tc.status != 200 && strings.Contains(body, "done") {
				t.Errorf("the answer got out: %q", body)
			}
			if status, _, _ := call(t, http.MethodPost, url); status != 200 {
				t.Errorf("HTTP %d after the fault was used up", status)
			}
			if !tc.mode.Known() || !strings.Contains(ModeNames(), string(tc.mode)) {
				t.Error("the mode is not known")
			}
		})
	}
	if Mode("odd").Known() || Mode("").Known() {
		t.Error("an odd mode is known")
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	var s Set
	v, url := serve(t, &s)
	s.Add(Fault{Mode: Latency, Delay: 50 * time.Millisecond, Times: 1})
	begin := time.Now()
	if status, h, _ := call(t, http.MethodGet, url); status != 200 || h.Get("Vendor") == "" || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("HTTP %d after %s", status, time.Since(begin))
	}
	for delay, want := range map[time.Duration]string{0: "1", 4 * time.Second: "4", 300 * time.Millisecond: "1"} {
		s.Add(Fault{Mode: RateLimit, Delay: delay, Times: 1})
		if _, h, _ := call(t, http.MethodGet, url); h.Get("Retry-After") != want {
			t.Errorf("Retry-After %q for %s", h.Get("Retry-After"), delay)
		}
	}
	// Who hangs up while a late vendor thinks has asked for nothing.
	s.Add(Fault{Mode: Latency, Delay: time.Hour, Times: 1})
	before := v.work.Load()
	client := &http.Client{Timeout: 20 * time.Millisecond}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Error("answered")
	} else if errors.Is(err, io.EOF) || v.work.Load() != before {
		t.Errorf("%v, work %d", err, v.work.Load()-before)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault Fault
		hit   bool
	}{
		"everything":     {Fault{}, true},
		"the vendor":     {Fault{Vendor: "stripe"}, true},
		"another vendor": {Fault{Vendor: "slack"}, false},
		"the method":     {Fault{Method: "POST"}, true},
		"another method": {Fault{Method: "GET"}, false},
		"a part":         {Fault{Path: "/disputes/"}, true},
		"another path":   {Fault{Path: "/files"}, false},
		"all but one":    {Fault{Vendor: "stripe", Method: "POST", Path: "/files"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Set
			tc.fault.Mode = Error
			s.Add(tc.fault)
			v := &vendor{}
			w := httptest.NewRecorder()
			s.Wrap("stripe", v).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/disputes/du_1", http.NoBody))
			if (w.Code == 500) != tc.hit || (v.work.Load() == 0) != tc.hit {
				t.Errorf("HTTP %d, hit %v wanted", w.Code, tc.hit)
			}
		})
	}
}

func TestInTheOrderTheyWereAdded(t *testing.T) {
	t.Parallel()
	var s Set
	_, url := serve(t, &s)
	s.Add(Fault{Mode: Error, Times: 2})
	s.Add(Fault{Vendor: "stripe", Mode: RateLimit, Times: 1})
	s.Add(Fault{Mode: Down})
	var got []int
	for range 5 {
		status, _, _ := call(t, http.MethodGet, url)
		got = append(got, status)
	}
	s.Clear("stripe") // not those for all vendors
	status, _, _ := call(t, http.MethodGet, url)
	got = append(got, status)
	s.Clear("")
	status, _, _ = call(t, http.MethodGet, url)
	if diff := cmp.Diff([]int{500, 500, 429, 503, 503, 503, 200}, append(got, status)); diff != "" {
		t.Error(diff)
	}
}

func TestTimesUnderLoad(t *testing.T) {
	t.Parallel()
	var s Set
	s.Add(Fault{Mode: Error, Times: 10})
	v := &vendor{}
	h := s.Wrap("stripe", v)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody)) //nolint:noctx // a recorder
		})
	}
	group.Wait()
	if v.work.Load() != 40 {
		t.Errorf("%d of 50 got through, want 40", v.work.Load())
	}
}
