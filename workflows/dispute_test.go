package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

const cutOff = 10*day - 6*time.Hour // of a world that nobody changed

func byRule(at time.Duration) []answer {
	return []answer{{dispute.ResponseContest, "rule:standard", at}}
}

func byCutOff(at time.Duration) []answer {
	return []answer{{dispute.ResponseContest, "cut-off", at}}
}

func byAna(r dispute.Response, at time.Duration) []answer { return []answer{{r, "ana", at}} }

// TestDisputeAnswers tells stories of one dispute and looks at what reached
// the provider, and when.
func TestDisputeAnswers(t *testing.T) {
	t.Parallel()
	const contest, accept = dispute.ResponseContest, dispute.ResponseAccept
	tests := []struct {
		name  string
		given func(w *world)
		want  []answer
		// at the end, after thirty days
		status dispute.Status
		needs  string
	}{
		{"complete evidence is sent at once", func(w *world) {}, byRule(0), dispute.StatusSubmitted, ""},
		{"approved", func(w *world) {
			w.waiting()
			w.decides(2*time.Hour, dispute.DecideApprove)
		}, byAna(contest, 2*time.Hour), dispute.StatusSubmitted, ""},
		{"accepted by rule", func(w *world) { w.plan.Respond = accept }, []answer{{accept, "rule:standard", 0}}, dispute.StatusAccepted, ""},
		{"accepted by a person", func(w *world) {
			w.waiting()
			w.decides(time.Hour, dispute.DecideAccept)
		}, byAna(accept, time.Hour), dispute.StatusAccepted, ""},
		{"submitted by a person as it is", func(w *world) {
			w.incomplete = true
			w.decides(time.Hour, dispute.DecideSubmit)
		}, byAna(contest, time.Hour), dispute.StatusSubmitted, ""},
		{"done by hand at the provider", func(w *world) {
			w.waiting()
			w.decides(time.Hour, dispute.DecideSubmit, func(d *dispute.Decision) { d.Elsewhere = true })
		}, nil, dispute.StatusSubmitted, ""},
		{"held until the cut-off", func(w *world) {
			w.incomplete = true
			w.decides(time.Hour, dispute.DecideHold)
		}, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"held, approved, released", func(w *world) {
			w.waiting()
			w.decides(time.Hour, dispute.DecideHold)
			w.decides(2*time.Hour, dispute.DecideApprove)
			w.decides(5*time.Hour, dispute.DecideRelease)
		}, byAna(contest, 5*time.Hour), dispute.StatusSubmitted, ""},
		{"held, then submitted after all", func(w *world) {
			w.waiting()
			w.decides(time.Hour, dispute.DecideHold)
			w.decides(2*time.Hour, dispute.DecideSubmit)
		}, byAna(contest, 2*time.Hour), dispute.StatusSubmitted, ""},
		{"submitted by a person, failed and tried again", func(w *world) {
			w.waiting()
			w.hooks["Submit"] = first(1, dispute.Auth)
			w.decides(time.Hour, dispute.DecideSubmit)
		}, byAna(contest, 2*time.Hour), dispute.StatusSubmitted, ""},
		{"submitted by a person, failed and held", func(w *world) {
			w.waiting()
			w.hooks["Submit"] = first(1, dispute.Auth)
			w.decides(time.Hour, dispute.DecideSubmit)
			w.decides(90*time.Minute, dispute.DecideHold)
		}, byAna(contest, cutOff), dispute.StatusSubmitted, ""},
		{"accepted by a person, failed, held and released", func(w *world) {
			w.waiting()
			w.hooks["Accept"] = first(1, dispute.Auth)
			w.decides(time.Hour, dispute.DecideAccept)
			w.decides(90*time.Minute, dispute.DecideHold)
			w.decides(5*time.Hour, dispute.DecideRelease)
		}, byAna(accept, 5*time.Hour), dispute.StatusAccepted, ""},
		{"sent back through the rules with another answer", func(w *world) {
			w.waiting()
			w.decides(time.Hour, dispute.DecideChangePlan, func(d *dispute.Decision) { d.Response = accept })
		}, byAna(accept, time.Hour), dispute.StatusAccepted, ""},

		{"cut-off with nobody there", func(w *world) { w.incomplete = true }, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"cut-off without approval", func(w *world) { w.waiting() }, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"cut-off accepts", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "accept"
		}, []answer{{accept, "cut-off", cutOff}}, dispute.StatusAccepted, ""},
		{"cut-off would accept but a person chose to contest", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "accept"
			w.decides(time.Hour, dispute.DecideChangePlan, func(d *dispute.Decision) { d.Response = contest })
		}, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"cut-off would accept but a person approved while a source was asked", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "accept"
			w.hooks["Gather"] = hangs
			w.decides(time.Hour, dispute.DecideApprove)
		}, byAna(contest, cutOff), dispute.StatusSubmitted, ""},
		{"cut-off leaves it to a person, nobody comes", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "person"
		}, nil, dispute.StatusNeedsPerson, "the deadline has passed"},
		{"cut-off leaves it to a person, who approves", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "person"
			w.decides(cutOff+time.Hour, dispute.DecideApprove)
		}, byAna(contest, cutOff+time.Hour), dispute.StatusSubmitted, ""},
		{"cut-off leaves it to a person, who submits", func(w *world) {
			w.waiting()
			w.plan.AtCutOff = "person"
			w.decides(cutOff+time.Hour, dispute.DecideSubmit)
		}, byAna(contest, cutOff+time.Hour), dispute.StatusSubmitted, ""},

		{"the due date moves earlier", func(w *world) {
			w.waiting()
			w.says(day, dispute.ProviderNeedsResponse, due(5*day))
		}, byCutOff(5*day - 6*time.Hour), dispute.StatusSubmitted, ""},
		{"the due date moves later", func(w *world) {
			w.waiting()
			w.says(day, dispute.ProviderNeedsResponse, due(20*day))
		}, byCutOff(20*day - 6*time.Hour), dispute.StatusSubmitted, ""},
		{"the due date moves to within the margin", func(w *world) {
			w.waiting()
			w.says(day, dispute.ProviderNeedsResponse, due(day+4*time.Hour))
		}, byCutOff(day + 2*time.Hour), dispute.StatusSubmitted, ""},
		{"the due date moves before the next try", func(w *world) {
			w.plan.RetryEvery = 2 * day
			w.hooks["Submit"] = first(1, dispute.Auth)
			w.says(time.Hour, dispute.ProviderNeedsResponse, due(day))
		}, byRule(time.Hour), dispute.StatusSubmitted, ""},
		{"no due date", func(w *world) {
			w.waiting()
			w.first.Snapshot.DueBy = time.Time{}
		}, nil, dispute.StatusNeedsApproval, "waits for approval"},
		{"no due date and nothing to wait for", func(w *world) { w.first.Snapshot.DueBy = time.Time{} }, byRule(0), dispute.StatusSubmitted, ""},
		{"no due date, and then one", func(w *world) {
			w.waiting()
			w.first.Snapshot.DueBy = time.Time{}
			w.says(5*day, dispute.ProviderNeedsResponse)
		}, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"no response allowed", func(w *world) { w.first.Snapshot.NoResponse = true }, nil, dispute.StatusOpen, ""},
		{"past due when it comes", func(w *world) { w.first.Snapshot.PastDue = true }, nil, dispute.StatusNeedsPerson, "the deadline has passed"},

		{"a source is down for good", func(w *world) {
			w.hooks["Gather"] = always(dispute.Auth)
			w.incomplete = true
		}, byCutOff(cutOff), dispute.StatusSubmitted, ""},
		{"all sources are slow beyond the cut-off", func(w *world) {
			w.hooks["Gather"] = hangs
		}, byCutOff(cutOff), dispute.StatusSubmitted, ""},

		{"answered elsewhere, found when sending", func(w *world) { w.outcome = dispute.AnsweredElsewhere }, nil, dispute.StatusSubmitted, ""},
		{"too late, found when sending", func(w *world) { w.outcome = dispute.AnsweredTooLate }, nil, dispute.StatusNeedsPerson, "no longer listens"},
		{"answered elsewhere, told by a notice", func(w *world) {
			w.waiting()
			w.says(time.Hour, dispute.ProviderUnderReview)
		}, nil, dispute.StatusSubmitted, ""},
		{"under review, and open again", func(w *world) {
			w.first = w.notice(0, dispute.ProviderUnderReview)
			w.says(2*day, dispute.ProviderNeedsResponse)
		}, byRule(2 * day), dispute.StatusSubmitted, ""},
		{"a status nobody knows", func(w *world) { w.first = w.notice(0, dispute.ProviderUnknown) }, byCutOff(cutOff), dispute.StatusNeedsPerson, "is not known here"},
		{"a status nobody knows, approved", func(w *world) {
			w.first = w.notice(0, dispute.ProviderUnknown)
			w.decides(time.Hour, dispute.DecideApprove)
		}, byAna(contest, time.Hour), dispute.StatusNeedsPerson, "is not known here"},

		{"the same notice again and again", func(w *world) {
			for i := range 5 {
				w.sends(time.Duration(i)*time.Second, w.first)
			}
		}, byRule(0), dispute.StatusSubmitted, ""},
		{"an old notice after a new one", func(w *world) {
			w.says(time.Hour, dispute.ProviderUnderReview)
			old := w.notice(time.Second, dispute.ProviderNeedsResponse, due(3*day))
			w.sends(2*time.Hour, old)
		}, byRule(0), dispute.StatusSubmitted, ""},
		{"decided before it was told that it began", func(w *world) {
			opened := w.first
			w.first = w.notice(time.Hour, dispute.ProviderLost)
			w.sends(time.Hour, opened)
		}, nil, dispute.StatusLost, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.given(w)
			s := w.run(30 * day)
			if diff := cmp.Diff(tc.want, w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if s.Face.Status != tc.status || !strings.Contains(s.Face.Needs, tc.needs) || (tc.needs == "") != (s.Face.Needs == "") {
				t.Errorf("at the end %s, needs %q; want %s, %q", s.Face.Status, s.Face.Needs, tc.status, tc.needs)
			}
		})
	}
}

func TestDisputeLadder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.waiting()
	w.remind = []time.Duration{72 * time.Hour, 24 * time.Hour, 2 * time.Hour}
	w.decides(day, dispute.DecideHold) // a hold silences nobody
	s := w.run(30 * day)

	type rung struct {
		at  time.Duration
		say string
	}
	var got []rung
	for _, c := range w.announced() {
		if in := c.in.(activities.AnnounceInput); in.Say != "" {
			got = append(got, rung{c.at, in.Say})
		}
	}
	want := []rung{
		{cutOff - 72*time.Hour, "remind: 72h0m0s before the cut-off"},
		{cutOff - 24*time.Hour, "remind: 24h0m0s before the cut-off"},
		{cutOff - 2*time.Hour, "remind: 2h0m0s before the cut-off"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(rung{})); diff != "" {
		t.Errorf("reminders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(byCutOff(cutOff), w.answers()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if s.RungsDone != 3 {
		t.Errorf("%d rungs done", s.RungsDone)
	}
}

func TestDisputeLateSourceMakesANewPacket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["Gather"] = func(c call) error {
		if c.in.(activities.GatherInput).Connection == "ship" {
			return down(0, 3*time.Hour)(c)
		}
		return nil
	}
	s := w.run(5 * day)
	if len(w.sent) != 1 || w.sent[0].PacketHash != "packet-of-2" {
		t.Fatalf("sent %+v, want one packet of both sources", w.sent)
	}
	if at := w.sent[0].At.Sub(t0); at < 3*time.Hour || at > 3*time.Hour+vendorRead.most {
		t.Errorf("sent at %v, want soon after the source answered", at)
	}
	if n := len(w.of("Compose", true)); n != 2 {
		t.Errorf("composed %d times, want one packet before and one after", n)
	}
	for _, r := range s.Sources {
		if r.Outcome != dispute.SourceAnswered {
			t.Errorf("source %+v", r)
		}
	}
	for _, c := range w.of("Gather", false) {
		if c.queue != VendorQueue("ship") {
			t.Errorf("asked on queue %s", c.queue)
		}
	}
}

func TestDisputeSourceGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks["Gather"] = func(c call) error {
		if c.in.(activities.GatherInput).Connection == "ship" {
			return failureUntil(dispute.Transient, 3*time.Hour)
		}
		return nil
	}
	s := w.run(5 * day)
	if got := s.Sources[1]; got.Outcome != dispute.SourceFailed || got.Detail != "vendor: transient" {
		t.Errorf("source %+v, want failed with its reason", got)
	}
	if len(w.sent) != 1 || w.sent[0].PacketHash != "packet-of-1" {
		t.Fatalf("sent %+v, want the packet without it", w.sent)
	}
	if at := w.sent[0].At.Sub(t0); at < w.patience-3*time.Hour || at > w.patience {
		t.Errorf("sent at %v, want when patience with sources ends", at)
	}
}

func TestDisputeClaimsTheAnswer(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(call) error{"claims": nil, "fails": always(dispute.Unsupported)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.first.Snapshot.AutoAnswer = "evidence_by_provider"
			w.hooks["Claim"] = fail
			w.says(time.Hour, dispute.ProviderNeedsResponse, due(9*day))
			s := w.run(2 * day)
			if s.Auto == nil || s.Auto.Claimed != (fail == nil) || s.Auto.Method != "evidence_by_provider" {
				t.Errorf("auto answer %+v", s.Auto)
			}
			if n := len(w.of("Claim", false)); n != 1 {
				t.Errorf("claimed %d times", n)
			}
			if diff := cmp.Diff(byRule(0), w.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}
