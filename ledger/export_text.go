package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// writeHledger declares what it uses, so that hledger's strict checks find
// misspelt accounts and commodities in what is added by hand later.
func writeHledger(out *bytes.Buffer, entries []Entry) {
	out.WriteString("; Dispute journal. Each entry's natural key is in its key tag.\n")
	section(out, distinct(entries, func(e Entry, _ Posting) string { return hledgerCommodity(e.Currency) }))
	section(out, distinct(entries, func(e Entry, p Posting) string { return "account " + hledgerAccount(e, p) }))
	for _, e := range entries {
		fmt.Fprintf(out, "\n%s %s\n", day(e), plain(e.Memo))
		for _, tag := range tags(e) {
			fmt.Fprintf(out, "    ; %s: %s\n", tag[0], oneLine(tag[1]))
		}
		writePostings(out, e, "    ", hledgerAccount)
	}
}

// writeBeancount opens each account on the day of its first entry.
func writeBeancount(out *bytes.Buffer, entries []Entry) {
	out.WriteString("; Dispute journal. Each entry's natural key is in its key metadata.\n")
	if len(entries) > 0 {
		first := day(entries[0])
		section(out, distinct(entries, func(e Entry, p Posting) string { return first + " open " + beancountAccount(e, p) }))
	}
	for _, e := range entries {
		fmt.Fprintf(out, "\n%s * %s\n", day(e), beancountString(e.Memo))
		for _, tag := range tags(e) {
			fmt.Fprintf(out, "  %s: %s\n", tag[0], beancountString(tag[1]))
		}
		writePostings(out, e, "  ", beancountAccount)
	}
}

func section(out *bytes.Buffer, declarations []string) {
	if len(declarations) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", strings.Join(declarations, "\n"))
}

// distinct is what f says of every posting, sorted, each once.
func distinct(entries []Entry, f func(Entry, Posting) string) []string {
	var out []string
	for _, e := range entries {
		for _, p := range e.Postings {
			out = append(out, f(e, p))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func tags(e Entry) [][2]string {
	out := [][2]string{{"key", e.Key}, {"case", e.CaseID}, {"kind", string(e.Kind)}}
	if e.Movement != "" {
		out = append(out, [2]string{"movement", e.Movement})
	}
	if e.Reverses != "" {
		out = append(out, [2]string{"reverses", e.Reverses})
	}
	return out
}

// writePostings aligns the amounts; a credit is a negative amount.
func writePostings(out *bytes.Buffer, e Entry, indent string, account func(Entry, Posting) string) {
	names, amounts := 0, 0
	for _, p := range e.Postings {
		names = max(names, utf8.RuneCountInString(account(e, p)))
		amounts = max(amounts, len(decimal(p.debit(), e.Currency)))
	}
	for _, p := range e.Postings {
		fmt.Fprintf(out, "%s%-*s  %*s %s\n", indent, names, account(e, p), amounts, decimal(p.debit(), e.Currency), e.Currency)
	}
}

func hledgerCommodity(currency string) string {
	number := "1000."
	if exp := dispute.Exponent(currency); exp > 0 {
		number += strings.Repeat("0", exp)
	}
	return "commodity " + number + " " + currency
}

// hledgerAccount is as in "Assets:Processor clearing:stripe-us".
func hledgerAccount(e Entry, p Posting) string {
	path := accountPath(e, p)
	for i, part := range path {
		path[i] = strings.ReplaceAll(plain(part), ":", "-")
	}
	return strings.Join(path, ":")
}

// plain is the text on one line, with single spaces and without the sign that
// starts a comment, none of which hledger could tell from syntax.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(oneLine(s), ";", " ")), " ")
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// beancountAccount is as in "Assets:Processor-clearing:Stripe-us": Beancount
// wants capitals first and neither spaces nor underscores.
func beancountAccount(e Entry, p Posting) string {
	path := accountPath(e, p)
	for i, part := range path {
		path[i] = beancountName(part)
	}
	return strings.Join(path, ":")
}

func beancountName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, s)
	if s == "" || s[0] == '-' {
		return "X" + s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func beancountString(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(s))
	return `"` + s + `"`
}
