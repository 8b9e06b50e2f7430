package console

import (
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// moneyView is what the provider moved and how it stands in the books.
type moneyView struct {
	Movements []movement
	Entries   []entry
}

type movement struct {
	ID, Category, Description string
	At                        time.Time
	Amount, Fee, Net          string
	Currency                  string
}

type entry struct {
	At       time.Time
	Memo     string
	Movement string
	Currency string
	Lines    []posting
	Reverses string
}

type posting struct{ Account, Debit, Credit string }

func (f *file) money() moneyView {
	var v moneyView
	for _, m := range f.View.Snapshot.Movements {
		in := func(minor int64) string { return grouped(dispute.Money{Minor: minor, Currency: m.Currency}) }
		v.Movements = append(v.Movements, movement{
			ID: m.ID, Category: plain(m.Category), Description: m.Description, At: m.At,
			Amount: in(m.Amount), Fee: in(m.Fee), Net: in(m.Net), Currency: m.Currency,
		})
	}
	for _, e := range f.Journal {
		v.Entries = append(v.Entries, newEntry(e))
	}
	return v
}

func newEntry(e ledger.Entry) entry {
	out := entry{At: e.Date, Memo: e.Memo, Movement: e.Movement, Currency: e.Currency, Reverses: e.Reverses}
	if out.Memo == "" {
		out.Memo = plain(string(e.Kind))
	}
	for _, p := range e.Postings {
		posted := posting{Account: accountName(p.Account)}
		amount := grouped(dispute.Money{Minor: p.Amount, Currency: e.Currency})
		if p.Side == ledger.Debit {
			posted.Debit = amount
		} else {
			posted.Credit = amount
		}
		out.Lines = append(out.Lines, posted)
	}
	return out
}

func accountName(a ledger.Account) string {
	for _, info := range ledger.Chart() {
		if info.Key == a {
			return info.Name
		}
	}
	return plain(string(a))
}
