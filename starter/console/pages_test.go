package console

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// Every page is sound HTML and keeps to the policy, empty and full.
func TestPagesAreSound(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	visit := func(role desk.Role, path string, status int) {
		t.Helper()
		got := w.ask(role, path, nil)
		if got.status != status {
			t.Errorf("%s: status %d, want %d\n%s", path, got.status, status, got.body)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.header.Get(name), want)
			}
		}
		for _, problem := range unsound(got.body) {
			t.Errorf("%s: %s", path, problem)
		}
	}
	lists := []string{"/cases", "/cases?q=jenny&status=open"}
	for _, tab := range tabs {
		lists = append(lists, "/?tab="+tab.Key, "/?provider=stripe-us&tab="+tab.Key)
	}
	for _, path := range lists {
		visit(desk.RoleAnalyst, path, http.StatusOK)
	}
	w.tell(busyDay()...)
	for _, path := range lists {
		visit(desk.RoleAnalyst, path, http.StatusOK)
	}
	for _, s := range busyDay() {
		s = s.defaults()
		visit(desk.RoleAnalyst, casePath(s.caseID()), http.StatusOK)
		visit(desk.RoleViewer, casePath(s.caseID())+"?done=approve", http.StatusOK)
	}
	first := casePath(busyDay()[0].defaults().caseID())
	visit("", "/login?next=/cases", http.StatusOK)
	visit(desk.RoleAnalyst, first+"/confirm/approve", http.StatusOK)
	visit(desk.RoleAnalyst, first+"/confirm/accept", http.StatusOK)
	visit(desk.RoleAnalyst, "/cases/cs_nothing", http.StatusNotFound)
	visit(desk.RoleAnalyst, "/?cursor=x", http.StatusBadRequest)
	visit(desk.RoleViewer, first+"/confirm/approve", http.StatusForbidden)
}

var voidElements = strings.Fields("area base br col embed hr img input link meta source track wbr")

// unsound finds what a validator or the policy would refuse: elements that are
// not closed in order, ids that are not unique, anchors and labels that lead
// nowhere, inline scripts and styles, controls without a name.
func unsound(page string) []string {
	var problems, open, anchors []string
	ids := map[string]bool{}
	z := html.NewTokenizer(strings.NewReader(page))
	if !strings.HasPrefix(page, "<!doctype html>") {
		problems = append(problems, "no doctype")
	}
	for {
		switch z.Next() {
		case html.ErrorToken:
			for _, id := range anchors {
				if !ids[id] {
					problems = append(problems, "nothing has the id "+id)
				}
			}
			if len(open) > 0 {
				problems = append(problems, "not closed: "+strings.Join(open, " "))
			}
			return problems
		case html.StartTagToken:
			tag := z.Token()
			if !slices.Contains(voidElements, tag.Data) && !selfClosing(tag.Data) {
				open = append(open, tag.Data)
			}
			problems = append(problems, attributeProblems(tag, ids, &anchors)...)
		case html.SelfClosingTagToken:
			problems = append(problems, attributeProblems(z.Token(), ids, &anchors)...)
		case html.EndTagToken:
			tag := z.Token()
			if len(open) == 0 || open[len(open)-1] != tag.Data {
				problems = append(problems, "closes "+tag.Data+" in "+strings.Join(open, " "))
				continue
			}
			open = open[:len(open)-1]
		case html.TextToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

func selfClosing(name string) bool { return name == "path" || name == "circle" }

func attributeProblems(tag html.Token, ids map[string]bool, anchors *[]string) []string {
	var problems []string
	seen := map[string]string{}
	for _, a := range tag.Attr {
		if _, twice := seen[a.Key]; twice {
			problems = append(problems, tag.Data+" has "+a.Key+" twice")
		}
		seen[a.Key] = a.Val
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			problems = append(problems, tag.Data+" has inline "+a.Key)
		case a.Key == "id" && ids[a.Val]:
			problems = append(problems, "two elements have the id "+a.Val)
		case a.Key == "id":
			ids[a.Val] = true
		case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
			*anchors = append(*anchors, a.Val[1:])
		case a.Key == "for", a.Key == "aria-labelledby", a.Key == "data-dialog":
			*anchors = append(*anchors, a.Val)
		case (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/"):
			problems = append(problems, tag.Data+" leads to "+a.Val)
		}
	}
	if tag.Data == "style" || tag.Data == "script" && seen["src"] == "" {
		problems = append(problems, "inline "+tag.Data)
	}
	return problems
}

func TestQueueTabs(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	open := []string{"du_past", "du_tent", "du_fraud", "du_broken", "du_club", "du_twice", "du_inquiry", "du_vague"}
	for path, want := range map[string][]string{
		"/":                                  open,
		"/?tab=nonsense":                     open,
		"/?tab=mine":                         {"du_tent", "du_club"},
		"/?tab=unassigned":                   {"du_past", "du_fraud", "du_twice", "du_inquiry", "du_vague"},
		"/?tab=person":                       {"du_past", "du_tent", "du_broken", "du_vague"},
		"/?tab=due":                          {"du_past", "du_tent"},
		"/?tab=verdict":                      {"du_sent"},
		"/?tab=ended":                        {"du_won"},
		"/?provider=adyen-eu":                {"du_fraud", "du_vague"},
		"/?queue=senior&owner=mia":           {"du_tent"},
		"/cases":                             {"du_won", "du_past", "du_tent", "du_fraud", "du_broken", "du_sent", "du_club", "du_twice", "du_inquiry", "du_vague"},
		"/cases?q=jenny+1001":                {"du_tent"},
		"/cases?q=du_tw&status=open":         {"du_twice"},
		"/cases?status=won":                  {"du_won"},
		"/cases?provider=paypal-us&q=nobody": nil,
	} {
		got := w.ask(desk.RoleAnalyst, path, nil)
		if diff := cmp.Diff(caseIDs(want), linkedCases(got.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// caseIDs are the cases of busyDay by their disputes' ids.
func caseIDs(disputes []string) []string {
	var out []string
	for _, id := range disputes {
		for _, s := range busyDay() {
			if s.id == id {
				out = append(out, s.defaults().caseID())
			}
		}
	}
	return out
}

var caseLinks = regexp.MustCompile(`class="open" href="/cases/(cs_[a-z0-9]+)"`)

func linkedCases(body string) []string {
	var out []string
	for _, m := range caseLinks.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

// A row answers: how long, how much, why, and what happens if I do nothing.
func TestQueueRow(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()[0])
	body := w.ask(desk.RoleAnalyst, "/", nil).body
	row := body[strings.Index(body, "<tbody"):strings.Index(body, "</tbody>")]
	golden(t, "row.html", row)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		check(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestEmptyQueueSaysWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	for path, want := range map[string]string{
		"/":                   "No dispute has arrived yet.",
		"/?tab=mine":          "Nothing is assigned to you.",
		"/?provider=stripe-x": "No case of this view passes the filters.",
		"/cases?q=nobody":     "No case is found.",
	} {
		if got := w.ask(desk.RoleAnalyst, path, nil).body; !strings.Contains(got, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	w.tell(story{id: "du_won", status: dispute.StatusWon, provider: dispute.ProviderWon})
	if got := w.ask(desk.RoleAnalyst, "/", nil).body; !strings.Contains(got, allOpen.Why) {
		t.Errorf("the queue of a day without work does not say %q", allOpen.Why)
	}
}

func TestQueuePages(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	var all []string
	for i := range pageSize + 7 {
		s := story{id: "du_" + strings.Repeat("x", i+1), due: time.Duration(i+1) * time.Hour}.defaults()
		w.tell(s)
		all = append(all, s.caseID())
	}
	nextLink := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	path, got := "/?owner=", []string(nil)
	for path != "" {
		body := w.ask(desk.RoleAnalyst, path, nil).body
		got = append(got, linkedCases(body)...)
		path = ""
		if m := nextLink.FindStringSubmatch(body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	if diff := cmp.Diff(all, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

// Whatever a customer, a provider or a colleague wrote is shown as text.
func TestHostileTextIsShownAsText(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	s := story{
		id: "du_<b>evil</b>", connection: "stripe-us", needs: evil, next: evil, queue: evil, owner: evil, note: evil,
		word: evil, network: evil, code: evil, currency: "USD", amount: 1,
		items:    []dispute.Item{item(evil, dispute.ItemOrder, "order:1", "Order of "+evil, noon, dispute.FactCustomerName, evil, evil, evil)},
		payment:  &dispute.Payment{ID: "ch_1", Name: evil, Email: evil, OrderName: evil},
		sources:  []dispute.SourceResult{{Connection: evil, Outcome: evil, Detail: evil}},
		composed: true, due: time.Hour,
	}
	w.tell(s)
	for _, path := range []string{"/", "/cases?q=" + "%3Cscript%3Ealert(1)", casePath(s.caseID()), casePath(s.caseID()) + "/confirm/submit", "/cases/%3Cscript%3E"} {
		got := w.ask(desk.RoleAnalyst, path, nil)
		if strings.Contains(got.body, "<script>") || strings.Contains(got.body, "<img") || strings.Contains(got.body, "<b>evil") {
			t.Errorf("%s lets markup through", path)
		}
		for _, problem := range unsound(got.body) {
			t.Errorf("%s: %s", path, problem)
		}
	}
	if body := w.ask(desk.RoleAnalyst, casePath(s.caseID()), nil).body; !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the case does not show what was written")
	}
}

func TestCasePage(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	w.tell(busyDay()...)
	says := func(role desk.Role, index int, want ...string) {
		t.Helper()
		body := w.ask(role, casePath(busyDay()[index].defaults().caseID()), nil).body
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s as %s does not say %q", busyDay()[index].id, role, text)
			}
		}
	}
	says(desk.RoleAnalyst, 0,
		"1,240.00 USD", "Visa 13.1", "11 h 12 min", "Tue 1 Dec 23:12 UTC", "the provider&#39;s own date", "taken, the earliest",
		"Waits for approval", "By itself: sends the packet as it is at the cut-off, ", "(in 5 h 12 min)", "Rule <strong>high-value-not-received</strong> decided",
		">Approve<", ">Submit now<", ">Accept the dispute<", ">Hold<", "Still expected: zendesk has not answered yet.",
		"Missing", "Present", "Contradicting", "Not claimed, because evidence speaks against it", "Delivery confirmation", "Photograph at the door", "Kept out", "text field chars",
		"Processor clearing", "1,255.00", "−1,240.00", "a neighbour took the parcel in", "Reminder", "all hold", "Jenny Rosen")
	says(desk.RoleViewer, 0, "Your role, viewer, reads cases and decides nothing.")
	says(desk.RoleAnalyst, 3, ">Release<", "4 d 0 h")
	says(desk.RoleAnalyst, 6, "3 h 0 min ago")
	says(desk.RoleAnalyst, 8, "Evidence submitted", "req_8Tq", "exact bytes", "Frozen: this is what was sent.", "under review")
	if body := w.ask(desk.RoleViewer, casePath(busyDay()[0].defaults().caseID()), nil).body; strings.Contains(body, "/decisions") {
		t.Error("a viewer sees buttons")
	}
	if body := w.ask(desk.RoleAnalyst, casePath(busyDay()[8].defaults().caseID()), nil).body; strings.Contains(body, ">Submit now<") {
		t.Error("a submitted case can be submitted again")
	}
}

// A page that cannot be drawn is an error page, not a broken connection.
func TestPageThatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	answer := httptest.NewRecorder()
	g, _ := gin.CreateTestContext(answer)
	g.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	c := &Console{desk: w.desk}
	c.render(&visit{Context: g}, http.StatusOK, page{Template: caseTemplate, Body: "no case"})
	if answer.Code != broken.Status || !strings.Contains(answer.Body.String(), broken.Title) {
		t.Errorf("%d: %s", answer.Code, answer.Body)
	}
}
