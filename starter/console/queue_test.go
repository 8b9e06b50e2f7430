package console

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

var tabLinks = regexp.MustCompile(`<a href="([^"]+)" title="[^"]+"( aria-current="page")?>([^<&]+)(?:&nbsp;<span class="count">([^<]+)</span>)?</a>`)

// tabsOf are the tabs of a page as people read them, and where they lead.
func tabsOf(body string) (words, urls []string) {
	for _, m := range tabLinks.FindAllStringSubmatch(body, -1) {
		words = append(words, strings.TrimSpace(m[3]+" "+m[4]))
		urls = append(urls, html.UnescapeString(m[1]))
	}
	return words, urls
}

// A tab says how many cases it has, and has as many.
func TestTabsCountWhatTheyShow(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	now := noon
	w.desk.Now = func() time.Time { return now }
	empty, _ := tabsOf(w.ask(desk.RoleAnalyst, "/", nil).body)
	if diff := cmp.Diff([]string{"Mine 0", "Unassigned 0", "Needs a person 0", "Due in 24 h 0", "All open 0", "Awaiting verdict 0", "Ended"}, empty); diff != "" {
		t.Errorf("tabs of an empty queue (-want +got):\n%s", diff)
	}
	w.tell(busyDay()...)
	now = now.Add(countsAge - 1)
	soon, _ := tabsOf(w.ask(desk.RoleAnalyst, "/", nil).body)
	if diff := cmp.Diff([]string{"Mine 2", "All open 0"}, []string{soon[0], soon[4]}); diff != "" {
		t.Errorf("own and shared tabs a moment later (-want +got):\n%s", diff)
	}
	now = now.Add(1)
	full, urls := tabsOf(w.ask(desk.RoleAnalyst, "/?tab=due", nil).body)
	if diff := cmp.Diff([]string{"Mine 2", "Unassigned 5", "Needs a person 4", "Due in 24 h 2", "All open 8", "Awaiting verdict 1", "Ended"}, full); diff != "" {
		t.Errorf("tabs (-want +got):\n%s", diff)
	}
	for i, url := range urls[:len(urls)-1] {
		got := w.ask(desk.RoleAnalyst, url, nil)
		if shown := len(linkedCases(got.body)); !strings.HasSuffix(full[i], fmt.Sprintf(" %d", shown)) {
			t.Errorf("%s says %q and shows %d", url, full[i], shown)
		}
	}
	filtered, _ := tabsOf(w.ask(desk.RoleAnalyst, "/?provider=stripe-us", nil).body)
	if diff := cmp.Diff([]string{"Mine", "Unassigned", "Needs a person", "Due in 24 h", "All open", "Awaiting verdict", "Ended"}, filtered); diff != "" {
		t.Errorf("tabs with a filter (-want +got):\n%s", diff)
	}
}

func TestTabsKeepFilters(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	body := w.ask(desk.RoleAnalyst, "/?tab=person&queue=senior&owner=mia&cursor=none_cs_a", nil).body
	_, urls := tabsOf(body)
	for i, url := range urls {
		if want := "/?owner=mia&queue=senior&tab=" + tabs[i].Key; url != want {
			t.Errorf("the tab %s leads to %s, want %s", tabs[i].Name, url, want)
		}
	}
	chips := regexp.MustCompile(`<li>(\w+): <strong>`)
	for path, want := range map[string][]string{
		"/?tab=person&queue=senior&owner=mia": {"queue", "owner"},
		"/?tab=mine&queue=senior&owner=tom":   {"queue"}, // the view is about the owner already
		"/?tab=unassigned&owner=tom":          nil,
		"/?status=on_hold&q=du&tag=vip":       {"tag", "status", "q"},
	} {
		var got []string
		for _, m := range chips.FindAllStringSubmatch(w.ask(desk.RoleAnalyst, path, nil).body, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("filters of %s (-want +got):\n%s", path, diff)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	tagged := busyDay()[0].defaults()
	check(t, w.db.InCase(t.Context(), tagged.ref(), func(tx *store.CaseTx) error {
		tx.Row().Tags = []string{"vip", "two words"}
		return nil
	}))
	for _, path := range []string{"/", "/cases"} {
		link := fmt.Sprintf(`<a class="narrow" href="%s?tag=two&#43;words" title="Only this tag">two words</a>`, path)
		if body := w.ask(desk.RoleAnalyst, path, nil).body; strings.Count(body, link) != 1 {
			t.Errorf("%s does not lead to the tag", path)
		}
		got := w.ask(desk.RoleAnalyst, path+"?tag=two+words", nil).body
		if diff := cmp.Diff([]string{tagged.caseID()}, linkedCases(got)); diff != "" {
			t.Errorf("%s with the tag (-want +got):\n%s", path, diff)
		}
		for _, problem := range unsound(got) {
			t.Errorf("%s: %s", path, problem)
		}
	}
}

func TestCountWord(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", mostCounted - 1: "999", mostCounted: "999+"} {
		if got := countWord(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// A case that its provider has decided waits for no answer, whatever its status.
func TestOpenTabIsWhatWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(
		story{id: "du_decided", status: dispute.StatusNeedsPerson, provider: dispute.ProviderLost},
		story{id: "du_waits", status: dispute.StatusNeedsPerson},
	)
	for _, path := range []string{"/", "/?tab=person", "/?tab=unassigned"} {
		want := []string{story{id: "du_waits"}.defaults().caseID()}
		if diff := cmp.Diff(want, linkedCases(w.ask(desk.RoleAnalyst, path, nil).body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// What somebody does has the counts of everybody made anew.
func TestActsCountAnew(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	before, _ := tabsOf(w.ask(desk.RoleAnalyst, "/", nil).body)
	w.tell(busyDay()...)
	w.ask(desk.RoleAnalyst, casePath(busyDay()[0].defaults().caseID())+"/notes", url.Values{"text": {"called"}})
	after, _ := tabsOf(w.ask(desk.RoleAnalyst, "/", nil).body)
	if before[4] != "All open 0" || after[4] != "All open 8" {
		t.Errorf("%s, then %s", before[4], after[4])
	}
}
