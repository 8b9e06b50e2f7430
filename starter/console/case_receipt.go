package console

import (
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

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
	case got.Outcome == dispute.AnsweredElsewhere:
		v.Title = "Answered outside Rebuttal: nothing was sent from here"
	case got.Outcome == dispute.AnsweredTooLate:
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
