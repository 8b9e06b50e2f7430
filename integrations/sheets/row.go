package sheets

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// column is one column of the sheet. None holds personal data of a customer.
type column struct {
	title string
	value func(r integrations.Report) any
}

// columns follow the key, which is the first one.
var columns = []column{
	{"Key", nil},
	{"Time (UTC)", func(r integrations.Report) any { return stamp(r.At) }},
	{"Moment", func(r integrations.Report) any { return text(string(r.Moment)) }},
	{"Case", func(r integrations.Report) any { return text(r.Case.ID) }},
	{"Merchant", func(r integrations.Report) any { return text(r.Case.Merchant) }},
	{"Connection", func(r integrations.Report) any { return text(r.Case.Ref.Connection) }},
	{"Dispute", func(r integrations.Report) any { return text(r.Case.Ref.ID) }},
	{"Stage", func(r integrations.Report) any { return text(string(r.Case.View.Snapshot.Stage)) }},
	{"Reason", func(r integrations.Report) any { return text(string(r.Case.Family)) }},
	{"Network", func(r integrations.Report) any { return text(r.Case.View.Snapshot.Network) }},
	{"Reason code", func(r integrations.Report) any { return text(r.Case.View.Snapshot.NetworkCode) }},
	{"Amount", func(r integrations.Report) any { return amount(r.Case.Amount()) }},
	{"Currency", func(r integrations.Report) any { return text(r.Case.Amount().Currency) }},
	{"Answer by (UTC)", func(r integrations.Report) any { return stamp(r.Case.Deadline.At) }},
	{"Outcome", func(r integrations.Report) any { return text(string(r.Outcome)) }},
	{"Queue", func(r integrations.Report) any { return text(r.Queue) }},
	{"Rule", func(r integrations.Report) any { return text(r.Rule) }},
	{"Step", func(r integrations.Report) any { return text(r.Detail) }},
	{"Link", func(r integrations.Report) any { return text(r.URL) }},
}

// headRange are the cells of the first row.
var headRange = fmt.Sprintf("A1:%c1", 'A'+rune(len(columns)-1))

func titles() []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = c.title
	}
	return out
}

func row(key string, r integrations.Report) []any {
	out := []any{text(key)}
	for _, c := range columns[1:] {
		out = append(out, c.value(r))
	}
	return out
}

// text keeps a value from becoming a formula also where the sheet is opened
// later: exported as CSV, a cell that begins like one is one
// (OWASP, "CSV Injection"). Google shows the apostrophe, because RAW keeps it.
func text(s string) any {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// amount is a number that sheets can add up; nothing while it is not known.
func amount(m dispute.Money) any {
	if m.Currency == "" {
		return ""
	}
	return json.Number(m.Decimal())
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}
