package salesforce

import (
	"fmt"
	"slices"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// tables are the org's records by their kind, oldest first.
func (o *Org) tables() map[string][]object {
	t := map[string][]object{"Contact": {}, "Case": {}, "CaseComment": {}, "EmailMessage": {}, "Task": {}}
	for _, c := range o.world.Customers() {
		t["Contact"] = append(t["Contact"], o.current(contact(c)))
	}
	for _, sale := range o.world.Orders() {
		if len(sale.Messages) == 0 { // a customer who said nothing
			continue
		}
		add := func(kind string, r object) { t[kind] = append(t[kind], r) }
		asked := sale.PaidAt.Add(o.world.Day() * 5)
		invoice(sale, asked, o.world.Day(), add)
	}
	t["Task"] = append(t["Task"], o.added()...)
	for kind := range t {
		slices.SortStableFunc(t[kind], func(a, b object) int { return a["at"].(time.Time).Compare(b["at"].(time.Time)) })
	}
	return t
}

// id is an id of Salesforce's length: a prefix for the kind and a number.
func id(prefix string, n int) string { return fmt.Sprintf("%s%012dAAA", prefix, n) }

func contactID(c world.Customer) string { return "003" + fmt.Sprintf("%012s", c.HubSpotID) + "AAA" }

func contact(c world.Customer) object {
	return object{
		"at": c.Since, "Id": contactID(c), "Name": c.Name, "Email": c.Email, "Phone": c.Phone, "MobilePhone": nil, "CreatedDate": stamp(c.Since),
		"MailingStreet": c.Address.Line1, "MailingCity": c.Address.City, "MailingState": c.Address.Region,
		"MailingPostalCode": c.Address.Postal, "MailingCountry": c.Address.Country, "Login__c": "login-" + c.HubSpotID,
	}
}

// invoice is a case about a sale's invoice: the customer's e-mail, which opened
// it, the answer, a remark among staff, and a call that was logged.
func invoice(sale world.Order, at time.Time, day time.Duration, add func(kind string, r object)) {
	n := sale.Number
	caseID, who := id("500", n), contactID(sale.Customer)
	subject := fmt.Sprintf("Invoice for order #%d", n)
	asked := fmt.Sprintf("Hello, please send me the invoice for my order #%d, I need it for my records.", n)
	add("Case", object{
		"at": at, "Id": caseID, "CaseNumber": fmt.Sprintf("%08d", n), "ContactId": who, "SuppliedEmail": sale.Customer.Email,
		"Subject": subject, "Description": asked, "Origin": "Email", "Status": "Closed", "CreatedDate": stamp(at), "Order_Number__c": sale.Name(),
	})
	email := func(k int, at time.Time, incoming bool, subject, text string) {
		from, to := "service@acme.example", sale.Customer.Email
		if incoming {
			from, to = to, from
		}
		add("EmailMessage", object{
			"at": at, "Id": id("02s", n*10+k), "ParentId": caseID, "ActivityId": nil, "Subject": subject, "TextBody": text, "Incoming": incoming,
			"FromAddress": from, "ToAddress": to, "Status": map[bool]string{true: "2", false: "3"}[incoming],
			"MessageDate": stamp(at), "CreatedDate": stamp(at),
		})
	}
	email(1, at, true, subject, asked)
	email(2, at.Add(day/8), false, "Re: "+subject, fmt.Sprintf("Thank you for your order #%d. The invoice is attached.", n))
	comment := func(k int, at time.Time, published bool, text string) {
		add("CaseComment", object{
			"at": at, "Id": id("00a", n*10+k), "ParentId": caseID, "CommentBody": text, "IsPublished": published,
			"CreatedDate": stamp(at), "CreatedBy.UserType": "Standard",
		})
	}
	comment(1, at.Add(day/16), false, "Checked with accounting, address is the one on the order.")
	comment(2, at.Add(day/4), true, fmt.Sprintf("The invoice for order #%d was sent to your e-mail address.", n))
	add("Task", object{
		"at": at.Add(day / 2), "Id": id("00T", n), "WhoId": who, "Subject": "Call", "TaskSubtype": "Call",
		"Description":       fmt.Sprintf("Asked whether the invoice for #%d came. It did.", n),
		"CompletedDateTime": stamp(at.Add(day / 2)), "CreatedDate": stamp(at.Add(day / 2)),
	})
}

// stamp writes a time as Salesforce does, with a zone that has no colon.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }
