package httpsource

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// mediaTypes are the kinds of files that a packet can show.
var mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}

const wantMedia = "want a PDF, JPEG or PNG file"

// slots are where a document may belong.
var slots = []string{
	string(dispute.FieldCancellationPolicy), string(dispute.FieldCustomerCommunication), string(dispute.FieldCustomerSignature),
	string(dispute.FieldDuplicateChargeDocumentation), string(dispute.FieldReceipt), string(dispute.FieldRefundPolicy),
	string(dispute.FieldServiceDocumentation), string(dispute.FieldShippingDocumentation), string(dispute.FieldUncategorizedFile),
}

// link is a document whose content is fetched by itself: its place among the
// items, and its place in the answer.
type link struct {
	item int
	path string
	url  string
}

func (r *reader) document(path string, raw json.RawMessage) {
	v, ok := read[struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Title   string `json:"title"`
		Slot    string `json:"slot"`
		At      string `json:"at"`
		Content string `json:"content"`
		URL     string `json:"url"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	id := p.needID(v.ID)
	p.oneOf("slot", v.Slot, slots...)
	p.set(dispute.FactSlot, cmp.Or(v.Slot, string(dispute.FieldUncategorizedFile)))
	item := dispute.Item{
		ID: "document:" + id, Kind: dispute.ItemDocument, Title: cmp.Or(p.words("title", v.Title), "Document "+id),
		FileName: p.words("name", v.Name), At: p.time("at", v.At),
	}
	if (v.Content == "") == (v.URL == "") {
		p.fault("content", "want either content or url")
	}
	if v.Content != "" {
		item.Content, item.MediaType = p.content(v.Content)
	}
	if p.keep(item) && v.URL != "" {
		r.found.links = append(r.found.links, link{len(r.found.items) - 1, path + ".url", v.URL})
	}
}

// content reads a file that came with the answer.
func (p *part) content(encoded string) (content []byte, mediaType string) {
	if base64.StdEncoding.DecodedLen(len(encoded)) > maxFile+2 {
		p.fault("content", fmt.Sprintf("is larger than %d MiB", maxFile>>20))
		return nil, ""
	}
	content, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		p.fault("content", "want base64")
		return nil, ""
	}
	mediaType = http.DetectContentType(content)
	if !slices.Contains(mediaTypes, mediaType) {
		p.fault("content", wantMedia)
	}
	return content, mediaType
}

// fetch adds the contents of linked documents; those that cannot be had are left
// out. A failure that may pass by itself ends the fetching; else the first is the
// error.
func (a *adapter) fetch(ctx context.Context, f found) (out []dispute.Item, first error) {
	missing := map[int]bool{}
	for _, l := range f.links {
		missing[l.item] = true
	}
	for _, l := range f.links {
		content, err := a.download(ctx, l)
		if err == nil {
			f.items[l.item].Content, f.items[l.item].MediaType = content, http.DetectContentType(content)
			delete(missing, l.item)
			continue
		}
		if first == nil || mayPass(err) {
			first = err
		}
		if mayPass(err) {
			break
		}
	}
	for i, item := range f.items {
		if !missing[i] {
			out = append(out, item)
		}
	}
	return out, first
}

// download fetches one document, from the service's own host only. What is
// signed is the path with its query.
func (a *adapter) download(ctx context.Context, l link) ([]byte, error) {
	u, err := a.url.Parse(l.url)
	if err != nil || u.Scheme != a.url.Scheme || !strings.EqualFold(u.Host, a.url.Host) || u.User != nil {
		return nil, dispute.Errorf(dispute.Invalid, opRead, "%s: want an address on the service's own host", l.path)
	}
	target := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	answer, err := a.http.Do(ctx, vendorhttp.Request{
		Op: "fetch " + l.path, Method: http.MethodGet, Path: target.String(),
		Header: http.Header{"Accept": {"*/*"}, SignatureHeader: {a.sign([]byte(target.RequestURI()))}},
	}, nil)
	if err = notRedirected(name+": fetch "+l.path, answer.Status, err); err != nil {
		return nil, err
	}
	if len(answer.Body) > maxFile {
		return nil, dispute.Errorf(dispute.Invalid, opRead, "%s: is larger than %d MiB", l.path, maxFile>>20)
	}
	if !slices.Contains(mediaTypes, http.DetectContentType(answer.Body)) {
		return nil, dispute.Errorf(dispute.Invalid, opRead, "%s: %s", l.path, wantMedia)
	}
	return answer.Body, nil
}
