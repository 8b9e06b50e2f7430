package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// teller keeps one place where people see the case up to date. It works beside
// the main loop: a chat that is down never holds up an answer. While it is
// busy only the newest face waits, so nobody reads old news.
type teller struct {
	notify  *activities.NotifyTarget
	ticket  *activities.TicketTarget
	face    *dispute.Face // to show next
	say     []string      // lines to add next
	working bool
}

func (t *teller) idle() bool { return !t.working && t.face == nil }

func (t *teller) connection() string {
	if t.notify != nil {
		return t.notify.Connection
	}
	return t.ticket.Connection
}

// places makes a teller for each place the plan names and keeps those that
// are there.
func (d *run) places(p activities.Plan) {
	for _, n := range p.Notify {
		if !d.has(func(t *teller) bool { return t.notify != nil && *t.notify == n }) {
			d.tellers = append(d.tellers, &teller{notify: &n})
		}
	}
	for _, k := range p.Tickets {
		if !d.has(func(t *teller) bool { return t.ticket != nil && t.ticket.Connection == k.Connection }) {
			d.tellers = append(d.tellers, &teller{ticket: &k})
		}
	}
}

func (d *run) has(fits func(*teller) bool) bool {
	for _, t := range d.tellers {
		if fits(t) {
			return true
		}
	}
	return false
}

// say adds a line to every thread and ticket with the next face.
func (d *run) say(line string) {
	for _, t := range d.tellers {
		t.say = append(t.say, line)
	}
	d.news = true
}

// show hands the newest face to every teller.
func (d *run) show(ctx workflow.Context) {
	for _, t := range d.tellers {
		face := d.Face
		t.face = &face
		if t.working {
			continue
		}
		t.working = true
		workflow.Go(ctx, func(ctx workflow.Context) { d.tellOn(ctx, t) })
	}
}

func (d *run) tellOn(ctx workflow.Context, t *teller) {
	for t.face != nil {
		in := activities.AnnounceInput{Ref: d.Ref, Part: d.Part, Face: *t.face, Notify: t.notify, Ticket: t.ticket}
		for _, line := range t.say {
			in.Say = join(in.Say, line)
		}
		t.face, t.say = nil, nil
		err := quick(ctx, notify, VendorQueue(t.connection()), "tell "+t.connection()+": "+string(in.Face.Status), steps.Announce, in, nil)
		if err != nil {
			d.event("announce_failed", "machine", "connection", t.connection(), "error", reason(err))
		}
	}
	t.working = false
	d.dirty = true
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// bookkeeper posts journal entries to the accounting systems, one run at a
// time, beside the main loop.
type bookkeeper struct {
	owed    bool // entries may be waiting
	working bool
}

func (b *bookkeeper) settle(ctx workflow.Context, d *run) {
	if !b.owed || b.working || d.Plan == nil {
		return
	}
	if len(d.Plan.Accounting) == 0 {
		b.owed = false
		return
	}
	b.working = true
	d.spawn(ctx, func(ctx workflow.Context) {
		for b.owed {
			b.owed = false
			for _, connection := range d.Plan.Accounting {
				b.push(ctx, d, connection)
			}
		}
		b.working = false
	})
}

func (b *bookkeeper) push(ctx workflow.Context, d *run, connection string) {
	var got activities.Pushed
	in := activities.PushInput{Ref: d.Ref, Connection: connection}
	err := ordinary(ctx, postMoney, VendorQueue(connection), "post entries to "+connection, steps.Push, in, &got)
	if err != nil {
		d.event("push_failed", "machine", "connection", connection, "error", reason(err))
		return
	}
	if got.Entries > 0 {
		d.event("pushed", "machine", "connection", connection)
	}
}
