package history

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestValuesTranslate(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency", "provider", "connection", "strength", "country", "reason")
	m.Values = map[string]map[string]string{
		"provider": {"PSP 1": "stripe"}, "connection": {"Shop US": "stripe-us"}, "strength": {"gut": "3"},
		"currency": {"Euro": "eur"}, "country": {"Deutschland": "de"}, "reason": {"n/a": ""},
	}
	file := "id,opened,amount,currency,provider,connection,strength,country,reason\n" +
		"d1,2026-01-01,1.00,EURO,psp 1,Shop US,gut,deutschland,N/A\nd2,2026-01-01,1.00,USD,adyen,eu,4,fr,fraud\n"
	got := collect(t, file, CSV, m)
	want := []Row{
		{Number: 2, Past: Past{
			Ref: dispute.Ref{Connection: "stripe-us", ID: "d1"}, Provider: "stripe", Amount: dispute.Money{Minor: 100, Currency: "EUR"},
			Family: dispute.FamilyGeneral, Stage: dispute.StageChargeback, OpenedAt: date(2026, 1, 1, 0), Strength: 3, Country: "DE",
		}},
		{Number: 3, Past: Past{
			Ref: dispute.Ref{Connection: "eu", ID: "d2"}, Provider: "adyen", Amount: dispute.Money{Minor: 100, Currency: "USD"}, Reason: "fraud",
			Family: dispute.FamilyFraudulent, Stage: dispute.StageChargeback, OpenedAt: date(2026, 1, 1, 0), Strength: 4, Country: "FR",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is required is still required behind a translation to nothing.
func TestTranslatedToNothing(t *testing.T) {
	t.Parallel()
	m := standard("id", "opened", "amount", "currency")
	m.Values = map[string]map[string]string{"currency": {"none": ""}}
	got := collect(t, "id,opened,amount,currency\nd1,2026-01-01,1.00,None\n", CSV, m)
	want := []RowError{{2, "currency", "there is no currency", "fill it, or name a value under defaults"}}
	if diff := cmp.Diff(want, got[0].Errors); diff != "" {
		t.Error(diff)
	}
}

func TestGuessNotes(t *testing.T) {
	t.Parallel()
	const twoWays, noAnswer = "amounts such as 1,250 and 1.250 can be read two ways", "no column looks like response"
	for name, c := range map[string]struct {
		header, row string // two more columns: an amount, and what it has
		note        string
		want        bool
	}{
		"a comma and three digits":     {"amount,currency", "\"12,500\",KWD", twoWays, true},
		"a point and three digits":     {"amount,currency", "1.250,EUR", twoWays, true},
		"a whole amount beside it":     {"amount,currency", "1.250,EUR\nd2,900,EUR", twoWays, true},
		"more digits than a group has": {"amount,currency", "1.250,EUR\nd2,1250.500,EUR", twoWays, false},
		"two decimals beside it":       {"amount,currency", "1.250,EUR\nd2,12.50,EUR", twoWays, false},
		"two groups":                   {"amount,currency", "\"1,250,000\",EUR", twoWays, false},
		"two decimals":                 {"amount,currency", "12.50,USD", twoWays, false},
		"minor units":                  {"amount_cents,currency", "1.250,EUR", twoWays, false},
		"a verdict without a response": {"amount,outcome", "12.50,won", noAnswer, true},
		"no verdict":                   {"amount,currency", "12.50,USD", noAnswer, false},
		"a verdict with a response":    {"response,outcome", "contest,won", noAnswer, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, notes, err := Guess(strings.NewReader("id,"+c.header+"\nd1,"+c.row+"\n"), CSV, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(notes, "\n"), c.note); got != c.want {
				t.Errorf("notes %q; want one of %q: %v", notes, c.note, c.want)
			}
		})
	}
	_, notes, err := Guess(strings.NewReader("id,outcome\nd1,won\n"), CSV, map[string]string{"response": "contest"})
	if err != nil || strings.Contains(strings.Join(notes, "\n"), noAnswer) {
		t.Errorf("with a default: %q, %v", notes, err)
	}
}

func TestParseMappingRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"colums: {}":                                "field colums not found",
		"columns: {A: prize}":                       `there is no field "prize"`,
		"columns: {A: id, B: id}":                   `columns "A" and "B" both fill id`,
		"defaults: {prize: x}":                      `defaults: there is no field "prize"`,
		"decimal: ';'":                              `write "." or ","`,
		"amounts: cents":                            "write major (12.50) or minor (1250)",
		"delimiter: ab":                             "write one character",
		"dates: [MM/DD]":                            "does not tell year, month and day",
		"dates: [yyyy]":                             "does not tell year, month and day",
		"time_zone: Berlin":                         "write an IANA name",
		"values: {outcome: {Gewonnen: victory}}":    `outcome can be lost, none, won, not "victory"`,
		"values: {prize: {a: b}}":                   `values: there is no field "prize"`,
		"values: {outcome: {+: won, '-': lost}}":    `outcome: "+" and "-" read alike`,
		"values: {outcome: {A+: won, A-: lost}}":    `outcome: "A+" and "A-" read alike`,
		"values: {outcome: {+: won, x: lost}}":      `outcome: "+" has neither letter nor digit`,
		"values: {currency: {$: USD}}":              `currency: "$" has neither letter nor digit`,
		"values: {outcome: {won!: won, Won: won}}":  "",
		"values: {id: {a: b}}":                      "id is not translated",
		"values: {customer: {a: b}}":                "customer is not translated",
		"values: {amount: {free: '0'}}":             "amount is not translated",
		"columns: [a]":                              "cannot unmarshal",
		"columns: {A: id}\n---\ncolumns: {B: name}": "",
	} {
		_, err := ParseMapping([]byte(text))
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err == nil || dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// The goldens show for each file the mapping that is proposed, and what is read
// with it.
func TestGuess(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/guess/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			format := CSV
			if strings.HasPrefix(string(in), "{") {
				format = JSONL
			}
			m, notes, err := Guess(strings.NewReader(string(in)), format, nil)
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseMapping(m.YAML())
			if diff := cmp.Diff(m, back); err != nil || diff != "" {
				t.Errorf("%v, %s", err, diff)
			}
			m.Defaults = map[string]string{"connection": "imported"}
			var out strings.Builder
			for _, n := range notes {
				out.WriteString("# " + n + "\n")
			}
			out.Write(m.YAML())
			for _, row := range collect(t, string(in), format, m) {
				line, err := json.Marshal(row)
				if err != nil {
					t.Fatal(err)
				}
				out.Write(append(line, '\n'))
			}
			golden(t, strings.TrimSuffix(file, ".in")+".golden", out.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; -update writes it (-want +got):\n%s", file, diff)
	}
}
