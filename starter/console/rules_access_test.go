package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// Every route of the policy, for nobody and for each role. One that is not in the
// table fails.
func TestWhoMayChangeRules(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.inForce("")
	w.inForce("700 USD")
	reads := []desk.Role{desk.RoleViewer, desk.RoleAnalyst, desk.RoleManager, desk.RoleFinance, desk.RoleAdmin}
	drafts := []desk.Role{desk.RoleAnalyst, desk.RoleManager, desk.RoleAdmin}
	publishes := []desk.Role{desk.RoleManager, desk.RoleAdmin}
	rows := map[string]struct {
		may  []desk.Role
		form url.Values // of a POST
	}{
		"GET /rules": {reads, nil}, "GET /rules/words": {reads, nil}, "GET /rules/history": {reads, nil}, "GET /rules/diff": {reads, nil},
		"GET /rules/versions/:version": {reads, nil}, "GET /rules/apply": {reads, nil}, "GET /rules/shadow": {reads, nil},
		"GET /rules/drafts/:id": {reads, nil}, "GET /rules/drafts/:id/text": {reads, nil}, "GET /rules/drafts/:id/templates": {reads, nil},
		"GET /rules/drafts/:id/moves": {reads, nil}, "GET /rules/drafts/:id/backtest": {reads, nil},
		"GET /rules/drafts/:id/rule": {drafts, nil}, "GET /rules/drafts/:id/publish": {publishes, nil},
		"POST /rules/drafts":                          {drafts, url.Values{"from": {"live"}}},
		"POST /rules/drafts/:id":                      {drafts, do("check")},
		"POST /rules/drafts/:id/rule":                 {drafts, do("keep", "rule", "tiny", "id", "tiny", "text", rules.NewRule, "base", rules.NewRule)},
		"POST /rules/drafts/:id/text":                 {drafts, do("keep", "text", "rules: []")},
		"POST /rules/drafts/:id/backtest":             {drafts, url.Values{"since": {"30d"}}},
		"POST /rules/drafts/:id/publish":              {publishes, url.Values{}},
		"POST /rules/versions/:version":               {publishes, url.Values{}},
		"POST /rules/apply":                           {publishes, url.Values{"version": {"last"}}},
		"POST /rules/shadow":                          {publishes, do("stop")},
		"GET /rules/drafts/:id/backtest/charts/:name": {nil, nil}, // there is none to see
	}
	for _, route := range w.engine.Routes() {
		if !strings.HasPrefix(route.Path, "/rules") {
			continue
		}
		name := route.Method + " " + route.Path
		row, ok := rows[name]
		if !ok {
			t.Errorf("%s has no row in the table", name)
			continue
		}
		for _, role := range append([]desk.Role{""}, reads...) {
			draft := w.drafted(desk.RoleAnalyst, "Mine")
			live, err := w.desk.RuleHistory(t.Context(), desk.System)
			check(t, err)
			path := strings.NewReplacer(":id", fmt.Sprint(draft.ID), ":version", "1", ":name", "weeks.svg").Replace(route.Path)
			form := url.Values(nil)
			if row.form != nil {
				form = url.Values{"revision": {fmt.Sprint(draft.Revision)}}
				for k, v := range row.form {
					form[k] = v
				}
				if form.Get("version") == "last" {
					form.Set("version", fmt.Sprint(live[0].Version))
				}
			}
			want := []int{http.StatusForbidden}
			switch {
			case role == "" && form == nil:
				want = []int{http.StatusSeeOther}
			case role == "":
				want = []int{http.StatusUnauthorized}
			case row.may == nil:
				want = []int{http.StatusNotFound}
			case slices.Contains(row.may, role):
				want = []int{http.StatusOK, http.StatusSeeOther}
				if name == "POST /rules/drafts/:id/backtest" {
					want = append(want, http.StatusConflict) // another one runs
				}
			}
			if got := w.ask(role, path, form); !slices.Contains(want, got.status) {
				t.Errorf("%s as %q: %d, want %d\n%s", name, role, got.status, want, mainOf(got.body))
			}
		}
	}
}
