package console

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
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

func (f *file) history(zone *time.Location) historyView {
	v := historyView{Holds: f.ChainOK, Broken: f.ChainError}
	for _, e := range slices.Backward(f.History) {
		v.Entries = append(v.Entries, newHappening(e, zone))
	}
	return v
}

// historyTime is how the history writes times.
const historyTime = "2006-01-02 15:04:05Z07:00"

func newHappening(e store.Event, zone *time.Location) happening {
	data := map[string]string{}
	if json.Unmarshal(e.Data, &data) != nil {
		data = map[string]string{}
	}
	for key, value := range data {
		if at, err := time.Parse(historyTime, value); err == nil {
			data[key] = moment(at, zone)
		}
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
		return decisionWords(dispute.DecisionKind(decided), data)
	}
	switch kind {
	case "notice":
		return "Notice: " + plain(data["kind"]), joined(data["event"], plain(data["status"]), labelled("not signed:", plain(data["unsigned"])))
	case "planned":
		return "Planned by rule " + data["rule"], joined("queue "+data["queue"], labelled("cut-off", data["cut_off"]))
	case "source":
		return data["source"] + ": " + sourceWord(dispute.SourceResult{Outcome: data["outcome"], Items: atoi(data["items"])}), data["detail"]
	case "revised":
		return revisionWords(data["what"]), data["item"]
	case "composed":
		return "Packet composed, strength " + data["strength"] + " of 4", "packet " + short(data["packet"])
	case "responded":
		return responded(data), joined(labelled("packet", short(data["packet"])), labelled("provider says", plain(data["status"])))
	case "posted":
		return "Journal: " + plain(data["kind"]), ""
	case "stage_began":
		return "Stage began: " + plain(data["stage"]), plain(data["status"])
	case "deadline_moved":
		return "The deadline moved", joined(labelled("from", data["from"]), labelled("to", data["to"]))
	case "approval_taken_back":
		return "The approval of " + actorWord(data["by"]) + " no longer holds: the plan says " + data["to"] + " instead of " + data["from"], ""
	case "hold_taken_back":
		return "No longer held by " + actorWord(data["by"]), "the plan holds it no more"
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

func responded(data map[string]string) string {
	if data["outcome"] == dispute.AnswerSent {
		return "Answer sent: " + data["response"]
	}
	return "Nothing sent: " + plain(data["outcome"])
}

func decisionWords(kind dispute.DecisionKind, data map[string]string) (says, more string) {
	switch kind {
	case dispute.DecideAssign:
		return "Assigned to " + data["assignee"], ""
	case dispute.DecideNote:
		return "Wrote a note", ""
	case dispute.DecideAttach:
		return "Attached a document", ""
	case dispute.DecideRevise:
		return "Asked for the packet anew", ""
	case dispute.DecideApprove:
		return "Approved", ""
	case dispute.DecideAccept:
		return "Decided to accept", ""
	case dispute.DecideSubmit:
		return "Decided to submit now", ""
	case dispute.DecideHold:
		return "Put on hold", ""
	case dispute.DecideRelease:
		return "Released", ""
	case dispute.DecideChangePlan:
		return "Changed the plan", joined(labelled("queue", data["queue"]), labelled("answer", data["response"]))
	}
	return "Decided: " + plain(string(kind)), ""
}

func revisionWords(what string) string {
	switch what {
	case "excluded":
		return "Kept an item out of the packet"
	case "included":
		return "Let an item into the packet again"
	case "reordered":
		return "Changed the order of the exhibits"
	case "described":
		return "Changed a document's title or slot"
	case "letter_replaced":
		return "Wrote a letter to send instead of the composed one"
	case "letter_dropped":
		return "Went back to the composed letter"
	}
	return "Changed the evidence: " + plain(what)
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
