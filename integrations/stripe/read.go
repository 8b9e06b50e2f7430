package stripe

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const (
	// firstLook is how far back a poll without a cursor goes: longer than any
	// response window, short of the account's whole history.
	firstLook = 60 * 24 * time.Hour
	// overlap is how far a poll goes back behind its cursor, because a dispute
	// may become visible later than its created time says.
	overlap  = time.Hour
	pageSize = 100
)

// disputeAnswer is one dispute as the API gives it.
type disputeAnswer struct {
	stripe.APIResource
	wireDispute
}

type disputePage struct {
	stripe.APIResource
	HasMore bool          `json:"has_more"`
	Data    []wireDispute `json:"data"`
}

// Get implements integrations.Reader.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	var out disputeAnswer
	err := a.api.call(ctx, request{
		op:      "read dispute " + ref.ID,
		method:  http.MethodGet,
		path:    stripe.FormatURLPath("/v1/disputes/%s", ref.ID),
		version: a.api.disputeVersion,
	}, &out)
	if err != nil {
		return dispute.Snapshot{}, err
	}
	if out.ID == "" {
		return dispute.Snapshot{}, dispute.Errorf(dispute.Transient, "stripe: read dispute "+ref.ID, "the answer is not a dispute")
	}
	return out.snapshot(), nil
}

// Poll implements integrations.Poller. It lists the disputes created since the
// cursor, a Unix time; the empty cursor means sixty days ago. Stripe lists by
// creation only, so a change of an older dispute is not found this way; a whole
// sweep reads those.
func (a *adapter) Poll(ctx context.Context, cursor string) ([]dispute.Notice, string, error) {
	now := a.now().UTC()
	newest := now.Add(-firstLook).Unix()
	if cursor != "" {
		at, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return nil, cursor, dispute.Errorf(dispute.Invalid, "stripe: list disputes", "the cursor is not a Unix time")
		}
		newest = at
	}
	since := newest - int64(overlap/time.Second)
	var notices []dispute.Notice
	for after := ""; ; {
		page, err := a.page(ctx, since, after)
		if err != nil {
			return nil, cursor, err
		}
		for i := range page.Data {
			d := &page.Data[i]
			newest = max(newest, d.Created)
			notices = append(notices, dispute.Polled(a.connection, d.snapshot(), now))
			after = d.ID
		}
		if !page.HasMore || len(page.Data) == 0 {
			return notices, strconv.FormatInt(newest, 10), nil
		}
	}
}

func (a *adapter) page(ctx context.Context, since int64, after string) (disputePage, error) {
	var f form.Values
	f.Add("created[gte]", strconv.FormatInt(since, 10))
	f.Add("limit", strconv.Itoa(pageSize))
	if after != "" {
		f.Add("starting_after", after)
	}
	var out disputePage
	err := a.api.call(ctx, request{
		op:      "list disputes",
		method:  http.MethodGet,
		path:    "/v1/disputes",
		form:    f,
		version: a.api.disputeVersion,
	}, &out)
	return out, err
}

// Check implements integrations.Checker. It lists one dispute, the permission
// that everything else builds on.
func (a *adapter) Check(ctx context.Context) error {
	var f form.Values
	f.Add("limit", "1")
	var out disputePage
	return a.api.call(ctx, request{
		op:      "check the key",
		method:  http.MethodGet,
		path:    "/v1/disputes",
		form:    f,
		version: a.api.disputeVersion,
	}, &out)
}
