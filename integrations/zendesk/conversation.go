package zendesk

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// maxTickets is how many tickets of a customer are read, the oldest first.
	maxTickets = 25
	// maxCommentPages bounds one ticket's comments, a hundred to a page.
	maxCommentPages = 5
	// before is how long before a payment a ticket may have been about it.
	before = 30 * 24 * time.Hour
)

// address is an e-mail address that Zendesk's search reads as one, and as
// nothing else.
var address = regexp.MustCompile(`^[A-Za-z0-9.!#$%&/=?^_{|}~+-]+@[A-Za-z0-9.-]+$`)

// ownTicket is the external id of a ticket that Create made.
var ownTicket = regexp.MustCompile(`^cs_[a-z2-7]{16}$`)

// Applies implements integrations.EvidenceSource: the payment names the
// customer's e-mail address.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Payment != nil && address.MatchString(c.Payment.Email)
}

// Gather implements integrations.EvidenceSource: the public comments of the
// tickets that the customer requested, and the files that came with them. The
// help desk's own tickets about disputes and tickets about other orders are left
// out. What was read before a failure comes with the error.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	if !a.Applies(c) {
		return nil, nil
	}
	who, found, err := a.requester(ctx, c.Payment.Email)
	if err != nil || !found {
		return nil, err
	}
	tickets, err := a.requested(ctx, who, *c.Payment)
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	var sent []attachment
	for _, t := range tickets {
		var said []wireComment
		said, err = a.comments(ctx, t, who)
		if aboutSale(t, said, *c.Payment) {
			for _, m := range said {
				out = append(out, m.item(t))
				sent = append(sent, m.files(t)...)
			}
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		var files []dispute.Item
		files, err = a.files.fetch(ctx, sent)
		out = append(out, files...)
	}
	slices.SortStableFunc(out, byTime)
	for i := range out {
		out[i].Source = a.connection
	}
	return out, err
}

func byTime(a, b dispute.Item) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}

// requester is the id of the user with exactly this address. Only this one
// request carries the address, because Zendesk finds users by nothing else.
func (a *adapter) requester(ctx context.Context, email string) (id int64, found bool, err error) {
	var answer struct {
		Users []struct {
			ID    int64  `json:"id"`
			Email string `json:"email"`
		} `json:"users"`
	}
	err = a.do(ctx, vendorhttp.Request{
		Op: "find the customer", Method: http.MethodGet, Path: "/api/v2/users/search",
		Query: url.Values{"query": {`email:"` + email + `"`}},
	}, &answer)
	if err != nil {
		return 0, false, err
	}
	for _, u := range answer.Users {
		if u.ID != 0 && strings.EqualFold(u.Email, email) {
			return u.ID, true, nil
		}
	}
	return 0, false, nil
}

// wireTicket is what we read of a ticket.
type wireTicket struct {
	ID         int64  `json:"id"`
	ExternalID string `json:"external_id"`
	Subject    string `json:"subject"`
	Requester  int64  `json:"requester_id"`
}

// requested are the customer's tickets around and after the sale, oldest first.
func (a *adapter) requested(ctx context.Context, who int64, p dispute.Payment) ([]wireTicket, error) {
	query := "type:ticket requester:" + strconv.FormatInt(who, 10)
	if !p.At.IsZero() {
		query += " created>=" + p.At.Add(-before).UTC().Format(time.RFC3339)
	}
	var answer struct {
		Results []wireTicket `json:"results"`
	}
	err := a.do(ctx, vendorhttp.Request{
		Op: fmt.Sprintf("search the tickets of user %d", who), Method: http.MethodGet, Path: "/api/v2/search",
		Query: url.Values{"query": {query}, "sort_by": {"created_at"}, "sort_order": {"asc"}, "per_page": {strconv.Itoa(maxTickets)}},
	}, &answer)
	return slices.DeleteFunc(answer.Results, func(t wireTicket) bool {
		return t.Requester != who || ownTicket.MatchString(t.ExternalID)
	}), err
}

// wireComment is what we read of a comment.
type wireComment struct {
	ID          int64            `json:"id"`
	Type        string           `json:"type"`
	Author      int64            `json:"author_id"`
	Body        string           `json:"body"`
	PlainBody   string           `json:"plain_body"`
	Public      bool             `json:"public"`
	CreatedAt   time.Time        `json:"created_at"`
	Attachments []wireAttachment `json:"attachments"`

	direction string
}

// comments are a ticket's public comments, with their direction.
func (a *adapter) comments(ctx context.Context, t wireTicket, customer int64) ([]wireComment, error) {
	var out []wireComment
	id := strconv.FormatInt(t.ID, 10)
	query := url.Values{"include": {"users"}, "page[size]": {pageSize}}
	for range maxCommentPages {
		var page struct {
			Comments []wireComment `json:"comments"`
			Users    []struct {
				ID   int64  `json:"id"`
				Role string `json:"role"`
			} `json:"users"`
			Meta struct {
				HasMore     bool   `json:"has_more"`
				AfterCursor string `json:"after_cursor"`
			} `json:"meta"`
		}
		err := a.do(ctx, vendorhttp.Request{
			Op: "list the comments of ticket " + id, Method: http.MethodGet, Path: "/api/v2/tickets/" + id + "/comments", Query: query,
		}, &page)
		if err != nil {
			return out, err
		}
		roles := make(map[int64]string, len(page.Users))
		for _, u := range page.Users {
			roles[u.ID] = u.Role
		}
		for _, c := range page.Comments {
			if c.Public {
				c.direction = direction(c, customer, roles[c.Author])
				out = append(out, c)
			}
		}
		if !page.Meta.HasMore {
			break
		}
		query.Set("page[after]", page.Meta.AfterCursor)
	}
	return out, nil
}

// direction tells who wrote to whom. A comment by a third person, such as
// somebody in copy, and a telephone call have none: people see them, no packet
// takes them.
func direction(c wireComment, customer int64, role string) string {
	switch {
	case c.Type != "Comment":
		return ""
	case c.Author == customer:
		return "from customer"
	case role == "agent" || role == "admin":
		return "to customer"
	}
	return ""
}

func (c wireComment) text() string {
	return plain(html.UnescapeString(cmp.Or(c.PlainBody, c.Body)))
}

// plain drops the characters that no page shows.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// facts are those of a comment and of the files that came with it.
func (c wireComment) facts() map[string]string {
	f := map[string]string{}
	if c.direction != "" {
		f[dispute.FactDirection] = c.direction
	}
	if !c.CreatedAt.IsZero() {
		f[dispute.FactSentAt] = c.CreatedAt.UTC().Format(time.RFC3339)
	}
	return f
}

func (c wireComment) item(t wireTicket) dispute.Item {
	f := c.facts()
	title := "Ticket " + strconv.FormatInt(t.ID, 10)
	if subject := plain(t.Subject); subject != "" {
		f[dispute.FactSubject] = subject
		title += ": " + subject
	}
	if text := c.text(); text != "" {
		f[dispute.FactText] = text
	}
	return dispute.Item{
		ID: "comment:" + strconv.FormatInt(c.ID, 10), Kind: dispute.ItemCommunication, Title: title, At: c.CreatedAt.UTC(), Facts: f,
	}
}

var (
	orderNumber = regexp.MustCompile(`^#?[0-9]+$`)
	mention     = regexp.MustCompile(`#[0-9]{3,}\b`)
)

// aboutSale reports whether a ticket may be about the payment's order: it names
// that order, or no order at all. Without an order's number it cannot tell.
func aboutSale(t wireTicket, said []wireComment, p dispute.Payment) bool {
	if !orderNumber.MatchString(p.OrderName) {
		return true
	}
	named := mention.FindAllString(t.Subject, -1)
	for _, c := range said {
		named = append(named, mention.FindAllString(c.text(), -1)...)
	}
	return len(named) == 0 || slices.Contains(named, "#"+strings.TrimPrefix(p.OrderName, "#"))
}
