package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	pageSize = 50
	// maxReads bounds how many pages of the store one page here looks through
	// for what a tab keeps.
	maxReads = 10
)

// tab is one view of the queue.
type tab struct {
	Key   string
	Name  string
	Says  string // which cases these are
	Empty empty
	// choose narrows what is read, keep what is shown of it; nil keeps all.
	choose func(f *store.CaseFilter, who desk.Actor, now time.Time)
	keep   func(store.CaseRow) bool
}

// empty says why a list is empty and what to do about it.
type empty struct {
	Why, Do, Link, LinkName string
}

var allOpen = empty{Why: "No case waits for an answer.", Do: "A dispute shows up here within seconds of its provider's webhook.", Link: "/?tab=ended", LinkName: "See the ended ones"}

var tabs = []tab{
	{
		Key: "open", Name: "All open", Says: "Every case that still waits for our answer, the nearest deadline first.",
		Empty: allOpen, choose: onlyOpen, keep: answerable,
	},
	{
		Key: "mine", Name: "Mine", Says: "Open cases that are assigned to you.",
		Empty: empty{Why: "Nothing is assigned to you.", Do: "Open a case that has no owner and assign it to yourself.", Link: "/?tab=unassigned", LinkName: "See the unassigned ones"},
		choose: func(f *store.CaseFilter, who desk.Actor, _ time.Time) {
			f.Open, f.Assignee = true, who.ID
		},
		keep: answerable,
	},
	{
		Key: "unassigned", Name: "Unassigned", Says: "Open cases that nobody owns.",
		Empty:  empty{Why: "Every open case has an owner.", Do: "Nothing to hand out.", Link: "/", LinkName: "See all open ones"},
		choose: onlyOpen,
		keep:   func(c store.CaseRow) bool { return c.Assignee == "" && answerable(c) },
	},
	{
		Key: "person", Name: "Needs a person", Says: "Cases that cannot go on by themselves.",
		Empty: empty{Why: "No case needs a person.", Do: "The machine goes on by itself with the open ones.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) {
			f.Open = true
		},
		keep: func(c store.CaseRow) bool {
			return c.Status == dispute.StatusNeedsPerson || c.Status == dispute.StatusNeedsApproval
		},
	},
	{
		Key: "due", Name: "Due in 24 h", Says: "Open cases whose deadline is less than a day away, or has passed.",
		Empty: empty{Why: "Nothing is due within 24 hours.", Do: "The next deadlines are in the list of all open cases.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, now time.Time) {
			f.Open, f.DueBefore = true, now.Add(urgentBelow)
		},
		keep: answerable,
	},
	{
		Key: "verdict", Name: "Awaiting verdict", Says: "Answered cases that the provider has not decided.",
		Empty: empty{Why: "No case awaits its verdict.", Do: "Answered cases stay here until the provider decides.", Link: "/", LinkName: "See all open ones"},
		choose: func(f *store.CaseFilter, _ desk.Actor, _ time.Time) {
			f.Status = dispute.StatusSubmitted
		},
	},
	{
		Key: "ended", Name: "Ended", Says: "Cases that were won, lost, accepted or closed.",
		Empty: empty{Why: "No case has ended yet.", Do: "A case ends with its provider's verdict.", Link: "/", LinkName: "See all open ones"},
		keep:  func(c store.CaseRow) bool { return c.Status.Ended() },
	},
}

func onlyOpen(f *store.CaseFilter, _ desk.Actor, _ time.Time) { f.Open = true }

func tabOf(key string) tab {
	for _, t := range tabs {
		if t.Key == key {
			return t
		}
	}
	return tabs[0]
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
	Looked  int    // how many cases were looked through for none
	Next    string // address of the next page
	First   string // address of the first page, on any other
}

// link is one choice of a list.
type link struct {
	Name, Value, URL, Says string
	Current                bool
}

type searchForm struct {
	Text, Status, Queue, Owner, Provider, Merchant string
	Statuses                                       []link
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
}

var queueTemplate = pageTemplate("queue")

func (c *Console) queue(v *visit) error {
	t := tabOf(v.Query("tab"))
	now := c.desk.Now()
	f := filterOf(v.Request.URL.Query())
	if t.choose != nil {
		t.choose(&f, v.who, now)
	}
	rows, next, err := c.list(v, f, t.keep)
	if err != nil {
		return err
	}
	view := c.listView(v, rows, next)
	view.Heading, view.Says, view.Empty = "Queue", t.Says, t.Empty
	for _, other := range tabs {
		view.Tabs = append(view.Tabs, link{Name: other.Name, URL: "/?tab=" + other.Key, Says: other.Says, Current: other.Key == t.Key})
	}
	if len(view.Filters) > 0 {
		view.Empty = empty{Why: "No case of this view passes the filters.", Do: "Take a filter away.", Link: "/?tab=" + t.Key, LinkName: "Without filters"}
	} else if len(rows) == 0 && t.Key == tabs[0].Key {
		view.Empty, err = c.emptyQueue(v)
	}
	if err != nil {
		return err
	}
	c.render(v, http.StatusOK, page{Template: queueTemplate, Title: t.Name, Nav: "queue", Body: view})
	return nil
}

// emptyQueue tells an installation without cases from a day without work.
func (c *Console) emptyQueue(v *visit) (empty, error) {
	rows, _, err := c.desk.Cases(v.Request.Context(), v.who, store.CaseFilter{Limit: 1})
	if err != nil || len(rows) > 0 {
		return allOpen, err
	}
	return empty{
		Why: "No dispute has arrived yet.",
		Do:  "Let your provider send its webhooks to /webhooks/ and the connection's name at this address. A dispute shows up here within seconds.",
	}, nil
}

func (c *Console) search(v *visit) error {
	q := v.Request.URL.Query()
	f := filterOf(q)
	rows, next, err := c.list(v, f, nil)
	if err != nil {
		return err
	}
	view := c.listView(v, rows, next)
	view.Heading, view.Says = "Cases", "Every case, open or ended, the nearest deadline first."
	view.Form = &searchForm{
		Text: f.Text, Status: string(f.Status), Queue: f.Queue, Owner: f.Assignee, Provider: f.Connection, Merchant: f.Merchant,
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

// list reads cases page by page until enough of them are kept. The cursor goes
// on behind the last that was looked at.
func (c *Console) list(v *visit, f store.CaseFilter, keep func(store.CaseRow) bool) ([]store.CaseRow, string, error) {
	return collect(v.Request.Context(), f, keep, func(ctx context.Context, f store.CaseFilter) ([]store.CaseRow, string, error) {
		return c.desk.Cases(ctx, v.who, f)
	})
}

type lister func(context.Context, store.CaseFilter) ([]store.CaseRow, string, error)

func collect(ctx context.Context, f store.CaseFilter, keep func(store.CaseRow) bool, read lister) ([]store.CaseRow, string, error) {
	var out []store.CaseRow
	for range maxReads {
		rows, next, err := read(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for _, r := range rows {
			if keep == nil || keep(r) {
				out = append(out, r)
			}
		}
		f.Cursor = next
		if next == "" || len(out) >= f.Limit {
			break
		}
	}
	return out, f.Cursor, nil
}

// The filters of a list, by their names in its address.
const (
	byProvider = "provider"
	byQueue    = "queue"
	byOwner    = "owner"
	byMerchant = "merchant"
)

func filterOf(q url.Values) store.CaseFilter {
	return store.CaseFilter{
		Connection: q.Get(byProvider), Queue: q.Get(byQueue), Assignee: q.Get(byOwner), Merchant: q.Get(byMerchant),
		Status: dispute.Status(q.Get("status")), Text: q.Get("q"), Cursor: q.Get("cursor"), Limit: pageSize,
	}
}

func (c *Console) listView(v *visit, rows []store.CaseRow, next string) queueView {
	at := v.Request.URL
	var view queueView
	for _, name := range []string{byProvider, byQueue, byOwner, byMerchant} {
		if value := at.Query().Get(name); value != "" {
			view.Filters = append(view.Filters, link{Name: name, Value: value, URL: with(at, name, "")})
		}
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, c.row(at, r))
	}
	if next != "" {
		view.Next = with(at, "cursor", next)
	}
	if len(rows) == 0 && next != "" {
		view.Looked = maxReads * pageSize
	}
	if at.Query().Has("cursor") {
		view.First = with(at, "cursor", "")
	}
	return view
}

func (c *Console) row(at *url.URL, r store.CaseRow) row {
	s := r.View.Snapshot
	out := row{
		ID: r.ID, Left: leftOf(r, c.desk.Now()), Amount: grouped(r.Amount()), Currency: r.Amount().Currency,
		Reason: networks.ReasonText(s), Code: networkCode(s), Stage: s.Stage, Strength: r.Strength,
		Status: r.Status.Word(), Needs: r.Needs, Next: r.Next, NextAt: r.ArmedUntil,
		Provider: link{Name: r.Ref.Connection, URL: with(at, byProvider, r.Ref.Connection)},
	}
	if r.Assignee != "" {
		out.Owner = link{Name: r.Assignee, URL: with(at, byOwner, r.Assignee)}
	}
	if r.Queue != "" {
		out.Queue = link{Name: r.Queue, URL: with(at, byQueue, r.Queue)}
	}
	return out
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
