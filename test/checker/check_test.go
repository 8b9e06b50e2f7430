package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 250000, time.UTC)

// sound is a system at rest in which everything fits: one dispute that was
// contested and won, one that was accepted.
func sound() facts {
	f := facts{
		sent: []notice{
			{"psp", "evt_1", "du_1", "created", 12900, "USD", true},
			{"psp", "evt_1", "du_1", "created", 12900, "USD", false}, // sent twice, refused once
			{"psp", "evt_2", "du_2", "created", 999, "USD", true},
		},
		vendors: vendors{
			Disputes: []providerDispute{
				{ID: "du_1", Status: "won", Currency: "USD", Amount: 12900,
					Answers:   []answer{{"submit", "chargeback", "cs_1/1/chargeback/respond/0", "submit=true"}},
					Movements: []movement{{"txn_1", -12900, 1500}, {"txn_2", 12900, 0}}},
				{ID: "du_2", Status: "lost", Currency: "USD", Amount: 999,
					Answers:   []answer{{"close", "chargeback", "cs_2/1/chargeback/respond/0", ""}},
					Movements: []movement{{"txn_3", -999, 1500}}},
			},
			Messages: []message{
				card("1.1", "", "rebuttal_case", "cs_1/1/card/chat/#d", "cs_1"),
				card("1.2", "1.1", "rebuttal_reply", "cs_1/1/card/chat/#d/say/a", ""),
			},
			Tickets: []ticket{{1, "cs_1", []json.RawMessage{[]byte(`{}`), []byte(`{}`)}}},
		},
		database: database{
			notices: []storedNotice{
				{"psp", "evt_1", "du_1", "created", "forwarded"}, {"psp", "evt_2", "du_2", "created", "forwarded"},
			},
			cases: []caseRow{
				{ID: "cs_1", Connection: "psp", Dispute: "du_1", Status: "won", Response: "contest", Currency: "USD", Amount: 12900, Part: 1},
				{ID: "cs_2", Connection: "psp", Dispute: "du_2", Status: "accepted", Response: "accept", Currency: "USD", Amount: 999, Part: 1},
			},
			intents: []intent{
				done("cs_1", "contest", "cs_1/1/chargeback/respond/0", "submit=true"),
				done("cs_1", "post card", "cs_1/1/card/chat/#d", ""),
				done("cs_1", "reply", "cs_1/1/card/chat/#d/say/a", ""),
				done("cs_1", "open ticket", "cs_1/ticket/desk", ""),
				done("cs_1", "comment", "cs_1/ticket/desk/comment/a", ""),
				done("cs_2", "accept", "cs_2/1/chargeback/respond/0", ""),
			},
		},
	}
	f.history("cs_1", `{"kind":"created"}`, `null`)
	f.history("cs_2", `{"kind":"<created> & more"}`)
	f.book("cs_1", "txn_1", map[string]int64{"disputed_funds": 12900, "dispute_fees": 1500, "psp_clearing": -14400})
	f.book("cs_1", "txn_2", map[string]int64{"disputed_funds": -12900, "psp_clearing": 12900})
	f.book("cs_2", "txn_3", map[string]int64{"disputed_funds": 999, "dispute_fees": 1500, "psp_clearing": -2499})
	f.book("cs_2", "", map[string]int64{"disputed_funds": -999, "chargeback_loss": 999})
	return f
}

func card(ts, thread, event, key, caseID string) message {
	metadata := fmt.Sprintf(`{"event_type":%q,"event_payload":{"key":%q,"case_id":%q}}`, event, key, caseID)
	return message{Channel: "C1", TS: ts, ThreadTS: thread, Metadata: []byte(metadata)}
}

func done(caseID, kind, key, request string) intent {
	sum := sha256.Sum256([]byte(request))
	return intent{
		Key: key, Case: caseID, Kind: kind, State: "done",
		Receipt: []byte(`{"outcome":"sent"}`), Request: []byte(request), RequestSHA256: hex.EncodeToString(sum[:]),
	}
}

// history chains events of a case.
func (f *facts) history(caseID string, data ...string) {
	var head []byte
	for i, d := range data {
		e := event{Case: caseID, Seq: int64(i + 1), At: noon, Actor: "machine", Kind: "notice", Key: fmt.Sprint("notice/", i), Data: d, Prev: head}
		e.Hash = digest(e)
		head = e.Hash
		f.database.events = append(f.database.events, e)
	}
	for i := range f.database.cases {
		if c := &f.database.cases[i]; c.ID == caseID {
			c.Events, c.Head = int64(len(data)), head
		}
	}
}

// book posts a journal entry and its twin in the books.
func (f *facts) book(caseID, movement string, lines map[string]int64) {
	n := len(f.database.entries) + 1
	key, id := fmt.Sprintf("psp|%s|%d", caseID, n), fmt.Sprint(1000+n)
	f.database.entries = append(f.database.entries, journalEntry{Key: key, Case: caseID, Connection: "psp", Kind: "opened", Currency: "USD", Movement: movement})
	b := bookEntry{ID: id, RequestID: "r" + id, DocNumber: "D" + id, PrivateNote: "memo [" + key + "]"}
	for _, account := range slices.Sorted(maps.Keys(lines)) {
		amount := lines[account]
		p, side := posting{key, account, "debit", amount}, "Debit"
		if amount < 0 {
			p.Side, p.Amount, side = "credit", -amount, "Credit"
		}
		f.database.postings = append(f.database.postings, p)
		b.Lines = append(b.Lines, bookLine{side, fmt.Sprintf("%d.%02d", p.Amount/100, p.Amount%100)})
	}
	f.database.exports = append(f.database.exports, export{key, "books", id})
	f.vendors.Entries = append(f.vendors.Entries, b)
}

func TestSound(t *testing.T) {
	t.Parallel()
	for _, r := range check(sound()) {
		if len(r.Differences) > 0 || r.Looked == 0 {
			t.Errorf("%s looked at %d: %v", r.Check, r.Looked, r.Differences)
		}
	}
}

// faults are planted one at a time; the check must name the culprit.
var faults = []struct {
	name  string
	check string // how the check's name begins
	says  string
	plant func(f *facts)
}{
	{"a notice is lost", "acknowledged", "evt_2 was acknowledged and is stored 0 times", func(f *facts) { f.database.notices = f.database.notices[:1] }},
	{"a notice is stored twice", "acknowledged", "evt_1 was acknowledged and is stored 2 times", func(f *facts) { f.database.notices = append(f.database.notices, f.database.notices[0]) }},
	{"a notice came from nowhere", "acknowledged", "evt_9 of psp is stored and was never sent", func(f *facts) {
		f.database.notices = append(f.database.notices, storedNotice{"psp", "evt_9", "du_1", "created", "forwarded"})
	}},
	{"a notice was asked for of nobody", "acknowledged", "poll_du_9_a of psp is stored and was never sent", func(f *facts) {
		f.database.notices = append(f.database.notices, storedNotice{"psp", "poll_du_9_a", "du_9", "polled", "forwarded"})
	}},
	{"a notice that was asked for is stored twice", "acknowledged", "poll_du_1_a was asked for and is stored 2 times", func(f *facts) {
		n := storedNotice{"psp", "poll_du_1_a", "du_1", "polled", "forwarded"}
		f.database.notices = append(f.database.notices, n, n)
	}},
	{"a notice has changed", "acknowledged", "evt_1 is stored as closed", func(f *facts) { f.database.notices[0].Kind = "closed" }},
	{"a notice waits", "acknowledged", "evt_1 is pending", func(f *facts) { f.database.notices[0].State = "pending" }},
	{"a case is missing", "one case", "du_2 has 0 cases", func(f *facts) { f.database.cases = f.database.cases[:1] }},
	{"a dispute has two cases", "one case", "du_1 has 2 cases", func(f *facts) { f.database.cases = append(f.database.cases, f.database.cases[0]) }},
	{"a case has another amount", "one case", "case cs_1 is about 1 USD", func(f *facts) { f.database.cases[0].Amount = 1 }},
	{"a case is about nothing", "one case", "of which nothing was acknowledged", func(f *facts) { f.database.cases[0].Dispute = "du_9" }},
	{"a response is sent twice", "one response", "du_1 was answered 2 times", func(f *facts) {
		d := &f.vendors.Disputes[0]
		d.Answers = append(d.Answers, answer{"submit", "chargeback", "other", "submit=true"})
	}},
	{"a response never arrived", "one response", "the provider took no such answer of du_1", func(f *facts) { f.vendors.Disputes[0].Answers = nil }},
	{"a response nobody knows of", "one response", "case cs_1 knows none", func(f *facts) { f.database.cases[0].Response = "" }},
	{"nobody answered", "one response", "cs_1 is won and was never answered", func(f *facts) {
		f.database.cases[0].Response, f.vendors.Disputes[0].Answers = "", nil
	}},
	{"accepted instead of contested", "one response", "case cs_1 says contest", func(f *facts) { f.vendors.Disputes[0].Answers[0].Verb = "close" }},
	{"other bytes were sent", "receipts", "the receipt holds 11 others", func(f *facts) { f.vendors.Disputes[0].Answers[0].Body = "submit=maybe" }},
	{"the receipt's bytes have changed", "receipts", "do not have its hash", func(f *facts) {
		f.database.intents[0].Request = []byte("submit=TRUE")
		f.vendors.Disputes[0].Answers[0].Body = "submit=TRUE"
	}},
	{"a receipt without a response", "receipts", "took no submit under this key", func(f *facts) { f.vendors.Disputes[0].Answers[0].Key = "other" }},
	{"a response without a receipt", "receipts", "of which there is no receipt", func(f *facts) { f.database.intents = f.database.intents[1:] }},
	{"a receipt that cannot be read", "receipts", "cannot be read", func(f *facts) { f.database.intents[0].Receipt = nil }},
	{"two cards with one key", "one chat card", "#d was written 2 times", func(f *facts) { f.vendors.Messages = append(f.vendors.Messages, f.vendors.Messages[0]) }},
	{"two cards of a case", "one chat card", "2 cards of cs_1 in C1", func(f *facts) {
		f.vendors.Messages = append(f.vendors.Messages, card("1.3", "", "rebuttal_case", "another", "cs_1"))
	}},
	{"a card without a key", "one chat card", "message 1.1 in C1 carries no key", func(f *facts) { f.vendors.Messages[0].Metadata = nil }},
	{"a line was said twice", "one chat card", "say/a was written 2 times", func(f *facts) { f.vendors.Messages = append(f.vendors.Messages, f.vendors.Messages[1]) }},
	{"the card is missing", "one chat card", "#d was written 0 times", func(f *facts) { f.vendors.Messages = f.vendors.Messages[1:] }},
	{"two tickets", "one ticket", "cs_1 has 2 tickets", func(f *facts) {
		f.vendors.Tickets = append(f.vendors.Tickets, ticket{2, "cs_1", f.vendors.Tickets[0].Comments[:1]})
	}},
	{"no ticket", "one ticket", "cs_1 has 0 tickets", func(f *facts) { f.vendors.Tickets = nil }},
	{"a ticket of nobody", "one ticket", "have no receipt", func(f *facts) {
		f.vendors.Tickets = append(f.vendors.Tickets, ticket{2, "cs_9", f.vendors.Tickets[0].Comments[:1]})
	}},
	{"a comment was written twice", "one ticket", "+1 comments", func(f *facts) {
		f.vendors.Tickets[0].Comments = append(f.vendors.Tickets[0].Comments, nil)
	}},
	{"booked twice", "one entry", "psp|cs_1|1 is in the books 2 times", func(f *facts) {
		b := f.vendors.Entries[0]
		b.ID, b.RequestID, b.DocNumber = "9", "9", "9"
		f.vendors.Entries = append(f.vendors.Entries, b)
	}},
	{"not booked", "one entry", "psp|cs_1|1 is in the books 0 times", func(f *facts) { f.vendors.Entries = f.vendors.Entries[1:] }},
	{"booked without an entry", "one entry", "that the journal lacks", func(f *facts) { f.vendors.Entries[0].PrivateNote = "by hand" }},
	{"booked with another amount", "one entry", "another amount", func(f *facts) {
		f.vendors.Entries[1].Lines = []bookLine{{"Debit", "129.01"}, {"Credit", "129.01"}}
	}},
	{"booked under another id", "one entry", `our note says ""`, func(f *facts) { f.database.exports = f.database.exports[1:] }},
	{"a request id twice", "one entry", "twice", func(f *facts) { f.vendors.Entries[0].RequestID = f.vendors.Entries[1].RequestID }},
	{"an entry out of balance", "journal entries", "off by", func(f *facts) { f.database.postings[0].Amount++ }},
	{"an entry with one line", "journal entries", "has 1 postings", func(f *facts) {
		f.database.postings = f.database.postings[:len(f.database.postings)-1]
	}},
	{"an entry twice", "journal entries", "is there twice", func(f *facts) { f.database.entries = append(f.database.entries, f.database.entries[0]) }},
	{"postings of nothing", "journal entries", "have no entry", func(f *facts) {
		f.database.postings = append(f.database.postings, posting{"none", "bank", "debit", 1})
	}},
	{"a movement was not posted", "the journal follows", "0 standing entries of movement txn_4", func(f *facts) {
		f.vendors.Disputes[0].Movements = append(f.vendors.Disputes[0].Movements, movement{"txn_4", -5, 0})
	}},
	{"a movement was posted twice", "the journal follows", "2 standing entries of movement txn_1", func(f *facts) { f.database.entries[1].Movement = "txn_1" }},
	{"a movement that never was", "the journal follows", "which the provider does not know", func(f *facts) { f.database.entries[0].Movement = "txn_9" }},
	{"the provider moved another amount", "the journal follows", "by -1500, the provider its balance by -1499", func(f *facts) { f.vendors.Disputes[0].Movements[0].Fee-- }},
	{"funds still under dispute", "the journal follows", "holds 999 on disputed_funds", func(f *facts) {
		f.database.postings = f.database.postings[:len(f.database.postings)-2]
	}},
	{"an event was changed", "histories", "event 1 of case cs_1 does not have its hash", func(f *facts) { f.database.events[0].Data = `{"kind":"closed"}` }},
	{"an event was taken out", "histories", "event 1 of case cs_1 has the number 2", func(f *facts) { f.database.events = f.database.events[1:] }},
	{"the end was cut off", "histories", "cs_2 has 0 events", func(f *facts) { f.database.events = f.database.events[:2] }},
	{"the chain was broken", "histories", "event 2 of case cs_1 does not follow", func(f *facts) { f.database.events[1].Prev = []byte("x") }},
	{"the head is another", "histories", "the case says 2", func(f *facts) { f.database.cases[0].Head = []byte("x") }},
	{"a step was noted twice", "histories", "repeats notice/0", func(f *facts) {
		f.database.events[1].Key = "notice/0"
		f.database.events[1].Hash = digest(f.database.events[1])
	}},
	{"a write has no end", "no write", "cs_1/ticket/desk was begun", func(f *facts) { f.database.intents[3].State = "intended" }},
	{"there is nothing", "no write", "nothing to look at", func(f *facts) { *f = facts{} }},
}

func TestEveryFaultIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sound()
			tt.plant(&f)
			for _, r := range check(f) {
				if !strings.HasPrefix(r.Check, tt.check) {
					continue
				}
				if all := strings.Join(r.Differences, "\n"); !strings.Contains(all, tt.says) {
					t.Errorf("%s says %q, want %q", r.Check, all, tt.says)
				}
				return
			}
			t.Errorf("no check is called %s", tt.check)
		})
	}
}

// Every check can fail.
func TestEveryCheckHasAFault(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		found := false
		for _, f := range faults {
			found = found || strings.HasPrefix(c.name, f.check)
		}
		if !found {
			t.Errorf("no fault is planted for %q", c.name)
		}
	}
}

// A checker that shares code with what it checks shares its mistakes.
func TestStandsAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/rebuttal-hq/rebuttal/"
	seen := 0
	for _, pkg := range strings.Fields(string(out)) {
		seen++
		ours := strings.HasPrefix(pkg, module) && pkg != module+"test/checker"
		domain, _, _ := strings.Cut(pkg, "/")
		foreign := strings.Contains(domain, ".") && domain != "golang.org" && !strings.HasPrefix(pkg, "github.com/jackc/") && !strings.HasPrefix(pkg, module)
		if ours || foreign {
			t.Errorf("the checker imports %s", pkg)
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages are listed", seen)
	}
}
