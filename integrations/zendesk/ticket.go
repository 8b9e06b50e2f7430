package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// keyField is where an audit's custom metadata holds our key.
const keyField = "rebuttal_key"

// A ticket's audits are read in at most maxPages pages of pageSize, the most
// that Zendesk gives at once.
const (
	pageSize = "100"
	maxPages = 20
)

type ticketID struct {
	ID int64 `json:"id"`
}

// ticket is what we write of one.
type ticket struct {
	ExternalID string            `json:"external_id,omitempty"`
	Subject    string            `json:"subject,omitempty"`
	Priority   string            `json:"priority,omitempty"`
	Status     string            `json:"status,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Comment    *comment          `json:"comment,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
}

// comment is an internal note: its public field is always false.
type comment struct {
	Body   string `json:"body"`
	Public bool   `json:"public"`
}

func fields(t integrations.Ticket) ticket {
	return ticket{Subject: t.Subject, Priority: t.Priority, Status: t.Status, Tags: t.Tags}
}

// commented reports whether the ticket's audits hold a comment under key.
func (a *adapter) commented(ctx context.Context, key, id string) (bool, error) {
	query := url.Values{"page[size]": {pageSize}}
	for range maxPages {
		var page struct {
			Audits []struct {
				Metadata struct {
					Custom map[string]any `json:"custom"`
				} `json:"metadata"`
			} `json:"audits"`
			Meta struct {
				HasMore     bool   `json:"has_more"`
				AfterCursor string `json:"after_cursor"`
			} `json:"meta"`
		}
		err := a.do(ctx, vendorhttp.Request{
			Op: "list the audits of ticket " + id, Method: http.MethodGet,
			Path: "/api/v2/tickets/" + url.PathEscape(id) + "/audits", Query: query,
		}, &page)
		if err != nil {
			return false, err
		}
		for _, audit := range page.Audits {
			if audit.Metadata.Custom[keyField] == key {
				return true, nil
			}
		}
		if !page.Meta.HasMore {
			break
		}
		query.Set("page[after]", page.Meta.AfterCursor)
	}
	return false, nil
}

func (a *adapter) do(ctx context.Context, r vendorhttp.Request, out any) error {
	answer, err := a.client.Do(ctx, r, out)
	if err != nil {
		return refine(err, answer.Body)
	}
	return nil
}

var (
	codeWord  = regexp.MustCompile(`^[A-Za-z]{1,60}$`)
	fieldWord = regexp.MustCompile(`^[a-z_]{1,40}$`)
)

// refine adds Zendesk's error code and the names of the refused fields. Its
// descriptions stay out: they repeat what was sent.
func refine(err error, body []byte) error {
	var (
		e      *dispute.Error
		answer struct {
			Error   string                     `json:"error"`
			Details map[string]json.RawMessage `json:"details"`
		}
	)
	if !errors.As(err, &e) || json.Unmarshal(body, &answer) != nil || !codeWord.MatchString(answer.Error) {
		return err
	}
	refined := *e
	if answer.Error == "IdempotentRequestError" {
		refined.Kind = dispute.Conflict
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(answer.Details)), func(s string) bool { return !fieldWord.MatchString(s) })
	refined.Err = fmt.Errorf("%w: %s", e.Err, strings.Join(append([]string{answer.Error}, names...), " "))
	return &refined
}
