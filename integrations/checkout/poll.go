package checkout

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	pageSize = 250 // the most that Checkout.com gives
	maxPages = 400 // bounds a list: about 90,000 disputes
	// shifted is how far a page reaches back into the one before: so many disputes
	// may leave the list while it is read, and none is passed over.
	shifted = 25
	// overlap is how far a poll goes back behind its cursor, because a dispute may
	// become visible later than its last update says.
	overlap = time.Hour
)

// page is one page of disputes, the last updated first. An empty one is the end:
// its total_count may be missing.
type page struct {
	Data []wireDispute `json:"data"`
}

// Poll implements integrations.Poller. The cursor is the newest last_update that
// was seen. An empty one asks for the disputes that are open; later ones for all
// that were updated since, whatever their status.
func (a *adapter) Poll(ctx context.Context, cursor string) ([]dispute.Notice, string, error) {
	now := a.now().UTC()
	newest, query := now.Add(-overlap), url.Values{"statuses": {openStatuses}}
	if cursor != "" {
		at, err := time.Parse(time.RFC3339, cursor)
		if err != nil {
			return nil, cursor, dispute.Errorf(dispute.Invalid, name+": list disputes", "the cursor is no time")
		}
		newest, query = at, url.Values{"from": {at.Add(-overlap).UTC().Format(time.RFC3339)}}
	}
	var notices []dispute.Notice
	seen := map[string]bool{}
	skip := 0
	for range maxPages {
		p, err := a.list(ctx, query, skip)
		if err != nil {
			return nil, cursor, err
		}
		for i := range p.Data {
			d := &p.Data[i]
			if d.ID == "" || seen[d.ID] {
				continue
			}
			seen[d.ID] = true
			notices = append(notices, dispute.Polled(a.connection, d.snapshot(), now))
			if d.LastUpdate.After(newest) && !d.LastUpdate.After(now) { // one from the future would hide all others
				newest = d.LastUpdate.Time
			}
		}
		if len(p.Data) == 0 {
			return notices, newest.UTC().Format(time.RFC3339Nano), nil
		}
		skip += step(len(p.Data))
	}
	return nil, cursor, dispute.Errorf(dispute.Invalid, name+": list disputes", "the list does not end after %d pages", maxPages)
}

// step is how far the next page is from one of n disputes.
func step(n int) int {
	if n > 2*shifted {
		return n - shifted
	}
	return n
}

func (a *adapter) list(ctx context.Context, query url.Values, skip int) (page, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "skip": {strconv.Itoa(skip)}}
	for key, values := range query {
		q[key] = values
	}
	var out page
	_, err := a.http.Do(ctx, vendorhttp.Request{Op: "list disputes", Method: http.MethodGet, Path: "/disputes", Query: q}, &out)
	return out, err
}
