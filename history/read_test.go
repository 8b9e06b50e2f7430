package history

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// standard maps columns that are called like the fields.
func standard(extra ...string) Mapping {
	m := Mapping{Columns: map[string]string{}, Defaults: map[string]string{fieldConnection: "stripe-us"}}
	for _, name := range extra {
		m.Columns[name] = name
	}
	return m
}

func collect(t testing.TB, text string, format Format, m Mapping) []Row {
	t.Helper()
	var out []Row
	for row, err := range Read(strings.NewReader(text), format, m) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

func date(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }

func TestReadTells(t *testing.T) {
	t.Parallel()
	m := Mapping{
		Columns: map[string]string{
			"Fall": "id", "Eröffnet": "opened", "Frist": "due", "Entschieden": "decided", "Betrag": "amount", "Währung": "currency",
			"Netz": "network", "Code": "code", "Antwort": "response", "Ergebnis": "outcome", "Kunde": "customer", "Ware": "product", "Erstattet": "refunded",
		},
		Defaults: map[string]string{"connection": "adyen-eu", "provider": "Adyen"},
		Dates:    []string{"DD.MM.YYYY HH:mm", "DD.MM.YYYY"}, Zone: "Europe/Berlin", Decimal: ",", Delimiter: ";",
		Values: map[string]map[string]string{"outcome": {"Gewonnen": "won", "Verloren!": "lost"}, "response": {"Bestritten": "contest"}},
	}
	file := "\ufeffFall;Eröffnet;Frist;Entschieden;Betrag;Währung;Netz;Code;Antwort;Ergebnis;Kunde;Ware;Erstattet\n" +
		"A1;03.02.2026 14:30;20.02.2026;;1.234,50;eur;VISA;13.1;bestritten;;Eva@Example.com ;Buch 4111 1111 1111 1111;0,50\n" +
		"\"A2\";03.07.2026;;01.08.2026;500;JPY;Mastercard;4837;;verloren;;;\n"
	got := collect(t, file, CSV, m)
	want := []Row{
		{Number: 2, Past: Past{
			Ref: dispute.Ref{Connection: "adyen-eu", ID: "A1"}, Provider: "adyen", Amount: dispute.Money{Minor: 123450, Currency: "EUR"},
			Network: "visa", NetworkCode: "13.1", Family: dispute.FamilyProductNotReceived, Stage: dispute.StageChargeback,
			OpenedAt: time.Date(2026, 2, 3, 13, 30, 0, 0, time.UTC), DueAt: dispute.StartOfDayAnywhere(2026, 2, 20),
			Response: dispute.ResponseContest, Customer: CustomerKey("eva@example.com"), Product: "Buch **** **** **** 1111",
			Refunded: dispute.Money{Minor: 50, Currency: "EUR"},
		}},
		{Number: 3, Past: Past{
			Ref: dispute.Ref{Connection: "adyen-eu", ID: "A2"}, Provider: "adyen", Amount: dispute.Money{Minor: 500, Currency: "JPY"},
			Network: "mastercard", NetworkCode: "4837", Family: dispute.FamilyFraudulent, Stage: dispute.StageChargeback,
			OpenedAt: date(2026, 7, 2, 22), DecidedAt: date(2026, 8, 1, 22).Add(-time.Second), Outcome: Lost,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadJSONLines(t *testing.T) {
	t.Parallel()
	m := Mapping{
		Columns: map[string]string{"id": "id", "amount.value": "amount", "amount.currency": "currency", "created": "opened", "won": "outcome"},
		Dates:   []string{"unix"}, Amounts: "minor", Defaults: map[string]string{"connection": "x"},
		Values: map[string]map[string]string{"outcome": {"true": "won", "false": "lost"}},
	}
	file := `{"id":"d1","amount":{"value":1250,"currency":"USD"},"created":1772625600,"won":true,"tags":["a"]}` + "\n\n[1]\n"
	got := collect(t, file, JSONL, m)
	if len(got) != 2 || got[0].Past.Amount != (dispute.Money{Minor: 1250, Currency: "USD"}) || got[0].Past.Outcome != Won || !got[0].Past.OpenedAt.Equal(date(2026, 3, 4, 12)) {
		t.Errorf("read %+v", got)
	}
	if want := []RowError{{3, "", "it is not one JSON object", "write one object a line"}}; cmp.Diff(want, got[1].Errors) != "" {
		t.Errorf("errors %+v, want %+v", got[1].Errors, want)
	}
}

func TestRowErrors(t *testing.T) {
	t.Parallel()
	columns := []string{"id", "opened", "amount", "currency"}
	cases := map[string]struct {
		column, cell string
		want         string // beginning of "column: reason"
	}{
		"no id":             {"id", "", "id: there is no id"},
		"a card as id":      {"id", "4111111111111111", "id: it looks like a card number"},
		"a card as buyer":   {"customer", "5555 5555 5555 4444", "customer: it looks like a card number"},
		"no date":           {"opened", "31.12.2025", "opened: it is no date that the mapping knows"},
		"impossible date":   {"opened", "2025-02-30", "opened: it is no date that the mapping knows"},
		"far date":          {"opened", "0001-01-01", "opened: it is no date that the mapping knows"},
		"decided before":    {"decided", "2020-01-01", "decided: it was decided before it was opened"},
		"due before":        {"due", "2020-01-01", "due: it was due before it was opened"},
		"decimal comma":     {"amount", "12,50", "amount: it is no amount of USD"},
		"negative":          {"amount", "-12.50", "amount: it is no amount of USD"},
		"with a sign":       {"amount", "$12.50", "amount: it is no amount of USD"},
		"broken groups":     {"amount", "1,23,456.00", "amount: it is no amount of USD"},
		"mixed groups":      {"amount", "1,234 567.00", "amount: it is no amount of USD"},
		"too exact":         {"amount", "1.005", "amount: it is no amount of USD"},
		"too large":         {"amount", "99999999999999999999", "amount: it is no amount of USD"},
		"no currency":       {"currency", "dollars", "currency: it is no currency"},
		"unknown outcome":   {"outcome", "maybe", "outcome: its word is not known"},
		"unknown response":  {"response", "shrugged", "response: its word is not known"},
		"unknown stage":     {"stage", "first", "stage: its word is not known"},
		"strength":          {"strength", "5", "strength: it is not a whole number from 0 to 4"},
		"country":           {"country", "Germany", "country: it is no country"},
		"too long":          {"product", strings.Repeat("x", 201), "product: it is longer than 200 bytes"},
		"not UTF-8":         {"reason", "caf\xe9", "reason: it is not UTF-8 text"},
		"refunded in words": {"refunded", "all", "refunded: it is no amount of USD"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cells := map[string]string{"id": "d1", "opened": "2026-03-04", "amount": "12.50", "currency": "USD", c.column: c.cell}
			p, err := standard(append(columns, c.column)...).compile()
			if err != nil {
				t.Fatal(err)
			}
			_, errors := p.read(7, func(column string) string { return cells[column] })
			if len(errors) == 0 || errors[0].Row != 7 || errors[0].Mend == "" || !strings.HasPrefix(errors[0].Column+": "+errors[0].Reason, c.want) {
				t.Errorf("errors %+v, want %q", errors, c.want)
			}
			for _, e := range errors {
				if len(c.cell) > 3 && strings.Contains(e.Reason+e.Mend, c.cell) {
					t.Errorf("%+v quotes the file", e)
				}
			}
		})
	}
}

// A day without a time is over before its verdict is known.
func TestDecidedOnADay(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency", "decided")
	m.Zone = "America/New_York"
	for cell, want := range map[string]time.Time{
		"2026-01-05":                time.Date(2026, 1, 6, 4, 59, 59, 0, time.UTC),
		"2026-01-05 10:00":          date(2026, 1, 5, 15),
		"2026-01-05T10:00:00Z":      date(2026, 1, 5, 10),
		"2026-03-08":                time.Date(2026, 3, 9, 3, 59, 59, 0, time.UTC), // 23 hours
		"2026-12-31":                time.Date(2027, 1, 1, 4, 59, 59, 0, time.UTC),
		"2026-01-05T10:00:00-05:00": date(2026, 1, 5, 15),
	} {
		got := collect(t, "id,opened,amount,currency,decided\nd1,2026-01-05T09:00:00Z,1.00,USD,"+cell+"\n", CSV, m)
		if len(got[0].Errors) > 0 || !got[0].Past.DecidedAt.Equal(want) {
			t.Errorf("%s is read as %v, want %v; %v", cell, got[0].Past.DecidedAt, want, got[0].Errors)
		}
	}
}

func TestReadNoting(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency", "payment.fee", "verdict")
	m.Columns["payment.fee"], m.Columns["verdict"] = "fees", "outcome"
	row := `{"id":"d1","opened":"2026-01-01","amount":1,"currency":"USD"`
	for text, want := range map[string][]string{
		row + "}\n":                                 {"payment.fee", "verdict"},
		row + "}\n" + row + `,"verdict":"won"}`:     {"payment.fee"},
		row + `,"verdict":null,"payment.fee":1}`:    {"verdict"},
		row + `,"verdict":"","payment":{"fee":1}}`:  {"verdict"},
		row + `,"verdict":"x","payment":{"fee":1}}`: nil,
	} {
		var got []string
		for _, err := range ReadNoting(strings.NewReader(text), JSONL, m, func(columns []string) { got = columns }) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", text, diff)
		}
	}
	for _, err := range ReadNoting(strings.NewReader(row+"}\n"+row+"}\n"), JSONL, m, func([]string) { t.Error("told of a file that was not read to its end") }) {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func TestAWonDisputeWasNotAccepted(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency", "response", "outcome")
	got := collect(t, "id,opened,amount,currency,response,outcome\nd1,2026-01-01,1.00,USD,accept,won\n", CSV, m)
	if len(got[0].Errors) != 1 || got[0].Errors[0].Column != "outcome" {
		t.Errorf("errors %+v", got[0].Errors)
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		decimal, amounts, cell, currency string
		want                             int64
	}{
		{".", "", "12.5", "USD", 1250},
		{".", "", "1,234.50", "USD", 123450},
		{".", "", "1 234 567", "USD", 123456700},
		{".", "", "12.500", "USD", 1250},
		{".", "", "500.00", "JPY", 500},
		{".", "", "1.234", "KWD", 1234},
		{",", "", "1.234,5", "EUR", 123450},
		{",", "", "1'234'567,00", "CHF", 123456700},
		{",", "", "12,50", "EUR", 1250},
		{".", "minor", "1250", "USD", 1250},
	}
	for _, c := range cases {
		p, err := Mapping{Decimal: c.decimal, Amounts: c.amounts}.compile()
		if err != nil {
			t.Fatal(err)
		}
		r := reading{plan: p}
		if got, ok := r.amount(c.cell, c.currency); !ok || got.Minor != c.want {
			t.Errorf("%s %s read as %v, %v; want %d", c.cell, c.currency, got, ok, c.want)
		}
	}
}

// A row that cannot be read does not stop the next.
func TestReadGoesOn(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency")
	file := "id,opened,amount,currency\nd1,2026-01-01,1.00,USD\nd2,2026-01-01\nd\"3,2026-01-01,1.00,USD\nd4,2026-01-01,1.00,USD\n"
	var good []string
	var bad []int
	for _, row := range collect(t, file, CSV, m) {
		if len(row.Errors) > 0 {
			bad = append(bad, row.Number)
			continue
		}
		good = append(good, row.Past.Ref.ID)
	}
	if diff := cmp.Diff([]string{"d1", "d4"}, good); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{3, 4}, bad); diff != "" {
		t.Error(diff)
	}
}

func TestReadRefusesTheFile(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency")
	for name, c := range map[string]struct {
		text   string
		format Format
		want   string
	}{
		"empty":           {"", CSV, "the file has no header"},
		"missing column":  {"id,opened,amount\n", CSV, `names the column "currency"`},
		"unclosed quote":  {"id,opened,amount,currency\n\"" + strings.Repeat("x\n", maxRow), CSV, "row 2: a row is longer"},
		"a long line":     {strings.Repeat("x", 2*maxRow), JSONL, "a row is longer"},
		"unknown format":  {"", "xlsx", `"xlsx" is neither csv nor jsonl`},
		"a broken header": {"a\"b\n", CSV, "the file has no header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var last error
			for _, err := range Read(strings.NewReader(c.text), c.format, m) {
				last = err
			}
			if last == nil || dispute.KindOf(last) != dispute.Invalid || !strings.Contains(last.Error(), c.want) {
				t.Errorf("error %v, want %q", last, c.want)
			}
		})
	}
}

func TestCustomerKey(t *testing.T) {
	t.Parallel()
	a, b := CustomerKey(" Eva@Example.com"), CustomerKey("eva@example.com")
	if a != b || len(a) != 32 || CustomerKey("other") == a || CustomerKey("  ") != "" {
		t.Errorf("keys %q and %q", a, b)
	}
}

// FuzzRead reads anything with a mapping that is guessed from it.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/guess/*.in")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in, strings.HasPrefix(string(in), "{"))
	}
	f.Fuzz(func(t *testing.T, in []byte, lines bool) {
		format := CSV
		if lines {
			format = JSONL
		}
		m, _, err := Guess(strings.NewReader(string(in)), format, map[string]string{"connection": "x", "currency": "USD"})
		if err != nil {
			return
		}
		for row, err := range Read(strings.NewReader(string(in)), format, m) {
			if err != nil {
				return
			}
			p := row.Past
			if len(row.Errors) == 0 && (p.Ref.ID == "" || p.OpenedAt.IsZero() || p.Amount.Minor < 0 || p.Amount.Currency == "" || p.Family == "") {
				t.Errorf("a row without errors is not whole: %+v", row)
			}
		}
	})
}

// FuzzMapping parses anything; what is taken reads rows.
func FuzzMapping(f *testing.F) {
	f.Add([]byte("columns: {A: id}\ndates: [DD.MM.YYYY]\ndecimal: ','\nvalues: {outcome: {x: won}}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := ParseMapping(in)
		if err != nil {
			return
		}
		for row, err := range Read(strings.NewReader("A,B\n1,2\n"), CSV, m) {
			if err == nil && row.Number != 2 {
				t.Errorf("row %d", row.Number)
			}
		}
		if _, err := ParseMapping(m.YAML()); err != nil {
			t.Errorf("its own YAML is refused: %v", err)
		}
	})
}
