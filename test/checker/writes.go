package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// verbs are the provider's words for the two kinds of response.
var verbs = map[string]string{"contest": "submit", "accept": "close"}

// ended are the statuses of a case that is over.
var ended = []string{"won", "lost", "accepted", "closed"}

func oneResponse(f facts, r *result) {
	taken := map[string][]answer{}
	for _, d := range f.vendors.Disputes {
		taken[d.ID] = d.Answers
		perStage := map[string]int{}
		for _, a := range d.Answers {
			perStage[a.Stage]++
		}
		for stage, n := range perStage {
			if n > 1 {
				r.differ("dispute %s was answered %d times in the stage %s", d.ID, n, stage)
			}
		}
	}
	for _, c := range f.database.cases {
		r.Looked++
		answers, want := taken[c.Dispute], verbs[c.Response]
		switch {
		case want == "" && len(answers) > 0:
			r.differ("the provider took an answer of %s, case %s knows none", c.Dispute, c.ID)
		case want == "" && slices.Contains(ended, c.Status):
			r.differ("case %s is %s and was never answered", c.ID, c.Status)
		case want != "" && !slices.ContainsFunc(answers, func(a answer) bool { return a.Verb == want }):
			r.differ("case %s says %s, the provider took no such answer of %s", c.ID, c.Response, c.Dispute)
		}
	}
}

func receiptsFit(f facts, r *result) {
	byKey, receipts := map[string]answer{}, map[string]bool{}
	for _, d := range f.vendors.Disputes {
		for _, a := range d.Answers {
			byKey[a.Key] = a
		}
	}
	for _, i := range f.database.intents {
		var said struct {
			Outcome string `json:"outcome"`
		}
		verb := verbs[i.Kind]
		if verb == "" || i.State != "done" {
			continue
		}
		r.Looked++
		if err := json.Unmarshal(i.Receipt, &said); err != nil {
			r.differ("the receipt of %s cannot be read", i.Key)
			continue
		}
		if said.Outcome != "sent" {
			continue
		}
		receipts[i.Key] = true
		a, found := byKey[i.Key]
		switch sum := sha256.Sum256(i.Request); {
		case !found || a.Verb != verb:
			r.differ("receipt %s says sent, the provider took no %s under this key", i.Key, verb)
		case i.RequestSHA256 == "": // found by reading: the bytes went with the worker
		case a.Body != string(i.Request):
			r.differ("the provider took %d bytes under %s, the receipt holds %d others", len(a.Body), i.Key, len(i.Request))
		case hex.EncodeToString(sum[:]) != i.RequestSHA256:
			r.differ("the bytes of receipt %s do not have its hash", i.Key)
		}
	}
	for key, a := range byKey {
		if !receipts[key] {
			r.differ("the provider took a %s under %q, of which there is no receipt", a.Verb, key)
		}
	}
}

// mark is what our messages carry as metadata.
type mark struct {
	Event   string `json:"event_type"`
	Payload struct {
		Key  string `json:"key"`
		Case string `json:"case_id"`
	} `json:"event_payload"`
}

func oneCard(f facts, r *result) {
	have := map[string]int{}
	places := map[string]int{}
	for _, m := range f.vendors.Messages {
		var is mark
		if err := json.Unmarshal(m.Metadata, &is); err != nil || is.Payload.Key == "" {
			r.differ("message %s in %s carries no key", m.TS, m.Channel)
			continue
		}
		have[is.Payload.Key]++
		if m.ThreadTS == "" {
			places[is.Payload.Case+" in "+m.Channel]++
		}
	}
	for _, c := range f.database.cases {
		for place, n := range places {
			if strings.HasPrefix(place, c.ID+" ") && n > c.Part { // a case that came back gets a new card
				r.differ("there are %d cards of %s, in part %d of the case", n, place, c.Part)
			}
		}
	}
	perIntent(f, r, have, "message", "post card", "reply")
}

// perIntent compares writes by key: one for each that is done, none besides.
func perIntent(f facts, r *result, have map[string]int, what string, kinds ...string) {
	for _, i := range f.database.intents {
		if !slices.Contains(kinds, i.Kind) || i.State != "done" {
			continue
		}
		r.Looked++
		if n := have[i.Key]; n != 1 {
			r.differ("%s %s was written %d times", what, i.Key, n)
		}
		delete(have, i.Key)
	}
	for key, n := range have {
		r.differ("%s %s was written %d times and has no receipt", what, key, n)
	}
}

func oneTicket(f facts, r *result) {
	have, comments := map[string]int{}, map[string]int{}
	for _, t := range f.vendors.Tickets {
		have[t.ExternalID]++
		comments[t.ExternalID] += len(t.Comments) - 1
	}
	for _, i := range f.database.intents {
		switch {
		case i.State != "done":
		case i.Kind == "open ticket":
			r.Looked++
			if n := have[i.Case]; n != 1 {
				r.differ("case %s has %d tickets", i.Case, n)
			}
			delete(have, i.Case)
		case i.Kind == "comment":
			comments[i.Case]--
		}
	}
	for id, n := range have {
		r.differ("%d tickets of %q have no receipt", n, id)
	}
	for id, n := range comments {
		if n != 0 {
			r.differ("the tickets of case %s have %+d comments more than receipts", id, n)
		}
	}
}

func oneBookEntry(f facts, r *result) {
	exported := map[string]string{} // by journal entry, the vendor's id
	for _, e := range f.database.exports {
		exported[e.Entry] = e.VendorID
	}
	debits := map[string]int64{}
	for _, p := range f.database.postings {
		if p.Side == "debit" {
			debits[p.Entry] += p.Amount
		}
	}
	booked := map[string][]bookEntry{}
	for _, b := range f.vendors.Entries {
		key := bracketed(b.PrivateNote)
		booked[key] = append(booked[key], b)
	}
	for _, e := range f.database.entries {
		r.Looked++
		books := booked[e.Key]
		delete(booked, e.Key)
		switch {
		case len(books) != 1:
			r.differ("journal entry %s is in the books %d times", e.Key, len(books))
		case exported[e.Key] != books[0].ID:
			r.differ("journal entry %s is %s in the books, our note says %q", e.Key, books[0].ID, exported[e.Key])
		case total(books[0].Lines, "Debit") != debits[e.Key] || total(books[0].Lines, "Credit") != debits[e.Key]:
			r.differ("journal entry %s has another amount in the books", e.Key)
		}
	}
	for key, books := range booked {
		r.differ("the books have %d entries %q that the journal lacks", len(books), key)
	}
	distinct(f.vendors.Entries, r)
}

// distinct checks what the books must not have twice.
func distinct(entries []bookEntry, r *result) {
	ids, numbers := map[string]bool{}, map[string]bool{}
	for _, b := range entries {
		if ids[b.RequestID] || numbers[b.DocNumber] {
			r.differ("the books have request %s or document %s twice", b.RequestID, b.DocNumber)
		}
		ids[b.RequestID], numbers[b.DocNumber] = true, true
	}
}

// bracketed is the first text in square brackets.
func bracketed(note string) string {
	_, rest, _ := strings.Cut(note, "[")
	key, _, _ := strings.Cut(rest, "]")
	return key
}

// total adds the lines of one side up, in hundredths: the stand-ins sell in
// currencies that have two decimals.
func total(lines []bookLine, side string) int64 {
	var sum int64
	for _, l := range lines {
		if l.PostingType == side {
			sum += hundredths(l.Amount)
		}
	}
	return sum
}
