package hubspot

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
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

func contactItem(o object) dispute.Item {
	f := facts{}
	f.set(dispute.FactCustomerName, strings.TrimSpace(o.Properties["firstname"]+" "+o.Properties["lastname"]))
	f.set(dispute.FactCustomerEmail, o.Properties["email"])
	f.set(dispute.FactCustomerPhone, o.Properties["phone"])
	since := o.at("createdate")
	f.at(dispute.FactCustomerSince, since)
	return dispute.Item{ID: "contact:" + o.ID, Kind: dispute.ItemCustomer, Title: "Contact in the CRM", At: since, Facts: f}
}

// noteItem is a note. Staff wrote it, about or to the customer, so it has no
// direction.
func noteItem(o object) dispute.Item {
	f := facts{}
	f.set(dispute.FactText, plainText(o.Properties["hs_note_body"]))
	return message("note", "Note "+o.ID, o, o.at("hs_timestamp"), f)
}

// ticketItem is a ticket. One that came in through a channel (e-mail, chat,
// form, phone) is the customer's; one that staff opened by hand has no
// direction.
func ticketItem(o object) dispute.Item {
	f := facts{}
	subject := plainText(o.Properties["subject"])
	f.set(dispute.FactSubject, subject)
	f.set(dispute.FactText, plainText(o.Properties["content"]))
	if o.Properties["source_type"] != "" {
		f.set(dispute.FactDirection, "from customer")
	}
	title := "Ticket " + o.ID
	if subject != "" {
		title += ": " + subject
	}
	return message("ticket", title, o, o.at("createdate"), f)
}

func message(prefix, title string, o object, at time.Time, f facts) dispute.Item {
	f.at(dispute.FactSentAt, at)
	return dispute.Item{ID: prefix + ":" + o.ID, Kind: dispute.ItemCommunication, Title: title, At: at, Facts: f}
}

// before is how long before a payment a message may have been about it.
const before = 30 * 24 * time.Hour

// aboutSale leaves out messages that say nothing, that are much older than the
// payment, and that name other orders and not the payment's.
func aboutSale(messages []dispute.Item, p dispute.Payment) []dispute.Item {
	var out []dispute.Item
	for _, m := range messages {
		said := m.Facts[dispute.FactSubject] + " " + m.Facts[dispute.FactText]
		old := !p.At.IsZero() && m.At.Before(p.At.Add(-before))
		if strings.TrimSpace(said) != "" && !old && !namesOthers(said, p.OrderName) {
			out = append(out, m)
		}
	}
	return out
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
