package salesforce

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// quote writes a value as a string of SOQL: inside, every character that ends
// it or begins an escape is escaped (Salesforce, "Quoted String Escape
// Sequences"). Control characters, which no address has, are dropped.
func quote(value string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range value {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r != 0x7f:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

func in(field string, values []string) string {
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		quoted = append(quoted, quote(v))
	}
	return field + " IN (" + strings.Join(quoted, ",") + ")"
}

func ids(records []record) []string {
	var out []string
	for _, r := range records {
		if id := r.text("Id"); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// withFields adds the fields that the settings name, once each.
func withFields(standard string, custom map[string]string) string {
	fields := strings.Split(standard, ", ")
	for _, f := range slices.Sorted(maps.Values(custom)) {
		if !slices.ContainsFunc(fields, func(known string) bool { return strings.EqualFold(known, f) }) {
			fields = append(fields, f)
		}
	}
	return strings.Join(fields, ", ")
}

// since bounds a query to what may be about the payment.
func since(p dispute.Payment) string {
	if p.At.IsZero() {
		return ""
	}
	return " AND CreatedDate >= " + p.At.Add(-before).UTC().Format(time.RFC3339)
}

func contactsOf(email string, custom map[string]string) string {
	const fields = "Id, Name, Email, Phone, MobilePhone, CreatedDate, MailingStreet, MailingCity, MailingState, MailingPostalCode, MailingCountry"
	return fmt.Sprintf("SELECT %s FROM Contact WHERE Email = %s ORDER BY CreatedDate, Id LIMIT %d",
		withFields(fields, custom), quote(email), maxContacts)
}

// casesOf asks for the contacts' cases and for those that came in under the
// address without a contact.
func casesOf(p dispute.Payment, contacts []string, custom map[string]string) string {
	const fields = "Id, CaseNumber, Subject, Description, SuppliedEmail, CreatedDate"
	who := "SuppliedEmail = " + quote(p.Email)
	if len(contacts) > 0 {
		who = "(" + in("ContactId", contacts) + " OR " + who + ")"
	}
	return fmt.Sprintf("SELECT %s FROM Case WHERE %s%s ORDER BY CreatedDate, Id LIMIT %d",
		withFields(fields, custom), who, since(p), maxCases)
}

func tasksOf(p dispute.Payment, contacts []string) string {
	return fmt.Sprintf("SELECT Id, Subject, Description, TaskSubtype, CompletedDateTime, CreatedDate FROM Task WHERE %s%s ORDER BY CreatedDate, Id LIMIT %d",
		in("WhoId", contacts), since(p), maxCases)
}

func commentsOn(cases []string) string {
	return fmt.Sprintf("SELECT Id, ParentId, CommentBody, IsPublished, CreatedDate, CreatedBy.UserType FROM CaseComment WHERE %s ORDER BY CreatedDate, Id LIMIT %d",
		in("ParentId", cases), maxMessages)
}

// emailsOf asks for the e-mails of cases and for those behind tasks. Status 5 is
// a draft, which nobody got.
func emailsOf(cases, tasks []string) string {
	var of []string
	if len(cases) > 0 {
		of = append(of, in("ParentId", cases))
	}
	if len(tasks) > 0 {
		of = append(of, in("ActivityId", tasks))
	}
	return fmt.Sprintf("SELECT Id, ParentId, ActivityId, Subject, TextBody, Incoming, FromAddress, ToAddress, MessageDate FROM EmailMessage WHERE (%s) AND Status != '5' ORDER BY MessageDate, Id LIMIT %d",
		strings.Join(of, " OR "), maxMessages)
}
