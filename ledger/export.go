package ledger

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Format is a format of exported books.
type Format string

// The formats.
const (
	FormatHledger   Format = "hledger"   // a journal that passes "hledger check --strict"
	FormatBeancount Format = "beancount" // a ledger that passes "bean-check"
	FormatCSV       Format = "csv"       // one row per posting, with a header
	FormatJSON      Format = "json"      // one Entry per line
)

// Formats lists every format.
var Formats = []Format{FormatHledger, FormatBeancount, FormatCSV, FormatJSON}

// Export writes the entries by date and key, so that the same entries give the
// same bytes in whatever order they come. Amounts in the text formats are
// decimals with the currency's own exponent; in JSON they are minor units. It
// refuses entries that do not pass Validate and an unknown format (both
// Invalid) before it writes anything; a failed write is Transient.
func Export(w io.Writer, format Format, entries []Entry) error {
	const op = "ledger: export"
	for _, e := range entries {
		if err := Validate(e); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	var err error
	sorted := byDate(entries)
	switch format {
	case FormatHledger:
		writeHledger(&out, sorted)
	case FormatBeancount:
		writeBeancount(&out, sorted)
	case FormatCSV:
		err = writeCSV(&out, sorted)
	case FormatJSON:
		err = writeJSON(&out, sorted)
	default:
		err = dispute.Errorf(dispute.Invalid, op, "unknown format %q", format)
	}
	if err != nil {
		return err
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return dispute.Errorf(dispute.Transient, op, "write %s: %w", format, err)
	}
	return nil
}

func byDate(entries []Entry) []Entry {
	out := slices.Clone(entries)
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.Key, b.Key))
	})
	return out
}

func day(e Entry) string { return e.Date.UTC().Format(time.DateOnly) }

// accountPath is the account's full name in plain-text books, from the top, as
// in Assets, Processor clearing, stripe-us.
func accountPath(e Entry, p Posting) []string {
	info, ok := accountInfo(p.Account)
	if !ok {
		return []string{"Equity", string(p.Account)}
	}
	path := []string{info.Type.root(), info.Name}
	if info.PerConnection {
		path = append(path, e.Connection)
	}
	return path
}

var csvHeader = []string{
	"date", "key", "case_id", "connection", "dispute_id", "kind", "account", "account_name",
	"side", "amount", "currency", "movement", "reverses", "memo",
}

func writeCSV(out io.Writer, entries []Entry) error {
	w := csv.NewWriter(out)
	rows := [][]string{csvHeader}
	for _, e := range entries {
		for _, p := range e.Postings {
			rows = append(rows, []string{
				day(e), cell(e.Key), cell(e.CaseID), cell(e.Connection), cell(e.DisputeID), string(e.Kind),
				string(p.Account), cell(hledgerAccount(e, p)), string(p.Side),
				decimal(p.Amount, e.Currency), e.Currency, cell(e.Movement), cell(e.Reverses), cell(e.Memo),
			})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return dispute.Errorf(dispute.Invalid, "ledger: export", "csv: %w", err)
	}
	return nil
}

// cell keeps a spreadsheet from reading a text of others as a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func writeJSON(out io.Writer, entries []Entry) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, e := range entries {
		if err := enc.Encode(e); err != nil {
			return dispute.Errorf(dispute.Invalid, "ledger: export", "entry %s: %w", strconv.Quote(e.Key), err)
		}
	}
	return nil
}

func decimal(minor int64, currency string) string {
	return dispute.Money{Minor: minor, Currency: currency}.Decimal()
}
