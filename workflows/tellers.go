package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// How a case is shown: publish stores its face and its history, show hands the
// face to the tellers when people should see it, and each teller announces it
// in its place, a chat channel or a help desk. say adds a line of words.

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
		err := t.announce(ctx, in)
		if err != nil {
			d.event("announce_failed", "machine", "connection", t.connection(), "error", reason(err))
		}
	}
	t.working = false
	d.dirty = true
}

// announce shows a card inside the workflow task. What adds words is an ordinary
// activity: a task that is lost runs again with newer words, and those of the
// first try would be said as well.
func (t *teller) announce(ctx workflow.Context, in activities.AnnounceInput) error {
	queue, summary := VendorQueue(t.connection()), "tell "+t.connection()+": "+string(in.Face.Status)
	if in.Say != "" || t.ticket != nil {
		return ordinary(ctx, notify, queue, summary, steps.Announce, in, nil)
	}
	return quick(ctx, notify, queue, summary, steps.Announce, in, nil)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
