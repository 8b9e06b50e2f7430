package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store"
)

// moneyView is what the provider moved and how it stands in the books.
type moneyView struct {
	Movements []movement
	Entries   []entry
}

type movement struct {
	ID, Category, Description string
	At                        time.Time
	Amount, Fee, Net          string
	Currency                  string
}

type entry struct {
	At       time.Time
	Memo     string
	Movement string
	Currency string
	Lines    []posting
	Reverses string
}

type posting struct{ Account, Debit, Credit string }

func (f *file) money() moneyView {
	var v moneyView
	for _, m := range f.View.Snapshot.Movements {
		in := func(minor int64) string { return grouped(dispute.Money{Minor: minor, Currency: m.Currency}) }
		v.Movements = append(v.Movements, movement{
			ID: m.ID, Category: plain(m.Category), Description: m.Description, At: m.At,
			Amount: in(m.Amount), Fee: in(m.Fee), Net: in(m.Net), Currency: m.Currency,
		})
	}
	for _, e := range f.Journal {
		v.Entries = append(v.Entries, newEntry(e))
	}
	return v
}

func newEntry(e ledger.Entry) entry {
	out := entry{At: e.Date, Memo: e.Memo, Movement: e.Movement, Currency: e.Currency, Reverses: e.Reverses}
	if out.Memo == "" {
		out.Memo = plain(string(e.Kind))
	}
	for _, p := range e.Postings {
		posted := posting{Account: accountName(p.Account)}
		amount := grouped(dispute.Money{Minor: p.Amount, Currency: e.Currency})
		if p.Side == ledger.Debit {
			posted.Debit = amount
		} else {
			posted.Credit = amount
		}
		out.Lines = append(out.Lines, posted)
	}
	return out
}

func accountName(a ledger.Account) string {
	for _, info := range ledger.Chart() {
		if info.Key == a {
			return info.Name
		}
	}
	return plain(string(a))
}

// receiptView proves what was answered.
type receiptView struct {
	Title      string
	At         time.Time
	By         string
	Answer     string // the provider's status, read afterwards
	VendorID   string
	RequestID  string
	PacketHash string
	Key        string
	Reconciled bool
	Request    sentBytes
	Response   sentBytes
}

// sentBytes are the exact bytes of a request or its answer; URL is empty when
// none were kept.
type sentBytes struct {
	URL, SHA256 string
	Size        int64
}

// Outcomes of a response, as its receipt keeps them.
const (
	answeredElsewhere = "answered_elsewhere"
	tooLate           = "too_late"
)

func (f *file) receipt() *receiptView {
	w := f.Submission
	if w == nil {
		return nil
	}
	var got struct {
		VendorID   string    `json:"vendor_id"`
		RequestID  string    `json:"request_id"`
		At         time.Time `json:"at"`
		RawStatus  string    `json:"raw_status"`
		Outcome    string    `json:"outcome"`
		Packet     string    `json:"packet"`
		By         string    `json:"by"`
		ReadBack   string    `json:"read_back"`
		Reconciled bool      `json:"reconciled"`
	}
	if err := readAll(w.Receipt, &got); err != nil || len(w.Receipt) == 0 {
		return nil
	}
	v := &receiptView{
		Title: "Evidence submitted", At: got.At, By: actorWord(got.By), Answer: plain(got.ReadBack), VendorID: got.VendorID,
		RequestID: got.RequestID, PacketHash: got.Packet, Key: w.Key, Reconciled: got.Reconciled,
	}
	switch {
	case got.Outcome == answeredElsewhere:
		v.Title = "Answered outside Rebuttal: nothing was sent from here"
	case got.Outcome == tooLate:
		v.Title = "The provider no longer listened: nothing was sent"
	case w.Kind == string(dispute.ResponseAccept):
		v.Title = "Dispute accepted"
	}
	if v.Answer == "" {
		v.Answer = plain(got.RawStatus)
	}
	v.Request, v.Response = f.bytesOf(w)
	return v
}

func (f *file) bytesOf(w *store.Intent) (request, response sentBytes) {
	for i := range f.Writes {
		if f.Writes[i].Key != w.Key {
			continue
		}
		at := fmt.Sprintf("%s/writes/%d/", casePath(f.ID), i+1)
		if len(w.Request) > 0 {
			request = sentBytes{URL: at + "request", SHA256: w.RequestSHA256, Size: int64(len(w.Request))}
		}
		if len(w.Response) > 0 {
			response = sentBytes{URL: at + "response", SHA256: w.ResponseSHA256, Size: int64(len(w.Response))}
		}
	}
	return request, response
}

// writeView is one write to another system.
type writeView struct {
	What, Target, State, Why string
	At                       time.Time
}

func (f *file) writes() []writeView {
	out := make([]writeView, 0, len(f.Writes))
	for _, w := range f.Writes {
		v := writeView{What: plain(w.Kind), Target: w.Target, At: w.DoneAt, Why: w.Refusal}
		switch w.State {
		case store.Intended:
			v.State, v.At = "begun, no answer kept", w.CreatedAt
		case store.Done:
			v.State = "done"
		case store.Refused:
			v.State = "refused"
		}
		out = append(out, v)
	}
	return out
}

// actorWord names who did something.
func actorWord(id string) string {
	rule, isRule := strings.CutPrefix(id, "rule:")
	switch {
	case isRule:
		return "rule " + rule
	case id == "machine", id == "rebuttal":
		return "Rebuttal"
	case id == "cut-off":
		return "the cut-off"
	case id == "provider":
		return "the provider"
	}
	return id
}
