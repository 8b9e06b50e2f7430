package chaos

import (
	"flag"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var long = flag.Bool("long", false, "crash points: also the time-outs that take a minute")

// boundary is a place where the worker dies, and what must be true there.
type boundary struct {
	name string
	// gate is where in the database the worker waits to be killed: at its
	// intent or its receipt. Empty: it waits for the vendor's answer.
	gate string
	// through lets what waits at the gate into the database while the worker is
	// frozen: it is written, and the worker never learns of it.
	through bool
	// committed says that the vendor has done the work when the worker dies.
	committed bool
	intent    string // the intent's state when the worker is dead
	first     bool   // the worker dies in its first attempt, which need not be an ordinary activity
}

var boundaries = []boundary{
	{name: "before the intent", gate: "intent"},
	{name: "after the intent", gate: "intent", through: true, intent: "intended"},
	{name: "before the vendor's commit", intent: "intended"},
	{name: "after the vendor's commit", committed: true, intent: "intended"},
	{name: "before the receipt", gate: "receipt", committed: true, intent: "intended"},
	{name: "after the receipt", gate: "receipt", through: true, committed: true, intent: "done"},
}

// row is one write of one dispute and what goes wrong with it.
type row struct {
	write
	point  string
	death  *boundary // nil: the worker lives on, the vendor fails
	ref    dispute.Ref
	strike *strike
	locks  map[string]int // by gate

	found string // how it stood when the worker was dead
}

// TestCrashPoints kills the worker at every boundary of every outside write,
// and lets every vendor fail around its commit: each time there is one effect,
// a receipt, and a case that goes on to its end.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	rebuttal, checker := binaries(t)
	for _, tt := range []struct {
		name string
		rows []*row
		late bool // the vendors forget their keys before the worker is back
	}{
		{name: "back at once", rows: append(deaths(func(write) bool { return true }), failures(*long)...)},
		{name: "back after a day", rows: deaths(func(w write) bool { return w.forgets }), late: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCrash(t, rebuttal, checker, tt.rows)
			c.toTheirPlaces()
			c.kill(func(*row) bool { return true })
			if tt.late {
				c.sys.Simulator.Stripe.ForgetKeys()
				c.sys.Simulator.Zendesk.ForgetKeys()
			}
			c.work()
			c.goOn()
			c.end()
		})
	}
	t.Run("in the first attempt", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, rebuttal, checker, firstAttempts())
		for _, card := range c.rows { // one by one: a first attempt gives up after two seconds
			if card.kind == "post card" {
				c.killAsTheyCome(func(r *row) bool { return r == card })
			}
		}
		c.killAsTheyCome(func(r *row) bool { return r.vendor == "zendesk" })
		c.killAsTheyCome(func(r *row) bool { return r.verdict })
		c.goOn()
		c.end()
	})
}

// deaths are all boundaries of some writes.
func deaths(which func(write) bool) []*row {
	var rows []*row
	for _, w := range writes {
		if !which(w) {
			continue
		}
		for i := range boundaries {
			rows = append(rows, &row{write: w, point: boundaries[i].name, death: &boundaries[i]})
		}
	}
	return rows
}

// firstAttempts are the vendors' boundaries of what people are told, without a
// gate before: a card's first attempt is part of a workflow task, of which
// Temporal knows nothing yet, so that it runs the whole task again.
func firstAttempts() []*row {
	var rows []*row
	for _, w := range writes {
		if !w.tells() {
			continue
		}
		for _, b := range boundaries {
			if b.gate == "" {
				b.first = true
				rows = append(rows, &row{write: w, point: b.name, death: &b})
			}
		}
	}
	return rows
}

// failures are the vendors' ways to fail. A card is first tried for two seconds
// only; the other writes wait up to a minute for a vendor that hangs.
func failures(long bool) []*row {
	var rows []*row
	for _, w := range writes {
		for _, h := range []how{fail, abort, hang} {
			if h == hang && w.kind != "post card" && !long {
				continue
			}
			rows = append(rows,
				&row{write: w, point: string(h) + " before the commit", strike: &strike{how: h}},
				&row{write: w, point: string(h) + " after the commit", strike: &strike{how: h, committed: true}})
		}
	}
	return rows
}
