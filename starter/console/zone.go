package console

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const (
	zoneCookie = "rebuttal_zone"
	zoneLength = 365 * 24 * time.Hour
	// maxZone is longer than every name of the IANA database, in bytes.
	maxZone = 64
)

// commonZones are offered; every other name of the IANA database may be typed.
var commonZones = []string{
	"UTC",
	"America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Sao_Paulo",
	"Europe/London", "Europe/Lisbon", "Europe/Madrid", "Europe/Paris", "Europe/Amsterdam", "Europe/Berlin", "Europe/Zurich",
	"Europe/Stockholm", "Europe/Warsaw", "Europe/Athens", "Europe/Istanbul",
	"Africa/Lagos", "Africa/Johannesburg",
	"Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Asia/Seoul", "Asia/Tokyo",
	"Australia/Sydney", "Pacific/Auckland",
}

// zoneView is what the layout says of the zone that times are shown in.
type zoneView struct {
	Name   string // "Europe/Berlin"
	Offset string // "UTC+1", now
	Common []string
}

// findZone is the zone of an IANA name. The machine's own zone has none.
func findZone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > maxZone {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// zone is what the person chose; else UTC.
func (v *visit) zone() *time.Location {
	if chosen, err := v.Request.Cookie(zoneCookie); err == nil {
		if zone, ok := findZone(chosen.Value); ok {
			return zone
		}
	}
	return time.UTC
}

func (c *Console) setZone(g *gin.Context) {
	v := &visit{Context: g}
	if err := v.form(); err != nil {
		c.fail(v, problemOf(err), err)
		return
	}
	zone, ok := findZone(strings.TrimSpace(g.PostForm("zone")))
	switch {
	case !ok:
		c.fail(v, unknownZone, dispute.Errorf(dispute.Invalid, "zone", "it is not known"))
		return
	case zone == time.UTC:
		c.setCookie(g, zoneCookie, "", -time.Second)
	default:
		c.setCookie(g, zoneCookie, zone.String(), zoneLength)
	}
	g.Redirect(http.StatusSeeOther, localPath(g.PostForm("back")))
}

var unknownZone = problem{
	Status: http.StatusBadRequest, Title: "This time zone is not known",
	Means: "Nothing was changed: times are shown in the same zone as before.",
	Do:    "Go back and choose one of the list, or write its area and city as Europe/Berlin, capitals included.",
}

// offset is how far a time's zone is from UTC then: "UTC+5:30".
func offset(t time.Time) string {
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	hours, minutes := seconds/3600, seconds%3600/60
	switch {
	case seconds == 0:
		return "UTC"
	case minutes == 0:
		return fmt.Sprintf("UTC%s%d", sign, hours)
	default:
		return fmt.Sprintf("UTC%s%d:%02d", sign, hours, minutes)
	}
}

// zoneWord is what people call a time's zone then: "CET", and the offset where
// it has no such name.
func zoneWord(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return offset(t)
	}
	return name
}

// clock are the functions by which templates show times.
func clock(zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"moment": func(t time.Time) string { return moment(t, zone) },
		"brief":  func(t time.Time) string { return brief(t, zone) },
		"day":    func(t time.Time) string { return day(t, zone) },
	}
}

// keptZones bounds for how many zones one page is kept ready, at a quarter of a
// megabyte each; for others it is made ready anew, in some milliseconds.
const keptZones = 8

// sheet is a page's template in every zone. Functions belong to a template and
// not to its data, so each zone has a copy of its own.
type sheet struct {
	pristine *template.Template // never executed, because then it can be copied no more

	mu    sync.Mutex
	ready map[string]*template.Template // by zone
}

func newSheet(t *template.Template) *sheet {
	return &sheet{pristine: t, ready: map[string]*template.Template{}}
}

// in is the template that shows times in a zone.
func (s *sheet) in(zone *time.Location) (*template.Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.ready[zone.String()]; ok {
		return t, nil
	}
	t, err := s.pristine.Clone()
	if err != nil {
		return nil, err
	}
	t.Funcs(clock(zone))
	if len(s.ready) < keptZones {
		s.ready[zone.String()] = t
	}
	return t, nil
}
