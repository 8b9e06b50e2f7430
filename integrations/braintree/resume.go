package braintree

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// A mark stands for the id of a piece whose answer has not come: "sending since
// <time>".
const marked = "sending since "

func mark(now time.Time) string { return marked + now.UTC().Format(time.RFC3339) }

func isMark(id string) bool { return strings.HasPrefix(id, marked) }

// skew is how far Braintree's clock may be behind ours.
const skew = time.Minute

// found is the evidence at Braintree that no attempt of ours knows the id of.
type found struct{ list []wireEvidence }

type wireEvidence struct {
	Type      string `json:"__typename"`
	ID        string `json:"id"`
	Category  string `json:"category"`
	CreatedAt string `json:"createdAt"`
	Content   string `json:"content"`
}

// leftBehind reads the dispute's evidence when an earlier attempt does not know
// what became of a piece.
func (a *adapter) leftBehind(ctx context.Context, s integrations.Submission, pieces []piece) (*found, error) {
	if !slices.ContainsFunc(pieces, func(p piece) bool { return isMark(s.Uploaded[p.key]) }) {
		return &found{}, nil
	}
	var data struct {
		Node struct {
			Evidence []wireEvidence `json:"evidence"`
		} `json:"node"`
	}
	variables := map[string]any{"id": globalID("dispute", s.Case.Ref.ID)}
	r := vendorhttp.Request{Op: "read the evidence of " + s.Case.Ref.ID, JSON: document{evidenceQuery, variables}}
	if _, err := a.call(ctx, r, &data); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range s.Uploaded {
		known[id] = true
	}
	return &found{slices.DeleteFunc(data.Node.Evidence, func(e wireEvidence) bool { return known[e.ID] })}, nil
}

// take is the id of a piece that arrived although its answer did not; empty when
// it did not arrive. A text is known by its words. A file has no mark of its own
// at Braintree: it is one of its category that came since we began to send it.
func (f *found) take(p piece, mark string) string {
	since := instant(strings.TrimPrefix(mark, marked)).Add(-skew)
	at := slices.IndexFunc(f.list, func(e wireEvidence) bool {
		switch {
		case p.category != "" && e.Category != p.category, instant(e.CreatedAt).Before(since):
			return false
		case p.file == nil:
			return e.Type == "DisputeTextEvidence" && e.Content == p.text
		default:
			return e.Type == "DisputeFileEvidence"
		}
	})
	if at < 0 {
		return ""
	}
	id := f.list[at].ID
	f.list = slices.Delete(f.list, at, at+1)
	return id
}
