package braintree

import (
	"fmt"
	"strings"
	"time"
)

// xml is the notification of a dispute, in the elements of braintree_ruby's
// samples. Every value is ours and needs no escaping.
func (d *record) xml(kind string, at time.Time) string {
	var b strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	value := func(element, text string) {
		if text == "" {
			line(`<%s nil="true"/>`, element)
			return
		}
		line("<%s>%s</%[1]s>", element, text)
	}
	datetime := func(element string, at time.Time) {
		line(`<%s type="datetime">%s</%[1]s>`, element, at.Format(time.RFC3339))
	}
	line("<notification>")
	datetime("timestamp", at)
	value("kind", kind)
	line("<subject>\n<dispute>")
	value("id", d.ID)
	value("amount", decimal(d.Amount, d.sale.Currency))
	value("amount-disputed", decimal(d.Amount, d.sale.Currency))
	value("amount-won", decimal(d.won, d.sale.Currency))
	datetime("created-at", d.created)
	value("currency-iso-code", d.sale.Currency)
	value("kind", d.Kind)
	value("pre-dispute-program", d.Program)
	value("reason", d.Reason)
	value("reason-code", d.Code)
	line(`<received-date type="date">%s</received-date>`, d.created.Format(time.DateOnly))
	line(`<reply-by-date type="date">%s</reply-by-date>`, d.replyBy)
	value("status", d.status)
	datetime("updated-at", d.history[len(d.history)-1].at)
	value("original-dispute-id", d.Original)
	line(`<status-history type="array">`)
	for _, e := range d.history {
		line("<status-history>")
		value("status", e.status)
		datetime("timestamp", e.at)
		value("effective-date", e.at.Format(time.DateOnly))
		value("disbursement-date", e.disbursed)
		line("</status-history>")
	}
	line("</status-history>\n<evidence type=\"array\">")
	for _, e := range d.proofs {
		line("<evidence>")
		value("id", e.ID)
		line("</evidence>")
	}
	line("</evidence>\n<transaction>")
	value("id", d.txn)
	value("amount", decimal(d.sale.Total, d.sale.Currency))
	value("payment-instrument-subtype", brands[d.sale.CardBrand].subtype)
	line("</transaction>\n</dispute>\n</subject>\n</notification>")
	return b.String()
}
