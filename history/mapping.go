package history

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The fields that a column can fill.
const (
	fieldID         = "id"
	fieldConnection = "connection"
	fieldProvider   = "provider"
	fieldMerchant   = "merchant"
	fieldOpened     = "opened"
	fieldDue        = "due"
	fieldDecided    = "decided"
	fieldAmount     = "amount"
	fieldCurrency   = "currency"
	fieldReason     = "reason"
	fieldNetwork    = "network"
	fieldCode       = "code"
	fieldStage      = "stage"
	fieldResponse   = "response"
	fieldOutcome    = "outcome"
	fieldStrength   = "strength"
	fieldCustomer   = "customer"
	fieldProduct    = "product"
	fieldCountry    = "country"
	fieldRefunded   = "refunded"
	fieldFees       = "fees"
)

// Field is one thing that an import can tell of a dispute.
type Field struct {
	Name     string
	Required bool
	Doc      string
}

var fields = []Field{
	{fieldID, true, "the provider's id of the dispute"},
	{fieldConnection, true, "the connection's name; --connection or defaults can name it for all rows"},
	{fieldProvider, false, "the vendor: stripe, adyen, …"},
	{fieldMerchant, false, "the merchant's id in the configuration"},
	{fieldOpened, true, "when the dispute was opened"},
	{fieldDue, false, "until when an answer was possible"},
	{fieldDecided, false, "when the verdict came; odds learn only from disputes that have it"},
	{fieldAmount, true, "the disputed amount"},
	{fieldCurrency, true, "ISO 4217"},
	{fieldReason, false, "the provider's reason"},
	{fieldNetwork, false, "visa, mastercard, amex, …"},
	{fieldCode, false, "the network's reason code: 10.4, 4853"},
	{fieldStage, false, "inquiry, chargeback, pre_arbitration, arbitration"},
	{fieldResponse, false, "contest, accept or none"},
	{fieldOutcome, false, "won or lost; empty while undecided"},
	{fieldStrength, false, "how complete the evidence was, 0 to 4"},
	{fieldCustomer, false, "who paid: an id or an e-mail address; only its hash is kept"},
	{fieldProduct, false, "what was sold"},
	{fieldCountry, false, "ISO 3166-1, two letters"},
	{fieldRefunded, false, "what was given back before the dispute, in the same currency"},
	{fieldFees, false, "what the dispute cost beside the amount, in the same currency"},
}

// Fields lists what a mapping can fill.
func Fields() []Field { return slices.Clone(fields) }

func fieldNames() []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// Mapping says how a file is to be read. Its zero value maps nothing; Guess
// proposes one from a header.
type Mapping struct {
	// Columns leads from the file's columns to our fields. A value inside a JSON
	// object is named by its path: "payment.card.network".
	Columns map[string]string `yaml:"columns"`
	// Defaults are values of fields whose cell is empty or has no column.
	Defaults map[string]string `yaml:"defaults,omitempty"`
	// Dates are formats such as "DD.MM.YYYY HH:mm" or "unix", tried in their
	// order. RFC 3339 and YYYY-MM-DD are always understood.
	Dates []string `yaml:"dates,omitempty"`
	// Zone is the IANA time zone of dates that name none; UTC when empty.
	Zone string `yaml:"time_zone,omitempty"`
	// Decimal is "." or ",", what stands before the decimals; "." when empty.
	Decimal string `yaml:"decimal,omitempty"`
	// Amounts is "major" (12.50) or "minor" (1250); major when empty.
	Amounts string `yaml:"amounts,omitempty"`
	// Delimiter parts a CSV file's columns; a comma when empty.
	Delimiter string `yaml:"delimiter,omitempty"`
	// Values lead, by field, from the file's words to ours; ids, customers, dates
	// and amounts have none.
	Values map[string]map[string]string `yaml:"values,omitempty"`
}

// ParseMapping reads a mapping file. Its error is of kind Invalid and says what
// to mend.
func ParseMapping(src []byte) (Mapping, error) {
	var m Mapping
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		return Mapping{}, dispute.Errorf(dispute.Invalid, opMapping, "%w", err)
	}
	_, err := m.compile()
	return m, err
}

// Fills says whether a column or a default fills a field.
func (m Mapping) Fills(field string) bool {
	return m.Defaults[field] != "" || slices.Contains(slices.Collect(maps.Values(m.Columns)), field)
}

// YAML is the mapping as a file to edit.
func (m Mapping) YAML() []byte {
	out, err := yaml.Marshal(m)
	if err != nil {
		panic("history: a mapping of strings does not marshal: " + err.Error())
	}
	return out
}

const opMapping = "history: mapping"

// plan is a mapping that was checked, ready to read rows.
type plan struct {
	Mapping
	columns map[string]string // field to column
	layouts []string
	zone    *time.Location
	comma   rune
	words   map[string]map[string]string // by field, from words in their plain form
}

func (m Mapping) compile() (*plan, error) {
	p := &plan{Mapping: m, columns: map[string]string{}, zone: time.UTC, comma: ',', words: map[string]map[string]string{}}
	for _, check := range []func() error{p.checkColumns, p.checkForms, p.checkDates, p.checkValues} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func wrong(format string, args ...any) error {
	return dispute.Errorf(dispute.Invalid, opMapping, format, args...)
}

func (p *plan) checkColumns() error {
	known := fieldNames()
	for column, field := range p.Columns {
		if !slices.Contains(known, field) {
			return wrong("column %q: there is no field %q; the fields are %s", column, field, strings.Join(known, ", "))
		}
		if other, twice := p.columns[field]; twice {
			return wrong("columns %q and %q both fill %s: leave one out", min(column, other), max(column, other), field)
		}
		p.columns[field] = column
	}
	for field := range p.Defaults {
		if !slices.Contains(known, field) {
			return wrong("defaults: there is no field %q; the fields are %s", field, strings.Join(known, ", "))
		}
	}
	return nil
}

func (p *plan) checkForms() error {
	if p.Decimal == "" {
		p.Decimal = "."
	}
	if p.Amounts == "" {
		p.Amounts = "major"
	}
	if p.Delimiter != "" {
		r := []rune(p.Delimiter)
		if len(r) != 1 || strings.ContainsRune("\"\r\n\uFFFD", r[0]) {
			return wrong("delimiter is %q: write one character, such as \";\" or \"\\t\"", p.Delimiter)
		}
		p.comma = r[0]
	}
	switch {
	case p.Decimal != "." && p.Decimal != ",":
		return wrong("decimal is %q: write \".\" or \",\"", p.Decimal)
	case p.Amounts != "major" && p.Amounts != "minor":
		return wrong("amounts is %q: write major (12.50) or minor (1250)", p.Amounts)
	}
	return nil
}

// unix stands for seconds since 1970 in a mapping's dates.
const unix = "unix"

var dateWords = strings.NewReplacer(
	"YYYY", "2006", "YY", "06", "MMM", "Jan", "MM", "01", "M", "1", "DD", "02", "D", "2",
	"HH", "15", "hh", "03", "mm", "04", "ss", "05", "A", "PM", "Z", "Z07:00",
)

func (p *plan) checkDates() error {
	for _, f := range p.Dates {
		if f == unix {
			p.layouts = append(p.layouts, unix)
			continue
		}
		layout := dateWords.Replace(f)
		sample := time.Date(2023, 11, 22, 13, 14, 15, 0, time.UTC)
		back, err := time.Parse(layout, sample.Format(layout))
		if err != nil || back.Year() != 2023 || back.YearDay() != sample.YearDay() {
			return wrong("dates: %q does not tell year, month and day: write them as YYYY, MM and DD, the time as HH:mm:ss", f)
		}
		p.layouts = append(p.layouts, layout)
	}
	p.layouts = append(p.layouts, time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly)
	if p.Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil || p.Zone == "Local" {
		return wrong("time_zone: there is no %q; write an IANA name such as Europe/Berlin", p.Zone)
	}
	p.zone = zone
	return nil
}
