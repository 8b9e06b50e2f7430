package aftership

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// maxFiles is how many proofs of a sale are fetched.
	maxFiles = 10
	// maxFile is the largest of them, in bytes.
	maxFile = 10 << 20
)

// endings are the kinds of files that a packet can show, with the endings of
// their names.
var endings = map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}

// proof is a file that may be fetched, with the document it becomes.
type proof struct {
	url  string
	item dispute.Item
}

// files fetches proofs of delivery from AfterShip's hosts and from those that the
// settings name, never with credentials: their addresses open by themselves.
type files struct {
	base  *url.URL
	hosts []string
	http  vendorhttp.Client
}

// errElsewhere refuses an address that is not on an allowed host.
var errElsewhere = errors.New("the file's host is neither AfterShip's nor in file_hosts")

func newFiles(base *url.URL, hosts []string, client *http.Client) *files {
	f := &files{base: base, hosts: hosts}
	following := *client
	following.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !f.allowed(r.URL) || len(via) > 5 {
			return errElsewhere
		}
		return nil
	}
	f.http = vendorhttp.Client{Vendor: name, HTTP: &following}
	return f
}

// allowed reports whether a file may be fetched from there.
func (f *files) allowed(u *url.URL) bool {
	if u.Host == f.base.Host {
		return u.Scheme == f.base.Scheme
	}
	host := strings.ToLower(u.Host)
	own := strings.HasSuffix(host, ".aftership.com")
	return u.Scheme == "https" && u.User == nil && (own || slices.ContainsFunc(f.hosts, func(h string) bool { return strings.EqualFold(h, host) }))
}

// fetch downloads proofs, each by itself. One that is gone is left out; the first
// other failure is the error, and one that may pass by itself ends the fetching.
func (f *files) fetch(ctx context.Context, list []proof) (out []dispute.Item, first error) {
	for _, one := range list[:min(len(list), maxFiles)] {
		content, err := f.download(ctx, one)
		switch kind := dispute.KindOf(err); {
		case err == nil && len(content) > 0:
			one.item.Content, one.item.MediaType = content, http.DetectContentType(content)
			one.item.FileName += endings[one.item.MediaType]
			out = append(out, one.item)
		case err == nil, kind == dispute.NotFound:
		case kind == dispute.Transient, kind == dispute.RateLimited:
			return out, err
		case first == nil:
			first = err
		}
	}
	return out, first
}

// download is a proof's content; none when no packet can show it.
func (f *files) download(ctx context.Context, one proof) ([]byte, error) {
	op := "download " + one.item.ID
	u, err := url.Parse(one.url)
	if err != nil || !f.allowed(u) {
		return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "%w", errElsewhere)
	}
	answer, err := f.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodGet, Path: u.String(), Header: http.Header{"Accept": {"*/*"}},
	}, nil)
	if errors.Is(err, errElsewhere) {
		return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "%w", errElsewhere)
	}
	if err != nil || len(answer.Body) > maxFile || endings[http.DetectContentType(answer.Body)] == "" {
		return nil, err
	}
	return answer.Body, nil
}
