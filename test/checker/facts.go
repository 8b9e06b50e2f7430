package main

import (
	"encoding/json"
	"time"
)

// facts are the three sides that must fit together.
type facts struct {
	sent     []notice
	vendors  vendors
	database database
}

// notice is one line of the sender's log. The same event may have many lines.
type notice struct {
	Connection   string `json:"connection"`
	Event        string `json:"event"`
	Dispute      string `json:"dispute"`
	Kind         string `json:"kind"` // the provider's word
	Amount       int64  `json:"amount"`
	Currency     string `json:"currency"`
	Acknowledged bool   `json:"acknowledged"` // it was answered with 2xx
}

// vendors is what the stand-ins took, as their state.json says it.
type vendors struct {
	Disputes []providerDispute `json:"disputes"`
	Messages []message         `json:"messages"`
	Tickets  []ticket          `json:"tickets"`
	Entries  []bookEntry       `json:"entries"`
}

type providerDispute struct {
	ID        string
	Status    string
	Currency  string
	Amount    int64
	Answers   []answer
	Movements []movement
}

// answer is a response that the provider took.
type answer struct {
	Verb  string // submit or close
	Stage string
	Key   string
	Body  string
}

type movement struct {
	ID     string
	Amount int64
	Fee    int64
}

type message struct {
	Channel  string
	TS       string
	ThreadTS string
	Metadata json.RawMessage
}

type ticket struct {
	ID         int64
	ExternalID string
	Comments   []json.RawMessage // the description first
}

type bookEntry struct {
	ID          string
	RequestID   string
	DocNumber   string
	PrivateNote string
	Lines       []bookLine
}

type bookLine struct {
	PostingType string
	Amount      string
}

// database is what the tables hold.
type database struct {
	notices  []storedNotice
	cases    []caseRow
	events   []event // by case and number
	intents  []intent
	entries  []journalEntry
	postings []posting
	exports  []export
}

type storedNotice struct {
	Connection, Event, Dispute, Kind, State string
}

type caseRow struct {
	ID, Connection, Dispute, Status, Response, Currency string
	Amount                                              int64
	Part                                                int
	Events                                              int64
	Head                                                []byte
}

type event struct {
	Case             string
	Seq              int64
	At               time.Time
	Actor, Kind, Key string
	Data             string // the stored text
	Prev, Hash       []byte
}

type intent struct {
	Key, Case, Kind, State string
	Receipt                []byte // JSON
	Request                []byte
	RequestSHA256          string
}

type journalEntry struct {
	Key, Case, Connection, Kind, Currency string
	Movement, Reverses                    string
}

type posting struct {
	Entry, Account, Side string
	Amount               int64
}

type export struct{ Entry, Connection, VendorID string }
