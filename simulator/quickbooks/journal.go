package quickbooks

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// The lengths that Intuit's reference of the journal entry and of the request
// id names.
const (
	maxDocNumber = 21
	maxText      = 4000
	maxRequestID = 50
)

type ref struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
}

type line struct {
	ID                     string `json:"Id,omitempty"`
	Amount                 json.Number
	Description            string `json:",omitempty"`
	DetailType             string
	JournalEntryLineDetail struct {
		PostingType string
		AccountRef  ref
	}
}

type journal struct {
	TxnDate     string
	DocNumber   string
	PrivateNote string
	CurrencyRef *ref
	Line        []line
}

// createEntry books a journal entry, once per request id.
func (q *QuickBooks) createEntry(w http.ResponseWriter, r *http.Request) {
	request := r.URL.Query().Get("requestid")
	if len(request) > maxRequestID {
		refuse(w, fault{"2130", "Invalid Request Id Format", "requestid"})
		return
	}
	if earlier, known := q.answered[request]; known && request != "" {
		writeJSON(w, http.StatusOK, earlier)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, fault{"2010", "Request has invalid or unsupported property", ""})
		return
	}
	var j journal
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(&j); err != nil {
		refuse(w, fault{"2010", "Request has invalid or unsupported property", "Property Name"})
		return
	}
	if f := q.wrong(j); f != nil {
		refuse(w, *f)
		return
	}
	e := entryOf(j)
	e.ID, e.RequestID = strconv.Itoa(1001+len(q.entries)), request
	q.entries = append(q.entries, e)
	answer := map[string]any{"JournalEntry": q.show(e)}
	if request != "" {
		q.answered[request] = answer
	}
	q.answer(w, answer)
}

// wrong is what QuickBooks would refuse of an entry, nil when nothing. Of a
// document number used twice QuickBooks only warns by default; the stand-in
// refuses it, because for Rebuttal it is an entry posted twice.
func (q *QuickBooks) wrong(j journal) *fault {
	if _, err := time.Parse("2006-01-02", j.TxnDate); err != nil {
		return &fault{"2060", "Invalid Date Format", "TxnDate"}
	}
	if len(j.DocNumber) > maxDocNumber {
		return &fault{"2050", "Invalid String Length", "DocNumber"}
	}
	if utf8.RuneCountInString(j.PrivateNote) > maxText {
		return &fault{"2050", "Invalid String Length", "PrivateNote"}
	}
	if j.CurrencyRef != nil && len(j.CurrencyRef.Value) != 3 {
		return &fault{"2220", "Invalid Currency Type", "CurrencyRef"}
	}
	for _, e := range q.entries {
		if e.DocNumber != "" && e.DocNumber == j.DocNumber {
			return &fault{"6140", "Duplicate Document Number Error", "DocNumber"}
		}
	}
	return wrongLines(j.Line)
}

func wrongLines(lines []line) *fault {
	if len(lines) < 2 {
		return &fault{"2250", "Missing lines", "Line"}
	}
	balance := new(big.Rat)
	for _, l := range lines {
		amount, ok := new(big.Rat).SetString(l.Amount.String())
		switch {
		case !ok:
			return &fault{"2100", "Invalid Decimal Format", "Line.Amount"}
		case amount.Sign() <= 0:
			return &fault{"2290", "Negative amount", "Line.Amount"}
		case l.DetailType != "JournalEntryLineDetail":
			return &fault{"2170", "Invalid Enumeration", "Line.DetailType"}
		case l.JournalEntryLineDetail.AccountRef.Value == "":
			return &fault{"2020", "Required param missing", "Line.AccountRef"}
		case utf8.RuneCountInString(l.Description) > maxText:
			return &fault{"2050", "Invalid String Length", "Line.Description"}
		case l.JournalEntryLineDetail.PostingType == "Debit":
			balance.Add(balance, amount)
		case l.JournalEntryLineDetail.PostingType == "Credit":
			balance.Sub(balance, amount)
		default:
			return &fault{"2260", "Missing posting type", "Line.PostingType"}
		}
	}
	if balance.Sign() != 0 {
		return &fault{"2300", "Amount on debits not equal to credits", "Line"}
	}
	return nil
}

func entryOf(j journal) Entry {
	e := Entry{TxnDate: j.TxnDate, DocNumber: j.DocNumber, PrivateNote: j.PrivateNote}
	if j.CurrencyRef != nil {
		e.Currency = j.CurrencyRef.Value
	}
	for _, l := range j.Line {
		d := l.JournalEntryLineDetail
		e.Lines = append(e.Lines, Line{PostingType: d.PostingType, Account: d.AccountRef.Value, Amount: l.Amount.String()})
	}
	return e
}

func (q *QuickBooks) readEntry(w http.ResponseWriter, r *http.Request) {
	for _, e := range q.entries {
		if e.ID == r.PathValue("id") {
			q.answer(w, map[string]any{"JournalEntry": q.show(e)})
			return
		}
	}
	refuse(w, fault{"610", "Object Not Found", "Id"})
}

// show is an entry as QuickBooks answers it.
func (q *QuickBooks) show(e Entry) map[string]any {
	lines := make([]line, len(e.Lines))
	for i, l := range e.Lines {
		lines[i] = line{ID: strconv.Itoa(i), Amount: json.Number(l.Amount), DetailType: "JournalEntryLineDetail"}
		lines[i].JournalEntryLineDetail.PostingType = l.PostingType
		lines[i].JournalEntryLineDetail.AccountRef = ref{Value: l.Account, Name: "Account " + l.Account}
	}
	at := q.now().UTC().Format(time.RFC3339)
	currency := e.Currency
	if currency == "" {
		currency = "USD"
	}
	return map[string]any{
		"Id": e.ID, "SyncToken": "0", "domain": "QBO", "sparse": false, "Adjustment": false,
		"MetaData": map[string]any{"CreateTime": at, "LastUpdatedTime": at},
		"TxnDate":  e.TxnDate, "DocNumber": e.DocNumber, "PrivateNote": e.PrivateNote,
		"CurrencyRef": ref{Value: currency}, "Line": lines,
	}
}
