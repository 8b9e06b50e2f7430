package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestSetZone(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	for name, c := range map[string]struct {
		zone, back       string
		status           int
		cookie, location string
	}{
		"known":            {"Europe/Berlin", "/cases?q=a", http.StatusSeeOther, zoneCookie + "=Europe/Berlin;", "/cases?q=a"},
		"with spaces":      {" Asia/Kolkata\n", "/", http.StatusSeeOther, zoneCookie + "=Asia/Kolkata;", "/"},
		"with a plus":      {"Etc/GMT+7", "/", http.StatusSeeOther, zoneCookie + "=Etc/GMT+7;", "/"},
		"back to UTC":      {"UTC", "/", http.StatusSeeOther, zoneCookie + "=;", "/"},
		"back elsewhere":   {"Asia/Tokyo", "//evil.example", http.StatusSeeOther, zoneCookie + "=Asia/Tokyo;", "/"},
		"unknown":          {"Europe/Atlantis", "/", http.StatusBadRequest, "", ""},
		"empty":            {"", "/", http.StatusBadRequest, "", ""},
		"the machine's":    {"Local", "/", http.StatusBadRequest, "", ""},
		"a path":           {"../../../etc/passwd", "/", http.StatusBadRequest, "", ""},
		"an absolute path": {"/etc/localtime", "/", http.StatusBadRequest, "", ""},
		"a folder":         {"Europe", "/", http.StatusBadRequest, "", ""},
		"markup":           {`"><script>alert(1)</script>`, "/", http.StatusBadRequest, "", ""},
		"control":          {"Europe/Berlin\x00", "/", http.StatusBadRequest, "", ""},
		"another header":   {"UTC\r\nSet-Cookie: a=b", "/", http.StatusBadRequest, "", ""},
		"long":             {strings.Repeat("a/", 1000), "/", http.StatusBadRequest, "", ""},
	} {
		got := w.ask(desk.RoleViewer, "/zone", url.Values{"zone": {c.zone}, "back": {c.back}})
		if got.status != c.status || !strings.HasPrefix(got.header.Get("Set-Cookie"), c.cookie) || got.header.Get("Location") != c.location {
			t.Errorf("%s: %d to %q, cookie %q", name, got.status, got.header.Get("Location"), got.header.Get("Set-Cookie"))
		}
		if refused := c.cookie == ""; refused && (got.header.Get("Set-Cookie") != "" || !strings.Contains(got.body, unknownZone.Title) || strings.Contains(got.body, "<script>a")) {
			t.Errorf("%s: cookie %q\n%s", name, got.header.Get("Set-Cookie"), got.body)
		}
	}
}

// Whatever the cookie holds, times are shown, in UTC at worst.
func TestTimesAreShownInTheZone(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	s := story{id: "du_1", due: 99 * time.Hour, payment: &dispute.Payment{ID: "ch_1", At: noon.AddDate(0, -6, 0)}}
	w.tell(s)
	path := casePath(s.defaults().caseID())
	for cookie, want := range map[string][]string{
		"":                         {"Sat 5 Dec 15:00 UTC", "Mon 1 Jun 2026 12:00 UTC", "cut-off Tue 1 Dec 2026 11:12 UTC", "Times are UTC.", "</span>UTC</summary>"},
		"UTC":                      {"Sat 5 Dec 15:00 UTC"},
		"Europe/Berlin":            {"Sat 5 Dec 16:00 CET", "Mon 1 Jun 2026 14:00 CEST", "cut-off Tue 1 Dec 2026 12:12 CET", "Times are those of Europe/Berlin.", "</span>UTC&#43;1</summary>"},
		"Asia/Kolkata":             {"Sat 5 Dec 20:30 IST", "UTC&#43;5:30</summary>"},
		"Asia/Kathmandu":           {"Sat 5 Dec 20:45 UTC&#43;5:45"},
		"America/Sao_Paulo":        {"Sat 5 Dec 12:00 UTC−3"},
		"Pacific/Auckland":         {"Sun 6 Dec 04:00 NZDT", "Tue 2 Jun 2026 00:00 NZST"},
		"Etc/GMT+7":                {"Sat 5 Dec 08:00 UTC−7"},
		"Europe/Atlantis":          {"Sat 5 Dec 15:00 UTC"},
		"Local":                    {"Sat 5 Dec 15:00 UTC"},
		"../../etc/passwd":         {"Sat 5 Dec 15:00 UTC"},
		`"><script>alert(1)`:       {"Sat 5 Dec 15:00 UTC"},
		strings.Repeat("a/", 1000): {"Sat 5 Dec 15:00 UTC"},
	} {
		req := w.request(desk.RoleViewer, path, nil)
		req.Header.Add("Cookie", zoneCookie+"="+cookie)
		got := w.send(req)
		for _, text := range append(want, `datetime="2026-12-05T15:00:00Z"`) {
			if got.status != http.StatusOK || !strings.Contains(got.body, text) {
				t.Errorf("zone %q: %d, the page does not say %q", cookie, got.status, text)
			}
		}
		for _, problem := range unsound(got.body) {
			t.Errorf("zone %q: %s", cookie, problem)
		}
	}
}

func TestTimesChangeWithTheClocks(t *testing.T) {
	t.Parallel()
	zone, ok := findZone("Europe/Berlin")
	if !ok {
		t.Fatal("there is no Berlin")
	}
	at := func(s string) time.Time {
		t.Helper()
		parsed, err := time.Parse(time.RFC3339, s)
		check(t, err)
		return parsed
	}
	for in, want := range map[string][]string{
		"2026-03-29T00:59:00Z": {"Sun 29 Mar 2026 01:59 CET", "Sun 29 Mar 01:59 CET", "29 Mar 2026", "29 Mar 2026"},
		"2026-03-29T01:00:00Z": {"Sun 29 Mar 2026 03:00 CEST", "Sun 29 Mar 03:00 CEST", "29 Mar 2026", "29 Mar 2026"},
		"2026-10-25T00:30:00Z": {"Sun 25 Oct 2026 02:30 CEST", "Sun 25 Oct 02:30 CEST", "25 Oct 2026", "25 Oct 2026"},
		"2026-10-25T01:30:00Z": {"Sun 25 Oct 2026 02:30 CET", "Sun 25 Oct 02:30 CET", "25 Oct 2026", "25 Oct 2026"},
		"2026-12-31T23:30:00Z": {"Fri 1 Jan 2027 00:30 CET", "Fri 1 Jan 00:30 CET", "1 Jan 2027", "31 Dec 2026"},
	} {
		when := at(in)
		if diff := cmp.Diff(want, []string{moment(when, zone), brief(when, zone), day(when, zone), bookDay(when)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
	if got := moment(time.Time{}, zone); got != "not known" {
		t.Errorf("no time is %q", got)
	}
}

func TestEveryOfferedZoneIsKnown(t *testing.T) {
	t.Parallel()
	for _, name := range commonZones {
		if _, ok := findZone(name); !ok {
			t.Errorf("%s is not known", name)
		}
	}
}

// A page is kept ready for a bounded number of zones, and right in all of them.
func TestPagesAreKeptForFewZones(t *testing.T) {
	t.Parallel()
	page := pageTemplate("login")
	for _, name := range commonZones {
		zone, _ := findZone(name)
		drawn, err := page.in(zone)
		check(t, err)
		var out strings.Builder
		check(t, drawn.ExecuteTemplate(&out, "brief", noon))
		if want := brief(noon, zone); !strings.Contains(strings.ReplaceAll(out.String(), "&#43;", "+"), want) {
			t.Errorf("%s: %s, want %s", name, out.String(), want)
		}
	}
	if len(page.ready) != keptZones {
		t.Errorf("%d are kept", len(page.ready))
	}
}
