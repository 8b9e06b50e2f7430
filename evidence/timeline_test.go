package evidence

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	items := sale()
	items = append(items, item(dispute.ItemDocument, "slip", dispute.FactShippedAt, "2026-11-02T15:00:00Z", dispute.FactServiceDate, "2026-11-03"))
	track := item(dispute.ItemDelivery, "track:8", dispute.FactDeliveredAt, "2026-11-03T13:00:00Z")
	track.Log = logOf(time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC), time.Hour, "Out for delivery", "Left at the door")
	b := newBook(testCase(dispute.FamilyGeneral), append(items, track))
	var got []string
	for _, ev := range b.history() {
		at := ev.at.Format("01-02 15:04")
		if ev.day {
			at = ev.at.Format("01-02")
		}
		got = append(got, fmt.Sprintf("%s %s %v", at, ev.words, ev.exhibits))
	}
	want := []string{
		"05-01 10:00 Earlier payment [7]", "11-01 09:58 Order placed [2]", "11-01 10:00 Payment made [1]",
		"11-02 15:00 Parcel shipped [3 8]", "11-03 Service given [8]", "11-03 12:00 Out for delivery [5]",
		"11-03 13:00 Parcel delivered: Left at the door [5]",
		"11-04 11:20 Parcel delivered [4]", "11-05 08:00 Message from customer: Your order [6]", "11-20 09:30 Dispute opened []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	list := []event{
		{at: from, words: "Parcel shipped", exhibits: []int{1}},
		{at: from.Add(1 * time.Hour), words: "a", exhibits: []int{2}, log: 1},
		{at: from.Add(2 * time.Hour), words: "b", exhibits: []int{2}, log: 1},
		{at: from.Add(3 * time.Hour), words: "c", exhibits: []int{3}, log: 1},
		{at: from.Add(4 * time.Hour), words: "d", exhibits: []int{2}, log: 1},
		{at: from.Add(26 * time.Hour), words: "e", exhibits: []int{2}, log: 1},
	}
	words := func(list []event) (out []string) {
		for _, ev := range list {
			out = append(out, ev.words)
		}
		return out
	}
	byDay := grouped(list, 2, dayOf)
	if diff := cmp.Diff([]string{"Parcel shipped", "3 entries until 12:00, the last: d", "c", "e"}, words(byDay)); diff != "" {
		t.Errorf("by day (-want +got):\n%s", diff)
	}
	if got := longestLogs(list); cmp.Diff([]int{2, 3}, got) != "" {
		t.Errorf("longest logs %v", got)
	}
	all := grouped(byDay, 2, anyTime)
	if diff := cmp.Diff(words(byDay), words(all)); diff != "" {
		t.Errorf("two are no crowd (-want +got):\n%s", diff)
	}
	list = append(byDay, event{at: from.Add(30 * time.Hour), words: "f", exhibits: []int{2}, log: 1})
	all = grouped(list, 2, anyTime)
	if diff := cmp.Diff([]string{"Parcel shipped", "5 entries until 3 Nov 2026 14:00, the last: f", "c"}, words(all)); diff != "" {
		t.Errorf("groups of groups (-want +got):\n%s", diff)
	}
}

// However much happened, the timeline takes two pages at most.
func TestTimelineFits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		logs, messages int
		left           bool
	}{
		"a busy log": {logs: 300}, "a talkative customer": {messages: 400, left: true}, "both": {300, 20, false}, "little": {3, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := sale()
			use := item(dispute.ItemAccess, "log:1")
			for i := range tt.logs {
				use.Log = append(use.Log, dispute.LogEntry{At: opened.Add(-time.Duration(i+1) * 3 * time.Hour), What: fmt.Sprintf("Logged in for the %dth time", i)})
			}
			for i := range tt.messages {
				at := opened.Add(-time.Duration(i+1) * 7 * time.Hour).Format(time.RFC3339)
				items = append(items, item(dispute.ItemCommunication, fmt.Sprintf("mail:%d", i), dispute.FactDirection, "from customer",
					dispute.FactSentAt, at, dispute.FactSubject, fmt.Sprintf("A question about my order, number %d of very many that I have", i)))
			}
			b := newBook(testCase(dispute.FamilyGeneral), append(items, use))
			p := printed(b, func(p *printer) {
				p.page()
				p.timeline()
			})
			if p.now.pages > 2 {
				t.Errorf("%d pages", p.now.pages)
			}
			list, left := p.fitted(b.history())
			if (left > 0) != tt.left || list[len(list)-1].words != "Dispute opened" {
				t.Errorf("%d left out, the last is %q", left, list[len(list)-1].words)
			}
			file, _, err := p.file()
			if err != nil {
				t.Fatal(err)
			}
			apart(t, file)
		})
	}
}
