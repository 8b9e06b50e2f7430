package paypal

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	disputesPath = "/v1/customer/disputes"
	// undecided are the states in which PayPal may still decide something.
	undecided = "REQUIRED_ACTION,REQUIRED_OTHER_PARTY_ACTION,UNDER_PAYPAL_REVIEW,OPEN_INQUIRIES,APPEALABLE"
	pageSize  = 50
	// maxPages bounds a list: 50,000 disputes.
	maxPages = 1000
	// maxUnread is how many disputes that cannot be read now are left out of one
	// poll; with more it is PayPal that is down.
	maxUnread = 3
	// overlap is how far a poll goes back behind its cursor, because clocks differ
	// and a change may become visible late.
	overlap = time.Hour
	// furthest is how far back PayPal lists changes: 180 days, less one for
	// different clocks.
	furthest = 179 * 24 * time.Hour
)

// Get implements integrations.Reader.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	w, err := a.read(ctx, a.http, ref.ID)
	if err != nil {
		return dispute.Snapshot{}, err
	}
	s, err := w.snapshot()
	if err != nil {
		return dispute.Snapshot{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": read dispute " + ref.ID, Err: err}
	}
	return s, nil
}

func (a *adapter) read(ctx context.Context, c vendorhttp.Client, id string) (wireDispute, error) {
	op := "read dispute " + id
	var w wireDispute
	_, err := a.call(ctx, c, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: disputePath(id)}, &w)
	if err != nil {
		return wireDispute{}, err
	}
	if w.ID == "" || w.Status == "" {
		return wireDispute{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is no dispute")
	}
	return w, nil
}

func disputePath(id string) string { return disputesPath + "/" + url.PathEscape(id) }

// Poll implements integrations.Poller. The cursor is the time of the poll
// before: what was updated since, an hour more, is listed, and each dispute of
// the list read, because a list tells no verdict and no money. While one of them
// cannot be read the cursor stays.
func (a *adapter) Poll(ctx context.Context, cursor string) ([]dispute.Notice, string, error) {
	now := a.now().UTC()
	query := url.Values{"page_size": {strconv.Itoa(pageSize)}}
	if cursor == "" {
		query.Set("dispute_state", undecided)
	} else {
		at, err := time.Parse(time.RFC3339, cursor)
		if err != nil {
			return nil, cursor, dispute.Errorf(dispute.Invalid, name+": list disputes", "the cursor is no time")
		}
		since := at.Add(-overlap)
		if oldest := now.Add(-furthest); since.Before(oldest) {
			since = oldest
		}
		query.Set("update_time_after", since.Format("2006-01-02T15:04:05.000Z"))
	}
	ids, err := a.list(ctx, query)
	if err != nil {
		return nil, cursor, err
	}
	notices, next, unread := make([]dispute.Notice, 0, len(ids)), now.Format(time.RFC3339), 0
	for _, id := range ids {
		s, err := a.Get(ctx, dispute.Ref{Connection: a.connection, ID: id})
		switch kind := dispute.KindOf(err); {
		case err == nil:
			notices = append(notices, dispute.Polled(a.connection, s, now))
			continue
		case kind == dispute.NotFound || kind == dispute.Invalid:
		case kind == dispute.Transient && ctx.Err() == nil && unread < maxUnread:
			next = cursor // the next poll asks for it again
			unread++
		default:
			return nil, cursor, err
		}
		a.log.WarnContext(ctx, "a listed dispute is left out", "connection", a.connection, "dispute", id, "error", err)
	}
	return notices, next, nil
}

// list follows the links from page to page. Only a link's query is taken: the
// token goes to no other host.
func (a *adapter) list(ctx context.Context, query url.Values) ([]string, error) {
	const op = "list disputes"
	var ids []string
	for range maxPages {
		var page struct {
			Items []struct {
				ID string `json:"dispute_id"`
			} `json:"items"`
			Links []wireLink `json:"links"`
		}
		if _, err := a.call(ctx, a.http, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: disputesPath, Query: query}, &page); err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		next, ok := find(page.Links, "next")
		if !ok || len(page.Items) == 0 {
			return ids, nil
		}
		u, err := url.Parse(next.Href)
		if err != nil {
			return nil, dispute.Errorf(dispute.Transient, name+": "+op, "the link to the next page is no address")
		}
		query = u.Query()
	}
	return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "the list does not end after %d pages", maxPages)
}

// find is the link of a relation. Older answers write send_message where newer
// ones write send-message.
func find(links []wireLink, rel string) (wireLink, bool) {
	for _, l := range links {
		if strings.ReplaceAll(l.Rel, "_", "-") == rel {
			return l, true
		}
	}
	return wireLink{}, false
}

// orderNumber is a shop's order by its number or by Shopify's global id.
var orderNumber = regexp.MustCompile(`^(gid://shopify/Order/)?[0-9]{1,20}$`)

// Payment implements integrations.PaymentReader. It reads the transaction in
// the dispute, which is there for every kind of PayPal payment and needs no
// other permission. Shops keep the order in the field custom, or else in the
// invoice number; neither has a fixed form.
func (a *adapter) Payment(ctx context.Context, s dispute.Snapshot) (dispute.Payment, error) {
	w, err := a.read(ctx, a.http, s.ID)
	if err != nil {
		return dispute.Payment{}, err
	}
	op := name + ": read the payment of dispute " + s.ID
	for _, t := range w.Transactions {
		if t.SellerID != s.Payment {
			continue
		}
		amount, err := t.Gross.money()
		if err != nil {
			return dispute.Payment{}, &dispute.Error{Kind: dispute.Invalid, Op: op, Err: err}
		}
		p := dispute.Payment{
			ID: t.SellerID, Amount: amount, At: moment(t.CreateTime), Email: t.Buyer.Email, Name: t.Buyer.Name,
			Invoice: t.Invoice, OrderName: t.Invoice, Metadata: map[string]string{},
		}
		switch {
		case orderNumber.MatchString(t.Custom):
			p.OrderID = t.Custom
		case strings.HasPrefix(t.Custom, "#"):
			p.OrderName = t.Custom
		}
		for key, value := range map[string]string{"custom": t.Custom, "invoice_number": t.Invoice} {
			if value != "" {
				p.Metadata[key] = value
			}
		}
		return p, nil
	}
	return dispute.Payment{}, dispute.Errorf(dispute.NotFound, op, "the dispute has no transaction %s", s.Payment)
}
