package ledger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Validate reports whether an entry may be posted: it has a key, a date and a
// currency, at least two postings with positive amounts on known accounts, and
// its debits equal its credits. The error is of kind Invalid.
func Validate(e Entry) error {
	op := "ledger: entry " + e.Key
	switch {
	case e.Key == "" || e.CaseID == "" || e.Connection == "" || e.DisputeID == "" || e.Kind == "":
		return dispute.Errorf(dispute.Invalid, op, "key, case, connection, dispute and kind must be set")
	case e.Date.IsZero():
		return dispute.Errorf(dispute.Invalid, op, "no date")
	case !isCurrency(e.Currency):
		return dispute.Errorf(dispute.Invalid, op, "currency %q is not an ISO 4217 code", e.Currency)
	case len(e.Postings) < 2:
		return dispute.Errorf(dispute.Invalid, op, "%d postings, want two or more", len(e.Postings))
	}
	var debits, credits int64
	for _, p := range e.Postings {
		if _, ok := accountInfo(p.Account); !ok {
			return dispute.Errorf(dispute.Invalid, op, "unknown account %q", p.Account)
		}
		if p.Amount <= 0 || p.Amount > 4*maxMinor {
			return dispute.Errorf(dispute.Invalid, op, "amount %d on %s is not positive or out of range", p.Amount, p.Account)
		}
		switch p.Side {
		case Debit:
			debits += p.Amount
		case Credit:
			credits += p.Amount
		default:
			return dispute.Errorf(dispute.Invalid, op, "unknown side %q on %s", p.Side, p.Account)
		}
	}
	if debits != credits {
		return dispute.Errorf(dispute.Invalid, op, "debits %d, credits %d", debits, credits)
	}
	return nil
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Balance is one line of a trial balance, in minor units of its currency.
type Balance struct {
	Account    Account `json:"account"`
	Connection string  `json:"connection,omitempty"` // only for accounts that every connection has its own of
	Currency   string  `json:"currency"`
	Debits     int64   `json:"debits"`
	Credits    int64   `json:"credits"`
}

// Net is the balance as a debit: negative when the account stands in credit.
func (b Balance) Net() int64 { return b.Debits - b.Credits }

// TrialBalance sums the entries by account, connection and currency, in the
// order of the chart. For each currency the nets add up to zero.
func TrialBalance(entries []Entry) []Balance {
	sums := map[Balance]Balance{}
	for _, e := range entries {
		for _, p := range e.Postings {
			line := Balance{Account: p.Account, Currency: e.Currency}
			if info, ok := accountInfo(p.Account); ok && info.PerConnection {
				line.Connection = e.Connection
			}
			sum, ok := sums[line]
			if !ok {
				sum = line
			}
			if p.Side == Debit {
				sum.Debits += p.Amount
			} else {
				sum.Credits += p.Amount
			}
			sums[line] = sum
		}
	}
	out := make([]Balance, 0, len(sums))
	for _, b := range sums {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Balance) int {
		return cmp.Or(
			cmp.Compare(accountOrder(a.Account), accountOrder(b.Account)),
			strings.Compare(string(a.Account), string(b.Account)),
			strings.Compare(a.Connection, b.Connection),
			strings.Compare(a.Currency, b.Currency),
		)
	})
	return out
}

// OpenItem is disputed money of one dispute that the books still hold.
type OpenItem struct {
	CaseID     string        `json:"case_id"`
	Connection string        `json:"connection"`
	DisputeID  string        `json:"dispute_id"`
	Amount     dispute.Money `json:"amount"` // negative when more came back than left
	Since      time.Time     `json:"since"`  // the first posting to the account
}

// OpenDisputed lists what stands on DisputedFunds, dispute by dispute, the
// oldest first: the list to compare with the provider's open disputes. Under
// PolicyImmediate it is empty.
func OpenDisputed(entries []Entry) []OpenItem {
	type key struct{ connection, dispute, currency string }
	items := map[key]OpenItem{}
	for _, e := range entries {
		for _, p := range e.Postings {
			if p.Account != DisputedFunds {
				continue
			}
			k := key{e.Connection, e.DisputeID, e.Currency}
			item, ok := items[k]
			if !ok {
				item = OpenItem{CaseID: e.CaseID, Connection: e.Connection, DisputeID: e.DisputeID, Since: e.Date}
				item.Amount.Currency = e.Currency
			}
			item.Amount.Minor += p.debit()
			if e.Date.Before(item.Since) {
				item.Since = e.Date
			}
			items[k] = item
		}
	}
	var out []OpenItem
	for _, item := range items {
		if !item.Amount.IsZero() {
			out = append(out, item)
		}
	}
	slices.SortFunc(out, func(a, b OpenItem) int {
		return cmp.Or(
			a.Since.Compare(b.Since),
			strings.Compare(a.Connection, b.Connection),
			strings.Compare(a.DisputeID, b.DisputeID),
			strings.Compare(a.Amount.Currency, b.Amount.Currency),
		)
	})
	return out
}
