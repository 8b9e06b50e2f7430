package zendesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// maxFiles is how many files of a conversation are fetched.
	maxFiles = 10
	// maxFile is the largest of them, in bytes.
	maxFile = 10 << 20
)

// mediaTypes are the kinds of files that a packet can show.
var mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// vendorHosts keep the files of all accounts (Zendesk, "Allowing Zendesk
// domains").
var vendorHosts = []string{".zendesk.com", ".zdusercontent.com"}

// wireAttachment is what we read of a file.
type wireAttachment struct {
	ID          int64  `json:"id"`
	FileName    string `json:"file_name"`
	ContentURL  string `json:"content_url"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	Deleted     bool   `json:"deleted"`
	Malware     string `json:"malware_scan_result"`
}

// attachment is a file that may be fetched, with the document it becomes.
type attachment struct {
	wireAttachment
	item dispute.Item
}

// files are those of a comment that are worth fetching: of a kind and a size
// that a packet takes, between the customer and the help desk, and without a
// finding of Zendesk's scanner.
func (c wireComment) files(t wireTicket) []attachment {
	var out []attachment
	for _, w := range c.Attachments {
		if c.direction == "" || w.Deleted || w.Malware == "malware_found" || w.Size > maxFile || !slices.Contains(mediaTypes, w.ContentType) {
			continue
		}
		f := c.facts()
		f[dispute.FactSlot] = string(dispute.FieldCustomerCommunication)
		out = append(out, attachment{w, dispute.Item{
			ID: "attachment:" + strconv.FormatInt(w.ID, 10), Kind: dispute.ItemDocument, Title: "File sent with ticket " + strconv.FormatInt(t.ID, 10),
			At: c.CreatedAt.UTC(), Facts: f, FileName: w.FileName,
		}})
	}
	return out
}

// files fetches attachments: from Zendesk's own hosts only, and with our
// credentials from the account's host only.
type files struct {
	base *url.URL
	http vendorhttp.Client
}

// errElsewhere refuses an address that is none of Zendesk's.
var errElsewhere = errors.New("the file's address is not Zendesk's")

func newFiles(base *url.URL, client *http.Client, auth func(*http.Request) error) *files {
	f := &files{base: base}
	following := *client
	following.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !f.allowed(r.URL) || len(via) > 5 {
			return errElsewhere
		}
		if r.URL.Host != base.Host {
			r.Header.Del("Authorization")
		}
		return nil
	}
	f.http = vendorhttp.Client{Vendor: name, HTTP: &following, Auth: func(r *http.Request) error {
		if r.URL.Host != base.Host {
			return nil
		}
		return auth(r)
	}}
	return f
}

// allowed reports whether a file may be fetched from there.
func (f *files) allowed(u *url.URL) bool {
	if u.Host == f.base.Host {
		return u.Scheme == f.base.Scheme
	}
	host := strings.ToLower(u.Host)
	return u.Scheme == "https" && u.User == nil && slices.ContainsFunc(vendorHosts, func(suffix string) bool { return strings.HasSuffix(host, suffix) })
}

// fetch downloads files, each by itself. One that is gone is left out; the first
// other failure is the error, and one that may pass by itself ends the fetching.
func (f *files) fetch(ctx context.Context, list []attachment) (out []dispute.Item, first error) {
	for _, one := range list[:min(len(list), maxFiles)] {
		content, err := f.download(ctx, one)
		switch kind := dispute.KindOf(err); {
		case err == nil && len(content) > 0:
			one.item.Content, one.item.MediaType = content, http.DetectContentType(content)
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

// download is a file's content; none when it is not what its type says.
func (f *files) download(ctx context.Context, one attachment) ([]byte, error) {
	op := fmt.Sprintf("download attachment %d", one.ID)
	u, err := url.Parse(one.ContentURL)
	if err != nil || !f.allowed(u) {
		return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "%w", errElsewhere)
	}
	answer, err := f.http.Do(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodGet, Path: u.String(), Header: http.Header{"Accept": {"*/*"}},
	}, nil)
	if errors.Is(err, errElsewhere) {
		return nil, dispute.Errorf(dispute.Invalid, name+": "+op, "%w", errElsewhere)
	}
	if err != nil || len(answer.Body) > maxFile || !slices.Contains(mediaTypes, http.DetectContentType(answer.Body)) {
		return nil, err
	}
	return answer.Body, nil
}
