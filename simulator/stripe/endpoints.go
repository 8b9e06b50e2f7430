package stripe

import (
	"net/url"
	"slices"
	"strconv"
)

// webhookEndpoint is one endpoint of the account.
type webhookEndpoint struct {
	id, url, version, description string
	events                        []string
	disabled                      bool
	created                       int64
}

func (e *webhookEndpoint) render() object {
	status := "enabled"
	if e.disabled {
		status = "disabled"
	}
	return object{
		"id": e.id, "object": "webhook_endpoint", "url": e.url, "status": status, "enabled_events": e.events,
		"api_version": orNull(e.version), "description": orNull(e.description), "application": nil,
		"created": e.created, "livemode": false, "metadata": object{},
	}
}

// listEndpoints, createEndpoint and updateEndpoint are /v1/webhook_endpoints.
// Whatever the endpoints, events go to one address: that of the endpoint that
// was made or changed last.
func (s *Stripe) listEndpoints(c *call) (object, *apiError) {
	if refused := c.allow("limit", "starting_after", "ending_before"); refused != nil {
		return nil, refused
	}
	all := make([]object, len(s.endpoints))
	for i, e := range s.endpoints {
		all[i] = e.render()
	}
	return c.page(newestFirst(all))
}

func (s *Stripe) createEndpoint(c *call) (object, *apiError) {
	if refused := c.allow("url", "enabled_events", "api_version", "description", "metadata", "connect"); refused != nil {
		return nil, refused
	}
	e := &webhookEndpoint{version: c.params.Get("api_version"), description: c.params.Get("description"), created: s.now().Unix()}
	if refused := e.set(c); refused != nil {
		return nil, refused
	}
	if e.url == "" || len(e.events) == 0 {
		return nil, refuse("url", "parameter_missing", "An endpoint needs url and enabled_events.")
	}
	e.id = s.world.NewID("we_")
	s.endpoints = append(s.endpoints, e)
	s.SetTarget(e.url)
	out := e.render()
	out["secret"] = s.opt.WebhookSecret
	return out, nil
}

func (s *Stripe) updateEndpoint(c *call) (object, *apiError) {
	if refused := c.allow("url", "enabled_events", "description", "disabled", "metadata"); refused != nil {
		return nil, refused
	}
	at := slices.IndexFunc(s.endpoints, func(e *webhookEndpoint) bool { return e.id == c.id })
	if at < 0 {
		return nil, missing("webhook endpoint", c.id)
	}
	if refused := s.endpoints[at].set(c); refused != nil {
		return nil, refused
	}
	s.SetTarget(s.endpoints[at].url)
	return s.endpoints[at].render(), nil
}

func (e *webhookEndpoint) set(c *call) *apiError {
	if address := c.params.Get("url"); address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return refuse("url", "url_invalid", "Not a valid URL")
		}
		e.url = address
	}
	if events := c.hash("enabled_events"); len(events) > 0 {
		e.events = make([]string, 0, len(events))
		for i := range len(events) {
			e.events = append(e.events, events[strconv.Itoa(i)])
		}
	}
	if d := c.params.Get("disabled"); d != "" {
		e.disabled = d == "true"
	}
	return nil
}

// Endpoints lists the addresses of the account's webhook endpoints with the
// events that each asks for, oldest first.
func (s *Stripe) Endpoints() []Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Endpoint, len(s.endpoints))
	for i, e := range s.endpoints {
		out[i] = Endpoint{ID: e.id, URL: e.url, APIVersion: e.version, Events: slices.Clone(e.events), Disabled: e.disabled}
	}
	return out
}

// Endpoint is one webhook endpoint of the account.
type Endpoint struct {
	ID, URL, APIVersion string
	Events              []string
	Disabled            bool
}
