package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	pageSize = 50
	// mostCounted bounds the counts beside the tabs: one that is not smaller is
	// shown as more.
	mostCounted = 1000
	// countsAge is how long the counts that are alike for everybody serve further
	// pages. What somebody does in the console has them counted anew.
	countsAge = 2 * time.Second
)

// tab is one view of the queue.
type tab struct {
	Key     string
	Name    string
	Says    string // which cases these are
	Empty   empty
	choose  func(f *store.CaseFilter, who desk.Actor, now time.Time)
	counted bool
	mine    bool // everybody has their own
	// owned says that the view is about the owner: no other is filtered for.
	owned bool
}

// empty says why a list is empty and what to do about it.
type empty struct {
	Why, Do, Link, LinkName string
}

var allOpen = empty{Why: "No case waits for an answer.", Do: "A dispute shows up here within seconds of its provider's webhook.", Link: "/?tab=ended", LinkName: "See the ended ones"}

// openTab is the view without a choice.
const openTab = "open"

var tabs = []tab{
	{
		Key: "mine", Name: "Mine", Says: "Open cases that are assigned to you.",
		Empty: empty{Why: "Nothing is assigned to you.", Do: "Open a case that has no owner and assign it to yourself.", Link: "/?tab=unassigned", LinkName: "See the unassigned ones"},
		choose: func(f *store.CaseFilter, who desk.Actor, _ time.Time) {
			f.Answerable, f.Assignee = true, who.ID
		},
		counted: true, mine: true, owned: true,
	},
	{
		Key: "unassigned", Name: "Unassigned", Says: "Open cases that nobody owns.",
		Empty: empty{Why: "Every open case has an owner.", Do: "Nothing to hand out.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) {
			f.Answerable, f.Unassigned, f.Assignee = true, true, ""
		},
		counted: true, owned: true,
	},
	{
		Key: "person", Name: "Needs a person", Says: "Cases that cannot go on by themselves.",
		Empty: empty{Why: "No case needs a person.", Do: "The machine goes on by itself with the open ones.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) {
			f.Answerable, f.Statuses = true, []dispute.Status{dispute.StatusNeedsPerson, dispute.StatusNeedsApproval}
		},
		counted: true,
	},
	{
		Key: "due", Name: "Due in 24 h", Says: "Open cases whose deadline is less than a day away, or has passed.",
		Empty: empty{Why: "Nothing is due within 24 hours.", Do: "The next deadlines are in the list of all open cases.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, now time.Time) {
			f.Answerable, f.DueBefore = true, now.Add(urgentBelow)
		},
		counted: true,
	},
	{
		Key: openTab, Name: "All open", Says: "Every case that still waits for our answer, the nearest deadline first.",
		Empty:   allOpen,
		choose:  func(f *store.CaseFilter, _ desk.Actor, _ time.Time) { f.Answerable = true },
		counted: true,
	},
	{
		Key: "verdict", Name: "Awaiting verdict", Says: "Answered cases that the provider has not decided.",
		Empty: empty{Why: "No case awaits its verdict.", Do: "Answered cases stay here until the provider decides.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) {
			f.Statuses = []dispute.Status{dispute.StatusSubmitted}
		},
		counted: true,
	},
	{
		Key: "ended", Name: "Ended", Says: "Cases that were won, lost, accepted or closed.",
		Empty:  empty{Why: "No case has ended yet.", Do: "A case ends with its provider's verdict.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) { f.Ended = true },
	},
}

func tabOf(key string) tab {
	for _, t := range tabs {
		if t.Key == key {
			return t
		}
	}
	return tabOf(openTab)
}

// filter is what the view shows of a list that is filtered already.
func (t tab) filter(f store.CaseFilter, who desk.Actor, now time.Time) store.CaseFilter {
	t.choose(&f, who, now)
	return f
}

// queueView is the queue, or the search through all cases.
type queueView struct {
	Heading string
	Says    string
	Tabs    []link
	Filters []link // that are in force; each leads to the list without it
	Form    *searchForm
	Rows    []row
	Empty   empty
	Next    string // address of the next page
	First   string // address of the first page, on any other
}

// link is one choice of a list.
type link struct {
	Name, Value, URL, Says string
	Count                  string // how many cases it leads to; empty when they are not counted
	Current                bool
}

type searchForm struct {
	Text, Status, Queue, Owner, Provider, Merchant, Tag string
	Statuses                                            []link
}

// row is one case in a list.
type row struct {
	ID       string
	Left     left
	Amount   string
	Currency string
	Reason   string
	Code     string // the network and its code
	Provider link
	Stage    dispute.Stage
	Strength int
	Status   string
	Needs    string
	Next     string
	NextAt   time.Time
	Owner    link
	Queue    link
	Tags     []link
}

var queueTemplate = pageTemplate("queue")

func (c *Console) queue(v *visit) error {
	t, at := tabOf(v.Query("tab")), v.Request.URL
	f := filterOf(at.Query())
	rows, next, err := c.desk.CaseLines(v.Request.Context(), v.who, t.filter(f, v.who, c.desk.Now()))
	if err != nil {
		return err
	}
	view := c.listView(at, rows, next)
	view.Heading, view.Says, view.Empty, view.Filters = "Queue", t.Says, t.Empty, filters(at, t)
	if view.Tabs, err = c.tabs(v, t, len(view.Filters) > 0); err != nil {
		return err
	}
	if len(view.Filters) > 0 {
		view.Empty = empty{Why: "No case of this view passes the filters.", Do: "Take a filter away.", Link: "/?tab=" + t.Key, LinkName: "Without filters"}
	} else if len(rows) == 0 && t.Key == openTab {
		view.Empty, err = c.emptyQueue(v)
	}
	if err != nil {
		return err
	}
	c.render(v, http.StatusOK, page{Template: queueTemplate, Title: t.Name, Nav: "queue", Body: view})
	return nil
}

// tabs are the views of the queue, with the filters in force. Without any, the
// counts of the cases stand beside them; with one they would have to be looked
// for, which a page cannot wait for. What everybody shares is counted every few
// seconds for all.
func (c *Console) tabs(v *visit, current tab, filtered bool) ([]link, error) {
	var out []link
	for _, t := range tabs {
		out = append(out, link{Name: t.Name, URL: with(v.Request.URL, "tab", t.Key), Says: t.Says, Current: t.Key == current.Key})
	}
	if filtered {
		return out, nil
	}
	shared, err := c.counts.get(c.desk.Now(), countsAge, func() (map[string]int, error) {
		return c.countTabs(v, func(t tab) bool { return t.counted && !t.mine })
	})
	if err != nil {
		return nil, err
	}
	own, err := c.countTabs(v, func(t tab) bool { return t.counted && t.mine })
	if err != nil {
		return nil, err
	}
	for i, t := range tabs {
		if t.mine {
			out[i].Count = countWord(own[t.Key])
		} else if t.counted {
			out[i].Count = countWord(shared[t.Key])
		}
	}
	return out, nil
}

// countTabs counts the cases of some views, by their keys.
func (c *Console) countTabs(v *visit, which func(tab) bool) (map[string]int, error) {
	var keys []string
	var filters []store.CaseFilter
	for _, t := range tabs {
		if which(t) {
			keys, filters = append(keys, t.Key), append(filters, t.filter(store.CaseFilter{}, v.who, c.desk.Now()))
		}
	}
	counts, err := c.desk.CountCases(v.Request.Context(), v.who, mostCounted, filters...)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for i, key := range keys {
		out[key] = counts[i]
	}
	return out, nil
}

func countWord(n int) string {
	if n >= mostCounted {
		return strconv.Itoa(mostCounted-1) + "+"
	}
	return strconv.Itoa(n)
}

// filters are those in force, each with the list without it.
func filters(at *url.URL, t tab) []link {
	var out []link
	for _, name := range []string{byProvider, byQueue, byOwner, byMerchant, byTag, byStatus, byText} {
		if value := at.Query().Get(name); value != "" && (name != byOwner || !t.owned) {
			out = append(out, link{Name: name, Value: value, URL: with(at, name, "")})
		}
	}
	return out
}

// emptyQueue tells an installation without cases from a day without work.
func (c *Console) emptyQueue(v *visit) (empty, error) {
	rows, _, err := c.desk.CaseLines(v.Request.Context(), v.who, store.CaseFilter{Limit: 1})
	if err != nil || len(rows) > 0 {
		return allOpen, err
	}
	return empty{
		Why: "No dispute has arrived yet.",
		Do:  "Let your provider send its webhooks to /webhooks/ and the connection's name at this address. A dispute shows up here within seconds.",
	}, nil
}

func (c *Console) search(v *visit) error {
	at := v.Request.URL
	f := filterOf(at.Query())
	rows, next, err := c.desk.CaseLines(v.Request.Context(), v.who, f)
	if err != nil {
		return err
	}
	view := c.listView(at, rows, next)
	view.Heading, view.Says = "Cases", "Every case, open or ended, the nearest deadline first."
	view.Form = &searchForm{
		Text: f.Text, Status: string(f.Status), Queue: f.Queue, Owner: f.Assignee, Provider: f.Connection, Merchant: f.Merchant, Tag: f.Tag,
		Statuses: statuses(f.Status),
	}
	view.Empty = empty{
		Why: "No case is found.", Do: "Search looks for the beginnings of ids (case, dispute, payment), of the customer's name and e-mail address, and of the order's number. All words have to fit.",
		Link: "/cases", LinkName: "All cases",
	}
	c.render(v, http.StatusOK, page{Template: queueTemplate, Title: "Cases", Nav: "cases", Body: view})
	return nil
}

func statuses(current dispute.Status) []link {
	all := []dispute.Status{
		dispute.StatusOpen, dispute.StatusNeedsApproval, dispute.StatusNeedsPerson, dispute.StatusOnHold,
		dispute.StatusSubmitted, dispute.StatusAccepted, dispute.StatusWon, dispute.StatusLost, dispute.StatusClosed,
	}
	out := make([]link, 0, len(all))
	for _, s := range all {
		out = append(out, link{Name: s.Word(), Value: string(s), Current: s == current})
	}
	return out
}

// The filters of a list, by their names in its address.
const (
	byProvider = "provider"
	byQueue    = "queue"
	byOwner    = "owner"
	byMerchant = "merchant"
	byTag      = "tag"
	byStatus   = "status"
	byText     = "q"
)

func filterOf(q url.Values) store.CaseFilter {
	return store.CaseFilter{
		Connection: q.Get(byProvider), Queue: q.Get(byQueue), Assignee: q.Get(byOwner), Merchant: q.Get(byMerchant), Tag: q.Get(byTag),
		Status: dispute.Status(q.Get(byStatus)), Text: q.Get(byText), Cursor: q.Get("cursor"), Limit: pageSize,
	}
}

func (c *Console) listView(at *url.URL, rows []store.CaseLine, next string) queueView {
	var view queueView
	for _, r := range rows {
		view.Rows = append(view.Rows, c.row(at, r))
	}
	if next != "" {
		view.Next = with(at, "cursor", next)
	}
	if at.Query().Has("cursor") {
		view.First = with(at, "cursor", "")
	}
	return view
}

func (c *Console) row(at *url.URL, r store.CaseLine) row {
	s := r.View.Snapshot
	out := row{
		ID: r.ID, Left: leftOf(store.CaseRow{Case: r.Case}, c.desk.Now()), Amount: grouped(r.Amount()), Currency: r.Amount().Currency,
		Reason: networks.ReasonText(s), Code: networkCode(s), Stage: s.Stage, Strength: r.Strength,
		Status: r.Status.Word(), Needs: r.Needs, Next: r.Next, NextAt: r.ArmedUntil,
		Provider: narrowed(at, byProvider, r.Ref.Connection), Owner: narrowed(at, byOwner, r.Assignee), Queue: narrowed(at, byQueue, r.Queue),
	}
	for _, tag := range r.Tags {
		out.Tags = append(out.Tags, narrowed(at, byTag, tag))
	}
	return out
}

// narrowed is the list with only what has a value; without one it leads nowhere.
func narrowed(at *url.URL, by, value string) link {
	if value == "" {
		return link{}
	}
	return link{Name: value, URL: with(at, by, value)}
}

// networkCode is "Visa 13.1", as far as it is known.
func networkCode(s dispute.Snapshot) string {
	code := s.NetworkCode
	if known, ok := networks.Reason(s.Network, s.NetworkCode); ok {
		code = known.Code
	}
	name := networks.NetworkName(s.Network)
	if name == "" || code == "" {
		return name + code
	}
	return name + " " + code
}

// with is an address with one parameter changed, or taken away when the value
// is empty. Another choice begins at the first page.
func with(at *url.URL, name, value string) string {
	q := at.Query()
	q.Del("cursor")
	if q.Del(name); value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return at.Path
	}
	return at.Path + "?" + q.Encode()
}
