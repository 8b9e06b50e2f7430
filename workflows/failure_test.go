package workflows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// needs lists why a person was asked for, in order, without repetition.
func (w *world) needs() []string {
	var out []string
	for _, f := range w.faces {
		if f.face.Needs != "" {
			out = append(out, f.face.Needs)
		}
	}
	return slices.Compact(out)
}

func TestDisputeComposeFailsAndMends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["Compose"] = first(1, dispute.Invalid)
	w.run(day)
	if diff := cmp.Diff(byRule(time.Hour), w.answers()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"the packet cannot be composed: vendor: invalid"}, w.needs()); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}

// The cut-off acts with the last packet there is, or accepts without one.
func TestDisputeComposeFailsForGood(t *testing.T) {
	t.Parallel()
	late := func(c call) error {
		if c.in.(activities.GatherInput).Connection == "ship" {
			return down(0, 3*time.Hour)(c)
		}
		return nil
	}
	tests := []struct {
		name     string
		given    func(w *world)
		by       string
		response dispute.Response
		from     time.Duration
	}{
		{"the packet before goes at the cut-off", func(w *world) {
			w.incomplete = true
			w.hooks["Gather"] = late
			w.hooks["Compose"] = func(c call) error {
				if c.n == 1 {
					return nil
				}
				return failure(dispute.Invalid)
			}
		}, "cut-off", dispute.ResponseContest, cutOff},
		{"the cut-off accepts", func(w *world) {
			w.plan.AtCutOff = "accept"
			w.hooks["Compose"] = always(dispute.Invalid)
		}, "cut-off", dispute.ResponseAccept, cutOff},
		{"a person accepts", func(w *world) {
			w.hooks["Compose"] = always(dispute.Invalid)
			w.decides(90*time.Minute, dispute.DecideAccept)
		}, "ana", dispute.ResponseAccept, 90 * time.Minute},
		{"a person submits the packet before", func(w *world) {
			w.incomplete = true
			w.hooks["Gather"] = late
			w.hooks["Compose"] = func(c call) error {
				if c.n == 1 {
					return nil
				}
				return failure(dispute.Invalid)
			}
			w.decides(5*time.Hour, dispute.DecideSubmit)
		}, "ana", dispute.ResponseContest, 5 * time.Hour},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.given(w)
			w.run(12 * day)
			if len(w.sent) != 1 || w.sent[0].By != tc.by || w.sent[0].Response != tc.response {
				t.Fatalf("sent %+v", w.sent)
			}
			if at := w.sent[0].At.Sub(t0); at < tc.from || at > tc.from+w.plan.RetryEvery {
				t.Errorf("answered at %v, want at %v or one retry later", at, tc.from)
			}
		})
	}
}

func TestDisputeSubmitRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.RetryEvery = 12 * time.Hour
	w.hooks["Submit"] = first(1, dispute.Invalid)
	sent := w.decides(2*time.Hour, dispute.DecideSubmit)
	s := w.run(3 * day)
	var attempts []int
	for _, c := range w.of("Submit", false) {
		attempts = append(attempts, c.in.(activities.RespondInput).Attempt)
	}
	if diff := cmp.Diff([]int{0, 1}, attempts); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(byAna(dispute.ResponseContest, 2*time.Hour), w.answers()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"submit the packet failed: vendor: invalid"}, w.needs()); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	if !sent.done || sent.err != nil {
		t.Errorf("the decision was answered %v, %v", sent.done, sent.err)
	}
	if s.Failure != "" || !s.RetryAt.IsZero() {
		t.Errorf("still remembers the failure: %q, %v", s.Failure, s.RetryAt)
	}
}

func TestDisputeSubmitRefusedIsTriedAgainByItself(t *testing.T) {
	t.Parallel()
	for _, kind := range []dispute.Kind{dispute.Auth, dispute.Conflict, dispute.NotFound, dispute.Unsupported, dispute.TooLate, dispute.Invalid} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks["Submit"] = first(3, kind)
			w.run(3 * day)
			if diff := cmp.Diff(byRule(3*w.plan.RetryEvery), w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			for i, c := range w.of("Submit", false) {
				want := 0
				if kind == dispute.Invalid || kind == dispute.Conflict {
					want = i
				}
				if got := c.in.(activities.RespondInput).Attempt; got != want {
					t.Errorf("try %d under intent %d, want %d", i, got, want)
				}
			}
		})
	}
}

func TestDisputeProviderDown(t *testing.T) {
	t.Parallel()
	t.Run("until the deadline", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.first.Snapshot.DueBy, w.margin = t0.Add(6*time.Hour), time.Hour
		w.hooks["Submit"] = busy(dispute.UnknownOutcome, 45*time.Minute)
		s := w.run(2 * day)
		if s.Face.Status != dispute.StatusNeedsPerson || !strings.Contains(s.Face.Needs, "deadline has passed") {
			t.Errorf("%s, needs %q", s.Face.Status, s.Face.Needs)
		}
		calls := w.of("Submit", false)
		if last := calls[len(calls)-1].at; last < 5*time.Hour || last > 6*time.Hour {
			t.Errorf("last try at %v, want until the deadline and no longer", last)
		}
		for _, c := range calls {
			if in := c.in.(activities.RespondInput); in.Attempt != 0 || (in.By != "rule:standard" && in.By != "cut-off") || c.queue != VendorQueue("stripe") {
				t.Fatalf("try %+v", c)
			}
		}
	})
	t.Run("for an hour", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.hooks["Submit"] = down(0, time.Hour)
		w.run(2 * day)
		if len(w.sent) != 1 || w.sent[0].At.Sub(t0) > time.Hour+vendorWrite.most {
			t.Errorf("sent %+v", w.sent)
		}
	})
}

// A rung that comes while the case waits for its next try stops neither.
func TestDisputeRungBeforeTheNextTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan.RetryEvery = 4 * time.Hour
	w.remind = []time.Duration{cutOff - 2*time.Hour}
	w.hooks["Submit"] = first(1, dispute.Auth)
	w.run(12 * day)
	if diff := cmp.Diff(byRule(4*time.Hour), w.answers()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// Time that passes while our database is away is noticed afterwards, also when
// nobody is told of the case: an announcement that ends would wake it.
func TestDisputeDatabaseAwayAcrossATimer(t *testing.T) {
	t.Parallel()
	quiet := func(t *testing.T) *world {
		w := newWorld(t)
		w.plan.Notify = nil
		return w
	}
	t.Run("cut-off", func(t *testing.T) {
		t.Parallel()
		w := quiet(t)
		w.waiting()
		w.first.Snapshot.DueBy, w.margin = t0.Add(2*time.Hour), time.Hour
		w.hooks["Publish"] = down(0, 90*time.Minute)
		w.run(day)
		if len(w.sent) != 1 || w.sent[0].By != "cut-off" || w.sent[0].At.Sub(t0) > 91*time.Minute {
			t.Errorf("sent %+v, want as soon as the database is back", w.sent)
		}
	})
	t.Run("reminder", func(t *testing.T) {
		t.Parallel()
		w := quiet(t)
		w.waiting()
		w.remind = []time.Duration{cutOff - time.Hour}
		w.hooks["Publish"] = down(0, 90*time.Minute)
		w.run(2 * time.Hour)
		if !slices.Contains(w.kinds(), "remind") {
			t.Errorf("events %v, want the reminder", w.kinds())
		}
	})
	t.Run("linger", func(t *testing.T) {
		t.Parallel()
		w := quiet(t)
		w.plan.Linger = time.Hour
		w.says(day, dispute.ProviderLost)
		w.hooks["Publish"] = down(day, day+2*time.Hour)
		w.run(5 * day)
		if !w.closed {
			t.Error("never closed")
		}
	})
}

// A step of ours that refuses for good holds the case, it does not end it.
func TestDisputeOutlivesItsOwnBugs(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Record", "Plan", "Publish"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.waiting()
			w.hooks[step] = first(1, dispute.Invalid)
			w.run(12 * day)
			if diff := cmp.Diff(byCutOff(cutOff), w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDisputeChatDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.remind = []time.Duration{cutOff - 15*time.Minute, cutOff - 25*time.Minute}
	w.plan.Tickets = []activities.TicketTarget{{Connection: "desk", Priority: "high"}}
	w.hooks["Announce"] = func(c call) error {
		if c.in.(activities.AnnounceInput).Notify != nil {
			return down(0, 50*time.Minute)(c)
		}
		return nil
	}
	w.decides(10*time.Minute, dispute.DecideHold)
	w.decides(20*time.Minute, dispute.DecideRelease)
	w.decides(30*time.Minute, dispute.DecideSubmit)
	w.run(day)

	if diff := cmp.Diff(byAna(dispute.ResponseContest, 30*time.Minute), w.answers()); diff != "" {
		t.Errorf("the chat held up the answer (-want +got):\n%s", diff)
	}
	var chat, ticket []dispute.Status
	var said string
	for _, c := range w.calls {
		in, ok := c.in.(activities.AnnounceInput)
		switch {
		case !ok:
		case in.Notify == nil:
			ticket = append(ticket, in.Face.Status)
		case c.at >= 50*time.Minute:
			chat, said = append(chat, in.Face.Status), in.Say
		}
	}
	// What was being told when the chat went away is told, then only the newest.
	if diff := cmp.Diff([]dispute.Status{dispute.StatusNeedsApproval, dispute.StatusSubmitted}, chat); diff != "" {
		t.Errorf("the chat was told (-want +got):\n%s", diff)
	}
	if want := "remind: 233h45m0s before the cut-off; remind: 233h35m0s before the cut-off"; said != want {
		t.Errorf("with the words %q, want %q", said, want)
	}
	if len(ticket) < 4 || ticket[len(ticket)-1] != dispute.StatusSubmitted {
		t.Errorf("the ticket desk, which was not down, was told %v", ticket)
	}
}

func TestDisputeChatDownForGood(t *testing.T) {
	t.Parallel()
	for _, kind := range []dispute.Kind{dispute.Auth, dispute.Transient} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hooks["Announce"] = always(kind)
			w.says(day, dispute.ProviderWon)
			s := w.run(30 * day)
			if !w.closed || s.Outcome != dispute.StatusWon {
				t.Errorf("closed %v, %s", w.closed, s.Outcome)
			}
			if e, ok := w.event("announce_failed"); !ok || e.Data["connection"] != "chat" {
				t.Errorf("event %+v", e)
			}
			if diff := cmp.Diff(byRule(0), w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDisputeBooks(t *testing.T) {
	t.Parallel()
	withdrawn := func(s *dispute.Snapshot) {
		s.Movements = []dispute.Movement{{ID: "txn_1", Category: "dispute", Amount: -12900, Net: -12900, Currency: "USD", At: t0}}
	}
	tests := []struct {
		name string
		fail func(call) error
		want string // event
	}{
		{"pushed", nil, "pushed"},
		{"down for two hours", down(0, 2*time.Hour), "pushed"},
		{"refused", always(dispute.Auth), "push_failed"},
		{"down for good", always(dispute.Transient), "push_failed"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan.Accounting = []string{"books"}
			w.first = w.notice(0, dispute.ProviderNeedsResponse, withdrawn)
			w.hooks["Push"] = tc.fail
			w.says(day, dispute.ProviderLost, withdrawn)
			s := w.run(60 * day)
			if diff := cmp.Diff(byRule(0), w.answers()); diff != "" {
				t.Errorf("the books held up the answer (-want +got):\n%s", diff)
			}
			if e, ok := w.event(tc.want); !ok || e.Data["connection"] != "books" {
				t.Errorf("events %v, want %s", w.kinds(), tc.want)
			}
			if !w.closed || s.Outcome != dispute.StatusLost {
				t.Errorf("closed %v, %s", w.closed, s.Outcome)
			}
		})
	}
}
