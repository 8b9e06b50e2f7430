package console

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		due    time.Duration
		status dispute.Status
		want   left
	}{
		"days":      {100 * time.Hour, dispute.StatusOpen, left{Step: stepCalm, Count: "4 d 4 h"}},
		"three":     {72 * time.Hour, dispute.StatusOpen, left{Step: stepCalm, Count: "3 d 0 h"}},
		"two":       {47*time.Hour + 59*time.Minute, dispute.StatusNeedsApproval, left{Step: stepSoon, Count: "47 h 59 min"}},
		"one":       {24 * time.Hour, dispute.StatusOpen, left{Step: stepSoon, Count: "24 h 0 min"}},
		"hours":     {5*time.Hour + 12*time.Minute, dispute.StatusOnHold, left{Step: stepUrgent, Count: "5 h 12 min"}},
		"minutes":   {59 * time.Minute, dispute.StatusOpen, left{Step: stepUrgent, Count: "59 min"}},
		"seconds":   {9 * time.Second, dispute.StatusOpen, left{Step: stepUrgent, Count: "9 s"}},
		"past":      {-90 * time.Minute, dispute.StatusNeedsPerson, left{Step: stepOver, Count: "1 h 30 min ago"}},
		"submitted": {-90 * time.Minute, dispute.StatusSubmitted, left{Step: stepDone, Count: "Submitted"}},
		"won":       {time.Hour, dispute.StatusWon, left{Step: stepDone, Count: "Won"}},
	} {
		row := store.CaseRow{Case: dispute.Case{Status: c.status, Deadline: dispute.Deadline{At: noon.Add(c.due)}}}
		c.want.At = noon.Add(c.due)
		if diff := cmp.Diff(c.want, leftOf(row, noon)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := leftOf(store.CaseRow{Case: dispute.Case{Status: dispute.StatusOpen}}, noon); got.Step != stepUnknown {
		t.Errorf("no deadline: %+v", got)
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]dispute.Money{
		"0.00 USD": {Currency: "USD"}, "0.05 EUR": {Minor: 5, Currency: "EUR"}, "999.99 USD": {Minor: 99_999, Currency: "USD"},
		"1,240.00 USD": {Minor: 124_000, Currency: "USD"}, "−12,345,678.90 USD": {Minor: -1_234_567_890, Currency: "USD"},
		"48,000 JPY": {Minor: 48_000, Currency: "JPY"}, "1,000.500 KWD": {Minor: 1_000_500, Currency: "KWD"},
	} {
		if got := money(in); got != want {
			t.Errorf("%+v is %q, want %q", in, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for in, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 KB", 412_345: "412 KB", 1_950_000: "1.9 MB"} {
		if got := size(in); got != want {
			t.Errorf("%d is %q, want %q", in, got, want)
		}
	}
}

func TestCapital(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "waits": "Waits", "Done": "Done", "élan": "Élan", "\xff": "\uFFFD"} {
		if got := capital(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestSourceWords(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]string{
		dispute.SourceAnswered: "2 items",
		dispute.SourceEmpty:    "knows nothing of this sale",
		dispute.SourceSkipped:  "not asked: the case lacks the ids it searches by",
		dispute.SourceFailed:   "gave no answer",
		dispute.SourcePending:  "still being asked",
		"new":                  "new",
	} {
		if got := sourceWord(dispute.SourceResult{Outcome: outcome, Items: 2}); got != want {
			t.Errorf("%s is %q, want %q", outcome, got, want)
		}
	}
}

func TestEveryDecisionHasWords(t *testing.T) {
	t.Parallel()
	for _, kind := range dispute.Decisions {
		if says, _ := decisionWords(kind, nil); strings.HasPrefix(says, "Decided: ") {
			t.Errorf("%s is told as %q", kind, says)
		}
	}
}

// Every kind of entry that the steps and the workflow write has words.
func TestHistoryWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind string
		data map[string]string
		want []string
	}{
		{"notice", map[string]string{"kind": "funds_withdrawn", "event": "charge.dispute.funds_withdrawn"}, []string{"Notice: funds withdrawn", "charge.dispute.funds_withdrawn"}},
		{"planned", map[string]string{"rule": "rest", "queue": "frontline", "cut_off": "2026-12-03 08:00:00Z"}, []string{"Planned by rule rest", "queue frontline · cut-off 2026-12-03 08:00:00Z"}},
		{"source", map[string]string{"source": "shipbob", "outcome": "answered", "items": "3"}, []string{"shipbob: 3 items", ""}},
		{"source", map[string]string{"source": "shipbob", "outcome": "failed", "detail": "no answer in time"}, []string{"shipbob: gave no answer", "no answer in time"}},
		{"decided:assign", map[string]string{"assignee": "mia"}, []string{"Assigned to mia", ""}},
		{"decided:change_plan", map[string]string{"queue": "senior", "response": "accept"}, []string{"Changed the plan", "queue senior · answer accept"}},
		{"push_failed", map[string]string{"connection": "quickbooks", "error": "auth"}, []string{"Push failed", "quickbooks · auth"}},
		{"approval_taken_back", map[string]string{"by": "ana", "from": "contest", "to": "accept"}, []string{"The approval of ana no longer holds: the plan says accept instead of contest", ""}},
		{"hold_taken_back", map[string]string{"by": "rule:rest"}, []string{"No longer held by rule rest", "the plan holds it no more"}},
		{"something_new", nil, []string{"Something new", ""}},
	} {
		says, more := eventWords(c.kind, c.data)
		if diff := cmp.Diff(c.want, []string{says, more}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.kind, diff)
		}
	}
}
