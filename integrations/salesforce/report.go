package salesforce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// maxSubject is the length of a task's subject (Object Reference, Task).
const maxSubject = 255

// markBegin begins the mark in the subject of a task of ours.
const markBegin = "[rb-"

// mark is how a task carries a key: SOQL cannot search descriptions.
func mark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return markBegin + hex.EncodeToString(sum[:8]) + "]"
}

// told are the facts of a report by the names that Settings.ReportFields may map.
var told = map[string]func(r integrations.Report) any{
	"amount":      func(r integrations.Report) any { return json.Number(r.Case.Amount().Decimal()) },
	"case_id":     func(r integrations.Report) any { return r.Case.ID },
	"currency":    func(r integrations.Report) any { return r.Case.Amount().Currency },
	"dispute_id":  func(r integrations.Report) any { return r.Case.Ref.ID },
	"due_at":      func(r integrations.Report) any { return timeOf(r.Case.Deadline.At) },
	"reason":      func(r integrations.Report) any { return words(string(r.Case.Family)) },
	"reason_code": func(r integrations.Report) any { return r.Case.View.Snapshot.NetworkCode },
	"reported_at": func(r integrations.Report) any { return timeOf(r.At) },
	"stage":       func(r integrations.Report) any { return words(string(r.Case.View.Snapshot.Stage)) },
	"status":      func(r integrations.Report) any { return status(r) },
	"url":         func(r integrations.Report) any { return r.URL },
}

// timeOf is nil, which empties a field, while a time is not known.
func timeOf(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// status is "opened", "escalated", or the outcome.
func status(r integrations.Report) string {
	if r.Moment == dispute.MomentDecided && r.Outcome != "" {
		return words(string(r.Outcome))
	}
	return string(r.Moment)
}

func checkReportFields(fields map[string]string) error {
	for fact, field := range fields {
		if _, ok := told[fact]; !ok {
			return fmt.Errorf("report_fields: %q is none of %s", fact, strings.Join(slices.Sorted(maps.Keys(told)), ", "))
		}
		if !fieldForm.MatchString(field) || strings.Contains(field, ".") {
			return fmt.Errorf("report_fields: %s: %q is no API name of a contact's own field, as in Dispute_Status__c", fact, field)
		}
	}
	return nil
}

// FindReport implements integrations.Reporter: it looks for the task by its mark,
// among the tasks that were made since. Without that bound an org with many tasks
// refuses the query (SOQL, "non-selective query").
func (a *adapter) FindReport(ctx context.Context, key string, r integrations.Report) (id string, found bool, err error) {
	var tasks []record
	since := r.At.Add(-time.Hour).UTC().Format(time.RFC3339)
	soql := "SELECT Id FROM Task WHERE CreatedDate >= " + since + " AND Subject LIKE " + quote("%"+mark(key)) + " LIMIT 1"
	if err := a.ask(ctx, query{"report", soql, &tasks}); err != nil || len(tasks) == 0 {
		return "", false, err
	}
	return tasks[0].text("Id"), true, nil
}

// Report implements integrations.Reporter: it logs a task with the customer's
// contact and writes the contact's mapped fields, both or neither. A customer
// without a contact gets a task of nobody's.
func (a *adapter) Report(ctx context.Context, key string, r integrations.Report) (id string, err error) {
	contact, err := a.contact(ctx, r.Case.Payment)
	if err != nil {
		return "", err
	}
	parts := []change{{http.MethodPost, a.root + "/sobjects/Task", "task", task(key, contact, r)}}
	if contact != "" && len(a.reportFields) > 0 {
		fields := map[string]any{}
		for fact, field := range a.reportFields {
			fields[field] = told[fact](r)
		}
		parts = append(parts, change{http.MethodPatch, a.root + "/sobjects/Contact/" + contact, "contact", fields})
	}
	return a.change(ctx, "report "+r.Case.ID, parts)
}

// contact is the id of the customer's oldest contact; empty when there is none.
func (a *adapter) contact(ctx context.Context, p *dispute.Payment) (id string, err error) {
	if p == nil || p.Email == "" {
		return "", nil
	}
	var contacts []record
	if err := a.ask(ctx, query{"contacts", contactsOf(p.Email, nil), &contacts}); err != nil {
		return "", err
	}
	i := slices.IndexFunc(contacts, func(c record) bool { return strings.EqualFold(c.text("Email"), p.Email) })
	if i < 0 || !idForm.MatchString(contacts[i].text("Id")) {
		return "", nil
	}
	return contacts[i].text("Id"), nil
}

// task is what is logged; it holds no personal data beyond the contact it is
// with.
func task(key, contact string, r integrations.Report) map[string]any {
	var text strings.Builder
	add := func(label, value string) {
		if value != "" {
			text.WriteString(label + ": " + value + "\n")
		}
	}
	add("Amount", r.Case.Amount().String())
	add("Reason", strings.TrimSpace(words(string(r.Case.Family))+" "+r.Case.View.Snapshot.NetworkCode))
	add("Stage", words(string(r.Case.View.Snapshot.Stage)))
	if due := r.Case.Deadline.At; !due.IsZero() {
		add("Answer by", due.UTC().Format("2006-01-02 15:04 UTC"))
	}
	add("Outcome", words(string(r.Outcome)))
	add("Step", r.Detail)
	add("Queue", r.Queue)
	add("Dispute", r.Case.Ref.String())
	add("Case", r.Case.ID)
	add("Link", r.URL)
	subject := []rune(fmt.Sprintf("Dispute %s: %s, %s", status(r), r.Case.Amount(), words(string(r.Case.Family))))
	subject = subject[:min(len(subject), maxSubject-len(mark(key))-1)]
	out := map[string]any{
		"Subject": string(subject) + " " + mark(key), "Description": text.String(), "Status": "Completed", "Priority": "Normal",
		"ActivityDate": r.At.UTC().Format(time.DateOnly),
	}
	if contact != "" {
		out["WhoId"] = contact
	}
	return out
}

// change is one write in a composite request.
type change struct {
	Method      string         `json:"method"`
	URL         string         `json:"url"`
	ReferenceID string         `json:"referenceId"`
	Body        map[string]any `json:"body"`
}

// change makes all changes or none in one request, and returns the id of what the
// first made.
func (a *adapter) change(ctx context.Context, op string, changes []change) (id string, err error) {
	var answer struct {
		Replies []reply `json:"compositeResponse"`
	}
	err = a.call(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: a.root + "/composite",
		JSON: map[string]any{"allOrNone": true, "compositeRequest": changes}, Write: true,
	}, &answer)
	if err != nil {
		return "", err
	}
	for _, r := range answer.Replies {
		if r.Status >= 300 && !strings.Contains(string(r.Body), "PROCESSING_HALTED") { // that is: another part failed
			e := dispute.Errorf(vendorhttp.KindOfStatus(r.Status, true), name+": "+op, "HTTP %d for the %s", r.Status, r.ReferenceID)
			return "", explain(e, r.Body)
		}
	}
	var made struct {
		ID string `json:"id"`
	}
	if len(answer.Replies) != len(changes) || json.Unmarshal(answer.Replies[0].Body, &made) != nil || made.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the answer names no task")
	}
	return made.ID, nil
}
