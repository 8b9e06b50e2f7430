package clearhaus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// ownPrefix begins the names of our files.
	ownPrefix = "rebuttal-"
	// label is what our file is called in the dashboard. Which labels a dispute
	// takes is not documented; Clearhaus's own example has free words.
	label = "dispute evidence"
	// uploadMethod is that of Clearhaus's public example client; the pages name
	// none.
	uploadMethod = http.MethodPut
)

// wireFile is a file as the API describes it: its content is behind ch:data. It
// has no id; the end of its own link serves as one.
type wireFile struct {
	Label       string `json:"label"`
	ContentType string `json:"content_type"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	Links       links  `json:"_links"`
}

// id names the file in our records.
func (w wireFile) id() string { return w.Links.last("self") }

// ours reports whether we made the file.
func (w wireFile) ours() bool { return strings.HasPrefix(w.Name, ownPrefix) }

// newFile is the body that makes a file (developer.clearhaus.com/rels/files).
type newFile struct {
	Label       string `json:"label"`
	ContentType string `json:"content_type"`
	Name        string `json:"name"`
	Size        int    `json:"size"`
}

// fileName carries the key of an upload: Clearhaus keeps no idempotency keys, so
// that a file of a lost answer is found again by its name.
func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return ownPrefix + hex.EncodeToString(sum[:8]) + ".pdf"
}

// upload puts a file on a dispute: it finds or makes the file, then sends its
// content to the pre-signed link, which may be done again.
func (a *adapter) upload(ctx context.Context, w wireDispute, key string, f integrations.File) (id string, err error) {
	op := "upload file " + f.SHA256
	to, ok := w.Links.one("ch:files", "")
	if !ok {
		return "", dispute.Errorf(dispute.TooLate, "clearhaus: "+op, "the dispute takes no files")
	}
	made, found, err := a.fileNamed(ctx, op, to, fileName(key))
	if err != nil {
		return "", err
	}
	if !found {
		r := vendorhttp.Request{
			Op: op, Method: http.MethodPost, Write: true,
			JSON: newFile{Label: label, ContentType: f.MediaType, Name: fileName(key), Size: len(f.Bytes)},
		}
		if _, err := a.call(ctx, r, to, &made); err != nil {
			return "", err
		}
	}
	data, ok := made.Links.one("ch:data", "upload")
	if !ok || made.id() == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, "clearhaus: "+op, "the answer says not where the content goes")
	}
	return made.id(), a.store(ctx, op, data, f)
}

// fileNamed looks for the file that an earlier, lost attempt made. While nobody
// can look, it is not known whether that attempt was carried out, so a failure
// counts as a write's.
func (a *adapter) fileNamed(ctx context.Context, op string, to link, name string) (f wireFile, found bool, err error) {
	err = a.pages(ctx, vendorhttp.Request{Op: op, Write: true}, to, func(p page) bool {
		for _, candidate := range p.Embedded.Files {
			if candidate.Name == name {
				f, found = candidate, true
			}
		}
		return !found
	})
	return f, found, err
}

// store sends a file's content to a pre-signed link, without our token. A link
// that is refused has expired, and the next attempt is given a new one.
func (a *adapter) store(ctx context.Context, op string, to link, f integrations.File) error {
	address, err := a.elsewhere(to)
	if err != nil {
		return err
	}
	_, err = a.storage.Do(ctx, vendorhttp.Request{
		Op: op, Method: uploadMethod, Path: address, Body: f.Bytes, ContentType: f.MediaType, Write: true,
	}, nil)
	var e *dispute.Error
	if errors.As(err, &e) && e.Kind == dispute.Auth {
		return &dispute.Error{Kind: dispute.Transient, Op: e.Op, Err: errors.New("the upload link was refused")}
	}
	return err
}

// elsewhere is the address of a link that needs no token, on any host; not in
// the clear where the API is not.
func (a *adapter) elsewhere(l link) (string, error) {
	u, err := a.root.Parse(l.Href)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != a.root.Scheme) {
		return "", dispute.Errorf(dispute.Invalid, "clearhaus: follow a link", "no address that content may go to")
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String(), nil
}
