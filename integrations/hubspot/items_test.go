package hubspot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestMessageItems(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		item func(object) dispute.Item
		in   map[string]string
		want dispute.Item
	}{
		"e-mail became a ticket": {
			ticketItem,
			map[string]string{"subject": "Where?", "content": "Where is it?\nAda", "source_type": "EMAIL", "createdate": "2026-09-02T10:00:00.5Z"},
			dispute.Item{
				ID: "ticket:7", Kind: dispute.ItemCommunication, Title: "Ticket 7: Where?", At: made.Add(26*time.Hour + 500*time.Millisecond),
				Facts: map[string]string{"subject": "Where?", "text": "Where is it?\nAda", "direction": "from customer", "sent_at": "2026-09-02T10:00:00Z"},
			},
		},
		"ticket by hand, without a date": {
			ticketItem,
			map[string]string{"content": "called twice", "createdate": "yesterday"},
			dispute.Item{
				ID: "ticket:7", Kind: dispute.ItemCommunication, Title: "Ticket 7", At: made,
				Facts: map[string]string{"text": "called twice", "sent_at": "2026-09-01T08:00:00Z"},
			},
		},
		"note": {
			noteItem,
			map[string]string{"hs_note_body": "<p>Rang.<br>No answer.</p>", "hs_timestamp": "2026-09-02T12:00:00+02:00"},
			dispute.Item{
				ID: "note:7", Kind: dispute.ItemCommunication, Title: "Note 7", At: made.Add(26 * time.Hour),
				Facts: map[string]string{"text": "Rang.\nNo answer.", "sent_at": "2026-09-02T10:00:00Z"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.item(object{ID: "7", CreatedAt: made, Properties: tt.in})); diff != "" {
				t.Errorf("item (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAboutSale(t *testing.T) {
	t.Parallel()
	paid := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		subject, text string
		at            time.Time
		order         string
		want          bool
	}{
		"names the order":             {"#1001", "Where is it?", paid, "#1001", true},
		"names it among others":       {"", "#1002 came, #1001 did not", paid, "#1001", true},
		"names another":               {"#1002", "Where is it?", paid, "#1001", false},
		"names a longer number":       {"#10012", "Where is it?", paid, "#1001", false},
		"names none":                  {"", "Thank you!", paid, "#1001", true},
		"small numbers are no orders": {"", "You are #1", paid, "#1001", true},
		"order without the mark":      {"", "About #1001", paid, "1001", true},
		"order is not a number":       {"", "About #1002", paid, "AB-7", true},
		"order is not known":          {"", "About #1002", paid, "", true},
		"question before buying":      {"", "Is it oak?", paid.AddDate(0, 0, -29), "#1001", true},
		"long before":                 {"", "Is it oak?", paid.AddDate(0, 0, -31), "#1001", false},
		"says nothing":                {"", "", paid, "#1001", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := dispute.Item{At: tt.at, Facts: map[string]string{dispute.FactSubject: tt.subject, dispute.FactText: tt.text}}
			got := aboutSale([]dispute.Item{m}, dispute.Payment{OrderName: tt.order, At: paid})
			if (len(got) == 1) != tt.want {
				t.Errorf("kept %v, want %v", len(got) == 1, tt.want)
			}
		})
	}
	undated := aboutSale([]dispute.Item{{At: paid.AddDate(-9, 0, 0), Facts: map[string]string{dispute.FactText: "x"}}}, dispute.Payment{})
	if len(undated) != 1 {
		t.Error("a payment without a date leaves out old messages")
	}
}
