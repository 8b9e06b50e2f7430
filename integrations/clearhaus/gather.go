package clearhaus

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// maxPapers is how many of the bank's papers are fetched for one case.
	maxPapers = 20
	// maxPaper is the largest of them that is fetched, in bytes.
	maxPaper = 20 << 20
)

// wireComment is a ch:comment without its author, who is a person
// (developer.clearhaus.com/rels/comment).
type wireComment struct {
	ID        string `json:"id"`
	Body      string `json:"body"`
	CreatedAt string `json:"created_at"`
}

// Applies implements integrations.EvidenceSource: a dispute is known to the
// account that reported it.
func (a *adapter) Applies(c dispute.Case) bool {
	return c.Ref.Connection == a.connection && c.Ref.ID != ""
}

// Gather implements integrations.EvidenceSource: the payment; the papers that
// others put on the dispute, which are the bank's; and the comments.
//
// Papers and comments are messages without a direction: people see them with
// the case and no packet takes them. The bank has its own papers, and comments
// are between the merchant and Clearhaus and never sent to the bank.
func (a *adapter) Gather(ctx context.Context, c dispute.Case) ([]dispute.Item, error) {
	t, err := a.transaction(ctx, c.Ref.ID)
	if err != nil {
		return nil, err
	}
	items := []dispute.Item{t.item(a.connection)}
	w, err := a.dispute(ctx, c.Ref.ID)
	if err != nil {
		return items, err
	}
	papers, err := a.papers(ctx, w)
	if items = append(items, papers...); err != nil {
		return items, err
	}
	comments, err := a.comments(ctx, w)
	return append(items, comments...), err
}

// papers are the dispute's files that are not ours, with their content.
func (a *adapter) papers(ctx context.Context, w wireDispute) ([]dispute.Item, error) {
	to, ok := w.Links.one("ch:files", "")
	if !ok {
		return nil, nil
	}
	var files []wireFile
	err := a.pages(ctx, vendorhttp.Request{Op: "list files of " + w.ID}, to, func(p page) bool {
		for _, f := range p.Embedded.Files {
			if !f.ours() && f.id() != "" && len(files) < maxPapers {
				files = append(files, f)
			}
		}
		return len(files) < maxPapers
	})
	if err != nil {
		return nil, err
	}
	var items []dispute.Item
	for _, f := range files {
		content, err := a.download(ctx, f)
		if err != nil {
			return items, err
		}
		items = append(items, f.item(a.connection, content))
	}
	return items, nil
}

func (w wireFile) item(connection string, content []byte) dispute.Item {
	item := dispute.Item{
		ID: "file:" + w.id(), Source: connection, Kind: dispute.ItemCommunication,
		Title: "Paper at Clearhaus: " + cmp.Or(w.Label, w.Name, w.id()), FileName: w.Name,
	}
	if len(content) > 0 {
		item.Content, item.MediaType = content, w.ContentType
	}
	return item
}

// download fetches a file's content; none where there is none yet, or too much.
// The token goes along to the API's own host only.
func (a *adapter) download(ctx context.Context, f wireFile) ([]byte, error) {
	to, ok := f.Links.one("ch:data", "download")
	if !ok || f.Size > maxPaper {
		return nil, nil
	}
	r := vendorhttp.Request{Op: "download file " + f.id(), Method: http.MethodGet, Header: http.Header{"Accept": {"*/*"}}}
	client := a.storage
	address, err := a.resolve(to, nil)
	if err == nil {
		client = a.api
	} else if address, err = a.elsewhere(to); err != nil {
		return nil, err
	}
	r.Path = address
	answer, err := client.Do(ctx, r, nil)
	if dispute.KindOf(err) == dispute.NotFound {
		return nil, nil
	}
	return answer.Body, err
}

func (a *adapter) comments(ctx context.Context, w wireDispute) ([]dispute.Item, error) {
	to, ok := w.Links.one("ch:comments", "")
	if !ok {
		return nil, nil
	}
	var items []dispute.Item
	err := a.pages(ctx, vendorhttp.Request{Op: "list comments of " + w.ID}, to, func(p page) bool {
		for _, c := range p.Embedded.Comments {
			if c.ID != "" && strings.TrimSpace(c.Body) != "" {
				items = append(items, c.item(a.connection))
			}
		}
		return true
	})
	return items, err
}

func (c wireComment) item(connection string) dispute.Item {
	item := dispute.Item{
		ID: "comment:" + c.ID, Source: connection, Kind: dispute.ItemCommunication, Title: "Comment at Clearhaus",
		At: moment(c.CreatedAt), Facts: map[string]string{dispute.FactText: c.Body},
	}
	if sent := rfc3339(item.At); sent != "" {
		item.Facts[dispute.FactSentAt] = sent
	}
	return item
}
