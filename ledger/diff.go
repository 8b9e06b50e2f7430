package ledger

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	reversalMark = "reversal"
	versionMark  = "version"
)

// Diff is what to post now so that the live entries become want: a reversing
// entry for each posted one that no longer holds, then what is missing. Have is
// everything ever posted for the same dispute, reversals included; nothing in
// it is edited. After posting, Diff of the same want is empty.
//
// A dispute that was lost and is won now has its write-off reversed, unless
// Facts.LostAt keeps it in want.
//
// A difference of date or memo alone is not worth a reversal: the books keep
// what was posted first. A reversal is dated with the latest entry of want,
// which is the news that caused it, and never before the entry it reverses.
func Diff(have, want []Entry) []Entry {
	wanted := make(map[string]Entry, len(want))
	var news time.Time
	for _, w := range want {
		wanted[w.Key] = w
		news = later(news, w.Date)
	}
	reversed := map[string]bool{}
	for _, e := range have {
		if e.Reverses != "" {
			reversed[e.Reverses] = true
		}
	}

	var out []Entry
	seen, holds, versions := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, e := range have {
		if e.Reverses != "" || seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		base, version := splitVersion(e.Key)
		versions[base] = max(versions[base], version)
		w, ok := wanted[base]
		switch {
		case reversed[e.Key]:
		case ok && !holds[base] && sameEffect(e, w):
			holds[base] = true
		default:
			out = append(out, reversal(e, news))
		}
	}
	for _, w := range want {
		if holds[w.Key] {
			continue
		}
		w.Key = versionKey(w.Key, versions[w.Key]+1)
		out = append(out, w)
	}
	return out
}

// reversal undoes e: the same amounts on the other sides.
func reversal(e Entry, at time.Time) Entry {
	base, version := splitVersion(e.Key)
	r := e
	r.Key = strings.Join([]string{base, reversalMark, strconv.Itoa(version)}, keySeparator)
	r.Kind = KindReversal
	r.Date = later(e.Date, at)
	r.Memo = "Reversal of " + e.Memo
	r.Reverses = e.Key
	r.Postings = make([]Posting, 0, len(e.Postings))
	for _, p := range e.Postings {
		side := Debit
		if p.Side == Debit {
			side = Credit
		}
		r.Postings = append(r.Postings, Posting{p.Account, side, p.Amount})
	}
	return r
}

// sameEffect reports whether a posted entry says what the wanted one says.
func sameEffect(a, b Entry) bool {
	return a.Kind == b.Kind && a.Currency == b.Currency && a.Movement == b.Movement &&
		slices.Equal(sortedPostings(a), sortedPostings(b))
}

func sortedPostings(e Entry) []Posting {
	out := slices.Clone(e.Postings)
	slices.SortFunc(out, func(a, b Posting) int {
		if c := strings.Compare(string(a.Account), string(b.Account)); c != 0 {
			return c
		}
		return int(min(max(a.debit()-b.debit(), -1), 1))
	})
	return out
}

// versionKey is the key of the n-th posting of the same fact; the first has the
// fact's own key.
func versionKey(base string, n int) string {
	if n <= 1 {
		return base
	}
	return strings.Join([]string{base, versionMark, strconv.Itoa(n)}, keySeparator)
}

func splitVersion(key string) (base string, n int) {
	i := strings.LastIndex(key, keySeparator+versionMark+keySeparator)
	if i < 0 {
		return key, 1
	}
	n, err := strconv.Atoi(key[i+len(versionMark)+2:])
	if err != nil || n < 2 {
		return key, 1
	}
	return key[:i], n
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
