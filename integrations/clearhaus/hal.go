package clearhaus

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// perPage is what we ask for; Clearhaus gives 20 by default and does not say
	// how many at most. What it gives is followed by the link next.
	perPage  = 50
	maxPages = 2000
)

// link is one link of a resource.
type link struct {
	Href string `json:"href"`
	Name string `json:"name"` // tells links of one relation apart
}

// linkList is what a relation holds: in HAL one link, or a list of them.
type linkList []link

// UnmarshalJSON implements json.Unmarshaler.
func (l *linkList) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]link)(l))
	}
	var one link
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*l = linkList{one}
	return nil
}

// links are a resource's, by relation.
type links map[string]linkList

// one is the relation's link of that name; any name where it is empty.
func (l links) one(rel, name string) (link, bool) {
	for _, candidate := range l[rel] {
		if candidate.Href != "" && (name == "" || candidate.Name == name) {
			return candidate, true
		}
	}
	return link{}, false
}

// last is the end of the path of a relation's link: the name by which we call
// the thing it leads to. No address is ever made of it.
func (l links) last(rel string) string {
	to, ok := l.one(rel, "")
	if !ok {
		return ""
	}
	plain, _, _ := strings.Cut(to.Href, "{")
	u, err := url.Parse(plain)
	if err != nil {
		return ""
	}
	path := strings.TrimRight(u.Path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// page is one page of any collection; each fills its own list.
type page struct {
	Links    links `json:"_links"`
	Embedded struct {
		Disputes []wireDispute `json:"ch:disputes"`
		Files    []wireFile    `json:"ch:files"`
		Comments []wireComment `json:"ch:comments"`
	} `json:"_embedded"`
}

// resolve is the address of a link with a query added. Of RFC 6570 it knows the
// one form that Clearhaus writes: a query at the end, as in {?page,per_page}. A
// link away from the API's host is refused, because the token would go with it.
func (a *adapter) resolve(l link, query url.Values) (string, error) {
	plain, template, templated := strings.Cut(l.Href, "{")
	if templated && (!strings.HasSuffix(template, "}") || strings.Count(template, "{") > 0 || strings.Trim(template[:1], "?&") != "") {
		return "", dispute.Errorf(dispute.Invalid, "clearhaus: follow a link", "a template of a form we do not know")
	}
	u, err := a.root.Parse(plain)
	if err != nil {
		return "", dispute.Errorf(dispute.Invalid, "clearhaus: follow a link", "not an address")
	}
	if u.Scheme != a.root.Scheme || u.Host != a.root.Host {
		return "", dispute.Errorf(dispute.Invalid, "clearhaus: follow a link", "it leads away from the API's host")
	}
	q := u.Query()
	for k, v := range query {
		q[k] = v
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// get follows a link.
func (a *adapter) get(ctx context.Context, op string, l link, query url.Values, out any) (vendorhttp.Answer, error) {
	return a.call(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Query: query}, l, out)
}

// call sends a request to where a link leads. Every error is a *dispute.Error.
func (a *adapter) call(ctx context.Context, r vendorhttp.Request, l link, out any) (vendorhttp.Answer, error) {
	to, err := a.resolve(l, r.Query)
	if err != nil {
		return vendorhttp.Answer{}, err
	}
	r.Path, r.Query = to, nil
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Accept", "application/hal+json, application/json")
	return a.api.Do(ctx, r, out)
}

// disputes is the link to the account's disputes, found at the API's root.
func (a *adapter) disputes(ctx context.Context) (link, error) {
	const op = "read the root"
	var out struct {
		Links links `json:"_links"`
	}
	if _, err := a.get(ctx, op, link{Href: a.root.String()}, nil, &out); err != nil {
		return link{}, err
	}
	l, ok := out.Links.one("ch:disputes", "")
	if !ok {
		return link{}, dispute.Errorf(dispute.Auth, "clearhaus: "+op, "there is no ch:disputes: the OAuth client may not read disputes")
	}
	return l, nil
}

// pages walks a collection until it ends or take returns false.
func (a *adapter) pages(ctx context.Context, r vendorhttp.Request, first link, take func(page) (more bool)) error {
	r.Method = http.MethodGet
	r.Query = merged(r.Query, url.Values{"per_page": {strconv.Itoa(perPage)}})
	for at, n := first, 0; ; n++ {
		if n == maxPages {
			return dispute.Errorf(dispute.Transient, "clearhaus: "+r.Op, "more than %d pages", maxPages)
		}
		var p page
		if _, err := a.call(ctx, r, at, &p); err != nil {
			return err
		}
		next, ok := p.Links.one("next", "")
		if !take(p) || !ok {
			return nil
		}
		at, r.Query = next, nil // the link next has the query in it
	}
}

func merged(a, b url.Values) url.Values {
	out := url.Values{}
	for _, values := range []url.Values{a, b} {
		for k, v := range values {
			out[k] = v
		}
	}
	return out
}
