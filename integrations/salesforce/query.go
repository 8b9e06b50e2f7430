package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// The bounds of one gathering. A query gives up to 2,000 records at once, so
// that none of ours has a second page.
const (
	maxContacts = 5
	maxCases    = 100
	maxMessages = 500
)

// before is how long before a payment a message may have been about it.
const before = 30 * 24 * time.Hour

// record is one record of a query, by the names of its fields; a record behind a
// relationship is a record itself.
type record map[string]any

// text is a field's value as text, without characters that no page shows; path
// may lead through relationships.
func (r record) text(path string) string {
	name, rest, deeper := strings.Cut(path, ".")
	switch v := r[name].(type) {
	case map[string]any:
		if deeper {
			return record(v).text(rest)
		}
	case string:
		return strings.TrimSpace(strings.Map(shown, v))
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func shown(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

func (r record) yes(name string) bool { return r[name] == true }

// at is a field that holds a time. Salesforce writes the zone without a colon.
func (r record) at(name string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339} {
		if t, err := time.Parse(layout, r.text(name)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// found is what one gathering read.
type found struct {
	contacts, cases, comments, emails, tasks []record
}

// read asks in three requests: for the contacts; for their cases and tasks; and
// for what was said in these. Its error is the first there was.
func (a *adapter) read(ctx context.Context, p dispute.Payment) (f found, err error) {
	if err := a.ask(ctx, query{"contacts", contactsOf(p.Email, a.contactFields), &f.contacts}); err != nil {
		return f, err
	}
	f.contacts = slices.DeleteFunc(f.contacts, func(r record) bool { return !strings.EqualFold(r.text("Email"), p.Email) })
	people := ids(f.contacts)
	next := []query{{"cases", casesOf(p, people, a.caseFields), &f.cases}}
	if len(people) > 0 {
		next = append(next, query{"tasks", tasksOf(p, people), &f.tasks})
	}
	if err = a.ask(ctx, next...); vendorAway(err) {
		return f, err
	}
	next = nil
	cases, tasks := ids(f.cases), ids(f.tasks)
	if len(cases) > 0 {
		next = append(next, query{"comments", commentsOn(cases), &f.comments})
	}
	if len(cases)+len(tasks) > 0 {
		next = append(next, query{"emails", emailsOf(cases, tasks), &f.emails})
	}
	if len(next) == 0 {
		return f, err
	}
	return f, firstOf(err, a.ask(ctx, next...))
}

// vendorAway tells an error after which asking on is of no use.
func vendorAway(err error) bool {
	if err == nil {
		return false
	}
	kind := dispute.KindOf(err)
	return kind == dispute.Transient || kind == dispute.RateLimited
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// query is one SOQL query; its records go to out.
type query struct {
	name string // of its part of the answer, and for errors
	soql string
	out  *[]record
}

// question and reply are one query in a composite request and in its answer.
type question struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	ReferenceID string `json:"referenceId"`
}

type reply struct {
	Body        json.RawMessage `json:"body"`
	Status      int             `json:"httpStatusCode"`
	ReferenceID string          `json:"referenceId"`
}

// ask makes the queries in one composite request: their text travels in its
// body, because addresses of pages end up in logs. The queries fail apart from
// each other; the first failure is the error.
func (a *adapter) ask(ctx context.Context, queries ...query) error {
	questions := make([]question, 0, len(queries))
	for _, q := range queries {
		// Escaped, no value can be read as a reference, @{…}, to another answer.
		questions = append(questions, question{http.MethodGet, a.root + "/query?q=" + url.QueryEscape(q.soql), q.name})
	}
	var answer struct {
		Replies []reply `json:"compositeResponse"`
	}
	err := a.call(ctx, vendorhttp.Request{
		Op: "read " + queries[0].name, Method: http.MethodPost, Path: a.root + "/composite",
		JSON: map[string]any{"allOrNone": false, "compositeRequest": questions},
	}, &answer)
	if err != nil {
		return err
	}
	for _, q := range queries {
		err = firstOf(err, q.take(answer.Replies))
	}
	return err
}

// take finds the query's own reply and keeps its records.
func (q query) take(replies []reply) error {
	op := name + ": read " + q.name
	i := slices.IndexFunc(replies, func(r reply) bool { return r.ReferenceID == q.name })
	if i < 0 {
		return dispute.Errorf(dispute.Transient, op, "the answer leaves it out")
	}
	r := replies[i]
	if r.Status != http.StatusOK {
		e := dispute.Errorf(vendorhttp.KindOfStatus(r.Status, false), op, "HTTP %d", r.Status)
		return explain(e, r.Body)
	}
	var page struct {
		Records []record `json:"records"`
	}
	if json.Unmarshal(r.Body, &page) != nil {
		return dispute.Errorf(dispute.Transient, op, "the answer is not the JSON we know")
	}
	*q.out = page.Records
	return nil
}

func (a *adapter) call(ctx context.Context, r vendorhttp.Request, out any) error {
	answer, err := a.http.Do(ctx, r, out)
	if err != nil {
		return explain(err, answer.Body)
	}
	return nil
}

var codeForm = regexp.MustCompile(`^[A-Z][A-Z_]{1,60}$`)

// explain adds Salesforce's error code. Its messages stay out: they quote the
// query. A session that ended is no bad credential, because the next attempt
// gets a new token; the org's spent allowance of requests comes as a refusal.
func explain(err error, body []byte) error {
	var (
		e        *dispute.Error
		refusals []struct {
			Code string `json:"errorCode"`
		}
	)
	if !errors.As(err, &e) || json.Unmarshal(body, &refusals) != nil || len(refusals) == 0 || !codeForm.MatchString(refusals[0].Code) {
		return err
	}
	out := *e
	switch refusals[0].Code {
	case "INVALID_SESSION_ID":
		out.Kind = dispute.Transient
	case "REQUEST_LIMIT_EXCEEDED":
		out.Kind = dispute.RateLimited
	}
	out.Err = fmt.Errorf("%w: %s", e.Err, refusals[0].Code)
	return &out
}
