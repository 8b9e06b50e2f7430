package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestTroubles(t *testing.T) {
	t.Parallel()
	d := open(t)
	now := noon
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	if got := must[[]Trouble](t)(d.Troubles(t.Context(), now)); len(got) > 0 {
		t.Errorf("nothing is there, and wrong is %v", got)
	}

	kase := func(connection, id string, change func(r *CaseRow)) string {
		t.Helper()
		ref := dispute.Ref{Connection: connection, ID: id}
		edit(t, d, ref, func(r *CaseRow) {
			r.Status, r.Deadline.At, r.ArmedUntil = dispute.StatusOpen, now.Add(time.Hour), now.Add(time.Minute)
			change(r)
		})
		ok(t, sql(t, d, "UPDATE cases SET created_at = $1 WHERE id = $2", at(time.Hour), ref.CaseID()))
		return ref.CaseID()
	}
	write := func(key, caseID, kind, target string, ago time.Duration) {
		t.Helper()
		_, _, err := d.BeginIntent(t.Context(), Intent{Key: key, CaseID: caseID, Kind: kind, Target: target})
		ok(t, err)
		ok(t, sql(t, d, "UPDATE intents SET created_at = $1 WHERE key = $2", at(ago), key))
	}
	failing := func(connection, id, needs string, ago time.Duration) {
		t.Helper()
		caseID := kase(connection, id, func(r *CaseRow) { r.Status, r.Needs = dispute.StatusNeedsPerson, needs })
		write("answer "+id, caseID, string(dispute.ResponseContest), connection, ago)
	}

	kase("c", "watched", func(*CaseRow) {})
	kase("c", "no timer", func(r *CaseRow) { r.ArmedUntil = time.Time{} })
	kase("c", "timer passed", func(r *CaseRow) { r.ArmedUntil = at(6 * time.Minute) })
	kase("c", "timer just passed", func(r *CaseRow) { r.ArmedUntil = at(4 * time.Minute) })
	kase("c", "too late", func(r *CaseRow) { r.ArmedUntil, r.Deadline.At = time.Time{}, at(time.Second) })
	kase("c", "no deadline", func(r *CaseRow) { r.ArmedUntil, r.Deadline.At = time.Time{}, time.Time{} })
	kase("c", "answered", func(r *CaseRow) {
		r.Status, r.ArmedUntil, r.SubmittedAt = dispute.StatusNeedsPerson, time.Time{}, at(time.Hour)
	})

	failing("stripe-eu", "auth 1", "submit the packet failed: stripe: get dispute du_1: auth: 401", 3*time.Hour)
	failing("stripe-eu", "auth 2", "accept the dispute failed: no answer in time; last: stripe: get dispute du_2: auth", 2*time.Hour)
	failing("adyen-eu", "away", "submit the packet failed: adyen: get dispute AUTH: transient: 503", time.Hour)
	failing("adyen-eu", "other", "the evidence does not fit: auth", time.Hour)
	mended := kase("adyen-eu", "mended", func(r *CaseRow) {
		r.Status, r.Needs = dispute.StatusNeedsPerson, "submit the packet failed: adyen: auth"
	})
	write("answer mended", mended, string(dispute.ResponseContest), "adyen-eu", time.Hour)
	ok(t, d.FinishIntent(t.Context(), "answer mended", Receipt{}))

	notice := func(connection, event string, state NoticeState, ago time.Duration) {
		t.Helper()
		must[[]Saved](t)(d.SaveNotices(t.Context(), []NewNotice{{Connection: connection, EventID: event, State: state, ReceivedAt: at(ago)}}))
	}
	notice("stripe-us", "waits", NoticePending, 3*time.Minute)
	notice("adyen-eu", "waits too", NoticePending, 4*time.Minute)
	notice("stripe-us", "fresh", NoticePending, time.Minute)
	notice("stripe-us", "forwarded", NoticeForwarded, time.Hour)
	notice("paypal-us", "unreadable", NoticeUnreadable, 23*time.Hour)
	notice("paypal-us", "long ago", NoticeUnreadable, 25*time.Hour)

	write("card 1", mended, "post card", "slack-ops", 6*time.Minute)
	write("card 2", mended, "reply", "slack-ops", 59*time.Minute)
	write("card 3", mended, "reply", "slack-ops", 61*time.Minute)
	write("card 4", mended, "reply", "slack-ops", time.Minute)
	write("entry", mended, "post entry", "quickbooks", 9*time.Hour)

	ok(t, d.SaveSweepCursor(t.Context(), "stripe-us", "c"))
	ok(t, d.SaveSweepCursor(t.Context(), "stripe-eu", "c"))
	ok(t, sql(t, d, "UPDATE sweep_cursors SET at = $1 WHERE connection = 'stripe-us'", at(27*time.Hour)))
	ok(t, sql(t, d, "UPDATE sweep_cursors SET at = $1 WHERE connection = 'stripe-eu'", at(25*time.Hour)))

	want := []Trouble{
		{Kind: TroubleUnwatched, Count: 2, Since: at(time.Hour)},
		{Kind: TroubleCredentials, Connection: "stripe-eu", Count: 2, Since: at(3 * time.Hour)},
		{Kind: TroubleRelay, Count: 2, Since: at(4 * time.Minute)},
		{Kind: TroubleAnswers, Connection: "adyen-eu", Count: 1, Since: at(time.Hour)},
		{Kind: TroubleUnreadable, Connection: "paypal-us", Count: 1, Since: at(23 * time.Hour)},
		{Kind: TroubleWrites, Connection: "slack-ops", Count: 2, Since: at(59 * time.Minute)},
		{Kind: TroubleWrites, Connection: "quickbooks", Count: 1, Since: at(9 * time.Hour)},
		{Kind: TroubleSweep, Connection: "stripe-us", Since: at(27 * time.Hour)},
	}
	if diff := cmp.Diff(want, must[[]Trouble](t)(d.Troubles(t.Context(), now))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
