package main

import (
	"fmt"
	"slices"
	"strings"
)

// result is the outcome of one check.
type result struct {
	Check       string   `json:"check"`
	Looked      int      `json:"looked_at"`
	Differences []string `json:"differences"`
}

func (r *result) differ(format string, args ...any) {
	r.Differences = append(r.Differences, fmt.Sprintf(format, args...))
}

// checks are all that must hold, in the order of the report.
var checks = []struct {
	name string
	run  func(facts, *result)
}{
	{"acknowledged notices are stored once", storedOnce},
	{"one case per dispute", oneCase},
	{"one response per dispute and stage", oneResponse},
	{"receipts hold the bytes that were taken", receiptsFit},
	{"one chat card per case, part and channel", oneCard},
	{"one ticket per case", oneTicket},
	{"one entry in the books per journal entry", oneBookEntry},
	{"journal entries balance", entriesBalance},
	{"the journal follows the provider's movements", followsMovements},
	{"histories are unbroken chains", unbroken},
	{"no write is left open", noneOpen},
}

// check runs every check. A check that had nothing to look at has a difference:
// it would pass on an empty system.
func check(f facts) []result {
	out := make([]result, 0, len(checks))
	for _, c := range checks {
		r := result{Check: c.name, Differences: []string{}}
		c.run(f, &r)
		if r.Looked == 0 {
			r.differ("there was nothing to look at")
		}
		slices.Sort(r.Differences)
		out = append(out, r)
	}
	return out
}

type eventKey struct{ connection, event string }

func storedOnce(f facts, r *result) {
	sent, acknowledged := map[eventKey]notice{}, map[eventKey]bool{}
	for _, n := range f.sent {
		k := eventKey{n.Connection, n.Event}
		sent[k] = n
		acknowledged[k] = acknowledged[k] || n.Acknowledged
	}
	asked := map[string]bool{} // disputes that the provider shows whoever asks
	for _, d := range f.vendors.Disputes {
		asked[d.ID] = true
	}
	stored := map[eventKey]int{}
	for _, s := range f.database.notices {
		k := eventKey{s.Connection, s.Event}
		stored[k]++
		n, known := sent[k]
		polled := strings.HasPrefix(s.Event, "poll_") && asked[s.Dispute]
		switch {
		case polled && stored[k] > 1:
			r.differ("notice %s was asked for and is stored %d times", s.Event, stored[k])
		case !known && !polled:
			r.differ("notice %s of %s is stored and was never sent", s.Event, s.Connection)
		case known && (s.Dispute != n.Dispute || s.Kind != n.Kind):
			r.differ("notice %s is stored as %s of %s, sent as %s of %s", s.Event, s.Kind, s.Dispute, n.Kind, n.Dispute)
		case s.State != "forwarded":
			r.differ("notice %s is %s, not forwarded", s.Event, s.State)
		}
	}
	for k, was := range acknowledged {
		if n := stored[k]; was && n != 1 {
			r.differ("notice %s was acknowledged and is stored %d times", k.event, n)
		}
		if was {
			r.Looked++
		}
	}
}

type disputeKey struct{ connection, dispute string }

func oneCase(f facts, r *result) {
	want := map[disputeKey]notice{}
	for _, n := range f.sent {
		if n.Acknowledged {
			want[disputeKey{n.Connection, n.Dispute}] = n
		}
	}
	have := map[disputeKey]int{}
	for _, c := range f.database.cases {
		k := disputeKey{c.Connection, c.Dispute}
		have[k]++
		n, known := want[k]
		switch {
		case !known:
			r.differ("case %s is about %s, of which nothing was acknowledged", c.ID, c.Dispute)
		case n.Amount != c.Amount || n.Currency != c.Currency:
			r.differ("case %s is about %d %s, the provider's notice about %d %s", c.ID, c.Amount, c.Currency, n.Amount, n.Currency)
		}
	}
	for k := range want {
		r.Looked++
		if have[k] != 1 {
			r.differ("dispute %s has %d cases", k.dispute, have[k])
		}
	}
}

func noneOpen(f facts, r *result) {
	for _, i := range f.database.intents {
		r.Looked++
		if i.State == "intended" {
			r.differ("write %s was begun and has no end", i.Key)
		}
	}
}
