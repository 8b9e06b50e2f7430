package console

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/store"
)

// historyView is the case's history, the newest entry first.
type historyView struct {
	Entries []happening
	Holds   bool   // every entry has its hash and names the one before it
	Broken  string // where it does not
}

// happening is one entry of the history.
type happening struct {
	Seq  int64
	At   time.Time
	By   string
	Who  string // person, machine or provider
	Says string
	More string
	Hash string
}

func (f *file) history() historyView {
	v := historyView{Holds: f.ChainOK, Broken: f.ChainError}
	for _, e := range slices.Backward(f.History) {
		v.Entries = append(v.Entries, newHappening(e))
	}
	return v
}

func newHappening(e store.Event) happening {
	data := map[string]string{}
	if json.Unmarshal(e.Data, &data) != nil {
		data = map[string]string{}
	}
	h := happening{Seq: e.Seq, At: e.At, By: actorWord(e.Actor), Who: "person", Hash: e.Hash}
	switch e.Actor {
	case "provider":
		h.Who = "provider"
	case "machine", "rebuttal", "cut-off":
		h.Who = "machine"
	}
	if strings.HasPrefix(e.Actor, "rule:") {
		h.Who = "machine"
	}
	h.Says, h.More = eventWords(e.Kind, data)
	return h
}

// eventWords says what an entry records. A kind that is not known here is told
// by its own name.
func eventWords(kind string, data map[string]string) (says, more string) {
	if decided, ok := strings.CutPrefix(kind, "decided:"); ok {
		return decisionWords(decided, data)
	}
	switch kind {
	case "notice":
		return "Notice: " + plain(data["kind"]), joined(data["event"], plain(data["status"]))
	case "planned":
		return "Planned by rule " + data["rule"], joined("queue "+data["queue"], labelled("cut-off", data["cut_off"]))
	case "source":
		return data["source"] + ": " + source{Outcome: data["outcome"], Items: atoi(data["items"])}.OutcomeWord(), data["detail"]
	case "composed":
		return "Packet composed, strength " + data["strength"] + " of 4", "packet " + short(data["packet"])
	case "response_sent":
		return "Answer sent: " + data["response"], joined(labelled("packet", short(data["packet"])), labelled("provider says", plain(data["status"])))
	case "responded":
		return "Answered: " + plain(data["outcome"]), labelled("packet", short(data["packet"]))
	case "posted":
		return "Journal: " + plain(data["kind"]), ""
	case "stage_began":
		return "Stage began: " + plain(data["stage"]), plain(data["status"])
	case "deadline_moved":
		return "The deadline moved", joined(labelled("from", data["from"]), labelled("to", data["to"]))
	case "provider_status":
		return "The provider's status is now " + plain(data["to"]), labelled("before", plain(data["from"]))
	case "remind":
		return "Reminder", data["rung"]
	case "escalate":
		return "Escalated", data["rung"]
	case "failed":
		return "A step failed and will be tried again", data["why"]
	case "verdict":
		return "Verdict: " + plain(data["outcome"]), plain(data["provider_status"])
	case "pushed":
		return "Entries posted to " + data["connection"], ""
	}
	return capital(plain(kind)), joined(labelled("", data["connection"]), data["error"])
}

func decisionWords(kind string, data map[string]string) (says, more string) {
	switch kind {
	case "assign":
		return "Assigned to " + data["assignee"], ""
	case "note":
		return "Wrote a note", ""
	case "attach":
		return "Attached a document", ""
	case "approve":
		return "Approved", ""
	case "accept":
		return "Decided to accept", ""
	case "submit":
		return "Decided to submit now", ""
	case "hold":
		return "Put on hold", ""
	case "release":
		return "Released", ""
	case "change_plan":
		return "Changed the plan", joined(labelled("queue", data["queue"]), labelled("answer", data["response"]))
	}
	return "Decided: " + plain(kind), ""
}

func labelled(label, value string) string {
	if value == "" || label == "" {
		return value
	}
	return label + " " + value
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// atoi reads a count that the history keeps as text; what is none is zero.
func atoi(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 1_000_000 {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}
