package stripe

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// wireEndpoint is the part of a webhook endpoint that we read.
type wireEndpoint struct {
	ID            string   `json:"id"`
	URL           string   `json:"url"`
	Status        string   `json:"status"` // enabled or disabled
	EnabledEvents []string `json:"enabled_events"`
	Secret        string   `json:"secret"` // only in the answer that made it
}

type endpointAnswer struct {
	stripe.APIResource
	wireEndpoint
}

type endpointPage struct {
	stripe.APIResource
	HasMore bool           `json:"has_more"`
	Data    []wireEndpoint `json:"data"`
}

// eventTypes are the events that Parse reads, in order.
func eventTypes() []string {
	out := []string{string(stripe.EventTypeRadarEarlyFraudWarningCreated)}
	for kind := range maps.Keys(disputeEvents) {
		out = append(out, string(kind))
	}
	slices.Sort(out)
	return out
}

// Register implements integrations.Connector. The API version of an endpoint is
// fixed when it is made: one that was made with another keeps it, and Parse
// reads any.
func (a *adapter) Register(ctx context.Context, address string, dry bool) (integrations.Endpoint, error) {
	out := integrations.Endpoint{Change: integrations.EndpointCreate, URL: address, Events: eventTypes(), Setting: "webhook_secret"}
	there, found, err := a.endpoint(ctx, address)
	if err != nil {
		return out, err
	}
	if found {
		out.ID, out.Change = there.ID, integrations.EndpointUpdate
		if there.Status != "disabled" && sameEvents(there.EnabledEvents, out.Events) {
			out.Change = integrations.EndpointKeep
		}
	}
	if dry || out.Change == integrations.EndpointKeep {
		return out, nil
	}
	return a.write(ctx, out)
}

func sameEvents(have, want []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(have)), want)
}

// endpoint looks for the endpoint of an address, an enabled one first.
func (a *adapter) endpoint(ctx context.Context, address string) (e wireEndpoint, found bool, err error) {
	for after, more := "", true; more; {
		var f form.Values
		f.Add("limit", strconv.Itoa(pageSize))
		if after != "" {
			f.Add("starting_after", after)
		}
		var page endpointPage
		err := a.api.call(ctx, request{op: "list webhook endpoints", method: http.MethodGet, path: "/v1/webhook_endpoints", form: f}, &page)
		if err != nil {
			return wireEndpoint{}, false, err
		}
		for _, one := range page.Data {
			after = one.ID
			if one.URL == address && (!found || e.Status == "disabled") {
				e, found = one, true
			}
		}
		more = page.HasMore && len(page.Data) > 0
	}
	return e, found, nil
}

// write makes the endpoint or brings it up to date. Its key is new each time:
// an old one would repeat the answer of an endpoint that was deleted since.
func (a *adapter) write(ctx context.Context, e integrations.Endpoint) (integrations.Endpoint, error) {
	r := request{op: "make webhook endpoint", method: http.MethodPost, path: "/v1/webhook_endpoints", key: rand.Text()}
	for i, event := range e.Events {
		r.form.Add("enabled_events["+strconv.Itoa(i)+"]", event)
	}
	if e.Change == integrations.EndpointUpdate {
		r.op, r.path = "update webhook endpoint "+e.ID, stripe.FormatURLPath("/v1/webhook_endpoints/%s", e.ID)
		r.form.Add("disabled", "false")
	} else {
		r.form.Add("url", e.URL)
		r.form.Add("api_version", a.api.disputeVersion)
		r.form.Add("description", "Rebuttal, connection "+a.connection)
	}
	var out endpointAnswer
	if err := a.api.call(ctx, r, &out); err != nil {
		return e, err
	}
	if out.ID == "" {
		return e, dispute.Errorf(dispute.UnknownOutcome, "stripe: "+r.op, "the answer is not a webhook endpoint")
	}
	e.ID, e.Secret = out.ID, out.Secret
	return e, nil
}
