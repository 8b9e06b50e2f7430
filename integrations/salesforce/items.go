package salesforce

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Who said a message.
const (
	fromCustomer = "from customer"
	toCustomer   = "to customer"
)

// facts are an item's facts; what is not known is left out.
type facts map[string]string

func (f facts) set(fact, value string) {
	if value != "" {
		f[fact] = value
	}
}

func (f facts) at(fact string, t time.Time) {
	if !t.IsZero() {
		f[fact] = t.UTC().Format(time.RFC3339)
	}
}

// custom adds what the fields of the settings hold. A fact whose name ends in
// "_at" is a time, and is left out when the field holds none.
func (f facts) custom(r record, fields map[string]string) {
	for fact, field := range fields {
		if strings.HasSuffix(fact, "_at") {
			f.at(fact, r.at(field))
		} else {
			f.set(fact, r.text(field))
		}
	}
}

func contactItem(r record, fields map[string]string) dispute.Item {
	f := facts{}
	f.set(dispute.FactCustomerName, r.text("Name"))
	f.set(dispute.FactCustomerEmail, r.text("Email"))
	f.set(dispute.FactCustomerPhone, cmp.Or(r.text("Phone"), r.text("MobilePhone")))
	f.at(dispute.FactCustomerSince, r.at("CreatedDate"))
	f.set("mailing_address", mailingAddress(r))
	f.custom(r, fields)
	return dispute.Item{ID: "contact:" + r.text("Id"), Kind: dispute.ItemCustomer, Title: "Contact in the CRM", At: r.at("CreatedDate"), Facts: f}
}

// mailingAddress is on one line: "10 Orchard Street, Portland, OR 97001, US".
func mailingAddress(r record) string {
	street := strings.ReplaceAll(r.text("MailingStreet"), "\n", ", ")
	region := strings.TrimSpace(r.text("MailingState") + " " + r.text("MailingPostalCode"))
	parts := []string{street, r.text("MailingCity"), region, r.text("MailingCountry")}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// messages are what was said in cases, e-mails and tasks. A case that an e-mail
// opened has the e-mail's text as its own, and a task that logs an e-mail has the
// e-mail beside it: these are told once, as the e-mail. Our own reports are none.
func (f found) messages(email string, caseFields map[string]string) []dispute.Item {
	numbers, mailed := map[string]record{}, map[string]bool{}
	for _, c := range f.cases {
		numbers[c.text("Id")] = c
	}
	for _, m := range f.emails {
		mailed[m.text("ParentId")+"\x00"+m.text("TextBody")] = true
		mailed[m.text("ActivityId")] = true
	}
	var out []dispute.Item
	for _, c := range f.cases {
		if !mailed[c.text("Id")+"\x00"+c.text("Description")] {
			out = append(out, caseItem(c, email, caseFields))
		}
	}
	for _, m := range f.emails {
		out = append(out, inCase(emailItem(m, email), numbers[m.text("ParentId")], caseFields))
	}
	for _, c := range f.comments {
		out = append(out, inCase(commentItem(c), numbers[c.text("ParentId")], caseFields))
	}
	for _, t := range f.tasks {
		if !mailed[t.text("Id")] && !strings.Contains(t.text("Subject"), markBegin) {
			out = append(out, taskItem(t))
		}
	}
	return out
}

// inCase adds what the fields of the settings say of the case that a message is
// in.
func inCase(item dispute.Item, c record, fields map[string]string) dispute.Item {
	facts(item.Facts).custom(c, fields)
	return item
}

// caseItem is how a case began. The words are the customer's when it came in
// under the customer's address, by a form or an e-mail; otherwise staff wrote
// them.
func caseItem(c record, email string, fields map[string]string) dispute.Item {
	f := facts{}
	if strings.EqualFold(c.text("SuppliedEmail"), email) {
		f.set(dispute.FactDirection, fromCustomer)
	}
	f.set(dispute.FactSubject, c.text("Subject"))
	f.set(dispute.FactText, c.text("Description"))
	f.custom(c, fields)
	return message("case:"+c.text("Id"), "Case "+c.text("CaseNumber"), c.at("CreatedDate"), f)
}

// commentItem is a comment on a case. One that is not published is among staff.
func commentItem(c record) dispute.Item {
	f := facts{}
	if c.yes("IsPublished") {
		f.set(dispute.FactDirection, directionOf(c.text("CreatedBy.UserType")))
	}
	f.set(dispute.FactText, c.text("CommentBody"))
	return message("comment:"+c.text("Id"), "Comment on a case", c.at("CreatedDate"), f)
}

// directionOf tells by the type of a comment's author. Customers write in a
// portal; a type that we do not know gives none, so that the comment is not sent.
func directionOf(userType string) string {
	switch userType {
	case "Standard":
		return toCustomer
	case "CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "CustomerPortalManager", "CustomerPortalUser":
		return fromCustomer
	}
	return ""
}

// emailItem is an e-mail. One between staff and somebody else has no direction.
func emailItem(m record, email string) dispute.Item {
	f := facts{}
	switch {
	case m.yes("Incoming") && names(m.text("FromAddress"), email):
		f.set(dispute.FactDirection, fromCustomer)
	case !m.yes("Incoming") && names(m.text("ToAddress"), email):
		f.set(dispute.FactDirection, toCustomer)
	}
	f.set(dispute.FactSubject, m.text("Subject"))
	f.set(dispute.FactText, m.text("TextBody"))
	return message("email:"+m.text("Id"), "E-mail", m.at("MessageDate"), f)
}

// names reports whether a list of addresses, which semicolons separate, has the
// address.
func names(list, email string) bool {
	return slices.ContainsFunc(strings.Split(list, ";"), func(one string) bool {
		a, err := mail.ParseAddress(strings.TrimSpace(one))
		return err == nil && strings.EqualFold(a.Address, email)
	})
}

// taskItem is a task or a logged call: staff's own words, without a direction.
func taskItem(t record) dispute.Item {
	f := facts{}
	f.set(dispute.FactSubject, t.text("Subject"))
	f.set(dispute.FactText, t.text("Description"))
	at := t.at("CompletedDateTime")
	if at.IsZero() {
		at = t.at("CreatedDate")
	}
	return message("task:"+t.text("Id"), "Task", at, f)
}

func message(id, title string, at time.Time, f facts) dispute.Item {
	if s := f[dispute.FactSubject]; s != "" {
		title += ": " + s
	}
	f.at(dispute.FactSentAt, at)
	return dispute.Item{ID: id, Kind: dispute.ItemCommunication, Title: title, At: at, Facts: f}
}

// aboutSale leaves out messages that say nothing, that are much older than the
// payment, and that are about other orders: by their case's field, or because
// they name other orders and not the payment's.
func aboutSale(messages []dispute.Item, p dispute.Payment) []dispute.Item {
	return slices.DeleteFunc(messages, func(m dispute.Item) bool {
		said := m.Facts[dispute.FactSubject] + " " + m.Facts[dispute.FactText]
		old := !p.At.IsZero() && m.At.Before(p.At.Add(-before))
		return strings.TrimSpace(said) == "" || old || ofOther(m, p) || namesOthers(said, p.OrderName)
	})
}

func ofOther(m dispute.Item, p dispute.Payment) bool {
	differ := func(theirs, ours string) bool {
		return theirs != "" && ours != "" && strings.TrimPrefix(theirs, "#") != strings.TrimPrefix(ours, "#")
	}
	return differ(m.Facts[dispute.FactOrderID], p.OrderID) || differ(m.Facts[dispute.FactOrderName], p.OrderName)
}

var (
	orderNumber = regexp.MustCompile(`^#?[0-9]+$`)
	mention     = regexp.MustCompile(`#[0-9]{3,}\b`)
)

// namesOthers reports whether the text names order numbers, and none of them is
// the order's own. Without a number of its own it cannot tell.
func namesOthers(text, order string) bool {
	if !orderNumber.MatchString(order) {
		return false
	}
	named := mention.FindAllString(text, -1)
	return len(named) > 0 && !slices.Contains(named, "#"+strings.TrimPrefix(order, "#"))
}
