package main

import (
	"maps"
	"math/big"
	"slices"
)

// hundredths reads a decimal; what is no decimal of two places is -1, which no
// amount is.
func hundredths(decimal string) int64 {
	amount, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return -1
	}
	amount.Mul(amount, big.NewRat(100, 1))
	if !amount.IsInt() || !amount.Num().IsInt64() {
		return -1
	}
	return amount.Num().Int64()
}

func signed(p posting) int64 {
	if p.Side == "credit" {
		return -p.Amount
	}
	return p.Amount
}

func entriesBalance(f facts, r *result) {
	sums, lines := map[string]int64{}, map[string]int{}
	for _, p := range f.database.postings {
		sums[p.Entry] += signed(p)
		lines[p.Entry]++
	}
	perCurrency, seen := map[string]int64{}, map[string]bool{}
	for _, e := range f.database.entries {
		r.Looked++
		if sums[e.Key] != 0 || lines[e.Key] < 2 {
			r.differ("journal entry %s has %d postings and is off by %d", e.Key, lines[e.Key], sums[e.Key])
		}
		if seen[e.Key] {
			r.differ("journal entry %s is there twice", e.Key)
		}
		seen[e.Key] = true
		perCurrency[e.Currency] += sums[e.Key]
		delete(sums, e.Key)
	}
	for currency, sum := range perCurrency {
		if sum != 0 {
			r.differ("the journal is off by %d %s", sum, currency)
		}
	}
	for key := range sums {
		r.differ("postings of %s have no entry", key)
	}
}

// followsMovements works out each case's balances from the provider's movements
// alone: the clearing account moves by their net, and a case that has ended
// holds no disputed funds.
func followsMovements(f facts, r *result) {
	accounts := map[string]map[string]int64{} // by case and currency, then account
	standing := map[string]map[string]int{}   // by case, then movement: entries not reversed
	owner := map[string]journalEntry{}
	reversed := map[string]bool{}
	for _, e := range f.database.entries {
		owner[e.Key] = e
		reversed[e.Reverses] = true
	}
	for _, e := range f.database.entries {
		if e.Movement != "" && e.Reverses == "" && !reversed[e.Key] {
			count(standing, e.Case, e.Movement, 1)
		}
	}
	for _, p := range f.database.postings {
		e := owner[p.Entry]
		count(accounts, e.Case+" "+e.Currency, p.Account, signed(p))
	}
	provider := map[string]providerDispute{}
	for _, d := range f.vendors.Disputes {
		provider[d.ID] = d
	}
	for _, c := range f.database.cases {
		r.Looked++
		d := provider[c.Dispute]
		compare(c, d, accounts[c.ID+" "+d.Currency], standing[c.ID], r)
	}
}

func compare(c caseRow, d providerDispute, accounts map[string]int64, standing map[string]int, r *result) {
	var net int64
	standing = maps.Clone(standing)
	for _, m := range d.Movements {
		net += m.Amount - m.Fee
		if n := standing[m.ID]; n != 1 {
			r.differ("case %s has %d standing entries of movement %s", c.ID, n, m.ID)
		}
		delete(standing, m.ID)
	}
	for id := range standing {
		r.differ("case %s has an entry of movement %s, which the provider does not know", c.ID, id)
	}
	if have := accounts["psp_clearing"]; have != net {
		r.differ("case %s moved the clearing account by %d, the provider its balance by %d", c.ID, have, net)
	}
	for _, account := range []string{"disputed_funds", "dispute_suspense"} {
		if have := accounts[account]; slices.Contains(ended, c.Status) && have != 0 {
			r.differ("case %s is %s and holds %d on %s", c.ID, c.Status, have, account)
		}
	}
}

func count[N int | int64](m map[string]map[string]N, first, second string, n N) {
	if m[first] == nil {
		m[first] = map[string]N{}
	}
	m[first][second] += n
}
