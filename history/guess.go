package history

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// names are the columns by which files call our fields, in plain form, the
// likeliest first.
var names = map[string][]string{
	fieldID:         {"dispute_id", "id", "chargeback_id", "case_id", "case_number", "dispute_psp_reference", "psp_reference", "dispute", "reference"},
	fieldConnection: {"connection", "account", "account_name"},
	fieldProvider:   {"provider", "psp", "processor", "gateway", "vendor"},
	fieldMerchant:   {"merchant", "merchant_id", "merchant_account"},
	fieldOpened:     {"opened", "opened_at", "dispute_created", "dispute_created_utc", "created", "created_utc", "created_at", "dispute_date", "chargeback_date", "record_date", "date_opened", "open_date", "received_date", "date"},
	fieldDue:        {"due", "due_at", "due_by", "due_by_utc", "evidence_due_by", "evidence_due_by_utc", "deadline", "reply_by", "respond_by", "due_date", "dispute_evidence_due_utc"},
	fieldDecided:    {"decided", "decided_at", "closed", "closed_at", "resolved_at", "date_closed", "close_date", "resolution_date", "outcome_date"},
	fieldAmount:     {"dispute_amount", "disputed_amount", "amount", "chargeback_amount", "amount_minor", "amount_cents", "amount_value", "value"},
	fieldCurrency:   {"dispute_currency", "currency", "disputed_amount_currency", "chargeback_currency", "amount_currency", "currency_code"},
	fieldReason:     {"reason", "dispute_reason", "reason_description", "chargeback_reason", "category"},
	fieldNetwork:    {"network", "card_network", "card_brand", "brand", "scheme", "payment_method", "card_type"},
	fieldCode:       {"reason_code", "network_reason_code", "chargeback_reason_code", "code"},
	fieldStage:      {"stage", "dispute_stage", "dispute_type", "type", "cycle"},
	fieldResponse:   {"response", "our_response", "answer", "defended", "is_countered", "has_evidence"},
	fieldOutcome:    {"outcome", "result", "dispute_status", "status", "resolution", "verdict"},
	fieldStrength:   {"strength", "evidence_strength"},
	fieldCustomer:   {"customer_id", "customer", "customer_email", "email", "shopper_reference", "buyer_id", "shopper_email"},
	fieldProduct:    {"product", "product_name", "product_type", "sku", "item"},
	fieldCountry:    {"country", "customer_country", "card_country", "billing_country", "issuer_country"},
	fieldRefunded:   {"refunded", "refunded_amount", "amount_refunded"},
	fieldFees:       {"fees", "fee", "dispute_fee", "chargeback_fee"},
}

// dateFormats are tried on a file's dates, the likeliest first.
var dateFormats = []string{
	"YYYY-MM-DD HH:mm:ss", "YYYY-MM-DD HH:mm", "YYYY-MM-DD", "YYYY/MM/DD",
	"DD.MM.YYYY HH:mm:ss", "DD.MM.YYYY HH:mm", "DD.MM.YYYY",
	"DD/MM/YYYY HH:mm:ss", "DD/MM/YYYY HH:mm", "DD/MM/YYYY", "MM/DD/YYYY HH:mm:ss", "MM/DD/YYYY HH:mm", "MM/DD/YYYY",
	"M/D/YYYY HH:mm", "M/D/YYYY", "D/M/YYYY HH:mm", "D/M/YYYY", "DD MMM YYYY", "MMM D, YYYY", "YYYYMMDD", unix,
}

// sampled is how many rows a guess looks at.
const sampled = 50

// Guess proposes a mapping from a file's header and first rows, with defaults that
// are known already. The notes say what a person should look at.
func Guess(r io.Reader, format Format, defaults map[string]string) (m Mapping, notes []string, err error) {
	m.Defaults = defaults
	var columns []string
	var rows []map[string]string
	switch format {
	case JSONL:
		columns, rows = sampleJSON(r)
	case CSV:
		m.Delimiter, columns, rows = sampleCSV(r)
	default:
		return m, nil, dispute.Errorf(dispute.Invalid, opRead, "the format %q is neither csv nor jsonl", format)
	}
	if len(columns) == 0 {
		return m, nil, dispute.Errorf(dispute.Invalid, opRead, "the file has no columns to guess from")
	}
	g := guess{m: &m, rows: rows}
	g.columns(columns)
	g.dates()
	g.amounts()
	g.values()
	g.answers()
	return m, g.notes, nil
}

func sampleCSV(r io.Reader) (delimiter string, columns []string, rows []map[string]string) {
	in := bufio.NewReaderSize(skipMark(r), maxRow)
	head, _ := in.Peek(4096)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	comma := ','
	for _, other := range ";\t|" {
		if bytes.Count(line, []byte(string(other))) > bytes.Count(line, []byte(string(comma))) {
			comma = other
		}
	}
	if comma != ',' {
		delimiter = string(comma)
	}
	file, limit := newCSV(in, comma)
	header, err := file.Read()
	if err != nil {
		return delimiter, nil, nil
	}
	for _, name := range header {
		columns = append(columns, strings.TrimSpace(name))
	}
	for range sampled {
		limit.reset()
		record, err := file.Read()
		if err != nil {
			break
		}
		row := map[string]string{}
		for i, cell := range record[:min(len(record), len(columns))] {
			row[columns[i]] = strings.TrimSpace(cell)
		}
		rows = append(rows, row)
	}
	return delimiter, columns, rows
}

func sampleJSON(r io.Reader) (columns []string, rows []map[string]string) {
	lines := bufio.NewScanner(skipMark(r))
	lines.Buffer(nil, maxRow)
	seen := map[string]bool{}
	for len(rows) < sampled && lines.Scan() {
		if cells, err := flatten(lines.Bytes()); err == nil {
			rows = append(rows, cells)
			for key := range cells {
				seen[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), rows
}

type guess struct {
	m     *Mapping
	rows  []map[string]string
	notes []string
}

func (g *guess) note(text string) { g.notes = append(g.notes, text) }

func (g *guess) columns(columns []string) {
	g.m.Columns = map[string]string{}
	for _, f := range fields {
		for _, name := range names[f.Name] {
			i := slices.IndexFunc(columns, func(c string) bool { return plain(c) == name && g.m.Columns[c] == "" })
			if i >= 0 {
				g.m.Columns[columns[i]] = f.Name
				break
			}
		}
		if f.Required && g.column(f.Name) == "" && g.m.Defaults[f.Name] == "" {
			g.note("no column looks like " + f.Name + " (" + f.Doc + "): map one, or name a value under defaults")
		}
	}
}

func (g *guess) column(field string) string {
	for column, f := range g.m.Columns {
		if f == field {
			return column
		}
	}
	return ""
}

// cells are the samples of a field, without empty ones.
func (g *guess) cells(field string) []string {
	column := g.column(field)
	var out []string
	for _, row := range g.rows {
		if cell := row[column]; column != "" && cell != "" {
			out = append(out, cell)
		}
	}
	return out
}

func (g *guess) dates() {
	cells := slices.Concat(g.cells(fieldOpened), g.cells(fieldDue), g.cells(fieldDecided))
	cells = slices.DeleteFunc(cells, func(c string) bool {
		_, err := time.Parse(time.RFC3339, c)
		return err == nil
	})
	for len(cells) > 0 {
		best, left := "", cells
		for _, format := range dateFormats {
			if rest := unread(format, cells); len(rest) < len(left) {
				best, left = format, rest
			}
		}
		if best == "" {
			g.note("some dates have a format that is not known: add it under dates")
			return
		}
		g.m.Dates = append(g.m.Dates, best)
		if swapped := strings.NewReplacer("DD/MM", "MM/DD", "MM/DD", "DD/MM", "M/D", "D/M", "D/M", "M/D").Replace(best); swapped != best && len(unread(swapped, cells)) == len(left) {
			g.note("dates such as 03/04/2026 can be read two ways: look whether " + best + " or " + swapped + " is right")
		}
		cells = left
	}
}

// unread are the cells that a format does not read.
func unread(format string, cells []string) []string {
	p, err := Mapping{Dates: []string{format}}.compile()
	if err != nil {
		panic("history: a date format of our own: " + err.Error())
	}
	r := reading{plan: p}
	return slices.DeleteFunc(slices.Clone(cells), func(cell string) bool {
		at, err := r.parseTime(fieldOpened, p.layouts[0], cell)
		return err == nil && at.Year() >= 1990 && at.Year() < 2100
	})
}

var (
	commaDecimals = regexp.MustCompile(`^[0-9. ']*,[0-9]{2}$`)
	pointDecimals = regexp.MustCompile(`^[0-9, ']*\.[0-9]{2}$`)
	// eitherWay has one mark before three digits, or none: nothing tells whether
	// decimals or thousands are behind it.
	eitherWay = regexp.MustCompile(`^[0-9]+$|^[0-9]{1,3}[.,][0-9]{3}$`)
)

// count is how many cells fit.
func count(cells []string, form *regexp.Regexp) int {
	n := 0
	for _, c := range cells {
		if form.MatchString(c) {
			n++
		}
	}
	return n
}

func (g *guess) amounts() {
	cells := g.cells(fieldAmount)
	if len(cells) == 0 {
		return
	}
	name := plain(g.column(fieldAmount))
	bare := !slices.ContainsFunc(cells, func(c string) bool { return strings.ContainsAny(c, ".,") })
	switch {
	case count(cells, commaDecimals) > count(cells, pointDecimals):
		g.m.Decimal = ","
	case strings.Contains(name, "minor") || strings.Contains(name, "cents"):
		g.m.Amounts = "minor"
	case bare:
		g.m.Amounts = "major"
		g.note("amounts have no decimals: write amounts: minor if 1250 means 12.50")
	case count(cells, eitherWay) == len(cells):
		g.note(`amounts such as 1,250 and 1.250 can be read two ways: look whether decimal is "." or ","`)
	}
}

// answers looks whether odds could learn from the verdicts.
func (g *guess) answers() {
	if g.column(fieldOutcome) != "" && g.column(fieldResponse) == "" && g.m.Defaults[fieldResponse] == "" {
		g.note("no column looks like response: verdicts without one teach the odds nothing; map one, or name a value under defaults")
	}
}

// values lists the words of the samples that are not known, for a person to
// translate.
func (g *guess) values() {
	p, err := Mapping{}.compile()
	if err != nil {
		panic("history: the empty mapping: " + err.Error())
	}
	for _, field := range []string{fieldStage, fieldResponse, fieldOutcome} {
		for _, cell := range g.cells(field) {
			if _, ok := p.word(field, cell); ok || len(cell) > maxCell {
				continue
			}
			note := field + " has a word that is not known: translate " + plain(cell) + " under values to one of " + strings.Join(allowed(field), ", ")
			if !slices.Contains(g.notes, note) {
				g.note(note)
			}
		}
	}
}
