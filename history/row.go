package history

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// RowError is what is wrong with one cell or one row. It never quotes the file.
type RowError struct {
	Row    int    `json:"row"`              // from 1; a CSV file's header is row 1
	Column string `json:"column,omitempty"` // empty when it is about the whole row
	Reason string `json:"reason"`
	Mend   string `json:"mend"`
}

// maxCell bounds a text that is kept, in bytes.
const maxCell = 200

// reading turns the cells of one row into a Past.
type reading struct {
	*plan
	row    int
	cell   func(column string) string
	errors []RowError
}

func (p *plan) read(row int, cell func(string) string) (Past, []RowError) {
	r := &reading{plan: p, row: row, cell: cell}
	currency := r.currency()
	out := Past{
		Ref:         dispute.Ref{Connection: r.name(fieldConnection), ID: r.name(fieldID)},
		Provider:    strings.ToLower(r.name(fieldProvider)),
		Merchant:    r.text(fieldMerchant),
		Amount:      r.money(fieldAmount, currency),
		Reason:      r.text(fieldReason),
		Network:     networks.Network(r.text(fieldNetwork)),
		NetworkCode: r.text(fieldCode),
		Stage:       dispute.Stage(r.word(fieldStage, "")),
		OpenedAt:    r.time(fieldOpened),
		DueAt:       r.time(fieldDue),
		DecidedAt:   r.time(fieldDecided),
		Response:    dispute.Response(r.word(fieldResponse, "none")),
		Outcome:     Outcome(r.word(fieldOutcome, "none")),
		Strength:    r.strength(),
		Customer:    CustomerKey(r.name(fieldCustomer)),
		Product:     r.text(fieldProduct),
		Country:     r.country(),
		Refunded:    r.money(fieldRefunded, currency),
		Fees:        r.money(fieldFees, currency),
	}
	if out.Stage == "" {
		out.Stage = dispute.StageChargeback
	}
	out.Family = networks.Family(dispute.Snapshot{Reason: out.Reason, Network: out.Network, NetworkCode: out.NetworkCode})
	r.judge(out)
	return out, r.errors
}

// judge looks at what only the whole row tells.
func (r *reading) judge(p Past) {
	for _, f := range fields {
		if f.Required && r.told(f.Name) == "" {
			mend := "fill it, or name a value under defaults"
			if r.columns[f.Name] == "" {
				mend = "map a column to " + f.Name + ", or name a value under defaults"
			}
			r.bad(f.Name, "there is no "+f.Name, mend)
		}
	}
	switch {
	case p.OpenedAt.IsZero():
	case !p.DecidedAt.IsZero() && p.DecidedAt.Before(p.OpenedAt):
		r.bad(fieldDecided, "it was decided before it was opened", "look whether the columns of dates are mixed up, or day and month")
	case !p.DueAt.IsZero() && p.DueAt.Before(p.OpenedAt.AddDate(0, 0, -1)):
		r.bad(fieldDue, "it was due before it was opened", "look whether the columns of dates are mixed up, or day and month")
	}
	if p.Outcome == Won && p.Response == dispute.ResponseAccept {
		r.bad(fieldOutcome, "it was accepted and won", "a dispute that was given up is lost: mend the one or the other")
	}
}

func (r *reading) bad(field, reason, mend string) {
	column := r.columns[field]
	if column == "" && field != "" {
		column = field + " (by default)"
	}
	r.errors = append(r.errors, RowError{Row: r.row, Column: column, Reason: reason, Mend: mend})
}

// raw is a field's cell without outer spaces, or its default.
func (r *reading) raw(field string) string {
	if column := r.columns[field]; column != "" {
		if cell := strings.TrimSpace(r.cell(column)); cell != "" {
			return cell
		}
	}
	return r.Defaults[field]
}

// told is a field's cell, translated where the mapping has its word.
func (r *reading) told(field string) string {
	cell, _ := r.plan.word(field, r.raw(field))
	return cell
}

// name is a field that is kept or hashed whole: a card number in it is refused,
// because a part of it would name nothing.
func (r *reading) name(field string) string {
	cell := r.valid(field)
	if _, cards := evidence.MaskCards(cell); cards > 0 {
		r.bad(field, "it looks like a card number", "map another column: card numbers are not taken in, not even hashed")
		return ""
	}
	return cell
}

// text is a field in words, with card numbers hidden.
func (r *reading) text(field string) string {
	cell, _ := evidence.MaskCards(r.valid(field))
	return cell
}

func (r *reading) valid(field string) string {
	cell := r.told(field)
	switch {
	case !utf8.ValidString(cell) || strings.ContainsRune(cell, 0):
		r.bad(field, "it is not UTF-8 text", "save the file as UTF-8")
		return ""
	case len(cell) > maxCell:
		r.bad(field, "it is longer than "+strconv.Itoa(maxCell)+" bytes", "map another column, or shorten it")
		return ""
	}
	return cell
}

// word is a field of a closed list; none says nothing.
func (r *reading) word(field, none string) string {
	cell := r.raw(field)
	if cell == "" {
		return ""
	}
	our, ok := r.plan.word(field, cell)
	if !ok {
		r.bad(field, "its word is not known", "say under values: "+field+": which of "+strings.Join(allowed(field), ", ")+" it is")
		return ""
	}
	if our == none {
		return ""
	}
	return our
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func (r *reading) currency() string {
	code := strings.ToUpper(r.told(fieldCurrency))
	if code != "" && !currencyCode.MatchString(code) {
		r.bad(fieldCurrency, "it is no currency", "write three letters of ISO 4217, such as USD")
		return ""
	}
	return code
}

func (r *reading) country() string {
	code := strings.ToUpper(r.told(fieldCountry))
	if code != "" && (len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		r.bad(fieldCountry, "it is no country", "write two letters of ISO 3166, such as DE, or translate it under values")
		return ""
	}
	return code
}

func (r *reading) strength() int {
	cell := r.told(fieldStrength)
	if cell == "" {
		return 0
	}
	n, err := strconv.Atoi(cell)
	if err != nil || n < 0 || n > 4 {
		r.bad(fieldStrength, "it is not a whole number from 0 to 4", "translate it under values, or leave the column out")
		return 0
	}
	return n
}

func (r *reading) time(field string) time.Time {
	cell := r.raw(field)
	if cell == "" {
		return time.Time{}
	}
	for _, layout := range r.layouts {
		at, err := r.parseTime(field, layout, cell)
		if err == nil && at.Year() >= 1990 && at.Year() < 2100 {
			return at.UTC()
		}
	}
	r.bad(field, "it is no date that the mapping knows", "add its format under dates, such as DD.MM.YYYY HH:mm")
	return time.Time{}
}

// parseTime reads a date. Of a day without a time it takes what is safe: an answer
// is due by its beginning anywhere, a verdict is known at its end.
func (r *reading) parseTime(field, layout, cell string) (time.Time, error) {
	if layout == unix {
		seconds, err := strconv.ParseInt(cell, 10, 64)
		return time.Unix(seconds, 0), err
	}
	at, err := time.ParseInLocation(layout, cell, r.zone)
	if err != nil || strings.Contains(layout, "04") {
		return at, err
	}
	switch field {
	case fieldDue:
		return dispute.StartOfDayAnywhere(at.Year(), at.Month(), at.Day()), nil
	case fieldDecided:
		return time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, at.Location()).Add(-time.Second), nil
	}
	return at, nil
}

// whole is an amount before its decimals: bare, or in groups of three.
var whole = regexp.MustCompile(`^[0-9]+$|^[0-9]{1,3}(?:([.,' \x{a0}\x{202f}])[0-9]{3})+$`)

func (r *reading) money(field, currency string) dispute.Money {
	cell := r.raw(field)
	if cell == "" || currency == "" {
		return dispute.Money{}
	}
	m, ok := r.amount(cell, currency)
	if !ok {
		r.bad(field, "it is no amount of "+currency, "write a plain number without sign and currency; look at decimal (now "+strconv.Quote(r.Decimal)+") and amounts (now "+r.Amounts+") in the mapping")
	}
	return m
}

func (r *reading) amount(cell, currency string) (dispute.Money, bool) {
	if r.Amounts == "minor" {
		minor, err := strconv.ParseInt(cell, 10, 64)
		return dispute.Money{Minor: minor, Currency: currency}, err == nil && minor >= 0
	}
	head, decimals, _ := strings.Cut(cell, r.Decimal)
	groups := whole.FindStringSubmatch(head)
	if groups == nil || groups[1] == r.Decimal || oneMark(head) > 1 {
		return dispute.Money{}, false
	}
	digits := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, head)
	// Files write 500.00 JPY and 12.500 USD: zeros beyond the currency's own
	// decimals say nothing.
	for len(decimals) > dispute.Exponent(currency) && strings.HasSuffix(decimals, "0") {
		decimals = decimals[:len(decimals)-1]
	}
	if decimals != "" {
		digits += "." + decimals
	}
	m, err := dispute.ParseMoney(digits + " " + currency)
	return m, err == nil && m.Minor >= 0
}

// oneMark counts the different marks between groups of digits.
func oneMark(s string) int {
	var marks []rune
	for _, c := range s {
		if (c < '0' || c > '9') && !slices.Contains(marks, c) {
			marks = append(marks, c)
		}
	}
	return len(marks)
}
